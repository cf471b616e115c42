//! The note that a run leaves under `/run` while it works, so that the next one knows of a run that was killed.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::contents::MAX_FILE;
use super::problem::FileError;
use super::{Directory, Root, json_length, note};

/// The name of the journal in [`super::RUN_DIR`].
const NAME: &str = "journal";

/// Says whose file it is.
const FORMAT: &str = "audit_rules journal 2";

/// A run that is under way, or was when it was killed.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal<C = Value> {
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
    pub change: Option<C>,
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
struct Document<'a, C> {
    format: Cow<'a, str>,
    pid: u32,
    boot_id: Cow<'a, str>,
    started: u64,
    paths: Cow<'a, [String]>,
    rcu_expedited: Option<u32>,
    change: Option<C>,
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
    pub fn write<C: Serialize>(&self, journal: &Journal<C>) -> Result<(), FileError> {
        let Journal { pid, boot_id, started, paths, rcu_expedited, change } = journal;
        let is_short = |change: &&C| json_length(change).is_some_and(|length| length as u64 <= MAX_FILE / 2);
        let document = Document {
            format: FORMAT.into(),
            pid: *pid,
            boot_id: boot_id.into(),
            started: *started,
            paths: paths.into(),
            rcu_expedited: *rcu_expedited,
            change: change.as_ref().filter(is_short),
        };
        note::write(self.directory, NAME, &document)
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// When there is something that cannot be read.
    pub fn read(&self) -> Result<Found, FileError> {
        let Some(bytes) = note::read(self.directory, NAME)? else { return Ok(Found::Nothing) };
        Ok(match serde_json::from_slice::<Document<'_, Value>>(&bytes) {
            Ok(document) if document.format == FORMAT => {
                let Document { pid, started, rcu_expedited, change, .. } = document;
                let (boot_id, paths) = (document.boot_id.into_owned(), document.paths.into_owned());
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
