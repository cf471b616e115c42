//! The values of `-F` and `-C`.

use super::error::{ConditionError, LineErrorKind, NameError, ValueError};
use super::line::Context;
use super::permissions;
use crate::rule::arch::UnknownArch;
use crate::rule::field_table::{self, FieldRow, ValueType};
use crate::rule::number::{self, BadNumber};
use crate::rule::{Arch, Field, FieldNumber, List, MAX_STRING, Machine, Op, Value, key};
use crate::tables::{self, NameTable, compare};

/// Address families from here on do not exist (`AF_MAX` of auditctl's build).
const AF_MAX: u32 = 46;
/// What `unset` stands for.
const UNSET: u32 = u32::MAX;

/// The text of a `-F`, split at its operator: the first of auditctl's search order that occurs anywhere.
pub fn split(text: &[u8]) -> Result<(String, Op, &[u8]), LineErrorKind> {
    let lossy = || String::from_utf8_lossy(text).into_owned();
    let has_others = has_byte_of_others(text);
    let (at, op, symbol) = Op::SEARCHED
        .iter()
        .filter(|(op, _)| has_others || *op == Op::EQUAL)
        .find_map(|(op, symbol)| Some((find(text, symbol.as_bytes())?, *op, *symbol)))
        .ok_or_else(|| LineErrorKind::Condition(ConditionError::MissingOperator { text: lossy() }))?;
    let value = &text[at + symbol.len()..];
    match (at, value) {
        (0, _) => Err(LineErrorKind::Condition(ConditionError::MissingField { text: lossy() })),
        (_, []) => Err(LineErrorKind::Condition(ConditionError::MissingValue { text: lossy() })),
        _ => Ok((String::from_utf8_lossy(&text[..at]).into_owned(), op, value)),
    }
}

/// The operator in a text that auditctl would find before the `=` in front of it.
pub fn operator_before_equal(text: &[u8]) -> Option<&'static str> {
    let mut before = Op::SEARCHED.iter().take_while(|(op, _)| *op != Op::EQUAL).map(|(_, symbol)| *symbol);
    before.find(|symbol| has_byte_of_others(text) && find(text, symbol.as_bytes()).is_some())
}

/// Whether a text has a byte that every operator but `=` has one of; few texts do.
fn has_byte_of_others(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'!' | b'<' | b'>' | b'&'))
}

/// A text's first place, in bytes.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The field of this name.
pub fn field_named(name: &str) -> Result<&'static FieldRow, LineErrorKind> {
    field_table::by_name(name).ok_or_else(|| {
        let names = field_table::FIELDS.iter().map(|row| row.name);
        let nearest = tables::nearest::nearest(&name.to_ascii_lowercase(), names);
        LineErrorKind::Name(NameError::UnknownField { name: name.to_owned(), nearest })
    })
}

/// The condition of a `-F` on a list.
pub fn parse(text: &[u8], list: List, context: &Context<'_>) -> Result<Field, LineErrorKind> {
    let (name, op, value) = split(text)?;
    let row = field_named(&name)?;
    if context.lacks(row.name) {
        return Err(LineErrorKind::Name(NameError::UnknownField { name, nearest: None }));
    }
    // Before 3.1 the exclude list took only what the kernel evaluates there.
    let is_barred = list == List::EXCLUDE && context.is_before([3, 1, 0]) && !was_on_exclude(row.number);
    if !row.auditctl.lists.contains(list) || is_barred {
        return Err(LineErrorKind::Condition(ConditionError::FieldNotOnList { field: row.name, list }));
    }
    if !row.auditctl.ops.contains(op) {
        return Err(LineErrorKind::Condition(ConditionError::BadOperator {
            field: row.name,
            op: op.symbol().unwrap_or_default(),
        }));
    }
    Ok(Field { number: row.number, op, value: parse_value(row, value, context)? })
}

/// Whether auditctl before 3.1 took the field on the exclude list.
fn was_on_exclude(field: FieldNumber) -> bool {
    matches!(field.0, 0 | 1 | 5 | 9 | 12..=17) || field == FieldNumber::EXE
}

