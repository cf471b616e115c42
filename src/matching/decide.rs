//! Which rule of a policy decides about an event.
//!
//! The first rule of a list that matches decides (`audit_filter_syscall`; rules with a path have a priority from their
//! place, so that the order counts across both of the kernel's lists). A rule that may match, and one after it that
//! does, leave the answer open.

use super::evaluate::{Answer, is_about_one_file, matches};
use super::event::Event;
use crate::rule::field_table::by_name;
use crate::rule::{Action, Field, FieldNumber, List, Op, Rule};
use crate::tables::compare::pair;

/// The record with which every event of a system call begins; without it the kernel writes none of the others.
const SYSCALL: u32 = 1300;
/// The record of an `io_uring` operation.
const URING: u32 = 1336;

/// What must be known of an event before a rule can be asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Which system call it is.
    Syscall,
    /// The supplementary groups.
    Groups,
    /// Which of its files the kernel looks at first.
    OrderOfFiles,
    /// Whether the kernel had found the file when the call failed.
    FileFound,
    /// A property.
    Field(FieldNumber),
}

/// What a policy says to an event; rules by their index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The first rule that certainly matches.
    pub rule: Option<usize>,
    /// The rules in front of it that may match, and what that depends on.
    pub undecided: Vec<(usize, Vec<Need>)>,
    /// Whether the event is recorded; none where that is open, or where the list does not decide it.
    pub recorded: Option<bool>,
    /// The rule of the exclude list that drops the record.
    pub dropped_by: Option<usize>,
}

