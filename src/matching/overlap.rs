//! Whether two rules may match one event.

use super::cover::{all_accesses, lies_below, numbers, successes};
use super::property::{Property, names_a_file};
use crate::rule::{Field, FieldNumber, Op, Rule};

/// Whether nothing keeps two rules of one list from matching the same event. Their files must be the same, or one below
/// the directory of the other: that one call names two files is not meant.
#[must_use]
pub fn overlap(left: &Rule, right: &Rule) -> bool {
    let mut both = left.clone();
    both.fields.extend(right.fields.iter().cloned());
    left.syscalls.meets(&right.syscalls)
        && successes(&both) != 0
        && all_accesses(&both) != 0
        && share_files(left, right)
        && !both.fields.iter().any(|field| is_denied(field, &both))
}

fn is_denied(field: &Field, both: &Rule) -> bool {
    match Property::of(field.number, both.list) {
        Property::Number | Property::Result | Property::Family => numbers(both, field.number).is_empty(),
        Property::Fact if field.op == Op::EQUAL => {
            let differs =
                |other: &&Field| other.number == field.number && (other.op == field.op) != (other.value == field.value);
            both.fields.iter().any(|other| differs(&other))
        }
        _ => false,
    }
}

fn share_files(left: &Rule, right: &Rule) -> bool {
    let object = |rule: &'_ Rule| rule.fields.iter().find(|field| names_a_file(field)).cloned();
    let (Some(left), Some(right)) = (object(left), object(right)) else { return true };
    let is_below = |directory: &Field, file: &Field| {
        let below = lies_below(directory.text().unwrap_or_default(), file.text().unwrap_or_default());
        directory.number == FieldNumber::DIR && below
    };
    left.text() == right.text() || is_below(&left, &right) || is_below(&right, &left)
}
