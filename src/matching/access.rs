//! What a system call does to a file, as `perm=` sees it.

use super::event::ANY_ACCESS;
use crate::rule::Arch;
use crate::tables::{perm, syscalls};

const EXECUTES: u32 = 1;
const WRITES: u32 = 2;
const READS: u32 = 4;
const ATTRIBUTES: u32 = 8;

/// System calls of 32-bit architectures that auditctl's tables miss, with what the kernel takes them for.
const OF_32_BIT: [(&str, u32); 5] = [
    ("chown32", ATTRIBUTES),
    ("fchown32", ATTRIBUTES),
    ("lchown32", ATTRIBUTES),
    ("truncate64", WRITES),
    ("ftruncate64", WRITES),
];

/// The first argument of `socketcall` that means `bind`.
const BIND: u32 = 2;

/// What a system call may do to a file: a set of combinations of letters, one bit each. `argument` knows the arguments
/// that the event gives.
///
/// Sources: `audit_match_perm` in `kernel/auditsc.c`, `include/asm-generic/audit_*.h`. Which calls read, write or change
/// attributes grew with the versions of Linux; a call that only some versions of auditctl's tables have may do so or not.
#[must_use]
pub fn of_call(arch: Arch, number: u32, argument: impl Fn(usize) -> Option<u32>) -> u32 {
    let Some(name) = syscalls::name(arch, number) else { return ANY_ACCESS };
    match name {
        name if name.starts_with("exec") => 1 << EXECUTES,
        "open" => opened(argument(1)),
        "openat" => opened(argument(2)),
        "openat2" => opened(None),
        "socketcall" => match argument(0) {
            Some(BIND) => 1 << WRITES,
            Some(_) => 1,
            None => 1 | 1 << WRITES,
        },
        _ => match OF_32_BIT.iter().find(|(known, _)| *known == name) {
            Some((_, access)) => 1 << access,
            None => by_tables(arch, number),
        },
    }
}

/// What opening with these flags does: the lowest two bits say it.
fn opened(flags: Option<u32>) -> u32 {
    match flags.map(|flags| flags & 3) {
        Some(0) => 1 << READS,
        Some(1) => 1 << WRITES,
        Some(_) => 1 << (READS | WRITES),
        None => 1 << READS | 1 << WRITES | 1 << (READS | WRITES),
    }
}

fn by_tables(arch: Arch, number: u32) -> u32 {
    let mut possible = 1;
    for letter in [WRITES, READS, ATTRIBUTES] {
        let masks = perm::masks(arch, letter);
        let has: Vec<bool> = masks.iter().flatten().map(|mask| mask.contains(number)).collect();
        let with = possible << letter;
        possible = match (has.contains(&true), has.contains(&false)) {
            (true, false) => with,
            (true, true) => possible | with,
            (false, _) => possible,
        };
    }
    possible
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arch: Arch, name: &str, arguments: &[u32]) -> Vec<u32> {
        let possible = of_call(arch, syscalls::number(arch, name).unwrap(), |at| arguments.get(at).copied());
        (0..16).filter(|access| possible & 1 << access != 0).collect()
    }

    #[test]
    fn a_call_has_the_letters_that_the_kernel_gives_it() {
        let rows: [(&str, &[u32], &[u32]); 12] = [
            ("execve", &[], &[1]),
            ("execveat", &[], &[1]),
            ("openat", &[0, 0, 0o100], &[4]),
            ("openat", &[0, 0, 0o2001], &[2]),
            ("open", &[0, 2], &[6]),
            ("openat2", &[0, 0, 0], &[2, 4, 6]),
            ("rename", &[], &[2]),
            ("quotactl", &[], &[6]),
            ("link", &[], &[10]),
            ("chmod", &[], &[8]),
            // In the classes of newer kernels only.
            ("fchmodat2", &[], &[0, 8]),
            ("getpid", &[], &[0]),
        ];
        for (name, arguments, expected) in rows {
            assert_eq!(of(Arch::X86_64, name, arguments), expected, "{name}");
        }
        assert_eq!(of(Arch::I386, "chown32", &[]), [8]);
        assert_eq!((of(Arch::I386, "socketcall", &[2]), of(Arch::I386, "socketcall", &[])), (vec![2], vec![0, 2]));
        assert_eq!(of(Arch::AARCH64, "unlinkat", &[]), [2]);
    }

    #[test]
    fn of_a_call_without_a_name_nothing_is_known() {
        assert_eq!(of_call(Arch::X86_64, 1999, |_| None), ANY_ACCESS);
    }
}
