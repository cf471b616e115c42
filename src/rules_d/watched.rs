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
use super::mounts::Mounted;
use super::problem::FileError;
use super::{Directory, FileId, Root, note, system};
use crate::rule::Rule;
use crate::rule::id::Id;
use crate::rule::path::HeldDirectory;

/// The name of the note in [`super::RUN_DIR`].
const NAME: &str = "watched";

/// Says whose file it is.
const FORMAT: &str = "audit_rules watched 1";

/// What the kernel holds for rules, by the rules' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched(BTreeMap<String, Held>);

/// What the kernel holds for a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Its directories, in the order of [`Rule::held_directories`].
    directories: Vec<FileId>,
    /// What is mounted at and below its `dir=`; of a rule with one there is the directory itself, or it is not known.
    mounts: Vec<Mounted>,
}

impl Watched {
    /// What stands now at the directories of these rules, looked up as the kernel would to load them. A rule that has none,
    /// or of which one cannot be found, is left out.
    #[must_use]
    pub fn now<'r>(rules: impl Iterator<Item = &'r Rule>, root: &Root) -> Self {
        let mounts = root.mounts();
        let mut found: BTreeMap<HeldDirectory<'_>, Option<FileId>> = BTreeMap::new();
        let mut watched = Self::default();
        for rule in rules {
            let held = rule.held_directories();
            if held.is_empty() {
                continue;
            }
            let mut look = |held| *found.entry(held).or_insert_with(|| root.held(held));
            if let Some(directories) = held.into_iter().map(&mut look).collect::<Option<Vec<FileId>>>() {
                let mounts = root.mounted_in(rule, &mounts);
                watched.0.insert(Id::of(rule).to_string(), Held { directories, mounts });
            }
        }
        watched
    }

    /// What is held for a rule; none where it is not known.
    #[must_use]
    pub fn of(&self, rule: &Rule) -> Option<&Held> {
        if self.0.is_empty() || rule.held_directories().is_empty() {
            return None;
        }
        self.0.get(&Id::of(rule).to_string())
    }

    /// Notes what is held for a rule.
    pub fn insert(&mut self, rule: &Rule, held: Held) {
        self.0.insert(Id::of(rule).to_string(), held);
    }

    /// The path of the first directory of a rule at which another one stands `now`; none where that is not so, or not known.
    #[must_use]
    pub fn left<'r>(&self, rule: &'r Rule, now: &Self) -> Option<&'r [u8]> {
        let (then, now) = (self.of(rule)?, now.of(rule)?);
        let differs = then.directories.iter().zip(&now.directories).position(|(then, now)| then != now)?;
        rule.held_directories().get(differs).map(|held| held.path)
    }

    /// Where something is mounted `now` below the directory of a rule that was not there before; none where that is not so, or
    /// not known. The kernel looks for mounts once, when the rule is loaded.
    #[must_use]
    pub fn mounted_since<'n>(&self, rule: &Rule, now: &'n Self) -> Option<&'n Path> {
        let (then, now) = (self.of(rule)?, now.of(rule)?);
        let is_new = |mount: &&Mounted| !then.mounts.iter().any(|known| mount.lies_in(known));
        let new = now.mounts.iter().find(is_new).filter(|_| !then.mounts.is_empty());
        new.map(|mount| mount.point.as_path())
    }
}

impl Held {
    /// The same as of a rule that was not loaded since: with a file system that is gone its watch is gone, and stays where only
    /// a place of it is.
    #[must_use]
    pub fn still(&self, now: Option<&Self>) -> Self {
        let mut held = self.clone();
        if let Some(now) = now.filter(|now| !now.mounts.is_empty()) {
            held.mounts.retain(|mount| now.mounts.iter().any(|there| there.device == mount.device));
        }
        held
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
    /// Device, root and place of what is mounted in those of `dir=`.
    #[serde(default)]
    mounts: BTreeMap<String, Vec<(String, String, String)>>,
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
        let Some(Document { rules, mut mounts, .. }) = document.filter(is_ours) else { return Watched::default() };
        let ids = |all: Vec<(u64, u64)>| all.into_iter().map(|(device, inode)| FileId { device, inode }).collect();
        let mut held = |rule: &str, directories| Held {
            directories: ids(directories),
            mounts: mounts.remove(rule).unwrap_or_default().into_iter().map(Mounted::from).collect(),
        };
        let mut watched = Watched::default();
        for (rule, directories) in rules {
            let held = held(&rule, directories);
            watched.0.insert(rule, held);
        }
        watched
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
        let (mut rules, mut mounts) = (BTreeMap::new(), BTreeMap::new());
        for (rule, held) in &watched.0 {
            rules.insert(rule.clone(), held.directories.iter().map(|id| (id.device, id.inode)).collect());
            if !held.mounts.is_empty() {
                mounts.insert(rule.clone(), held.mounts.iter().map(Mounted::to_texts).collect());
            }
        }
        note::write(self.0, NAME, &Document { format: FORMAT.to_owned(), boot_id, rules, mounts })
    }
}
