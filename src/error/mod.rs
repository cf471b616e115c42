//! Errors as sentences: the one place where their data becomes prose.

pub mod line;
pub mod note;
pub mod verdict;
