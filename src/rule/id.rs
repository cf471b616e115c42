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

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