/// The value of a field, whatever operator and list it stands with.
pub fn value(field: &str, text: &[u8], context: &Context<'_>) -> Result<Value, LineErrorKind> {
    parse_value(field_named(field)?, text, context)
}

fn parse_value(row: &FieldRow, value: &[u8], context: &Context<'_>) -> Result<Value, LineErrorKind> {
    let bad = |why| LineErrorKind::Value(ValueError::BadValue { field: row.name, value: lossy(value), why });
    if let Some(number) = context.installed.and_then(|_| as_auditctl_reads(row.value, value)) {
        return Ok(Value::Number(number));
    }
    let number = match row.value {
        ValueType::Text => return text(row.name, value, MAX_STRING),
        ValueType::Key if value.len() > key::MAX_LENGTH => {
            return Err(LineErrorKind::Value(ValueError::KeyTooLong { length: value.len() }));
        }
        ValueType::Key if value.contains(&key::SEPARATOR) && !context.is_before([4, 2, 0]) => {
            return Err(LineErrorKind::Value(ValueError::KeySeparator));
        }
        ValueType::Key => return Ok(Value::Text(value.into())),
        ValueType::Number => number::unsigned(value).map_err(bad)?,
        ValueType::Argument => number::signed(value).map_err(bad)?,
        ValueType::User => user(row.name, value, context)?,
        ValueType::Group => group(row.name, value, context)?,
        ValueType::Arch => {
            let arch = context.machine.arch(&lossy(value)).map_err(|why| unknown_arch(value, why))?;
            if matches!(arch, Arch::RISCV64 | Arch::RISCV32) && context.lacks("riscv64") {
                return Err(unknown_arch(value, UnknownArch::NotAnArch));
            }
            arch.0
        }
        ValueType::RecordType => {
            let number = record_type(value)?;
            let is_name = !value.to_ascii_uppercase().starts_with(b"UNKNOWN[");
            if is_name && context.lacks(&lossy(value).to_ascii_uppercase()) {
                return Err(LineErrorKind::Name(NameError::UnknownRecordType { value: lossy(value), nearest: None }));
            }
            number
        }
        ValueType::Session => match value {
            b"unset" => UNSET,
            _ if is_numeric(value) => number::signed(value).map_err(bad)?,
            _ => return Err(LineErrorKind::Value(ValueError::BadSession { value: lossy(value) })),
        },
        ValueType::Exit => exit(value)?,
        ValueType::Permissions => permissions::parse(value)?,
        ValueType::FileType => named(tables::file_types(), &lossy(value).to_ascii_lowercase())
            .map_err(|nearest| LineErrorKind::Name(NameError::UnknownFileType { value: lossy(value), nearest }))?,
        ValueType::FilesystemType if context.lacks(&lossy(value).to_ascii_lowercase()) => {
            return Err(LineErrorKind::Name(NameError::UnknownFilesystemType { value: lossy(value), nearest: None }));
        }
        ValueType::FilesystemType => filesystem_type(value)?,
        ValueType::AddressFamily => address_family(value)?,
        ValueType::Comparison => match number::unsigned(value).map_err(bad)? {
            known if compare::is_known(known) => known,
            number => return Err(LineErrorKind::Value(ValueError::BadComparison { number })),
        },
    };
    Ok(Value::Number(number))
}

fn unknown_arch(value: &[u8], why: UnknownArch) -> LineErrorKind {
    LineErrorKind::Name(NameError::UnknownArch { value: lossy(value), why })
}

