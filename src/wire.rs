//! A rule as the kernel's `struct audit_rule_data` and back, without loss.
//!
//! The layout comes from `netlink-packet-audit`'s `RuleBuffer`. Its `RuleMessage` is not used: version 0.7.0 reads
//! the length of an `exe` as its value and so misreads every text after it, knows no `saddr_fam`, and replaces
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

/// The rule of a payload, as long as its datagram says; padding after it is passed over.
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
            let (this, after) =
                text.split_at_checked(value as usize).ok_or(WireError::FieldBeyondText { field: at })?;
            text = after;
            Value::Text(this.into())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Rule {
        let mut rule = Rule::new(List::EXIT, Action::ALWAYS, [2, 257, 2047].into_iter().collect());
        rule.fields = vec![
            Field::number(FieldNumber::ARCH, Op::EQUAL, 0xc000_003e),
            Field::with_text(FieldNumber::EXE, Op::EQUAL, *b"/bin/\xff"),
            Field::number(FieldNumber(999), Op(0x1234), 5),
            Field::with_text(FieldNumber::KEY, Op::NOT_EQUAL, *b"k"),
        ]
        .into();
        rule
    }

    #[test]
    fn a_rule_survives_the_way_to_bytes_and_back_in_both_byte_orders() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut rule = sample();
            rule.rest = b"newer".to_vec();
            let bytes = encode_in(&rule, false, order);
            assert_eq!(decode_in(&bytes, order), Ok(rule.clone()));
            assert_eq!(encode_in(&decode_in(&bytes, order).unwrap(), false, order), bytes);
        }
    }

    #[test]
    fn numbers_stand_where_the_kernel_reads_them() {
        let word = |bytes: &[u8], at: usize| bytes[at..at + 4].to_vec();
        let little = encode_in(&sample(), true, ByteOrder::Little);
        let big = encode_in(&sample(), true, ByteOrder::Big);
        let offsets = [
            (0, 0x14),
            (4, 2),
            (8, 4),
            (12, 4),
            (264, 0x8000_0000),
            (268, 11),
            (524, 0xc000_003e),
            (528, 6),
            (780, 0x4000_0000),
            (1036, 7),
        ];
        for (at, value) in offsets {
            assert_eq!(word(&little, at), u32::to_le_bytes(value), "{at}");
            assert_eq!(word(&big, at), u32::to_be_bytes(value), "{at}");
        }
        assert_eq!(&little[HEADER..], b"/bin/\xffk\0");
        assert_eq!(&big[HEADER..], b"/bin/\xffk\0");
    }

    #[test]
    fn the_text_of_an_unknown_field_is_kept_after_those_that_are_known() {
        let mut rule = sample();
        rule.rest = b"label".to_vec();
        let mut bytes = encode(&rule, false);
        bytes.truncate(HEADER + 12);
        let decoded = decode(&bytes).unwrap();
        assert_eq!(decoded.rest, b"label");
        assert_eq!(&encode(&decoded, false)[..bytes.len()], bytes);
    }

    #[test]
    fn hostile_lengths_are_errors() {
        let good = encode(&sample(), false);
        let with = |at: usize, value: u32| {
            let mut bytes = good.clone();
            bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
            decode(&bytes)
        };
        assert_eq!(decode(&good[..1039]), Err(WireError::TooShort { length: 1039 }));
        assert_eq!(decode(&[]), Err(WireError::TooShort { length: 0 }));
        assert_eq!(with(8, 65), Err(WireError::TooManyFields { count: 65 }));
        assert_eq!(with(8, u32::MAX), Err(WireError::TooManyFields { count: u32::MAX }));
        assert_eq!(with(1036, u32::MAX), Err(WireError::TextBeyondEnd { claimed: u32::MAX, present: 8 }));
        assert_eq!(with(1036, 9), Err(WireError::TextBeyondEnd { claimed: 9, present: 8 }));
        assert_eq!(with(528, 8), Err(WireError::FieldBeyondText { field: 1 }));
        assert_eq!(with(528, u32::MAX), Err(WireError::FieldBeyondText { field: 1 }));
    }

    #[test]
    fn no_bytes_make_decoding_panic_and_what_decodes_encodes_to_the_same() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut decoded = 0;
        for _ in 0..2000 {
            let length = 1030 + usize::try_from(random() % 100).unwrap();
            let mut bytes: Vec<u8> = (0..length).map(|_| random().to_le_bytes()[3]).collect();
            for at in [8, 1036].into_iter().filter(|at| at + 4 <= length) {
                bytes[at..at + 4].copy_from_slice(&u32::try_from(random() % 66).unwrap().to_ne_bytes());
            }
            if let Ok(rule) = decode(&bytes) {
                decoded += 1;
                let again = encode(&rule, false);
                assert_eq!(decode(&again), Ok(rule));
            }
        }
        assert!(decoded > 50, "{decoded}");
    }
}
