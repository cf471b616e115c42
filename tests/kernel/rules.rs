//! Rules that do no harm on any host: their key says whose they are.

use audit_rules::rule::{Action, Field, FieldNumber, List, Mask, Op, Rule};

/// How the key of every rule starts that a test loads.
pub const KEY: &str = "audit_rules_test";

pub fn key(tail: impl AsRef<[u8]>) -> Field {
    Field::with_text(FieldNumber::KEY, Op::EQUAL, [KEY.as_bytes(), tail.as_ref()].concat())
}

/// `-a always,exit` for one system call, told apart by its key.
pub fn plain(number: u32) -> Rule {
    with(List::EXIT, [], format!("-{number}"))
}

pub fn with(list: List, fields: impl IntoIterator<Item = Field>, tail: impl AsRef<[u8]>) -> Rule {
    let syscalls = if list == List::EXIT { Mask::from_iter([1]) } else { Mask::NONE };
    let mut rule = Rule::new(list, Action::NEVER, syscalls);
    rule.fields.extend(fields);
    rule.fields.push(key(tail));
    rule
}

pub fn number(field: FieldNumber, value: u32) -> Field {
    Field::number(field, Op::EQUAL, value)
}

pub fn text(field: FieldNumber, value: &str) -> Field {
    Field::with_text(field, Op::EQUAL, value)
}

/// Whether a test loaded it.
pub fn is_ours(rule: &Rule) -> bool {
    rule.key().is_some_and(|key| key.starts_with(KEY.as_bytes()))
}
