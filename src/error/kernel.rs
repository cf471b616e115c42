//! What the kernel refused or could not be asked, as sentences.

use crate::kernel::access::{Absence, Denial};
use crate::kernel::{Errno, KernelError};
use crate::rules_d::Elsewhere;

const ROOT: &str = "run as root of the host, with CAP_AUDIT_CONTROL (Ansible: `become: true`)";

impl KernelError {
    /// The error's stable name.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Socket(Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::EINVAL) => {
                Absence::NoAuditInKernel.kind()
            }
            Self::Socket(Errno::EPERM | Errno::EACCES) => Denial::MissingCapability.kind(),
            Self::Socket(_) => "kernel_socket",
            Self::Refused { .. } => "kernel_refused",
            Self::Transport { .. } => "kernel_transport",
            Self::Timeout { .. } => "kernel_timeout",
            Self::Malformed { .. } => "kernel_malformed_reply",
            Self::ListLost { .. } => "kernel_list_lost",
            Self::Sysfs { .. } => "kernel_sysfs",
        }
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Socket(errno) => format!("cannot open a socket to the kernel's audit subsystem: {}", words(*errno)),
            Self::Refused { request, errno } => format!("the kernel refused {request}: {}", words(*errno)),
            Self::Transport { call, errno } => {
                format!("cannot exchange messages with the kernel's audit subsystem: {call}: {}", words(*errno))
            }
            Self::Timeout { request, milliseconds } => {
                format!("the kernel did not answer {request} within {milliseconds} ms")
            }
            Self::Malformed { request, what, length } => {
                format!("the kernel's answer to {request} is malformed: {length} bytes are not {what}")
            }
            Self::ListLost { attempts } => {
                format!(
                    "the kernel's list of audit rules lost entries on the way, each of the {attempts} times it was read"
                )
            }
            Self::Sysfs { path, errno } => format!("cannot write {path}: {}", words(*errno)),
        }
    }

    /// The error number's name, where the operating system gave one.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Socket(errno)
            | Self::Refused { errno, .. }
            | Self::Transport { errno, .. }
            | Self::Sysfs { errno, .. } => Some(*errno),
            Self::Timeout { .. } | Self::Malformed { .. } | Self::ListLost { .. } => None,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Socket(Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::EINVAL) => {
                return Absence::NoAuditInKernel.hint();
            }
            Self::Refused { errno: Errno::EPERM, request: "AUDIT_GET" }
            | Self::Socket(Errno::EPERM | Errno::EACCES)
            | Self::Sysfs { errno: Errno::EPERM | Errno::EACCES, .. } => ROOT,
            Self::Refused { errno: Errno::EPERM, .. } => {
                "audit may be locked until the next boot (`enabled` is 2), or a privilege is missing"
            }
            Self::Timeout { .. } => "another process may be changing many audit rules; run it again",
            Self::ListLost { .. } => "as root, the receive buffer can be larger than net.core.rmem_max allows",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Absence {
    /// The reason's stable name.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::NoAuditInKernel => "no_audit_in_kernel",
            Self::NotInitialUserNamespace => "not_initial_user_namespace",
            Self::AuditOff => "audit_off",
            Self::ContainerPidNamespace => "container_pid_namespace",
        }
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::NoAuditInKernel => "the running kernel has no audit subsystem, or was booted with audit=0",
            Self::NotInitialUserNamespace => {
                "this process is not in the host's user namespace, and the kernel answers audit requests from there only"
            }
            Self::AuditOff => "the kernel's audit subsystem receives no requests",
            Self::ContainerPidNamespace => {
                "this process is in a container's process namespace, and the kernel lets only the host's own manage audit"
            }
        }
        .to_owned()
    }

    /// What may help.
    #[must_use]
    pub fn hint(self) -> Option<String> {
        let hint = match self {
            Self::NoAuditInKernel | Self::AuditOff => "boot with audit=1, or manage the files only",
            Self::NotInitialUserNamespace | Self::ContainerPidNamespace => "run on the host, or manage the files only",
        };
        Some(hint.to_owned())
    }
}

