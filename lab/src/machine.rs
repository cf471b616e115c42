//! What differs from one processor architecture to the next.

/// One kind of guest, or of host.
#[derive(Debug)]
pub struct Machine {
    /// What `uname -m` says there, and how Rust's targets begin.
    pub name: &'static str,
    /// Debian's name of the architecture.
    pub debian: &'static str,
    /// The directory of its libraries below `/usr/lib`, and what the names of its compilers begin with.
    pub multiarch: &'static str,
    /// The package that depends on the newest kernel: that for clouds, which has no modules to leave behind, where there
    /// is one.
    pub kernel_package: &'static str,
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

/// All of them.
pub const MACHINES: [Machine; 3] = [
    Machine {
        name: "x86_64",
        debian: "amd64",
        multiarch: "x86_64-linux-gnu",
        kernel_package: "linux-image-cloud-amd64",
        qemu: "qemu-system-x86_64",
        qemu_package: "qemu-system-x86",
        qemu_arguments: &["-cpu", "qemu64,-cx16"],
        console: "ttyS0",
    },
    Machine {
        name: "aarch64",
        debian: "arm64",
        multiarch: "aarch64-linux-gnu",
        kernel_package: "linux-image-cloud-arm64",
        qemu: "qemu-system-aarch64",
        qemu_package: "qemu-system-arm",
        qemu_arguments: &["-machine", "virt", "-cpu", "cortex-a57"],
        console: "ttyAMA0",
    },
    Machine {
        name: "s390x",
        debian: "s390x",
        multiarch: "s390x-linux-gnu",
        kernel_package: "linux-image-s390x",
        qemu: "qemu-system-s390x",
        qemu_package: "qemu-system-misc",
        qemu_arguments: &["-machine", "s390-ccw-virtio"],
        console: "ttysclp0",
    },
];

impl Machine {
    /// Rust's name of the target with glibc.
    #[must_use]
    pub fn target(&self) -> String {
        format!("{}-unknown-linux-gnu", self.name)
    }
}

impl PartialEq for Machine {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The machine of this host.
///
/// # Errors
/// When the lab does not know this architecture.
pub fn of_this_host() -> Result<&'static Machine, String> {
    named(std::env::consts::ARCH)
}

/// The machine of a name.
///
/// # Errors
/// With the names that exist.
pub fn named(name: &str) -> Result<&'static Machine, String> {
    MACHINES.iter().find(|machine| machine.name == name).ok_or_else(|| {
        let known: Vec<&str> = MACHINES.iter().map(|machine| machine.name).collect();
        format!("the lab does not know the architecture {name}, only {}", known.join(", "))
    })
}
