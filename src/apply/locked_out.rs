//! What a lock would keep out of the kernel until the next boot.

use crate::desired::{RuleOrSetting, Unasked, Warning};
use crate::error::{Place, PolicyError, Problem};
use crate::plan::rules::{Fulfils, RuleForms, assign, carried_out};
use crate::plan::{KernelState, Plan};
use crate::settings::Name;

/// Judges a plan that locks the kernel: what rules.d says, the request does not ask for and the kernel then lacks cannot
/// come before the next boot. With `lock_anyway` that is a warning.
///
/// # Errors
/// One problem for each such rule or setting, with its place.
pub(super) fn check(
    unasked: Vec<Unasked>,
    lock_anyway: bool,
    plan: &Plan,
    before: Option<&KernelState>,
) -> Result<Option<Warning>, Vec<Problem>> {
    let locks = plan.settings.iter().any(|step| step.name == Name::Enabled && step.after == 2);
    let Some(before) = before.filter(|_| locks) else { return Ok(None) };
    let lacking = lacking(unasked, plan, before);
    if lacking.is_empty() {
        return Ok(None);
    }
    if lock_anyway {
        return Ok(Some(Warning::LockedOut(lacking.into_iter().map(|one| (one.spot, one.text)).collect())));
    }
    let problem = |one: Unasked| {
        let (file, line) = (Some(one.spot.file), Some(one.spot.line));
        Problem::at(PolicyError::LockedOut, Place { rule: Some(one.text.into()), file, line, ..Place::default() })
    };
    Err(lacking.into_iter().map(problem).collect())
}

/// Those that the kernel lacks once the plan is carried out.
fn lacking(unasked: Vec<Unasked>, plan: &Plan, before: &KernelState) -> Vec<Unasked> {
    let rules = carried_out(&plan.rules, &before.rules);
    let wanted: Vec<&RuleForms> = unasked
        .iter()
        .filter_map(|one| match &one.what {
            RuleOrSetting::Rule(forms) => Some(&**forms),
            RuleOrSetting::Setting(..) => None,
        })
        .collect();
    let mut held = vec![false; wanted.len()];
    for fulfils in assign(&rules, &wanted) {
        if let Fulfils::Wanted(at) | Fulfils::Again(at) = fulfils {
            held[at] = true;
        }
    }
    let mut held = held.into_iter();
    let settings = before.settings();
    let lacks = |one: &Unasked| match &one.what {
        RuleOrSetting::Rule(_) => !held.next().unwrap_or_default(),
        // A setting that this kernel does not have is not kept out by the lock.
        RuleOrSetting::Setting(name, value) => settings.get(*name).is_some_and(|now| now != *value),
    };
    let mut lacking: Vec<Unasked> = unasked.into_iter().filter(lacks).collect();
    lacking.sort_by(|a, b| (&a.spot.file, a.spot.line).cmp(&(&b.spot.file, b.spot.line)));
    lacking
}
