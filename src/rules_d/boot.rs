//! What a host's own files say about its accounts and its boot loader.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Root;
use super::problem::FileError;
use crate::augenrules::{Awk, Script};

/// Where distributions put the script.
const SCRIPTS: [&str; 2] = ["/sbin/augenrules", "/usr/sbin/augenrules"];

/// Where distributions put awk.
const AWKS: [&str; 2] = ["/usr/bin/awk", "/bin/awk"];

/// The account files of a host; empty where there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accounts {
    /// `/etc/passwd`.
    pub passwd: Vec<u8>,
    /// `/etc/group`.
    pub group: Vec<u8>,
}

/// The `augenrules` of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootLoader {
    /// Where the script lies, inside the root; none where none is installed.
    pub path: Option<PathBuf>,
    /// How it merges; the newest script where none is installed.
    pub script: Script,
}

impl Root {
    /// Reads the account files.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn accounts(&self) -> Result<Accounts, FileError> {
        let file = |path| Ok(self.system_file(Path::new(path))?.unwrap_or_default());
        Ok(Accounts { passwd: file("/etc/passwd")?, group: file("/etc/group")? })
    }

    /// Finds out which `augenrules` and which awk are installed.
    ///
    /// # Errors
    /// A script that is there and cannot be read.
    pub fn boot_loader(&self) -> Result<BootLoader, FileError> {
        let awk = self.awk();
        for path in SCRIPTS {
            if let Some(text) = self.system_file(Path::new(path))? {
                return Ok(BootLoader { path: Some(path.into()), script: Script::from_text(&text, awk) });
            }
        }
        Ok(BootLoader { path: None, script: Script::newest(awk) })
    }

    fn awk(&self) -> Awk {
        AWKS.iter()
            .filter_map(|path| self.resolve(Path::new(path), true).ok())
            .find_map(|program| Awk::from_program(program.name.as_bytes()))
            .unwrap_or_else(|| self.default_awk())
    }

    /// What the host's `os-release` holds; empty where it has none that can be read.
    #[must_use]
    pub fn os_release(&self) -> Vec<u8> {
        let paths = ["/etc/os-release", "/usr/lib/os-release"];
        paths.iter().find_map(|path| self.system_file(Path::new(path)).ok().flatten()).unwrap_or_default()
    }

    /// The awk that the distribution installs when nothing else is asked for.
    fn default_awk(&self) -> Awk {
        let release = self.os_release();
        let names: Vec<String> = String::from_utf8_lossy(&release)
            .lines()
            .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
            .flat_map(|value| value.trim_matches(['"', '\'']).split(' '))
            .map(str::to_owned)
            .collect();
        let is = |name: &str| names.iter().any(|known| known == name);
        if is("debian") || is("ubuntu") {
            Awk::Mawk
        } else if is("alpine") {
            Awk::Busybox
        } else {
            Awk::Gawk
        }
    }
}
