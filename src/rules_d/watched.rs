//! The directories that the kernel holds on to for loaded rules, and a note of them under `/run`.
//!
//! The kernel looks a path up once, when the rule is loaded, and does not tell afterwards what it found. So a run notes what
//! stood there; a later one compares.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD};
use serde::{Deserialize, Serialize};

use super::journal::boot_id;
use super::problem::FileError;
use super::{Directory, FileId, Root, note, system};
use crate::rule::Rule;
use crate::rule::id::Id;
use crate::rule::path::HeldDirectory;

/// The name of the note in [`super::RUN_DIR`].
const NAME: &str = "watched";

/// Says whose file it is.
const FORMAT: &str = "audit_rules watched 1";

/// The directories of rules, by the rules' ids, in the order of [`Rule::held_directories`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched(BTreeMap<String, Vec<FileId>>);

impl Watched {
    /// What stands now at the directories of these rules, looked up as the kernel would to load them. A rule that has none,
    /// or of which one cannot be found, is left out.
    #[must_use]
    pub fn now<'r>(rules: impl Iterator<Item = &'r Rule>, root: &Root) -> Self {
        let mut found: BTreeMap<HeldDirectory<'_>, Option<FileId>> = BTreeMap::new();
        let mut watched = Self::default();
        for rule in rules {
            let held = rule.held_directories();
            if held.is_empty() {
                continue;
            }
            let mut look = |held| *found.entry(held).or_insert_with(|| root.held(held));
            if let Some(all) = held.into_iter().map(&mut look).collect::<Option<Vec<FileId>>>() {
                watched.0.insert(Id::of(rule).to_string(), all);
            }
        }
        watched
    }

    /// The directories of a rule; none where they are not known.
    #[must_use]
    pub fn of(&self, rule: &Rule) -> Option<&[FileId]> {
        if self.0.is_empty() || rule.held_directories().is_empty() {
            return None;
        }
        self.0.get(&Id::of(rule).to_string()).map(Vec::as_slice)
    }

    /// Notes the directories of a rule.
    pub fn insert(&mut self, rule: &Rule, directories: Vec<FileId>) {
        self.0.insert(Id::of(rule).to_string(), directories);
    }

    /// The path of the first directory of a rule at which another one stands `now`; none where that is not so, or not known.
    #[must_use]
    pub fn left<'r>(&self, rule: &'r Rule, now: &Self) -> Option<&'r [u8]> {
        let (then, now) = (self.of(rule)?, now.of(rule)?);
        let differs = then.iter().zip(now).position(|(then, now)| then != now)?;
        rule.held_directories().get(differs).map(|held| held.path)
    }
}

impl Root {
    fn held(&self, held: HeldDirectory<'_>) -> Option<FileId> {
        let path = Path::new(OsStr::from_bytes(held.path));
        let stat = if self.is_host() {
            let flags = if held.follows_link { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
            system::statat(CWD, path, flags)
        } else {
            self.resolve(path, held.follows_link).and_then(|found| system::fstat(&found.fd))
        };
        stat.ok().as_ref().map(FileId::from)
    }
}

/// The note's place: a file in a directory such as [`super::RUN_DIR`].
#[derive(Debug)]
pub struct WatchedFile<'d>(&'d Directory);

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    boot_id: String,
    /// Device and inode of each directory.
    rules: BTreeMap<String, Vec<(u64, u64)>>,
}

impl<'d> WatchedFile<'d> {
    /// The note in this directory, which may not exist yet.
    #[must_use]
    pub fn new(directory: &'d Directory) -> Self {
        Self(directory)
    }

    /// What was noted in this boot. What cannot be read, is of another boot, or may be of somebody else, says nothing.
    #[must_use]
    pub fn read(&self) -> Watched {
        let own = nix::unistd::geteuid().as_raw();
        let state = self.0.state(OsStr::new(NAME)).ok().flatten();
        let state = state.filter(|state| (state.uid == 0 || state.uid == own) && state.mode & 0o022 == 0);
        let document = state.and_then(|state| serde_json::from_slice::<Document>(&state.bytes).ok());
        let is_ours = |document: &Document| {
            document.format == FORMAT && boot_id().is_some_and(|now| now == document.boot_id) && self.0.is_trusted()
        };
        let rules = document.filter(is_ours).map_or_else(BTreeMap::new, |document| document.rules);
        let ids = |all: Vec<(u64, u64)>| all.into_iter().map(|(device, inode)| FileId { device, inode }).collect();
        Watched(rules.into_iter().map(|(rule, directories)| (rule, ids(directories))).collect())
    }

    /// Writes the note, whole or not at all; takes it away where there is nothing to note. Where this boot has no name,
    /// nothing is noted.
    ///
    /// # Errors
    /// What keeps the file from being written or removed.
    pub fn write(&self, watched: &Watched) -> Result<(), FileError> {
        let Some(boot_id) = boot_id() else { return Ok(()) };
        if watched.0.is_empty() {
            return note::remove(self.0, NAME);
        }
        let pairs = |all: &Vec<FileId>| all.iter().map(|id| (id.device, id.inode)).collect();
        let rules = watched.0.iter().map(|(rule, directories)| (rule.clone(), pairs(directories))).collect();
        note::write(self.0, NAME, &Document { format: FORMAT.to_owned(), boot_id, rules })
    }
}
