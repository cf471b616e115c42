//! Whether rules record: what would be done for each, and what follows from what the kernel sends.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end in a panic"
)]

#[path = "../project/mod.rs"]
mod project;

mod choices;
mod stories;
