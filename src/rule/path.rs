//! What a path of a rule is on a host.

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFact {
    /// There is nothing.
    Missing {
        /// Whether the directory above it exists; the kernel refuses a watch where it does not.
        parent_exists: bool,
    },
    /// It cannot be resolved, for another reason than that nothing is there: something on the way is no directory, leads
    /// round in a circle, or does not answer. The kernel finds no more than that.
    Unresolved {
        /// The error number.
        errno: i32,
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
    /// Whether the kernel would not find the directory that is to hold it.
    #[must_use]
    pub fn lacks_directory(self) -> bool {
        matches!(self, Self::Missing { parent_exists: false } | Self::Unresolved { .. })
    }

    /// Whether `stat` says directory: auditctl makes `dir=` of such a watch, and `path=` of all others.
    #[must_use]
    pub fn is_directory(self) -> bool {
        matches!(self, Self::Directory | Self::Symlink { target: LinkTarget::Directory })
    }
}

/// The way that the kernel goes to a path of a rule on a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// The same path without links in its directories; the last name is not followed. None where there is no way.
    pub real: Option<Vec<u8>>,
    /// The first directory in which others than root may replace what leads to the last name.
    pub to_parent: Option<Vec<u8>>,
    /// The same with the last name itself, which must be there for a rule about a directory.
    pub to_itself: Option<Vec<u8>>,
}
