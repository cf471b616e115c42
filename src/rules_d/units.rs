//! The units of a host that load audit rules.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::{Root, system};
use crate::sorting::sort_by;
use crate::systemd::{UNITS, Unit};

/// Where units lie that outlive a boot; the first that has a file of a name counts.
const DIRECTORIES: [&str; 4] =
    ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

impl Root {
    /// The units that may load the rules at boot; none where the host has no systemd. What cannot be read counts as
    /// not there: it decides about a hint and about nothing else.
    #[must_use]
    pub fn units(&self) -> Option<[Unit; 2]> {
        let listings = DIRECTORIES.map(|directory| self.names(Path::new(directory)));
        listings.iter().any(Option::is_some).then(|| {
            let targets: Vec<PathBuf> = DIRECTORIES
                .iter()
                .zip(listings)
                .flat_map(|(directory, names)| {
                    names.into_iter().flatten().map(move |name| Path::new(directory).join(name))
                })
                .filter(|path| {
                    path.to_str().is_some_and(|p| p.ends_with(".target.wants") || p.ends_with(".target.requires"))
                })
                .collect();
            UNITS.map(|name| self.unit(name, &targets))
        })
    }

    fn unit(&self, name: &str, targets: &[PathBuf]) -> Unit {
        let is_there = |path: &PathBuf| self.kind(path, false).is_ok();
        let mut unit = Unit { is_wanted: targets.iter().any(|target| is_there(&target.join(name))), ..Unit::default() };
        let Some(own) = DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).find(is_there) else {
            return unit;
        };
        let Some(text) = self.setting(&own) else {
            unit.is_masked = true;
            return unit;
        };
        unit.texts.push(text);
        let mut drop_ins: Vec<(OsString, PathBuf)> = Vec::new();
        for directory in DIRECTORIES {
            let directory = Path::new(directory).join(format!("{name}.d"));
            for name in self.names(&directory).into_iter().flatten() {
                // One of the same name in a directory before this one counts instead.
                if Path::new(&name).extension() == Some(OsStr::new("conf"))
                    && !drop_ins.iter().any(|(known, _)| *known == name)
                {
                    let path = directory.join(&name);
                    drop_ins.push((name, path));
                }
            }
        }
        sort_by(&mut drop_ins, |a, b| a.0.cmp(&b.0));
        unit.texts.extend(drop_ins.iter().filter_map(|(_, path)| self.setting(path)));
        unit
    }

    /// What such a file says; none for one that is masked: empty, or a link to `/dev/null`.
    fn setting(&self, path: &Path) -> Option<Vec<u8>> {
        self.system_file(path).ok().flatten().filter(|text| !text.is_empty())
    }

    /// The names in a directory; none where there is no such directory.
    fn names(&self, directory: &Path) -> Option<Vec<OsString>> {
        let found = self.resolve(directory, true).ok()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = system::openat(&found.fd, ".", flags, Mode::empty()).ok()?;
        let entries = system::entries(&directory).ok()?;
        let names = entries.filter_map(|entry| Some(OsStr::from_bytes(entry.ok()?.file_name().to_bytes()).to_owned()));
        Some(names.collect())
    }
}
