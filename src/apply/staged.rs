//! What a locked kernel goes on holding until the next boot, although the drop-in that held it no longer does.
//!
//! The drop-in itself forgets its old lines when it is written. A note under `/run`, which a boot clears, lets every
//! later run say the same of the reboot as the first.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::plan::rules::{Because, Doing};
use crate::rule::Rule;
use crate::rules_d::{Backup, Directory, FileError, Stage, Wanted, boot_id};
use crate::snapshot::SavedRule;

/// The name of the note in [`crate::rules_d::RUN_DIR`].
const NAME: &str = "staged";

/// Who may read it: as the journal.
const MODE: u32 = 0o600;

/// The note: for each drop-in the rules that the next boot will no longer load.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Staged {
    boot_id: String,
    unload: BTreeMap<String, Vec<SavedRule>>,
}

impl Staged {
    /// The note of this boot; an empty one where there is none, or something that is no note of ours.
    ///
    /// # Errors
    /// A note that is there and cannot be read.
    pub fn read(run_dir: &Directory) -> Result<Self, FileError> {
        let now = boot_id().unwrap_or_default();
        let found = run_dir.state(OsStr::new(NAME))?;
        let found: Option<Self> = found.and_then(|state| serde_json::from_slice(&state.bytes).ok());
        let found = found.filter(|note| note.boot_id == now);
        Ok(found.unwrap_or(Self { boot_id: now, unload: BTreeMap::new() }))
    }

    /// What the named drop-in held before it was written.
    #[must_use]
    pub fn of(&self, name: &str) -> Vec<Rule> {
        self.unload.get(name).into_iter().flatten().filter_map(|saved| saved.rule().ok()).collect()
    }

    /// The note with what waits for the reboot because of the named drop-in.
    #[must_use]
    pub fn with(&self, name: &str, pending: &Plan) -> Self {
        let waits = pending.rules.iter().filter(|step| {
            step.doing == Doing::Unload && matches!(step.because, Because::NoLongerWanted | Because::Replaced)
        });
        let rules: Vec<SavedRule> = waits.map(|step| SavedRule::from(&step.rule)).collect();
        let mut note = self.clone();
        if rules.is_empty() {
            note.unload.remove(name);
        } else {
            note.unload.insert(name.to_owned(), rules);
        }
        note
    }

    /// Writes the note, whole or not at all.
    ///
    /// # Errors
    /// What the operating system answers.
    pub fn write(&self, run_dir: &Directory) -> Result<(), FileError> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let (uid, gid) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
        let mut stage = Stage::new();
        stage.put(run_dir, OsStr::new(NAME), &Wanted::new(&bytes, MODE, uid, gid), Backup::None)?;
        stage.publish().map(|_| ()).map_err(|stopped| stopped.error)
    }
}
