//! What only a request to gather says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choice;

choice! {
    /// Which sources to read.
    Source {
        /// Files, and the kernel where it has audit for us. events: the kernel; with `files`, `root`, `since` or `until` the log.
        #[default]
        Both = "both",
        /// Files only; the kernel is asked nothing.
        Filesystem = "filesystem",
        /// The kernel only; without one that fails.
        Runtime = "runtime",
        /// events: the log.
        Log = "log",
        /// events: what the kernel sends from now on, to whoever listens.
        Kernel = "kernel",
    }
}

choice! {
    /// What to do with a difference.
    OnDrift {
        /// Report it.
        #[default]
        Report = "report",
        /// Report it, and fail.
        Fail = "fail",
    }
}

/// Whether a report has the rules one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Details(pub bool);

impl Default for Details {
    fn default() -> Self {
        Self(true)
    }
}
