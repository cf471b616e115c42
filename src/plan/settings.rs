//! The steps that bring the kernel's settings to what is wanted.

use crate::settings::{Name, Settings};

/// One change of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingStep {
    /// The setting.
    pub name: Name,
    /// Its value now.
    pub before: u32,
    /// Its value to be.
    pub after: u32,
}

/// When a setting is changed, seen from the changes of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before: a larger backlog takes what the change itself records.
    BeforeRules,
    /// Behind.
    BehindRules,
    /// Behind, and after everything else has been read back: what cannot be taken back or can bring the host down.
    Last,
}

impl SettingStep {
    /// When the step is taken.
    #[must_use]
    pub fn moment(&self) -> Moment {
        match self.name {
            Name::BacklogLimit | Name::BacklogWaitTime if self.after > self.before => Moment::BeforeRules,
            Name::Failure | Name::Enabled if self.after == 2 => Moment::Last,
            Name::LoginuidImmutable if self.after != 0 => Moment::Last,
            _ => Moment::BehindRules,
        }
    }
}

/// The steps for those settings that are not as declared, in the order in which they are set.
///
/// A setting that the kernel does not have is left out; the caller has said so before.
#[must_use]
pub fn plan_settings(held: &Settings, wanted: &Settings) -> Vec<SettingStep> {
    let mut steps: Vec<SettingStep> = wanted
        .iter()
        .filter_map(|(name, after)| held.get(name).map(|before| SettingStep { name, before, after }))
        .filter(|step| step.before != step.after)
        .collect();
    steps.sort_by_key(SettingStep::moment);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backlog_grows_first_and_the_lock_comes_last() {
        let settings = |values: &[(Name, u32)]| {
            let mut settings = Settings::default();
            for (name, value) in values {
                settings.set(*name, *value);
            }
            settings
        };
        let held = settings(&[(Name::BacklogLimit, 64), (Name::RateLimit, 0), (Name::Failure, 1), (Name::Enabled, 0)]);
        let wanted =
            settings(&[(Name::Enabled, 2), (Name::Failure, 2), (Name::RateLimit, 5), (Name::BacklogLimit, 8192)]);
        let names: Vec<Name> = plan_settings(&held, &wanted).iter().map(|step| step.name).collect();
        assert_eq!(names, [Name::BacklogLimit, Name::RateLimit, Name::Failure, Name::Enabled]);
        assert_eq!(plan_settings(&wanted, &wanted), []);
        assert_eq!(plan_settings(&Settings::default(), &wanted), [], "the kernel does not have it");
    }
}
