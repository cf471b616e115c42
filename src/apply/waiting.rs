//! What a locked kernel still holds and the next boot no longer loads.

use super::file;
use crate::error::Problem;
use crate::plan::rules::{Doing, Fulfils, RuleForms, assign};
use crate::plan::{KernelState, Plan, Target};
use crate::rule::id::Id;
use crate::rules_d::{Directory, WaitingFile};

/// Adds to the dropped rules of a target those that an earlier run on this locked kernel dropped from the same drop-ins
/// and that no drop-in holds again.
///
/// # Errors
/// When the note of the earlier run cannot be read.
pub fn remember(
    target: &mut Target,
    drop_ins: &[String],
    kernel: Option<&KernelState>,
    run_dir: Option<&Directory>,
) -> Result<(), Vec<Problem>> {
    let kernel = kernel.filter(|kernel| kernel.status.is_locked());
    let (Some(kernel), Some(run_dir), false) = (kernel, run_dir, drop_ins.is_empty()) else { return Ok(()) };
    let noted = WaitingFile::new(run_dir).read().map_err(file)?;
    let noted: Vec<&String> = drop_ins.iter().filter_map(|path| noted.get(path)).flatten().collect();
    if noted.is_empty() {
        return Ok(());
    }
    let wanted: Vec<&RuleForms> = target.rules.iter().map(|wanted| &wanted.forms).chain(&target.dropped).collect();
    let fulfilled = assign(&kernel.rules, &wanted);
    let waits = kernel
        .rules
        .iter()
        .zip(fulfilled)
        .filter(|(rule, fulfils)| *fulfils == Fulfils::Nothing && noted.contains(&&Id::of(rule).to_string()));
    let waits: Vec<RuleForms> = waits.map(|(rule, _)| RuleForms::from(rule.clone())).collect();
    target.dropped.extend(waits);
    Ok(())
}

/// Notes which rules wait, for the next run on this locked kernel. Writes nothing where that is noted already.
///
/// # Errors
/// When the note cannot be read or written.
pub fn note(
    pending: &Plan,
    drop_ins: &[String],
    kernel: Option<&KernelState>,
    run_dir: Option<&Directory>,
) -> Result<(), Vec<Problem>> {
    let kernel = kernel.filter(|kernel| kernel.status.is_locked());
    let (Some(_), Some(run_dir), false) = (kernel, run_dir, drop_ins.is_empty()) else { return Ok(()) };
    let unloads = pending.rules.iter().filter(|step| step.doing == Doing::Unload && !step.because.loads_again());
    let mut waits: Vec<String> = unloads.map(|step| Id::of(&step.rule).to_string()).collect();
    waits.sort_unstable();
    let note = WaitingFile::new(run_dir);
    let before = note.read().map_err(file)?;
    let mut now = before.clone();
    for path in drop_ins {
        if waits.is_empty() {
            now.remove(path);
        } else {
            now.insert(path.clone(), waits.clone());
        }
    }
    if now == before { Ok(()) } else { note.write(now).map_err(file) }
}
