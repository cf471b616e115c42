//! Which rule decides about an event.

use super::page::{Look, Page};
use crate::report::event::{DecidingRule, EventReport};
use crate::report::words::place;

pub fn write(event: &EventReport, page: &mut Page) {
    let (look, answer) = match (event.recorded, &event.undecided.is_empty()) {
        (Some(true), _) => (Look::Good, "recorded"),
        (Some(false), _) => (Look::Doubtful, "not recorded"),
        (None, true) => (Look::Plain, "answered"),
        (None, false) => (Look::Bad, "undecided"),
    };
    let name = event.name.as_deref().unwrap_or("the event");
    page.line(&[(Look::Bold, name), (Look::Plain, ": "), (look, answer)]);
    event.undecided.iter().for_each(|rule| {
        let needs = format!("depending on {}, by", rule.needs.join(", "));
        write_rule(&needs, rule, page);
    });
    match (&event.rule, event.undecided.is_empty()) {
        (Some(rule), true) => write_rule("by", rule, page),
        (Some(rule), false) => write_rule("otherwise by", rule, page),
        (None, true) => page.line(&[(Look::Plain, "    no rule matches")]),
        (None, false) => page.line(&[(Look::Plain, "    otherwise no rule matches")]),
    }
    event.dropped_by.iter().for_each(|rule| write_rule("dropped by", rule, page));
}

fn write_rule(word: &str, rule: &DecidingRule, page: &mut Page) {
    let at = place(rule.file.as_deref(), rule.line, rule.pointer.as_deref());
    page.line(&[
        (Look::Plain, "    "),
        (Look::Plain, word),
        (Look::Plain, " "),
        (Look::Told, &rule.rule),
        (Look::Plain, "  "),
        (Look::Faint, &at),
    ]);
}
