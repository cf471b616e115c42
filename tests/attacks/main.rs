//! Attacks on the executable at work on an image: kills, signals and neighbours at random moments, and random operations.
//!
//! Each says how often it struck. They take minutes together: `make test-attacks`. What is made to fail call by call stands
//! in `tests/apply` (the model) and `tests/host` (the kernels of the guests).
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::panic,
    clippy::unwrap_used,
    reason = "lays hosts out and looks at them; a test may end in a panic"
)]

mod image;
mod kills;
mod neighbours;
mod operations;
