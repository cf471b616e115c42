//! A directory, walked to without following a link, and whether it may be trusted with a write.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, StatVfsMountFlags, StatxAttributes, StatxFlags};
use rustix::io::Errno;

use super::contents::must_be_regular;
use super::name::checked;
use super::problem::{FileError, Found, Left, PathProblem, Problem};
use super::root::{Root, fstat};
use super::system;

/// The mode of directories that are created for drop-ins.
pub const DIRECTORY_MODE: u32 = 0o750;

/// A directory below a [`Root`], which may not exist yet.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// The deepest directory on the way that exists.
    nearest: OwnedFd,
    nearest_path: PathBuf,
    missing: Vec<OsString>,
    distrusted: Vec<FileError>,
    created: Vec<(OwnedFd, OsString)>,
}

impl Directory {
    pub(super) fn walk(root: &Root, inside: &Path) -> Result<Self, FileError> {
        let path = root.host_path(inside);
        let bad = |problem| FileError::new(&path, Problem::BadPath(problem));
        let names: Vec<&OsStr> = checked(inside)
            .map_err(bad)?
            .components()
            .filter(|component| matches!(component, Component::Normal(_)))
            .map(Component::as_os_str)
            .collect();
        if names.is_empty() {
            return Err(bad(PathProblem::RootItself));
        }
        let root_fd = system::fcntl_dupfd_cloexec(root.descriptor(), 0)
            .map_err(|errno| FileError::unreadable(root.path(), "fcntl", errno))?;
        let mut directory = Self {
            path,
            nearest: root_fd,
            nearest_path: root.path().to_owned(),
            missing: Vec::new(),
            distrusted: root.distrusted().to_vec(),
            created: Vec::new(),
        };
        directory.judge()?;
        for (at, name) in names.iter().enumerate() {
            if !directory.enter(name)? {
                directory.missing = names[at..].iter().map(|name| (*name).to_owned()).collect();
                break;
            }
        }
        directory.nearest = open_readable(&directory.nearest)
            .map_err(|errno| FileError::unreadable(&directory.nearest_path, "openat", errno))?;
        Ok(directory)
    }

    /// Goes one component down; says whether it is there.
    fn enter(&mut self, name: &OsStr) -> Result<bool, FileError> {
        let Some(fd) = open_component(&self.nearest, &self.nearest_path, name, &self.path)? else { return Ok(false) };
        self.nearest = fd;
        self.nearest_path.push(name);
        self.judge()?;
        Ok(true)
    }

    /// Notes what about the deepest directory lets others take the drop-ins over.
    fn judge(&mut self) -> Result<(), FileError> {
        let stat = fstat(&self.nearest, &self.nearest_path)?;
        self.distrusted.extend(doubts(&stat, &self.nearest_path, &self.path));
        Ok(())
    }

