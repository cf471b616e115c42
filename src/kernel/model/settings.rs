//! The settings of the model: their ranges, the lock of the kernel, the locks of the features.

use super::super::{Errno, Features, Setting, message};
use super::Model;

/// Longest time that a task may be told to wait for room, in seconds (`MAX_BACKLOG_WAIT` in `kernel/audit.c`).
const LONGEST_WAIT: u32 = 10 * 60;

impl Model {
    pub(super) fn store(&mut self, setting: Setting) -> Result<(), Errno> {
        let longest_wait = LONGEST_WAIT * self.jiffies_per_second;
        match setting {
            Setting::Enabled(value) | Setting::Failure(value) if value > 2 => return Err(Errno::EINVAL),
            Setting::BacklogWaitTime(value) if value > longest_wait => return Err(Errno::EINVAL),
            Setting::LoginuidImmutable { on, lock } => return self.store_feature(on, lock),
            _ if self.status.is_locked() => return Err(Errno::EPERM),
            Setting::Enabled(value) => self.status.enabled = value,
            Setting::Failure(value) => self.status.failure = value,
            Setting::RateLimit(value) => self.status.rate_limit = value,
            Setting::BacklogLimit(value) => self.status.backlog_limit = value,
            Setting::BacklogWaitTime(value) => self.status.backlog_wait_time = Some(value),
        }
        Ok(())
    }

    /// Takes a record; one that is over the limit of its second is lost, and counted (`audit_rate_check`).
    pub(super) fn take_record(&mut self, text: &str) {
        if !self.status.is_on() {
            return;
        }
        let second = self.clock.as_secs();
        let made = if self.rate.0 == second { self.rate.1 } else { 0 };
        if self.status.rate_limit > 0 && made >= self.status.rate_limit {
            self.status.lost += 1;
            return;
        }
        self.rate = (second, made + 1);
        self.records.push(text.to_owned());
    }

    /// The lock of the kernel does not hold features; their own lock does.
    fn store_feature(&mut self, on: bool, lock: bool) -> Result<(), Errno> {
        let bit = Features::LOGINUID_IMMUTABLE;
        let is_on = self.features.features & bit != 0;
        if self.features.lock & bit != 0 && on != is_on {
            return Err(Errno::EPERM);
        }
        self.features.features = if on { self.features.features | bit } else { self.features.features & !bit };
        self.features.lock |= if lock { bit } else { 0 };
        Ok(())
    }
}

pub fn request(setting: Setting) -> &'static str {
    message::setting(setting).0.name()
}
