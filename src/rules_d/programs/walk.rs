//! The walk over one mount.

use std::collections::HashSet;
use std::ffi::{CStr, OsStr};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode as OpenMode, OFlags, StatxFlags};
use rustix::io::Errno;

use super::privilege::{LONGEST, Mode, grants, mode};
use crate::rules_d::problem::{FileError, Problem};
use crate::rules_d::{FileId, Root, system};

/// The attribute that holds capabilities.
const CAPABILITY: &CStr = c"security.capability";
/// Most errors that are told one by one.
const MOST_ERRORS: usize = 1000;
/// Most directories of a way that are open at once.
const MOST_OPEN: usize = 64;
/// What the kernel gives of a directory at once, in bytes.
const BUFFER: usize = 32 << 10;
const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// What is found on several mounts.
pub struct Walk<'w> {
    root: &'w Root,
    /// The path of the root directory without links.
    real: &'w Path,
    /// Whether what stands at a path is left out, with all below it.
    is_left_out: &'w dyn Fn(&[u8]) -> bool,
    /// Hears from time to time how many entries were looked at.
    progress: &'w mut dyn FnMut(u64),
    /// Where something else is mounted.
    pub points: HashSet<Vec<u8>>,
    /// Paths of programs, as seen from the root.
    pub found: Vec<Vec<u8>>,
    /// Those of them with setuid or setgid.
    pub set_id: Vec<Vec<u8>>,
    /// What could not be read.
    pub errors: Vec<FileError>,
    /// How many further errors there are.
    pub more_errors: usize,
    /// The mount that is walked; none where that cannot be told.
    number: Option<u64>,
    entries: u64,
    buffer: Box<[MaybeUninit<u8>]>,
}

/// A directory whose entries were read, and not yet all of its directories.
struct Level {
    /// None where too many are open; then its identity.
    open: Result<OwnedFd, FileId>,
    /// The names of the directories to go to, each with a NUL after it.
    names: Vec<u8>,
    /// The length of its path.
    length: usize,
}

impl<'w> Walk<'w> {
    pub fn new(
        root: &'w Root,
        real: &'w Path,
        is_left_out: &'w dyn Fn(&[u8]) -> bool,
        progress: &'w mut dyn FnMut(u64),
    ) -> Self {
        Self {
            root,
            real,
            is_left_out,
            progress,
            points: HashSet::new(),
            found: Vec::new(),
            set_id: Vec::new(),
            errors: Vec::new(),
            more_errors: 0,
            number: None,
            entries: 0,
            buffer: vec![MaybeUninit::uninit(); BUFFER].into(),
        }
    }

    /// Walks what is mounted at a path inside the root, unless it is no longer this mount that is seen there.
    pub fn mount(&mut self, at: &[u8], number: Option<u64>) {
        self.number = number;
        let Some(start) = self.start(at) else { return };
        let mut path = if at == b"/" { Vec::new() } else { at.to_vec() };
        let mut levels: Vec<Level> = Vec::new();
        let mut closed = 0;
        let mut next = Some(start);
        loop {
            if let Some(directory) = next.take() {
                let names = self.entries(directory.as_fd(), &path);
                levels.push(Level { open: Ok(directory), names, length: path.len() });
                if levels.len() - closed > MOST_OPEN {
                    match close(&mut levels[closed]) {
                        Ok(()) => closed += 1,
                        Err(errno) => self.failed(&path, "fstat", errno),
                    }
                }
            }
            let Some(level) = levels.last_mut() else { return };
            path.truncate(level.length);
            let name = last_name(&mut level.names);
            if let (Some(name), Ok(directory)) = (&name, &level.open) {
                path.push(b'/');
                path.extend_from_slice(name);
                next = self.enter(directory.as_fd(), name, &path);
                continue;
            }
            let Some(Level { open: Ok(below), .. }) = levels.pop() else { return };
            let Some(Level { open: open @ Err(_), length, .. }) = levels.last_mut() else { continue };
            match reopened(&below, open) {
                Ok(true) => closed -= 1,
                Ok(false) => return self.error(&path[..*length], Problem::Moved),
                Err(errno) => return self.failed(&path[..*length], "openat", errno),
            }
        }
    }

