//! Short grace periods while rules are deleted.
//!
//! On many kernels a delete waits for an RCU grace period, 12 to 14 ms, under the audit lock. With 1 in
//! `/sys/kernel/rcu_expedited` it takes well below 1 ms.

use std::time::Duration;

use crate::kernel::{Kernel, Rcu};
use crate::request::Expedite;

/// A delete that takes longer waited for a grace period.
const SLOW: Duration = Duration::from_millis(2);
/// Fewer deletes than these are not worth a change of the whole host's behaviour.
const WORTHWHILE: usize = 3;

/// Decides on grace periods, and puts them back.
#[derive(Debug)]
pub struct Expediter {
    choice: Expedite,
    before: Rcu,
    /// Whether grace periods are short now because of us.
    active: bool,
    /// Whether they ever were.
    used: bool,
}

impl Expediter {
    /// Looks at what the host allows; changes nothing.
    pub fn new(choice: Expedite, kernel: &mut dyn Kernel) -> Self {
        Self { choice, before: kernel.rcu(), active: false, used: false }
    }

    /// The value to put back if this run is killed; none where it will not touch the switch.
    #[must_use]
    pub fn to_restore(&self) -> Option<u32> {
        if self.is_allowed() { self.before.expedited } else { None }
    }

    /// Whether it was used.
    #[must_use]
    pub fn was_used(&self) -> bool {
        self.used
    }

    /// Whether the host lets us: the switch is off and ours to turn, and nobody asked for normal grace periods,
    /// as real-time hosts do.
    fn is_allowed(&self) -> bool {
        let Rcu { expedited, normal, writable } = self.before;
        self.choice != Expedite::Never && expedited == Some(0) && normal.unwrap_or(0) == 0 && writable
    }

    /// Before a delete: `last` is what the one before took, `left` how many are to come.
    pub fn before_delete(&mut self, kernel: &mut dyn Kernel, last: Option<Duration>, left: usize) {
        let wanted = match self.choice {
            Expedite::Always => true,
            Expedite::Auto => left >= WORTHWHILE && last.is_some_and(|took| took > SLOW),
            Expedite::Never => false,
        };
        if wanted && !self.active && self.is_allowed() {
            // A write whose answer is an error may have been carried out.
            self.active = kernel.set_rcu_expedited(1).is_ok() || kernel.rcu().expedited != self.before.expedited;
            self.used |= self.active;
        }
    }

    /// How many deletes may go into one datagram: all of them run under the audit lock.
    #[must_use]
    pub fn batch(&self) -> usize {
        if self.active { 32 } else { 1 }
    }

    /// Whether the switch could not be put back.
    #[must_use]
    pub fn is_left_on(&self) -> bool {
        self.active
    }

    /// Puts the switch back.
    pub fn restore(&mut self, kernel: &mut dyn Kernel) {
        if self.active {
            let is_back = kernel.set_rcu_expedited(self.before.expedited.unwrap_or(0)).is_ok();
            self.active = !is_back && kernel.rcu().expedited != self.before.expedited;
        }
    }
}
