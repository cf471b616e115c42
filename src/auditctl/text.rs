//! A rule as text: what `auditctl -l` prints, wherever that reads back as the same rule.
//!
//! Where auditctl's listing loses something (order of fields, actions, operators, spaces, empty masks), the text
//! says it in auditctl's language as far as that can. `docs/differences-from-auditctl.md` lists the places.

use super::condition::{operator_before_equal, split};
use super::permissions;
use super::tokens::quote;
use super::watch;
use crate::rule::field_table::{self, ValueType};
use crate::rule::{Action, Arch, Field, FieldNumber, List, Machine, Mask, Op, Rule, Value, key};
use crate::tables::{self, compare, syscalls};

/// The rule as a line of a rules file for a machine, in bytes: texts need not be UTF-8.
#[must_use]
pub fn canonical(rule: &Rule, machine: &Machine) -> Vec<u8> {
    watch_form(rule).unwrap_or_else(|| rule_form(rule, machine)).join(b" ".as_slice())
}

/// As [`canonical`]; bytes that are no UTF-8 are replaced.
#[must_use]
pub fn canonical_lossy(rule: &Rule, machine: &Machine) -> String {
    String::from_utf8_lossy(&canonical(rule, machine)).into_owned()
}

/// `-w PATH -p PERM -k KEY`, where a watch gives exactly this rule.
pub(super) fn watch_form(rule: &Rule) -> Option<Vec<Vec<u8>>> {
    if (rule.list, rule.action) != (List::EXIT, Action::ALWAYS) || !rule.syscalls.is_all() {
        return None;
    }
    let (path, perm, key) = match rule.fields.as_slice() {
        [path, perm] => (path, perm, None),
        [path, perm, key] => (path, perm, Some(key)),
        _ => return None,
    };
    if rule.fields.iter().any(|field| field.op != Op::EQUAL) || !rule.rest.is_empty() {
        return None;
    }
    let (FieldNumber::PATH | FieldNumber::DIR, FieldNumber::PERM) = (path.number, perm.number) else { return None };
    let text = path.text().filter(|text| watch::path(text).as_deref() == Ok(*text))?;
    let letters = perm.value.number().filter(|bits| (1..=15).contains(bits)).map(permissions::letters)?;
    let mut words = vec![b"-w".to_vec(), quote(text), b"-p".to_vec(), letters.into_bytes()];
    if let Some(key) = key {
        let key = Some(key).filter(|key| key.number == FieldNumber::KEY).and_then(Field::text)?;
        for part in parts(key)? {
            words.extend([b"-k".to_vec(), quote(part)]);
        }
    }
    Some(words)
}

/// `-a ACTION,LIST ...`.
fn rule_form(rule: &Rule, machine: &Machine) -> Vec<Vec<u8>> {
    let after_arch = rule.fields.iter().rposition(|field| field.number == FieldNumber::ARCH).map_or(0, |at| at + 1);
    let mut words = Vec::new();
    if let Some(before) = syscalls_before_list(rule, machine) {
        words.extend([b"-S".to_vec(), before.into_bytes()]);
    }
    let list_name = rule.list.name().map_or_else(|| rule.list.0.to_string(), str::to_owned);
    let action = rule.action.name().map_or_else(|| rule.action.0.to_string(), str::to_owned);
    words.extend([b"-a".to_vec(), format!("{action},{list_name}").into_bytes()]);
    let last = rule.fields.len().saturating_sub(1);
    for (at, field) in rule.fields.iter().enumerate() {
        if at == after_arch {
            words.extend(syscalls_after_arch(rule, machine).into_iter().flatten());
        }
        words.extend(condition(rule, field, at == last, machine));
    }
    if after_arch == rule.fields.len() {
        words.extend(syscalls_after_arch(rule, machine).into_iter().flatten());
    }
    if !rule.rest.is_empty() {
        words.push(rest(&rule.rest));
    }
    words
}

/// Text that belongs to no field we know: a word that no version reads, so that the rule is not taken for one without.
fn rest(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    format!("?0x{digits}?").into_bytes()
}

/// Lists that refuse a `-S` after them take one before them (the task list takes none: its text then only informs),
/// and so do keys that have nothing to stand after.
fn syscalls_before_list(rule: &Rule, machine: &Machine) -> Option<String> {
    let mask = &rule.syscalls;
    let is_default = match rule.list {
        List::TASK => mask.is_empty(),
        List::USER | List::EXCLUDE | List::FILESYSTEM => mask.is_all(),
        List::IO_URING if mask.is_all() => true,
        _ => return None,
    };
    let helps_key = mask.is_all() && rule.arch().is_none() && needs_help_for_key(rule);
    match mask.is_all() {
        _ if is_default && !helps_key => None,
        true => Some("all".to_owned()),
        false => Some(joined_names(&names(mask, machine.native))),
    }
}

fn needs_help_for_key(rule: &Rule) -> bool {
    let keyable = [FieldNumber::PATH, FieldNumber::DIR, FieldNumber::PERM, FieldNumber::EXE, FieldNumber::FSTYPE];
    let has_key = rule.fields.iter().any(|field| field.number == FieldNumber::KEY);
    has_key && !rule.fields.iter().any(|field| keyable.contains(&field.number))
}

fn syscalls_after_arch(rule: &Rule, machine: &Machine) -> Option<[Vec<u8>; 2]> {
    let names = syscalls_of_list(rule, machine)?;
    if rule.list == List::IO_URING && rule.syscalls.is_all() {
        return None;
    }
    Some([b"-S".to_vec(), joined_names(&names).into_bytes()])
}

