//! Recorded events, and how often each rule recorded some.

use super::page::{Look, Page, Piece};
use super::piece;
use crate::report::Report;
use crate::report::recorded::{CountReport, RecordedEventReport};
use crate::report::words::place;

/// How many keys and rules are told, and how many events.
const MOST_ROWS: usize = 20;
const MOST_EVENTS: usize = 50;

pub(super) fn write(report: &Report, events: &[RecordedEventReport], page: &mut Page) {
    let rules = report.by_rule.iter().flatten().take(MOST_ROWS).map(|one| {
        let at = place(one.rule.file.as_deref(), one.rule.line, one.rule.pointer.as_deref());
        row(&one.count, vec![piece(Look::Told, &one.rule.rule), piece(Look::Faint, &at)])
    });
    table("By rule", &rules.collect::<Vec<_>>(), page);
    let noise = report.noise.iter().flatten().map(|one| {
        let (count, share) = (format!("{} records", one.records), format!("{} %", one.share));
        vec![
            piece(Look::Bold, &share),
            piece(Look::Plain, &count),
            piece(Look::Told, &one.rule.rule),
            piece(Look::Plain, &one.narrow_in_words()),
        ]
    });
    table("What makes the most records", &noise.collect::<Vec<_>>(), page);
    let keys = report.by_key.iter().flatten().take(MOST_ROWS);
    let keys = keys.map(|one| row(&one.count, vec![piece(Look::Plain, &one.key)]));
    table("By key", &keys.collect::<Vec<_>>(), page);
    let unattributed = report.unattributed.iter().flatten();
    let unattributed = unattributed.map(|one| row(&one.count, vec![piece(Look::Plain, one.why_in_words())]));
    table("No rule can be named for", &unattributed.collect::<Vec<_>>(), page);
    if let Some(replay) = &report.replay {
        let examples =
            replay.examples.iter().take(MOST_EVENTS).map(|event| {
                [vec![piece(Look::Doubtful, event.replayed.unwrap_or_default())], in_a_row(event)].concat()
            });
        table("What the policy would change", &examples.collect::<Vec<_>>(), page);
        for need in &replay.needs {
            let count = format!("    {} undecided, depending on ", need.events);
            page.line(&[(Look::Plain, count.as_str()), (Look::Plain, &need.needs)]);
        }
    }
    table("Events", &events.iter().take(MOST_EVENTS).map(in_a_row).collect::<Vec<_>>(), page);
    for line in &report.malformed {
        let at = place(Some(&line.file), usize::try_from(line.line).ok(), None);
        page.line(&[(Look::Doubtful, &at), (Look::Plain, ": no record: "), (Look::Faint, &line.text)]);
    }
}

/// A line for an event.
#[must_use]
pub fn line(event: &RecordedEventReport, has_colours: bool) -> String {
    let mut page = Page::new(has_colours);
    page.table(&[in_a_row(event)]);
    page.into_text().trim().to_owned()
}

fn table(heading: &str, rows: &[Vec<Piece>], page: &mut Page) {
    if !rows.is_empty() {
        page.heading(heading);
        page.table(rows);
    }
}

fn row(count: &CountReport, rest: Vec<Piece>) -> Vec<Piece> {
    let per_hour = count.per_hour.map_or_else(String::new, |number| format!("{number} an hour"));
    [vec![piece(Look::Bold, &count.events.to_string()), piece(Look::Plain, &per_hour)], rest].concat()
}

/// When, who, what, how it ended, by which program, on which file.
fn in_a_row(event: &RecordedEventReport) -> Vec<Piece> {
    let (state, end) = event.end();
    vec![
        piece(Look::Faint, &event.time),
        piece(Look::Bold, &event.keys.join(",")),
        piece(Look::Plain, &event.who()),
        piece(Look::Plain, event.what()),
        piece(state.into(), end),
        piece(Look::Plain, event.exe.as_deref().unwrap_or_default()),
        piece(Look::Told, &event.object()),
    ]
}
