//! The RCU switches under `/sys/kernel`, which decide how long a delete takes.

#![allow(clippy::disallowed_methods, reason = "kernel switches, not files of the host")]

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

use super::{KernelError, Rcu};

const EXPEDITED: &str = "/sys/kernel/rcu_expedited";
const NORMAL: &str = "/sys/kernel/rcu_normal";

/// The switches as they are.
#[must_use]
pub fn rcu() -> Rcu {
    Rcu { expedited: read(EXPEDITED), normal: read(NORMAL), writable: access(EXPEDITED, AccessFlags::W_OK).is_ok() }
}

/// Makes grace periods short (1) or not (0).
///
/// # Errors
/// [`KernelError::Sysfs`].
pub fn set_rcu_expedited(value: u32) -> Result<(), KernelError> {
    std::fs::write(EXPEDITED, format!("{value}\n")).map_err(|error| KernelError::Sysfs {
        path: EXPEDITED,
        errno: error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw),
    })
}

fn read(path: &str) -> Option<u32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}
