//! A directory tree as a value.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Directory,
    File(Vec<u8>),
    Link(PathBuf),
    /// A FIFO, a socket or a device.
    Special,
}

/// What stands at a path, and all that a write would show in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub what: What,
    pub mode: u32,
    pub owner: (u32, u32),
    /// Seconds and nanoseconds of the last change, and the inode: a file that was replaced by its equal has another.
    pub written: (i64, i64, u64),
}

/// Every entry below a root, by its absolute path as seen from there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree(pub BTreeMap<String, Entry>);

impl Tree {
    pub fn of(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.add(root, "");
        tree
    }

    fn add(&mut self, root: &Path, inside: &str) {
        for entry in fs::read_dir(root.join(inside.trim_start_matches('/'))).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{inside}/{}", entry.file_name().to_string_lossy());
            let found = fs::symlink_metadata(entry.path()).unwrap();
            let what = if found.is_dir() {
                self.add(root, &path);
                What::Directory
            } else if found.is_symlink() {
                What::Link(fs::read_link(entry.path()).unwrap())
            } else if found.is_file() {
                What::File(fs::read(entry.path()).unwrap())
            } else {
                What::Special
            };
            let written = (found.mtime(), found.mtime_nsec(), found.ino());
            let owner = (found.uid(), found.gid());
            self.0.insert(path, Entry { what, mode: found.mode() & 0o7777, owner, written });
        }
    }

    /// The tree without the place of the lock and the journal.
    pub fn without_run(&self) -> Self {
        let entries = self.0.iter().filter(|(path, _)| !path.starts_with("/run") && !path.contains("/run/audit_rules"));
        Self(entries.map(|(path, entry)| (path.clone(), entry.clone())).collect())
    }

    /// What the tree holds, whenever it was written: without the lock and the journal, and without the copy of
    /// `audit.rules` that augenrules leaves, too.
    pub fn contents(&self) -> Self {
        let ours = |path: &str| {
            path.starts_with("/run/") || path.contains("/run/audit_rules") || path.ends_with("/audit.rules.prev")
        };
        let timeless = |entry: &Entry| Entry { written: (0, 0, 0), ..entry.clone() };
        let entries = self.0.iter().filter(|(path, _)| !ours(path));
        Self(entries.map(|(path, entry)| (path.clone(), timeless(entry))).collect())
    }

    /// Takes empty directories out that another tree does not have: those stay that a change had to make.
    pub fn forget_empty_directories_beyond(&mut self, other: &Self) {
        let new: Vec<String> = self.0.keys().filter(|path| !other.0.contains_key(*path)).rev().cloned().collect();
        for path in new {
            let inside = format!("{path}/");
            let is_empty = !self.0.keys().any(|entry| entry.starts_with(&inside));
            if is_empty && self.0[&path].what == What::Directory {
                self.0.remove(&path);
            }
        }
    }

    /// Lays the tree out below another root.
    pub fn lay_out(&self, root: &Path) {
        let found = fs::symlink_metadata(root).unwrap();
        let own = (found.uid(), found.gid());
        for (path, entry) in &self.0 {
            let place = root.join(&path[1..]);
            match &entry.what {
                What::Directory => fs::create_dir(&place).unwrap(),
                What::File(bytes) => fs::write(&place, bytes).unwrap(),
                What::Special => panic!("{path} cannot be copied"),
                What::Link(target) => {
                    std::os::unix::fs::symlink(target, &place).unwrap();
                    continue;
                }
            }
            if entry.owner != own {
                std::os::unix::fs::chown(&place, Some(entry.owner.0), Some(entry.owner.1)).unwrap();
            }
            fs::set_permissions(&place, fs::Permissions::from_mode(entry.mode)).unwrap();
        }
    }

    /// The paths at which two trees differ.
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let paths = self.0.keys().chain(other.0.keys());
        let mut paths: Vec<String> = paths.filter(|path| self.0.get(*path) != other.0.get(*path)).cloned().collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// The regular files below a directory.
    pub fn files<'a>(&'a self, below: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8], u32)> {
        self.0.iter().filter_map(move |(path, entry)| match &entry.what {
            What::File(bytes) if path.starts_with(below) => Some((path.as_str(), bytes.as_slice(), entry.mode)),
            _ => None,
        })
    }

    /// The drop-ins, as `augenrules` takes them.
    pub fn drop_ins(&self) -> Vec<(&OsStr, &[u8])> {
        let directory = "/etc/audit/rules.d/";
        let files = self.files(directory).map(|(path, bytes, _)| (&path[directory.len()..], bytes));
        files
            .map(|(name, bytes)| (OsStr::new(name), bytes))
            .filter(|(name, _)| Path::new(name).extension() == Some(OsStr::new("rules")))
            .collect()
    }
}
