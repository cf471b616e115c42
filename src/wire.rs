//! Rules as the kernel's bytes (`struct audit_rule_data`), native-endian.

use crate::rule::{Action, Field, FieldNumber, List, MAX_FIELDS, Mask, Op, Rule, Value, mask};

const FIXED: usize = 1040;

/// Why bytes are no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireError {
    /// The bytes end before the text does.
    Short {
        /// How many bytes there are.
        length: usize,
    },
    /// More fields than the kernel takes.
    Fields(u32),
}

/// The bytes of a rule, padded to a multiple of 4.
#[must_use]
pub fn encode(rule: &Rule) -> Vec<u8> {
    let mut text = Vec::new();
    let mut fixed = [0u32; FIXED / 4];
    fixed[0] = rule.list.0;
    fixed[1] = rule.action.0;
    fixed[3..67].copy_from_slice(rule.syscalls.words());
    for (at, field) in rule.fields.iter().take(MAX_FIELDS).enumerate() {
        fixed[2] += 1;
        fixed[67 + at] = field.number.0;
        fixed[195 + at] = field.op.0;
        fixed[131 + at] = match &field.value {
            Value::Number(number) => *number,
            Value::Text(bytes) => {
                text.extend_from_slice(bytes);
                u32::try_from(bytes.len()).unwrap_or(u32::MAX)
            }
        };
    }
    text.extend_from_slice(&rule.rest);
    fixed[259] = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut bytes: Vec<u8> = fixed.iter().flat_map(|word| word.to_ne_bytes()).collect();
    bytes.extend_from_slice(&text);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The rule of these bytes; bytes behind the text are padding.
///
/// # Errors
/// The bytes are too short, or give more than 64 fields.
pub fn decode(bytes: &[u8]) -> Result<Rule, WireError> {
    let short = || WireError::Short { length: bytes.len() };
    let word = |at: usize| {
        let word = bytes.get(at * 4..at * 4 + 4).and_then(|word| <[u8; 4]>::try_from(word).ok());
        word.map(u32::from_ne_bytes).ok_or_else(short)
    };
    let mut words = [0; mask::WORDS];
    for (at, mask) in words.iter_mut().enumerate() {
        *mask = word(3 + at)?;
    }
    let mut text = bytes.get(FIXED..).and_then(|text| text.get(..word(259).ok()? as usize)).ok_or_else(short)?;
    let count = word(2)?;
    if count as usize > MAX_FIELDS {
        return Err(WireError::Fields(count));
    }
    let mut fields = Vec::with_capacity(count as usize);
    for at in 0..count as usize {
        let (number, op, value) = (FieldNumber(word(67 + at)?), Op(word(195 + at)?), word(131 + at)?);
        fields.push(if number.is_text() {
            let (own, behind) = text.split_at_checked(value as usize).ok_or_else(short)?;
            text = behind;
            Field::with_text(number, op, own)
        } else {
            Field::number(number, op, value)
        });
    }
    Ok(Rule {
        list: List(word(0)?),
        action: Action(word(1)?),
        syscalls: Mask::from_words(words),
        fields,
        rest: text.to_vec(),
    })
}
