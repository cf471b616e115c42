//! System call names per architecture.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::sync::OnceLock;

use super::{NameTable, nearest, rows};
use crate::rule::Arch;

/// One table of system calls; several architectures may share it.
struct Table {
    /// The name of the table and of its data file.
    name: &'static str,
    arches: &'static [Arch],
    data: &'static str,
    aliases: &'static str,
    names: OnceLock<NameTable>,
}

macro_rules! table {
    ($name:literal, $arches:expr, $aliases:expr) => {
        Table {
            name: $name,
            arches: &$arches,
            data: include_str!(concat!("data/syscalls-", $name, ".txt")),
            aliases: $aliases,
            names: OnceLock::new(),
        }
    };
}

static TABLES: [Table; 9] = [
    table!("x86_64", [Arch::X86_64], include_str!("data/aliases-x86_64.txt")),
    table!("i386", [Arch::I386], include_str!("data/aliases-i386.txt")),
    table!("aarch64", [Arch::AARCH64], include_str!("data/aliases-aarch64.txt")),
    table!("arm", [Arch::ARM], include_str!("data/aliases-arm.txt")),
    table!("ppc64", [Arch::PPC64, Arch::PPC64LE, Arch::PPC], include_str!("data/aliases-ppc64.txt")),
    table!("s390x", [Arch::S390X], include_str!("data/aliases-s390x.txt")),
    table!("s390", [Arch::S390], include_str!("data/aliases-s390.txt")),
    table!("riscv64", [Arch::RISCV64], include_str!("data/aliases-riscv64.txt")),
    table!("riscv32", [Arch::RISCV32], include_str!("data/aliases-riscv32.txt")),
];

impl Table {
    fn of(arch: Arch) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.arches.contains(&arch))
    }

    fn names(&'static self) -> &'static NameTable {
        self.names.get_or_init(|| NameTable::read(self.data))
    }
}

/// The number of a lower-case name, as auditctl spells it.
#[must_use]
pub fn number(arch: Arch, name: &str) -> Option<u32> {
    Table::of(arch)?.names().number(name)
}

/// The name that auditctl prints for a number.
#[must_use]
pub fn name(arch: Arch, number: u32) -> Option<&'static str> {
    Table::of(arch)?.names().name(number)
}

/// auditctl's spelling of a name that may be auditctl's or the kernel's own (`pwrite64` on `x86_64` is
/// auditctl's `pwrite`); none where both are unknown.
#[must_use]
pub fn canonical_name(arch: Arch, name: &str) -> Option<&'static str> {
    let table = Table::of(arch)?;
    let names = table.names();
    if let Some(known) = names.spelling(name) {
        return Some(known);
    }
    rows(table.aliases).find(|(kernel, _)| *kernel == name).map(|(_, auditctl)| auditctl)
}

/// The names of an architecture's system calls, in alphabetical order.
#[must_use]
pub fn names(arch: Arch) -> Vec<&'static str> {
    Table::of(arch).map_or_else(Vec::new, |table| table.names().names().collect())
}

/// How alike a set of names and the table of an architecture are: the part of all their names that they share, in
/// thousandths.
#[must_use]
pub fn likeness<S: BuildHasher>(arch: Arch, other: &HashSet<String, S>) -> usize {
    let own = names(arch);
    let shared = own.iter().filter(|name| other.contains(**name)).count();
    shared * 1000 / (own.len() + other.len() - shared).max(1)
}

/// The tables that know the name, by the name of their machine.
#[must_use]
pub fn exists_on(name: &str) -> Vec<&'static str> {
    TABLES.iter().filter(|table| table.names().number(name).is_some()).map(|table| table.name).collect()
}

/// The name on this architecture that a misspelled one most likely stands for.
#[must_use]
pub fn nearest_name(arch: Arch, name: &str) -> Option<&'static str> {
    nearest::nearest(name, Table::of(arch)?.names().names())
}

/// Whether every process makes this call all the time.
#[must_use]
pub fn is_hot(name: &str) -> bool {
    include_str!("data/hot-syscalls.txt").lines().any(|hot| hot == name)
}

/// Whether a call gives the kernel's audit no file to remember: then, whether it is about what is in a file.
#[must_use]
pub fn names_no_file(name: &str) -> Option<bool> {
    rows(include_str!("data/nameless-syscalls.txt")).find(|(known, _)| *known == name).map(|(_, what)| what == "data")
}

/// The call that programs of today also make, or make alone, where older ones made this one.
#[must_use]
pub fn newer(name: &str) -> Option<&'static str> {
    rows(include_str!("data/newer-syscalls.txt")).find(|(older, _)| *older == name).map(|(_, newer)| newer)
}

/// The first version of Linux without a call that older ones had, or that none ever had.
#[must_use]
pub fn gone_since(name: &str) -> Option<&'static str> {
    rows(include_str!("data/obsolete-syscalls.txt")).find(|(gone, _)| *gone == name).map(|(_, since)| since)
}

/// Whether there is a table for the architecture.
#[must_use]
pub fn has_table(arch: Arch) -> bool {
    Table::of(arch).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Machine;

    #[test]
    fn every_named_machine_has_a_table() {
        for machine in Machine::ALL {
            assert!(has_table(machine.native), "{}", machine.name);
        }
    }

    #[test]
    fn an_alias_names_a_call_that_auditctl_knows_and_is_not_one_itself() {
        for table in &TABLES {
            for (kernel, auditctl) in rows(table.aliases) {
                assert!(table.names().number(auditctl).is_some(), "{}: {auditctl}", table.name);
                assert!(table.names().number(kernel).is_none(), "{}: {kernel}", table.name);
            }
        }
    }

    #[test]
    fn hot_and_obsolete_calls_are_calls_of_some_table() {
        let hot = include_str!("data/hot-syscalls.txt").lines().filter(|line| !line.starts_with('#'));
        let gone = rows(include_str!("data/obsolete-syscalls.txt")).map(|(name, _)| name);
        for name in hot.chain(gone) {
            assert!(!exists_on(name).is_empty(), "{name}");
        }
        assert_eq!(
            (names_no_file("write"), names_no_file("kill"), names_no_file("open")),
            (Some(true), Some(false), None)
        );
        assert_eq!((newer("open"), newer("openat")), (Some("openat"), None));
        let lists = [include_str!("data/nameless-syscalls.txt"), include_str!("data/newer-syscalls.txt")];
        for (name, other) in lists.into_iter().flat_map(rows) {
            let is_call = |name: &str| !exists_on(name).is_empty();
            assert!(is_call(name) && (matches!(other, "data" | "other") || is_call(other)), "{name} {other}");
        }
        assert!(is_hot("openat") && !is_hot("mount") && !is_hot("# openat"));
        assert_eq!((gone_since("create_module"), gone_since("init_module")), (Some("2.6"), None));
    }

    #[test]
    fn the_kernels_own_spelling_is_resolved() {
        assert_eq!(canonical_name(Arch::X86_64, "pwrite64"), Some("pwrite"));
        assert_eq!(canonical_name(Arch::X86_64, "open"), Some("open"));
        assert_eq!(canonical_name(Arch::X86_64, "socketcall"), None);
    }

    #[test]
    fn a_call_of_other_machines_is_found_there() {
        assert!(exists_on("socketcall").contains(&"i386"));
        assert!(!exists_on("socketcall").contains(&"x86_64"));
        assert!(exists_on("opne").is_empty());
    }
}
