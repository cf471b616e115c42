//! What takes a change back, as far as a request can hold it.

use crate::desired::Warning;
use crate::plan::rules::carried_out;
use crate::plan::{KernelState, Plan};
use crate::request::MAX_BYTES;
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
    let after = now.map(|now| carried_out(&pending.rules, &now.rules));
    let touched = !plan.rules.is_empty() || !pending.rules.is_empty();
    let before = before.filter(|_| touched);
    let rules = before.zip(after.as_ref()).map(|(before, after)| (before.rules.as_slice(), after.as_slice()));
    let settings = [plan.settings.as_slice(), &pending.settings].concat();
    let snapshot = Snapshot::of_change(&plan.files, rules, &settings);
    let bytes = json_length(&snapshot).map_or(usize::MAX, |length| length + AROUND);
    if bytes <= MAX_BYTES { Ok(snapshot) } else { Err(Warning::NoUndo { bytes, limit: MAX_BYTES }) }
}

/// The same, before the plan is carried out: whether there will be one.
pub fn expected(plan: &Plan, pending: &Plan, before: Option<&KernelState>) -> Option<Warning> {
    let rules = |before: &KernelState| carried_out(&plan.rules, &before.rules);
    let now = before.map(|before| KernelState { rules: rules(before), ..before.clone() });
    undo(plan, pending, before, now.as_ref()).err()
}
