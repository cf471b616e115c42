//! A short name of a rule that depends only on its meaning.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{Rule, Value};

/// The first 64 bits of a digest of the rule as the kernel lists it; the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; 8]);

impl Id {
    /// The id of a rule.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        let mut bytes = Vec::with_capacity(512);
        let mut number = |number: u32| bytes.extend_from_slice(&number.to_le_bytes());
        number(rule.list.0);
        number(rule.action.0);
        rule.syscalls.clone().listed().words().for_each(&mut number);
        for field in &rule.fields {
            number(field.number.0);
            number(field.op.0);
            number(match &field.value {
                Value::Number(number) => *number,
                Value::Text(text) => u32::try_from(text.len()).unwrap_or(u32::MAX),
            });
        }
        rule.fields.iter().filter_map(super::Field::text).for_each(|text| bytes.extend_from_slice(text));
        bytes.extend_from_slice(&rule.rest);
        let mut short = [0; 8];
        short.iter_mut().zip(Sha256::digest(&bytes)).for_each(|(short, byte)| *short = byte);
        Self(short)
    }
}

/// A digest of rules and settings, the same on every machine: the order within each list counts, that of the lists does
/// not.
#[must_use]
pub fn digest<'a>(rules: impl Iterator<Item = Rule>, settings: impl Iterator<Item = (&'a str, u32)>) -> String {
    let mut rules: Vec<(u32, Id)> = rules.map(|rule| (rule.list.0, Id::of(&rule))).collect();
    rules.sort_by_key(|(list, _)| *list);
    let mut hasher = Sha256::new();
    for (_, id) in rules {
        hasher.update(id.0);
    }
    for (name, value) in settings {
        hasher.update(format!("{name}={value}\n"));
    }
    hasher.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