/// The number that auditctl makes of a value that begins as one, or that it does not look at; none where the value is a
/// name, or is refused.
fn as_auditctl_reads(kind: ValueType, value: &[u8]) -> Option<u32> {
    let number = number::as_c(value).unwrap_or(u32::MAX);
    let begins_with_digit = value.first().is_some_and(u8::is_ascii_digit);
    let is_read = match kind {
        ValueType::User | ValueType::Argument | ValueType::Exit => is_numeric(value),
        ValueType::Session => value != b"unset",
        ValueType::Number | ValueType::Comparison | ValueType::Group | ValueType::RecordType => begins_with_digit,
        ValueType::FilesystemType => begins_with_digit && number != u32::MAX,
        ValueType::AddressFamily => number < AF_MAX,
        ValueType::Arch => {
            let base = if begins_with_digit { 0 } else { 16 };
            let number = number::as_c_in(value, base);
            let is_name = |name: &str| name.eq_ignore_ascii_case("b64") || name.eq_ignore_ascii_case("b32");
            let is_machine = is_name(&lossy(value)) || Machine::from_uname(&lossy(value)).is_some();
            let is_riscv = |number| matches!(Arch(number), Arch::RISCV64 | Arch::RISCV32);
            return number.filter(|number| !is_machine && !is_riscv(*number) && Arch(*number).name().is_some());
        }
        ValueType::Text | ValueType::Key | ValueType::Permissions | ValueType::FileType => false,
    };
    if kind == ValueType::Session && !is_numeric(value) {
        return is_read.then_some(0);
    }
    is_read.then_some(number)
}

/// The condition of a `-C`, which only the exit list takes.
pub fn parse_comparison(text: &[u8], list: Option<List>) -> Result<Field, LineErrorKind> {
    if list != Some(List::EXIT) {
        return Err(LineErrorKind::Condition(ConditionError::ComparisonNotOnList { list }));
    }
    let (at, op, length) = match (find(text, b"!="), find(text, b"=")) {
        (Some(at), _) => (at, Op::NOT_EQUAL, 2),
        (None, Some(at)) => (at, Op::EQUAL, 1),
        (None, None) => return Err(LineErrorKind::Condition(ConditionError::ComparisonOperator { text: lossy(text) })),
    };
    let (left, right) = (&text[..at], &text[at + length..]);
    if left.is_empty() {
        return Err(LineErrorKind::Condition(ConditionError::MissingField { text: lossy(text) }));
    }
    if right.is_empty() {
        return Err(LineErrorKind::Condition(ConditionError::MissingValue { text: lossy(text) }));
    }
    let (left, right) = (field_named(&lossy(left))?, field_named(&lossy(right))?);
    let number = compare::number(left.number, right.number)
        .ok_or(LineErrorKind::Condition(ConditionError::NotComparable { left: left.name, right: right.name }))?;
    Ok(Field::number(FieldNumber::COMPARE, op, number))
}

fn text(field: &'static str, value: &[u8], longest: usize) -> Result<Value, LineErrorKind> {
    match value.len() {
        length if length > longest => Err(LineErrorKind::Value(ValueError::TextTooLong { field, length })),
        _ => Ok(Value::Text(value.into())),
    }
}

fn user(field: &'static str, value: &[u8], context: &Context<'_>) -> Result<u32, LineErrorKind> {
    if is_numeric(value) {
        return number::signed(value)
            .map_err(|why| LineErrorKind::Value(ValueError::BadValue { field, value: lossy(value), why }));
    }
    let name = lossy(value);
    match name.as_str() {
        "unset" => Ok(UNSET),
        name => context.accounts.users.get(name).copied().ok_or_else(|| {
            let name = name.to_owned();
            if can_be_a_name(&name) {
                LineErrorKind::UnknownUser { field, name }
            } else {
                LineErrorKind::Value(ValueError::ImpossibleName { field, name })
            }
        }),
    }
}

fn group(field: &'static str, value: &[u8], context: &Context<'_>) -> Result<u32, LineErrorKind> {
    if value.first().is_some_and(u8::is_ascii_digit) {
        return number::unsigned(value)
            .map_err(|why| LineErrorKind::Value(ValueError::BadValue { field, value: lossy(value), why }));
    }
    let name = lossy(value);
    context.accounts.groups.get(&name).copied().ok_or_else(|| {
        if can_be_a_name(&name) {
            LineErrorKind::UnknownGroup { field, name }
        } else {
            LineErrorKind::Value(ValueError::ImpossibleName { field, name })
        }
    })
}

