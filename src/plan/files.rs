//! The steps that bring files to what is wanted.

use std::rc::Rc;

use std::path::PathBuf;

/// What a file holds, and who may read and write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The bytes.
    pub bytes: Rc<Vec<u8>>,
    /// The permission bits.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStep {
    /// The file, as seen from the root.
    pub path: PathBuf,
    /// What it holds now; none where it does not exist.
    pub before: Option<Content>,
    /// What it will hold; none where it is removed.
    pub after: Option<Content>,
}

/// What a step does to its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAction {
    /// Makes it.
    Create,
    /// Gives it other bytes.
    Replace,
    /// Gives it another mode or owner.
    Permit,
    /// Takes it away.
    Remove,
}

impl FileStep {
    /// What the step does.
    #[must_use]
    pub fn action(&self) -> FileAction {
        match (&self.before, &self.after) {
            (None, _) => FileAction::Create,
            (_, None) => FileAction::Remove,
            (Some(before), Some(after)) if before.bytes == after.bytes => FileAction::Permit,
            _ => FileAction::Replace,
        }
    }
}

/// What a file should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTarget {
    /// The file, as seen from the root.
    pub path: PathBuf,
    /// What it holds now.
    pub before: Option<Content>,
    /// What it should hold; none where it should not exist.
    pub after: Option<Content>,
}

/// The steps for those files that are not as they should be.
#[must_use]
pub fn plan_files(targets: &[FileTarget]) -> Vec<FileStep> {
    targets
        .iter()
        .filter(|target| target.before != target.after)
        .map(|target| FileStep {
            path: target.path.clone(),
            before: target.before.clone(),
            after: target.after.clone(),
        })
        .collect()
}
