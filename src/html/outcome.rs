//! How a report ended, in one word, and the large numbers below it. The word is green only where nothing failed, nothing
//! differs, and nothing that the request is about is unknown.

use super::evidence;
use super::markup::Html;
use crate::report::expected::ExpectedReport;
use crate::report::scanner::ScannerReport;
use crate::report::words::State;
use crate::report::{Events, Outcome, Report};

/// What the page is about, before the name of the host.
pub fn subject(report: &Report) -> &'static str {
    if is_gathered(report) {
        "State of the audit rules of"
    } else if report.plan.is_some() {
        match report.outcome {
            Outcome::Planned => "Planned change of the audit rules of",
            _ => "Change of the audit rules of",
        }
    } else if report.proofs.is_some() {
        "Proof that the audit rules record on"
    } else if report.findings.is_some() {
        "Findings in audit rules, made on"
    } else if report.counters.is_some() {
        "Recorded audit events, read on"
    } else if report.lines.is_some() || report.events.is_some() {
        "Audit rules explained, made on"
    } else if report.request.is_some() {
        "Imported audit rules, made on"
    } else {
        "Audit rules: a request on"
    }
}

fn is_gathered(report: &Report) -> bool {
    report.filesystem.is_some() || report.status.is_some()
}

/// The outcome as a word, and what that is worth.
pub fn of(report: &Report) -> (State, &'static str) {
    match report.outcome {
        Outcome::Failed if report.changed => (State::Failed, "failed, and something was changed"),
        Outcome::Failed => (State::Failed, "failed"),
        Outcome::RolledBack => (State::Failed, "rolled back"),
        Outcome::Stranded => (State::Failed, "stranded"),
        _ if report.failed => (State::Failed, "failed"),
        Outcome::Planned => (State::Drift, "would change"),
        Outcome::Staged => (State::Drift, "waits for the next boot"),
        Outcome::Applied | Outcome::Unchanged if report.plan.is_some() => of_change(report),
        Outcome::Applied => (State::Note, "changed"),
        Outcome::Unchanged if is_gathered(report) => of_host(report),
        Outcome::Unchanged => of_look(report),
    }
}

fn of_change(report: &Report) -> (State, &'static str) {
    let is_done = report.outcome == Outcome::Applied;
    let rules = report.rules.as_ref();
    if report.reboot_required || rules.is_some_and(|rules| !rules.missing.is_empty()) {
        return (State::Drift, "waits for the next boot");
    }
    if report.runtime.as_ref().is_none_or(|runtime| !runtime.managed) {
        return (State::Unknown, if is_done { "changed in files only" } else { "looked at in files only" });
    }
    let has_exceptions = rules.is_some_and(|rules| !rules.skipped.is_empty()) || leaves_out(report);
    // What keeps the rules from recording is told as a warning.
    if !has_exceptions && !report.warnings.is_empty() {
        return (State::Note, if is_done { "changed, with warnings" } else { "as declared, with warnings" });
    }
    match (has_exceptions, is_done) {
        (true, true) => (State::Note, "changed, with exceptions"),
        (true, false) => (State::Note, "as declared, with exceptions"),
        (false, true) => (State::Ok, "changed"),
        (false, false) => (State::Ok, "as declared"),
    }
}

fn of_host(report: &Report) -> (State, &'static str) {
    let expected = || report.expect.iter().flat_map(|expect| &expect.rules);
    let labels = || report.labels.iter().flat_map(|labels| labels.values());
    let silenced = expected().chain(labels().flat_map(|label| &label.rules)).any(|rule| rule.recording == Some(false));
    if silenced || report.status.as_ref().is_some_and(|status| status.enabled == 0) {
        return (State::Drift, "auditing is off");
    }
    if report.in_sync == Some(false) || report.reboot_required || labels().any(|label| label.in_sync == Some(false)) {
        return (State::Drift, "differs");
    }
    let at_boot = report.settings.as_ref().and_then(|settings| settings.get("enabled")?.next_boot);
    if at_boot == Some(0) {
        return (State::Drift, "auditing is off from the next boot on");
    }
    if report.in_sync.is_none() || labels().any(|label| label.in_sync.is_none()) {
        return (State::Unknown, "not all is known");
    }
    if expected().any(|rule| rule.skipped.is_some()) || leaves_out(report) {
        return (State::Note, "as expected, with exceptions");
    }
    (State::Ok, if report.expect.is_some() { "as expected" } else { "in sync" })
}

