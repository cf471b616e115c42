//! Errors as sentences: the one place where what went wrong becomes prose.

pub mod kernel;
