//! Recorded events, and how often each rule recorded some.

use super::markup::{Cell, Html};
use crate::report::Report;
use crate::report::event::DecidingRule;
use crate::report::recorded::{
    CountReport, CountersReport, KeyCountReport, ListeningReport, LogReport, NoiseReport, RecordedEventReport,
    ReplayReport,
};
use crate::report::words::place;

/// How many events are shown; the JSON has as many as the request asks for.
const MOST_EVENTS: usize = 200;

pub fn write(report: &Report, events: &[RecordedEventReport], html: &mut Html) {
    write_keys(report.by_key.as_deref().unwrap_or_default(), html);
    write_rules(report, html);
    write_noise(report.noise.as_deref().unwrap_or_default(), html);
    if let Some(replay) = &report.replay {
        write_replay(replay, html);
    }
    if !events.is_empty() {
        html.heading("First events");
        write_events("In the order of the log", events, html);
    }
    html.heading("What was read");
    if let Some(counters) = &report.counters {
        write_counters(counters, html);
    }
    if let Some(listening) = &report.listening {
        write_listening(listening, html);
    }
    write_logs(report.logs.as_deref().unwrap_or_default(), html);
    if !report.malformed.is_empty() {
        html.table("Lines that are no record", "Stands at|Line");
        for line in &report.malformed {
            let at = place(Some(&line.file), usize::try_from(line.line).ok(), None);
            html.row(None, &[Cell::HeadCode(&at), Cell::Code(&line.text)]);
        }
        html.end_table();
    }
}

fn per_hour(count: &CountReport) -> String {
    count.per_hour.map_or_else(String::new, |number| format!("{number} an hour"))
}

fn write_keys(keys: &[KeyCountReport], html: &mut Html) {
    let Some(most) = keys.iter().map(|key| key.count.events).max().filter(|most| *most > 0) else { return };
    html.heading("Events by key").markup("<ul class=\"bars\">\n");
    for key in keys {
        let thousandths = u64::try_from(u128::from(key.count.events) * 1000 / u128::from(most)).unwrap_or(1000);
        html.bar(&key.key, thousandths, key.count.events);
    }
    html.markup("</ul>\n");
}

fn at(rule: &DecidingRule) -> String {
    place(rule.file.as_deref(), rule.line, rule.pointer.as_deref())
}

fn write_rules(report: &Report, html: &mut Html) {
    let rules = report.by_rule.as_deref().unwrap_or_default();
    if !rules.is_empty() {
        html.heading("Events by rule");
        html.table("Rules that recorded something, the most frequent first", "#Events|Rule|How often|Last|Stands at");
        for one in rules {
            let last = one.count.last.as_deref().unwrap_or_default();
            html.row(
                None,
                &[
                    Cell::Number(one.count.events),
                    Cell::HeadCode(&one.rule.rule),
                    Cell::Text(&per_hour(&one.count)),
                    Cell::Unbroken(last),
                    Cell::Code(&at(&one.rule)),
                ],
            );
        }
        html.end_table();
    }
    let unattributed = report.unattributed.as_deref().unwrap_or_default();
    if !unattributed.is_empty() {
        html.table("Events that no rule can be named for", "#Events|Why");
        for one in unattributed {
            html.row(None, &[Cell::Number(one.count.events), Cell::Head(one.why_in_words())]);
        }
        html.end_table();
    }
}

fn write_noise(noise: &[NoiseReport], html: &mut Html) {
    if noise.is_empty() {
        return;
    }
    html.heading("What makes the most records");
    html.table("Rules by the records that their events have", "#Of all records|#Records|Rule|What would narrow it");
    for one in noise {
        html.begin_row(None);
        html.markup("<td class=\"number\">").number(one.share).markup(" %</td>");
        let narrow = one.narrow_in_words();
        html.cells(&[Cell::Number(one.records), Cell::HeadCode(&one.rule.rule), Cell::Text(&narrow)]);
        html.end_row();
    }
    html.end_table();
}

fn write_replay(replay: &ReplayReport, html: &mut Html) {
    html.heading("What the policy would record");
    let rows = [
        ("Recorded under the same key", replay.kept),
        ("Recorded under another key", replay.other_key),
        ("Not recorded", replay.lost),
        ("Undecided", replay.undecided),
    ];
    numbers(&rows, html);
    for need in &replay.needs {
        html.markup("<p>").number(need.events).markup(" undecided, depending on ").text(&need.needs).markup("</p>\n");
    }
    if !replay.examples.is_empty() {
        html.markup("<h3>First events that would not be kept</h3>\n");
        write_events("The first of each kind", &replay.examples, html);
    }
}

fn write_events(caption: &str, events: &[RecordedEventReport], html: &mut Html) {
    html.table(caption, "Time|Key|Login|What|End|Program|On");
    for event in events.iter().take(MOST_EVENTS) {
        html.begin_row(None);
        html.cells(&[Cell::Unbroken(&event.time)]);
        html.markup("<td>").text(&event.keys.join(", "));
        html.element(" <small>", &event.replayed.unwrap_or_default().replace('_', " "), "</small>").markup("</td>");
        html.cells(&[Cell::Text(&event.who()), Cell::Head(event.what())]);
        let (state, end) = event.end();
        html.cells(&[if end.is_empty() { Cell::Text("") } else { Cell::State(state, end) }]);
        let program = event.exe.as_deref().unwrap_or_default();
        html.cells(&[Cell::Code(program), Cell::Code(&event.object())]);
        html.end_row();
    }
    html.end_table();
    if events.len() > MOST_EVENTS {
        html.markup("<p>And ").number((events.len() - MOST_EVENTS) as u64).markup(" more in the report as JSON.</p>\n");
    }
}

/// Counts, beside each other.
fn numbers(rows: &[(&'static str, u64)], html: &mut Html) {
    html.markup("<dl class=\"facts\">\n");
    for (what, count) in rows {
        html.markup("<div><dt>").markup(what).markup("</dt><dd>").number(*count).markup("</dd></div>\n");
    }
    html.markup("</dl>\n");
}

fn write_counters(counters: &CountersReport, html: &mut Html) {
    let rows = [
        ("Records", counters.records),
        ("Events", counters.events),
        ("Events that were kept", counters.kept),
        ("Events of which records are missing", counters.incomplete),
        ("Lines that are no record", counters.malformed),
        ("Serial numbers that are missing", counters.gaps),
        ("Events out of order", counters.out_of_order),
    ];
    numbers(&rows, html);
}

fn write_listening(listening: &ListeningReport, html: &mut Html) {
    let lost = listening.kernel_lost.map_or(0, |lost| lost.after.saturating_sub(lost.before));
    let rows = [
        ("Milliseconds", listening.milliseconds),
        ("Records lost on the way here", listening.socket_drops),
        ("Records lost by the kernel", lost.into()),
        ("Own events, left out", listening.own_events),
    ];
    html.markup("<h3>Listening to the kernel</h3>\n");
    numbers(&rows, html);
}

fn write_logs(logs: &[LogReport], html: &mut Html) {
    if logs.is_empty() {
        return;
    }
    html.table("Files of the log", "File|#Lines|#Bytes|Damage");
    for log in logs {
        let damage = log.damage.as_deref().unwrap_or_default();
        html.row(
            None,
            &[Cell::HeadCode(&log.file), Cell::Number(log.lines), Cell::Number(log.bytes), Cell::Text(damage)],
        );
    }
    html.end_table();
}
