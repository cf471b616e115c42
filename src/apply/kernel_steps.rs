//! Carries out the steps on the kernel's rules and settings.

use std::time::Duration;

use super::expedite::Expediter;
use crate::auditctl::canonical_lossy;
use crate::error::{Place, PolicyError, Problem};
use crate::kernel::{Change, Errno, Kernel};
use crate::plan::rules::{Doing, RuleStep};
use crate::plan::settings::SettingStep;
use crate::rule::Machine;

/// Most loads in one call: all of them run under the audit lock, some microseconds each.
const LOADS: usize = 64;

/// Carries out the steps in order, and stops at the first that fails.
///
/// A rule to load that is loaded already, or one to unload that is gone, is no failure: somebody else was faster,
/// and the read-back has the last word.
///
/// # Errors
/// The step that failed, or the signal that asked to stop.
pub fn change_rules(
    kernel: &mut dyn Kernel,
    steps: &[RuleStep],
    machine: &Machine,
    expediter: &mut Expediter,
    interrupted: &mut dyn FnMut() -> Option<&'static str>,
) -> Result<(), Problem> {
    let mut rest = steps;
    let mut last_delete: Option<Duration> = None;
    while !rest.is_empty() {
        if let Some(signal) = interrupted() {
            return Err(PolicyError::Interrupted { signal: signal.to_owned() }.into_problem());
        }
        let deletes_left = rest.iter().filter(|step| step.doing == Doing::Unload).count();
        let deletes_next = rest[0].doing == Doing::Unload;
        if deletes_next {
            expediter.before_delete(kernel, last_delete, deletes_left);
        }
        let (batch, after) = rest.split_at(batch_length(rest, expediter));
        let began = kernel.now();
        let changes: Vec<Change<'_>> = batch.iter().map(change).collect();
        let answers = kernel.change(&changes).map_err(Problem::from)?;
        if deletes_next {
            let deletes = batch.iter().filter(|step| step.doing == Doing::Unload).count();
            last_delete = Some(kernel.now().saturating_sub(began) / u32::try_from(deletes).unwrap_or(1).max(1));
        }
        for (step, answer) in batch.iter().zip(answers) {
            match (step.doing, answer) {
                (_, Ok(()))
                | (Doing::Append | Doing::Prepend, Err(Errno::EEXIST))
                | (Doing::Unload, Err(Errno::ENOENT)) => {}
                (doing, Err(errno)) => return Err(refused(step, machine, doing, errno)),
            }
        }
        rest = after;
    }
    Ok(())
}

/// How many steps go together: a run of loads, or as many deletes as one datagram may hold.
///
/// A rule that is taken out only to be put back in its place is put back in the same datagram.
fn batch_length(steps: &[RuleStep], expediter: &Expediter) -> usize {
    let first_is_delete = steps.first().is_some_and(|step| step.doing == Doing::Unload && !step.with_next);
    if first_is_delete {
        return steps
            .iter()
            .take(expediter.batch())
            .take_while(|step| step.doing == Doing::Unload && !step.with_next)
            .count();
    }
    let moves = steps.first().is_some_and(|step| step.with_next);
    if moves {
        return 1 + steps.iter().take_while(|step| step.with_next).count();
    }
    steps.iter().take(LOADS).take_while(|step| step.doing != Doing::Unload).count()
}

fn change(step: &RuleStep) -> Change<'_> {
    match step.doing {
        Doing::Append => Change::Append(&step.rule),
        Doing::Prepend => Change::Prepend(&step.rule),
        Doing::Unload => Change::Unload(&step.rule),
    }
}

fn refused(step: &RuleStep, machine: &Machine, doing: Doing, errno: Errno) -> Problem {
    let verb = if doing == Doing::Unload { "unload" } else { "load" };
    let rule = canonical_lossy(&step.rule, machine);
    let error = PolicyError::StepRefused { step: verb.to_owned(), errno: format!("{errno:?}") };
    Problem::at(error, Place { rule: Some(rule.into()), ..Place::default() })
}

/// Carries out steps on settings.
///
/// # Errors
/// The setting that was refused.
pub fn change_settings<'a>(
    kernel: &mut dyn Kernel,
    steps: impl IntoIterator<Item = &'a SettingStep>,
) -> Result<(), Problem> {
    for step in steps {
        kernel.set(step.name.with(step.after)).map_err(|error| match error.errno() {
            Some(errno) => PolicyError::StepRefused {
                step: format!("set {} to {}", step.name.text(), step.after),
                errno: format!("{errno:?}"),
            }
            .into_problem(),
            None => Problem::from(error),
        })?;
    }
    Ok(())
}

impl PolicyError {
    /// The error without a place.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        Problem::from(self)
    }
}