fn leaves_out(report: &Report) -> bool {
    report.policy.iter().any(|policy| !policy.left_out.is_empty())
}

/// Of a request that changes nothing and is about no state.
fn of_look(report: &Report) -> (State, &'static str) {
    if let Some(proofs) = &report.proofs {
        return match &report.verdicts {
            None => (State::Note, "check mode: nothing was done"),
            Some(_) if report.omitted.contains_key("/proofs") => (State::Unknown, "not all are shown"),
            Some(_) if proofs.iter().all(|proof| proof.word().0 == State::Ok) => (State::Ok, "all record"),
            Some(_) => (State::Unknown, "not all were proven"),
        };
    }
    if let Some(counts) = &report.counts {
        let is_whole = report.scanner.as_ref().is_none_or(|scanner| scanner.counts.accepted == scanner.counts.checks);
        let is_short = report.scanner.as_ref().is_some_and(|scanner| scanner.counts.failing > 0);
        return match (counts.error, counts.warning, is_whole) {
            (0, 0, true) if counts.info + counts.ignored == 0 => (State::Ok, "nothing was found"),
            (0, 0, true) => (State::Note, "worth knowing"),
            (0, 0, false) if !is_short => (State::Unknown, "not all is decided"),
            (0, _, _) => (State::Drift, "warnings"),
            _ => (State::Failed, "errors"),
        };
    }
    if report.lines.iter().flatten().any(|line| !line.accepted) {
        return (State::Failed, "lines are refused");
    }
    match &report.events {
        Some(Events::Answered(events)) if events.iter().any(|event| event.word().0 == State::Unknown) => {
            (State::Unknown, "not all is decided")
        }
        Some(Events::Answered(_)) => (State::Note, "answered"),
        Some(Events::Recorded(_)) if report.counters.is_some_and(|counters| counters.incomplete > 0) => {
            (State::Unknown, "read, not whole")
        }
        Some(Events::Recorded(_)) => (State::Note, "read"),
        None if report.lines.is_some() => (State::Note, "explained"),
        None => (State::Note, "done"),
    }
}

/// The large numbers.
pub fn write_tiles(report: &Report, html: &mut Html) {
    if let Some(labels) = &report.labels {
        share("Controls held", &mut labels.values().map(|label| evidence::of_label(label).0), html);
    }
    if let Some(expected) = &report.expect {
        write_expected(expected, html);
    }
    if let Some(rules) = &report.rules {
        match rules.loaded {
            Some(loaded) => {
                let state = if loaded < rules.desired { State::Drift } else { State::Ok };
                html.tile(Some(state), &of_all(loaded, rules.desired), "Declared rules loaded");
            }
            None => html.tile(Some(State::Unknown), "?", "Rules loaded: the kernel was not looked at"),
        }
        plain("Loaded rules in no file", rules.foreign.unwrap_or_default(), html);
        count(State::Note, "Lines left out on this host", whole(report, "/rules/skipped", rules.skipped.len()), html);
    }
    if let Some(plan) = &report.plan {
        let is_planned = report.outcome == Outcome::Planned;
        let of = |to_come: &'static str, done: &'static str| if is_planned { to_come } else { done };
        plain(of("Files to change", "Files changed"), whole(report, "/plan/files", plan.files.len()), html);
        plain(
            of("Steps on the kernel's rules to take", "Steps on the kernel's rules"),
            whole(report, "/plan/kernel", plan.kernel.len()),
            html,
        );
        plain(of("Settings to change", "Settings changed"), plan.control.len(), html);
    }
    if let Some(rules) = report.runtime.as_ref().and_then(|runtime| runtime.rules.as_ref()) {
        plain("Rules in the kernel", whole(report, "/runtime/rules", rules.len()), html);
    }
    if let Some(drift) = &report.drift {
        for (label, pointer, list) in [
            ("Rules not loaded", "/drift/missing_in_runtime", &drift.missing_in_runtime),
            ("Loaded rules in no file", "/drift/missing_in_filesystem", &drift.missing_in_filesystem),
            ("Loaded rules gone at the next boot", "/drift/missing_at_boot", &drift.missing_at_boot),
            ("Rules in another order", "/drift/order", &drift.order),
            ("Silent rules", "/drift/silent", &drift.silent),
        ] {
            count(State::Drift, label, whole(report, pointer, list.len()), html);
        }
        count(State::Drift, "Settings that differ", drift.settings.len(), html);
    }
    if let Some(status) = &report.status {
        count(State::Drift, "Records lost by the kernel", status.lost as usize, html);
    }
    write_looks(report, html);
    count(State::Failed, "Problems", report.errors.len() + report.errors_omitted, html);
    count(State::Note, "Warnings", whole(report, "/warnings", report.warnings.len()), html);
}

