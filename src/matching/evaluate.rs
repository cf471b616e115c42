//! Whether a rule matches one event.

use super::cover::{accesses, compare, is_normal, lies_below, success};
use super::event::{CallResult, Event, Name};
use super::property::Property;
use crate::rule::field_table::by_name;
use crate::rule::{Action, Field, FieldNumber, List, Op, Rule};
use crate::tables::compare::pair;

/// What a rule says to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// It ends the evaluation of its list: it does not act, and no rule after it is asked.
    Stops,
    /// That depends on properties that are not known: their fields, none twice. None of them where it is the system
    /// call.
    Depends(Vec<FieldNumber>),
}

/// What a rule says to an event.
///
/// Where the files may not have been found (`__audit_inode` is called after the walk to each file), the answer is open
/// if it would be another one without them.
#[must_use]
pub fn matches(rule: &Rule, event: &Event) -> Answer {
    let answer = matches_names(rule, event);
    if event.are_names_found || event.names.as_ref().is_none_or(Vec::is_empty) {
        return answer;
    }
    let without = matches_names(rule, &Event { names: Some(Vec::new()), ..event.clone() });
    if answer == without {
        return answer;
    }
    let of_files = rule.fields.iter().map(|field| field.number).find(|number| {
        matches!(
            Property::of(*number, rule.list),
            Property::Path | Property::Tree | Property::OfFile | Property::FileType
        ) || matches!(*number, FieldNumber::INODE | FieldNumber::COMPARE)
    });
    let mut on = match (answer, without) {
        (Answer::Depends(on), _) | (_, Answer::Depends(on)) => on,
        _ => Vec::new(),
    };
    on.extend(of_files.filter(|field| !on.contains(field)));
    Answer::Depends(on)
}

fn matches_names(rule: &Rule, event: &Event) -> Answer {
    if rule.list != event.list {
        return Answer::No;
    }
    let is_for_call = match (rule.list, event.syscall) {
        (List::EXIT | List::IO_URING, Some(number)) => Some(rule.syscalls.contains(number)),
        (List::EXIT | List::IO_URING, None) if rule.syscalls.is_all() => Some(true),
        (List::EXIT | List::IO_URING, None) => None,
        _ => Some(true),
    };
    if is_for_call == Some(false) {
        return Answer::No;
    }
    match rule.list {
        List::FILESYSTEM => return on_filesystem(rule, event),
        List::USER | List::EXCLUDE if rule.fields.is_empty() => return Answer::No,
        _ => {}
    }
    let answer = match &event.names {
        Some(names) if is_about_one_file(rule) => names
            .iter()
            .map(|name| together(rule, event, Some(std::slice::from_ref(name))))
            .reduce(either)
            .unwrap_or(Answer::No),
        names => together(rule, event, names.as_deref()),
    };
    match (is_for_call, answer) {
        (None, Answer::Yes) => Answer::Depends(Vec::new()),
        (_, answer) => answer,
    }
}

/// Whether a rule is asked for each file of an event by itself: one with `path` or `inode`. All others are asked once for
/// all files.
#[must_use]
pub fn is_about_one_file(rule: &Rule) -> bool {
    rule.list != List::FILESYSTEM
        && rule.fields.iter().any(|field| matches!(field.number, FieldNumber::PATH | FieldNumber::INODE))
}

/// Yes if one says yes; otherwise what keeps the other from a no.
fn either(left: Answer, right: Answer) -> Answer {
    match (left, right) {
        (Answer::Yes, _) | (_, Answer::Yes) => Answer::Yes,
        (Answer::No, other) | (other, _) => other,
    }
}

/// All conditions, in order: the first that fails or stops decides.
fn together(rule: &Rule, event: &Event, names: Option<&[Name]>) -> Answer {
    let mut unknown: Vec<FieldNumber> = Vec::new();
    for field in &rule.fields {
        if super::stops_list(field, rule.list) {
            return if unknown.is_empty() { Answer::Stops } else { Answer::Depends(unknown) };
        }
        match holds(field, event, names) {
            Some(true) => {}
            Some(false) => return Answer::No,
            None if unknown.contains(&field.number) => {}
            None => unknown.push(field.number),
        }
    }
    if unknown.is_empty() { Answer::Yes } else { Answer::Depends(unknown) }
}

/// On the filesystem list any one condition is enough, and only `never` acts.
fn on_filesystem(rule: &Rule, event: &Event) -> Answer {
    let types = || rule.fields.iter().filter(|field| field.number == FieldNumber::FSTYPE);
    let Some(kind) = event.number(FieldNumber::FSTYPE) else { return Answer::Depends(vec![FieldNumber::FSTYPE]) };
    let any = types().any(|field| compare(kind, field) == Some(true));
    if any && rule.action == Action::NEVER { Answer::Yes } else { Answer::No }
}

