//! What a path of a rule is on a host.

use super::{FieldNumber, Rule};

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

/// A directory that the kernel looks up when a rule is loaded, and holds on to until the rule goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldDirectory<'a> {
    /// Its path.
    pub path: &'a [u8],
    /// Whether the kernel follows a symbolic link in its place.
    pub follows_link: bool,
}

impl Rule {
    /// The directories that the kernel holds on to for this rule: that of `dir=` itself, and those in which it looks for the
    /// file of `path=` and the program of `exe=` (`kernel/audit_tree.c`, `audit_watch.c`, `audit_fsnotify.c`).
    #[must_use]
    pub fn held_directories(&self) -> Vec<HeldDirectory<'_>> {
        let mut held = Vec::new();
        for field in &self.fields {
            let Some(path) = field.text() else { continue };
            match field.number {
                FieldNumber::DIR => held.push(HeldDirectory { path, follows_link: path.last() == Some(&b'/') }),
                FieldNumber::PATH | FieldNumber::EXE => {
                    let end = path.iter().rposition(|byte| *byte == b'/');
                    let parent = end.and_then(|end| path.get(..end.max(1)));
                    held.extend(parent.map(|path| HeldDirectory { path, follows_link: true }));
                }
                _ => {}
            }
        }
        held
    }
}
