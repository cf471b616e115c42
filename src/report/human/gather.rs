//! What a host holds, and in what its parts differ.

use super::page::{Look, Page, Piece};
use super::piece;
use crate::report::Report;
use crate::report::expected::{EvidenceReport, ExpectedReport, LabelsReport};
use crate::report::gather::{
    DifferenceReport, DriftReport, FilesystemReport, NextBootReport, SettingReport, SettingsReport,
};
use crate::report::words::{held, place};

pub fn write(report: &Report, page: &mut Page) {
    let (running, files) = (report.runtime.as_ref().and_then(|runtime| runtime.rules.as_ref()), &report.filesystem);
    if let Some(expected) = &report.expect {
        write_expected(expected, page);
    }
    if let Some(labels) = &report.labels {
        write_labels(labels, page);
    }
    match (running, files) {
        (Some(rules), _) => {
            page.heading("Rules in the kernel");
            let row = |rule: &crate::report::gather::RunningRuleReport| {
                let origin = rule.origin.as_deref().unwrap_or_default();
                let look = if origin == "runtime only" { Look::Doubtful } else { Look::Faint };
                vec![piece(Look::Plain, &rule.rule.rule), piece(look, origin)]
            };
            page.table(&rules.iter().map(row).collect::<Vec<_>>());
        }
        (None, Some(files)) => write_files(files, page),
        (None, None) => {}
    }
    if let Some(drift) = &report.drift {
        write_drift(drift, page);
    }
    if let Some(files) = files.as_ref().filter(|files| !files.errors.is_empty()) {
        page.heading("Lines that fail");
        for error in &files.errors {
            page.table(&[vec![piece(Look::Plain, &error.rule), piece(Look::Faint, &error.places.join(", "))]]);
            page.line(&[(Look::Plain, "      "), (Look::Bad, &error.message)]);
        }
    }
    if let Some(loader) = report.boot_loader.as_ref().filter(|loader| loader.state != "unknown") {
        page.heading("Loaded at boot by");
        let look = if loader.state == "enabled" { Look::Good } else { Look::Bad };
        let unit = piece(Look::Plain, loader.service.unwrap_or("nobody"));
        let command = piece(Look::Faint, loader.command.as_deref().unwrap_or_default());
        page.table(&[vec![unit, piece(look, loader.state), command]]);
    }
    if let Some(boot) = &report.next_boot {
        write_boot(boot, page);
    }
    if let Some(settings) = &report.settings {
        write_settings(settings, report.drift.as_ref(), page);
    }
    if let Some(managers) = report.managers.as_ref().filter(|managers| !managers.is_empty()) {
        page.heading("Who else");
        let row = |manager: &crate::report::gather::ManagerReport| {
            let receives = if manager.receives_records { "receives the records" } else { "" };
            let rules = format!("{} of its rules loaded", manager.rules);
            vec![piece(Look::Plain, &manager.name), piece(Look::Plain, &rules), piece(Look::Told, receives)]
        };
        page.table(&managers.iter().map(row).collect::<Vec<_>>());
    }
}

fn write_files(files: &FilesystemReport, page: &mut Page) {
    for file in files.files.iter().flatten() {
        page.heading(&file.path);
        let mut rows = Vec::new();
        let mut controls = file.controls.iter().peekable();
        for rule in &file.rules {
            while let Some(control) = controls.next_if(|control| control.line < rule.line) {
                rows.push(line_of(control.line, &control.text, true));
            }
            rows.push(line_of(rule.line, &rule.rule.rule, rule.next_boot));
        }
        rows.extend(controls.map(|control| line_of(control.line, &control.text, true)));
        if rows.is_empty() {
            page.line(&[(Look::Faint, "  no rules")]);
        }
        page.table(&rows);
    }
}

#[inline(never)]
fn line_of(line: usize, text: &str, is_loaded: bool) -> Vec<Piece> {
    let (look, why) = if is_loaded { (Look::Plain, "") } else { (Look::Bad, "not loaded at the next boot") };
    vec![piece(Look::Faint, &line.to_string()), piece(look, text), piece(Look::Bad, why)]
}

