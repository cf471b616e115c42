//! Whether the rules of the running kernel are ours to manage.

use super::netlink::Netlink;
use super::socket::Socket;
use super::{Errno, Kernel, KernelError, Status, Trace, Traced};

/// What this process can do with the audit subsystem.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// It answers us, and it says this. It may still be locked: [`Status::is_locked`].
    Managed(Status),
    /// There is none for us here, and no privilege changes that: only files can be managed. The kernel's answer.
    Absent(Absence, Errno),
    /// It is there, and refuses us. The kernel's answer.
    Denied(Denial, Errno),
}

/// Why there is no audit subsystem for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// The kernel was built without audit, or booted with `audit=0`.
    NoAuditInKernel,
    /// This process is not in the initial user namespace.
    NotInitialUserNamespace,
    /// Nothing receives requests, though the namespace is the initial one.
    AuditOff,
    /// This process is in the process namespace of a container.
    ContainerPidNamespace,
}

/// Why the audit subsystem refuses us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// `CAP_AUDIT_CONTROL` in the initial user namespace is missing.
    MissingCapability,
}

/// Whether this process is in the host's own namespaces; none where that could not be learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Namespaces {
    /// The initial user namespace.
    pub initial_user: Option<bool>,
    /// The initial process namespace.
    pub initial_pid: Option<bool>,
}

/// Judges the answer to the first question.
///
/// Source of the error numbers: `audit_netlink_ok` in `kernel/audit.c`; `__sock_create` in `net/socket.c`.
///
/// # Errors
/// An error that says nothing about access.
pub fn classify(first: Result<Status, KernelError>, namespaces: Namespaces) -> Result<Access, KernelError> {
    let error = match first {
        Ok(status) => return Ok(Access::Managed(status)),
        Err(error) => error,
    };
    let errno = match &error {
        KernelError::Socket(errno) | KernelError::Refused { errno, .. } | KernelError::Transport { errno, .. } => {
            *errno
        }
        _ => return Err(error),
    };
    let from_socket = matches!(error, KernelError::Socket(_));
    let absent = |why| Ok(Access::Absent(why, errno));
    match errno {
        Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::EINVAL if from_socket => absent(Absence::NoAuditInKernel),
        Errno::ECONNREFUSED if namespaces.initial_user == Some(false) => absent(Absence::NotInitialUserNamespace),
        Errno::ECONNREFUSED => absent(Absence::AuditOff),
        Errno::EPERM | Errno::EACCES if namespaces.initial_pid == Some(false) => absent(Absence::ContainerPidNamespace),
        Errno::EPERM | Errno::EACCES => Ok(Access::Denied(Denial::MissingCapability, errno)),
        _ => Err(error),
    }
}

/// Opens the running kernel's audit subsystem, asks the first question, and judges the answer.
///
/// Gives the open kernel only where it is managed; `trace` gets every datagram that comes from it.
///
/// # Errors
/// As for [`classify`].
pub fn open(trace: Option<Trace<'_>>) -> Result<(Access, Option<Netlink<Traced<'_>>>), KernelError> {
    let mut opened = Socket::open().map(|socket| Netlink::over(Traced { socket, trace }));
    let first = match &mut opened {
        Ok(kernel) => kernel.status(),
        Err(error) => Err(error.clone()),
    };
    let access = classify(first, own_namespaces())?;
    let kernel = opened.ok().filter(|_| matches!(access, Access::Managed(_)));
    Ok((access, kernel))
}

/// Inode of the initial user namespace (`PROC_USER_INIT_INO` in `include/linux/proc_ns.h`).
const INITIAL_USER: u64 = 4_026_531_837;
/// Inode of the initial process namespace (`PROC_PID_INIT_INO`).
const INITIAL_PID: u64 = 4_026_531_836;

fn own_namespaces() -> Namespaces {
    let is = |path, initial| nix::sys::stat::stat(path).ok().map(|found| found.st_ino == initial);
    Namespaces {
        initial_user: is("/proc/self/ns/user", INITIAL_USER),
        initial_pid: is("/proc/self/ns/pid", INITIAL_PID),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Namespaces = Namespaces { initial_user: Some(true), initial_pid: Some(true) };
    const PID: Namespaces = Namespaces { initial_user: Some(true), initial_pid: Some(false) };
    const USER: Namespaces = Namespaces { initial_user: Some(false), initial_pid: Some(false) };
    const UNKNOWN: Namespaces = Namespaces { initial_user: None, initial_pid: None };

    fn refused(errno: Errno) -> KernelError {
        KernelError::Refused { request: "AUDIT_GET", errno }
    }

    #[test]
    fn the_first_answer_decides_what_can_be_managed() {
        let case = |first: KernelError, namespaces, expected: fn(Errno) -> Access| {
            let errno = first.errno().unwrap_or(Errno::UnknownErrno);
            assert_eq!(classify(Err(first.clone()), namespaces), Ok(expected(errno)), "{first:?} in {namespaces:?}");
        };
        let no_audit = |errno| Access::Absent(Absence::NoAuditInKernel, errno);
        let off = |errno| Access::Absent(Absence::AuditOff, errno);
        let container = |errno| Access::Absent(Absence::ContainerPidNamespace, errno);
        let denied = |errno| Access::Denied(Denial::MissingCapability, errno);
        for errno in [Errno::EPROTONOSUPPORT, Errno::EAFNOSUPPORT, Errno::EINVAL] {
            for namespaces in [HOST, PID, USER, UNKNOWN] {
                case(KernelError::Socket(errno), namespaces, no_audit);
            }
        }
        case(refused(Errno::ECONNREFUSED), USER, |errno| Access::Absent(Absence::NotInitialUserNamespace, errno));
        case(refused(Errno::ECONNREFUSED), HOST, off);
        case(refused(Errno::ECONNREFUSED), PID, off);
        case(KernelError::Transport { call: "sendto", errno: Errno::ECONNREFUSED }, HOST, off);
        case(refused(Errno::EPERM), PID, container);
        case(KernelError::Socket(Errno::EPERM), PID, container);
        case(refused(Errno::EPERM), HOST, denied);
        case(refused(Errno::EPERM), UNKNOWN, denied);
        case(KernelError::Socket(Errno::EACCES), HOST, denied);
    }

    #[test]
    fn an_answer_is_access_locked_or_not() {
        for enabled in [0, 1, 2] {
            let status = Status { enabled, ..Status::default() };
            assert_eq!(classify(Ok(status), HOST), Ok(Access::Managed(status)));
        }
    }

    #[test]
    fn an_error_that_says_nothing_about_access_stays_an_error() {
        let case = |error: KernelError| assert_eq!(classify(Err(error.clone()), HOST), Err(error));
        case(KernelError::Timeout { request: "AUDIT_GET", milliseconds: 2000 });
        case(KernelError::Malformed { request: "AUDIT_GET", what: "the status", length: 31 });
        case(refused(Errno::EINVAL));
        case(KernelError::Socket(Errno::EMFILE));
    }
}
