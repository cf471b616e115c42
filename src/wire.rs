//! A rule as the kernel's `struct audit_rule_data` and back, without loss.
//!
//! The layout comes from `netlink-packet-audit`'s `RuleBuffer`. Its `RuleMessage` is not used: version 0.7.0 reads
//! the length of an `exe` as its value and so misreads every text behind it, knows no `saddr_fam`, and replaces
//! bytes that are no UTF-8.

use netlink_packet_audit::rules::RuleBuffer;

use crate::rule::mask::WORDS;
use crate::rule::{Action, Field, FieldNumber, List, MAX_FIELDS, Mask, Op, Rule, Value};

/// Bytes before the text: `offsetof(struct audit_rule_data, buf)`.
pub const HEADER: usize = 1040;
/// In the flags of an ADD: put the rule before all others of its list (`AUDIT_FILTER_PREPEND`).
pub const PREPEND: u32 = 0x10;
/// Messages are padded to this, in bytes (`NLMSG_ALIGNTO`).
const ALIGNMENT: usize = 4;

/// The byte order of a rule's numbers: that of the machine whose kernel it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// The order of the running machine, which is what its kernel speaks.
    pub const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}

/// Why bytes are no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// Fewer bytes than any rule has.
    TooShort {
        /// How many there are.
        length: usize,
    },
    /// More fields than a rule can have.
    TooManyFields {
        /// The number of fields that the bytes claim.
        count: u32,
    },
    /// The text is said to go beyond the bytes.
    TextBeyondEnd {
        /// The number of text bytes that the bytes claim.
        claimed: u32,
        /// How many there are.
        present: usize,
    },
    /// The texts of the fields are together longer than the text.
    FieldBeyondText {
        /// The field whose text does not fit, counted from 0.
        field: usize,
    },
}

/// The payload of an ADD or DEL, padded to 4 bytes as auditctl does it.
#[must_use]
pub fn encode(rule: &Rule, prepend: bool) -> Vec<u8> {
    encode_in(rule, prepend, ByteOrder::NATIVE)
}

/// As [`encode`], for a kernel of this byte order. Fields beyond the 64th are left out.
#[must_use]
pub fn encode_in(rule: &Rule, prepend: bool, order: ByteOrder) -> Vec<u8> {
    let fields = || rule.fields.iter().take(MAX_FIELDS);
    let mut text: Vec<u8> = fields().filter_map(Field::text).flatten().copied().collect();
    text.extend_from_slice(&rule.rest);
    let mut bytes = vec![0; (HEADER + text.len()).next_multiple_of(ALIGNMENT)];
    let mut buffer = RuleBuffer::new(&mut bytes);
    buffer.set_flags(rule.list.0 | if prepend { PREPEND } else { 0 });
    buffer.set_action(rule.action.0);
    buffer.set_field_count(number(fields().count()));
    for (target, word) in buffer.syscalls_mut().chunks_exact_mut(4).zip(rule.syscalls.words()) {
        target.copy_from_slice(&word.to_ne_bytes());
    }
    for (at, field) in fields().enumerate() {
        buffer.set_field(at, field.number.0);
        buffer.set_field_flags(at, field.op.0);
        buffer.set_value(
            at,
            match &field.value {
                Value::Number(value) => *value,
                Value::Text(text) => number(text.len()),
            },
        );
    }
    buffer.set_buflen(number(text.len()));
    bytes[HEADER..HEADER + text.len()].copy_from_slice(&text);
    to_order(&mut bytes[..HEADER], order);
    bytes
}

/// The rule of a payload, as long as its datagram says; padding behind it is passed over.
///
/// # Errors
/// What is wrong with the bytes.
pub fn decode(payload: &[u8]) -> Result<Rule, WireError> {
    decode_in(payload, ByteOrder::NATIVE)
}

/// As [`decode`], from a kernel of this byte order.
///
/// # Errors
/// What is wrong with the bytes.
pub fn decode_in(payload: &[u8], order: ByteOrder) -> Result<Rule, WireError> {
    let Some((header, after)) = payload.split_at_checked(HEADER) else {
        return Err(WireError::TooShort { length: payload.len() });
    };
    let mut header = header.to_vec();
    to_order(&mut header, order);
    let buffer = RuleBuffer::new(header.as_slice());
    let count = buffer.field_count();
    if count as usize > MAX_FIELDS {
        return Err(WireError::TooManyFields { count });
    }
    let claimed = buffer.buflen();
    let mut text = after.get(..claimed as usize).ok_or(WireError::TextBeyondEnd { claimed, present: after.len() })?;
    let mut words = [0; WORDS];
    for (word, read) in words.iter_mut().zip(numbers(buffer.syscalls())) {
        *word = read;
    }
    let mut rule = Rule::new(List(buffer.flags()), Action(buffer.action()), Mask::from_words(words));
    let rows = numbers(buffer.fields()).zip(numbers(buffer.field_flags())).zip(numbers(buffer.values()));
    for (at, ((field, op), value)) in rows.take(count as usize).enumerate() {
        let field = FieldNumber(field);
        let value = if field.is_text() {
            let (this, behind) =
                text.split_at_checked(value as usize).ok_or(WireError::FieldBeyondText { field: at })?;
            text = behind;
            Value::Text(this.to_vec())
        } else {
            Value::Number(value)
        };
        rule.fields.push(Field { number: field, op: Op(op), value });
    }
    rule.rest = text.to_vec();
    Ok(rule)
}

/// Turns numbers of this machine into the order's, or back.
fn to_order(header: &mut [u8], order: ByteOrder) {
    if order != ByteOrder::NATIVE {
        header.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).filter_map(|chunk| Some(u32::from_ne_bytes(chunk.try_into().ok()?)))
}

/// Lengths in a rule are 32 bits wide; a longer text does not come from a parsed or decoded rule.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
