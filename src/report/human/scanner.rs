//! What the scanner makes of rules: what an auditor would ask about first.

use super::page::{Look, Page};
use super::piece;
use crate::report::scanner::{CheckReport, CheckState, ScannerReport};

/// Most lines of a text that are shown.
const MOST_LINES: usize = 12;

pub fn write(scanner: &ScannerReport, page: &mut Page) {
    let ScannerReport { product, profile, title, ssg, .. } = scanner;
    page.heading(&format!("Checks of {profile} for {product} ({title}; SCAP Security Guide {ssg})"));
    let of = |state: CheckState| scanner.checks.iter().filter(move |check| check.state == state);
    for (state, look, words) in [
        (CheckState::SameMeaning, Look::Doubtful, "in other words"),
        (CheckState::Absent, Look::Bad, "absent"),
        (CheckState::Undecided, Look::Doubtful, "undecided"),
    ] {
        of(state).for_each(|check| write_one(check, look, words, page));
    }
    let row = |check: &CheckReport| {
        let at = check.at.text();
        vec![
            piece(Look::Good, "accepted"),
            piece(Look::Plain, &check.id),
            piece(Look::Told, &numbers(check)),
            piece(Look::Faint, &at),
        ]
    };
    page.table(&of(CheckState::Accepted).map(row).collect::<Vec<_>>());
}

fn numbers(check: &CheckReport) -> String {
    check.controls.join(", ")
}

fn write_one(check: &CheckReport, look: Look, words: &str, page: &mut Page) {
    page.line(&[
        (Look::Plain, "  "),
        (look, words),
        (Look::Plain, "  "),
        (Look::Bold, &check.id),
        (Look::Plain, "  "),
        (Look::Told, &numbers(check)),
    ]);
    let mut told = |what: &str, text: &str, look: Look| {
        page.line(&[(Look::Plain, "      "), (Look::Plain, what), (Look::Plain, ": "), (look, text)]);
    };
    if let Some(reason) = &check.reason {
        told("because", reason, Look::Plain);
    }
    let places = check.places();
    if !places.is_empty() {
        told("stands at", &places, Look::Faint);
    }
    let lines: Vec<&str> = check.text.as_deref().unwrap_or_default().lines().collect();
    for line in lines.iter().take(MOST_LINES) {
        told("would be accepted", line, Look::Good);
    }
    if lines.len() > MOST_LINES {
        told("would be accepted", &format!("... and {} more lines", lines.len() - MOST_LINES), Look::Faint);
    }
}
