//! What is worth a sentence of the kernel's own list.

use std::borrow::Cow;

use crate::auditctl::canonical_lossy;
use crate::desired::Warning;
use crate::matching::blocker;
use crate::plan::rules::{Fulfils, Wish, assign, carried_out};
use crate::plan::{KernelState, Plan, Target};
use crate::rule::{Machine, Rule};
use crate::settings::Name;

/// Rules that are loaded, or to be loaded, while auditing is off and stays so.
pub(super) fn not_recording(kernel: &KernelState, target: &Target) -> Option<Warning> {
    let is_on = target.settings.get(Name::Enabled).map_or_else(|| kernel.status.is_on(), |enabled| enabled != 0);
    let has_rules = !kernel.rules.is_empty() || target.rules.iter().any(|wished| wished.is_asked_for);
    (!is_on && has_rules).then_some(Warning::NotRecording)
}

/// What the kernel's own list is worth a sentence for.
pub(super) fn kernel(kernel: &KernelState, target: &Target, machine: &Machine) -> Vec<Warning> {
    let in_files = |rule: &Rule| {
        let same = |other: &Rule| other.clone().as_listed() == *rule;
        target.rules.iter().any(|wished| same(&wished.wish.rule))
    };
    let blockers = kernel.rules.iter().filter_map(|rule| {
        let effect = blocker(rule).filter(|_| !in_files(rule))?;
        Some(Warning::Blocker { rule: canonical_lossy(rule, machine), spot: None, effect })
    });
    blockers.collect()
}

/// What is worth a sentence of the list as the plan leaves it.
pub(super) fn outrun(kernel: &KernelState, plan: &Plan, target: &Target, machine: &Machine) -> Vec<Warning> {
    let after = match plan.rules.as_slice() {
        [] => Cow::Borrowed(kernel.rules.as_slice()),
        steps => Cow::Owned(carried_out(steps, &kernel.rules)),
    };
    let wishes: Vec<&Wish> = target.rules.iter().map(|wished| &wished.wish).chain(&target.kept).collect();
    let fulfilled = assign(&after, &wishes);
    let is_foreign = |at: usize| fulfilled.get(at) == Some(&Fulfils::Nothing);
    crate::desired::outrun(&after, &is_foreign, machine)
}
