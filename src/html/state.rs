//! What a host holds, and in what its parts differ.

use super::evidence::{number, yes_or_no};
use super::markup::{Cell, Html};
use crate::report::Report;
use crate::report::culprit::CulpritReport;
use crate::report::gather::{
    BootLoaderReport, CommandLineReport, DifferenceReport, DriftReport, FilesystemReport, NextBootReport,
    RulesFileReport, RunningRuleReport, SettingReport, SettingsReport, StatusReport,
};
use crate::report::words::{State, place};

pub fn write(report: &Report, html: &mut Html) {
    if let Some(drift) = &report.drift {
        write_drift(drift, html);
    }
    if let Some(files) = &report.filesystem {
        write_failing(files, html);
    }
    if report.boot_loader.is_some() || report.next_boot.is_some() {
        html.heading("Next boot");
    }
    if let Some(loader) = &report.boot_loader {
        write_loader(loader, html);
    }
    if let Some(boot) = &report.next_boot {
        write_boot(boot, html);
    }
    if let Some(settings) = report.settings.as_ref().filter(|settings| !settings.is_empty()) {
        write_settings(settings, report.drift.as_ref(), html);
    }
    if let Some(status) = &report.status {
        write_status(status, report, html);
    }
    if let Some(rules) = report.runtime.as_ref().and_then(|runtime| runtime.rules.as_ref()) {
        write_running(rules, html);
    }
    if let Some(files) = &report.filesystem {
        files.files.iter().flatten().enumerate().for_each(|(at, file)| write_file(at == 0, file, html));
    }
}

fn write_drift(drift: &DriftReport, html: &mut Html) {
    let lists = drift.lists();
    if lists.iter().all(|(_, list)| list.is_empty()) {
        return;
    }
    html.heading("Drift");
    for (caption, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        html.table(caption, "Rule|Why|Stands at|Changed by");
        for found in list {
            write_difference(found, html);
        }
        html.end_table();
    }
}

fn write_difference(found: &DifferenceReport, html: &mut Html) {
    let at = place(found.file.as_deref(), found.line, None);
    let by = found.culprit.as_ref().map(CulpritReport::line).unwrap_or_default();
    html.row(None, &[Cell::HeadCode(&found.rule), Cell::Text(&found.why), Cell::Code(&at), Cell::Text(&by)]);
}

fn write_failing(files: &FilesystemReport, html: &mut Html) {
    if files.errors.is_empty() {
        return;
    }
    html.heading("Lines that fail");
    html.table("Lines of the files that cannot be loaded on this host", "Line|Why|Stands at");
    for error in &files.errors {
        html.begin_row(None);
        html.cells(&[Cell::HeadCode(&error.rule)]);
        html.markup("<td>").text(&error.message);
        html.element("<br/><small>Help: ", error.hint.as_deref().unwrap_or_default(), "</small>").markup("</td>");
        html.cells(&[Cell::Code(&error.places.join(", "))]);
        html.end_row();
    }
    html.end_table();
}

/// A line of a list of facts; nothing where there is no value.
fn fact(name: &'static str, value: &str, html: &mut Html) {
    if !value.is_empty() {
        html.markup("<div><dt>").markup(name).markup("</dt>").element("<dd>", value, "</dd></div>\n");
    }
}

fn write_loader(loader: &BootLoaderReport, html: &mut Html) {
    let state = match loader.state {
        "enabled" => State::Ok,
        "unknown" => State::Unknown,
        _ => State::Drift,
    };
    html.markup("<dl class=\"facts\">\n<div><dt>Rules are loaded by</dt><dd>");
    html.text(loader.service.unwrap_or("nobody")).markup(" ").state(state, loader.state).markup("</dd></div>\n");
    fact("Loaded with", loader.command.as_deref().unwrap_or_default(), html);
    fact("File", loader.file.as_deref().unwrap_or_default(), html);
    fact("Prevented by", loader.prevented_by.as_deref().unwrap_or_default(), html);
    fact("Depends on", &loader.conditions.join(", "), html);
    fact("A failure is", if loader.ignores_failure { "not noticed by anybody" } else { "" }, html);
    let version = loader.auditctl.as_ref().and_then(|auditctl| auditctl.version.as_deref());
    fact("auditctl", version.unwrap_or_default(), html);
    html.markup("</dl>\n");
}

fn write_boot(boot: &NextBootReport, html: &mut Html) {
    if let Some(stop) = &boot.stops_at {
        html.markup("<p>").state(State::Failed, "The load stops").markup(" at ");
        html.code(&place(Some(&stop.file), Some(stop.line), None)).markup(": ").code(&stop.rule);
        html.markup(": ").text(&stop.why).markup("; ").text(&stop.unread_in_words()).markup(".</p>\n");
    }
    if let Some(rules) = &boot.rules {
        html.markup("<p>It loads ").number(rules.len() as u64);
        html.markup(if rules.len() == 1 { " rule.</p>\n" } else { " rules.</p>\n" });
    }
    if boot.kernels.is_empty() {
        return;
    }
    html.table(
        "Kernels that the host can boot, and what they are told of audit",
        "Kernel|Covers early processes|audit|File",
    );
    for kernel in &boot.kernels {
        let covers = yes_or_no(kernel.covers_early_processes);
        let said = told(&kernel.command_line);
        html.row(None, &[Cell::Head(&kernel.title), Cell::Text(covers), Cell::Code(&said), Cell::Code(&kernel.file)]);
    }
    html.end_table();
}

