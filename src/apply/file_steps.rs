//! Carries out the steps on files: everything is staged before the first change, and published by renames.

use std::path::Path;

use crate::error::{Problem, What};
use crate::observe::content;
use crate::plan::files::{Content, FileStep};
use crate::rules_d::{Backup, Directory, FileError, NewFile, Root, Stage, too_large};

/// Which old files are kept beside the new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// None: an old state is brought back.
    None,
    /// That of `audit.rules`, as augenrules does.
    Merged,
    /// All.
    All,
}

/// The directories of the files of a plan.
#[derive(Debug)]
pub struct Directories(Vec<(std::path::PathBuf, Directory)>);

impl Directories {
    /// Walks to the directory of each file; nothing is created.
    ///
    /// # Errors
    /// A link or something else that is no directory on the way.
    pub fn of(root: &Root, steps: &[FileStep]) -> Result<Self, FileError> {
        let mut directories: Vec<(std::path::PathBuf, Directory)> = Vec::new();
        for parent in steps.iter().filter_map(|step| step.path.parent()) {
            if !directories.iter().any(|(path, _)| path == parent) {
                directories.push((parent.to_owned(), root.directory(parent)?));
            }
        }
        Ok(Self(directories))
    }

    /// Everything that speaks against these steps. Only looks.
    #[must_use]
    pub fn obstacles(&self, steps: &[FileStep]) -> Vec<Problem> {
        let names = |directory: &Path| -> Vec<&std::ffi::OsStr> {
            let own = steps.iter().filter(|step| step.path.parent() == Some(directory));
            own.filter_map(|step| step.path.file_name()).collect()
        };
        let found = self.0.iter().flat_map(|(path, directory)| directory.obstacles(&names(path)));
        let length = |step: &FileStep| step.after.as_ref().map_or(0, |after| after.bytes.len());
        let found = found.chain(steps.iter().filter_map(|step| too_large(&step.path, length(step))));
        let mut problems: Vec<Problem> = found.map(|error| Problem::from(What::File(error))).collect();
        problems.dedup();
        problems
    }

    /// Creates the directories that are missing.
    ///
    /// # Errors
    /// What the operating system answers.
    pub fn create(&mut self) -> Result<(), FileError> {
        self.0.iter_mut().try_for_each(|(_, directory)| directory.create())
    }

    /// Makes ready every step; none can be seen yet.
    ///
    /// # Errors
    /// The first step that cannot be made ready; nothing is left of the others then.
    pub fn stage(&self, steps: &[FileStep], copies: Copies) -> Result<Stage<'_>, FileError> {
        let mut stage = Stage::new();
        for step in steps {
            let own = self.0.iter().find(|(path, _)| Some(path.as_path()) == step.path.parent());
            let (Some((_, directory)), Some(name)) = (own, step.path.file_name()) else { continue };
            let kept = match step.path.extension().and_then(std::ffi::OsStr::to_str) {
                _ if copies == Copies::None => Backup::None,
                Some("rules") if is_compiled(&step.path) => Backup::Previous,
                _ if copies == Copies::All => Backup::Dated,
                _ => Backup::None,
            };
            match &step.after {
                Some(after) => {
                    let file = NewFile::new(&after.bytes, after.mode, after.uid, after.gid);
                    stage.put(directory, name, &file, kept)?;
                }
                None => stage.remove(directory, name, kept)?,
            }
        }
        Ok(stage)
    }

    /// The files that this run could not take away again.
    #[must_use]
    pub fn left_behind(&self) -> Vec<std::path::PathBuf> {
        self.0.iter().flat_map(|(_, directory)| directory.left_behind()).collect()
    }

    /// Takes directories away again that were created for nothing.
    ///
    /// # Errors
    /// What the operating system answers.
    pub fn discard(self) -> Result<(), FileError> {
        self.0.into_iter().rev().try_for_each(|(_, directory)| directory.discard())
    }
}

/// How many bytes all drop-ins have after these steps; none where no step makes one longer.
#[must_use]
pub fn length_after(steps: &[FileStep], rules_dir: &Path, now: u64) -> Option<u64> {
    let length = |content: &Option<crate::plan::files::Content>| content.as_ref().map_or(0, |c| c.bytes.len() as u64);
    let own = || steps.iter().filter(|step| step.path.parent() == Some(rules_dir));
    let (before, after): (u64, u64) =
        (own().map(|step| length(&step.before)).sum(), own().map(|step| length(&step.after)).sum());
    (after > before).then(|| now + after - before)
}

/// Whether this is the file that augenrules compiles.
#[must_use]
pub fn is_compiled(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "audit.rules") && !is_drop_in(path)
}

/// What becomes of the copy of `audit.rules` where these steps replace that; none where they leave it alone.
///
/// # Errors
/// A copy that cannot be read.
pub fn previous(root: &Root, steps: &[FileStep]) -> Result<Option<FileStep>, FileError> {
    let Some(step) = steps.iter().find(|step| is_compiled(&step.path) && step.before.is_some()) else {
        return Ok(None);
    };
    let path = step.path.with_extension("rules.prev");
    let before = content(root, &path)?;
    let after = step.before.clone().map(|copied| Content { mode: copied.mode & 0o640, ..copied });
    Ok(Some(FileStep { path, before, after }))
}

/// Whether the file lies in a directory of drop-ins; `audit.rules` there is a drop-in of that name.
fn is_drop_in(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|name| name.to_string_lossy().ends_with(".d"))
}

/// The steps whose file is not as it should be, with what it holds now.
///
/// # Errors
/// A file that cannot be read.
pub fn remaining(root: &Root, steps: &[FileStep]) -> Result<Vec<FileStep>, FileError> {
    let mut remaining = Vec::new();
    for step in steps {
        let now = content(root, &step.path)?;
        if now != step.after {
            remaining.push(FileStep { before: now, ..step.clone() });
        }
    }
    Ok(remaining)
}
