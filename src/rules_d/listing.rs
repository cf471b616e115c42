//! Reads the drop-ins of a directory.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType};

use super::contents::FileState;
use super::name::SUFFIX;
use super::problem::{FileError, Problem, SkipReason, Skipped};
use super::temporary::is_temporary;
use super::{Directory, Root, system};
use crate::augenrules::{Source, natural_order};

/// The most bytes that all drop-ins together may have: merged they are one file.
pub const MAX_TOTAL: u64 = super::MAX_FILE;

/// A file of `rules.d` that the boot loader reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIn {
    /// Its name, with `.rules`.
    pub name: OsString,
    /// Its path on the host.
    pub path: PathBuf,
    /// Its bytes, mode, owner and group.
    pub state: FileState,
}

impl DropIn {
    /// The drop-in as the merge takes it.
    #[must_use]
    pub fn as_source(&self) -> Source<'_> {
        Source { name: &self.name, bytes: &self.state.bytes }
    }
}

/// The drop-ins of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// In natural order.
    pub drop_ins: Vec<DropIn>,
    /// What the boot loader passes over with a message, in natural order.
    pub skipped: Vec<Skipped>,
}

/// How many directories below one another are looked into.
const DEEPEST: usize = 8;

/// What keeps the drop-ins of a directory from having this length together; they could not be read again.
#[must_use]
pub fn too_large_together(directory: &Directory, length: u64) -> Option<FileError> {
    (length > MAX_TOTAL).then(|| FileError::new(directory.path(), Problem::TooLarge { limit: MAX_TOTAL }))
}

/// What becomes of a symbolic link in place of a drop-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It is a problem: what may be written is never reached through one.
    Refused,
    /// It is followed inside the root, as the boot loader does.
    Followed,
}

impl Directory {
    /// Reads every drop-in: `*.rules`, not hidden, not in directories below. None where the directory is missing.
    ///
    /// # Errors
    /// Every drop-in that cannot be read or is no regular file. Never a listing that lacks one.
    pub fn read(&self, root: &Root, links: Links) -> Result<Listing, Vec<FileError>> {
        let mut listing = Listing::default();
        if !self.exists() {
            return Ok(listing);
        }
        let mut problems = Vec::new();
        let mut total = 0;
        for name in self.names(&is_drop_in).map_err(|problem| vec![problem])? {
            match self.read_one(root, &name, links) {
                Ok(One::DropIn(state)) => {
                    total += state.bytes.len() as u64;
                    listing.drop_ins.push(DropIn { path: self.path().join(&name), name, state });
                }
                Ok(One::Skipped(reason)) => {
                    listing.skipped.push(Skipped { path: self.path().join(&name), name, reason });
                }
                Ok(One::Gone) => {}
                Err(problem) => problems.push(problem),
            }
            if let Some(problem) = too_large_together(self, total) {
                problems.push(problem);
                break;
            }
        }
        if problems.is_empty() { Ok(listing) } else { Err(problems) }
    }

    /// The files that hold lines as drop-ins do, and that no boot loader reads for their names. Copies of drop-ins
    /// (`NAME~`) and our own files on their way are none; what cannot be read is none either.
    #[must_use]
    pub fn ignored(&self) -> Vec<Skipped> {
        let is_of_others = |name: &[u8]| !is_drop_in(name) && !name.ends_with(b"~") && !is_temporary(name);
        let names = if self.exists() { self.names(&is_of_others).unwrap_or_default() } else { Vec::new() };
        let ignored = names.into_iter().filter(|name| {
            let state = self.state(name).ok().flatten();
            state.is_some_and(|state| state.bytes.split(|byte| *byte == b'\n').any(is_statement))
        });
        let skipped = |name: OsString| {
            let reason = if name.as_bytes().starts_with(b".") { SkipReason::Hidden } else { SkipReason::OtherEnding };
            Skipped { path: self.path().join(&name), name, reason }
        };
        ignored.map(skipped).collect()
    }

