//! The values of `-F` and `-C`.

use super::error::{ConditionError, LineErrorKind, NameError, ValueError};
use super::line::Context;
use super::permissions;
use crate::rule::field_table::{self, FieldRow, ValueType};
use crate::rule::number::{self, BadNumber};
use crate::rule::{Field, FieldNumber, List, MAX_STRING, Op, Value, key};
use crate::tables::{self, NameTable, compare};

/// Address families from here on do not exist (`AF_MAX` of auditctl's build).
const AF_MAX: u32 = 46;
/// What `unset` stands for.
const UNSET: u32 = u32::MAX;

/// The text of a `-F`, split at its operator: the first of auditctl's search order that occurs anywhere.
pub fn split(text: &[u8]) -> Result<(String, Op, &[u8]), LineErrorKind> {
    let lossy = || String::from_utf8_lossy(text).into_owned();
    let (at, op, symbol) = Op::SEARCHED
        .iter()
        .find_map(|(op, symbol)| Some((find(text, symbol.as_bytes())?, *op, *symbol)))
        .ok_or_else(|| LineErrorKind::Condition(ConditionError::MissingOperator { text: lossy() }))?;
    let value = &text[at + symbol.len()..];
    match (at, value) {
        (0, _) => Err(LineErrorKind::Condition(ConditionError::MissingField { text: lossy() })),
        (_, []) => Err(LineErrorKind::Condition(ConditionError::MissingValue { text: lossy() })),
        _ => Ok((String::from_utf8_lossy(&text[..at]).into_owned(), op, value)),
    }
}

/// The operators that auditctl finds in a text before it looks for `=`.
pub fn before_equal() -> impl Iterator<Item = &'static str> {
    Op::SEARCHED.iter().take_while(|(op, _)| *op != Op::EQUAL).map(|(_, symbol)| *symbol)
}

/// Whether a text holds an operator that would be found before the `=` in front of it.
pub fn has_operator_before_equal(text: &[u8]) -> bool {
    before_equal().any(|symbol| find(text, symbol.as_bytes()).is_some())
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
    if !row.auditctl.lists.contains(list) {
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

/// The value of a field, whatever operator and list it stands with.
pub fn value(field: &str, text: &[u8], context: &Context<'_>) -> Result<Value, LineErrorKind> {
    parse_value(field_named(field)?, text, context)
}

fn parse_value(row: &FieldRow, value: &[u8], context: &Context<'_>) -> Result<Value, LineErrorKind> {
    let bad = |why| LineErrorKind::Value(ValueError::BadValue { field: row.name, value: lossy(value), why });
    let number = match row.value {
        ValueType::Text => return text(row.name, value, MAX_STRING),
        ValueType::Key if value.len() > key::MAX_LENGTH => {
            return Err(LineErrorKind::Value(ValueError::KeyTooLong { length: value.len() }));
        }
        ValueType::Key if value.contains(&key::SEPARATOR) => {
            return Err(LineErrorKind::Value(ValueError::KeySeparator));
        }
        ValueType::Key => return Ok(Value::Text(value.to_vec())),
        ValueType::Number => number::unsigned(value).map_err(bad)?,
        ValueType::Argument => number::signed(value).map_err(bad)?,
        ValueType::User => user(row.name, value, context)?,
        ValueType::Group => group(row.name, value, context)?,
        ValueType::Arch => {
            let unknown = |why| LineErrorKind::Name(NameError::UnknownArch { value: lossy(value), why });
            context.machine.arch(&lossy(value)).map_err(unknown)?.0
        }
        ValueType::RecordType => record_type(value)?,
        ValueType::Session => match value {
            b"unset" => UNSET,
            _ if is_numeric(value) => number::signed(value).map_err(bad)?,
            _ => return Err(LineErrorKind::Value(ValueError::BadSession { value: lossy(value) })),
        },
        ValueType::Exit => exit(value)?,
        ValueType::Permissions => permissions::parse(value)?,
        ValueType::FileType => named(tables::file_types(), &lossy(value).to_ascii_lowercase())
            .map_err(|nearest| LineErrorKind::Name(NameError::UnknownFileType { value: lossy(value), nearest }))?,
        ValueType::FilesystemType => filesystem_type(value)?,
        ValueType::AddressFamily => address_family(value)?,
        ValueType::Comparison => match number::unsigned(value).map_err(bad)? {
            known if compare::is_known(known) => known,
            number => return Err(LineErrorKind::Value(ValueError::BadComparison { number })),
        },
    };
    Ok(Value::Number(number))
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
        _ => Ok(Value::Text(value.to_vec())),
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
        name => context
            .accounts
            .users
            .get(name)
            .copied()
            .ok_or_else(|| LineErrorKind::UnknownUser { field, name: name.to_owned() }),
    }
}

fn group(field: &'static str, value: &[u8], context: &Context<'_>) -> Result<u32, LineErrorKind> {
    if value.first().is_some_and(u8::is_ascii_digit) {
        return number::unsigned(value)
            .map_err(|why| LineErrorKind::Value(ValueError::BadValue { field, value: lossy(value), why }));
    }
    let name = lossy(value);
    context.accounts.groups.get(&name).copied().ok_or(LineErrorKind::UnknownGroup { field, name })
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
