//! Why a line cannot be loaded on a host.

use std::rc::Rc;

use crate::auditctl::{self, LineError, LineErrorKind, SkippedSyscall};
use crate::error::PolicyError;
use crate::rule::verdict::Refusal;

/// Why a line cannot be loaded on this host as it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Unloadable {
    /// auditctl does not take it.
    Line(Rc<LineError>),
    /// System calls that this architecture lacks; auditctl does not take the line, but the rest of it has a meaning
    /// unless the rule is emptied.
    Syscalls {
        /// Which.
        skipped: Vec<SkippedSyscall>,
        /// None remains.
        emptied: bool,
    },
    /// The line is right, but the installed auditctl is too old for it: the boot load stops there. The kernel may know
    /// better, so that we can load it.
    TooNew {
        /// What that auditctl finds wrong.
        error: Rc<LineError>,
        /// Its version, where it is known.
        version: Option<auditctl::Version>,
    },
    /// The kernel would not take it, whatever stands on the disk.
    Refused(Refusal),
    /// The kernel would not find the path.
    MissingPath {
        /// The path that is missing: one of the line, or the directory that would hold it.
        path: Rc<[u8]>,
        /// What the kernel would answer.
        errno: i32,
    },
}

impl Unloadable {
    /// Whether the host lacks something that others have: a path, a user or a group.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        match self {
            Self::MissingPath { .. } => true,
            Self::Line(error) => {
                matches!(error.what, LineErrorKind::UnknownUser { .. } | LineErrorKind::UnknownGroup { .. })
            }
            Self::Syscalls { .. } | Self::TooNew { .. } | Self::Refused(_) => false,
        }
    }

    /// Whether this is about what other machines have: system calls, or programs of a word length.
    #[must_use]
    pub fn is_of_other_machines(&self) -> bool {
        match self {
            Self::Syscalls { .. } => true,
            Self::Line(error) => error.what.is_no_such_arch(),
            Self::TooNew { .. } | Self::Refused(_) | Self::MissingPath { .. } => false,
        }
    }

    /// The obstacle as an error.
    #[must_use]
    pub fn what(&self) -> crate::error::What {
        match self {
            Self::Line(error) => Rc::clone(error).into(),
            Self::Syscalls { skipped, emptied } => {
                let names = skipped.iter().map(|s| s.name.clone()).collect();
                let arch = skipped.first().and_then(|s| s.arch.name()).unwrap_or("this machine").to_owned();
                PolicyError::SyscallsOfOthers { names, arch, emptied: *emptied }.into()
            }
            Self::TooNew { error, version } => {
                PolicyError::TooNew { error: Rc::clone(error), version: *version }.into()
            }
            Self::Refused(refusal) => PolicyError::KernelRefuses(*refusal).into(),
            Self::MissingPath { path, errno } => {
                PolicyError::MissingPath { path: Rc::clone(path), errno: *errno }.into()
            }
        }
    }
}
