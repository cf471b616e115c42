//! Words for what can go wrong with files and their names.

use super::Hint;
use crate::rules_d::{FileError, Found, Left, NameError, NameProblem, PathProblem, Problem, SkipReason};

impl FileError {
    /// The stable name of the problem.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.problem {
            Problem::SymlinkInPath { .. } => "symlink_in_path",
            Problem::NotADirectory { .. } => "not_a_directory",
            Problem::WritableByOthers { .. } => "directory_writable_by_others",
            Problem::ForeignOwner { .. } => "directory_owned_by_others",
            Problem::ImmutableInode { .. } => "target_immutable_inode",
            Problem::ReadOnlyFileSystem => "read_only_file_system",
            Problem::NotARegularFile { .. } => "not_a_regular_file",
            Problem::Unreadable { .. } => "unreadable",
            Problem::Moved => "moved_meanwhile",
            Problem::TooLarge { .. } => "too_large",
            Problem::NoSpace { .. } => "no_space",
            Problem::NoDirectory => "no_directory",
            Problem::Busy { .. } => "busy",
            Problem::BadPath(_) => "bad_path",
            Problem::NotTheHost => "root_is_not_the_host",
            Problem::IsTheHost => "root_is_the_host",
            Problem::System { .. } => "file_error",
        }
    }

    /// What the operating system answered, where it was asked.
    #[must_use]
    pub fn errno(&self) -> Option<crate::rules_d::Errno> {
        match &self.problem {
            Problem::Unreadable { errno, .. } | Problem::NoSpace { errno } | Problem::System { errno, .. } => {
                Some(*errno)
            }
            Problem::ReadOnlyFileSystem => Some(crate::rules_d::Errno::EROFS),
            _ => None,
        }
    }

    /// What is wrong, at which path, and what the path holds now.
    #[must_use]
    pub fn message(&self) -> String {
        let path = self.path.display();
        let what = match &self.problem {
            Problem::SymlinkInPath { component } if *component == self.path => {
                format!("{path} is a symbolic link, which is not followed")
            }
            Problem::SymlinkInPath { component } => {
                format!("{path}: its component {} is a symbolic link, which is not followed", component.display())
            }
            Problem::NotADirectory { component, found } => {
                format!("{path}: {} is {}, not a directory", component.display(), noun(*found))
            }
            Problem::WritableByOthers { component, mode } => {
                format!("{path}: others may write to the directory {} (mode {mode:04o})", component.display())
            }
            Problem::ForeignOwner { component, uid } => {
                format!("{path}: the directory {} belongs to the user {uid}", component.display())
            }
            Problem::ImmutableInode { component, append_only } => {
                let attribute = if *append_only { "append-only (chattr +a)" } else { "immutable (chattr +i)" };
                format!("{path} cannot be changed: {} is {attribute}", component.display())
            }
            Problem::ReadOnlyFileSystem => format!("{path} lies on a file system that is mounted read-only"),
            Problem::NotARegularFile { found } => format!("{path} is {}, not a regular file", noun(*found)),
            Problem::Unreadable { call, errno } => {
                format!("{path} cannot be read: {call}: {} ({errno:?})", errno.desc())
            }
            Problem::Moved => format!("{path} was moved by somebody else while it was read"),
            Problem::TooLarge { limit } => format!("{path} is larger than {} MiB", limit >> 20),
            Problem::NoSpace { errno } => format!("{path} cannot be written: {} ({errno:?})", errno.desc()),
            Problem::NoDirectory => format!("{path} cannot be written: its directory does not exist"),
            Problem::Busy { waited } => {
                format!("another run holds the lock {path}; waited {:.1} s", waited.as_secs_f64())
            }
            Problem::BadPath(problem) => return format!("{path:?} cannot be used: it {}", problem.predicate()),
            Problem::IsTheHost => format!("{path} is the root directory of the running host"),
            Problem::NotTheHost => format!("{path} is not the root directory of process 1, whose kernel is meant"),
            Problem::System { call, errno } => {
                format!("{path} cannot be written: {call}: {} ({errno:?})", errno.desc())
            }
        };
        match self.left {
            Left::Untouched => what,
            Left::Old => format!("{what}; what was there before is untouched"),
            Left::New => format!("{what}; the new content is in place"),
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match &self.problem {
            Problem::SymlinkInPath { component } => Some(Hint::Say(format!(
                "name the real path, or replace {} by a real file or directory",
                component.display()
            ))),
            // Such as /tmp: it is meant to be so.
            Problem::WritableByOthers { mode, .. } if mode & 0o1000 != 0 => {
                Some(Hint::say("name a place that nobody else may write to"))
            }
            Problem::WritableByOthers { component, .. } => {
                Some(Hint::Say(format!("chmod go-w {}", component.display())))
            }
            Problem::ForeignOwner { component, .. } => Some(Hint::Say(format!("chown root {}", component.display()))),
            Problem::ImmutableInode { component, append_only } => {
                Some(Hint::Say(format!("chattr -{} {}", if *append_only { 'a' } else { 'i' }, component.display())))
            }
            Problem::Unreadable { errno, .. } | Problem::System { errno, .. }
                if matches!(errno, crate::rules_d::Errno::EACCES | crate::rules_d::Errno::EPERM) =>
            {
                Some(Hint::say("run it as root (in Ansible: become: true)"))
            }
            Problem::System { errno: crate::rules_d::Errno::EFBIG, .. } => {
                Some(Hint::say("raise the limit on the size of files (ulimit -f)"))
            }
            Problem::IsTheHost => Some(Hint::say("leave root out")),
            Problem::NotTheHost => Some(Hint::say("without kernel: host, the files of this root are managed alone")),
            Problem::Moved => Some(Hint::say("run it again")),
            Problem::Busy { .. } => Some(Hint::say("try again when the other run has ended")),
            _ => None,
        }
    }
}

