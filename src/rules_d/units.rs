//! The units of a host that load audit rules.

use std::ffi::OsString;
use std::path::Path;

use super::Root;
use crate::systemd::{UNITS, Unit};

/// Where units lie that outlive a boot; the first that has a file of a name counts. `/lib` is a link where `/usr/lib` has
/// them.
const DIRECTORIES: [&str; 4] =
    ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

impl Root {
    /// The units that may load the rules at boot; none where the host has no systemd. What cannot be read counts as
    /// not there: it decides about a hint and about nothing else.
    #[must_use]
    pub fn units(&self) -> Option<[Unit; 2]> {
        let is_target = |name: &[u8]| name.ends_with(b".target.wants") || name.ends_with(b".target.requires");
        let mut targets = Vec::new();
        let mut has_systemd = false;
        for directory in DIRECTORIES {
            let Some(names) = self.names(directory, &is_target) else { continue };
            has_systemd = true;
            targets.extend(names.into_iter().map(|name| format!("{directory}/{}", name.to_string_lossy())));
        }
        has_systemd.then(|| UNITS.map(|name| self.unit(name, &targets)))
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
        let mut drop_ins: Vec<OsString> = Vec::new();
        for directory in DIRECTORIES {
            let found = self.names(&format!("{directory}/{name}.d"), &|name| name.ends_with(b".conf"));
            drop_ins.extend(found.into_iter().flatten());
        }
        drop_ins.sort();
        drop_ins.dedup();
        for file in drop_ins {
            // Of several of one name the one in the first directory counts.
            let mut paths =
                DIRECTORIES.iter().map(|directory| format!("{directory}/{name}.d/{}", file.to_string_lossy()));
            unit.texts.extend(paths.find(is_there).and_then(|path| self.setting(&path)));
        }
        unit
    }

    /// What such a file says; none for one that is masked: empty, or a link to `/dev/null`.
    fn setting(&self, path: &str) -> Option<Vec<u8>> {
        self.system_file(Path::new(path)).ok().flatten().filter(|text| !text.is_empty())
    }

    /// Names in a directory; none where there is no such directory.
    fn names(&self, directory: &str, wanted: &dyn Fn(&[u8]) -> bool) -> Option<Vec<OsString>> {
        let directory = self.directory(Path::new(directory)).ok().filter(super::Directory::exists)?;
        directory.names(wanted).ok()
    }
}
