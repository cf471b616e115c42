//! Capabilities of processes and files.

use std::sync::OnceLock;

use super::NameTable;

fn table() -> &'static NameTable {
    static TABLE: OnceLock<NameTable> = OnceLock::new();
    TABLE.get_or_init(|| NameTable::read(include_str!("data/capabilities.txt")))
}

/// The name of one capability, lower case and without `CAP_`.
#[must_use]
pub fn name(number: u32) -> Option<&'static str> {
    table().name(number)
}

/// The names of a set, one bit each; bits without a name are left out.
#[must_use]
pub fn names(set: u64) -> Vec<&'static str> {
    (0..u64::BITS).filter(|number| set >> number & 1 != 0).filter_map(name).collect()
}
