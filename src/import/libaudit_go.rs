//! The JSON of libaudit-go, the library of Mozilla: `audit_rules`, and before that `file_rules` and `syscall_rules`.
//!
//! Source: `rules.go` and `rules_test.go` of <https://github.com/mozilla/libaudit-go>, read for what they take. The library
//! knows `delete`, `enable`, `buffer` and `rate` and does nothing with them; here they mean what their names say.

use serde_json::{Map, Value};

use super::{Imported, below, fields};
use crate::error::RequestError;
use crate::request::{ActionName, ListName, OneOrMany, RuleObject, SyscallInput};

const DOCUMENT: [&str; 7] = ["audit_rules", "file_rules", "syscall_rules", "delete", "enable", "buffer", "rate"];
const WATCH: [&str; 4] = ["path", "key", "permission", "strict_path_check"];
const CALLS: [&str; 4] = ["key", "fields", "syscalls", "actions"];
/// What may stand in `actions`.
const ACTIONS: [&str; 7] = ["always", "never", "task", "exit", "entry", "user", "exclude"];

/// Which form the entries of a list have.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Watch,
    Calls,
    /// That of a watch, where they have a path.
    Either,
}

/// What a document, which stands at this pointer, asks for.
#[must_use]
pub fn libaudit_go(document: &Map<String, Value>, pointer: &str) -> Imported {
    let mut imported = Imported::default();
    imported.unknown_keys(pointer, document, &DOCUMENT);
    for (key, form) in [("audit_rules", Form::Either), ("file_rules", Form::Watch), ("syscall_rules", Form::Calls)] {
        for (at, entry) in imported.list(pointer, document, key).iter().enumerate() {
            let pointer = format!("{pointer}/{key}/{at}");
            match entry {
                Value::Object(entry) if form == Form::Watch || form == Form::Either && entry.contains_key("path") => {
                    watch(&mut imported, &pointer, entry);
                }
                Value::Object(entry) => calls(&mut imported, &pointer, entry),
                other => imported.wrong_type(&pointer, "object", other),
            }
        }
    }
    imported.is_whole = switch(&mut imported, pointer, document, "delete").unwrap_or_default();
    if imported.is_whole {
        imported.note(
            &below(pointer, "delete"),
            "state: exact takes away all other drop-ins and rules, not those of the kernel alone",
        );
    }
    for (key, setting, most) in
        [("enable", "enabled", 2), ("buffer", "backlog_limit", u32::MAX), ("rate", "rate_limit", u32::MAX)]
    {
        let value = number(&mut imported, pointer, document, key, most);
        if (key, value) == ("enable", Some(2)) {
            let note = "it locks rules and settings until the next boot, which the library does not do";
            imported.note(&below(pointer, key), note);
        }
        imported.control.extend(value.map(|value| (setting, value)));
    }
    if !imported.lenient.is_empty() {
        for pointer in std::mem::take(&mut imported.strict) {
            imported.note(
                &pointer,
                "other watches may miss their path, and on_missing of a request is for all of its lines",
            );
        }
    }
    imported
}

fn watch(imported: &mut Imported, pointer: &str, entry: &Map<String, Value>) {
    imported.unknown_keys(pointer, entry, &WATCH);
    let is_strict = switch(imported, pointer, entry, "strict_path_check").unwrap_or_default();
    let key = imported.text(pointer, entry, "key").map(|key| OneOrMany::One(key.to_owned()));
    let permissions = imported.text(pointer, entry, "permission").map(str::to_ascii_lowercase);
    let Some(path) = imported.text(pointer, entry, "path") else {
        return imported.problem(pointer, RequestError::MissingKey { key: "path".to_owned() });
    };
    // The library cuts slashes at the end, and so does auditctl.
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    if is_strict { &mut imported.strict } else { &mut imported.lenient }.push(pointer.to_owned());
    let rule = RuleObject { path: Some(path.to_owned()), permissions, key, ..RuleObject::default() };
    imported.rules.push((pointer.to_owned(), rule));
}

