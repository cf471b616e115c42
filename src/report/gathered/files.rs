//! The files in the report of `gather`, and what the next boot makes of them.

use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::super::bound::{Omitted, RULES};
use super::super::explain;
use super::super::gather::{
    AuditctlReport, BootLoaderReport, CommandLineReport, ControlLineReport, FileRuleReport, FilesystemReport,
    LineProblemReport, NextBootReport, NextKernelReport, RulesFileReport, StopReport,
};
use super::super::rule::RuleReports;
use crate::auditctl::{Installed, Verb};
use crate::boot_load::{LoadFailure, LoadLine, Spot};
use crate::drift::{AtBoot, Cause, Drift, FileRule, NextBoot};
use crate::gather::{HeldFiles, NextKernel};
use crate::init::{Loader, Prevented};
use crate::lines::{HostRule, Reader};

/// Where each line of the files has gone.
struct Evidence<'a> {
    boot: &'a NextBoot,
    merged: HashMap<&'a Spot, &'a LoadLine>,
    asked: HashMap<&'a Spot, usize>,
    running: Option<HashSet<usize>>,
}

impl<'a> Evidence<'a> {
    fn of(boot: &'a NextBoot, drift: Option<&Drift>) -> Self {
        let alone = boot.merge.lines.iter().filter_map(|line| match line.spots.as_slice() {
            [spot] => Some((spot, line)),
            _ => None,
        });
        Self {
            boot,
            merged: alone.collect(),
            asked: boot.asked.iter().enumerate().map(|(at, asked)| (&asked.spot, at)).collect(),
            running: drift.map(|drift| drift.held.iter().filter_map(|held| held.asked).collect()),
        }
    }

    /// The line that counts for this place: of a duplicate the one that it repeats.
    fn line(&self, spot: &Spot) -> Option<(usize, &FileRule)> {
        let at = *self.asked.get(spot)?;
        let asked = self.boot.asked.get(at)?;
        match &asked.at_boot {
            AtBoot::Again(first) | AtBoot::Fails(LoadFailure::Duplicate(first)) => {
                let at = *self.asked.get(first)?;
                Some((at, self.boot.asked.get(at)?))
            }
            _ => Some((at, asked)),
        }
    }
}

/// The files, line by line.
pub fn filesystem(
    held: &mut HeldFiles,
    drift: Option<&Drift>,
    omitted: &mut Omitted,
    reports: &RuleReports<'_>,
) -> FilesystemReport {
    let evidence = Evidence::of(&held.boot, drift);
    let (known, reader) = (&held.observed.files, &mut held.observed.reader);
    let mut room = RULES;
    let files = known.sources().into_iter().enumerate().map(|(file, (path, content))| {
        let path: Rc<str> = path.to_string_lossy().into();
        let mut report = RulesFileReport {
            path: path.to_string(),
            mode: format!("{:04o}", content.mode),
            uid: content.uid,
            gid: content.gid,
            rules: Vec::new(),
            controls: Vec::new(),
        };
        for (number, text) in content.bytes.split(|byte| *byte == b'\n').enumerate() {
            let spot = Spot { file: Rc::clone(&path), line: number + 1 };
            let text = evidence.merged.get(&spot).map_or(text, |line| &line.text);
            let mut told = Told { report: &mut report, room: &mut room, omitted: &mut *omitted, file };
            told.take(text, &spot, &evidence, reader, reports);
        }
        report
    });
    let files = files.collect();
    FilesystemReport {
        rules_dir: known.rules_dir.display().to_string(),
        exists: known.has_directory,
        files: Some(files),
        compiled: known
            .audit_rules
            .as_ref()
            .map(|compiled| !known.has_directory || *compiled.bytes == known.compiled(&known.drop_ins)),
        errors: omitted.first("/filesystem/errors", problems(&held.boot).into_iter()),
        auditd: held.auditd.clone(),
    }
}

/// What is told of a file.
struct Told<'a> {
    report: &'a mut RulesFileReport,
    /// How many more lines of all files have room.
    room: &'a mut usize,
    omitted: &'a mut Omitted,
    /// Its index among the files.
    file: usize,
}

