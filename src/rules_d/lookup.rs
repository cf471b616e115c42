//! What a path of a rule is on this host, or in this image.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
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
        let ends_in_slash = path.as_os_str().as_bytes().ends_with(b"/");
        let path: PathBuf = path.components().collect();
        match self.kind(&path, false) {
            Ok(FileType::Directory) => PathFact::Directory,
            // With a slash at the end the last link is followed, and a directory has to be there.
            Ok(FileType::Symlink) => match self.kind(&path, true) {
                Ok(FileType::Directory) => PathFact::Symlink { target: LinkTarget::Directory },
                Ok(_) if ends_in_slash => unresolved(OsError::NOTDIR),
                Ok(_) => PathFact::Symlink { target: LinkTarget::Other },
                Err(OsError::NOENT) if ends_in_slash => PathFact::Missing { parent_exists: true },
                Err(errno) if ends_in_slash => unresolved(errno),
                Err(_) => PathFact::Symlink { target: LinkTarget::Missing },
            },
            Ok(_) if ends_in_slash => unresolved(OsError::NOTDIR),
            Ok(_) => PathFact::Other,
            Err(OsError::NOENT) => {
                let parent = path.parent().unwrap_or(Path::new("/"));
                let missing = || match self.kind(parent, true) {
                    Ok(kind) => PathFact::Missing { parent_exists: kind == FileType::Directory },
                    Err(OsError::NOENT) => PathFact::Missing { parent_exists: false },
                    Err(errno) => unresolved(errno),
                };
                match parents.get(parent) {
                    Some(known) => *known,
                    None => *parents.entry(parent.to_owned()).or_insert_with(missing),
                }
            }
            Err(errno) => unresolved(errno),
        }
    }

    /// [`Root::lookup`] for many paths, in their order.
    #[must_use]
    pub fn lookup_all(&self, paths: &[&Path]) -> Vec<PathFact> {
        let mut parents = HashMap::new();
        paths.iter().map(|path| self.lookup_beside(path, &mut parents)).collect()
    }
}

/// What an error of a look at a path says of it. Where only privilege is missing it says nothing: who loads the rules is
/// root. Nor does a look that failed for want of something else than the path.
fn unresolved(errno: OsError) -> PathFact {
    let is_denied = matches!(errno, OsError::ACCESS | OsError::PERM);
    let has_failed = matches!(errno, OsError::IO | OsError::NOMEM | OsError::MFILE | OsError::NFILE);
    if has_failed || (is_denied && !nix::unistd::geteuid().is_root()) {
        return PathFact::Unknown;
    }
    PathFact::Unresolved { errno: errno.raw_os_error() }
}
