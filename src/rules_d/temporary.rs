//! Files on their way: written under a hidden name beside their place, then renamed.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, XattrFlags};
use rustix::io::Errno;

use super::problem::{FileError, Left};
use super::{Directory, Lock, system};

/// How every temporary name begins: hidden, so that no boot loader reads it.
const PREFIX: &str = ".audit_rules-";
/// How every temporary name ends: not as a drop-in.
const ENDING: &str = ".tmp";

/// How many names are tried before a name in use counts as an error; each is one that a killed run left.
const ATTEMPTS: u32 = 1000;

/// What a file is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewFile<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its permission bits, exactly; see [`super::effective_mode`].
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl<'a> NewFile<'a> {
    /// A file of these bytes, mode, owner and group.
    #[must_use]
    pub fn new(bytes: &'a [u8], mode: u32, uid: u32, gid: u32) -> Self {
        Self { bytes, mode, uid, gid }
    }
}

/// The extended attribute that holds the `SELinux` label.
const LABEL: &str = "security.selinux";
/// The longest label that is kept; the kernel allows 64 KiB, policies use some dozens of bytes.
const MAX_LABEL: usize = 4096;

/// Whether a name is one of our files on their way.
pub(super) fn is_temporary(name: &[u8]) -> bool {
    name.starts_with(PREFIX.as_bytes()) && name.ends_with(ENDING.as_bytes())
}

/// A file that is whole and on disk, but not yet in its place. Dropping it takes it away.
#[derive(Debug)]
pub(super) struct Temporary<'d> {
    directory: &'d Directory,
    name: OsString,
}

impl<'d> Temporary<'d> {
    /// Writes a file that is to replace `target`, with its final owner and mode from before its first byte.
    pub fn write(directory: &'d Directory, target: &OsStr, wanted: &NewFile<'_>) -> Result<Self, FileError> {
        let path = &directory.path().join(target);
        let failed = |call| move |errno| FileError::write(path, call, errno, Left::Old);
        let (temporary, fd) = Self::begin(directory, target, wanted.mode, (wanted.uid, wanted.gid))?;
        write_all(&fd, wanted.bytes).map_err(failed("write"))?;
        system::fsync(&fd).map_err(failed("fsync"))?;
        Ok(temporary)
    }

    /// Begins a file that is to replace `target`, with its owner, group and mode.
    pub fn begin(
        directory: &'d Directory,
        target: &OsStr,
        mode: u32,
        (uid, gid): (u32, u32),
    ) -> Result<(Self, OwnedFd), FileError> {
        let path = &directory.path().join(target);
        let failed = |call| move |errno| FileError::write(path, call, errno, Left::Old);
        let (temporary, fd) = Self::create(directory).map_err(failed("openat"))?;
        let stat = system::fstat(&fd).map_err(failed("fstat"))?;
        if (stat.st_uid, stat.st_gid) != (uid, gid) {
            let (uid, gid) = (rustix::fs::Uid::from_raw(uid), rustix::fs::Gid::from_raw(gid));
            system::fchown(&fd, Some(uid), Some(gid)).map_err(failed("fchown"))?;
        }
        system::fchmod(&fd, Mode::from_raw_mode(mode)).map_err(failed("fchmod"))?;
        keep_label(directory, target, &fd).map_err(failed("fsetxattr"))?;
        Ok((temporary, fd))
    }

    fn create(directory: &'d Directory) -> Result<(Self, OwnedFd), Errno> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut last = Errno::EXIST;
        for _ in 0..ATTEMPTS {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = OsString::from(format!("{PREFIX}{}-{number}{ENDING}", std::process::id()));
            match system::openat(directory.descriptor(), &name, flags, Mode::from_raw_mode(0o600)) {
                Ok(fd) => return Ok((Self { directory, name }, fd)),
                Err(Errno::EXIST) => last = Errno::EXIST,
                Err(errno) => return Err(errno),
            }
        }
        Err(last)
    }

    /// Puts the file in its place. What was there before is replaced in one step.
    pub fn publish(self, target: &OsStr) -> Result<(), FileError> {
        let descriptor = self.directory.descriptor();
        system::renameat(descriptor, &self.name, descriptor, target)
            .map_err(|errno| FileError::write(&self.directory.path().join(target), "renameat", errno, Left::Old))
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        // Behind a rename there is nothing left, unless it was acknowledged for nothing. Where this fails nothing more
        // can be done here; the next run takes what stays away.
        let _ = system::unlinkat(self.directory.descriptor(), &self.name, AtFlags::empty());
    }
}

impl Directory {
    /// What this run began to write here and could not take away again.
    #[must_use]
    pub fn left_behind(&self) -> Vec<PathBuf> {
        let own = format!("{PREFIX}{}-", std::process::id());
        let names =
            if self.exists() { self.names(&|name: &[u8]| name.starts_with(own.as_bytes())) } else { Ok(Vec::new()) };
        names.unwrap_or_default().into_iter().map(|name| self.path().join(name)).collect()
    }

    /// Takes away what a killed run left half-way, and gives back the paths. Only the holder of the lock may know that
    /// no other run is writing.
    ///
    /// # Errors
    /// What the operating system answers.
    pub fn remove_stale(&self, _held: &Lock) -> Result<Vec<PathBuf>, FileError> {
        let mut removed = Vec::new();
        if !self.exists() {
            return Ok(removed);
        }
        for name in
            self.names(&|name: &[u8]| name.starts_with(PREFIX.as_bytes()) && name.ends_with(ENDING.as_bytes()))?
        {
            let path = self.path().join(&name);
            let is_file = system::statat(self.descriptor(), &name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
            if !is_file {
                continue;
            }
            match system::unlinkat(self.descriptor(), &name, AtFlags::empty()) {
                Ok(()) => removed.push(path),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(FileError::write(&path, "unlinkat", errno, Left::Old)),
            }
        }
        Ok(removed)
    }
}

/// Gives the new file the label of the one that it replaces; a new name gets what the policy says.
fn keep_label(directory: &Directory, target: &OsStr, fresh: &OwnedFd) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(old) = system::openat(directory.descriptor(), target, flags, Mode::empty()) else {
        return Ok(());
    };
    let label = |fd: &OwnedFd| {
        let mut value = vec![0; MAX_LABEL];
        let length = system::fgetxattr(fd, LABEL, value.as_mut_slice()).ok()?;
        value.truncate(length);
        Some(value)
    };
    match label(&old) {
        Some(wanted) if label(fresh).as_ref() != Some(&wanted) => {
            match system::fsetxattr(fresh, LABEL, &wanted, XattrFlags::empty()) {
                Ok(()) | Err(Errno::NOTSUP) => Ok(()),
                Err(errno) => Err(errno),
            }
        }
        _ => Ok(()),
    }
}

pub(super) fn write_all(fd: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match system::write(fd, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