/// Whether some host may have a user or group of this name.
///
/// Names of a directory service may hold a space, a backslash, `@` and dots, those of machines end in `$`. What a shell, a
/// template or an operator leaves behind, and what `passwd(5)` cannot hold, nobody has.
fn can_be_a_name(name: &str) -> bool {
    const NEVER: &str = "${}<>=!()[]%,;&|:*?\"'`#~^";
    let rest = name.strip_suffix('$').unwrap_or(name);
    !rest.is_empty() && !rest.starts_with('-') && !rest.chars().any(|c| NEVER.contains(c) || c.is_control())
}

fn exit(value: &[u8]) -> Result<u32, LineErrorKind> {
    if is_numeric(value) {
        return number::signed(value)
            .map_err(|why| LineErrorKind::Value(ValueError::BadValue { field: "exit", value: lossy(value), why }));
    }
    let upper = lossy(value).to_ascii_uppercase();
    let (negative, name) = upper.strip_prefix('-').map_or((false, upper.as_str()), |name| (true, name));
    let unknown = |nearest| LineErrorKind::Name(NameError::UnknownErrno { value: lossy(value), nearest });
    let number = named(tables::errno(), name).map_err(unknown)?;
    Ok(if negative { number.wrapping_neg() } else { number })
}

fn record_type(value: &[u8]) -> Result<u32, LineErrorKind> {
    let bad = |why| LineErrorKind::Value(ValueError::BadValue { field: "msgtype", value: lossy(value), why });
    if value.first().is_some_and(u8::is_ascii_digit) {
        return number::unsigned(value).map_err(bad);
    }
    let upper = lossy(value).to_ascii_uppercase();
    if let Some(number) = upper.strip_prefix("UNKNOWN[").and_then(|rest| rest.strip_suffix(']')) {
        return number.parse().map_err(|_| bad(BadNumber::Junk));
    }
    named(tables::record_types(), &upper)
        .map_err(|nearest| LineErrorKind::Name(NameError::UnknownRecordType { value: lossy(value), nearest }))
}

fn filesystem_type(value: &[u8]) -> Result<u32, LineErrorKind> {
    let unknown = |nearest| LineErrorKind::Name(NameError::UnknownFilesystemType { value: lossy(value), nearest });
    if value.first().is_some_and(u8::is_ascii_digit) {
        let bad = |why| LineErrorKind::Value(ValueError::BadValue { field: "fstype", value: lossy(value), why });
        return match number::unsigned(value).map_err(bad)? {
            u32::MAX => Err(unknown(None)),
            number => Ok(number),
        };
    }
    named(tables::filesystem_types(), &lossy(value).to_ascii_lowercase()).map_err(unknown)
}

fn address_family(value: &[u8]) -> Result<u32, LineErrorKind> {
    match number::unsigned(value) {
        Ok(number) if number < AF_MAX => Ok(number),
        Ok(number) => {
            Err(LineErrorKind::Value(ValueError::BadAddressFamily { value: lossy(value), number: Some(number) }))
        }
        Err(BadNumber::NotANumber) => {
            let number = named(tables::address_families(), &lossy(value).to_ascii_uppercase()).ok();
            Err(LineErrorKind::Value(ValueError::BadAddressFamily {
                value: lossy(value),
                number: number.filter(|number| *number < AF_MAX),
            }))
        }
        Err(why) => Err(LineErrorKind::Value(ValueError::BadValue { field: "saddr_fam", value: lossy(value), why })),
    }
}

/// A name's number, or the nearest known name.
fn named(table: &'static NameTable, name: &str) -> Result<u32, Option<&'static str>> {
    table.number(name).ok_or_else(|| table.nearest(name))
}

/// Whether auditctl reads the value as a number that may be negative.
fn is_numeric(value: &[u8]) -> bool {
    matches!(value, [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..])
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_host_can_have_are_no_missing_accounts() {
        for name in ["${UID_MIN}", "{{ x }}", ">1000", "$(id)", "-1", "=5", "%wheel", "a:b", "'root'"] {
            assert!(!can_be_a_name(name), "{name}");
        }
        for name in ["postgres", "DOMAIN\\jane doe", "jane@example.org", "HOST$", "_apt", "systemd-network", "a.b+c"] {
            assert!(can_be_a_name(name), "{name}");
        }
    }
}
