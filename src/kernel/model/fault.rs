//! What can go wrong in the model, on demand. Everything is counted from 1.

use super::super::{Errno, KernelError, Setting};
use crate::rule::Rule;

/// A call of the trait that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Call {
    Status,
    Features,
    Rules,
    Change,
    Set,
    SetRcu,
    Record,
    ResetLost,
}

/// Something that goes wrong once its moment has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The n-th call of this kind, or of any kind, fails with nothing done.
    Fail {
        /// The kind; none counts every call.
        call: Option<Call>,
        /// Which.
        nth: u32,
        /// With what.
        error: KernelError,
    },
    /// The n-th call of all, and every call after it, fails with nothing done: the kernel is gone.
    FailFrom {
        /// Which.
        nth: u32,
        /// With what.
        error: KernelError,
    },
    /// The n-th call of this kind is carried out, and its answer is lost.
    Unanswered {
        /// The kind.
        call: Call,
        /// Which.
        nth: u32,
        /// What is had in place of the answer.
        error: KernelError,
    },
    /// Another process acts just before the n-th call of this kind, or of any kind.
    BeforeCall {
        /// The kind; none counts every call.
        call: Option<Call>,
        /// Which.
        nth: u32,
        /// What it does.
        foreign: Foreign,
    },
    /// Another process acts just before the n-th change of all is carried out.
    BeforeChange {
        /// Which.
        nth: u32,
        /// What it does.
        foreign: Foreign,
    },
    /// The n-th change of all is refused.
    Refuse {
        /// Which.
        nth: u32,
        /// With what.
        errno: Errno,
    },
    /// The n-th change of all, and every change after it, is refused.
    RefuseFrom {
        /// Which.
        nth: u32,
        /// With what.
        errno: Errno,
    },
    /// The n-th change of all is acknowledged, and not carried out.
    Ignore {
        /// Which.
        nth: u32,
    },
    /// The n-th setting of all is acknowledged, and not stored.
    IgnoreSetting {
        /// Which.
        nth: u32,
    },
}

/// What another process does to the same kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// Loads a rule, so that a load of ours answers `EEXIST`.
    Append(Rule),
    /// Takes a rule away, so that an unload of ours answers `ENOENT`.
    Unload(Rule),
    /// Takes all rules away: `auditctl -D`.
    Flush,
    /// Changes a setting; `Enabled(2)` locks the kernel.
    Set(Setting),
    /// Mounts something over a directory, or renames one that is further up and makes another in its place: rules on paths
    /// in it stay, and are silent.
    LeadElsewhere(Vec<u8>),
    /// Removes a directory, and with it the rules on paths in it.
    RemoveDirectory(Vec<u8>),
}
