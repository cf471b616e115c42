//! An earlier change, taken back.

use rustc_hash::FxHashSet as HashSet;

use crate::auditctl::canonical_lossy;
use crate::error::{PolicyError, Problem, RequestError};
use crate::plan::files::{Content, FileTarget};
use crate::plan::rules::{Ordering, Wish};
use crate::plan::{KernelState, Target, Wished};
use crate::rule::{Machine, Rule, id::Id};
use crate::settings::{Name, Settings};
use crate::snapshot::{Snapshot, Unusable, VERSION};

impl From<Unusable> for Problem {
    fn from(why: Unusable) -> Self {
        let why = match why {
            Unusable::Version(version) => format!("it has version {version}, and this program knows {VERSION}"),
            Unusable::Broken(part) => format!("its part {part} is not as a report gives it"),
        };
        Self::at_pointer(RequestError::BadSnapshot { why }.into(), "/snapshot")
    }
}

/// What the host should hold to be as before the change.
///
/// `files` has what each file of the snapshot holds now, in its order; `kernel` is none where only files are managed.
///
/// # Errors
/// A snapshot that is not of our making; or, without `force`, the first way in which the host is no longer as the
/// change left it.
pub fn restored(
    snapshot: &Snapshot,
    force: bool,
    files: &[Option<Content>],
    kernel: Option<&KernelState>,
    machine: &Machine,
) -> Result<Target, Problem> {
    if snapshot.version != VERSION {
        return Err(Unusable::Version(snapshot.version).into());
    }
    let mut target = Target {
        files: Vec::new(),
        rules: Vec::new(),
        ordering: Ordering::Strict,
        dropped: Vec::new(),
        purge: None,
        stuck: HashSet::default(),
        restores: true,
        settings: Settings::default(),
    };
    for (saved, now) in snapshot.files.iter().zip(files) {
        let content = |saved: &Option<crate::snapshot::SavedContent>| -> Result<Option<Content>, Unusable> {
            saved.as_ref().map(crate::snapshot::SavedContent::content).transpose()
        };
        let (before, after) = (content(&saved.before)?, content(&saved.after)?);
        if *now != after && *now != before && !force {
            return Err(changed(format!("{} does not hold what the change wrote", saved.path)));
        }
        target.files.push(FileTarget { path: saved.path.clone().into(), before: now.clone(), after: before });
    }
    if let Some(kernel) = kernel {
        rules(snapshot, force, &kernel.rules, machine, &mut target)?;
        settings(snapshot, force, &kernel.settings(), &mut target)?;
    }
    Ok(target)
}

fn changed(difference: String) -> Problem {
    Problem::at_pointer(PolicyError::HostChanged { difference }.into(), "/snapshot")
}

fn rules(
    snapshot: &Snapshot,
    force: bool,
    now: &[Rule],
    machine: &Machine,
    target: &mut Target,
) -> Result<(), Problem> {
    let Some(saved) = &snapshot.rules else { return Ok(()) };
    let ids: Vec<String> = now.iter().map(|rule| Id::of(rule).to_string()).collect();
    let known = saved.before_as_far_as_known(now)?;
    let before = if ids == saved.after {
        saved.before(now)?
    } else if force || known.as_slice() == now {
        known
    } else {
        return Err(changed(difference(&ids, &saved.after, now, machine)));
    };
    let stays: HashSet<&Rule> = before.iter().collect();
    let came_with_the_change: HashSet<&String> = saved.after.iter().collect();
    let goes = |(rule, id): &(&Rule, &String)| !stays.contains(rule) && came_with_the_change.contains(id);
    target.dropped = now.iter().zip(&ids).filter(goes).map(|(rule, _)| Wish::from(rule.clone())).collect();
    target.rules = before
        .into_iter()
        .map(|rule| Wished { wish: Wish::from(rule), is_asked_for: true, is_watch: false, spot: None })
        .collect();
    Ok(())
}

/// The first place at which two lists differ, in words.
fn difference(now: &[String], then: &[String], rules: &[Rule], machine: &Machine) -> String {
    let at = now.iter().zip(then).position(|(now, then)| now != then).unwrap_or(now.len().min(then.len()));
    match rules.get(at) {
        Some(rule) if !then.contains(&now[at]) => {
            format!("the kernel holds `{}`, which the change did not leave", canonical_lossy(rule, machine))
        }
        Some(rule) => format!("rule {} of the kernel is `{}`", at + 1, canonical_lossy(rule, machine)),
        None => format!("the kernel holds {} rules, and the change left {}", now.len(), then.len()),
    }
}

fn settings(snapshot: &Snapshot, force: bool, held: &Settings, target: &mut Target) -> Result<(), Problem> {
    for saved in &snapshot.control {
        let name = Name::from_text(&saved.setting).ok_or(Unusable::Broken("control"))?;
        let now = held.get(name);
        if now != Some(saved.after) && now != Some(saved.before) && !force {
            return Err(changed(format!("{} is {}", saved.setting, now.unwrap_or_default())));
        }
        target.settings.set(name, saved.before);
    }
    Ok(())
}
