//! What success rests on: the last look at the host.

use crate::kernel::Features;
use crate::plan::settings::SettingStep;
use crate::plan::{KernelState, Plan, Target, plan};
use crate::settings::Name;

/// A host that was read after the last step and found to hold its target, but for what only a reboot can bring.
///
/// Where a kernel is managed only [`Settled::of`] makes one, from that look: no run that leaves a rule missing can end as a
/// success.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    now: Option<KernelState>,
    pending: Plan,
}

/// A host that was read and does not hold its target.
#[derive(Debug)]
pub struct Unsettled {
    /// What it holds.
    pub now: KernelState,
    /// What leads from there to the target.
    pub left: Plan,
}

impl Settled {
    /// Judges the last look at a kernel: rules, order and settings together. `waits_for_reboot` says that the kernel was
    /// locked from the start, so that all it lacks waits.
    ///
    /// # Errors
    /// What is left to be done.
    pub fn of(target: &Target, now: KernelState, waits_for_reboot: bool) -> Result<Self, Box<Unsettled>> {
        let mut left = plan(target, Some(&now));
        left.files.clear();
        let pending = hold_back(&mut left, &now, waits_for_reboot);
        let is_whole = waits_for_reboot || target.tally(&now.rules).missing.is_empty();
        if left.is_quiet() && is_whole {
            return Ok(Self { now: Some(now), pending });
        }
        Err(Box::new(Unsettled { now, left }))
    }

    /// A host whose kernel is not managed: its files alone are what it should hold, and they were read.
    #[must_use]
    pub fn of_files() -> Self {
        Self { now: None, pending: Plan::default() }
    }

    /// What the kernel holds; none where it is not managed.
    #[must_use]
    pub fn now(&self) -> Option<&KernelState> {
        self.now.as_ref()
    }

    /// What waits for a reboot.
    #[must_use]
    pub fn pending(&self) -> &Plan {
        &self.pending
    }
}

/// Takes out of a plan what only a reboot can bring: on a kernel that was locked from the start everything but the files,
/// and a feature that is locked.
pub fn hold_back(plan: &mut Plan, kernel: &KernelState, waits_for_reboot: bool) -> Plan {
    let mut pending = Plan::default();
    if waits_for_reboot {
        pending.rules.append(&mut plan.rules);
        pending.settings.append(&mut plan.settings);
    }
    let locked = kernel.features.is_some_and(|features| features.lock & Features::LOGINUID_IMMUTABLE != 0);
    let waits = |step: &SettingStep| locked && step.name == Name::LoginuidImmutable;
    pending.settings.extend(plan.settings.iter().filter(|step| waits(step)));
    plan.settings.retain(|step| !waits(step));
    pending
}