    /// Opens what is mounted at a path, where it is a directory; a file is looked at.
    fn start(&mut self, at: &[u8]) -> Option<OwnedFd> {
        let inside = PathBuf::from(OsStr::from_bytes(at));
        let resolved = match self.root.walk(&inside, false) {
            Ok(mut way) => {
                way.pop().map_or_else(|| system::fcntl_dupfd_cloexec(self.root.descriptor(), 0), |(fd, _)| Ok(fd))
            }
            Err(errno) => Err(errno),
        };
        let opened = resolved.and_then(|fd| {
            let is_other = self.number.is_some() && mount_number(fd.as_fd())? != self.number;
            let kind = FileType::from_raw_mode(system::fstat(&fd)?.st_mode);
            Ok((fd, kind, is_other))
        });
        match opened {
            Ok((_, _, true)) | Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => None,
            Ok((fd, FileType::Directory, _)) => {
                let opened = system::openat(&fd, ".", DIRECTORY, OpenMode::empty());
                opened.map_err(|errno| self.failed(at, "openat", errno)).ok()
            }
            Ok((_, FileType::RegularFile, _)) => {
                let slash = at.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
                let parent = self.root.resolve(&PathBuf::from(OsStr::from_bytes(&at[..slash.max(1)])), false);
                let name = std::ffi::CString::new(&at[slash + 1..]).ok()?;
                match parent {
                    Ok(parent) => self.file(parent.fd.as_fd(), &name, &at[..slash]),
                    Err(errno) => self.failed(at, "openat", errno),
                }
                None
            }
            Ok(_) => None,
            Err(errno) => {
                self.failed(at, "openat", errno);
                None
            }
        }
    }

    /// Opens a directory of the same mount that is not left out; none where it is gone.
    fn enter(&mut self, parent: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> Option<OwnedFd> {
        if (self.is_left_out)(path) || self.is_other_mount(parent, name, path) {
            return None;
        }
        match system::openat(parent, name, DIRECTORY, OpenMode::empty()) {
            Ok(directory) => match mount_number(directory.as_fd()) {
                // What was mounted meanwhile has its own turn.
                Ok(found) => (self.number.is_none() || found == self.number).then_some(directory),
                Err(errno) => {
                    self.failed(path, "statx", errno);
                    None
                }
            },
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => None,
            Err(errno) => {
                self.failed(path, "openat", errno);
                None
            }
        }
    }

    /// Looks at all entries of a directory, and gives the names of its directories, each with a NUL after it.
    fn entries(&mut self, directory: BorrowedFd<'_>, path: &[u8]) -> Vec<u8> {
        let mut names = Vec::new();
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = system::each_entry(directory, &mut buffer, &mut |name, kind| {
            self.entries += 1;
            let kind = if kind == FileType::Unknown { self.kind(directory, name, path) } else { kind };
            match kind {
                FileType::Directory if !matches!(name.to_bytes(), b"." | b"..") => {
                    names.extend_from_slice(name.to_bytes_with_nul());
                }
                FileType::RegularFile => self.file(directory, name, path),
                _ => {}
            }
        });
        self.buffer = buffer;
        match read {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => self.failed(path, "getdents", errno),
        }
        (self.progress)(self.entries);
        names
    }

    /// The kind of an entry that the directory does not tell.
    fn kind(&mut self, directory: BorrowedFd<'_>, name: &CStr, path: &[u8]) -> FileType {
        match system::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT) {
            Ok(stat) => FileType::from_raw_mode(stat.st_mode),
            Err(Errno::NOENT) => FileType::Unknown,
            Err(errno) => {
                self.failed(&joined(path, name), "fstatat", errno);
                FileType::Unknown
            }
        }
    }

