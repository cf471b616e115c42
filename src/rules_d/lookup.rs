//! What a path of a rule is on this host, or in this image.

use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use rustix::io::Errno as OsError;

use super::Root;
use super::problem::{Errno, number};

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
    Unknown(Errno),
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

impl Root {
    /// What an absolute path is, seen from inside the root: no link leads out of it.
    #[must_use]
    pub fn lookup(&self, path: &Path) -> PathFact {
        // Components leave out a slash at the end, with which the last link would be followed.
        let path: PathBuf = path.components().collect();
        match self.kind(&path, false) {
            Ok(FileType::Directory) => PathFact::Directory,
            Ok(FileType::Symlink) => match self.kind(&path, true) {
                Ok(FileType::Directory) => PathFact::Symlink { target: LinkTarget::Directory },
                Ok(_) => PathFact::Symlink { target: LinkTarget::Other },
                Err(_) => PathFact::Symlink { target: LinkTarget::Missing },
            },
            Ok(_) => PathFact::Other,
            Err(OsError::NOENT | OsError::NOTDIR) => {
                let parent = path.parent().unwrap_or(Path::new("/"));
                PathFact::Missing { parent_exists: self.kind(parent, true) == Ok(FileType::Directory) }
            }
            Err(errno) => PathFact::Unknown(number(errno)),
        }
    }

    /// [`Root::lookup`] for many paths, in their order.
    #[must_use]
    pub fn lookup_all(&self, paths: &[&Path]) -> Vec<PathFact> {
        paths.iter().map(|path| self.lookup(path)).collect()
    }
}