/// Whether a condition holds; none where the event does not say.
fn holds(field: &Field, event: &Event, names: Option<&[Name]>) -> Option<bool> {
    let of_equality = |is_so: bool| is_so == (field.op == Op::EQUAL);
    match Property::of(field.number, event.list) {
        Property::Key => Some(true),
        Property::Absent | Property::Stop => Some(false),
        Property::Number => number(field, event),
        Property::Group => group(field, event),
        Property::Result => match event.result? {
            CallResult::None => Some(false),
            _ => compare(event.number(field.number)?, field),
        },
        Property::Success => Some(match event.result? {
            CallResult::None => false,
            CallResult::Success => success(field) & 1 != 0,
            CallResult::Failure => success(field) & 2 != 0,
        }),
        Property::Family if !event.has_address? => Some(false),
        Property::Family => compare(event.number(field.number)?, field),
        Property::Access => {
            let possible = if event.list == List::TASK { 1 } else { event.accesses };
            let taken = possible & accesses(field);
            if taken != 0 && taken != possible {
                return None;
            }
            Some(taken != 0)
        }
        Property::OfFile => any(names?, |name| of_file(field, name)),
        Property::FileType => {
            let kind = field.value.number()?;
            any(event.names.as_deref()?, |name| Some(name.kind? == kind)).map(of_equality)
        }
        Property::Path => {
            let path = field.text()?;
            let found = names?.iter().any(|name| name.path == path);
            if found || is_normal(path) { Some(found) } else { None }
        }
        Property::Tree => {
            let directory = field.text()?;
            let names = event.names.as_ref()?;
            // What a path with `.`, `..` or doubled slashes means, the kernel finds out when the rule is loaded.
            if names.is_empty() || is_normal(directory) {
                Some(names.iter().any(|name| lies_below(directory, &name.path)))
            } else {
                None
            }
        }
        Property::Fact => match field.number {
            FieldNumber::EXE => Some(of_equality(event.exe.as_deref()? == field.text()?)),
            FieldNumber::INODE => any(names?, |name| of_file(field, name)),
            FieldNumber::COMPARE => comparison(field, event),
            label => {
                let text = event.texts.iter().find(|(known, _)| *known == label).map(|(_, text)| &**text)?;
                matches!(field.op, Op::EQUAL | Op::NOT_EQUAL).then(|| of_equality(Some(text) == field.text()))
            }
        },
    }
}

/// Yes if one says yes, no if all say no.
fn any(names: &[Name], says: impl Fn(&Name) -> Option<bool>) -> Option<bool> {
    let mut found = Some(false);
    for name in names {
        match says(name) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}

fn of_file(field: &Field, name: &Name) -> Option<bool> {
    let mut known = name.numbers.iter().filter(|(number, _)| *number == field.number).peekable();
    known.peek()?;
    Some(known.any(|(_, number)| compare(*number, field) == Some(true)))
}

fn number(field: &Field, event: &Event) -> Option<bool> {
    if field.number == FieldNumber::LOGINUID_SET {
        return compare(u32::from(event.number(FieldNumber::AUID)? != u32::MAX), field);
    }
    compare(event.number(field.number)?, field)
}

/// Two ids with each other; an id of a file may be that of any file of the event (`audit_field_compare`).
fn comparison(field: &Field, event: &Event) -> Option<bool> {
    let (left, right) = pair(field.value.number()?)?;
    let (left, right) = (by_name(left)?.number, by_name(right)?.number);
    let is_of_file = |number| Property::of(number, event.list) == Property::OfFile;
    let (own, other) = if is_of_file(left) { (right, left) } else { (left, right) };
    let against = Field::number(other, field.op, event.number(own)?);
    if is_of_file(other) {
        return any(event.names.as_deref()?, |name| of_file(&against, name));
    }
    compare(event.number(other)?, &against)
}

/// `=` also looks at the supplementary groups, and `!=` wants the group in none of both.
fn group(field: &Field, event: &Event) -> Option<bool> {
    let own = compare(event.number(field.number)?, field)?;
    let is_supplementary = || Some(event.groups.as_ref()?.contains(&field.value.number()?));
    match field.op {
        Op::EQUAL if !own => is_supplementary(),
        Op::NOT_EQUAL if own => is_supplementary().map(|found| !found),
        _ => Some(own),
    }
}