    /// Adds the regular files below, and what symbolic links lead to, whose paths inside the root are wanted.
    fn add_files(
        &self,
        root: &Root,
        inside: &Path,
        is_wanted: &dyn Fn(&Path) -> bool,
        deep: usize,
        files: &mut Vec<(PathBuf, Vec<u8>)>,
    ) -> Result<(), FileError> {
        if !self.exists() {
            return Ok(());
        }
        for name in self.names(&|name| !matches!(name, b"." | b".."))? {
            let path = inside.join(name);
            match root.kind(&path, false) {
                Ok(FileType::Directory) if deep < DEEPEST => {
                    root.directory(&path)?.add_files(root, &path, is_wanted, deep + 1, files)?;
                }
                Ok(FileType::RegularFile | FileType::Symlink)
                    if is_wanted(&path) && root.kind(&path, true) == Ok(FileType::RegularFile) =>
                {
                    files.extend(root.system_file(&path)?.map(|bytes| (path, bytes)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_one(&self, root: &Root, name: &OsStr, links: Links) -> Result<One, FileError> {
        let path = self.path().join(name);
        let kind = match system::statat(self.descriptor(), name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => FileType::from_raw_mode(stat.st_mode),
            Err(rustix::io::Errno::NOENT) => return Ok(One::Gone),
            Err(errno) => return Err(FileError::unreadable(&path, "fstatat", errno)),
        };
        match kind {
            FileType::Directory => return Ok(One::Skipped(SkipReason::Directory)),
            FileType::Symlink => {
                let inside = PathBuf::from("/").join(path.strip_prefix(root.path()).unwrap_or(&path));
                if root.kind(&inside, true) == Err(rustix::io::Errno::NOENT) {
                    return Ok(One::Skipped(SkipReason::DanglingLink));
                }
                if links == Links::Followed {
                    return Ok(root.file_state(&inside)?.map_or(One::Gone, One::DropIn));
                }
            }
            _ => {}
        }
        Ok(self.state(name)?.map_or(One::Gone, One::DropIn))
    }

    /// The names in the directory that are wanted, in natural order.
    pub(super) fn names(&self, wanted: &dyn Fn(&[u8]) -> bool) -> Result<Vec<OsString>, FileError> {
        let mut names = self.unsorted_names(wanted)?;
        names.sort_by(|a, b| natural_order(a.as_bytes(), b.as_bytes()));
        Ok(names)
    }

    /// The same in no order.
    pub(super) fn unsorted_names(&self, wanted: &dyn Fn(&[u8]) -> bool) -> Result<Vec<OsString>, FileError> {
        let failed = |errno| FileError::unreadable(self.path(), "getdents", errno);
        let mut names = Vec::new();
        for entry in system::entries(self.descriptor()).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_bytes();
            if wanted(name) {
                names.push(OsString::from_vec(name.to_vec()));
            }
        }
        Ok(names)
    }
}

impl Root {
    /// The files below a directory whose paths are wanted, as seen from inside the root; none where it is missing.
    ///
    /// # Errors
    /// What cannot be read of it.
    pub fn files_below(
        &self,
        inside: &Path,
        is_wanted: &dyn Fn(&Path) -> bool,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, FileError> {
        let mut files = Vec::new();
        self.directory(inside)?.add_files(self, inside, is_wanted, 0, &mut files)?;
        Ok(files)
    }

    /// The files in directories below a directory of drop-ins that are named as drop-ins and hold lines as they do: no boot
    /// loader reads them. What cannot be read is none.
    #[must_use]
    pub fn below_drop_ins(&self, inside: &Path) -> Vec<Skipped> {
        let is_below =
            |path: &Path| path.as_os_str().as_bytes().ends_with(SUFFIX.as_bytes()) && path.parent() != Some(inside);
        let files = self.files_below(inside, &is_below).unwrap_or_default().into_iter();
        let holding = files.filter(|(_, bytes)| bytes.split(|byte| *byte == b'\n').any(is_statement));
        let skipped = |(path, _): (PathBuf, Vec<u8>)| {
            let name = path.strip_prefix(inside).unwrap_or(&path).as_os_str().to_owned();
            Skipped { path, name, reason: SkipReason::InDirectory }
        };
        holding.map(skipped).collect()
    }

    /// The rules files at a path below this root: that file, or the drop-ins of that directory, with what is passed over.
    ///
    /// # Errors
    /// Nothing there, or what cannot be read.
    pub fn rules_at(&self, inside: &Path) -> Result<Listing, Vec<FileError>> {
        let path = self.host_path(inside);
        let one = |error: FileError| vec![error];
        let kind = self.kind(inside, true).map_err(|errno| one(FileError::unreadable(&path, "stat", errno)))?;
        if kind == FileType::Directory {
            let directory = self.directory(inside).map_err(one)?;
            let mut listing = directory.read(self, Links::Followed)?;
            listing.skipped.extend(directory.ignored());
            return Ok(listing);
        }
        let state = self.file_state(inside).map_err(one)?;
        let state = state.ok_or_else(|| one(FileError::unreadable(&path, "open", rustix::io::Errno::NOENT)))?;
        let name = inside.file_name().unwrap_or_default().to_owned();
        Ok(Listing { drop_ins: vec![DropIn { name, path, state }], skipped: Vec::new() })
    }
}

enum One {
    DropIn(FileState),
    Skipped(SkipReason),
    Gone,
}

/// Whether a line looks like one of a rules file: an option and more.
fn is_statement(line: &[u8]) -> bool {
    matches!(line.trim_ascii(), [b'-', letter, ..] if letter.is_ascii_alphabetic() || *letter == b'-')
}

fn is_drop_in(name: &[u8]) -> bool {
    name.ends_with(SUFFIX.as_bytes()) && !name.starts_with(b".")
}
