//! What the numbers of records mean, in the words of the kernel.

use crate::rule::Arch;
use crate::tables::{capabilities, errno, file_types, open_flags, signals};

/// `S_IFMT`.
const KIND_OF_FILE: u32 = 0o170_000;

/// The name of the error that a system call gave back (`-13` is `EACCES`); none for a success. Those that only ever ask the
/// kernel to start the call anew are named too (`include/linux/errno.h`).
#[must_use]
pub fn error_name(exit: i64) -> Option<&'static str> {
    let number = u32::try_from(exit.checked_neg()?).ok().filter(|number| (1..4096).contains(number))?;
    match number {
        512 => Some("ERESTARTSYS"),
        513 => Some("ERESTARTNOINTR"),
        514 => Some("ERESTARTNOHAND"),
        516 => Some("ERESTART_RESTARTBLOCK"),
        _ => errno().name(number),
    }
}

/// The kind of file that a mode says, as `filetype=` names it.
#[must_use]
pub fn kind_of_file(mode: u32) -> Option<&'static str> {
    file_types().name(mode & KIND_OF_FILE)
}

/// A mode as people write it: `file 0644`, `dir 01777`.
#[must_use]
pub fn mode(mode: u32) -> String {
    let permissions = mode & !KIND_OF_FILE;
    match kind_of_file(mode) {
        Some(kind) => format!("{kind} 0{permissions:03o}"),
        None => format!("0{mode:03o}"),
    }
}

/// What `perm=` means: letters of `rwxa`.
#[must_use]
pub fn permissions(bits: u32) -> String {
    [(4, 'r'), (2, 'w'), (1, 'x'), (8, 'a')].into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, c)| c).collect()
}

/// The names of a set of capabilities, as `cap_fp=` and others write it; `none` where it is empty.
#[must_use]
pub fn capability_set(set: u64) -> String {
    let names = capabilities::names(set);
    if names.is_empty() { "none".to_owned() } else { names.join(",") }
}

/// What an argument of a system call means, where that is well known: flags of opening, modes, signals. The call is named
/// as auditctl names it, arguments are counted from 0.
#[must_use]
pub fn argument(arch: Arch, call: &str, at: usize, value: u64) -> Option<String> {
    // The kernel writes registers whole; these arguments are ints.
    let low = u32::try_from(value & 0xffff_ffff).ok()?;
    match (call, at) {
        ("open", 1) | ("openat" | "open_by_handle_at", 2) => {
            let (names, rest) = open_flags::names(arch, low);
            let rest = (rest != 0).then(|| format!("{rest:#x}"));
            Some(names.into_iter().map(str::to_owned).chain(rest).collect::<Vec<_>>().join("|"))
        }
        ("chmod" | "fchmod" | "mkdir" | "creat", 1) | ("fchmodat" | "fchmodat2" | "mkdirat", 2) | ("umask", 0) => {
            Some(mode(low & 0o7777))
        }
        ("mknod", 1) | ("mknodat", 2) => Some(mode(low)),
        ("kill" | "tkill" | "rt_sigqueueinfo" | "pidfd_send_signal", 1) | ("tgkill", 2) => match low {
            0 => Some("0".to_owned()),
            number => signals().name(number).map(str::to_owned),
        },
        _ => None,
    }
}
