//! The root directory below which everything is looked up: `/`, or that of an image.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::name::checked;
use super::problem::{FileError, Found, Problem};
use super::standing::is_own_user_namespace;
use super::{Directory, FileId, FileState, contents, directory, system};

/// As many symbolic links as the kernel follows for one path (`MAXSYMLINKS`).
const MAX_LINKS: u32 = 40;

/// The user id of who has none in this user namespace (`/proc/sys/kernel/overflowuid`, which hardly anybody changes).
const UNMAPPED: u32 = 65534;

/// A root directory.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    fd: OwnedFd,
    /// What lets others put another directory in its place.
    distrusted: Vec<FileError>,
}

/// Where a path leads once every symbolic link is followed inside the root.
pub(super) struct Resolved {
    /// An `O_PATH` descriptor.
    pub fd: OwnedFd,
    /// The directory that holds it.
    pub parent: OwnedFd,
    /// The name of the last component, after all links; empty for the root itself.
    pub name: OsString,
}

/// What stands at a path, as `stat` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Kind and permissions.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its number on its device.
    pub inode: u64,
    /// Its device: major and minor number.
    pub device: (u32, u32),
}

impl Root {
    /// Opens a root directory.
    ///
    /// # Errors
    /// When it is not an absolute path to a directory that can be opened.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        checked(path).map_err(|problem| FileError::new(path, Problem::BadPath(problem)))?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = system::open(path, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::NOTDIR => {
                FileError::new(path, Problem::NotADirectory { component: path.to_owned(), found: Found::Unknown })
            }
            errno => FileError::unreadable(path, "open", errno),
        })?;
        Ok(Self { path: path.to_owned(), fd, distrusted: Vec::new() })
    }

    /// Walks to another root directory below this one, following no symbolic link. Directories on the way that others may
    /// write or own speak against every write below it; one with the sticky bit, such as `/tmp`, does not, since nobody may
    /// rename there what is not theirs.
    ///
    /// # Errors
    /// A symbolic link or something else than a directory on the way, or a directory that cannot be opened.
    pub fn below(&self, inside: &Path) -> Result<Self, FileError> {
        let path = self.host_path(checked(inside).map_err(|why| FileError::new(inside, Problem::BadPath(why)))?);
        let mut root = Self { path: self.path.clone(), fd: self.duplicate()?, distrusted: Vec::new() };
        for component in inside.components().filter(|component| matches!(component, Component::Normal(_))) {
            let stat = fstat(&root.fd, &root.path)?;
            let is_sticky = stat.st_mode & 0o1000 != 0;
            let doubts = directory::doubts(&stat, &root.path, &path);
            root.distrusted.extend(doubts.filter(|doubt| match doubt.problem {
                Problem::WritableByOthers { .. } => !is_sticky,
                // Real root, most likely: images are built in user namespaces in which it has no id.
                Problem::ForeignOwner { uid, .. } => uid != UNMAPPED || !is_own_user_namespace(),
                _ => true,
            }));
            root.fd = directory::open_component(&root.fd, &root.path, component.as_os_str(), &path)?
                .ok_or_else(|| FileError::unreadable(&path, "open", Errno::NOENT))?;
            root.path.push(component);
        }
        Ok(root)
    }

    /// This root directory, where it is not the same directory as the host's.
    ///
    /// # Errors
    /// [`Problem::IsTheHost`] where it is, by whatever path: a bind mount, `/proc/self/root`, a link.
    pub fn other_than(self, host: &Self) -> Result<Self, FileError> {
        if self.id()? == host.id()? { Err(FileError::new(&self.path, Problem::IsTheHost)) } else { Ok(self) }
    }

    fn duplicate(&self) -> Result<OwnedFd, FileError> {
        system::fcntl_dupfd_cloexec(&self.fd, 0).map_err(|errno| FileError::unreadable(&self.path, "fcntl", errno))
    }

    pub(super) fn distrusted(&self) -> &[FileError] {
        &self.distrusted
    }

    /// Whether this is the root directory of the running host.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.path == Path::new("/")
    }

    /// The directory itself, by whatever path it was found.
    ///
    /// # Errors
    /// What the operating system answers.
    pub fn id(&self) -> Result<FileId, FileError> {
        fstat(&self.fd, &self.path).as_ref().map(FileId::from).map_err(Clone::clone)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path that a path inside the root has on the host.
    #[must_use]
    pub fn host_path(&self, inside: &Path) -> PathBuf {
        self.path.join(inside.strip_prefix("/").unwrap_or(inside))
    }

    /// Walks to a directory, following no symbolic link; it need not exist.
    ///
    /// # Errors
    /// A path that is not absolute or has `..`; a symbolic link or something else than a directory on the way; a
    /// directory that cannot be opened.
    pub fn directory(&self, inside: &Path) -> Result<Directory, FileError> {
        Directory::walk(self, inside)
    }

    /// The bytes of a file of the system, through symbolic links inside the root; none if there is no such file.
    ///
    /// # Errors
    /// When it cannot be read, is no regular file or is larger than any drop-in may be.
    pub fn system_file(&self, inside: &Path) -> Result<Option<Vec<u8>>, FileError> {
        Ok(self.file_state(inside)?.map(|state| state.bytes))
    }

    /// As [`Root::system_file`], with mode, owner and group.
    pub(super) fn file_state(&self, inside: &Path) -> Result<Option<FileState>, FileError> {
        let path = self.host_path(inside);
        let must_be_regular = |stat: &Stat| match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(()),
            kind => Err(FileError::new(&path, Problem::NotARegularFile { found: kind.into() })),
        };
        let missing = |errno| match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => Ok(None),
            errno => Err(FileError::unreadable(&path, "open", errno)),
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = if self.is_host() {
            // No link leads out of this root: the kernel walks in one call.
            let found = match system::statat(rustix::fs::CWD, inside, AtFlags::empty()) {
                Ok(stat) => stat,
                Err(errno) => return missing(errno),
            };
            must_be_regular(&found)?;
            match system::openat(rustix::fs::CWD, inside, flags, Mode::empty()) {
                Ok(fd) => fd,
                Err(errno) => return missing(errno),
            }
        } else {
            let resolved = match self.resolve(inside, true) {
                Ok(resolved) => resolved,
                Err(errno) => return missing(errno),
            };
            must_be_regular(&fstat(&resolved.fd, &path)?)?;
            system::openat(&resolved.parent, &resolved.name, flags | OFlags::NOFOLLOW, Mode::empty())
                .map_err(|errno| FileError::unreadable(&path, "open", errno))?
        };
        let stat = fstat(&fd, &path)?;
        must_be_regular(&stat)?;
        Ok(Some(FileState {
            bytes: contents::read(&fd, &stat, &path)?,
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
        }))
    }

    /// Whether there is anything at a path.
    #[must_use]
    pub fn holds(&self, inside: &Path) -> bool {
        self.kind(inside, false).is_ok()
    }

    /// What stands at a path, links followed; none where nothing does, or it cannot be looked at.
    #[must_use]
    pub fn attributes(&self, inside: &[u8]) -> Option<Attributes> {
        let inside = Path::new(OsStr::from_bytes(inside));
        let stat = self.stat(inside, true).ok()?;
        let device = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
        let Stat { st_mode: mode, st_uid: uid, st_gid: gid, st_ino: inode, .. } = stat;
        Some(Attributes { mode, uid, gid, inode, device })
    }

    /// What kind of file a path leads to.
    pub(super) fn kind(&self, inside: &Path, follow: bool) -> Result<FileType, Errno> {
        Ok(FileType::from_raw_mode(self.stat(inside, follow)?.st_mode))
    }

    fn stat(&self, inside: &Path, follow: bool) -> Result<Stat, Errno> {
        if self.is_host() {
            let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
            return system::statat(rustix::fs::CWD, inside, flags);
        }
        system::fstat(&self.resolve(inside, follow)?.fd)
    }

    /// Where a symbolic link leads, as it says itself.
    pub(super) fn link(&self, inside: &Path) -> Result<PathBuf, Errno> {
        let target = if self.is_host() {
            system::readlinkat(rustix::fs::CWD, inside, Vec::new())?
        } else {
            system::readlinkat(&self.resolve(inside, false)?.fd, "", Vec::new())?
        };
        Ok(PathBuf::from(OsString::from_vec(target.into_bytes())))
    }

    /// Follows a path and its symbolic links, none of which leads out of the root.
    pub(super) fn resolve(&self, inside: &Path, follow_last: bool) -> Result<Resolved, Errno> {
        let mut way = self.walk(inside, follow_last)?;
        let root = || system::fcntl_dupfd_cloexec(&self.fd, 0);
        let (fd, name) = way.pop().map_or_else(|| root().map(|fd| (fd, OsString::new())), Ok)?;
        let parent = way.pop().map_or_else(root, |(fd, _)| Ok(fd))?;
        Ok(Resolved { fd, parent, name })
    }

    /// What a path leads through, from the first name below the root to the last one, once every symbolic link is
    /// followed: `O_PATH` descriptors with their names.
    pub(super) fn walk(&self, inside: &Path, follow_last: bool) -> Result<Vec<(OwnedFd, OsString)>, Errno> {
        let mut ahead: VecDeque<OsString> = VecDeque::new();
        push_front(&mut ahead, inside);
        let mut way: Vec<(OwnedFd, OsString)> = Vec::new();
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == ".." {
                way.pop();
                continue;
            }
            let here = way.last().map_or(self.fd.as_fd(), |(fd, _)| fd.as_fd());
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let fd = system::openat(here, &name, flags, Mode::empty())?;
            let kind = FileType::from_raw_mode(system::fstat(&fd)?.st_mode);
            if kind == FileType::Symlink && (follow_last || !ahead.is_empty()) {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::LOOP);
                }
                let target = system::readlinkat(&fd, "", Vec::new())?;
                let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                if target.is_absolute() {
                    way.clear();
                }
                push_front(&mut ahead, &target);
            } else {
                if kind != FileType::Directory && !ahead.is_empty() {
                    return Err(Errno::NOTDIR);
                }
                way.push((fd, name));
            }
        }
        Ok(way)
    }

    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.fd
    }
}

pub(super) fn fstat(fd: &OwnedFd, path: &Path) -> Result<Stat, FileError> {
    system::fstat(fd).map_err(|errno| FileError::unreadable(path, "fstat", errno))
}

fn push_front(ahead: &mut VecDeque<OsString>, path: &Path) {
    let names: Vec<&OsStr> = path
        .components()
        .filter(|component| matches!(component, Component::Normal(_) | Component::ParentDir))
        .map(Component::as_os_str)
        .collect();
    for name in names.into_iter().rev() {
        ahead.push_front(name.to_owned());
    }
}
