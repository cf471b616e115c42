//! The settings of the audit subsystem, as a request gives them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice;

/// Settings of the audit subsystem.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Control {
    /// Whether the kernel audits; locked: and takes no further change before the next boot (`-e`).
    pub enabled: Option<Enabled>,
    /// What the kernel does when it cannot record (`-f`).
    pub failure: Option<Failure>,
    /// Records that may wait (`-b`).
    pub backlog_limit: Option<u32>,
    /// How long a task waits for room, in jiffies (`--backlog_wait_time`).
    pub backlog_wait_time: Option<u32>,
    /// Records per second, 0 for no limit (`-r`).
    pub rate_limit: Option<u32>,
    /// Whether a login uid, once set, is fixed; true also locks the feature until the next boot (`--loginuid-immutable`).
    pub loginuid_immutable: Option<bool>,
    /// Whether the boot loader goes on after a bad line and calls it success (`-i`).
    pub ignore_errors: Option<bool>,
    /// Whether the boot loader goes on after a bad line (`-c`).
    #[serde(rename = "continue")]
    pub continue_on_errors: Option<bool>,
}

choice! {
    /// Names of what `-e` sets.
    EnabledName {
        /// No auditing.
        #[default]
        Off = "off",
        /// Auditing.
        On = "on",
        /// Auditing, and no change before the next boot.
        Locked = "locked",
    }
}

/// `enabled`: off, on or locked; false and true are what YAML makes of off and on.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Enabled {
    /// By name.
    Name(EnabledName),
    /// As YAML 1.1 reads off and on.
    Switch(bool),
    /// As auditctl has it.
    Number(#[schemars(range(min = 0, max = 2))] u32),
}

impl Enabled {
    /// The kernel's number.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Name(name) => name as u32,
            Self::Switch(on) => u32::from(on),
            Self::Number(number) => number,
        }
    }
}

choice! {
    /// Names of what `-f` sets.
    FailureName {
        /// Nothing.
        #[default]
        Silent = "silent",
        /// A line in the kernel's log.
        Printk = "printk",
        /// A kernel panic.
        Panic = "panic",
    }
}

/// `failure`: silent, printk or panic.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Failure {
    /// By name.
    Name(FailureName),
    /// As auditctl has it.
    Number(#[schemars(range(min = 0, max = 2))] u32),
}

impl Failure {
    /// The kernel's number.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Name(name) => name as u32,
            Self::Number(number) => number,
        }
    }
}
