//! What a path of a rule is on this host, or in this image.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;
use rustix::io::Errno as OsError;

use super::Root;
use crate::rule::path::{LinkTarget, PathFact};

impl Root {
    /// What an absolute path is, seen from inside the root: no link leads out of it.
    #[must_use]
    pub fn lookup(&self, path: &Path) -> PathFact {
        self.lookup_beside(path, &mut HashMap::new())
    }

    /// As [`Root::lookup`]; `parents` has what is missing in the directories that were looked at before.
    fn lookup_beside(&self, path: &Path, parents: &mut HashMap<PathBuf, PathFact>) -> PathFact {
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
                let missing = || match self.kind(parent, true) {
                    Ok(kind) => PathFact::Missing { parent_exists: kind == FileType::Directory },
                    Err(OsError::NOENT | OsError::NOTDIR | OsError::LOOP) => PathFact::Missing { parent_exists: false },
                    Err(_) => PathFact::Unknown,
                };
                match parents.get(parent) {
                    Some(known) => *known,
                    None => *parents.entry(parent.to_owned()).or_insert_with(missing),
                }
            }
            Err(_) => PathFact::Unknown,
        }
    }

    /// [`Root::lookup`] for many paths, in their order.
    #[must_use]
    pub fn lookup_all(&self, paths: &[&Path]) -> Vec<PathFact> {
        let mut parents = HashMap::new();
        paths.iter().map(|path| self.lookup_beside(path, &mut parents)).collect()
    }
}
