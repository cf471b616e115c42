//! What lines mean, which rule decides about an event, and what was imported.

use super::change::write_list;
use super::markup::{Cell, Html};
use crate::report::Report;
use crate::report::apply_request::ApplyRequest;
use crate::report::event::{DecidingRule, EventReport};
use crate::report::explain::{LineKind, LineReport};
use crate::report::words::{State, place};

pub fn write(report: &Report, html: &mut Html) {
    if let Some(lines) = report.lines.as_ref().filter(|lines| !lines.is_empty()) {
        html.heading("Lines");
        html.table("What each line means", "State|Line|What it does|Stands at");
        lines.iter().filter(|line| line.kind != Some(LineKind::Comment)).for_each(|line| write_line(line, html));
        html.end_table();
    }
    if let Some((name, rules)) = report.request.as_ref().and_then(ApplyRequest::imported) {
        html.heading(name);
        write_list(rules, html);
    }
}

fn write_line(line: &LineReport, html: &mut Html) {
    let refusal = line.kernel.as_ref().filter(|kernel| !kernel.takes);
    let notes = line.notes.as_deref().unwrap_or_default();
    let (state, word) = match (line.accepted, refusal, notes.is_empty()) {
        (false, _, _) => (State::Failed, "refused"),
        (true, Some(_), _) => (State::Failed, "refused by the kernel"),
        (true, None, false) => (State::Note, "accepted"),
        (true, None, true) => (State::Ok, "accepted"),
    };
    html.begin_row(None);
    html.cells(&[Cell::State(state, word)]);
    html.markup("<th scope=\"row\">").code(&line.line);
    let canonical = line.canonical.as_deref().filter(|canonical| *canonical != line.line);
    html.element("<br/><small>means <code>", canonical.unwrap_or_default(), "</code></small>").markup("</th><td>");
    html.text(line.meaning.as_deref().unwrap_or_default());
    if let Some(error) = &line.error {
        html.text(&error.message);
        html.element("<br/><small>Help: ", error.hint.as_deref().unwrap_or_default(), "</small>");
    }
    if let Some(kernel) = refusal {
        html.element("<br/>", kernel.errno.as_deref().unwrap_or_default(), "");
        html.element(": ", kernel.why.as_deref().unwrap_or_default(), "");
    }
    for note in notes {
        html.element("<br/><small>Note: ", &note.message, "</small>");
    }
    html.markup("</td>").cells(&[Cell::Code(&place(line.file.as_deref(), line.number, None))]);
    html.end_row();
}

/// The answers to the events of a request.
pub fn write_answers(events: &[EventReport], html: &mut Html) {
    html.heading("Events");
    html.table("Which rule decides about each event", "Answer|Event|By");
    for event in events {
        let (state, word) = event.word();
        html.begin_row(None);
        html.cells(&[Cell::State(state, word), Cell::Head(event.name.as_deref().unwrap_or("the event"))]);
        html.markup("<td><ul>\n");
        for rule in &event.undecided {
            write_rule(&format!("depending on {}, by ", rule.needs.join(", ")), rule, html);
        }
        match (&event.rule, event.undecided.is_empty()) {
            (Some(rule), true) => write_rule("", rule, html),
            (Some(rule), false) => write_rule("otherwise by ", rule, html),
            (None, true) => {
                html.markup("<li>no rule matches</li>\n");
            }
            (None, false) => {
                html.markup("<li>otherwise no rule matches</li>\n");
            }
        }
        event.dropped_by.iter().for_each(|rule| write_rule("dropped by ", rule, html));
        html.markup("</ul></td>");
        html.end_row();
    }
    html.end_table();
}

fn write_rule(words: &str, rule: &DecidingRule, html: &mut Html) {
    html.markup("<li>").text(words).code(&rule.rule);
    let at = place(rule.file.as_deref(), rule.line, rule.pointer.as_deref());
    html.element(" <small>", &at, "</small>").markup("</li>\n");
}
