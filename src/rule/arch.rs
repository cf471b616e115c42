//! Architectures: `AUDIT_ARCH_*` numbers, machine names, and what `b64` and `b32` mean on each.
//!
//! An architecture is always an argument, never the one that this program was built for.

/// An `AUDIT_ARCH_*` number; numbers that we do not know are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arch(pub u32);

#[allow(missing_docs)]
impl Arch {
    pub const X86_64: Self = Self(0xc000_003e);
    pub const I386: Self = Self(0x4000_0003);
    pub const AARCH64: Self = Self(0xc000_00b7);
    pub const ARM: Self = Self(0x4000_0028);
    pub const PPC64: Self = Self(0x8000_0015);
    pub const PPC64LE: Self = Self(0xc000_0015);
    pub const PPC: Self = Self(0x0000_0014);
    pub const S390X: Self = Self(0x8000_0016);
    pub const S390: Self = Self(0x0000_0016);
    pub const RISCV64: Self = Self(0xc000_00f3);
    pub const RISCV32: Self = Self(0x4000_00f3);

    /// The architectures that auditctl can name, each with the name to print.
    pub const NAMED: [(Self, &'static str); 11] = [
        (Self::X86_64, "x86_64"),
        (Self::I386, "i386"),
        (Self::AARCH64, "aarch64"),
        (Self::ARM, "arm"),
        (Self::PPC64, "ppc64"),
        (Self::PPC64LE, "ppc64le"),
        (Self::PPC, "ppc"),
        (Self::S390X, "s390x"),
        (Self::S390, "s390"),
        (Self::RISCV64, "riscv64"),
        (Self::RISCV32, "riscv32"),
    ];

    /// Whether the number carries the 64-bit flag (`__AUDIT_ARCH_64BIT`).
    #[must_use]
    pub fn is_64_bit(self) -> bool {
        self.0 & 0x8000_0000 != 0
    }

    /// A machine name of the architecture that auditctl reads back.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMED.iter().find(|(arch, _)| *arch == self).map(|(_, name)| *name)
    }
}

/// A machine as `uname -m` names it, by what its `b64` and `b32` mean.
///
/// Source: audit-userspace `lib/machinetab.h`, `lib/libaudit.c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Machine {
    /// The name that `uname -m` gives.
    pub name: &'static str,
    /// What `arch=b64` means here; none on a 32-bit machine.
    pub b64: Option<Arch>,
    /// What `arch=b32` means here; none where the kernel runs no 32-bit programs (ppc64le).
    pub b32: Option<Arch>,
    /// The table of a rule without an `arch` field.
    pub native: Arch,
}

impl Machine {
    /// Every machine that auditctl 4.2.2 knows.
    pub const ALL: [Self; 20] = [
        Self::wide("x86_64", Arch::X86_64, Some(Arch::I386)),
        Self::narrow("i386", Arch::I386),
        Self::narrow("i486", Arch::I386),
        Self::narrow("i586", Arch::I386),
        Self::narrow("i686", Arch::I386),
        Self::wide("aarch64", Arch::AARCH64, Some(Arch::ARM)),
        Self::wide("armv8l", Arch::AARCH64, Some(Arch::ARM)),
        Self::narrow("arm", Arch::ARM),
        Self::narrow("armeb", Arch::ARM),
        Self::narrow("armv5tejl", Arch::ARM),
        Self::narrow("armv5tel", Arch::ARM),
        Self::narrow("armv6l", Arch::ARM),
        Self::narrow("armv7l", Arch::ARM),
        Self::wide("ppc64", Arch::PPC64, Some(Arch::PPC)),
        Self::wide("ppc64le", Arch::PPC64LE, None),
        Self::narrow("ppc", Arch::PPC),
        Self::wide("s390x", Arch::S390X, Some(Arch::S390)),
        Self::narrow("s390", Arch::S390),
        Self::wide("riscv64", Arch::RISCV64, Some(Arch::RISCV32)),
        Self::narrow("riscv32", Arch::RISCV32),
    ];

    const fn wide(name: &'static str, native: Arch, b32: Option<Arch>) -> Self {
        Self { name, b64: Some(native), b32, native }
    }

