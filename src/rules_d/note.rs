//! A note under `/run`: a small JSON document that one run leaves for the next.

use std::ffi::OsStr;
use std::io::{self, Write};

use serde::Serialize;

use super::Directory;
use super::problem::{Errno, FileError, Left, Problem};
use super::stage::{Backup, Stage};
use super::temporary::NewFile;

/// Writes a note, whole or not at all, and has it on disk when it returns.
///
/// # Errors
/// As for [`Stage::put`] and [`Stage::publish`].
pub fn write(directory: &Directory, name: &str, document: &impl Serialize) -> Result<(), FileError> {
    let bytes = serde_json::to_vec(document).map_err(|_| {
        let problem = Problem::System { call: "write", errno: Errno::EINVAL };
        FileError::new(directory.path().join(name), problem).with_left(Left::Old)
    })?;
    let (uid, gid) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    let mut stage = Stage::new();
    stage.put(directory, OsStr::new(name), &NewFile::new(&bytes, 0o600, uid, gid), Backup::None)?;
    stage.publish().map(|_| ()).map_err(|error| error.error)
}

/// Takes a note away.
///
/// # Errors
/// As for [`Stage::remove`] and [`Stage::publish`].
pub fn remove(directory: &Directory, name: &str) -> Result<(), FileError> {
    let mut stage = Stage::new();
    stage.remove(directory, OsStr::new(name), Backup::None)?;
    stage.publish().map(|_| ()).map_err(|error| error.error)
}

/// The bytes of a note; none where there is none.
///
/// # Errors
/// When there is something that cannot be read.
pub fn read(directory: &Directory, name: &str) -> Result<Option<Vec<u8>>, FileError> {
    Ok(directory.state(OsStr::new(name))?.map(|state| state.bytes))
}

/// How many bytes a document has as JSON; none where it cannot be written so.
#[must_use]
pub fn json_length(document: &impl Serialize) -> Option<usize> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, document).ok().map(|()| length.0)
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
