//! The units of a host that load audit rules.

use std::ffi::OsString;
use std::path::Path;

use super::Root;
use crate::init::{UNITS, Unit, Units};

/// Where units lie that outlive a boot; the first that has a file of a name counts. `/lib` is a link where `/usr/lib` has
/// them.
const DIRECTORIES: [&str; 4] =
    ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// Where presets lie.
const PRESETS: [&str; 4] = [
    "/etc/systemd/system-preset",
    "/usr/local/lib/systemd/system-preset",
    "/usr/lib/systemd/system-preset",
    "/lib/systemd/system-preset",
];

impl Root {
    /// The units that may load the rules at boot; none where the host has no systemd. What cannot be read counts as
    /// not there.
    pub(super) fn units(&self) -> Option<Units> {
        let is_target = |name: &[u8]| name.ends_with(b".target.wants") || name.ends_with(b".target.requires");
        let mut targets = Vec::new();
        let mut has_systemd = false;
        for directory in DIRECTORIES {
            let Some(names) = self.names(directory, &is_target) else { continue };
            has_systemd = true;
            targets.extend(names.into_iter().map(|name| format!("{directory}/{}", name.to_string_lossy())));
        }
        has_systemd.then(|| Units { units: UNITS.map(|name| self.unit(name, &targets)), presets: self.presets() })
    }

    /// The preset files, where the next boot is the first one (`machine-id(5)`): there is no machine id yet.
    fn presets(&self) -> Option<Vec<Vec<u8>>> {
        let id = self.system_file(Path::new("/etc/machine-id")).ok()?;
        let is_first_boot = id.is_none_or(|id| id.trim_ascii() == b"uninitialized");
        is_first_boot.then(|| self.in_directories(&PRESETS, b".preset"))
    }

    fn unit(&self, name: &str, targets: &[String]) -> Unit {
        let is_there = |path: &String| self.kind(Path::new(path), false).is_ok();
        let is_wanted = targets.iter().any(|target| is_there(&format!("{target}/{name}")));
        let mut unit = Unit { is_wanted, ..Unit::default() };
        let mut files = DIRECTORIES.iter().map(|directory| format!("{directory}/{name}"));
        let Some(own) = files.find(is_there) else { return unit };
        let Some(text) = self.setting(&own) else {
            unit.is_masked = true;
            return unit;
        };
        unit.texts.push(text);
        unit.texts.extend(self.in_directories(&DIRECTORIES.map(|directory| format!("{directory}/{name}.d")), b".conf"));
        unit
    }

    /// The files with this ending, by their names; of several of one name the one in the first directory counts.
    fn in_directories(&self, directories: &[impl AsRef<str>], ending: &[u8]) -> Vec<Vec<u8>> {
        let mut names: Vec<OsString> = Vec::new();
        for directory in directories {
            names.extend(self.names(directory.as_ref(), &|name| name.ends_with(ending)).into_iter().flatten());
        }
        names.sort();
        names.dedup();
        let text = |name: &OsString| {
            let mut paths =
                directories.iter().map(|directory| format!("{}/{}", directory.as_ref(), name.to_string_lossy()));
            let path = paths.find(|path| self.kind(Path::new(path), false).is_ok())?;
            self.setting(&path)
        };
        names.iter().filter_map(text).collect()
    }

    /// What such a file says; none for one that is masked: empty, or a link to `/dev/null`.
    fn setting(&self, path: &str) -> Option<Vec<u8>> {
        self.system_file(Path::new(path)).ok().flatten().filter(|text| !text.is_empty())
    }

    /// Names in a directory, which may not exist.
    pub(super) fn names_in(&self, directory: &str, wanted: &dyn Fn(&[u8]) -> bool) -> Vec<OsString> {
        self.names(directory, wanted).unwrap_or_default()
    }

    /// Names in a directory; none where there is no such directory.
    fn names(&self, directory: &str, wanted: &dyn Fn(&[u8]) -> bool) -> Option<Vec<OsString>> {
        let directory = self.directory(Path::new(directory)).ok().filter(super::Directory::exists)?;
        directory.names(wanted).ok()
    }
}
