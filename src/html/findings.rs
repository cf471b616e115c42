//! What `lint` found, and what the auditors' scanner makes of the rules.

use super::markup::{Cell, Html, tally};
use crate::report::Report;
use crate::report::lint::FindingReport;
use crate::report::scanner::{CheckReport, CheckState, ScannerReport};
use crate::report::words::State;

pub fn write(report: &Report, html: &mut Html) {
    if let Some(scanner) = &report.scanner {
        write_scanner(scanner, html);
    }
    if let Some(findings) = report.findings.as_ref().filter(|findings| !findings.is_empty()) {
        write_findings(findings, html);
    }
}

const SEVERITIES: [(State, &str); 5] = [
    (State::Failed, "errors"),
    (State::Drift, "warnings"),
    (State::Note, "worth knowing"),
    (State::Unknown, "unknown"),
    (State::Ok, "ok"),
];

fn write_findings(findings: &[FindingReport], html: &mut Html) {
    html.heading("Findings");
    html.filtered("findings", &tally(SEVERITIES, &mut findings.iter().map(|found| found.severity.word().0)));
    html.table("What was found in the rules, in the order of the files", "Severity|Finding|Stands at|Code");
    for found in findings {
        let (state, word) = found.severity.word();
        html.begin_row(Some(state));
        html.cells(&[Cell::State(state, word)]);
        html.markup("<th scope=\"row\">").text(&found.message);
        html.element("<br/><code>", found.rule.as_deref().unwrap_or_default(), "</code>");
        html.element("<br/><small>On ", &found.archs.join(", "), "</small>");
        let fix = found.fix.as_ref().map(|fix| fix.text.as_str());
        html.element("<br/><small>Fix: ", fix.unwrap_or_default(), "</small>").markup("</th><td>");
        html.code(&found.place().text());
        for at in &found.related {
            html.element("<br/><small>see ", &at.text(), "</small>");
        }
        html.markup("</td>").cells(&[Cell::Unbroken(&found.code)]);
        html.end_row();
    }
    html.end_table();
    html.end_filtered();
}

const CHECKS: [(State, &str); 5] = [
    (State::Failed, "absent"),
    (State::Drift, "in other words"),
    (State::Unknown, "undecided"),
    (State::Note, "worth knowing"),
    (State::Ok, "accepted"),
];

fn write_scanner(scanner: &ScannerReport, html: &mut Html) {
    html.heading("Checks of the scanner").paragraph(&scanner.sentence());
    html.filtered("checks", &tally(CHECKS, &mut scanner.checks.iter().map(|check| check.state.word().0)));
    html.table(
        "Whether the auditors' scanner accepts the rules, what it does not accept first",
        "State|Check|Controls|Stands at",
    );
    for state in [CheckState::Absent, CheckState::SameMeaning, CheckState::Undecided, CheckState::Accepted] {
        scanner.checks.iter().filter(|check| check.state == state).for_each(|check| write_check(check, html));
    }
    html.end_table();
    html.end_filtered();
}

fn write_check(check: &CheckReport, html: &mut Html) {
    let (state, word) = check.state.word();
    html.begin_row(Some(state));
    html.cells(&[Cell::State(state, word)]);
    html.markup("<th scope=\"row\">").text(&check.id);
    html.element("<br/><small>", check.reason.as_deref().unwrap_or_default(), "</small>");
    if let Some(text) = &check.text {
        html.markup("<details><summary>What would be accepted</summary><pre>");
        for line in text.lines() {
            html.text(line).markup("\n");
        }
        html.markup("</pre></details>");
    }
    html.markup("</th>").cells(&[Cell::Text(&check.controls.join(", ")), Cell::Code(&check.places())]);
    html.end_row();
}
