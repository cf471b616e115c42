//! What a request asks of a host.

use std::ffi::OsStr;
use std::path::Path;

use super::{Layers, file};
use crate::desired::{Desired, Managed, Warning, desired, hold_again, since};
use crate::error::{Problem, RequestError};
use crate::intent::{ApplyIntent, Goal};
use crate::observe::{Observed, content, observe, passed_over, permit, unknown_words};
use crate::plan::KernelState;
use crate::restore::restored;
use crate::rules_d::{Directory, DropInName, Links, Root};
use crate::snapshot::{SavedFile, Snapshot};
use crate::world::World;

/// What the request asks of this host, and the bytes that all drop-ins have now.
pub(super) fn desired_here(
    intent: &ApplyIntent,
    root: &Root,
    rules_d: &Directory,
    world: &World<'_>,
    layers: &Layers,
    kernel: Option<&KernelState>,
) -> Result<(Desired, u64), Vec<Problem>> {
    if let Goal::Restored(snapshot, force) = &intent.goal {
        check_paths(snapshot, &intent.place.rules_dir)?;
        let now = snapshot.files.iter().map(|saved| content(root, Path::new(&saved.path)).map_err(file));
        let now = now.collect::<Result<Vec<_>, _>>()?;
        let Observed { files, mut reader, .. } =
            observe(&intent.place, &[], root, rules_d, Links::Refused, world.machine)?;
        let left = |saved: &SavedFile| saved.after.as_ref().and_then(|after| after.content().ok());
        let left: Vec<_> = snapshot.files.iter().map(|saved| (Path::new(&saved.path), left(saved))).collect();
        let since = since(&left, &files, &mut reader);
        let target = restored(snapshot, *force, &now, kernel, &since, &world.machine);
        let (mut target, remarks) = target.map_err(|problem| vec![problem])?;
        let (mut warnings, unasked) = hold_again(&mut target, &files, &mut reader);
        warnings.extend(remarks.into_iter().map(Warning::Restored));
        let (skipped, deduplicated) = (Vec::new(), Vec::new());
        return Ok((Desired { target, skipped, deduplicated, warnings, at_boot: None, unasked }, 0));
    }
    let mut observed = observe(&intent.place, &intent.goal.lines(), root, rules_d, Links::Refused, world.machine)?;
    let permit = permit(intent, &observed.reader.facts().accounts)?;
    let managed = Managed { files: layers.files, kernel: kernel.is_some() };
    let desired = desired(intent, &observed.files, permit, managed, &mut observed.reader);
    let mut desired = desired.map_err(|problems| [in_the_way(intent, root, layers), problems].concat())?;
    desired.warnings.extend(passed_over(&observed.passed_over));
    desired.warnings.extend(unknown_words(&observed.reader.facts().installed));
    let length = observed.files.drop_ins.iter().map(|drop_in| drop_in.content.bytes.len() as u64).sum();
    Ok((desired, length))
}

/// What stands in place of the drop-ins that the request names and cannot be replaced.
fn in_the_way(intent: &ApplyIntent, root: &Root, layers: &Layers) -> Vec<Problem> {
    let names = intent.goal.names().into_iter().filter(|_| layers.files);
    let path = |name: &DropInName| intent.place.rules_dir.join(name.file_name());
    names.filter_map(|name| content(root, &path(name)).err()).flat_map(file).collect()
}

/// A snapshot may only name files that a change of ours can have written.
fn check_paths(snapshot: &Snapshot, rules_dir: &Path) -> Result<(), Vec<Problem>> {
    let merged = rules_dir.with_file_name("audit.rules");
    let strange = snapshot.files.iter().map(|saved| Path::new(&saved.path)).find(|path| {
        let is_drop_in = path.parent() == Some(rules_dir) && path.extension() == Some(OsStr::new("rules"));
        !is_drop_in && **path != merged
    });
    match strange {
        None => Ok(()),
        Some(path) => {
            let why = format!("{} is neither a drop-in of {} nor audit.rules", path.display(), rules_dir.display());
            Err(vec![Problem::at_pointer(RequestError::BadSnapshot { why }.into(), "/snapshot/files")])
        }
    }
}