impl PathProblem {
    /// The rest of a sentence that begins with the path.
    #[must_use]
    pub fn predicate(self) -> &'static str {
        match self {
            Self::Relative => "does not begin with a slash",
            Self::Nul => "holds a NUL",
            Self::Upwards => "holds the component `..`",
            Self::RootItself => "is the root directory itself",
        }
    }
}

impl NameError {
    /// The stable name of the problem.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        "bad_name"
    }

    /// What is wrong with which name.
    #[must_use]
    pub fn message(&self) -> String {
        let why = match self.problem {
            NameProblem::Empty => "it is empty".to_owned(),
            NameProblem::Slash => "it holds a slash; a name is not a path".to_owned(),
            NameProblem::Control => "it holds a control character".to_owned(),
            NameProblem::Hidden => "it begins with a dot; no boot loader reads a hidden file".to_owned(),
            NameProblem::Special { character } => {
                format!("it holds {character:?}, which the shell of augenrules up to 3.1 reads as something else")
            }
            NameProblem::Leading { character } => {
                format!("it begins with {character:?}, which programs and shells read as something else")
            }
            NameProblem::Invisible { character } => {
                format!("it holds U+{:04X}, which is not seen or changes how the name looks", u32::from(character))
            }
            NameProblem::Space => "it holds white space; augenrules before 4.2 loses such files".to_owned(),
            NameProblem::TooLong { length, limit } => format!("with .rules it has {length} bytes, more than {limit}"),
        };
        format!("the name {:?} of a drop-in cannot be used: {why}", self.name)
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self.problem {
            NameProblem::Empty => Some(Hint::say("a name such as 30-identity")),
            NameProblem::Slash => Some(Hint::say("the directory is given by rules_dir")),
            NameProblem::Space => Some(Hint::DidYouMean(self.name.split_whitespace().collect::<Vec<_>>().join("-"))),
            NameProblem::Special { .. }
            | NameProblem::Leading { .. }
            | NameProblem::Invisible { .. }
            | NameProblem::Control
            | NameProblem::Hidden
            | NameProblem::TooLong { .. } => None,
        }
    }
}

