//! The note that a run leaves under `/run` while it works, so that the next one knows of a run that was killed.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::contents::MAX_FILE;
use super::problem::FileError;
use super::{Directory, Root, note};

/// The name of the journal in [`super::RUN_DIR`].
const NAME: &str = "journal";

/// Says whose file it is.
const FORMAT: &str = "audit_rules journal 2";

/// A run that is under way, or was when it was killed.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// Its process.
    pub pid: u32,
    /// The boot in which it ran; see [`boot_id`].
    pub boot_id: String,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// The files that it was to change.
    pub paths: Vec<String>,
    /// What `/sys/kernel/rcu_expedited` held, where the run may change it.
    pub rcu_expedited: Option<u32>,
    /// All that it was to change, with what was there before; none where that is too long for a journal.
    pub change: Option<Value>,
}

/// What lies in the journal's place.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing: the last run came to its end.
    Nothing,
    /// The journal of a run that did not.
    Whole(Journal),
    /// Something that is no journal of this version, and why.
    Unreadable(String),
}

/// The journal's place: a file in a directory such as [`super::RUN_DIR`].
#[derive(Debug)]
pub struct JournalFile<'d> {
    directory: &'d Directory,
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    pid: u32,
    boot_id: String,
    started: u64,
    paths: Vec<String>,
    rcu_expedited: Option<u32>,
    #[serde(default)]
    change: Option<Value>,
}

impl Journal {
    /// The dated copies (`backup: true`) that the run made of its files before it was killed, in the order of the files;
    /// their names hold its process. What cannot be listed has none.
    #[must_use]
    pub fn copies(&self, root: &Root) -> Vec<String> {
        let mut copies = Vec::new();
        for path in self.paths.iter().map(Path::new) {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
            let begin = [name.as_bytes(), format!(".{}.", self.pid).as_bytes()].concat();
            let is_copy = |name: &[u8]| name.starts_with(&begin) && name.ends_with(b"~");
            let Some(directory) = root.directory(parent).ok().filter(Directory::exists) else { continue };
            let names = directory.names(&is_copy).unwrap_or_default();
            copies.extend(names.into_iter().map(|name| parent.join(name).display().to_string()));
        }
        copies
    }
}

impl<'d> JournalFile<'d> {
    /// The journal in this directory, which the lock has created.
    #[must_use]
    pub fn new(directory: &'d Directory) -> Self {
        Self { directory }
    }

    /// Writes the journal, whole or not at all, and has it on disk when it returns.
    ///
    /// # Errors
    /// What keeps the file from being written.
    pub fn write(&self, journal: &Journal) -> Result<(), FileError> {
        let Journal { pid, boot_id, started, paths, rcu_expedited, change } = journal.clone();
        let mut document = Document { format: FORMAT.to_owned(), pid, boot_id, started, paths, rcu_expedited, change };
        let length = serde_json::to_vec(&document.change).map_or(u64::MAX, |bytes| bytes.len() as u64);
        if length > MAX_FILE / 2 {
            document.change = None;
        }
        note::write(self.directory, NAME, &document)
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// When there is something that cannot be read.
    pub fn read(&self) -> Result<Found, FileError> {
        let Some(bytes) = note::read(self.directory, NAME)? else { return Ok(Found::Nothing) };
        Ok(match serde_json::from_slice::<Document>(&bytes) {
            Ok(document) if document.format == FORMAT => {
                let Document { pid, boot_id, started, paths, rcu_expedited, change, .. } = document;
                Found::Whole(Journal { pid, boot_id, started, paths, rcu_expedited, change })
            }
            Ok(document) => {
                Found::Unreadable(format!("its form is {:?}, and this program knows {FORMAT:?}", document.format))
            }
            Err(error) => Found::Unreadable(error.to_string()),
        })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.path().join(NAME)
    }

    /// Takes the journal away: the run has come to its end.
    ///
    /// # Errors
    /// What keeps the file from being removed.
    pub fn remove(&self) -> Result<(), FileError> {
        note::remove(self.directory, NAME)
    }
}

/// What names this boot of the running host; none where `/proc` is not to be had.
#[must_use]
pub fn boot_id() -> Option<String> {
    let root = Root::open(Path::new("/")).ok()?;
    let bytes = root.system_file(Path::new("/proc/sys/kernel/random/boot_id")).ok()??;
    Some(String::from_utf8(bytes).ok()?.trim_end().to_owned())
}
