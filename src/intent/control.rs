//! The settings that `control` asks for.

use crate::request::{Control, Enabled, Failure};
use crate::settings::{Name, Settings};

impl From<&Control> for Settings {
    fn from(said: &Control) -> Self {
        let values = [
            (Name::BacklogLimit, said.backlog_limit),
            (Name::BacklogWaitTime, said.backlog_wait_time),
            (Name::RateLimit, said.rate_limit),
            (Name::LoginuidImmutable, said.loginuid_immutable.map(u32::from)),
            (Name::Failure, said.failure.map(Failure::number)),
            (Name::Enabled, said.enabled.map(Enabled::number)),
        ];
        let mut settings = Self::default();
        settings.ignore_errors = said.ignore_errors == Some(true);
        settings.continue_on_errors = said.continue_on_errors == Some(true);
        for (name, value) in values {
            if let Some(value) = value {
                settings.set(name, value);
            }
        }
        settings
    }
}
