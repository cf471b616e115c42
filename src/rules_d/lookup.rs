//! What a path of a rule is on this host, or in this image.

use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use rustix::io::Errno as OsError;

use super::Root;
use crate::rule::path::{LinkTarget, PathFact};

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
            Err(_) => PathFact::Unknown,
        }
    }

    /// [`Root::lookup`] for many paths, in their order.
    #[must_use]
    pub fn lookup_all(&self, paths: &[&Path]) -> Vec<PathFact> {
        paths.iter().map(|path| self.lookup(path)).collect()
    }
}
