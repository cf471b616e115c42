//! Which init system a host has, and what that says about its audit rules.

use std::path::Path;

use super::Root;
use crate::init::{Init, Script};

/// The script of auditd, for `OpenRC` and System V alike.
const SCRIPT: &str = "/etc/init.d/auditd";

/// The runlevels that `OpenRC` goes through at boot.
const RUNLEVELS: [&str; 3] = ["sysinit", "boot", "default"];

impl Root {
    /// The init system: the one that runs, else that of `/sbin/init`. Where there is no such program, as in an image that
    /// is not finished, the first of which there are files. What cannot be read counts as not there.
    #[must_use]
    pub fn init(&self) -> Init {
        let runs = |directory: &str| self.kind(Path::new(directory), true).is_ok();
        if runs("/run/systemd/system") {
            return self.systemd();
        }
        let table = self.text("/etc/inittab");
        let mentions = |word: &str| table.as_ref().is_some_and(|table| table.contains(word));
        let has_openrc = || runs("/run/openrc") || mentions("openrc");
        let has_sysv = || mentions("/etc/init.d/rc") || mentions("/etc/rc.d/rc");
        let program = self.resolve(Path::new("/sbin/init"), true).ok();
        match program.as_ref().map(|program| program.name.to_string_lossy()).as_deref() {
            Some("systemd") => self.systemd(),
            Some("openrc-init") => Init::OpenRc(self.openrc()),
            Some(_) if has_openrc() => Init::OpenRc(self.openrc()),
            Some(_) if has_sysv() => Init::SysV(self.sysv(table.as_deref())),
            Some(_) => Init::Unknown,
            None => match self.systemd() {
                Init::Unknown if runs("/etc/runlevels") => Init::OpenRc(self.openrc()),
                Init::Unknown if has_sysv() || runs("/etc/rc2.d") => Init::SysV(self.sysv(table.as_deref())),
                found => found,
            },
        }
    }

    fn systemd(&self) -> Init {
        self.units().map_or(Init::Unknown, Init::Systemd)
    }

    fn openrc(&self) -> Script {
        let is_in = |level: &&str| self.kind(Path::new(&format!("/etc/runlevels/{level}/auditd")), false).is_ok();
        self.script(&["/etc/conf.d/auditd"], RUNLEVELS.iter().any(is_in))
    }

    fn sysv(&self, table: Option<&str>) -> Script {
        // Without a default runlevel any of the usual ones will do.
        let default = table.and_then(default_runlevel).map_or_else(|| "2345".to_owned(), |level| level.to_string());
        let is_start = |name: &[u8]| matches!(name, [b'S', b'0'..=b'9', b'0'..=b'9', name @ ..] if name == b"auditd");
        let levels = std::iter::once('S').chain(default.chars());
        let mut directories = levels.flat_map(|level| [format!("/etc/rc{level}.d"), format!("/etc/rc.d/rc{level}.d")]);
        let is_started = directories.any(|directory| !self.names_in(&directory, &is_start).is_empty());
        self.script(&["/etc/default/auditd", "/etc/sysconfig/auditd"], is_started)
    }

    fn script(&self, settings: &[&str], is_started: bool) -> Script {
        let settings = settings.iter().find_map(|path| self.bytes(path)).unwrap_or_default();
        Script { text: self.bytes(SCRIPT), settings, is_started }
    }

    fn text(&self, path: &str) -> Option<String> {
        Some(String::from_utf8_lossy(&self.bytes(path)?).into_owned())
    }

    fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.system_file(Path::new(path)).ok().flatten()
    }
}

/// The runlevel that `/etc/inittab` begins with: `id:2:initdefault:`.
fn default_runlevel(table: &str) -> Option<char> {
    let lines = table.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mut levels = lines.filter_map(|line| {
        let mut parts = line.split(':').skip(1);
        let (level, action) = (parts.next()?, parts.next()?);
        (action == "initdefault").then(|| level.chars().next())?
    });
    levels.next()
}
