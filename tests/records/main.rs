//! Audit records: what their text says, in the kernel's form and in auditd's, and how they make events.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end in a panic")]

mod assembly;
mod meaning;
mod serials;
mod text;
mod time;
