//! What takes a change back, as far as a request can hold it.

use crate::desired::Warning;
use crate::plan::files::FileStep;
use crate::plan::rules::carried_out;
use crate::plan::settings::SettingStep;
use crate::plan::{KernelState, Plan};
use crate::request::MAX_BYTES;
use crate::rule::Rule;
use crate::rules_d::json_length;
use crate::snapshot::Snapshot;

/// What the rest of such a request takes at most, in bytes: paths, mostly.
const AROUND: usize = 16 << 10;

/// What takes a plan back. `now` is the kernel after it; what waits for a reboot is taken back like the rest, once it has
/// come.
///
/// # Errors
/// A warning, where that is more than a request may be.
pub fn undo(
    plan: &Plan,
    pending: &Plan,
    before: Option<&KernelState>,
    now: Option<&KernelState>,
) -> Result<Snapshot, Warning> {
    within_limit(plan, pending, before, now.map(|now| now.rules.as_slice()), Snapshot::of_change)
}

/// The same, before the plan is carried out: the warning, where there will be none.
pub fn expected(plan: &Plan, pending: &Plan, before: Option<&KernelState>) -> Option<Warning> {
    let now = before.map(|before| carried_out(&plan.rules, &before.rules));
    within_limit(plan, pending, before, now.as_deref(), Snapshot::outline_of_change).err()
}

/// Makes a snapshot of files, of the kernel's rules before and after, and of settings.
type Make = fn(&[FileStep], Option<(&[Rule], &[Rule])>, &[SettingStep]) -> Snapshot;

fn within_limit(
    plan: &Plan,
    pending: &Plan,
    before: Option<&KernelState>,
    now: Option<&[Rule]>,
    make: Make,
) -> Result<Snapshot, Warning> {
    let after = now.map(|now| carried_out(&pending.rules, now));
    let touched = !plan.rules.is_empty() || !pending.rules.is_empty();
    let before = before.filter(|_| touched);
    let rules = before.zip(after.as_ref()).map(|(before, after)| (before.rules.as_slice(), after.as_slice()));
    let settings = [plan.settings.as_slice(), &pending.settings].concat();
    let snapshot = make(&plan.files, rules, &settings);
    let bytes = json_length(&snapshot).map_or(usize::MAX, |length| length + AROUND);
    if bytes <= MAX_BYTES { Ok(snapshot) } else { Err(Warning::NoUndo { bytes, limit: MAX_BYTES }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Action, Field, FieldNumber, List, Mask, Op};

    fn rule(number: u32) -> Rule {
        let mut rule = Rule::new(List::EXIT, Action::ALWAYS, Mask::all()).as_listed();
        rule.fields.push(Field::number(FieldNumber::AUID, Op::EQUAL, number));
        rule
    }

    #[test]
    fn what_stands_for_an_undo_before_the_change_is_as_long_as_the_undo() {
        let (before, after): (Vec<Rule>, Vec<Rule>) = ((0..20).map(rule).collect(), (10..40).map(rule).collect());
        let rules = Some((before.as_slice(), after.as_slice()));
        let (made, outline) = (Snapshot::of_change(&[], rules, &[]), Snapshot::outline_of_change(&[], rules, &[]));
        assert_ne!(made, outline);
        assert_eq!(json_length(&made), json_length(&outline));
    }
}
