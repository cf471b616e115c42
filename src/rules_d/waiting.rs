//! The note under `/run` of rules that a locked kernel still holds and the next boot no longer loads.
//!
//! Once the drop-in no longer names such a rule, nothing else tells it from a foreign one.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use serde::{Deserialize, Serialize};

use super::Directory;
use super::journal::boot_id;
use super::problem::FileError;
use super::stage::{Backup, Stage, Wanted};

/// The name of the note in [`super::RUN_DIR`].
const NAME: &str = "waiting";

/// The note's place: a file in a directory such as [`super::RUN_DIR`].
#[derive(Debug)]
pub struct WaitingFile<'d>(&'d Directory);

#[derive(Serialize, Deserialize)]
struct Document {
    boot_id: Option<String>,
    unload: Waiting,
}

/// The ids of the rules that wait, by the path of the drop-in that held them.
pub type Waiting = BTreeMap<String, Vec<String>>;

impl<'d> WaitingFile<'d> {
    /// The note in this directory, which may not exist yet.
    #[must_use]
    pub fn new(directory: &'d Directory) -> Self {
        Self(directory)
    }

    /// The rules that wait; none where there is no note of this boot.
    ///
    /// # Errors
    /// When there is something that cannot be read.
    pub fn read(&self) -> Result<Waiting, FileError> {
        let Some(state) = self.0.state(OsStr::new(NAME))? else { return Ok(Waiting::new()) };
        let document = serde_json::from_slice::<Document>(&state.bytes).ok();
        Ok(document
            .filter(|document| document.boot_id == boot_id())
            .map_or_else(Waiting::new, |document| document.unload))
    }

    /// Writes the note, or takes it away where nothing waits.
    ///
    /// # Errors
    /// As for [`Stage::put`] and [`Stage::publish`].
    pub fn write(&self, unload: Waiting) -> Result<(), FileError> {
        let mut stage = Stage::new();
        if unload.is_empty() {
            stage.remove(self.0, OsStr::new(NAME), Backup::None)?;
        } else {
            let document = Document { boot_id: boot_id(), unload };
            let bytes = serde_json::to_vec(&document).unwrap_or_default();
            let (uid, gid) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
            stage.put(self.0, OsStr::new(NAME), &Wanted::new(&bytes, 0o600, uid, gid), Backup::None)?;
        }
        stage.publish().map(|_| ()).map_err(|error| error.error)
    }
}
