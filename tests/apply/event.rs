//! What happens on a host between two requests.

use std::collections::BTreeMap;
use std::fs;

use audit_rules::auditctl::{Control, Verb};
use audit_rules::augenrules::{Awk, Script, Source, merge};
use audit_rules::kernel::model::Foreign;
use audit_rules::kernel::{Change, Kernel, Setting};
use serde::Deserialize;

use crate::host::Host;

/// What happens, in the order of these entries.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Event {
    /// Directories that are made.
    directories: Vec<String>,
    /// Files that somebody writes.
    write: BTreeMap<String, String>,
    /// Modes that somebody gives, in octal.
    mode: BTreeMap<String, String>,
    /// Files and directories that somebody removes; the kernel drops the rules on such a directory.
    remove: Vec<String>,
    /// Links that somebody makes: from a path to a target.
    link: BTreeMap<String, String>,
    /// `auditctl -D`.
    flush: bool,
    /// Rules that another process unloads.
    unload: Vec<String>,
    /// Rules that another process loads.
    load: Vec<String>,
    /// The host boots.
    reboot: bool,
}

impl Host {
    pub fn undergo(&mut self, event: &Event) {
        event.directories.iter().for_each(|path| self.directory(path));
        event.write.iter().for_each(|(path, text)| self.write(path, text));
        event.mode.iter().for_each(|(path, mode)| self.mode(path, u32::from_str_radix(mode, 8).unwrap()));
        for path in &event.remove {
            let place = self.path(path);
            if place.is_dir() {
                fs::remove_dir_all(place).unwrap();
                self.kernel.suffer(&Foreign::RemoveDirectory(path.clone().into_bytes()));
            } else {
                fs::remove_file(place).unwrap();
            }
        }
        for (path, target) in &event.link {
            std::os::unix::fs::symlink(target, self.path(path)).unwrap();
        }
        self.tell_paths();
        if event.flush {
            self.kernel.suffer(&Foreign::Flush);
        }
        for line in &event.unload {
            let rule = self.rule_line(line).rule;
            self.kernel.suffer(&Foreign::Unload(rule));
        }
        self.load(&event.load.iter().map(String::as_str).collect::<Vec<_>>());
        if event.reboot {
            self.reboot();
        }
    }

    /// Boots: `augenrules --load` with auditctl 4.2, which stops at the first line that fails.
    fn reboot(&mut self) {
        self.kernel.reboot();
        let tree = self.tree();
        let drop_ins = tree.drop_ins();
        let sources: Vec<Source<'_>> = drop_ins.iter().map(|(name, bytes)| Source { name, bytes }).collect();
        let merged = merge(&sources, Script::newest(Awk::Gawk));
        let mut goes_on = false;
        for line in merged.lines() {
            if !self.load_at_boot(&line.text, &mut goes_on) && !goes_on {
                return;
            }
        }
    }

    fn load_at_boot(&mut self, line: &[u8], goes_on: &mut bool) -> bool {
        let Some(statement) = self.statement(line) else { return false };
        let mut fine = true;
        for control in &statement.controls {
            let setting = match control {
                Control::Enabled(value) => Setting::Enabled(*value),
                Control::Failure(value) => Setting::Failure(*value),
                Control::BacklogLimit(value) => Setting::BacklogLimit(*value),
                Control::RateLimit(value) => Setting::RateLimit(*value),
                Control::BacklogWaitTime(value) => Setting::BacklogWaitTime(*value),
                Control::LoginuidImmutable => Setting::LoginuidImmutable { on: true, lock: true },
                Control::IgnoreErrors | Control::ContinueOnErrors => {
                    *goes_on = true;
                    continue;
                }
                _ => continue,
            };
            fine &= self.kernel.set(setting).is_ok();
        }
        if let Some(line) = statement.rule {
            let line = self.settled(line);
            let mut rule = line.rule.clone();
            rule.syscalls = line.mask_4_2();
            let change = match line.verb {
                Verb::Append => Change::Append(&rule),
                Verb::Prepend => Change::Prepend(&rule),
                Verb::Delete => Change::Unload(&rule),
            };
            fine &= self.kernel.change(&[change]).unwrap()[0].is_ok();
        }
        fine
    }
}
