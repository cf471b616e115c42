//! The executable on a real kernel, in a guest of the lab, with the guest's own `auditctl` and `augenrules` as
//! witnesses.
//!
//! Each test begins with no rules and no drop-ins. They empty the machine that they run on: only where
//! `AUDIT_RULES_LAB` says that it is thrown away afterwards.
#![allow(clippy::unused_self, reason = "only who was lent the guest may use it")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "looks at the host from outside; a test may end in a panic"
)]

mod benchmarks;
mod confinement;
mod culprit;
mod drift;
mod edges;
mod events;
mod flood;
mod guest;
mod interruption;
mod kills;
mod kinds;
mod lifecycle;
mod neighbours;
mod next_boot;
mod oddities;
mod paths;
mod policy;
mod prove;
mod reach;
mod record;
mod records;
mod roots;
mod trace;
mod tracer;
mod traps;
mod vanished;
mod versions;
mod watches;
