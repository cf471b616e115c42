//! The audit log: which files it is in, and their lines.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::problem::{FileError, Problem};
use super::root::fstat;
use super::{FileId, Root, system};
use crate::init::auditd_settings;

/// Where auditd's own settings are.
const AUDITD_CONF: &str = "/etc/audit/auditd.conf";
/// Where it writes to, where these say nothing.
const USUAL: &str = "/var/log/audit/audit.log";
/// What compressed files end in.
const COMPRESSED: [&str; 3] = ["", ".gz", ".xz"];

/// A file of the log, open, so that its being renamed makes no difference.
#[derive(Debug)]
pub struct LogFile {
    /// Its path, as seen from the root.
    pub path: PathBuf,
    /// How many bytes it had when it was opened.
    pub size: u64,
    pub(super) fd: OwnedFd,
    id: FileId,
}

impl Root {
    /// The files of the host's log that are there, the oldest first: the `log_file` of auditd.conf, and those that auditd or
    /// others renamed to `audit.log.1` and so on, compressed or not.
    ///
    /// The newest is opened first. Where files are renamed meanwhile, one of them is met again under its next name, and none
    /// is missed.
    ///
    /// # Errors
    /// A file that is there and cannot be opened, and an auditd.conf that cannot be read.
    pub fn log_files(&self) -> Result<(PathBuf, Vec<LogFile>), FileError> {
        let settings = self.system_file(Path::new(AUDITD_CONF))?.unwrap_or_default();
        let newest = log_file(&settings).unwrap_or_else(|| PathBuf::from(USUAL));
        let mut files: Vec<LogFile> = Vec::new();
        let mut number = 0_u32;
        let mut last = self.last_number(&newest);
        while number <= last {
            let mut name = newest.as_os_str().to_owned();
            if number > 0 {
                name.push(format!(".{number}"));
            }
            for ending in COMPRESSED {
                let mut name = name.clone();
                name.push(ending);
                let found = self.log_if_there(Path::new(&name))?;
                let found = found.filter(|file| !files.iter().any(|known| known.id == file.id));
                files.extend(found);
            }
            if number == last {
                last = last.max(self.last_number(&newest));
            }
            number += 1;
        }
        files.reverse();
        Ok((newest, files))
    }

    /// The settings of auditd; none where it has no file of them, or none that can be read.
    #[must_use]
    pub fn auditd_settings(&self) -> Option<BTreeMap<String, String>> {
        let text = self.system_file(Path::new(AUDITD_CONF)).ok().flatten()?;
        Some(auditd_settings(&String::from_utf8_lossy(&text)))
    }

    /// Opens one file of a log.
    ///
    /// # Errors
    /// When it is not there, cannot be opened or is no regular file.
    pub fn log_file(&self, inside: &Path) -> Result<LogFile, FileError> {
        let missing = || FileError::unreadable(&self.host_path(inside), "open", Errno::NOENT);
        self.log_if_there(inside)?.ok_or_else(missing)
    }

    fn log_if_there(&self, inside: &Path) -> Result<Option<LogFile>, FileError> {
        let path = self.host_path(inside);
        let unreadable = |errno| FileError::unreadable(&path, "open", errno);
        let resolved = match self.resolve(inside, true) {
            Ok(resolved) => resolved,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(unreadable(errno)),
        };
        let kind = FileType::from_raw_mode(fstat(&resolved.fd, &path)?.st_mode);
        if kind != FileType::RegularFile {
            return Err(FileError::new(path, Problem::NotARegularFile { found: kind.into() }));
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = match system::openat(&resolved.parent, &resolved.name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(unreadable(errno)),
        };
        let stat = fstat(&fd, &path)?;
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        Ok(Some(LogFile { path: inside.to_owned(), size, fd, id: FileId::from(&stat) }))
    }

    /// The highest number that a file beside the newest one has.
    fn last_number(&self, newest: &Path) -> u32 {
        let directory = newest.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
        let numbers = self.names_in(&directory, &|_| true);
        numbers.iter().filter_map(|name| rotated(newest.file_name()?, name)).max().unwrap_or_default()
    }
}

/// The number of a file that was renamed: 3 of `audit.log.3.gz`.
fn rotated(newest: &OsStr, name: &OsString) -> Option<u32> {
    let rest = name.as_bytes().strip_prefix(newest.as_bytes())?.strip_prefix(b".")?;
    let rest = std::str::from_utf8(rest).ok()?;
    let digits = rest.strip_suffix(".gz").or_else(|| rest.strip_suffix(".xz")).unwrap_or(rest);
    digits.parse().ok().filter(|number| *number > 0 && *number < 100_000)
}

/// What auditd.conf says of where the log is (auditd.conf(5)): the last `log_file`, in any case.
fn log_file(settings: &[u8]) -> Option<PathBuf> {
    let value = |line: &[u8]| {
        let at = line.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (line.get(..at)?.trim_ascii(), line.get(at + 1..)?.trim_ascii());
        let is_meant = name.eq_ignore_ascii_case(b"log_file") && value.starts_with(b"/");
        is_meant.then(|| PathBuf::from(OsStr::from_bytes(value)))
    };
    settings.split(|byte| *byte == b'\n').filter_map(value).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auditds_settings_say_where_the_log_is() {
        let path = |text: &str| log_file(text.as_bytes());
        assert_eq!(path("LOG_FILE = /srv/audit/a.log \nlog_format = ENRICHED\n"), Some("/srv/audit/a.log".into()));
        assert_eq!(path("# log_file = /a\nlog_file=/b\nlog_file = c\n"), Some("/b".into()));
        assert_eq!(path(""), None);
    }

    #[test]
    fn a_renamed_file_has_a_number() {
        let number = |name: &str| rotated(OsStr::new("audit.log"), &OsString::from(name));
        assert_eq!(
            [number("audit.log.3"), number("audit.log.12.gz"), number("audit.log.1.xz")],
            [Some(3), Some(12), Some(1)]
        );
        for name in [
            "audit.log",
            "audit.log.0",
            "audit.log.x",
            "audit.log.1.bz2",
            "audit.log-1",
            "other.1",
            "audit.log.4000000",
        ] {
            assert_eq!(number(name), None, "{name}");
        }
    }
}
