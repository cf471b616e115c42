//! Recorded events: which rule made them, which are kept, what a policy would make of them, and whole requests.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

mod bounds;
mod filters;
mod listening;
mod noise;
#[path = "../project/mod.rs"]
mod project;
mod requests;
mod rules;
