//! The settings of the audit subsystem, wanted and held.

use crate::auditctl::Control;
use crate::kernel::{Features, Setting, Status};

/// A setting that the kernel holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// Records that may wait (`-b`).
    BacklogLimit,
    /// Jiffies that a task waits for room (`--backlog_wait_time`).
    BacklogWaitTime,
    /// Records per second (`-r`).
    RateLimit,
    /// Whether a login uid is fixed once set (`--loginuid-immutable`).
    LoginuidImmutable,
    /// What the kernel does when it cannot record (`-f`).
    Failure,
    /// Off, on or locked (`-e`).
    Enabled,
}

impl Name {
    /// Every setting, in the order in which they are set: locking comes last.
    pub const ALL: [Self; 6] = [
        Self::BacklogLimit,
        Self::BacklogWaitTime,
        Self::RateLimit,
        Self::LoginuidImmutable,
        Self::Failure,
        Self::Enabled,
    ];

    /// The name in requests and reports.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::BacklogLimit => "backlog_limit",
            Self::BacklogWaitTime => "backlog_wait_time",
            Self::RateLimit => "rate_limit",
            Self::LoginuidImmutable => "loginuid_immutable",
            Self::Failure => "failure",
            Self::Enabled => "enabled",
        }
    }

    /// The setting of this name.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.text() == text)
    }

    /// The option that says it in a rules file.
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Self::BacklogLimit => "-b",
            Self::BacklogWaitTime => "--backlog_wait_time",
            Self::RateLimit => "-r",
            Self::LoginuidImmutable => "--loginuid-immutable",
            Self::Failure => "-f",
            Self::Enabled => "-e",
        }
    }

    /// What the kernel is asked for. A login uid that is fixed is also locked so, as auditctl does it.
    #[must_use]
    pub fn with(self, value: u32) -> Setting {
        match self {
            Self::BacklogLimit => Setting::BacklogLimit(value),
            Self::BacklogWaitTime => Setting::BacklogWaitTime(value),
            Self::RateLimit => Setting::RateLimit(value),
            Self::LoginuidImmutable => Setting::LoginuidImmutable { on: value != 0, lock: value != 0 },
            Self::Failure => Setting::Failure(value),
            Self::Enabled => Setting::Enabled(value),
        }
    }
}

/// Values of some settings, and how the boot loader treats bad lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    values: [Option<u32>; Name::ALL.len()],
    /// The boot loader goes on after a bad line and calls it success (`-i`).
    pub ignore_errors: bool,
    /// The boot loader goes on after a bad line (`-c`).
    pub continue_on_errors: bool,
}

impl Settings {
    /// The value of a setting, where one is given.
    #[must_use]
    pub fn get(&self, name: Name) -> Option<u32> {
        self.values[name as usize]
    }

    /// Gives a setting a value.
    pub fn set(&mut self, name: Name, value: u32) {
        self.values[name as usize] = Some(value);
    }

    /// The settings with a value, in the order of [`Name::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Name, u32)> + '_ {
        Name::ALL.into_iter().filter_map(|name| self.get(name).map(|value| (name, value)))
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes over what a later drop-in says.
    pub fn overrule_with(&mut self, later: &Self) {
        later.iter().for_each(|(name, value)| self.set(name, value));
        self.ignore_errors |= later.ignore_errors;
        self.continue_on_errors |= later.continue_on_errors;
    }

    /// Takes over what a control line says; gives the setting that it sets, where it sets one.
    pub fn take(&mut self, control: &Control) -> Option<Name> {
        let (name, value) = match control {
            Control::Enabled(value) => (Name::Enabled, *value),
            Control::Failure(value) => (Name::Failure, *value),
            Control::BacklogLimit(value) => (Name::BacklogLimit, *value),
            Control::RateLimit(value) => (Name::RateLimit, *value),
            Control::BacklogWaitTime(value) => (Name::BacklogWaitTime, *value),
            Control::LoginuidImmutable => (Name::LoginuidImmutable, 1),
            Control::IgnoreErrors => {
                self.ignore_errors = true;
                return None;
            }
            Control::ContinueOnErrors => {
                self.continue_on_errors = true;
                return None;
            }
            _ => return None,
        };
        self.set(name, value);
        Some(name)
    }

    /// What a running kernel holds.
    #[must_use]
    pub fn of(status: &Status, features: Option<&Features>) -> Self {
        let immutable = |features: &Features| u32::from(features.features & Features::LOGINUID_IMMUTABLE != 0);
        let mut held = Self::default();
        held.set(Name::BacklogLimit, status.backlog_limit);
        held.set(Name::RateLimit, status.rate_limit);
        held.set(Name::Failure, status.failure);
        held.set(Name::Enabled, status.enabled);
        held.values[Name::BacklogWaitTime as usize] = status.backlog_wait_time;
        held.values[Name::LoginuidImmutable as usize] = features.map(immutable);
        held
    }

    /// The lines of a rules file that go before its rules.
    #[must_use]
    pub fn lines_before(&self) -> Vec<String> {
        let switch = |on: bool, option: &str| on.then(|| option.to_owned());
        let valued = [Name::BacklogLimit, Name::Failure, Name::RateLimit, Name::BacklogWaitTime]
            .into_iter()
            .filter_map(|name| self.get(name).map(|value| format!("{} {value}", name.option())));
        switch(self.ignore_errors, "-i")
            .into_iter()
            .chain(switch(self.continue_on_errors, "-c"))
            .chain(valued)
            .collect()
    }

    /// The lines of a rules file that go after its rules.
    #[must_use]
    pub fn lines_after_rules(&self) -> Vec<String> {
        let immutable =
            self.get(Name::LoginuidImmutable).filter(|on| *on != 0).map(|_| "--loginuid-immutable".to_owned());
        let enabled = self.get(Name::Enabled).map(|value| format!("-e {value}"));
        immutable.into_iter().chain(enabled).collect()
    }
}
