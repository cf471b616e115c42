//! Which way the kernel goes to a path, and who may change what is on it.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::Stat;
use rustix::io::Errno;

use super::{Root, system};
use crate::rule::path::Way;

/// Write permission for the group and for all others.
const FOR_OTHERS: u32 = 0o022;
/// Only the owner of a file in the directory, that of the directory and root may replace the file.
const STICKY: u32 = 0o1000;

impl Root {
    /// The way to an absolute path, seen from inside the root. The last name is not followed, as the kernel does not
    /// follow it in a rule.
    #[must_use]
    pub fn way(&self, path: &Path) -> Way {
        let path: PathBuf = path.components().collect();
        let parent = path.parent().unwrap_or(Path::new("/"));
        let real = self.real(parent).ok().map(|parent| match path.file_name() {
            Some(name) => parent.join(name).as_os_str().as_bytes().to_vec(),
            None => b"/".to_vec(),
        });
        let steps = |end: &Path| {
            let mut steps: Vec<PathBuf> = end.ancestors().map(Path::to_owned).collect();
            steps.reverse();
            steps.iter().find_map(|step| self.changeable(step)).map(|found| found.as_os_str().as_bytes().to_vec())
        };
        let to_parent = steps(parent);
        let to_itself =
            to_parent.clone().or_else(|| self.changeable(&path).map(|found| found.as_os_str().as_bytes().to_vec()));
        Way { real, to_parent, to_itself }
    }

    /// Where a directory is once all links are followed.
    pub(super) fn real(&self, directory: &Path) -> Result<PathBuf, Errno> {
        let way = self.walk(directory, true)?;
        Ok(way.iter().fold(PathBuf::from("/"), |real, (_, name)| real.join(name)))
    }

    /// The first directory on the way to what stands at a path, in which others than root may put something else in the
    /// place of the next name.
    fn changeable(&self, path: &Path) -> Option<PathBuf> {
        let way = self.walk(path, false).ok()?;
        let mut directory = system::fstat(self.descriptor()).ok()?;
        let mut real = PathBuf::from("/");
        for (fd, name) in way {
            let next = system::fstat(&fd).ok()?;
            if others_may_replace(&directory, &next) {
                return Some(real);
            }
            real.push(name);
            directory = next;
        }
        None
    }
}

fn others_may_replace(directory: &Stat, entry: &Stat) -> bool {
    let of_others = directory.st_uid != 0;
    let is_open = directory.st_mode & FOR_OTHERS != 0;
    let is_kept = directory.st_mode & STICKY != 0 && entry.st_uid == 0;
    of_others || is_open && !is_kept
}
