//! Name tables, as data files with their provenance; each is read at its first use.

pub mod capabilities;
pub mod compare;
pub mod managers;
pub mod nearest;
pub mod open_flags;
pub mod perm;
pub mod syscalls;

use std::sync::OnceLock;

/// Names and numbers, in both directions.
///
/// A number may have several names; the one that stands first in the data file is the one to print.
#[derive(Debug)]
pub struct NameTable {
    by_name: Vec<(&'static str, u32)>,
    by_number: Vec<(u32, &'static str)>,
}

impl NameTable {
    /// Reads `name number` lines; lines that begin with `#` are comments. Other lines are ignored.
    fn read(text: &'static str) -> Self {
        let mut by_name: Vec<(&str, u32)> =
            rows(text).filter_map(|(name, number)| Some((name, number.parse().ok()?))).collect();
        let mut by_number: Vec<_> = by_name.iter().map(|(name, number)| (*number, *name)).collect();
        by_name.sort_unstable();
        by_number.sort_by_key(|(a, _)| *a);
        Self { by_name, by_number }
    }

    /// The number of a name, spelled as in the table.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        let at = self.by_name.binary_search_by_key(&name, |(known, _)| known).ok()?;
        self.by_name.get(at).map(|(_, number)| *number)
    }

    /// The table's own copy of a name.
    #[must_use]
    pub fn spelling(&self, name: &str) -> Option<&'static str> {
        let at = self.by_name.binary_search_by_key(&name, |(known, _)| known).ok()?;
        self.by_name.get(at).map(|(known, _)| *known)
    }

    /// The first name of a number.
    #[must_use]
    pub fn name(&self, number: u32) -> Option<&'static str> {
        let at = self.by_number.partition_point(|(known, _)| *known < number);
        self.by_number.get(at).filter(|(known, _)| *known == number).map(|(_, name)| *name)
    }

    /// Every name, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.by_name.iter().map(|(name, _)| *name)
    }

    /// The name that a misspelled one most likely stands for.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        nearest::nearest(name, self.names())
    }
}

/// The lines of a data file that are not comments, split at the first space.
fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

/// Error numbers, upper case (`EPERM` is 1); asm-generic numbering.
#[must_use]
pub fn errno() -> &'static NameTable {
    static TABLE: OnceLock<NameTable> = OnceLock::new();
    TABLE.get_or_init(|| NameTable::read(include_str!("data/errno.txt")))
}

/// Signals, upper case (`SIGKILL` is 9).
#[must_use]
pub fn signals() -> &'static NameTable {
    static TABLE: OnceLock<NameTable> = OnceLock::new();
    TABLE.get_or_init(|| NameTable::read(include_str!("data/signals.txt")))
}

/// Record types, upper case (`USER_CMD`).
#[must_use]
pub fn record_types() -> &'static NameTable {
    static TABLE: OnceLock<NameTable> = OnceLock::new();
    TABLE.get_or_init(|| NameTable::read(include_str!("data/record-types.txt")))
}

/// File systems by their magic number, lower case.
#[must_use]
pub fn filesystem_types() -> &'static NameTable {
    static TABLE: OnceLock<NameTable> = OnceLock::new();
    TABLE.get_or_init(|| NameTable::read(include_str!("data/filesystem-types.txt")))
}

/// File types by their `S_IFMT` bits, lower case.
#[must_use]
pub fn file_types() -> &'static NameTable {
    static TABLE: OnceLock<NameTable> = OnceLock::new();
    TABLE.get_or_init(|| NameTable::read(include_str!("data/file-types.txt")))
}

/// Socket address families (`AF_*` without the prefix), upper case.
#[must_use]
pub fn address_families() -> &'static NameTable {
    static TABLE: OnceLock<NameTable> = OnceLock::new();
    TABLE.get_or_init(|| NameTable::read(include_str!("data/address-families.txt")))
}

/// `io_uring` operations, lower case.
#[must_use]
pub fn uring_operations() -> &'static NameTable {
    static TABLE: OnceLock<NameTable> = OnceLock::new();
    TABLE.get_or_init(|| NameTable::read(include_str!("data/uring-operations.txt")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_names_the_first_is_printed_and_all_are_read() {
        assert_eq!(errno().name(11), Some("EAGAIN"));
        assert_eq!(errno().number("EWOULDBLOCK"), Some(11));
        assert_eq!(errno().name(35), Some("EDEADLK"));
        assert_eq!(errno().name(100_000), None);
        assert_eq!(errno().number("EVERYTHING"), None);
    }
}
