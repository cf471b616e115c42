//! What can go wrong with a file, as data; `crate::error` has the words.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use nix::errno::Errno;
use rustix::fs::FileType;

/// A problem with one file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The path as the host sees it: below the other root directory, if there is one.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
    /// What the path holds now.
    pub left: Left,
}

/// What a failed step left behind at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing was to be changed yet.
    Untouched,
    /// What was there before, byte for byte; or still nothing.
    Old,
    /// What was to be written, whole; or nothing, where the file was to be removed.
    New,
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Problem {
    /// A component, perhaps the last, is a symbolic link.
    SymlinkInPath { component: PathBuf },
    /// A component that should be a directory is something else.
    NotADirectory { component: PathBuf, found: Found },
    /// Group or others may write to a directory on the way.
    WritableByOthers { component: PathBuf, mode: u32 },
    /// A directory on the way belongs neither to root nor to the user who runs this.
    ForeignOwner { component: PathBuf, uid: u32 },
    /// `chattr +i` or `chattr +a`, on the file or on its directory.
    ImmutableInode { component: PathBuf, append_only: bool },
    /// The file system is mounted read-only.
    ReadOnlyFileSystem,
    /// The file is something else than a file.
    NotARegularFile { found: Found },
    /// The file could not be read.
    Unreadable { call: &'static str, errno: Errno },
    /// It was moved while it was read.
    Moved,
    /// It has more bytes than are ever read.
    TooLarge { limit: u64 },
    /// The disk, or the quota, is used up.
    NoSpace { errno: Errno },
    /// The directory of the file does not exist.
    NoDirectory,
    /// Another run holds the lock.
    Busy { waited: Duration },
    /// The path cannot be used.
    BadPath(PathProblem),
    /// A root directory that is said to be that of the running host, and is another one.
    NotTheHost,
    /// A root directory that is said to be another one, and is that of the running host.
    IsTheHost,
    /// Any other answer of the operating system.
    System { call: &'static str, errno: Errno },
}

/// What was found in place of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Found {
    File,
    Directory,
    Symlink,
    Fifo,
    Socket,
    CharacterDevice,
    BlockDevice,
    Unknown,
}

/// Why a path cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathProblem {
    /// It does not begin with a slash.
    Relative,
    /// It holds a NUL.
    Nul,
    /// It holds a component `..`.
    Upwards,
    /// It is `/`, which is no place for drop-ins.
    RootItself,
}

/// A name of a drop-in that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// The name as it was given.
    pub name: String,
    /// What is wrong with it.
    pub problem: NameProblem,
}

/// Why a name of a drop-in cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    /// Nothing is left of it without `.rules`.
    Empty,
    /// It holds a slash: a name is not a path.
    Slash,
    /// A NUL, a newline or another control character.
    Control,
    /// It holds a character that a shell reads as something else.
    Special {
        /// Which.
        character: char,
    },
    /// It begins with a character that a program or a shell reads as something else.
    Leading {
        /// Which.
        character: char,
    },
    /// It holds a character that is not seen, or that turns the direction of the text.
    Invisible {
        /// Which.
        character: char,
    },
    /// It begins with a dot: a hidden file, which no boot loader reads.
    Hidden,
    /// A space or other white space: `augenrules` before 4.2 loses such files.
    Space,
    /// Longer than a file name may be; in bytes.
    TooLong {
        /// Its length with `.rules`.
        length: usize,
        /// The longest allowed (`NAME_MAX`).
        limit: usize,
    },
}

/// A drop-in that the boot loader passes over, and so do we.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its name in `rules.d`.
    pub name: OsString,
    /// Where it lies.
    pub path: PathBuf,
    /// Why nothing is read from it.
    pub reason: SkipReason,
}

/// Why a name in `rules.d` gives no lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// It is a directory.
    Directory,
    /// It is a symbolic link that leads nowhere.
    DanglingLink,
    /// Its name begins with a dot.
    Hidden,
    /// Its name does not end in `.rules`.
    OtherEnding,
    /// It is in a directory below.
    InDirectory,
}

impl FileError {
    pub(super) fn new(path: impl Into<PathBuf>, problem: Problem) -> Self {
        Self { path: path.into(), problem, left: Left::Untouched }
    }

    pub(super) fn unreadable(path: &Path, call: &'static str, errno: rustix::io::Errno) -> Self {
        Self::new(path, Problem::Unreadable { call, errno: number(errno) })
    }

    pub(super) fn write(path: &Path, call: &'static str, errno: rustix::io::Errno, left: Left) -> Self {
        let problem = match number(errno) {
            errno @ (Errno::ENOSPC | Errno::EDQUOT) => Problem::NoSpace { errno },
            Errno::EROFS => Problem::ReadOnlyFileSystem,
            errno => Problem::System { call, errno },
        };
        Self { path: path.to_owned(), problem, left }
    }

    pub(super) fn with_left(self, left: Left) -> Self {
        Self { left, ..self }
    }
}

impl From<FileType> for Found {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Symlink,
            FileType::Fifo => Self::Fifo,
            FileType::Socket => Self::Socket,
            FileType::CharacterDevice => Self::CharacterDevice,
            FileType::BlockDevice => Self::BlockDevice,
            FileType::Unknown => Self::Unknown,
        }
    }
}

pub(super) fn number(errno: rustix::io::Errno) -> Errno {
    Errno::from_raw(errno.raw_os_error())
}
