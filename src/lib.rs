//! Makes a Linux host's audit rules, in the kernel and in `rules.d`, agree with a declared set.
//!
//! `ARCHITECTURE.md` tells the story of the modules and which may import which.

pub mod error;
pub mod kernel;
pub mod rule;
pub mod wire;
