//! The files that say which auditctl a host has.

use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::Root;
use super::problem::{FileError, Problem};

/// Where distributions put the program.
const PROGRAMS: [&str; 3] = ["/sbin/auditctl", "/usr/sbin/auditctl", "/usr/bin/auditctl"];

/// Where distributions put its library, for a machine as `uname -m` names it: first what only that machine uses.
const LIBRARIES: [(&str, &str); 14] = [
    ("x86_64", "/usr/lib/x86_64-linux-gnu"),
    ("aarch64", "/usr/lib/aarch64-linux-gnu"),
    ("ppc64le", "/usr/lib/powerpc64le-linux-gnu"),
    ("ppc64", "/usr/lib/powerpc64-linux-gnu"),
    ("s390x", "/usr/lib/s390x-linux-gnu"),
    ("riscv64", "/usr/lib/riscv64-linux-gnu"),
    ("armv7l", "/usr/lib/arm-linux-gnueabihf"),
    ("armv6l", "/usr/lib/arm-linux-gnueabihf"),
    ("armv5tel", "/usr/lib/arm-linux-gnueabi"),
    ("i686", "/usr/lib/i386-linux-gnu"),
    ("i386", "/usr/lib/i386-linux-gnu"),
    ("", "/usr/lib64"),
    ("", "/lib64"),
    ("", "/usr/lib"),
];

/// The packages that bring auditctl: of Debian and its like.
const PACKAGE: &[u8] = b"Package: auditd\n";

/// What a host's files say of its auditctl.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstalledFiles {
    /// The program; none where none is installed.
    pub auditctl: Option<Vec<u8>>,
    /// The library that has its words.
    pub libaudit: Option<Vec<u8>>,
}

impl Root {
    /// Reads the program and its library, for a machine as `uname -m` names it. Where
    /// there is none, the boot load is predicted for the newest auditctl.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn installed_auditctl(&self, machine: &str) -> Result<InstalledFiles, FileError> {
        let auditctl = self.first_of(PROGRAMS.iter().map(PathBuf::from))?;
        if auditctl.is_none() {
            return Ok(InstalledFiles::default());
        }
        let beside = ["/lib", "/usr/lib"].map(PathBuf::from);
        let directories = LIBRARIES
            .iter()
            .filter(|(of, _)| of.is_empty() || *of == machine)
            .flat_map(|(_, directory)| {
                let short = directory.strip_prefix("/usr").unwrap_or(directory);
                [PathBuf::from(directory), PathBuf::from(short)]
            })
            .chain(beside);
        let libaudit = self.first_of(directories.map(|directory| directory.join("libaudit.so.1")))?;
        Ok(InstalledFiles { auditctl, libaudit })
    }

    /// The version of the package of auditctl that dpkg knows.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn auditctl_package(&self) -> Result<Option<String>, FileError> {
        Ok(self.system_file(Path::new("/var/lib/dpkg/status"))?.and_then(|status| version_of(&status)))
    }

    /// The bytes of the first of these files that is there.
    fn first_of(&self, paths: impl Iterator<Item = PathBuf>) -> Result<Option<Vec<u8>>, FileError> {
        for path in paths {
            match self.system_file(&path) {
                // Who may not read it asks for nothing that it decides about.
                Ok(None) | Err(FileError { problem: Problem::Unreadable { errno: Errno::EACCES, .. }, .. }) => {}
                found => return found,
            }
        }
        Ok(None)
    }
}

/// The version of the package in dpkg's status file.
fn version_of(status: &[u8]) -> Option<String> {
    let at = status
        .windows(PACKAGE.len())
        .enumerate()
        .find(|(at, window)| *window == PACKAGE && (*at == 0 || status.get(at - 1) == Some(&b'\n')))?;
    let entry = status.get(at.0..)?;
    let mut lines = entry.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let version = lines.find_map(|line| line.strip_prefix(b"Version: "))?;
    Some(String::from_utf8_lossy(version).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_package_and_of_no_other() {
        let status =
            b"Package: auditd-extra\nVersion: 9\n\nPackage: auditd\nStatus: ok\nVersion: 1:3.0.9-1\n\nPackage: b\n";
        assert_eq!(version_of(status).as_deref(), Some("1:3.0.9-1"));
        assert_eq!(version_of(b"Package: auditd\n\nPackage: b\nVersion: 2\n"), None);
    }
}
