//! The kernel's audit subsystem, behind one trait.
//!
//! [`Kernel`] is all that the rest of the program knows of it; the model and the real one are held to one
//! contract test.

use std::time::Duration;

use crate::rule::Rule;

pub mod access;
pub mod listener;
pub mod message;
#[cfg(any(test, feature = "model"))]
pub mod model;
pub mod netlink;
pub mod socket;
mod sysfs;
mod traced;

pub use access::Access;
pub use listener::{Heard, Listener, ReadLog};
pub use netlink::Netlink;
pub use traced::{Trace, Traced};

/// The audit subsystem of a kernel.
///
/// Every call is bounded in time. None ever sets the audit pid.
pub trait Kernel {
    /// The state and settings (`AUDIT_GET`).
    ///
    /// # Errors
    /// Whatever the kernel answers, or that it did not answer in time.
    fn status(&mut self) -> Result<Status, KernelError>;

    /// The features (`AUDIT_GET_FEATURE`).
    ///
    /// # Errors
    /// As for [`Kernel::status`]; kernels before 3.13 answer `EINVAL`.
    fn features(&mut self) -> Result<Features, KernelError>;

    /// Every rule, list by list, in the kernel's order (`AUDIT_LIST_RULES`), as [`Rule::as_listed`] has them.
    ///
    /// # Errors
    /// As for [`Kernel::status`]; a list that lost rules on the way is read again and, if it stays short, an error:
    /// never a short list.
    fn rules(&mut self) -> Result<Vec<Rule>, KernelError>;

    /// Carries out changes in their order, as many of them under one lock of the audit subsystem as it can.
    ///
    /// Gives one answer per change, in order. A refused change does not stop those after it.
    ///
    /// # Errors
    /// Only where the answers themselves could not be had; which changes were carried out is then unknown.
    fn change(&mut self, changes: &[Change<'_>]) -> Result<Vec<Result<(), Errno>>, KernelError>;

    /// Changes one setting (`AUDIT_SET`, `AUDIT_SET_FEATURE`).
    ///
    /// # Errors
    /// What the kernel answers.
    fn set(&mut self, setting: Setting) -> Result<(), KernelError>;

    /// Sets the count of lost records back to zero (`AUDIT_STATUS_LOST`), and gives what it was. A kernel without that ability
    /// ([`Status::resets_lost`]) does nothing and answers 0; a locked one does it.
    ///
    /// # Errors
    /// What the kernel answers.
    fn reset_lost(&mut self) -> Result<u32, KernelError>;

    /// Gives the kernel a record of type `USYS_CONFIG` with this text (`AUDIT_USYS_CONFIG`). A kernel that is off takes it and
    /// writes nothing; a rule of the lists user and exclude may drop it.
    ///
    /// # Errors
    /// What the kernel answers: `EPERM` without `CAP_AUDIT_WRITE`.
    fn record(&mut self, text: &str) -> Result<(), KernelError>;

    /// What `/sys/kernel/rcu_expedited` and `/sys/kernel/rcu_normal` hold.
    fn rcu(&mut self) -> Rcu;

    /// Writes `/sys/kernel/rcu_expedited`.
    ///
    /// # Errors
    /// The operating system's answer.
    fn set_rcu_expedited(&mut self, value: u32) -> Result<(), KernelError>;

    /// The time since some fixed moment; never goes back. To measure what a change took.
    fn now(&mut self) -> Duration;
}

/// One change of the rule lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// Puts a rule after all others of its list.
    Append(&'a Rule),
    /// Puts a rule before all others of its list. The kernel does not look for an equal rule then: only for a
    /// rule that is known not to be loaded.
    Prepend(&'a Rule),
    /// Takes the first equal rule away. Never carries the prepend flag, with which nothing is ever equal.
    Unload(&'a Rule),
}

/// `struct audit_status` as far as the kernel sent it: fields that an older kernel does not have are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Status {
    /// 0 off, 1 on, 2 locked until the next boot.
    pub enabled: u32,
    /// 0 silent, 1 printk, 2 panic.
    pub failure: u32,
    /// The process that receives records; 0 for none.
    pub pid: u32,
    /// Records per second; 0 for no limit.
    pub rate_limit: u32,
    /// Records that may wait.
    pub backlog_limit: u32,
    /// Records lost since boot or the last reset.
    pub lost: u32,
    /// Records waiting now.
    pub backlog: u32,
    /// Which abilities the kernel has (`AUDIT_FEATURE_BITMAP_*`); since 3.13.
    pub feature_bitmap: Option<u32>,
    /// How long a task waits for room, in jiffies; since 3.14.
    pub backlog_wait_time: Option<u32>,
    /// How long tasks have waited in all, in jiffies; since 5.9.
    pub backlog_wait_time_actual: Option<u32>,
}

impl Status {
    /// The abilities of `feature_bitmap`, in the order of their bits.
    pub const ABILITIES: [&'static str; 7] = [
        "backlog_limit",
        "backlog_wait_time",
        "executable_path",
        "exclude_extend",
        "sessionid_filter",
        "lost_reset",
        "filter_fs",
    ];

    /// The bit of [`Status::feature_bitmap`] of kernels that can reset their count of lost records
    /// (`AUDIT_FEATURE_BITMAP_LOST_RESET`).
    const LOST_RESET: u32 = 1 << 5;

    /// Whether the count of lost records can be reset.
    #[must_use]
    pub fn resets_lost(&self) -> bool {
        self.feature_bitmap.is_some_and(|bitmap| bitmap & Self::LOST_RESET != 0)
    }

    /// The value of `enabled` that locks the kernel's rules until the next boot.
    pub const LOCKED: u32 = 2;

    /// Whether the kernel refuses every change of rules and settings until the next boot.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.enabled == Self::LOCKED
    }

    /// Whether the kernel makes records.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.enabled != 0
    }
}

/// `struct audit_features`: a value and a lock for each feature bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    /// The bits that are on.
    pub features: u32,
    /// The bits that can no longer be changed before the next boot.
    pub lock: u32,
}