fn noun(found: Found) -> &'static str {
    match found {
        Found::File => "a file",
        Found::Directory => "a directory",
        Found::Symlink => "a symbolic link",
        Found::Fifo => "a FIFO",
        Found::Socket => "a socket",
        Found::CharacterDevice => "a character device",
        Found::BlockDevice => "a block device",
        Found::Unknown => "something else",
    }
}

impl SkipReason {
    /// Why the boot loader reads nothing from a name in `rules.d`.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Directory => "it is a directory",
            Self::DanglingLink => "it is a symbolic link that leads nowhere",
            Self::Hidden => "its name begins with a dot",
            Self::OtherEnding => "its name does not end in .rules",
            Self::InDirectory => "it is in a directory below",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Hint;
    use std::path::PathBuf;
    use std::time::Duration;

    use crate::rules_d::{Errno, FileError, Found, Left, PathProblem, Problem, drop_in_name};

    #[test]
    fn every_problem_has_a_kind_of_its_own_and_a_message_that_names_the_path() {
        let component = PathBuf::from("/etc");
        let errno = Errno::EACCES;
        let rows = [
            (Problem::SymlinkInPath { component: component.clone() }, "symlink_in_path"),
            (Problem::NotADirectory { component: component.clone(), found: Found::File }, "not_a_directory"),
            (Problem::WritableByOthers { component: component.clone(), mode: 0o777 }, "directory_writable_by_others"),
            (Problem::ForeignOwner { component: component.clone(), uid: 7 }, "directory_owned_by_others"),
            (Problem::ImmutableInode { component, append_only: false }, "target_immutable_inode"),
            (Problem::ReadOnlyFileSystem, "read_only_file_system"),
            (Problem::NotARegularFile { found: Found::Fifo }, "not_a_regular_file"),
            (Problem::Unreadable { call: "openat", errno }, "unreadable"),
            (Problem::Moved, "moved_meanwhile"),
            (Problem::TooLarge { limit: 64 << 20 }, "too_large"),
            (Problem::NoSpace { errno: Errno::ENOSPC }, "no_space"),
            (Problem::NoDirectory, "no_directory"),
            (Problem::Busy { waited: Duration::from_millis(1500) }, "busy"),
            (Problem::BadPath(PathProblem::Upwards), "bad_path"),
            (Problem::NotTheHost, "root_is_not_the_host"),
            (Problem::IsTheHost, "root_is_the_host"),
            (Problem::System { call: "renameat", errno }, "file_error"),
        ];
        for (problem, kind) in rows {
            let error = FileError { path: "/etc/audit/x".into(), problem, left: Left::Untouched };
            assert_eq!(error.kind(), kind);
            assert!(error.message().contains("/etc/audit/x"), "{}", error.message());
        }
    }

    #[test]
    fn a_failed_write_says_what_is_left_behind() {
        let error = |left| FileError { path: "/x".into(), problem: Problem::ReadOnlyFileSystem, left };
        let rows = [
            (Left::Untouched, "/x lies on a file system that is mounted read-only"),
            (Left::Old, "/x lies on a file system that is mounted read-only; what was there before is untouched"),
            (Left::New, "/x lies on a file system that is mounted read-only; the new content is in place"),
        ];
        for (left, message) in rows {
            assert_eq!(error(left).message(), message);
        }
    }

    #[test]
    fn the_words_of_the_operating_system_are_kept() {
        let problem = Problem::Unreadable { call: "openat", errno: Errno::EACCES };
        let error = FileError { path: "/x".into(), problem, left: Left::Untouched };
        assert_eq!(error.message(), "/x cannot be read: openat: Permission denied (EACCES)");
        assert_eq!(error.hint(), Some(Hint::say("run it as root (in Ansible: become: true)")));
    }

    #[test]
    fn a_bad_name_is_shown_with_a_better_one_where_there_is_one() {
        let error = drop_in_name("my own rules");
        let words = error.map_err(|error| (error.message(), error.hint()));
        let message = r#"the name "my own rules" of a drop-in cannot be used: it holds white space; augenrules before 4.2 loses such files"#;
        assert_eq!(words.err(), Some((message.to_owned(), Some(Hint::did_you_mean("my-own-rules")))));
    }
}
