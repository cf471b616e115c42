//! What Linux answers to the ADD of a rule, from the rule's form alone.
//!
//! Source: `audit_to_entry_common` and `audit_data_to_entry` in `kernel/auditfilter.c`, measured on Linux 6.18.
//! Whether paths exist is another question.

use super::field_table;
use super::{Action, Field, FieldNumber, List, MAX_FIELDS, MAX_NAME, MAX_PATH, MAX_STRING, Op, Rule, Value, key};

/// A uid, gid or auid that is not set.
const UNSET: u32 = u32::MAX;

/// Why the kernel refuses a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub why: Reason,
    /// Which field is at fault, counted from 0; none where it is the rule itself.
    pub field: Option<usize>,
}

/// What the kernel does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No such filter list, or one that is no longer supported.
    List(List),
    /// An action other than `always` and `never`.
    Action(Action),
    /// More fields than a rule can have.
    TooManyFields(usize),
    /// A field that the kernel does not know.
    UnknownField(FieldNumber),
    /// A field on a list that does not have it.
    FieldNotOnList(FieldNumber, List),
    /// An operator that the field does not take.
    Operator(FieldNumber, Op),
    /// A number where text belongs, or the reverse.
    ValueKind(FieldNumber),
    /// A user or group that cannot be: 4294967295 (-1, unset).
    NoSuchAccount(FieldNumber),
    /// Text of no bytes.
    EmptyText(FieldNumber),
    /// Text longer than the kernel takes, in bytes.
    TextTooLong(FieldNumber, usize),
    /// A path component longer than the kernel takes, in bytes.
    NameTooLong(FieldNumber, usize),
    /// A second key field.
    SecondKey,
    /// A second `exe` field.
    SecondExe,
    /// More than one of `path`, `dir` and `inode`.
    SecondObject(FieldNumber),
    /// A path that does not begin with `/`.
    RelativePath(FieldNumber),
    /// A path that ends in `/`.
    TrailingSlash(FieldNumber),
    /// A path whose last component is `.` or `..`.
    DotPath(FieldNumber),
}

impl Reason {
    /// The error number's name.
    #[must_use]
    pub fn errno(self) -> &'static str {
        match self {
            Self::TextTooLong(FieldNumber::KEY, _) => "EINVAL",
            Self::TextTooLong(FieldNumber::EXE, length) if length > MAX_STRING => "EINVAL",
            Self::TextTooLong(..) | Self::NameTooLong(..) => "ENAMETOOLONG",
            _ => "EINVAL",
        }
    }
}

/// Whether the kernel takes the rule, as far as its form decides.
///
/// # Errors
/// The first reason against it, in the kernel's order.
pub fn kernel_verdict(rule: &Rule) -> Result<(), Refusal> {
    let whole = |why| Refusal { why, field: None };
    if rule.list.name().is_none() {
        return Err(whole(Reason::List(rule.list)));
    }
    if !matches!(rule.action, Action::ALWAYS | Action::NEVER) {
        return Err(whole(Reason::Action(rule.action)));
    }
    if rule.fields.len() > MAX_FIELDS {
        return Err(whole(Reason::TooManyFields(rule.fields.len())));
    }
    let mut seen = Seen::default();
    for (at, field) in rule.fields.iter().enumerate() {
        let fault = |why| Refusal { why, field: Some(at) };
        takes(rule.list, field).map_err(fault)?;
        value(field).map_err(fault)?;
        seen.add(field).map_err(fault)?;
    }
    Ok(())
}

/// What a rule can have once.
#[derive(Debug, Default)]
struct Seen {
    key: bool,
    exe: bool,
    object: bool,
}

impl Seen {
    fn add(&mut self, field: &Field) -> Result<(), Reason> {
        let (seen, why) = match field.number {
            FieldNumber::KEY => (&mut self.key, Reason::SecondKey),
            FieldNumber::EXE => (&mut self.exe, Reason::SecondExe),
            FieldNumber::PATH | FieldNumber::DIR | FieldNumber::INODE => {
                (&mut self.object, Reason::SecondObject(field.number))
            }
            _ => return Ok(()),
        };
        if std::mem::replace(seen, true) { Err(why) } else { Ok(()) }
    }
}

fn takes(list: List, field: &Field) -> Result<(), Reason> {
    let number = field.number;
    let taken = field_table::kernel_takes(number).ok_or(Reason::UnknownField(number))?;
    if !taken.lists.contains(list) {
        return Err(Reason::FieldNotOnList(number, list));
    }
    let unset_auid = number == FieldNumber::AUID && field.value == Value::Number(UNSET);
    if !taken.ops.contains(field.op) || (unset_auid && !matches!(field.op, Op::EQUAL | Op::NOT_EQUAL)) {
        return Err(Reason::Operator(number, field.op));
    }
    Ok(())
}

fn value(field: &Field) -> Result<(), Reason> {
    let number = field.number;
    match &field.value {
        Value::Number(_) if number.is_text() => Err(Reason::ValueKind(number)),
        Value::Text(_) if !number.is_text() => Err(Reason::ValueKind(number)),
        Value::Number(UNSET) if matches!(number.0, 1..=8 | 109 | 110) => Err(Reason::NoSuchAccount(number)),
        Value::Number(_) => Ok(()),
        Value::Text(text) => text_value(number, text),
    }
}

fn text_value(number: FieldNumber, text: &[u8]) -> Result<(), Reason> {
    let too_long = Err(Reason::TextTooLong(number, text.len()));
    match text.len() {
        0 => return Err(Reason::EmptyText(number)),
        length if length > MAX_STRING => return too_long,
        length if number == FieldNumber::KEY && length > key::MAX_LENGTH => return too_long,
        _ => {}
    }
    if !matches!(number, FieldNumber::PATH | FieldNumber::DIR | FieldNumber::EXE) {
        return Ok(());
    }
    if text.first() != Some(&b'/') {
        return Err(Reason::RelativePath(number));
    }
    if number != FieldNumber::DIR && text.last() == Some(&b'/') {
        return Err(Reason::TrailingSlash(number));
    }
    if text.len() > MAX_PATH {
        return too_long;
    }
    let names = || text.split(|byte| *byte == b'/');
    if let Some(name) = names().find(|name| name.len() > MAX_NAME) {
        return Err(Reason::NameTooLong(number, name.len()));
    }
    let last = names().next_back().unwrap_or_default();
    if number != FieldNumber::DIR && matches!(last, b"." | b"..") {
        return Err(Reason::DotPath(number));
    }
    Ok(())
}