impl Features {
    /// Bit of `only_unset_loginuid`.
    pub const ONLY_UNSET_LOGINUID: u32 = 1 << 0;
    /// Bit of `loginuid_immutable`.
    pub const LOGINUID_IMMUTABLE: u32 = 1 << 1;
}

/// One setting with its new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// 0, 1 or 2.
    Enabled(u32),
    /// 0, 1 or 2.
    Failure(u32),
    /// Records per second.
    RateLimit(u32),
    /// Records.
    BacklogLimit(u32),
    /// Jiffies.
    BacklogWaitTime(u32),
    /// The value of the feature, and whether to lock it until the next boot.
    LoginuidImmutable {
        /// On or off.
        on: bool,
        /// Locked until the next boot.
        lock: bool,
    },
}

/// Whether RCU grace periods, for which a delete waits, can be made short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rcu {
    /// `/sys/kernel/rcu_expedited`, where it can be read.
    pub expedited: Option<u32>,
    /// `/sys/kernel/rcu_normal`, where it can be read.
    pub normal: Option<u32>,
    /// Whether this process may write `rcu_expedited`.
    pub writable: bool,
}

/// An error number of the kernel.
pub use nix::errno::Errno;

/// Why the kernel could not be asked, or what it answered to a question that is not a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KernelError {
    /// `socket()` failed; `EPROTONOSUPPORT`, `EAFNOSUPPORT` and `EINVAL` mean: no audit in this kernel, or `audit=0`.
    Socket(Errno),
    /// The kernel answered a request with an error.
    Refused {
        /// Which request, in the kernel's words: `AUDIT_GET`, `AUDIT_SET` ...
        request: &'static str,
        /// Its answer.
        errno: Errno,
    },
    /// Sending or receiving failed.
    Transport {
        /// `sendto`, `recvmsg` ...
        call: &'static str,
        /// What the operating system said.
        errno: Errno,
    },
    /// No answer within the time allowed.
    Timeout {
        /// Which request.
        request: &'static str,
        /// The time allowed, in milliseconds.
        milliseconds: u64,
    },
    /// An answer that is not of the form that the kernel's headers give.
    Malformed {
        /// Which request.
        request: &'static str,
        /// What is wrong with the answer.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// The list of rules lost entries every time it was read.
    ListLost {
        /// How often it was read.
        attempts: u32,
    },
    /// A file under `/sys` could not be written.
    Sysfs {
        /// Its path.
        path: &'static str,
        /// What the operating system said.
        errno: Errno,
    },
}
