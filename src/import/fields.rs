//! Conditions of libaudit-go: `{"name": "auid", "op": "gt_or_eq", "value": 1000}`.

use serde_json::{Map, Value};

use super::{Imported, below};
use crate::error::RequestError;
use crate::request::{FieldInput, FieldObject, FieldValue, OneOrMany, RuleObject};

/// The operators by their words.
const OPERATORS: [(&str, &str); 8] = [
    ("eq", "="),
    ("nt_eq", "!="),
    ("gt", ">"),
    ("gt_or_eq", ">="),
    ("lt", "<"),
    ("lt_or_eq", "<="),
    ("and", "&"),
    ("and_eq", "&="),
];

/// Takes a condition into a rule.
pub(super) fn take(imported: &mut Imported, pointer: &str, field: &Map<String, Value>, rule: &mut RuleObject) {
    imported.unknown_keys(pointer, field, &["name", "op", "value"]);
    let (name, word) = (imported.text(pointer, field, "name"), imported.text(pointer, field, "op"));
    let missing = [("name", name.is_none()), ("op", word.is_none()), ("value", !field.contains_key("value"))];
    for (key, _) in missing.into_iter().filter(|(key, is_missing)| *is_missing && !field.contains_key(*key)) {
        imported.problem(pointer, RequestError::MissingKey { key: key.to_owned() });
    }
    let (Some(name), Some(word), Some(value)) = (name, word, field.get("value")) else { return };
    let Some((_, op)) = OPERATORS.iter().find(|(known, _)| *known == word) else {
        let words: Vec<&str> = OPERATORS.iter().map(|(word, _)| *word).collect();
        return imported.bad_value(&below(pointer, "op"), word, &words);
    };
    let at = below(pointer, "value");
    let value = match value {
        Value::String(text) => FieldValue::Text(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(number) => FieldValue::Number(number),
            None => return imported.bad_value(&at, &number.to_string(), &["whole numbers"]),
        },
        other => return imported.wrong_type(&at, "number or string", other),
    };
    if name == "arch" {
        return architecture(imported, &at, op, &value, rule);
    }
    rule.fields.push(FieldInput::Parts(FieldObject { field: name.to_owned(), op: (*op).to_owned(), value }));
}

/// `arch` is 64 or 32 there. The library means `x86_64` whatever stands there.
fn architecture(imported: &mut Imported, pointer: &str, op: &str, value: &FieldValue, rule: &mut RuleObject) {
    let arch = match value {
        FieldValue::Number(64) => "b64".to_owned(),
        FieldValue::Number(32) => {
            imported.note(pointer, "the rule is for 32-bit programs, as it says; the library loads it for 64-bit ones");
            "b32".to_owned()
        }
        FieldValue::Text(text) if text == "64" || text == "32" => format!("b{text}"),
        FieldValue::Text(text) => text.clone(),
        FieldValue::Number(number) => return imported.bad_value(pointer, &number.to_string(), &["64", "32"]),
        FieldValue::Switch(_) => return,
    };
    if op == "=" && rule.arch.is_none() {
        rule.arch = Some(OneOrMany::One(arch));
    } else {
        let (field, op) = ("arch".to_owned(), op.to_owned());
        rule.fields.push(FieldInput::Parts(FieldObject { field, op, value: FieldValue::Text(arch) }));
    }
}
