//! Changes of several files in two phases: everything that can fail for want of space or permission first, then one
//! rename after the other.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::contents::FileState;
use super::problem::{FileError, Left, Problem};
use super::temporary::{NewFile, Temporary};
use super::{Directory, system};

/// Whether the old file is kept beside the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backup {
    /// It is not.
    #[default]
    None,
    /// As `backup: true` of `ansible.builtin.copy` does: `NAME.PID.YYYY-MM-DD@HH:MM:SS~`, in UTC.
    Dated,
    /// As `augenrules` does with `audit.rules`: `NAME.prev`, mode 0640 or stricter.
    Previous,
}

/// Changes that are ready, none of which can be seen yet. Dropping it leaves nothing behind.
#[derive(Debug, Default)]
pub struct Stage<'d> {
    steps: Vec<Step<'d>>,
}

#[derive(Debug)]
struct Step<'d> {
    directory: &'d Directory,
    name: OsString,
    action: Action<'d>,
    backup_of: Option<OsString>,
}

#[derive(Debug)]
enum Action<'d> {
    Put(Temporary<'d>),
    Remove,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Published {
    /// The files that were written or removed, in order, backups left out.
    pub paths: Vec<PathBuf>,
    /// Each file that was kept, with the path of its copy.
    pub backups: Vec<(PathBuf, PathBuf)>,
}

/// Publishing stopped half-way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishError {
    /// Why, and at which path.
    pub error: FileError,
    /// What was done before; the caller takes it back.
    pub published: Published,
}

impl<'d> Stage<'d> {
    /// With nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to publish.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Makes ready the creation or replacement of a file. Whether it differs at all is the caller's question.
    ///
    /// # Errors
    /// Whatever [`Directory::obstacles`] finds first, a directory that is missing, or what the operating system
    /// answers. Nothing can be seen then, and what was staged before stays staged.
    pub fn put(
        &mut self,
        directory: &'d Directory,
        name: &OsStr,
        wanted: &NewFile<'_>,
        backup: Backup,
    ) -> Result<(), FileError> {
        check(directory, name)?;
        let copy = kept(directory, name, backup)?;
        let temporary = Temporary::write(directory, name, wanted)?;
        self.steps.extend(copy);
        self.steps.push(Step { directory, name: name.to_owned(), action: Action::Put(temporary), backup_of: None });
        Ok(())
    }

    /// Makes ready the removal of a file.
    ///
    /// # Errors
    /// As for [`Stage::put`].
    pub fn remove(&mut self, directory: &'d Directory, name: &OsStr, backup: Backup) -> Result<(), FileError> {
        check(directory, name)?;
        self.steps.extend(kept(directory, name, backup)?);
        self.steps.push(Step { directory, name: name.to_owned(), action: Action::Remove, backup_of: None });
        Ok(())
    }

    /// Makes everything seen, in the order in which it was staged, and has it on disk when it returns.
    ///
    /// # Errors
    /// The first step that fails ends it; the steps after it leave nothing behind.
    pub fn publish(self) -> Result<Published, PublishError> {
        let mut published = Published::default();
        let mut touched: Vec<&Directory> = Vec::new();
        for Step { directory, name, action, backup_of } in self.steps {
            let path = directory.path().join(&name);
            let done = match action {
                Action::Put(temporary) => temporary.publish(&name),
                Action::Remove => unlink(directory, &name, &path),
            };
            if let Err(error) = done {
                // What is in place already must not be lost by a crash that follows.
                let _ = sync(&touched);
                return Err(PublishError { error, published });
            }
            match backup_of {
                Some(original) => published.backups.push((directory.path().join(original), path)),
                None => published.paths.push(path),
            }
            if !touched.iter().any(|known| std::ptr::eq(*known, directory)) {
                touched.push(directory);
            }
        }
        match sync(&touched) {
            Ok(()) => Ok(published),
            Err(error) => Err(PublishError { error, published }),
        }
    }
}

/// The step that keeps the old file, where there is one and it is to be kept.
fn kept<'d>(directory: &'d Directory, name: &OsStr, backup: Backup) -> Result<Option<Step<'d>>, FileError> {
    if backup == Backup::None {
        return Ok(None);
    }
    let Some(FileState { bytes, mode, uid, gid }) = directory.state(name)? else {
        return Ok(None);
    };
    let mut copy = name.to_owned();
    let mode = match backup {
        Backup::Previous => {
            copy.push(".prev");
            mode & 0o640
        }
        Backup::Dated | Backup::None => {
            copy.push(format!(".{}.{}~", std::process::id(), date(SystemTime::now())));
            mode
        }
    };
    check(directory, &copy)?;
    let action = Action::Put(Temporary::write(directory, &copy, &NewFile::new(&bytes, mode, uid, gid))?);
    Ok(Some(Step { directory, name: copy, action, backup_of: Some(name.to_owned()) }))
}

pub(super) fn check(directory: &Directory, name: &OsStr) -> Result<(), FileError> {
    match directory.obstacles(&[name]).into_iter().next() {
        Some(obstacle) => Err(obstacle.with_left(Left::Old)),
        None if !directory.exists() => Err(FileError::new(directory.path().join(name), Problem::NoDirectory)),
        None => Ok(()),
    }
}

fn unlink(directory: &Directory, name: &OsStr, path: &Path) -> Result<(), FileError> {
    match system::unlinkat(directory.descriptor(), name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(FileError::write(path, "unlinkat", errno, Left::Old)),
    }
}

fn sync(directories: &[&Directory]) -> Result<(), FileError> {
    for directory in directories {
        system::fsync(directory.descriptor())
            .map_err(|errno| FileError::write(directory.path(), "fsync", errno, Left::New))?;
    }
    Ok(())
}

/// `YYYY-MM-DD@HH:MM:SS` in UTC.
fn date(now: SystemTime) -> String {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{:02}@{hour:02}:{minute:02}:{second:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::date;

    #[test]
    fn a_time_is_written_as_in_the_names_of_ansible_backups() {
        let rows = [
            (0, "1970-01-01@00:00:00"),
            (951_782_399, "2000-02-28@23:59:59"),
            (951_868_799, "2000-02-29@23:59:59"),
            (1_735_689_599, "2024-12-31@23:59:59"),
            (1_735_689_600, "2025-01-01@00:00:00"),
            (4_107_542_400, "2100-03-01@00:00:00"),
        ];
        for (seconds, written) in rows {
            assert_eq!(date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), written);
        }
    }
}
