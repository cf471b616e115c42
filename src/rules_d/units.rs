//! The units of a host that load audit rules.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use rustix::fs::FileType;

use super::{Root, system};
use crate::init::{PathFound, PathKind, Started, UNITS, Unit, UnitFile, Units, judged_paths, programs};

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

/// Where programs are that a unit names without a path.
const PROGRAMS: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// What the targets of systemd itself pull in, for images that it is not in yet.
const TARGETS: [(&str, &str); 5] = [
    ("default.target", "graphical.target"),
    ("graphical.target", "multi-user.target"),
    ("multi-user.target", "basic.target"),
    ("basic.target", "sysinit.target"),
    ("rescue.target", "sysinit.target"),
];

impl Root {
    /// The units that may load the rules at boot; none where the host has no systemd. What cannot be read counts as
    /// not there.
    pub(super) fn units(&self) -> Option<Units> {
        let listed = |directory: &&'static str| Some((*directory, self.names(directory, &|_| true)?));
        let directories: Vec<(&str, Vec<OsString>)> = DIRECTORIES.iter().filter_map(listed).collect();
        if directories.is_empty() {
            return None;
        }
        let search = Search {
            root: self,
            directories: directories
                .into_iter()
                .map(|(directory, names)| (directory, names.into_iter().filter_map(|n| n.into_string().ok()).collect()))
                .collect(),
        };
        let units = UNITS.map(|name| search.unit(name));
        let mut found = Units { units, presets: self.presets(), ..Units::default() };
        search.reach(&mut found);
        let all = found.units.iter().map(|unit| &unit.files).chain(&found.others);
        for files in all {
            let paths = judged_paths(files).into_iter().chain(programs(files));
            found.paths.extend(paths.map(|path| (path.clone(), self.found(&path))));
        }
        let command_line = self.system_file(Path::new("/proc/cmdline")).ok().flatten();
        found.command_line = command_line.map(|text| String::from_utf8_lossy(&text).into_owned());
        Some(found)
    }

    /// What stands at a path of a unit, or where a program without one is.
    fn found(&self, path: &str) -> PathFound {
        if !path.starts_with('/') {
            let mut found = PROGRAMS.iter().map(|directory| self.found(&format!("{directory}/{path}")));
            return found.find(|found| found.is_executable).unwrap_or_default();
        }
        let is_link = self.kind(Path::new(path), false).is_ok_and(|kind| kind == FileType::Symlink);
        let none = PathFound { is_link, ..PathFound::default() };
        let Ok(resolved) = self.resolve(Path::new(path), true) else { return none };
        let Ok(stat) = system::fstat(&resolved.fd) else { return none };
        let kind = FileType::from_raw_mode(stat.st_mode);
        let is_directory = kind == FileType::Directory;
        let has_names = || self.names(path, &|_| true).is_some_and(|names| !names.is_empty());
        PathFound {
            kind: if is_directory { PathKind::Directory } else { PathKind::Other },
            is_link,
            has_content: if is_directory { has_names() } else { stat.st_size > 0 },
            is_executable: kind == FileType::RegularFile && stat.st_mode & 0o111 != 0,
        }
    }

    /// The preset files, where the next boot is the first one (`machine-id(5)`): there is no machine id yet.
    fn presets(&self) -> Option<Vec<Vec<u8>>> {
        let id = self.system_file(Path::new("/etc/machine-id")).ok()?;
        let is_first_boot = id.is_none_or(|id| id.trim_ascii() == b"uninitialized");
        let texts = || self.in_directories(&PRESETS, b".preset").into_iter().map(|file| file.text).collect();
        is_first_boot.then(texts)
    }

    /// The files with this ending, by their names; of several of one name the one in the first directory counts.
    fn in_directories(&self, directories: &[impl AsRef<str>], ending: &[u8]) -> Vec<UnitFile> {
        let mut names: Vec<OsString> = Vec::new();
        for directory in directories {
            names.extend(self.names(directory.as_ref(), &|name| name.ends_with(ending)).into_iter().flatten());
        }
        names.sort_unstable();
        names.dedup();
        let text = |name: &OsString| {
            let mut paths =
                directories.iter().map(|directory| format!("{}/{}", directory.as_ref(), name.to_string_lossy()));
            let path = paths.find(|path| self.kind(Path::new(path), false).is_ok())?;
            Some(UnitFile { text: self.setting(&path)?, path })
        };
        names.iter().filter_map(text).collect()
    }

    /// What such a file says; none for one that is masked: empty, or a link to `/dev/null`.
    fn setting(&self, path: &str) -> Option<Vec<u8>> {
        self.system_file(Path::new(path)).ok().flatten().filter(|text| !text.is_empty())
    }