fn write_drift(drift: &DriftReport, page: &mut Page) {
    for (heading, list) in drift.lists().into_iter().filter(|(_, list)| !list.is_empty()) {
        page.heading(heading);
        let row = |found: &DifferenceReport| {
            let at = place(found.file.as_deref(), found.line, None);
            let by = found.culprit.as_ref().map(|culprit| piece(Look::Told, &culprit.line()));
            let row = [piece(Look::Bad, &found.rule), piece(Look::Plain, &found.why), piece(Look::Faint, &at)];
            row.into_iter().chain(by).collect()
        };
        page.table(&list.iter().map(row).collect::<Vec<_>>());
    }
}

fn write_boot(boot: &NextBootReport, page: &mut Page) {
    let Some(stop) = &boot.stops_at else { return };
    page.heading("The next boot stops");
    let at = format!("{}:{}", stop.file, stop.line);
    page.table(&[vec![piece(Look::Bad, &stop.rule), piece(Look::Plain, &stop.why), piece(Look::Faint, &at)]]);
    page.line(&[(Look::Plain, "  "), (Look::Plain, &stop.unread_in_words())]);
}

fn write_settings(settings: &SettingsReport, drift: Option<&DriftReport>, page: &mut Page) {
    if settings.is_empty() {
        return;
    }
    page.heading("Settings");
    let head = ["", "files", "kernel", "next boot", "decided by"].map(|text| piece(Look::Faint, text)).to_vec();
    let number =
        |value: Option<u32>| piece(Look::Plain, &value.map_or_else(|| "-".to_owned(), |value| value.to_string()));
    let row = |(name, setting): (&String, &SettingReport)| {
        let is_lost = setting.on_disk.is_some() && setting.on_disk != setting.next_boot;
        let differs = is_lost || drift.is_some_and(|drift| drift.settings.contains(name));
        let look = if differs { Look::Bad } else { Look::Plain };
        let decided = setting.decided_by.as_deref().unwrap_or_default();
        let values = [setting.on_disk, setting.running, setting.next_boot].map(number);
        let by = setting.culprit.as_ref().map(|culprit| piece(Look::Told, &culprit.line()));
        std::iter::once(piece(look, name)).chain(values).chain([piece(Look::Faint, decided)]).chain(by).collect()
    };
    page.table(&std::iter::once(head).chain(settings.iter().map(row)).collect::<Vec<_>>());
}

fn write_expected(expected: &ExpectedReport, page: &mut Page) {
    page.heading("Expected");
    page.table(&expected.rules.iter().map(evidence).collect::<Vec<_>>());
    let setting = |setting: &crate::report::expected::ExpectedSettingReport| {
        let (state, word) = held(setting.in_sync, false);
        let expected = format!("{} {}", setting.setting, setting.expected);
        let at = setting.decided_by.as_deref().unwrap_or_default();
        vec![piece(state.into(), word), piece(Look::Plain, &expected), piece(Look::Faint, at)]
    };
    page.table(&expected.settings.iter().map(setting).collect::<Vec<_>>());
    if !expected.unexpected.is_empty() {
        page.heading("Not expected");
        let row = |found: &crate::report::expected::UnexpectedReport| {
            let at =
                found.file.as_deref().map_or_else(|| "kernel".to_owned(), |file| place(Some(file), found.line, None));
            vec![piece(Look::Bad, found.rule.as_deref().unwrap_or("the whole file")), piece(Look::Faint, &at)]
        };
        page.table(&expected.unexpected.iter().map(row).collect::<Vec<_>>());
    }
}

fn write_labels(labels: &LabelsReport, page: &mut Page) {
    for (name, label) in labels {
        page.heading(&format!("Label {name}: {}", held(label.in_sync, false).1));
        page.table(&label.rules.iter().map(evidence).collect::<Vec<_>>());
    }
}

fn evidence(rule: &EvidenceReport) -> Vec<Piece> {
    let (state, word) = rule.held();
    let at = place(rule.file.as_deref(), rule.line, rule.pointer.as_deref());
    let lacks = piece(Look::Bad, &rule.shortfall());
    vec![piece(state.into(), word), piece(Look::Plain, &rule.rule), lacks, piece(Look::Faint, &at)]
}
