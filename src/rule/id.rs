//! A short name of a rule that depends only on its meaning.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{Action, List, Mask, Rule, Value};

/// The first 64 bits of a digest of the rule as the kernel lists it; the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; 8]);

impl Id {
    /// How many digits its text has.
    pub const DIGITS: usize = 16;

    /// The id of a rule.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        Ids::default().of(rule)
    }

    /// The first 64 bits of a digest of bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::first(Sha256::digest(bytes))
    }

    fn first(digest: impl IntoIterator<Item = u8>) -> Self {
        let mut short = [0; 8];
        short.iter_mut().zip(digest).for_each(|(short, byte)| *short = byte);
        Self(short)
    }
}

/// Makes the ids of rules one after the other. Rules of the same list, action and system calls, as those that follow each
/// other often are, begin with the same bytes, which are digested once.
#[derive(Debug, Default)]
pub struct Ids {
    begun: Option<(List, Action, Mask, Sha256)>,
}

impl Ids {
    /// The id of a rule.
    #[must_use]
    pub fn of(&mut self, rule: &Rule) -> Id {
        let mut bytes = Vec::with_capacity(256);
        let mut hasher = self.begun(rule);
        let mut number = |number: u32| bytes.extend_from_slice(&number.to_le_bytes());
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
        hasher.update(&bytes);
        Id::first(hasher.finalize())
    }

    /// The digest so far, of what stands before the conditions.
    fn begun(&mut self, rule: &Rule) -> Sha256 {
        if let Some((list, action, mask, hasher)) = &self.begun {
            if (*list, *action) == (rule.list, rule.action) && *mask == rule.syscalls {
                return hasher.clone();
            }
        }
        let words = rule.syscalls.clone().listed();
        let numbers = [rule.list.0, rule.action.0].into_iter().chain(words.words());
        let hasher = Sha256::new_with_prefix(numbers.flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        self.begun = Some((rule.list, rule.action, rule.syscalls.clone(), hasher.clone()));
        hasher
    }
}

/// A digest of rules and settings, the same on every machine: the order within each list counts, that of the lists does
/// not.
#[must_use]
pub fn digest<'a>(rules: impl Iterator<Item = Rule>, settings: impl Iterator<Item = (&'a str, u32)>) -> String {
    let mut ids = Ids::default();
    let mut hasher = Sha256::new();
    digest_rules(rules.map(|rule| (rule.list.0, ids.of(&rule))).collect(), &mut hasher);
    for (name, value) in settings {
        hasher.update(format!("{name}={value}\n"));
    }
    hasher.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

/// Digests the ids of rules, list by list; each stands beside the number of its list.
fn digest_rules(mut rules: Vec<(u32, Id)>, hasher: &mut Sha256) {
    rules.sort_by_key(|(list, _)| *list);
    for (_, id) in rules {
        hasher.update(id.0);
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
        f.pad(&self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Field, FieldNumber, Op};

    #[test]
    fn an_id_is_the_same_whichever_rules_had_theirs_before() {
        let mut rules = Vec::new();
        for mask in [Mask::NONE, Mask::all(), [2, 257].into_iter().collect()] {
            for number in [1, 2] {
                let mut rule = Rule::new(List::EXIT, Action::ALWAYS, mask.clone());
                rule.fields.push(Field::number(FieldNumber::AUID, Op::EQUAL, number));
                rules.push(rule.clone());
                rules.push(Rule { list: List::TASK, ..rule.clone() });
                rules.push(Rule { action: Action::NEVER, ..rule });
            }
        }
        let alone: Vec<Id> = rules.iter().map(Id::of).collect();
        let mut ids = Ids::default();
        assert_eq!(rules.iter().map(|rule| ids.of(rule)).collect::<Vec<_>>(), alone);
        let mut distinct = alone.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), alone.len());
    }
}