/// Asks the rules of a policy, in the kernel's order.
#[must_use]
pub fn decide(rules: &[&Rule], event: &Event) -> Decision {
    let event = &without_muted_files(rules, event);
    let lists: &[List] = match event.list {
        List::EXIT => &[List::TASK, List::EXIT],
        List::IO_URING => &[List::TASK, List::IO_URING],
        _ => std::slice::from_ref(&event.list),
    };
    let first = search(rules, lists, event);
    let recorded = outcome(rules, &first, event);
    let makes_record = matches!(event.list, List::EXIT | List::IO_URING | List::USER);
    if !makes_record || recorded == Some(false) {
        return Decision { recorded, ..first };
    }
    let mut about = event.clone();
    about.list = List::EXCLUDE;
    about.numbers.retain(|(number, _)| *number != FieldNumber::MSGTYPE);
    about.numbers.extend(record_of(event).map(|number| (FieldNumber::MSGTYPE, number)));
    let dropped = search(rules, &[List::EXCLUDE], &about);
    let kept = outcome(rules, &dropped, &about);
    Decision {
        rule: first.rule,
        dropped_by: dropped.rule.filter(|_| kept == Some(false)),
        undecided: first
            .undecided
            .into_iter()
            .chain(dropped.undecided.into_iter().filter(|_| kept.is_none()))
            .collect(),
        recorded: match (recorded, kept) {
            (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
    }
}

/// Asks the rules of the event's own list alone: of an event that was recorded, whatever the others say.
#[must_use]
pub fn decide_on_own_list(rules: &[&Rule], event: &Event) -> Decision {
    let found = search(rules, std::slice::from_ref(&event.list), event);
    Decision { recorded: outcome(rules, &found, event), ..found }
}

/// The type of the record on which the exclude list decides, where the event tells it.
fn record_of(event: &Event) -> Option<u32> {
    match event.list {
        List::EXIT => Some(SYSCALL),
        List::IO_URING => Some(URING),
        _ => event.number(FieldNumber::MSGTYPE),
    }
}

/// The event without its files, where the filesystem list has them left out.
fn without_muted_files(rules: &[&Rule], event: &Event) -> Event {
    let mut event = event.clone();
    if event.list == List::EXIT && event.number(FieldNumber::FSTYPE).is_some() {
        let about = Event { list: List::FILESYSTEM, ..event.clone() };
        if rules.iter().any(|rule| matches(rule, &about) == Answer::Yes) {
            event.names = Some(Vec::new());
        }
    }
    event
}

/// What comes of it, where every rule that may decide says the same.
fn outcome(rules: &[&Rule], found: &Decision, event: &Event) -> Option<bool> {
    let of_rule = |at: usize| {
        let rule = rules.get(at)?;
        let ends_list = rule.fields.iter().any(|field| super::stops_list(field, rule.list));
        Some(match rule.list {
            List::EXCLUDE => ends_list,
            List::USER => ends_list || rule.action != Action::NEVER,
            _ => rule.action == Action::ALWAYS,
        })
    };
    let of_none = match event.list {
        List::EXIT | List::IO_URING => Some(false),
        List::USER | List::EXCLUDE => Some(true),
        _ => None,
    };
    let last = if event.list == List::FILESYSTEM { None } else { found.rule.map_or(of_none, of_rule) };
    let mut all = found.undecided.iter().map(|(at, _)| of_rule(*at));
    last.filter(|last| all.all(|one| one == Some(*last)))
}

/// The first rule of these lists that matches, and those before it that may.
fn search(rules: &[&Rule], lists: &[List], event: &Event) -> Decision {
    let files = event.names.as_ref().map_or(0, Vec::len);
    if files < 2 {
        return walk(rules, lists, event, None);
    }
    // The kernel takes the first of the files about which a rule with a path matches, and the event does not say which
    // of the files it looks at first.
    let mut ways: Vec<Decision> = (0..files).map(|file| walk(rules, lists, event, Some(file))).collect();
    let is_about_file =
        |way: &Decision| way.rule.and_then(|at| rules.get(at)).is_some_and(|rule| is_about_one_file(rule));
    if ways.iter().any(is_about_file) {
        ways.retain(|way| is_about_file(way) || !way.undecided.is_empty());
    }
    let mut merged = Decision { rule: ways.iter().filter_map(|way| way.rule).max(), ..Decision::default() };
    if ways.iter().any(|way| way.rule.is_none()) {
        merged.rule = None;
    }
    for way in ways {
        let is_other = way.rule.filter(|rule| Some(*rule) != merged.rule);
        for (at, needs) in way.undecided.into_iter().chain(is_other.map(|at| (at, vec![Need::OrderOfFiles]))) {
            if !merged.undecided.iter().any(|(known, _)| *known == at) {
                merged.undecided.push((at, needs));
            }
        }
    }
    merged.undecided.sort_by_key(|a| a.0);
    merged
}

fn walk(rules: &[&Rule], lists: &[List], event: &Event, file: Option<usize>) -> Decision {
    let mut found = Decision::default();
    for list in lists {
        // Of the moment at which the process was made, the event says nothing.
        let is_creation = *list == List::TASK && lists.len() > 1;
        let other;
        let event = if is_creation {
            other = Event::unknown(*list);
            &other
        } else if event.list == *list {
            event
        } else {
            other = Event { list: *list, ..event.clone() };
            &other
        };
        let of_file = file.and_then(|at| event.names.as_ref()?.get(at)).map(|name| vec![name.clone()]);
        let about_file = of_file.map(|names| Event { names: Some(names), ..event.clone() });
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.list == *list) {
            let asked = about_file.as_ref().filter(|_| is_about_one_file(rule)).unwrap_or(event);
            match matches(rule, asked) {
                Answer::Yes => {
                    found.rule = Some(at);
                    return found;
                }
                Answer::Stops => break,
                Answer::No => {}
                Answer::Depends(on) => found.undecided.push((at, needs(rule, &on, asked))),
            }
        }
    }
    found
}

/// Whether a field looks at the files of an event by their paths or kinds.
fn is_of_file(number: FieldNumber) -> bool {
    matches!(number, FieldNumber::PATH | FieldNumber::DIR | FieldNumber::INODE | FieldNumber::FILETYPE)
}

fn needs(rule: &Rule, on: &[FieldNumber], event: &Event) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    let mut add = |need: Need| {
        if !needs.contains(&need) {
            needs.push(need);
        }
    };
    if on.is_empty() {
        add(Need::Syscall);
    }
    for number in on {
        let is_known = event.number(*number).is_some();
        match *number {
            number if !event.are_names_found && event.names.is_some() && is_of_file(number) => add(Need::FileFound),
            FieldNumber(5 | 6) if is_known => add(Need::Groups),
            FieldNumber::LOGINUID_SET => add(Need::Field(FieldNumber::AUID)),
            FieldNumber::COMPARE => rule
                .fields
                .iter()
                .filter(|field| field.number == FieldNumber::COMPARE)
                .flat_map(compared)
                .filter(|number| event.number(*number).is_none())
                .for_each(|number| add(Need::Field(number))),
            number => add(Need::Field(number)),
        }
    }
    needs
}

/// The two fields of a comparison.
fn compared(field: &Field) -> impl Iterator<Item = FieldNumber> {
    let names = field.value.number().filter(|_| matches!(field.op, Op::EQUAL | Op::NOT_EQUAL)).and_then(pair);
    let names = names.map(|(left, right)| [left, right]).into_iter().flatten();
    names.filter_map(|name| by_name(name).map(|row| row.number))
}
