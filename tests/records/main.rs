//! Audit records: what their text says, in the kernel's form and in auditd's, and how they make events.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end in a panic")]

mod meaning;
mod text;
mod time;
