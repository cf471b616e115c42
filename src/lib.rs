//! Makes a Linux host's audit rules, in the kernel and in `rules.d`, agree with a declared set.
//!
//! `ARCHITECTURE.md` tells the story of the modules and which may import which.

pub mod auditctl;
pub mod error;
pub mod explain;
pub mod kernel;
pub mod report;
pub mod rule;
pub mod tables;
pub mod wire;
