//! JSON values to the types of a request.
//!
//! By hand: what serde derives for these types is a twentieth of the executable. In tests serde reads them too, and has
//! to come to the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Control, DropInSaid, Enabled, Expectation, Failure, FieldObject, FieldSaid, FieldValue, Id, Mode, OneOrMany,
    Request, RuleObject, RuleSaid, Rules, RulesFile, SyscallSaid, Wish,
};
use crate::snapshot::{Piece, SavedContent, SavedFile, SavedRule, SavedRules, SavedSetting, SavedValue, Snapshot};

/// What a JSON value can be, once it was checked against the schema.
pub trait FromJson: Sized {
    /// The value; none where it is of another form.
    fn from_json(value: Value) -> Option<Self>;
}

impl FromJson for bool {
    fn from_json(value: Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromJson for String {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

impl FromJson for u32 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl FromJson for usize {
    fn from_json(value: Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: Value) -> Option<Self> {
        T::from_json(value).map(Some)
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(value: Value) -> Option<Self> {
        T::from_json(value).map(Self::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Array(entries) => entries.into_iter().map(T::from_json).collect(),
            _ => None,
        }
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn from_json(value: Value) -> Option<Self> {
        let Value::Object(object) = value else { return None };
        let mut map = Self::new();
        for (key, value) in object {
            map.insert(key, T::from_json(value)?);
        }
        Some(map)
    }
}

/// What stands behind a key; its default where nothing does.
pub fn take<T: FromJson + Default>(object: &mut Map<String, Value>, key: &str) -> Option<T> {
    object.remove(key).map_or_else(|| Some(T::default()), T::from_json)
}

/// Reads structures whose fields have the names of their keys.
macro_rules! objects {
    ($($name:ident { $($field:ident $(as $key:literal)?,)+ })+) => {
        $(impl FromJson for $name {
            fn from_json(value: Value) -> Option<Self> {
                let Value::Object(mut object) = value else { return None };
                Some(Self { $($field: take(&mut object, objects!(@ $field $($key)?))?,)+ })
            }
        })+
    };
    (@ $field:ident) => { stringify!($field) };
    (@ $field:ident $key:literal) => { $key };
}

objects! {
    Request {
        operation, state, name, rules, control, drop_ins, target, root, rules_dir, ordering, on_locked, on_duplicate,
        on_missing, unknown_syscalls, purge, keep, mode, owner, group, backup, compile, perm_syscalls, expedite,
        check_mode, diff, force, snapshot, arch, event, wish, source, on_drift, files, archs, format, fail_on,
    }
    Control {
        enabled, failure, backlog_limit, backlog_wait_time, rate_limit, loginuid_immutable, ignore_errors,
        continue_on_errors as "continue",
    }
    DropInSaid { state, rules, control, }
    Expectation { recorded, key, }
    RulesFile { name, text, }
    RuleObject {
        action, list, arch, syscalls, fields, comparisons, path, dir, exe, permissions, success, key, prepend,
        controls,
    }
    Snapshot { version, files, rules, control, }
    SavedFile { path, before, after, }
    SavedContent { hex, text, mode, uid, gid, }
    SavedRules { before, after, }
    SavedRule { flags, action, syscalls, fields, rest, }
    SavedSetting { setting, before, after, }
}

/// Reads enumerations whose variants are told apart by the type of their JSON.
macro_rules! either {
    ($($name:ident { $($pattern:pat => $variant:ident,)+ })+) => {
        $(impl FromJson for $name {
            fn from_json(value: Value) -> Option<Self> {
                match value {
                    $($pattern => FromJson::from_json(value).map(Self::$variant),)+
                    _ => None,
                }
            }
        })+
    };
}

either! {
    Rules { Value::String(_) => File, Value::Array(_) => List, }
    Wish { Value::Object(_) => Request, Value::String(_) | Value::Array(_) => Rules, }
    RuleSaid { Value::String(_) => Line, Value::Object(_) => Object, }
    Mode { Value::String(_) => Octal, Value::Number(_) => Number, }
    Id { Value::String(_) => Name, Value::Number(_) => Number, }
    Enabled { Value::String(_) => Name, Value::Bool(_) => Switch, Value::Number(_) => Number, }
    Failure { Value::String(_) => Name, Value::Number(_) => Number, }
    SyscallSaid { Value::Number(_) => Number, Value::String(_) => Name, }
    FieldSaid { Value::String(_) => Text, Value::Object(_) => Parts, }
    FieldValue { Value::Bool(_) => Switch, Value::Number(_) => Number, Value::String(_) => Text, }
    SavedValue { Value::Number(_) => Number, Value::String(_) => Hex, }
}

impl FromJson for i64 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl<T: FromJson> FromJson for OneOrMany<T> {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Array(_) => Vec::from_json(value).map(Self::Many),
            one => T::from_json(one).map(Self::One),
        }
    }
}

impl FromJson for FieldObject {
    fn from_json(value: Value) -> Option<Self> {
        let Value::Object(mut object) = value else { return None };
        Some(Self {
            field: take(&mut object, "field")?,
            op: object.remove("op").map_or_else(|| Some("=".to_owned()), String::from_json)?,
            value: FieldValue::from_json(object.remove("value")?)?,
        })
    }
}

impl FromJson for Piece {
    fn from_json(value: Value) -> Option<Self> {
        let Value::Array(range) = value else { return SavedRule::from_json(value).map(Self::Removed) };
        let [first, count] = <[Value; 2]>::try_from(range).ok()?;
        Some(Self::Kept(usize::from_json(first)?, usize::from_json(count)?))
    }
}

impl FromJson for (u32, u32, SavedValue) {
    fn from_json(value: Value) -> Option<Self> {
        let Value::Array(parts) = value else { return None };
        let [field, op, value] = <[Value; 3]>::try_from(parts).ok()?;
        Some((u32::from_json(field)?, u32::from_json(op)?, SavedValue::from_json(value)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "reads the project's own requests")]

    use std::path::Path;

    use serde_json::json;

    use super::*;

    /// The requests below a folder of the project.
    fn requests(folder: &Path, found: &mut Vec<Value>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                requests(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                found.extend(serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()));
            }
        }
    }

    #[test]
    fn a_request_is_read_as_serde_reads_it() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        for folder in ["examples", "tests/scenarios"] {
            requests(&project.join(folder), &mut found);
        }
        found.push(json!({
            "operation": "gather", "control": {"enabled": true, "failure": 1, "continue": true, "ignore_errors": false},
            "rules": [
                {"arch": "b64", "syscalls": ["open", 2], "fields": ["uid=1", {"field": "success", "value": true}]},
                {"syscalls": 7, "fields": [{"field": "exit", "op": "!=", "value": -13}], "key": ["a", "b"]},
            ],
            "event": [{"syscall": "openat", "auid": 1000, "success": true, "path": ["/a", "/b"], "expect": {"recorded": true}}],
            "wish": {"name": "a", "rules": [{"path": "/a", "controls": "c"}]},
            "mode": 384, "owner": 7, "group": "adm", "archs": ["s390x"], "files": [{"name": "a", "text": "b"}],
            "snapshot": {
                "version": 1, "files": [{"path": "/a", "before": {"text": "x", "mode": 1, "uid": 2, "gid": 3}}],
                "rules": {"before": [[0, 2], {"flags": 4, "action": 2, "fields": [[11, 1, 2], [105, 1, "00"]]}],
                          "after": ["x"]},
                "control": [{"setting": "failure", "before": 0, "after": 1}],
            },
        }));
        let mut read = 0;
        for value in found {
            let serde: Option<Request> = serde_json::from_value(value.clone()).ok();
            // Unknown keys are found by the schema, before.
            if serde.is_some() {
                assert_eq!(Request::from_json(value.clone()), serde, "{value:#}");
                read += 1;
            }
        }
        assert!(read > 100, "{read} requests");
    }

    #[test]
    fn what_is_of_another_form_is_none() {
        let rows = [
            json!({"name": 1}),
            json!({"rules": 1}),
            json!({"rules": [1]}),
            json!({"purge": "yes"}),
            json!({"state": "presnt"}),
            json!({"mode": -1}),
            json!({"control": {"backlog_limit": 4_294_967_296_u64}}),
            json!({"snapshot": {"rules": {"before": [[1]]}}}),
            json!({"snapshot": {"rules": {"before": [{"fields": [[1, 2]]}]}}}),
        ];
        for row in rows {
            assert_eq!(Request::from_json(row.clone()), None, "{row}");
            assert!(serde_json::from_value::<Request>(row.clone()).is_err(), "{row}");
        }
    }
}
