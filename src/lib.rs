//! Makes a Linux host's audit rules, in the kernel and in `rules.d`, agree with a declared set.
//!
//! `ARCHITECTURE.md` tells the story of the modules and which may import which.

pub mod apply;
pub mod auditctl;
pub mod augenrules;
pub mod boot_load;
pub mod desired;
pub mod drift;
pub mod error;
pub mod events;
pub mod explain;
pub mod gather;
pub mod html;
pub mod import;
pub mod init;
pub mod intent;
pub mod keep;
pub mod kernel;
pub mod lines;
pub mod lint;
pub mod matching;
pub mod observe;
pub mod plan;
pub mod policies;
pub mod prove;
pub mod records;
pub mod report;
pub mod request;
pub mod restore;
pub mod rule;
pub mod rules_d;
pub mod scanner;
pub mod set_aside;
pub mod settings;
mod signals;
pub mod snapshot;
pub mod tables;
pub mod trigger;
pub mod wire;
mod wording;
pub mod world;

mod program;

pub use program::{
    Each, Expanded, Origin, Unexpanded, events_on, expanded, explained, explained_on, follow, gather_on, imported,
    linted, machine_name, own_product, proven_on, run, run_on,
};
