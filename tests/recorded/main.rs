//! Recorded events: which rule made them, which are kept, what a policy would make of them.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

mod filters;
mod rules;
