//! Rules that match nothing, and rules that leave nothing to be recorded.

use super::cover::{all_accesses, numbers, success, successes};
use super::numbers::Numbers;
use super::property::Property;
use crate::rule::{Action, Field, FieldNumber, List, Op, Rule};

/// The field whose conditions cannot hold together, so that the rule matches no event.
#[must_use]
pub fn contradiction(rule: &Rule) -> Option<FieldNumber> {
    let never = |field: &&Field| match Property::of(field.number, rule.list) {
        Property::Number | Property::Result | Property::Family => numbers(rule, field.number).is_empty(),
        Property::Group => numbers(rule, field.number).is_empty() || is_denied(field, rule),
        Property::Success => successes(rule) == 0 || success(field) == 0,
        Property::OfFile => never_alone(field),
        Property::Access => all_accesses(rule) == 0,
        Property::FileType | Property::Fact => is_decided(field) && is_denied(field, rule),
        _ => false,
    };
    // On the filesystem list any one of several conditions is enough.
    if rule.list == List::FILESYSTEM {
        return None;
    }
    rule.fields.iter().find(never).map(|field| field.number)
}

/// Whether `=` and `!=` of this field are each other's opposite; those of labels and of comparisons with files are not.
fn is_decided(field: &Field) -> bool {
    matches!(field.number, FieldNumber::EXE | FieldNumber::FILETYPE)
}

/// Whether the rule also says the opposite.
fn is_denied(field: &Field, rule: &Rule) -> bool {
    let opposite = Field { op: Op::NOT_EQUAL, ..field.clone() };
    field.op == Op::EQUAL && rule.fields.contains(&opposite)
}

fn never_alone(field: &Field) -> bool {
    let Some(value) = field.value.number() else { return false };
    match Numbers::of(field.op, value) {
        Some(set) => set.is_empty(),
        None => field.op == Op::BIT_MASK && value == 0,
    }
}

/// What a rule does that switches recording off for everything.
#[must_use]
pub fn blocker(rule: &Rule) -> Option<&'static str> {
    let has_no_condition = rule.fields.iter().all(|field| field.number == FieldNumber::KEY);
    match rule.list {
        List::TASK if rule.action == Action::NEVER && has_no_condition => {
            Some("switches system call auditing off for every new process")
        }
        List::EXIT if rule.action == Action::NEVER && has_no_condition && rule.syscalls.is_all() => {
            Some("keeps every rule behind it from recording anything")
        }
        List::EXCLUDE if !rule.fields.is_empty() && rule.fields.iter().all(takes_every_record) => {
            Some("drops every record")
        }
        _ => None,
    }
}

/// Whether a condition lets every type of record through: 1000 is the first, and 2999 the last that is in use.
fn takes_every_record(field: &Field) -> bool {
    let types = Numbers::of(Op::GREATER_OR_EQUAL, 1000).map(|mut types| {
        types.narrow(&Numbers::of(Op::LESS, 3000).unwrap_or_else(Numbers::all));
        types
    });
    let taken = field.value.number().and_then(|value| Numbers::of(field.op, value));
    let by_type = field.number == FieldNumber::MSGTYPE;
    match (types, taken) {
        (Some(types), Some(taken)) if by_type => types.is_within(&taken),
        (_, Some(taken)) => taken == Numbers::all() && Property::of(field.number, List::EXCLUDE) == Property::Number,
        _ => false,
    }
}
