//! Which events a rule matches, as the kernel decides it, and what can be said of rules without an event.
//!
//! Source: `audit_filter_rules`, `audit_filter` and `__audit_inode` in `kernel/auditsc.c` and `kernel/audit.c`.
//! [`evaluate`] asks a rule about one event, [`decide`] a whole policy. [`cover`] asks whether one rule matches all that another one matches;
//! `tests/matching.rs` proves it against [`evaluate`] on every small rule and event.

pub mod access;
pub mod cover;
pub mod dead;
pub mod decide;
pub mod earlier;
pub mod evaluate;
pub mod event;
pub mod numbers;
pub mod overlap;
mod property;
mod suppressed;

pub use cover::{Provided, covers, has_records, have_same_effect, have_same_key};
pub use dead::{blocker, contradiction};
pub use decide::{Decision, Need, decide, decide_on_own_list};
pub use earlier::{Earlier, MOST};
pub use evaluate::{Answer, matches};
pub use event::{Event, Name};
pub use overlap::overlap;
pub use property::stops_list;
pub use suppressed::suppressed;
