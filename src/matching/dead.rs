//! Rules that match nothing, and rules that leave nothing to be recorded.

use super::cover::{all_accesses, numbers, success, successes};
use super::numbers::Numbers;
use super::property::Property;
use crate::rule::{Action, Field, FieldNumber, List, Op, Rule};

/// The types of record that are in use, from first to last, and that of the record that every event of a rule begins
/// with (`AUDIT_SYSCALL`; `audit_log_exit` goes no further where it is dropped).
const FIRST_TYPE: u32 = 1000;
const LAST_TYPE: u32 = 2999;
const SYSCALL: u32 = 1300;

/// File systems whose files are the kernel's own debugging (`linux/magic.h`); auditctl has names for just these.
const DEBUGFS: u32 = 0x6462_6720;
const TRACEFS: u32 = 0x7472_6163;

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
            Some("keeps every rule after it from recording anything")
        }
        List::EXCLUDE if !rule.fields.is_empty() && rule.fields.iter().all(takes_every_process) => {
            let types = numbers(rule, FieldNumber::MSGTYPE);
            if Numbers::between(FIRST_TYPE, LAST_TYPE).is_within(&types) {
                Some("drops every record")
            } else if types.contains(SYSCALL) {
                Some("drops every SYSCALL record, and the kernel writes no other one of an event without it")
            } else {
                None
            }
        }
        List::FILESYSTEM if rule.action == Action::NEVER && rule.fields.iter().any(takes_files_of_users) => Some(
            "keeps the names of all files on such a file system out of every event: no rule with a path records there",
        ),
        _ => None,
    }
}

/// Whether a condition on the type of a file system matches others than those of the kernel's own debugging, which have no
/// file of a user.
fn takes_files_of_users(field: &Field) -> bool {
    let taken = field.value.number().and_then(|value| Numbers::of(field.op, value));
    let of_kernel = [DEBUGFS, TRACEFS].into_iter().filter_map(|kind| Numbers::of(Op::EQUAL, kind));
    field.number == FieldNumber::FSTYPE
        && taken.is_some_and(|taken| !taken.is_empty() && !of_kernel.into_iter().any(|kind| taken == kind))
}

/// Whether a condition keeps no process from being matched; one on the type of record does not.
fn takes_every_process(field: &Field) -> bool {
    let taken = || field.value.number().and_then(|value| Numbers::of(field.op, value));
    field.number == FieldNumber::MSGTYPE
        || Property::of(field.number, List::EXCLUDE) == Property::Number && taken() == Some(Numbers::all())
}
