//! What differs from one processor architecture to the next.

/// One kind of guest. The lab emulates the architecture it runs on, so that the host's own build runs in the guest.
#[derive(Debug)]
pub struct Machine {
    /// Debian's name of the architecture.
    pub debian: &'static str,
    /// The directory of its libraries below `/usr/lib`.
    pub multiarch: &'static str,
    /// The emulator.
    pub qemu: &'static str,
    /// The Debian package that holds the emulator.
    pub qemu_package: &'static str,
    /// The emulator's arguments for this machine. `-cpu qemu64,-cx16`: QEMU 7.2 miscompiles `cmpxchg16b`, and
    /// one x86 guest in five dies of it. KVM is never chosen: where it opens, the guest may still hang.
    pub qemu_arguments: &'static [&'static str],
    /// The serial console as the kernel calls it.
    pub console: &'static str,
}

const MACHINES: [(&str, Machine); 2] = [
    (
        "x86_64",
        Machine {
            debian: "amd64",
            multiarch: "x86_64-linux-gnu",
            qemu: "qemu-system-x86_64",
            qemu_package: "qemu-system-x86",
            qemu_arguments: &["-cpu", "qemu64,-cx16"],
            console: "ttyS0",
        },
    ),
    (
        "aarch64",
        Machine {
            debian: "arm64",
            multiarch: "aarch64-linux-gnu",
            qemu: "qemu-system-aarch64",
            qemu_package: "qemu-system-arm",
            qemu_arguments: &["-machine", "virt", "-cpu", "cortex-a57"],
            console: "ttyAMA0",
        },
    ),
];

/// The machine of this host.
///
/// # Errors
/// When the lab knows no guest for this architecture.
pub fn of_this_host() -> Result<&'static Machine, String> {
    MACHINES
        .iter()
        .find_map(|(name, machine)| (*name == std::env::consts::ARCH).then_some(machine))
        .ok_or_else(|| format!("the lab has no guest for {}: only x86_64 and aarch64", std::env::consts::ARCH))
}