    const fn narrow(name: &'static str, native: Arch) -> Self {
        Self { name, b64: None, b32: Some(native), native }
    }

    /// The machine that `uname -m` names; none where auditctl knows none.
    #[must_use]
    pub fn from_uname(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|machine| machine.name.eq_ignore_ascii_case(name)).copied()
    }

    /// The machine with programs of both word lengths that runs this one's.
    #[must_use]
    pub fn of_both_word_lengths(&self) -> Self {
        let runs = |other: &&Self| other.has_two_abis() && [other.b64, other.b32].contains(&Some(self.native));
        let other = Self::ALL.iter().find(runs);
        match self.native {
            Arch::PPC64LE => Self { b32: Some(Arch::PPC), ..*self },
            _ => other.copied().unwrap_or(*self),
        }
    }

    /// Whether rules mean the same on both: i386 and i686, say.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        (self.b64, self.b32, self.native) == (other.b64, other.b32, other.native)
    }

    /// Whether programs of two word lengths run here, so that one system call has two numbers.
    #[must_use]
    pub fn has_two_abis(&self) -> bool {
        self.b64.is_some() && self.b32.is_some()
    }

    /// The value of `arch=` on this machine: `b64`, `b32`, a machine name (any case), a number in C notation,
    /// or bare hexadecimal digits that begin with a letter.
    ///
    /// # Errors
    /// Which word has no meaning here.
    pub fn arch(&self, value: &str) -> Result<Arch, UnknownArch> {
        let known = |number| Arch(number).name().map(|_| Arch(number)).ok_or(UnknownArch::NotAnArch);
        if value.starts_with(|c: char| c.is_ascii_digit()) {
            return super::number::unsigned(value.as_bytes()).map_or(Err(UnknownArch::NotAnArch), known);
        }
        let lower = value.to_ascii_lowercase();
        match lower.as_str() {
            "b64" => self.b64.ok_or(UnknownArch::No64Bit),
            "b32" => self.b32.ok_or(UnknownArch::No32Bit),
            name => match Self::from_uname(name) {
                Some(machine) => Ok(machine.native),
                None => u32::from_str_radix(name, 16).map_or(Err(UnknownArch::NotAnArch), known),
            },
        }
    }
}

/// Why a value of `arch=` has no meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownArch {
    /// No machine, word length or number that auditctl knows.
    NotAnArch,
    /// `b64` on a machine that runs 32-bit programs only.
    No64Bit,
    /// `b32` on a machine that runs 64-bit programs only.
    No32Bit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_has_one_of_both_word_lengths_that_runs_its_programs() {
        for machine in Machine::ALL {
            let both = machine.of_both_word_lengths();
            assert!(both.has_two_abis(), "{}", machine.name);
            assert!(machine.b64.is_none_or(|arch| both.b64 == Some(arch)), "{}", machine.name);
            assert!(machine.b32.is_none_or(|arch| both.b32 == Some(arch)), "{}", machine.name);
        }
    }

    #[test]
    fn word_lengths_depend_on_the_machine() {
        let arch = |machine: &str, value| Machine::from_uname(machine).unwrap().arch(value);
        assert_eq!(arch("x86_64", "B64"), Ok(Arch::X86_64));
        assert_eq!(arch("x86_64", "b32"), Ok(Arch::I386));
        assert_eq!(arch("i686", "b64"), Err(UnknownArch::No64Bit));
        assert_eq!(arch("ppc64le", "b32"), Err(UnknownArch::No32Bit));
        assert_eq!(arch("armv8l", "b64"), Ok(Arch::AARCH64));
        assert_eq!(arch("x86_64", "0xc000003e"), Ok(Arch::X86_64));
        assert_eq!(arch("x86_64", "c000003e"), Ok(Arch::X86_64));
        assert_eq!(arch("x86_64", "40000003"), Err(UnknownArch::NotAnArch));
        assert_eq!(arch("x86_64", "uring"), Err(UnknownArch::NotAnArch));
        assert_eq!(arch("x86_64", "mips64"), Err(UnknownArch::NotAnArch));
    }
}
