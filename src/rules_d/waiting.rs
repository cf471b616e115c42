//! The note under `/run` of rules that a locked kernel still holds and the next boot no longer loads.
//!
//! Once the drop-in no longer names such a rule, nothing else tells it from a foreign one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journal::boot_id;
use super::problem::FileError;
use super::{Directory, note};

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
        let document = note::read(self.0, NAME)?.and_then(|bytes| serde_json::from_slice::<Document>(&bytes).ok());
        Ok(document
            .filter(|document| document.boot_id == boot_id())
            .map_or_else(Waiting::new, |document| document.unload))
    }

    /// Writes the note, or takes it away where nothing waits.
    ///
    /// # Errors
    /// What keeps the file from being written or removed.
    pub fn write(&self, unload: Waiting) -> Result<(), FileError> {
        if unload.is_empty() {
            return note::remove(self.0, NAME);
        }
        note::write(self.0, NAME, &Document { boot_id: boot_id(), unload })
    }
}
