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

    /// Whether the number carries the 64-bit flag (`__AUDIT_ARCH_64BIT`).
    #[must_use]
    pub fn is_64_bit(self) -> bool {
        self.0 & 0x8000_0000 != 0
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
