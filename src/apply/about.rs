//! What is worth a sentence of the kernel's own list.

use std::borrow::Cow;

use crate::auditctl::canonical_lossy;
use crate::desired::{Skipped, Warning};
use crate::intent::ApplyIntent;
use crate::matching::blocker;
use crate::plan::rules::{Fulfils, RuleForms, assign, carried_out};
use crate::plan::{KernelState, Plan, Target};
use crate::request::OnMissing;
use crate::rule::{Machine, Rule};
use crate::rules_d::Root;
use crate::settings::Name;

/// Lines that check mode alone leaves out.
pub(super) fn not_there_yet(intent: &ApplyIntent, skipped: &[Skipped]) -> Vec<Warning> {
    let is_meant = intent.check_mode && intent.on_missing == OnMissing::CheckModeSkip;
    let missing = skipped.iter().filter(|skipped| is_meant && skipped.why.is_missing());
    missing.map(|skipped| Warning::NotThereYet(Box::new(skipped.clone()))).collect()
}

/// Rules that are loaded, or to be loaded, while auditing is off and stays so.
pub(super) fn not_recording(kernel: &KernelState, plan: &Plan, target: &Target) -> Option<Warning> {
    let is_on = target.settings.get(Name::Enabled).map_or_else(|| kernel.status.is_on(), |enabled| enabled != 0);
    let has_rules =
        !carried_out(&plan.rules, &kernel.rules).is_empty() || target.rules.iter().any(|wanted| wanted.is_asked_for);
    (!is_on && has_rules).then_some(Warning::NotRecording)
}

/// Rules that are loaded, or to be loaded, while processes from before auditing was first switched on make no records.
pub(super) fn early_processes(target: &Target, root: &Root) -> Option<Warning> {
    let has_rules = target.rules.iter().any(|wanted| wanted.is_asked_for);
    let is_late = || root.kernel_command_line().is_some_and(|said| !said.starts_audit());
    (has_rules && is_late()).then_some(Warning::EarlyProcesses)
}

/// What the kernel's own list is worth a sentence for.
pub(super) fn kernel(kernel: &KernelState, target: &Target, machine: &Machine) -> Vec<Warning> {
    let in_files = |rule: &Rule| {
        let same = |other: &Rule| other.clone().as_listed() == *rule;
        target.rules.iter().any(|wanted| same(&wanted.forms.rule))
    };
    let blockers = kernel.rules.iter().filter_map(|rule| {
        let effect = blocker(rule).filter(|_| !in_files(rule))?;
        Some(Warning::Blocker { rule: canonical_lossy(rule, machine), spot: None, effect })
    });
    blockers.collect()
}

/// What is worth a sentence of the list as the plan leaves it.
pub(super) fn shadowed_by_foreign(
    kernel: &KernelState,
    plan: &Plan,
    target: &Target,
    machine: &Machine,
) -> Vec<Warning> {
    let after = match plan.rules.as_slice() {
        [] => Cow::Borrowed(kernel.rules.as_slice()),
        steps => Cow::Owned(carried_out(steps, &kernel.rules)),
    };
    let wanted: Vec<&RuleForms> = target.rules.iter().map(|wanted| &wanted.forms).chain(&target.kept).collect();
    let fulfilled = assign(&after, &wanted);
    let is_foreign = |at: usize| fulfilled.get(at) == Some(&Fulfils::Nothing);
    crate::desired::shadowed_by_foreign(&after, &is_foreign, machine)
}
