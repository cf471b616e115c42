//! What the boot loader `augenrules` makes of the drop-ins of `rules.d`: their order, and the one file it writes.
//!
//! Pure: names and bytes in, lines and bytes out. Which script and which awk a host has is an argument
//! ([`Script`]), found out by [`crate::rules_d`].

mod merge;
mod order;
mod script;

pub use merge::{Merged, MergedLine, Origin, Source, merge};
pub use order::natural_order;
pub use script::{Awk, Generation, Script};

/// Where `augenrules` looks for drop-ins, which it also names in the first line of its output.
pub const RULES_DIR: &str = "/etc/audit/rules.d";

/// The file that `augenrules` writes and `auditctl -R` loads at boot.
pub const AUDIT_RULES: &str = "/etc/audit/audit.rules";