impl Denial {
    /// The reason's stable name.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::MissingCapability => "missing_capability",
        }
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::MissingCapability => "the kernel does not let this process manage audit: it lacks CAP_AUDIT_CONTROL",
        }
        .to_owned()
    }

    /// What may help.
    #[must_use]
    pub fn hint(self) -> Option<String> {
        match self {
            Self::MissingCapability => Some(ROOT.to_owned()),
        }
    }
}

impl Elsewhere {
    /// The reason's stable name.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Root => "another_root_directory",
            Self::MountNamespace => "another_mount_namespace",
            Self::Unknown => "host_not_seen",
        }
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Root => {
                "the root directory of this process is not that of process 1 (a chroot or a container): the files that it \
                 sees are not those of the host whose kernel answers"
            }
            Self::MountNamespace => {
                "this process is in another mount namespace than process 1: the files that it sees may not be those of \
                 the host whose kernel answers"
            }
            Self::Unknown => {
                "process 1 cannot be looked at: whether the files that this process sees are those of the host whose \
                 kernel answers cannot be told"
            }
        }
        .to_owned()
    }

    /// What may help.
    #[must_use]
    pub fn hint(self) -> Option<String> {
        let first = match self {
            Self::Root | Self::MountNamespace => "run it on the host: `nsenter --target 1 --mount audit_rules`",
            Self::Unknown => "mount /proc and run it with CAP_SYS_PTRACE",
        };
        Some(format!(
            "{first}; or say that this kernel is meant: `kernel: host`, with the host's root directory as `root` where \
             that is mounted elsewhere"
        ))
    }
}

/// An error number as name and words: `EPERM (Operation not permitted)`.
#[must_use]
pub fn words(errno: Errno) -> String {
    format!("{errno:?} ({})", errno.desc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_asked_and_what_came_back() {
        let case = |error: KernelError, kind, message: &str, hinted: bool| {
            assert_eq!((error.kind(), error.message().as_str()), (kind, message));
            assert_eq!(error.hint().is_some(), hinted, "{kind}");
        };
        case(
            KernelError::Socket(Errno::EPROTONOSUPPORT),
            "no_audit_in_kernel",
            "cannot open a socket to the kernel's audit subsystem: EPROTONOSUPPORT (Protocol not supported)",
            true,
        );
        case(
            KernelError::Refused { request: "AUDIT_GET", errno: Errno::EPERM },
            "kernel_refused",
            "the kernel refused AUDIT_GET: EPERM (Operation not permitted)",
            true,
        );
        case(
            KernelError::Timeout { request: "AUDIT_LIST_RULES", milliseconds: 2000 },
            "kernel_timeout",
            "the kernel did not answer AUDIT_LIST_RULES within 2000 ms",
            true,
        );
        case(
            KernelError::Malformed { request: "AUDIT_GET", what: "the status", length: 31 },
            "kernel_malformed_reply",
            "the kernel's answer to AUDIT_GET is malformed: 31 bytes are not the status",
            false,
        );
        case(
            KernelError::ListLost { attempts: 5 },
            "kernel_list_lost",
            "the kernel's list of audit rules lost entries on the way, each of the 5 times it was read",
            true,
        );
        case(
            KernelError::Sysfs { path: "/sys/kernel/rcu_expedited", errno: Errno::EROFS },
            "kernel_sysfs",
            "cannot write /sys/kernel/rcu_expedited: EROFS (Read-only file system)",
            false,
        );
    }

    #[test]
    fn a_missing_privilege_is_answered_with_how_to_get_it() {
        assert!(Denial::MissingCapability.hint().is_some_and(|hint| hint.contains("become")));
        let refused = KernelError::Refused { request: "AUDIT_GET", errno: Errno::EPERM };
        assert_eq!(refused.hint(), Denial::MissingCapability.hint());
    }
}
