//! The files that say which auditctl a host has.

use std::path::{Path, PathBuf};

use super::Root;

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
    /// The program; none where none is installed, or where it cannot be read.
    pub auditctl: Option<Vec<u8>>,
    /// The library that has its words.
    pub libaudit: Option<Vec<u8>>,
    /// The version of the package.
    pub package: Option<String>,
}

impl Root {
    /// Reads the program and its library, for a machine as `uname -m` names it, and what dpkg knows of the package. What
    /// cannot be read is as if it were not there: the boot load is then predicted for the newest auditctl.
    #[must_use]
    pub fn installed_auditctl(&self, machine: &str) -> InstalledFiles {
        let read = |path: &Path| self.system_file(path).ok().flatten();
        let auditctl = PROGRAMS.iter().find_map(|path| read(Path::new(path)));
        if auditctl.is_none() {
            return InstalledFiles::default();
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
        let libaudit = directories.map(|directory| directory.join("libaudit.so.1")).find_map(|path| read(&path));
        let package = read(Path::new("/var/lib/dpkg/status")).and_then(|status| version_of(&status));
        InstalledFiles { auditctl, libaudit, package }
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
