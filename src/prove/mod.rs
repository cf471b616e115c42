//! Whether a rule records: what to do for it to record something, and what it means that it did or did not.
//!
//! Pure: what is done is in [`crate::trigger`].

mod calls;
mod choice;
mod facts;
mod target;
mod values;
mod verdict;

pub use calls::{CALLS, Danger, HarmlessCall, Part};
pub use choice::{Attempt, Choice, Trial, Unprovoked, choose};
pub use facts::{FileFacts, Host};
pub use verdict::{Cause, Conditions, Proof, Verdict, is_left_to, worst};