fn calls(imported: &mut Imported, pointer: &str, entry: &Map<String, Value>) {
    imported.unknown_keys(pointer, entry, &CALLS);
    let before = imported.problems.len();
    let (action, list) = action_and_list(imported, pointer, entry);
    let mut rule = RuleObject { action, list, ..RuleObject::default() };
    rule.key = imported.text(pointer, entry, "key").map(|key| OneOrMany::One(key.to_owned()));
    let mut calls = Vec::new();
    for (at, call) in imported.list(pointer, entry, "syscalls").iter().enumerate() {
        match call {
            Value::String(name) => calls.push(SyscallInput::Name(name.clone())),
            other => imported.wrong_type(&format!("{pointer}/syscalls/{at}"), "string", other),
        }
    }
    rule.syscalls = (!calls.is_empty()).then_some(OneOrMany::Many(calls));
    for (at, field) in imported.list(pointer, entry, "fields").iter().enumerate() {
        let pointer = format!("{pointer}/fields/{at}");
        match field {
            Value::Object(field) => fields::take(imported, &pointer, field, &mut rule),
            other => imported.wrong_type(&pointer, "object", other),
        }
    }
    if imported.problems.len() == before {
        imported.rules.push((pointer.to_owned(), rule));
    }
}

/// `["exit", "always"]`, in any order.
fn action_and_list(
    imported: &mut Imported,
    pointer: &str,
    entry: &Map<String, Value>,
) -> (Option<ActionName>, Option<ListName>) {
    let (mut action, mut list) = (None, None);
    let before = imported.problems.len();
    let said = imported.list(pointer, entry, "actions");
    let pointer = below(pointer, "actions");
    for (at, word) in said.iter().enumerate() {
        let pointer = format!("{pointer}/{at}");
        let Value::String(word) = word else {
            imported.wrong_type(&pointer, "string", word);
            continue;
        };
        match word.as_str() {
            "always" if action.is_none() => action = Some(ActionName::Always),
            "never" if action.is_none() => action = Some(ActionName::Never),
            "exit" if list.is_none() => list = Some(ListName::Exit),
            "task" if list.is_none() => list = Some(ListName::Task),
            "user" if list.is_none() => list = Some(ListName::User),
            "exclude" if list.is_none() => list = Some(ListName::Exclude),
            "entry" if list.is_none() => {
                imported.note(
                    &pointer,
                    "kernels have no list entry any more: the rule goes to exit, as the library does it",
                );
                list = Some(ListName::Exit);
            }
            word if ACTIONS.contains(&word) => imported.bad_value(&pointer, word, &["one action and one list"]),
            word => imported.bad_value(&pointer, word, &ACTIONS),
        }
    }
    let is_sound = imported.problems.len() == before;
    for (is_missing, what) in [(action.is_none(), "always or never"), (list.is_none(), "a list such as exit")] {
        if is_missing && is_sound {
            imported.bad_value(&pointer, &said_as_text(said), &[what]);
        }
    }
    (action, list)
}

fn said_as_text(actions: &[Value]) -> String {
    actions.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

fn switch(imported: &mut Imported, pointer: &str, object: &Map<String, Value>, key: &str) -> Option<bool> {
    match object.get(key)? {
        Value::Null => None,
        Value::Bool(value) => Some(*value),
        other => {
            imported.wrong_type(&below(pointer, key), "boolean", other);
            None
        }
    }
}

/// A setting: the library has them as text; a number means the same, and true and false do for `enable`.
fn number(imported: &mut Imported, pointer: &str, object: &Map<String, Value>, key: &str, most: u32) -> Option<u32> {
    let pointer = below(pointer, key);
    let said = object.get(key)?;
    let (text, value) = match said {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => (text.clone(), text.trim().parse().ok()),
        Value::Number(number) => (number.to_string(), number.as_u64().and_then(|number| u32::try_from(number).ok())),
        Value::Bool(value) if key == "enable" => (value.to_string(), Some(u32::from(*value))),
        other => {
            imported.wrong_type(&pointer, "string", other);
            return None;
        }
    };
    let value = value.filter(|value| *value <= most);
    if value.is_none() {
        let error = RequestError::OutOfRange { found: text, low: Some(0), high: Some(most.into()) };
        imported.problem(&pointer, error);
    }
    value
}
