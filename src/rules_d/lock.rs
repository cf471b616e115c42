//! The lock that keeps two runs apart.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::problem::{Errno as OsErrno, FileError, Left, Problem};
use super::{Directory, FileId, RUN_DIR, Root, system};

/// The name of the lock file in [`super::RUN_DIR`].
const NAME: &str = "lock";

/// How long a waiting run sleeps between two tries: short beside a run, long beside a system call.
const PAUSE: Duration = Duration::from_millis(20);

/// An exclusive lock, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    held: OwnedFd,
    path: PathBuf,
    /// The directory and the name of a lock file that goes with the lock: one of another root, of which there may be many.
    passing: Option<(OwnedFd, String)>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((directory, name)) = &self.passing {
            // While it is still held: who waits for it finds that the name has gone, and takes a new file.
            let _ = system::unlinkat(directory, name.as_str(), AtFlags::empty());
        }
    }
}

impl Lock {
    /// Locks the running host: `lock` in the given directory (see [`super::RUN_DIR`]), which is created with mode 0700.
    ///
    /// # Errors
    /// [`Problem::Busy`] when another run holds it for all of `wait`; else what keeps the file from being opened.
    pub fn take(run: &mut Directory, wait: Duration) -> Result<Self, FileError> {
        Self::take_named(run, NAME, wait)
    }

    /// Locks another root directory: by a file beside the host's own lock, named by device and inode, where nobody without
    /// privilege can hold it. Who may not write there locks the root directory itself.
    ///
    /// # Errors
    /// As for [`Lock::take`].
    pub fn take_other(host: &Root, root: &Root, wait: Duration) -> Result<Self, FileError> {
        let FileId { device, inode } = root.id()?;
        let named = host
            .directory(Path::new(RUN_DIR))
            .and_then(|mut run| Self::take_passing(&mut run, &format!("{NAME}.{device:x}.{inode:x}"), wait));
        let is_denied = |error: &FileError| {
            let denied = |errno| matches!(errno, OsErrno::EACCES | OsErrno::EPERM);
            match error.problem {
                Problem::Unreadable { errno, .. } | Problem::System { errno, .. } => denied(errno),
                Problem::ReadOnlyFileSystem | Problem::ForeignOwner { .. } => true,
                _ => false,
            }
        };
        match named {
            Err(error) if is_denied(&error) => Self::take_directory(root, wait),
            named => named,
        }
    }

    /// A lock whose file is removed with it. Who was given a file whose name is gone, or another file's by now, tries again.
    fn take_passing(run: &mut Directory, name: &str, wait: Duration) -> Result<Self, FileError> {
        let start = Instant::now();
        loop {
            let mut lock = Self::take_named(run, name, wait.saturating_sub(start.elapsed()))?;
            let path = lock.path.clone();
            let failed = |call, errno| FileError::write(&path, call, errno, Left::Untouched);
            let held = system::fstat(&lock.held).map_err(|errno| failed("fstat", errno))?;
            match system::statat(run.descriptor(), name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(named) if (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino) => {
                    let directory = system::fcntl_dupfd_cloexec(run.descriptor(), 0);
                    let passing = directory.ok().map(|directory| (directory, name.to_owned()));
                    lock.passing = passing;
                    return Ok(lock);
                }
                Ok(_) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(failed("fstatat", errno)),
            }
        }
    }

    fn take_named(run: &mut Directory, name: &str, wait: Duration) -> Result<Self, FileError> {
        run.create_with(0o700)?;
        if let Some(obstacle) = run.obstacles(&[]).into_iter().next() {
            return Err(obstacle);
        }
        let path = run.path().join(name);
        let flags = OFlags::RDONLY | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let fd =
            system::openat(run.descriptor(), name, flags, Mode::from_raw_mode(0o600)).map_err(|errno| match errno {
                Errno::LOOP => FileError::new(&path, Problem::SymlinkInPath { component: path.clone() }),
                errno => FileError::write(&path, "openat", errno, Left::Untouched),
            })?;
        Self::hold(fd, path, wait)
    }

    /// Whether a run on the running host is at work now; makes no file. What cannot be told counts as no.
    #[must_use]
    pub fn is_held(run: &Directory) -> bool {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let Ok(fd) = system::openat(run.descriptor(), NAME, flags, Mode::empty()) else { return false };
        run.exists() && system::flock(&fd, FlockOperation::NonBlockingLockExclusive) == Err(Errno::AGAIN)
    }

    fn take_directory(root: &Root, wait: Duration) -> Result<Self, FileError> {
        let path = root.path().to_owned();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = system::openat(root.descriptor(), ".", flags, Mode::empty())
            .map_err(|errno| FileError::unreadable(&path, "openat", errno))?;
        Self::hold(fd, path, wait)
    }

    fn hold(fd: OwnedFd, path: PathBuf, wait: Duration) -> Result<Self, FileError> {
        let start = Instant::now();
        loop {
            match system::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { held: fd, path, passing: None }),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let waited = start.elapsed();
                    if waited >= wait {
                        return Err(FileError::new(path, Problem::Busy { waited }));
                    }
                    sleep(PAUSE.min(wait.saturating_sub(waited)));
                }
                Err(errno) => return Err(FileError::write(&path, "flock", errno, Left::Untouched)),
            }
        }
    }

    /// What is locked.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
