//! The privileged programs of a host: regular files with setuid, setgid or capabilities.
//!
//! The walk goes by descriptors, follows no symbolic link and never leaves a mount; which mounts are walked is decided by
//! what `/proc/self/mountinfo` lists. docs/programs.md says what is looked for where.

mod places;
mod privilege;
mod walk;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use places::{Place, is_storage, place};
use walk::{Walk, mount_number};

use super::mounts::{Mount, Mounts};
use super::{FileError, Root, system};

/// How often the list of mounts is read again for what was mounted meanwhile.
const MOST_ROUNDS: usize = 8;

/// The privileged programs of a host.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Programs {
    /// Their paths as seen from the root, in order, each once.
    pub paths: Vec<Vec<u8>>,
    /// Those of them with setuid or setgid, whether they have capabilities or not.
    pub set_id: Vec<Vec<u8>>,
    /// Mounts that are not walked and may hold programs.
    pub doubtful: Vec<DoubtfulMount>,
}

/// A mount that is not walked and may hold programs of the host: an image, or of a type that is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DoubtfulMount {
    /// Where it is, as seen from the root.
    pub at: PathBuf,
    /// The type of its file system.
    pub kind: String,
}

/// What becomes of directories that hold containers, images and snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// They are walked as others are.
    Walked,
    /// Their programs are not the host's.
    LeftOut,
}

/// Why it is not known which programs there are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// What could not be read.
    pub errors: Vec<FileError>,
    /// How many further errors there are.
    pub more: usize,
}

impl From<FileError> for Unread {
    fn from(error: FileError) -> Self {
        Self { errors: vec![error], more: 0 }
    }
}

impl Root {
    /// The privileged programs below this root, without those at paths that are left out, or below them. `progress` hears
    /// from time to time how many entries of directories were looked at.
    ///
    /// # Errors
    /// What could not be read. Never a list that lacks something for that.
    pub fn programs(
        &self,
        storage: Storage,
        is_left_out: &dyn Fn(&[u8]) -> bool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Programs, Unread> {
        let is_left_out = |path: &[u8]| (storage == Storage::LeftOut && is_storage(path)) || is_left_out(path);
        let failed = |call| move |errno| Unread::from(FileError::unreadable(self.path(), call, errno));
        // Without `/proc` nothing else can be told either.
        let mut mounts = Mounts::of_process()?;
        let own = mount_number(self.descriptor().as_fd()).map_err(failed("statx"))?;
        let real =
            system::readlinkat(rustix::fs::CWD, format!("/proc/self/fd/{}", self.descriptor().as_raw_fd()), Vec::new());
        let real = PathBuf::from(std::ffi::OsString::from_vec(real.map_err(failed("readlinkat"))?.into_bytes()));
        let mut walk = Walk::new(self, &real, &is_left_out, progress);
        let mut doubtful = Vec::new();
        let mut seen = HashSet::new();
        for round in 0..MOST_ROUNDS {
            let below = |mount: &&Mount| !seen.contains(&mount.number);
            let new: Vec<(u64, Vec<u8>, &Mount)> = mounts
                .all()
                .iter()
                .filter(below)
                .filter_map(|mount| Some((mount.number, inside(&mount.point, &real)?, mount)))
                .collect();
            if round > 0 && new.is_empty() {
                break;
            }
            seen.extend(new.iter().map(|(number, ..)| *number));
            walk.points.extend(new.iter().map(|(_, at, _)| at.clone()));
            if round == 0 {
                walk.mount(b"/", own);
            }
            for (number, at, mount) in new.into_iter().filter(|(number, ..)| Some(*number) != own) {
                // The programs of an image run elsewhere.
                if (mount.is_harmless && self.is_host()) || is_below(&at, &is_left_out) {
                    continue;
                }
                match place(&mount.kind, &at) {
                    Place::Walked => walk.mount(&at, Some(number)),
                    Place::LeftOut => {}
                    Place::Doubtful => doubtful.push(DoubtfulMount {
                        at: PathBuf::from(OsStr::from_bytes(&at)),
                        kind: String::from_utf8_lossy(&mount.kind).into_owned(),
                    }),
                }
            }
            mounts = Mounts::of_process()?;
        }
        let Walk { mut found, mut set_id, mut errors, more_errors, .. } = walk;
        if !errors.is_empty() {
            errors.sort_unstable_by(|a, b| a.path.cmp(&b.path));
            return Err(Unread { errors, more: more_errors });
        }
        for paths in [&mut found, &mut set_id] {
            paths.sort_unstable();
            paths.dedup();
        }
        doubtful.sort_unstable();
        doubtful.dedup();
        Ok(Programs { paths: found, set_id, doubtful })
    }
}

/// A path below the root as seen from there; none of any other, and none of the root itself.
fn inside(point: &Path, root: &Path) -> Option<Vec<u8>> {
    let inside = point.strip_prefix(root).ok().filter(|inside| !inside.as_os_str().is_empty())?;
    Some([b"/", inside.as_os_str().as_bytes()].concat())
}

/// Whether a path, or a directory that it is in, is left out.
fn is_below(path: &[u8], is_left_out: &dyn Fn(&[u8]) -> bool) -> bool {
    let ends = path.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    ends.chain([path.len()]).any(|end| is_left_out(&path[..end]))
}
