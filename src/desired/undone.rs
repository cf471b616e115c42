//! What taking a change back leaves to the drop-ins that it was not about.

use std::rc::Rc;

use rustc_hash::FxHashMap as HashMap;

use super::drop_in_rules::Swallowed;
use super::outdated::{Revive, drop_in_name, revive};
use super::unasked::{Unasked, unasked_by_undo};
use super::{DropIn, Files, Merge, Warning, about};
use crate::boot_load::BootLoad;
use crate::lines::Reader;
use crate::plan::Target;
use crate::plan::files::{Content, FileTarget};

/// Lets drop-ins that a change was not about hold again, as lines, what taking the change back leaves to their comments.
/// Gives what is worth a sentence of the next boot, and what a lock that comes back would keep out.
pub fn hold_again(target: &mut Target, files: &Files, reader: &mut Reader) -> (Vec<Warning>, Vec<Unasked>) {
    let restored = target.files.iter().filter_map(|file| Some((drop_in_name(files, &file.path)?, file.after.clone())));
    let restored: HashMap<String, Option<Content>> = restored.collect();
    let mut after: Vec<DropIn> = files.drop_ins.iter().filter(|d| !restored.contains_key(&d.name)).cloned().collect();
    let back = restored.iter().filter_map(|(name, content)| Some((name.clone(), content.clone()?)));
    after.extend(back.map(|(name, content)| DropIn { name, content }));
    let stays = |name: &str| restored.contains_key(name);
    let unloaded = target.dropped.iter().map(|forms| Rc::new(forms.rule.clone().as_listed())).collect();
    let revived = revive(files, &mut after, &mut target.files, Revive::LetGo(&unloaded, &stays), reader);
    let merge = files.merged(&after, reader);
    let mut warnings = Swallowed::warnings(&Swallowed::all(files, &after, &merge, reader));
    let Merge { lines, .. } = merge;
    let path = files.audit_rules_path();
    if let Some(merged) = &files.audit_rules {
        let content = Content { bytes: files.compiled(&after).into(), ..merged.clone() };
        let is_compiled = *merged.bytes == files.compiled(&files.drop_ins);
        match target.files.iter_mut().find(|target| target.path == path) {
            Some(file) if !revived.rules.is_empty() || file.after == file.before => file.after = Some(content),
            None if is_compiled && !revived.rules.is_empty() => {
                target.files.push(FileTarget { path, before: Some(merged.clone()), after: Some(content) });
            }
            _ => {}
        }
    }
    let load = BootLoad::of(&lines, reader);
    warnings.extend(about(&lines, &load, &reader.facts().machine));
    let unasked = unasked_by_undo(files, &after, &load, &target.settings, reader);
    (warnings, unasked)
}