impl Told<'_> {
    /// Takes a line in.
    fn take(
        &mut self,
        text: &[u8],
        spot: &Spot,
        evidence: &Evidence<'_>,
        reader: &mut Reader,
        reports: &RuleReports<'_>,
    ) {
        let reading = reader.read(text);
        if reading.is_silent {
            return;
        }
        let rule = reading.rule.as_ref().filter(|rule| rule.line.verb != Verb::Delete && !rule.line.emptied);
        let controls: Vec<_> = reading.controls_at_boot().cloned().collect();
        let is_control = !controls.is_empty() || (reading.obstacles.is_empty() && rule.is_none());
        if is_control && self.has_room("controls") {
            self.report.controls.push(ControlLineReport {
                text: String::from_utf8_lossy(text).into_owned(),
                line: spot.line,
                settings: explain::Settings::of(&controls),
            });
        }
        if let Some(rule) = rule.filter(|_| self.has_room("rules")) {
            let line = evidence.line(spot);
            self.report.rules.push(FileRuleReport {
                rule: reports.of_line(rule),
                line: spot.line,
                running: evidence.running.as_ref().map(|running| line.is_some_and(|(at, _)| running.contains(&at))),
                next_boot: line.is_some_and(|(_, asked)| asked.at_boot == AtBoot::Loaded),
            });
        }
    }

    /// Whether an entry of this list has room; otherwise it is counted.
    fn has_room(&mut self, list: &str) -> bool {
        let has_room = *self.room > 0;
        if has_room {
            *self.room -= 1;
        } else {
            self.omitted.count(&format!("/filesystem/files/{}/{list}", self.file), 1);
        }
        has_room
    }
}

/// The lines that fail, each problem once with all its places.
fn problems(boot: &NextBoot) -> Vec<LineProblemReport> {
    let mut reports: Vec<LineProblemReport> = Vec::new();
    let mut known: HashMap<(&'static str, &[u8]), usize> = HashMap::default();
    for line in &boot.asked {
        let cause = match &line.at_boot {
            AtBoot::Outdated => Cause::Outdated,
            AtBoot::Swallowed(comment) => Cause::Swallowed(comment.clone()),
            _ => continue,
        };
        reports.push(LineProblemReport {
            kind: cause.name().to_owned(),
            message: cause.sentence(),
            rule: String::from_utf8_lossy(&line.text).into_owned(),
            hint: None,
            places: vec![line.spot.to_string()],
        });
    }
    let other = boot.other.iter().flat_map(|(_, load)| &load.failing);
    let asked = boot.asked_at();
    let only_there = other.filter(|failing| asked.contains(&failing.spot));
    for failing in boot.whole.failing.iter().chain(only_there) {
        let kind = failing.trouble.kind();
        let at = *known.entry((kind, &*failing.text)).or_insert_with(|| {
            reports.push(LineProblemReport {
                kind: kind.to_owned(),
                message: failing.trouble.sentence(),
                rule: String::from_utf8_lossy(&failing.text).into_owned(),
                hint: match &failing.trouble {
                    LoadFailure::Unloadable(crate::lines::Unloadable::Line(error)) => {
                        error.hint().map(|hint| hint.to_string())
                    }
                    _ => None,
                },
                places: Vec::new(),
            });
            reports.len() - 1
        });
        if let Some(report) = reports.get_mut(at) {
            report.places.push(failing.spot.to_string());
        }
    }
    reports
}

/// Who loads the rules at boot.
pub fn boot_loader(loader: &Loader, installed: &Installed) -> BootLoaderReport {
    let command = loader.command.as_ref();
    BootLoaderReport {
        state: loader.state.name(),
        init: loader.init,
        service: loader.service,
        command: command.map(|command| command.text.clone()),
        file: command.and_then(|command| command.file.clone()),
        ignores_failure: command.is_some_and(|command| command.ignores_failure),
        prevented_by: loader.prevented.as_ref().map(Prevented::message),
        conditions: loader.conditions.iter().map(ToString::to_string).collect(),
        auditctl: installed.is_there.then(|| AuditctlReport {
            version: installed.version.map(|version| version.to_string()),
            names_known: installed.has_words(),
        }),
    }
}

/// What the next boot would load.
pub fn next_boot(held: &HeldFiles, omitted: &mut Omitted, reports: &RuleReports<'_>) -> NextBootReport {
    let boot = &held.boot;
    // The kernel lists one list after the other.
    let mut rules: Vec<&HostRule> = boot.real.rules.iter().map(|loaded| &*loaded.rule).collect();
    rules.sort_by_key(|rule| rule.listed.list.0);
    NextBootReport {
        rules: Some(
            omitted.first("/next_boot/rules", rules.into_iter().map(|rule| reports.of_line(rule).rule.clone())),
        ),
        stops_at: boot.stop().map(|(failing, unread)| StopReport {
            file: failing.spot.file.to_string(),
            line: failing.spot.line,
            rule: String::from_utf8_lossy(&failing.text).into_owned(),
            why: failing.trouble.sentence(),
            unread,
        }),
        kernels: held.kernels.iter().map(kernel).collect(),
    }
}

fn kernel(next: &NextKernel) -> NextKernelReport {
    NextKernelReport {
        title: next.title.clone(),
        file: next.file.clone(),
        command_line: CommandLineReport::from(&next.said),
        covers_early_processes: next.said.starts_audit(),
    }
}
