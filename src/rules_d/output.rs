//! A file that is written piece by piece and seen when it is whole.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::Path;

use super::problem::{FileError, Left, Problem};
use super::temporary::{Temporary, write_all};
use super::{Directory, Root, system};

/// How much is written at once.
const CHUNK: usize = 64 << 10;

/// A file on its way. Dropping it leaves nothing behind, and what was there before stays.
#[derive(Debug)]
pub struct OutputFile<'d> {
    directory: &'d Directory,
    temporary: Temporary<'d>,
    fd: OwnedFd,
    name: OsString,
    waiting: Vec<u8>,
}

impl Root {
    /// The directory of a file that is to be written, and its name.
    ///
    /// # Errors
    /// A path that names no file; as [`Root::directory`].
    pub fn place_of(&self, inside: &Path) -> Result<(Directory, OsString), FileError> {
        let (Some(parent), Some(name)) = (inside.parent(), inside.file_name()) else {
            return Err(FileError::new(inside, Problem::BadPath(super::PathProblem::RootItself)));
        };
        Ok((self.directory(parent)?, name.to_owned()))
    }
}

impl<'d> OutputFile<'d> {
    /// Whether such a file may be begun, as far as looking tells.
    ///
    /// # Errors
    /// As for [`super::Stage::put`], but for what only writing shows.
    pub fn check(directory: &Directory, name: &OsStr) -> Result<(), FileError> {
        super::stage::check(directory, name)
    }

    /// Begins a file of this process with these permission bits.
    ///
    /// # Errors
    /// As for [`super::Stage::put`].
    pub fn begin(directory: &'d Directory, name: &OsStr, mode: u32) -> Result<Self, FileError> {
        Self::check(directory, name)?;
        let own = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
        let (temporary, fd) = Temporary::begin(directory, name, mode, own)?;
        Ok(Self { directory, temporary, fd, name: name.to_owned(), waiting: Vec::with_capacity(CHUNK) })
    }

    /// Writes more.
    ///
    /// # Errors
    /// What the operating system answers.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() < CHUNK { Ok(()) } else { self.flush() }
    }

    /// Puts the file, whole and on disk, in its place.
    ///
    /// # Errors
    /// What the operating system answers; what was there before then stays.
    pub fn finish(mut self) -> Result<(), FileError> {
        self.flush()?;
        let path = self.directory.path().join(&self.name);
        let failed = |call, left| move |errno| FileError::write(&path, call, errno, left);
        system::fsync(&self.fd).map_err(failed.clone()("fsync", Left::Old))?;
        self.temporary.publish(&self.name)?;
        system::fsync(self.directory.descriptor()).map_err(failed("fsync", Left::New))
    }

    fn flush(&mut self) -> Result<(), FileError> {
        let path = self.directory.path().join(&self.name);
        write_all(&self.fd, &self.waiting).map_err(|errno| FileError::write(&path, "write", errno, Left::Old))?;
        self.waiting.clear();
        Ok(())
    }
}
