//! What a file holds: bytes, mode, owner and group.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::problem::{FileError, Problem};
use super::root::fstat;
use super::{Directory, system};

/// The most bytes of one file that are read or written: as many as a request may have. In memory a line takes at least 25
/// bytes and a rule about 2 KiB, so that this bounds what a run needs.
pub const MAX_FILE: u64 = 16 << 20;

/// Room for a file of unknown size, in bytes.
const LEAST: usize = 64 << 10;

/// A file as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its permission bits, `0o7777` at most.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// The mode that a file gets: never wider than the one it has.
#[must_use]
pub fn effective_mode(wanted: u32, existing: Option<u32>) -> u32 {
    existing.map_or(wanted, |existing| existing & wanted)
}

impl Directory {
    /// A file of this directory as it is; none if there is none. Nothing but a regular file is ever opened.
    ///
    /// # Errors
    /// A symbolic link, a FIFO, a device or a directory in place of the file; a file that cannot be read or is
    /// larger than [`MAX_FILE`].
    pub fn state(&self, name: &OsStr) -> Result<Option<FileState>, FileError> {
        if !self.exists() {
            return Ok(None);
        }
        let path = self.path().join(name);
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let kind = match system::statat(self.descriptor(), name, flags) {
            Ok(stat) => FileType::from_raw_mode(stat.st_mode),
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(FileError::unreadable(&path, "fstatat", errno)),
        };
        must_be_regular(kind, &path)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = match system::openat(self.descriptor(), name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(FileError::new(&path, Problem::SymlinkInPath { component: path.clone() })),
            Err(errno) => return Err(FileError::unreadable(&path, "openat", errno)),
        };
        let stat = fstat(&fd, &path)?;
        must_be_regular(FileType::from_raw_mode(stat.st_mode), &path)?;
        Ok(Some(FileState {
            bytes: read(&fd, &stat, &path)?,
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
        }))
    }
}

pub(super) fn must_be_regular(kind: FileType, path: &Path) -> Result<(), FileError> {
    match kind {
        FileType::RegularFile => Ok(()),
        FileType::Symlink => Err(FileError::new(path, Problem::SymlinkInPath { component: path.to_owned() })),
        found => Err(FileError::new(path, Problem::NotARegularFile { found: found.into() })),
    }
}

/// What keeps content of this length from being written to a path; it could not be read back.
#[must_use]
pub fn too_large(path: &Path, length: usize) -> Option<FileError> {
    (length as u64 > MAX_FILE).then(|| FileError::new(path, Problem::TooLarge { limit: MAX_FILE }))
}

pub(super) fn read(fd: &OwnedFd, stat: &Stat, path: &Path) -> Result<Vec<u8>, FileError> {
    // Files of /proc have no size that tells.
    let size = usize::try_from(stat.st_size).unwrap_or(usize::MAX);
    if let Some(error) = too_large(path, size) {
        return Err(error);
    }
    // One more, for the end of the file.
    let mut bytes = vec![0; if size == 0 { LEAST } else { size + 1 }];
    let mut length = 0;
    loop {
        match system::read(fd.as_fd(), &mut bytes[length..]) {
            Ok(0) => {
                bytes.truncate(length);
                return Ok(bytes);
            }
            Ok(count) => length += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(FileError::unreadable(path, "read", errno)),
        }
        if let Some(error) = too_large(path, length) {
            return Err(error);
        }
        if length == bytes.len() {
            bytes.resize(length + length.max(LEAST), 0);
        }
    }
}
