//! What a path of a rule is on a host.

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFact {
    /// There is nothing.
    Missing {
        /// Whether the directory above it exists; the kernel refuses a watch where it does not.
        parent_exists: bool,
    },
    /// A directory.
    Directory,
    /// A symbolic link. The kernel watches the link itself and not what it leads to.
    Symlink {
        /// What it leads to.
        target: LinkTarget,
    },
    /// A file or anything else.
    Other,
    /// It could not be told.
    Unknown,
}

/// What a symbolic link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LinkTarget {
    Directory,
    Other,
    Missing,
}

impl PathFact {
    /// Whether `stat` says directory: auditctl makes `dir=` of such a watch, and `path=` of all others.
    #[must_use]
    pub fn is_directory(self) -> bool {
        matches!(self, Self::Directory | Self::Symlink { target: LinkTarget::Directory })
    }
}
