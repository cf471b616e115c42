//! What an auditor asks for: each control with its rules, and what is expected of the host rule by rule.

use super::markup::{Cell, Html, tally};
use crate::report::Report;
use crate::report::expected::{EvidenceReport, ExpectedReport, ExpectedSettingReport, LabelReport, LabelsReport};
use crate::report::policy::PolicyReport;
use crate::report::words::{State, held, place};

const WORDS: [(State, &str); 5] = [
    (State::Drift, "not held"),
    (State::Failed, "left out here"),
    (State::Unknown, "open"),
    (State::Note, "skipped"),
    (State::Ok, "held"),
];

pub fn write(report: &Report, html: &mut Html) {
    write_exceptions(&report.policy, html);
    if let Some(labels) = &report.labels {
        write_labels(labels, html);
    }
    if let Some(expected) = &report.expect {
        write_expected(expected, html);
    }
}

/// Whether the host holds a control: never better than the worst of its rules.
pub fn of_label(label: &LabelReport) -> (State, &'static str) {
    let is_left_out = !label.rules.is_empty() && label.rules.iter().all(|rule| rule.held().0 == State::Note);
    match label.in_sync {
        Some(false) if is_left_out && label.settings.is_empty() => (State::Failed, "left out here"),
        Some(true) if label.rules.iter().any(|rule| rule.held().0 == State::Drift) => (State::Drift, "not held"),
        in_sync => held(in_sync, false),
    }
}

fn write_labels(labels: &LabelsReport, html: &mut Html) {
    html.heading("Controls");
    html.filtered("controls", &tally(WORDS, &mut labels.values().map(|label| of_label(label).0)));
    html.table(
        "What there is of the rules of each control: in the files, in the kernel, at the next boot",
        "State|Control|Rules and settings",
    );
    // What needs a look comes first.
    for (wanted, _) in WORDS {
        for (name, label) in labels.iter().filter(|(_, label)| of_label(label).0 == wanted) {
            write_label(name, label, html);
        }
    }
    html.end_table();
    html.end_filtered();
}

fn write_label(name: &str, label: &LabelReport, html: &mut Html) {
    let (state, word) = of_label(label);
    html.begin_row(Some(state));
    html.cells(&[Cell::State(state, word), Cell::Head(name)]);
    let held = label.rules.iter().filter(|rule| rule.held().0 == State::Ok).count();
    html.markup(if state == State::Ok { "<td><details>" } else { "<td><details open=\"open\">" });
    html.markup("<summary>").number(held as u64).markup(" of ").number(label.rules.len() as u64);
    html.markup(if label.rules.len() == 1 { " rule held" } else { " rules held" });
    html.markup(if label.settings.is_empty() { "" } else { ", and settings" }).markup("</summary><ul>\n");
    for rule in &label.rules {
        let (state, word) = rule.held();
        html.markup("<li>").state(state, word).markup(" ").code(&rule.rule);
        html.element(" <small>", &place(rule.file.as_deref(), rule.line, None), "</small>");
        html.element(" <br/>", &rule.shortfall(), "").markup("</li>\n");
    }
    for setting in &label.settings {
        let (state, word) = held_setting(setting);
        html.markup("<li>").state(state, word).markup(" ").text(&setting.setting);
        html.markup(" ").number(setting.expected.into());
        html.element(" <small>", setting.decided_by.as_deref().unwrap_or_default(), "</small>").markup("</li>\n");
    }
    html.markup("</ul></details></td>");
    html.end_row();
}

fn held_setting(setting: &ExpectedSettingReport) -> (State, &'static str) {
    held(setting.in_sync, false)
}

fn write_expected(expected: &ExpectedReport, html: &mut Html) {
    html.heading("Expected");
    html.paragraph(&expected.message());
    if !expected.rules.is_empty() {
        html.filtered("rules", &tally(WORDS, &mut expected.rules.iter().map(|rule| rule.held().0)));
        html.table("Expected rules", "State|Rule|In a file|In the kernel|At the next boot|Controls");
        expected.rules.iter().for_each(|rule| write_rule(rule, html));
        html.end_table();
        html.end_filtered();
    }
    if !expected.settings.is_empty() {
        html.table("Expected settings", "State|Setting|#Expected|#Files|#Kernel|#Next boot");
        for setting in &expected.settings {
            let (state, word) = held_setting(setting);
            html.begin_row(Some(state));
            html.cells(&[
                Cell::State(state, word),
                Cell::Head(&setting.setting),
                Cell::Number(setting.expected.into()),
            ]);
            for value in [setting.on_disk, setting.running, setting.next_boot] {
                number(value, html);
            }
            html.end_row();
        }
        html.end_table();
    }
    if !expected.unexpected.is_empty() {
        html.heading("Not expected");
        html.table("What the host holds besides", "Rule|Stands at");
        for found in &expected.unexpected {
            let at = place(found.file.as_deref(), found.line, None);
            let rule = found.rule.as_deref().map_or(Cell::Head("the whole file"), Cell::HeadCode);
            html.row(None, &[rule, Cell::Code(if at.is_empty() { "kernel" } else { &at })]);
        }
        html.end_table();
    }
}

/// A number that may be unset.
pub fn number(value: Option<u32>, html: &mut Html) {
    match value {
        Some(value) => html.cells(&[Cell::Number(value.into())]),
        None => {
            html.markup("<td class=\"number\">–</td>");
        }
    }
}

fn write_rule(rule: &EvidenceReport, html: &mut Html) {
    let (state, word) = rule.held();
    let at = place(rule.file.as_deref(), rule.line, None);
    html.begin_row(Some(state));
    html.cells(&[Cell::State(state, word)]);
    html.markup("<th scope=\"row\">").code(&rule.rule);
    // What is plainly missing, the other columns say.
    let is_plain = rule.why.is_none() && rule.skipped.is_none() && rule.out_of_place.is_empty() && !rule.silent;
    let more = if is_plain { String::new() } else { rule.shortfall() };
    html.element("<br/><small>", &more, "</small>").markup("</th>");
    html.cells(&[if rule.on_disk { Cell::Code(&at) } else { Cell::Text("no") }]);
    let running = match rule.running {
        Some(true) if rule.silent => "silent",
        Some(true) if rule.recording == Some(false) => "yes, and auditing is off",
        None => "not read",
        Some(yes) => yes_or_no(yes),
    };
    let labels = rule.labels.join(", ");
    html.cells(&[Cell::Text(running), Cell::Text(yes_or_no(rule.next_boot)), Cell::Text(&labels)]);
    html.end_row();
}

pub fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// What the request takes out of its policies.
fn write_exceptions(policies: &[PolicyReport], html: &mut Html) {
    for policy in policies.iter().filter(|policy| !policy.left_out.is_empty() || !policy.replaced.is_empty()) {
        html.markup("<h2>Exceptions from the policy ").text(&policy.name).markup("</h2>\n");
        html.table("What the request leaves out of the policy, or replaces", "What|Left out|Why");
        for name in &policy.replaced {
            html.row(None, &[Cell::Head(name), Cell::Text("replaced"), Cell::Text("by the request")]);
        }
        for entry in &policy.left_out {
            html.begin_row(None);
            html.cells(&[Cell::Head(&entry.what)]);
            html.markup("<td>");
            html.element("<p>Kept: ", &entry.kept_in_words().unwrap_or_default(), "</p>");
            for rule in &entry.rules {
                html.code(rule).markup("<br/>");
            }
            html.markup("</td>");
            html.cells(&[Cell::Text(entry.reason.as_deref().unwrap_or("no reason is given"))]);
            html.end_row();
        }
        html.end_table();
    }
}
