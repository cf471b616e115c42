//! What makes a file a privileged program.

/// The bits of a mode that give a program the rights of the file's owner or group.
const SET_ID: u32 = 0o6000;
/// Somebody may execute it.
const EXECUTABLE: u32 = 0o111;

/// The size of the longest `security.capability`, that of revision 3 with the owner of its user namespace.
pub const LONGEST: usize = 24;

/// What a mode says of a regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// setuid or setgid.
    Privileged,
    /// It is one where it has capabilities.
    MayBe,
    /// Nobody can execute it.
    Plain,
}

/// What the mode of a regular file says.
pub fn mode(mode: u32) -> Mode {
    match mode {
        mode if mode & SET_ID != 0 => Mode::Privileged,
        mode if mode & EXECUTABLE != 0 => Mode::MayBe,
        _ => Mode::Plain,
    }
}

/// Whether a file with this `security.capability` gets capabilities by being executed: a `struct vfs_cap_data` or
/// `struct vfs_ns_cap_data` (`include/uapi/linux/capability.h`) whose permitted set is not empty. What the kernel would
/// not read either gives none.
pub fn grants(value: &[u8]) -> bool {
    let word =
        |at: usize| value.get(at * 4..at * 4 + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let Some(magic) = word(0) else { return false };
    // After the magic there are a permitted and an inheritable word for each 32 capabilities.
    let permitted: &[usize] = match (magic >> 24, value.len()) {
        (1, 12) => &[1],
        (2, 20) | (3, LONGEST) => &[1, 3],
        _ => return false,
    };
    permitted.iter().any(|at| word(*at).is_some_and(|capabilities| capabilities != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn a_permitted_capability_of_any_revision_makes_a_program_privileged_and_nothing_else_does() {
        let rows: [(&[u32], bool); 14] = [
            // cap_net_raw=ep, as setcap writes it.
            (&[0x0200_0001, 1 << 13, 0, 0, 0], true),
            (&[0x0200_0000, 1 << 13, 0, 0, 0], true),
            // cap_bpf, of the second word.
            (&[0x0200_0001, 0, 0, 1 << 7, 0], true),
            (&[0x0300_0001, 1 << 13, 0, 0, 0, 100_000], true),
            (&[0x0300_0000, 0, 0, 1 << 7, 0, 0], true),
            (&[0x0100_0001, 1 << 13, 0], true),
            // cap_net_raw=i: who executes it must have been given it before.
            (&[0x0200_0000, 0, 1 << 13, 0, 1 << 7], false),
            (&[0x0200_0001, 0, 0, 0, 0], false),
            (&[0x0300_0001, 0, 1, 0, 0, 5], false),
            (&[0x0400_0001, 1, 1, 1, 1], false),
            // Of another length than its revision has.
            (&[0x0200_0001, 1, 1], false),
            (&[0x0300_0001, 1, 1, 1, 1], false),
            (&[0x0200_0001], false),
            (&[], false),
        ];
        for (words, expected) in rows {
            assert_eq!(grants(&value(words)), expected, "{words:x?}");
        }
        assert!(!grants(&[1, 0, 0]));
    }

    #[test]
    fn set_id_counts_on_any_file_and_capabilities_on_what_can_be_executed() {
        let rows = [
            (0o104_755, Mode::Privileged),
            (0o102_755, Mode::Privileged),
            (0o104_000, Mode::Privileged),
            (0o102_644, Mode::Privileged),
            (0o100_755, Mode::MayBe),
            (0o100_001, Mode::MayBe),
            (0o101_644, Mode::Plain),
            (0o100_666, Mode::Plain),
        ];
        for (bits, expected) in rows {
            assert_eq!(mode(bits), expected, "{bits:o}");
        }
    }
}