    /// Looks at a file of a directory.
    fn file(&mut self, directory: BorrowedFd<'_>, name: &CStr, path: &[u8]) {
        let stat = match system::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return,
            Err(errno) => return self.failed(&joined(path, name), "fstatat", errno),
        };
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return;
        }
        let mode = mode(stat.st_mode);
        let is_program = match mode {
            Mode::Plain => return,
            Mode::Privileged => true,
            Mode::MayBe => match self.has_capabilities(directory, name, path) {
                Ok(has) => has,
                Err(errno) => return self.failed(&joined(path, name), "lgetxattr", errno),
            },
        };
        let path = joined(path, name);
        if is_program && !(self.is_left_out)(&path) && !self.is_other_mount(directory, name.to_bytes(), &path) {
            self.set_id.extend((mode == Mode::Privileged).then(|| path.clone()));
            self.found.push(path);
        }
    }

    /// Whether a file that can be executed has capabilities. The kernel has no call for an attribute of a name in a directory
    /// before 6.13, and to open the file would wake whoever watches that. So its path is asked, which is quick; an answer
    /// that makes it a program, or none, is not believed before the file of the directory has given it too.
    fn has_capabilities(&self, directory: BorrowedFd<'_>, name: &CStr, path: &[u8]) -> Result<bool, Errno> {
        let root = self.real.as_os_str().as_bytes();
        let whole = [if root == b"/" { b"" } else { root }, path, b"/", name.to_bytes()].concat();
        let mut value = [0; LONGEST];
        match system::lgetxattr(&whole[..], CAPABILITY, &mut value) {
            Ok(length) if !value.get(..length).is_some_and(grants) => Ok(false),
            Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(false),
            Ok(_) | Err(_) => has_capabilities(directory, name),
        }
    }

    /// Whether something else is mounted at a path. That the list names the path does not say it: the mount may be hidden
    /// by one over a directory on the way. What is mounted may not let itself be looked at, so nothing is asked of it.
    fn is_other_mount(&mut self, parent: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> bool {
        if !self.points.contains(path) {
            return false;
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found =
            system::openat(parent, name, flags, OpenMode::empty()).and_then(|fd| mount_number_in_proc(fd.as_fd()));
        match found {
            Ok(found) => self.number.is_none() || found != self.number,
            Err(Errno::NOENT) => true,
            Err(errno) => {
                self.failed(path, "openat", errno);
                true
            }
        }
    }

    fn failed(&mut self, path: &[u8], call: &'static str, errno: Errno) {
        self.error(path, Problem::Unreadable { call, errno: crate::rules_d::problem::number(errno) });
    }

    fn error(&mut self, path: &[u8], problem: Problem) {
        if self.errors.len() == MOST_ERRORS {
            self.more_errors += 1;
            return;
        }
        let inside = PathBuf::from(OsStr::from_bytes(if path.is_empty() { b"/" } else { path }));
        self.errors.push(FileError::new(self.root.host_path(&inside), problem));
    }
}

fn joined(path: &[u8], name: &CStr) -> Vec<u8> {
    [path, b"/", name.to_bytes()].concat()
}

/// Takes the last of names that have a NUL after them.
fn last_name(names: &mut Vec<u8>) -> Option<Vec<u8>> {
    names.pop()?;
    let begin = names.iter().rposition(|byte| *byte == 0).map_or(0, |nul| nul + 1);
    Some(names.split_off(begin))
}

/// Closes a directory, and notes which it was.
fn close(level: &mut Level) -> Result<(), Errno> {
    if let Ok(directory) = &level.open {
        level.open = Err(FileId::from(&system::fstat(directory)?));
    }
    Ok(())
}

/// Opens again the directory that holds this one; false where that is another one than it was.
fn reopened(below: &OwnedFd, open: &mut Result<OwnedFd, FileId>) -> Result<bool, Errno> {
    let Err(was) = open else { return Ok(true) };
    let directory = system::openat(below, "..", DIRECTORY, OpenMode::empty())?;
    let is_same = FileId::from(&system::fstat(&directory)?) == *was;
    *open = Ok(directory);
    Ok(is_same)
}

/// The number of the mount that something lies on. Linux before 5.8 tells it in `/proc` alone.
pub fn mount_number(fd: BorrowedFd<'_>) -> Result<Option<u64>, Errno> {
    match system::statx(fd, "", AtFlags::EMPTY_PATH | AtFlags::NO_AUTOMOUNT, StatxFlags::MNT_ID) {
        Ok(stat) if StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::MNT_ID) => {
            return Ok(Some(stat.stx_mnt_id));
        }
        Ok(_) | Err(Errno::NOSYS) => {}
        Err(errno) => return Err(errno),
    }
    mount_number_in_proc(fd)
}

fn mount_number_in_proc(fd: BorrowedFd<'_>) -> Result<Option<u64>, Errno> {
    let info = format!("/proc/self/fdinfo/{}", fd.as_raw_fd());
    let file = system::open(info, OFlags::RDONLY | OFlags::CLOEXEC, OpenMode::empty())?;
    let mut text = [0; 1024];
    let length = system::read(&file, &mut text)?;
    let text = String::from_utf8_lossy(&text[..length]);
    Ok(text.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok()))
}

/// The same of the very file of a directory, whatever leads there now: over `/proc`.
fn has_capabilities(directory: BorrowedFd<'_>, name: &CStr) -> Result<bool, Errno> {
    let mut path = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
    path.extend_from_slice(name.to_bytes());
    let mut value = [0; LONGEST];
    match system::lgetxattr(&path[..], CAPABILITY, &mut value) {
        Ok(length) => Ok(value.get(..length).is_some_and(grants)),
        // Without the attribute; on a file system without attributes; with one that the kernel would not read either; gone.
        Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::RANGE | Errno::NOENT) => Ok(false),
        // Those of another user namespace than ours, which its programs get.
        Err(Errno::OVERFLOW) => Ok(true),
        Err(errno) => Err(errno),
    }
}
