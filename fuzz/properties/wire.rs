//! The wire decoder: bytes that claim to be `struct audit_rule_data`.

use audit_rules::auditctl::{self, Accounts, Context, Line, UnknownSyscalls};
use audit_rules::rule::verdict::kernel_verdict;
use audit_rules::rule::{FieldNumber, Machine, Rule};
use audit_rules::wire::{self, ByteOrder, HEADER};

/// Where the header has its parts (`linux/audit.h`).
const COUNT: usize = 8;
const MASK: usize = 12;
const FIELDS: usize = 268;
const VALUES: usize = 524;
const OPERATORS: usize = 780;
const LENGTH: usize = 1036;

/// What holds for a payload.
///
/// # Panics
/// Where it does not.
pub fn hold(data: &[u8]) {
    let payload = payload(data);
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let Ok(rule) = wire::decode_in(&payload, order) else { continue };
        let again = wire::encode_in(&rule, false, order);
        assert_eq!(wire::decode_in(&again, order).as_ref(), Ok(&rule), "what was encoded is another rule");
        if is_listing(&payload, &rule, order) {
            assert_eq!(again[..payload.len()], payload, "a listed rule would be sent back as other bytes");
            assert!(again[payload.len()..].iter().all(|byte| *byte == 0), "more than padding");
        }
        let other = if order == ByteOrder::Little { ByteOrder::Big } else { ByteOrder::Little };
        let swapped = wire::encode_in(&rule, false, other);
        assert_eq!(wire::decode_in(&swapped, other).as_ref(), Ok(&rule), "the byte order changes the rule");
        let _ = kernel_verdict(&rule);
        text_never_lies(&rule.as_listed());
    }
}

/// The text of a rule reads back as that rule, or is refused: it never reads as another one.
fn text_never_lies(rule: &Rule) {
    let accounts = Accounts::default();
    for name in ["x86_64", "aarch64", "s390x"] {
        let Some(machine) = Machine::from_uname(name) else { panic!("{name} is unknown") };
        let context = Context {
            machine: &machine,
            accounts: &accounts,
            unknown_syscalls: UnknownSyscalls::Fail,
            installed: None,
        };
        let text = auditctl::canonical(rule, &machine);
        let Ok(Line::Statement(statement)) = auditctl::parse(&text, &context) else { continue };
        let is_directory = rule.fields.first().is_some_and(|field| field.number == FieldNumber::DIR);
        let read = statement.rule.map(|line| line.with_watch_kind(is_directory).rule.as_listed());
        assert_eq!(read.as_ref(), Some(rule), "{name}: {}", String::from_utf8_lossy(&text));
    }
}

/// Whether the kernel could have listed this: nothing after the text, nothing in what no field uses.
fn is_listing(payload: &[u8], rule: &Rule, order: ByteOrder) -> bool {
    let number = |at: usize| {
        let bytes = [payload[at], payload[at + 1], payload[at + 2], payload[at + 3]];
        if order == ByteOrder::Little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }
    };
    let unused = |start: usize| (rule.fields.len()..64).all(|at| number(start + 4 * at) == 0);
    payload.len() == HEADER + number(LENGTH) as usize && [FIELDS, VALUES, OPERATORS].into_iter().all(unused)
}

/// The payload itself; or, of fewer bytes than a header has, one whose numbers are made of them, so that a short input
/// reaches every part: list, action, fields, mask and length in a byte each, then number, operator and value of each
/// field, then the text.
fn payload(data: &[u8]) -> Vec<u8> {
    if data.len() >= HEADER {
        return data.to_vec();
    }
    let mut given = data.iter().copied();
    let mut byte = || given.next().unwrap_or(0);
    let (list, action, count, words) = (byte(), byte(), byte() % 66, byte());
    let mut header = vec![0; HEADER];
    let mut put = |at: usize, value: u32| header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(0, list.into());
    put(4, action.into());
    put(COUNT, count.into());
    for word in 0..64 {
        let value = match words {
            255 => u32::MAX,
            words if word < usize::from(words % 16) => u32::from_le_bytes([byte(), byte(), byte(), byte()]),
            _ => 0,
        };
        put(MASK + 4 * word, value);
    }
    let mut texts = 0_u64;
    for field in 0..usize::from(count.min(64)) {
        let number = u32::from(byte()) | u32::from(byte()) << 8;
        let operator = u32::from(byte()) << 24;
        let value = match byte() {
            small @ 0..=127 => small.into(),
            wide => u32::from_le_bytes([wide, byte(), byte(), byte()]),
        };
        texts += if FieldNumber(number).is_text() { value.into() } else { 0 };
        put(FIELDS + 4 * field, number);
        put(OPERATORS + 4 * field, operator);
        put(VALUES + 4 * field, value);
    }
    let text: Vec<u8> = given.collect();
    let claimed = u32::try_from(texts.max(text.len() as u64)).unwrap_or(u32::MAX);
    put(LENGTH, claimed);
    header.extend_from_slice(&text);
    header
}