    /// Its path on the host.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it exists.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether nobody but root and who runs this may change what it holds.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.distrusted.is_empty()
    }

    /// The directories that a write would create first, outermost first.
    #[must_use]
    pub fn missing(&self) -> Vec<PathBuf> {
        let mut path = self.nearest_path.clone();
        self.missing
            .iter()
            .map(|name| {
                path.push(name);
                path.clone()
            })
            .collect()
    }

    /// Everything that speaks against changing these files of this directory. Only looks.
    ///
    /// Found are: directories on the way that others may write or own, an immutable or append-only directory or
    /// file, a read-only file system, and something else than a regular file in place of a file.
    #[must_use]
    pub fn obstacles(&self, names: &[&OsStr]) -> Vec<FileError> {
        let mut obstacles = self.distrusted.clone();
        obstacles.extend(self.read_only());
        obstacles.extend(self.locked_inode(OsStr::new("")));
        if self.exists() {
            obstacles
                .extend(names.iter().filter_map(|name| self.leaf_obstacle(name).or_else(|| self.locked_inode(name))));
        }
        obstacles
    }

    fn read_only(&self) -> Option<FileError> {
        match system::fstatvfs(&self.nearest) {
            Ok(stat) if stat.f_flag.contains(StatVfsMountFlags::RDONLY) => {
                Some(FileError::new(&self.path, Problem::ReadOnlyFileSystem))
            }
            Ok(_) => None,
            Err(errno) => Some(FileError::unreadable(&self.path, "fstatvfs", errno)),
        }
    }

    fn leaf_obstacle(&self, name: &OsStr) -> Option<FileError> {
        let path = self.path.join(name);
        match system::statat(&self.nearest, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => must_be_regular(FileType::from_raw_mode(stat.st_mode), &path).err(),
            Err(Errno::NOENT) => None,
            Err(errno) => Some(FileError::unreadable(&path, "fstatat", errno)),
        }
    }

    /// `chattr +i` or `+a` on a file, or on the directory itself where the name is empty.
    fn locked_inode(&self, name: &OsStr) -> Option<FileError> {
        let component = if name.is_empty() { self.nearest_path.clone() } else { self.path.join(name) };
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH;
        let stat = match system::statx(&self.nearest, name, flags, StatxFlags::TYPE) {
            Ok(stat) => stat,
            // A kernel or sandbox without statx: the write itself will tell.
            Err(Errno::NOENT | Errno::NOSYS | Errno::PERM) => return None,
            Err(errno) => return Some(FileError::unreadable(&component, "statx", errno)),
        };
        let append_only = stat.stx_attributes.contains(StatxAttributes::APPEND);
        (append_only || stat.stx_attributes.contains(StatxAttributes::IMMUTABLE)).then(|| {
            let path = if name.is_empty() { &self.path } else { &component };
            FileError::new(path, Problem::ImmutableInode { component: component.clone(), append_only })
        })
    }

    /// Creates what [`Directory::missing`] lists, with [`DIRECTORY_MODE`] whatever the umask.
    ///
    /// # Errors
    /// What the operating system answers, and everything that [`Directory::obstacles`] finds by then.
    pub fn create(&mut self) -> Result<(), FileError> {
        self.create_with(DIRECTORY_MODE)
    }

    pub(super) fn create_with(&mut self, mode: u32) -> Result<(), FileError> {
        if self.exists() {
            return Ok(());
        }
        if let Some(obstacle) = self.obstacles(&[]).into_iter().next() {
            return Err(obstacle);
        }
        while let Some(name) = self.missing.first().cloned() {
            let path = self.nearest_path.join(&name);
            let failed = |call, errno| FileError::write(&path, call, errno, Left::Old);
            let mode = Mode::from_raw_mode(mode);
            let parent = system::fcntl_dupfd_cloexec(&self.nearest, 0).map_err(|errno| failed("fcntl", errno))?;
            let fresh = match system::mkdirat(&self.nearest, &name, mode) {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                Err(errno) => return Err(failed("mkdirat", errno)),
            };
            if fresh {
                self.created.push((parent, name.clone()));
            }
            if !self.enter(&name)? {
                return Err(failed("openat", Errno::NOENT));
            }
            self.nearest = open_readable(&self.nearest).map_err(|errno| failed("openat", errno))?;
            self.missing.remove(0);
            if fresh {
                system::fchmod(&self.nearest, mode).map_err(|errno| failed("fchmod", errno))?;
                if let Some((parent, _)) = self.created.last() {
                    system::fsync(parent).map_err(|errno| failed("fsync", errno))?;
                }
            }
        }
        match self.distrusted.first() {
            Some(distrusted) => Err(distrusted.clone()),
            None => Ok(()),
        }
    }

    /// Takes away again, where they are empty, the directories that [`Directory::create`] made.
    ///
    /// # Errors
    /// What the operating system answers; a directory that is no longer empty stays and is no error.
    pub fn discard(mut self) -> Result<(), FileError> {
        while let Some((parent, name)) = self.created.pop() {
            match system::unlinkat(&parent, &name, AtFlags::REMOVEDIR) {
                Ok(()) => {
                    system::fsync(&parent).map_err(|errno| FileError::write(&self.path, "fsync", errno, Left::New))?;
                }
                Err(Errno::NOENT) => {}
                Err(Errno::NOTEMPTY) => break,
                Err(errno) => return Err(FileError::write(&self.path, "unlinkat", errno, Left::Old)),
            }
        }
        Ok(())
    }

    /// The deepest directory on the way that exists, open for reading.
    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.nearest
    }
}

fn open_readable(directory: &OwnedFd) -> Result<OwnedFd, Errno> {
    system::openat(directory, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// What lets others change what a directory on the way to `path` holds.
pub(super) fn doubts(stat: &Stat, component: &Path, path: &Path) -> impl Iterator<Item = FileError> + use<> {
    let mode = stat.st_mode & 0o7777;
    let is_open = mode & 0o022 != 0;
    let is_foreign = stat.st_uid != 0 && stat.st_uid != nix::unistd::geteuid().as_raw();
    let open = is_open.then(|| Problem::WritableByOthers { component: component.to_owned(), mode });
    let foreign = is_foreign.then(|| Problem::ForeignOwner { component: component.to_owned(), uid: stat.st_uid });
    let path = path.to_owned();
    open.into_iter().chain(foreign).map(move |problem| FileError::new(&path, problem))
}

/// Opens a directory in a directory, on the way to `path`, without following a link; none where it does not exist.
pub(super) fn open_component(
    directory: &OwnedFd,
    directory_path: &Path,
    name: &OsStr,
    path: &Path,
) -> Result<Option<OwnedFd>, FileError> {
    let component = directory_path.join(name);
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match system::openat(directory, name, flags, Mode::empty()) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno::NOENT) => Ok(None),
        Err(Errno::LOOP | Errno::NOTDIR) => {
            let found = system::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(Found::Unknown, |stat| FileType::from_raw_mode(stat.st_mode).into());
            Err(FileError::new(
                path,
                match found {
                    Found::Symlink => Problem::SymlinkInPath { component },
                    found => Problem::NotADirectory { component, found },
                },
            ))
        }
        Err(errno) => Err(FileError::unreadable(&component, "openat", errno)),
    }
}