/// What a kernel's command line says of audit.
fn told(said: &CommandLineReport) -> String {
    let word = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name}={value}"));
    let words = [word("audit", &said.audit), word("audit_backlog_limit", &said.audit_backlog_limit)];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn write_settings(settings: &SettingsReport, drift: Option<&DriftReport>, html: &mut Html) {
    html.heading("Settings");
    html.table(
        "Who says what about each setting, in the kernel's numbers",
        "Setting|#Files|#Kernel|#Next boot|Decided by|Changed by",
    );
    for (name, setting) in settings {
        let is_lost = setting.on_disk.is_some() && setting.on_disk != setting.next_boot;
        let differs = is_lost || drift.is_some_and(|drift| drift.settings.contains(name));
        write_setting(name, setting, differs, html);
    }
    html.end_table();
}

fn write_setting(name: &str, setting: &SettingReport, differs: bool, html: &mut Html) {
    html.begin_row(None);
    html.markup("<th scope=\"row\">").text(name);
    if differs {
        html.markup(" ").state(State::Drift, "differs");
    }
    html.markup("</th>");
    for value in [setting.on_disk, setting.running, setting.next_boot] {
        number(value, html);
    }
    html.markup("<td>").code(setting.decided_by.as_deref().unwrap_or_default());
    for line in &setting.overruled {
        html.markup("<br/><small>and not ").number(line.value.into()).markup(" of ").text(&line.at).markup("</small>");
    }
    let by = setting.culprit.as_ref().map(CulpritReport::line).unwrap_or_default();
    html.markup("</td>").cells(&[Cell::Text(&by)]);
    html.end_row();
}

fn write_status(status: &StatusReport, report: &Report, html: &mut Html) {
    html.heading("Kernel").markup("<dl class=\"facts\">\n");
    let auditing = match status.enabled {
        0 => (State::Drift, "off"),
        2 => (State::Ok, "on, and locked until the next boot"),
        _ => (State::Ok, "on"),
    };
    html.markup("<div><dt>Auditing</dt><dd>").state(auditing.0, auditing.1).markup("</dd></div>\n");
    fact("Release", status.release.as_deref().unwrap_or_default(), html);
    let covers = status.covers_early_processes.map(yes_or_no).unwrap_or_default();
    fact("Covers processes from before it was switched on", covers, html);
    fact("Boot parameters", &status.command_line.as_ref().map(told).unwrap_or_default(), html);
    let process = match (status.pid, &status.process) {
        (0, _) => "nobody".to_owned(),
        (pid, Some(name)) => format!("{name} (process {pid})"),
        (pid, None) => format!("process {pid}"),
    };
    fact("Records go to", &process, html);
    let listeners: Vec<&str> = status.listeners.iter().filter_map(|listener| listener.process.as_deref()).collect();
    fact("Listened to by", &listeners.join(", "), html);
    for (name, number) in [
        ("Records lost", Some(status.lost)),
        ("Records waiting", Some(status.backlog)),
        ("Jiffies waited in all", status.backlog_wait_time_actual),
    ] {
        fact(name, &number.map(|number| number.to_string()).unwrap_or_default(), html);
    }
    html.markup("</dl>\n");
    let managers = report.managers.as_deref().unwrap_or_default();
    if managers.is_empty() {
        return;
    }
    let columns = "Program|#Rules with its keys|Receives the records";
    html.table("Programs that load rules or receive records", columns);
    for manager in managers {
        let is_receiver = yes_or_no(manager.receives_records);
        html.row(None, &[Cell::Head(&manager.name), Cell::Number(manager.rules as u64), Cell::Text(is_receiver)]);
    }
    html.end_table();
}

fn write_running(rules: &[RunningRuleReport], html: &mut Html) {
    html.heading("Rules in the kernel");
    if rules.is_empty() {
        html.markup("<p>None.</p>\n");
        return;
    }
    html.table("In the order of the kernel", "Rule|Asked for by");
    for rule in rules {
        let cell = match rule.origin.as_deref() {
            Some("runtime only") => Cell::State(State::Drift, "no file"),
            Some(origin) => Cell::Code(origin),
            None => Cell::Text("not read"),
        };
        html.row(None, &[Cell::HeadCode(&rule.rule.rule), cell]);
    }
    html.end_table();
}

fn write_file(is_first: bool, file: &RulesFileReport, html: &mut Html) {
    if is_first {
        html.heading("Files");
    }
    html.markup("<details><summary>").code(&file.path).markup(" <small>mode ").text(&file.mode);
    html.markup(", owner ").number(file.uid.into()).markup(", group ").number(file.gid.into()).markup(", ");
    html.number(file.rules.len() as u64).markup(if file.rules.len() == 1 { " rule" } else { " rules" });
    html.markup("</small></summary>\n");
    html.table("Lines that are no comments", "#Line|Rule or setting|In the kernel|At the next boot");
    let mut controls = file.controls.iter().peekable();
    for rule in &file.rules {
        while let Some(control) = controls.next_if(|control| control.line < rule.line) {
            html.row(
                None,
                &[Cell::Number(control.line as u64), Cell::HeadCode(&control.text), Cell::Text(""), Cell::Text("")],
            );
        }
        let running = rule.running.map_or("not read", yes_or_no);
        let cells = [Cell::HeadCode(&rule.rule.rule), Cell::Text(running), Cell::Text(yes_or_no(rule.next_boot))];
        html.begin_row(None);
        html.cells(&[Cell::Number(rule.line as u64)]);
        html.cells(&cells);
        html.end_row();
    }
    for control in controls {
        html.row(
            None,
            &[Cell::Number(control.line as u64), Cell::HeadCode(&control.text), Cell::Text(""), Cell::Text("")],
        );
    }
    html.end_table();
    html.markup("</details>\n");
}