fn write_looks(report: &Report, html: &mut Html) {
    if let Some(counters) = &report.counters {
        for (label, number) in
            [("Events", counters.events), ("Events kept", counters.kept), ("Records", counters.records)]
        {
            html.tile(None, &number.to_string(), label);
        }
        for (label, number) in
            [("Incomplete events", counters.incomplete), ("Lines that are no record", counters.malformed)]
        {
            count(State::Unknown, label, usize::try_from(number).unwrap_or(usize::MAX), html);
        }
    }
    for proof_state in [
        ("Rules that record", State::Ok),
        ("Rules recorded by others", State::Drift),
        ("Rules that do not record", State::Failed),
        ("Rules not found out", State::Unknown),
        ("Rules that would be tried", State::Note),
    ] {
        let found = report.proofs.iter().flatten().filter(|proof| proof.word().0 == proof_state.1);
        count(proof_state.1, proof_state.0, found.count(), html);
    }
    if let Some(ScannerReport { checks, .. }) = &report.scanner {
        share("Checks accepted", &mut checks.iter().map(|check| check.state.word().0), html);
    }
    if let Some(counts) = &report.counts {
        for (state, label, number) in [
            (State::Failed, "Findings: errors", counts.error),
            (State::Drift, "Findings: warnings", counts.warning),
            (State::Note, "Findings worth knowing", counts.info),
            (State::Note, "Findings ignored, as was asked for", counts.ignored),
        ] {
            count(state, label, number, html);
        }
    }
}

fn write_expected(expected: &ExpectedReport, html: &mut Html) {
    let states = || expected.rules.iter().map(|rule| rule.held().0);
    let skipped = states().filter(|state| *state == State::Note).count();
    share("Expected rules held", &mut states().filter(|state| *state != State::Note), html);
    count(State::Note, "Expected rules left out on this host", skipped, html);
    count(State::Drift, "Found and not expected", expected.unexpected.len(), html);
}

/// How many of all are as they should be; green where that is each of some.
fn share(label: &'static str, states: &mut dyn Iterator<Item = State>, html: &mut Html) {
    let states: Vec<State> = states.collect();
    let held = states.iter().filter(|state| **state == State::Ok).count();
    let worst = [State::Failed, State::Drift, State::Unknown].into_iter().find(|state| states.contains(state));
    let state = worst.unwrap_or(if held < states.len() { State::Note } else { State::Ok });
    html.tile((!states.is_empty()).then_some(state), &of_all(held, states.len()), label);
}

fn of_all(part: usize, all: usize) -> String {
    format!("{part} of {all}")
}

/// How long a list is, with what is left out of it.
fn whole(report: &Report, pointer: &str, length: usize) -> usize {
    length + report.omitted.get(pointer).copied().unwrap_or_default()
}

/// A number that is told where it is not zero.
fn count(state: State, label: &'static str, number: usize, html: &mut Html) {
    if number > 0 {
        html.tile(Some(state), &number.to_string(), label);
    }
}

fn plain(label: &'static str, number: usize, html: &mut Html) {
    html.tile(None, &number.to_string(), label);
}
