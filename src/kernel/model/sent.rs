//! What was asked of the model, as data.

use super::super::{Change, Errno, Setting};
use crate::rule::Rule;

/// How many requests of each kind came, refused ones too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Questions for the state or the features.
    pub get: u32,
    /// Questions for the rules.
    pub list: u32,
    /// Rules to load.
    pub add: u32,
    /// Rules to unload.
    pub delete: u32,
    /// Settings and features to change.
    pub set: u32,
}

impl Sent {
    /// Requests that change something, or would have.
    #[must_use]
    pub fn changing(self) -> u32 {
        self.add + self.delete + self.set
    }

    pub(super) fn count(&mut self, change: Change<'_>) {
        match change {
            Change::Append(_) | Change::Prepend(_) => self.add += 1,
            Change::Unload(_) => self.delete += 1,
        }
    }
}

/// One request to change something, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Done {
    Append { rule: Rule, answer: Result<(), Errno> },
    Prepend { rule: Rule, answer: Result<(), Errno> },
    Unload { rule: Rule, answer: Result<(), Errno> },
    Set { setting: Setting, answer: Result<(), Errno> },
    Expedited(u32),
}

impl Done {
    pub(super) fn of(change: Change<'_>, answer: Result<(), Errno>) -> Self {
        match change {
            Change::Append(rule) => Self::Append { rule: rule.clone(), answer },
            Change::Prepend(rule) => Self::Prepend { rule: rule.clone(), answer },
            Change::Unload(rule) => Self::Unload { rule: rule.clone(), answer },
        }
    }
}