/// What the mask is for: `all`, or names; none on a list that does not look at it.
pub(super) fn syscalls_of_list(rule: &Rule, machine: &Machine) -> Option<Vec<String>> {
    let mask = &rule.syscalls;
    match rule.list {
        List::USER | List::TASK | List::EXCLUDE | List::FILESYSTEM => None,
        _ if mask.is_all() => Some(vec!["all".to_owned()]),
        List::IO_URING => {
            let operations = tables::uring_operations();
            Some(named(mask, |number| operations.name(number)))
        }
        _ => Some(names(mask, rule.arch().unwrap_or(machine.native))),
    }
}

fn names(mask: &Mask, arch: Arch) -> Vec<String> {
    named(mask, |number| syscalls::name(arch, number))
}

fn named(mask: &Mask, name: impl Fn(u32) -> Option<&'static str>) -> Vec<String> {
    mask.numbers().map(|number| name(number).map_or_else(|| number.to_string(), str::to_owned)).collect()
}

/// An empty mask is a comma alone: no `-S` would mean all.
fn joined_names(names: &[String]) -> String {
    if names.is_empty() { ",".to_owned() } else { names.join(",") }
}

/// The words of one field.
fn condition(rule: &Rule, field: &Field, is_last: bool, machine: &Machine) -> Vec<Vec<u8>> {
    let option = |option: &str, text: Vec<u8>| vec![option.as_bytes().to_vec(), quote(&text)];
    let symbol = symbol(field.op);
    if let (FieldNumber::KEY, Some(text)) = (field.number, field.text()) {
        let deferred = field.op == Op::EQUAL && is_last && operator_before_equal(text).is_none();
        if let Some(parts) = parts(text).filter(|_| deferred) {
            return parts.into_iter().flat_map(|part| option("-F", [b"key=", part].concat())).collect();
        }
        let name = if field.op == Op::EQUAL { "KEY" } else { "key" };
        return option("-F", joined(name, field, &symbol, text));
    }
    if let Some((left, right)) = compared(rule, field) {
        return option("-C", format!("{left}{symbol}{right}").into_bytes());
    }
    let (name, value) = name_and_value(field, machine);
    option("-F", joined(&name, field, &symbol, &value))
}

/// How auditctl writes an operator, and how we write one that it does not know.
pub(super) fn symbol(op: Op) -> String {
    op.symbol().map_or_else(|| format!("?0x{:x}?", op.0), str::to_owned)
}

/// The two fields that a condition compares, where `-C` says so.
pub(super) fn compared(rule: &Rule, field: &Field) -> Option<(&'static str, &'static str)> {
    let is_sayable = rule.list == List::EXIT && matches!(field.op, Op::EQUAL | Op::NOT_EQUAL);
    field.value.number().filter(|_| is_sayable && field.number == FieldNumber::COMPARE).and_then(compare::pair)
}

/// The name of a condition's field, and its value as auditctl would print it.
pub(super) fn name_and_value(field: &Field, machine: &Machine) -> (String, Vec<u8>) {
    let row = field_table::by_number(field.number);
    let name = row.map_or_else(|| format!("f{}", field.number.0), |row| row.name.to_owned());
    let value = match &field.value {
        Value::Text(text) => text.to_vec(),
        Value::Number(number) => self::number(*number, row.map(|row| row.value), machine).into_bytes(),
    };
    (name, value)
}

/// `NAME OP VALUE`, with the field's number for its name where operator and value together read as another operator.
fn joined(name: &str, field: &Field, symbol: &str, value: &[u8]) -> Vec<u8> {
    let text = [name.as_bytes(), symbol.as_bytes(), value].concat();
    match split(&text) {
        Ok((read, op, _)) if read == name && op != field.op => {
            [format!("f{}", field.number.0).as_bytes(), symbol.as_bytes(), value].concat()
        }
        _ => text,
    }
}

fn number(number: u32, value: Option<ValueType>, machine: &Machine) -> String {
    let name = match value {
        Some(ValueType::Arch) => Some(arch(Arch(number), machine)),
        Some(ValueType::RecordType) => tables::record_types().name(number).map(str::to_owned),
        Some(ValueType::FilesystemType) => tables::filesystem_types().name(number).map(str::to_owned),
        Some(ValueType::FileType) => tables::file_types().name(number).map(str::to_owned),
        Some(ValueType::Permissions) => Some(number).filter(|bits| (1..=15).contains(bits)).map(permissions::letters),
        Some(ValueType::Argument) => Some(format!("0x{number:X}")),
        Some(ValueType::Exit) => Some(exit(number)),
        Some(ValueType::User | ValueType::Session) => Some(signed(number).to_string()),
        _ => None,
    };
    name.unwrap_or_else(|| number.to_string())
}

/// `b64` and `b32` only where they mean this architecture on the machine.
fn arch(arch: Arch, machine: &Machine) -> String {
    match arch {
        _ if machine.b64 == Some(arch) => "b64".to_owned(),
        _ if machine.b32 == Some(arch) => "b32".to_owned(),
        _ => arch.name().map_or_else(|| format!("0x{:X}", arch.0), str::to_owned),
    }
}

fn exit(number: u32) -> String {
    let signed = signed(number);
    let name = Some(number.wrapping_neg()).filter(|_| signed < 0).and_then(|number| tables::errno().name(number));
    name.map_or_else(|| signed.to_string(), |name| format!("-{name}"))
}

/// The keys of a joined text; none where one of them is empty, which auditctl cannot write.
fn parts(key: &[u8]) -> Option<Vec<&[u8]>> {
    let parts: Vec<_> = key.split(|byte| *byte == key::SEPARATOR).collect();
    Some(parts).filter(|parts| parts.iter().all(|part| !part.is_empty()))
}

fn signed(number: u32) -> i32 {
    i32::from_ne_bytes(number.to_ne_bytes())
}