    /// Names in a directory, which may not exist, in no order.
    pub(super) fn names_in(&self, directory: &str, wanted: &dyn Fn(&[u8]) -> bool) -> Vec<OsString> {
        self.names(directory, wanted).unwrap_or_default()
    }

    /// Names in a directory, in no order; none where there is no such directory.
    fn names(&self, directory: &str, wanted: &dyn Fn(&[u8]) -> bool) -> Option<Vec<OsString>> {
        let directory = self.directory(Path::new(directory)).ok().filter(super::Directory::exists)?;
        directory.unsorted_names(wanted).ok()
    }
}

/// The units of a host, by their names.
struct Search<'r> {
    root: &'r Root,
    /// The names in each directory of units.
    directories: Vec<(&'static str, BTreeSet<String>)>,
}

impl Search<'_> {
    /// The directories that have a name, as paths to it.
    fn paths(&self, name: &str) -> Vec<String> {
        let having = self.directories.iter().filter(|(_, names)| names.contains(name));
        having.map(|(directory, _)| format!("{directory}/{name}")).collect()
    }

    fn unit(&self, name: &str) -> Unit {
        let Some(path) = self.paths(name).into_iter().next() else { return Unit::default() };
        let Some(text) = self.root.setting(&path) else { return Unit { is_masked: true, ..Unit::default() } };
        let drop_ins = drop_in_directories(name).iter().flat_map(|name| self.paths(name)).collect::<Vec<_>>();
        let own = UnitFile { path, text };
        let files = std::iter::once(own).chain(self.root.in_directories(&drop_ins, b".conf"));
        Unit { files: files.collect(), is_masked: false }
    }

    /// Follows `default.target`, through links and directives, and notes what it leads to.
    fn reach(&self, found: &mut Units) {
        let mut ahead = vec!["default.target".to_owned()];
        while let Some(name) = ahead.pop() {
            if !found.reached.insert(name.clone()) {
                continue;
            }
            let known = UNITS.iter().position(|unit| *unit == name);
            let unit = known.map_or_else(|| self.unit(&name), |at| found.units[at].clone());
            if unit.is_masked && self.alias(&name).is_none() {
                continue;
            }
            // One name may stand for another unit, which need not be there yet.
            let alias = self.alias(&name);
            let usual =
                TARGETS.iter().filter(|(target, _)| unit.files.is_empty() && alias.is_none() && *target == name);
            ahead.extend(usual.map(|(_, pulled)| (*pulled).to_owned()));
            ahead.extend(alias);
            let started = Started::of(&unit.files);
            ahead.extend(started.pulled_in);
            if known.is_some() || !unit.files.is_empty() || name.ends_with(".target") {
                ahead.extend(self.asked_for(&name));
            }
            if known.is_none() && !started.programs.is_empty() {
                found.others.push(unit.files);
            }
        }
    }

    /// The name of the unit that this one is a link to.
    fn alias(&self, name: &str) -> Option<String> {
        let target = self.root.link(Path::new(self.paths(name).first()?)).ok()?;
        let other = target.file_name()?.to_string_lossy().into_owned();
        (other != name && target != Path::new("/dev/null")).then_some(other)
    }

    /// The units that links ask for beside a unit. The name of a link counts, wherever it leads, but for `/dev/null`.
    fn asked_for(&self, name: &str) -> Vec<String> {
        let mut asked: BTreeMap<String, bool> = BTreeMap::new();
        for kind in ["wants", "requires", "upholds"] {
            let mut links: BTreeMap<String, bool> = BTreeMap::new();
            for directory in self.paths(&format!("{name}.{kind}")) {
                for link in self.root.names_in(&directory, &|_| true) {
                    let Ok(link) = link.into_string() else { continue };
                    let target = || self.root.link(Path::new(&format!("{directory}/{link}")));
                    let is_asked = || target().is_ok_and(|to| to != Path::new("/dev/null"));
                    // Of several of one name the one in the first directory counts.
                    links.entry(link.clone()).or_insert_with(is_asked);
                }
            }
            for (link, is_asked) in links {
                *asked.entry(link).or_default() |= is_asked;
            }
        }
        asked.into_iter().filter_map(|(name, is_asked)| is_asked.then_some(name)).collect()
    }
}

/// The names of the directories of drop-ins for a unit, the one that counts most first: its own, those of the beginnings of
/// its name, and that of all units of its kind.
fn drop_in_directories(name: &str) -> Vec<String> {
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    let mut names = vec![format!("{name}.d")];
    let dashes = stem.char_indices().rev().filter(|(_, c)| *c == '-');
    names.extend(dashes.map(|(at, _)| format!("{}.{kind}.d", stem.get(..=at).unwrap_or_default())));
    names.push(format!("{kind}.d"));
    names
}
