//! Checks a request against its own JSON Schema and collects every difference.
//!
//! Knows the part of JSON Schema that schemars writes for our types; patterns are checked where the value is used.

use serde_json::Value;

use super::pointer::Pointer;
use crate::error::{Problem, RequestError};
use crate::tables::nearest::nearest;

/// Most problems that are kept one by one: more than a report tells, and few enough to look for the nearest name of each.
pub const MOST_PROBLEMS: usize = 1000;

/// Every place where `value` is not of the form that `schema` asks for: the first [`MOST_PROBLEMS`], and how many more
/// there are.
pub fn check(value: &Value, schema: &Value) -> (Vec<Problem>, usize) {
    let mut checker = Checker { root: schema, problems: Vec::new(), omitted: 0 };
    checker.check(value, schema, &Pointer::Root);
    (checker.problems, checker.omitted)
}

struct Checker<'a> {
    root: &'a Value,
    problems: Vec<Problem>,
    omitted: usize,
}

impl<'a> Checker<'a> {
    fn check(&mut self, value: &Value, schema: &'a Value, pointer: &Pointer<'_>) {
        let schema = self.resolve(schema);
        if let Some(branches) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            self.check_branches(value, branches, pointer);
            return;
        }
        if !self.admits(schema, value) {
            self.wrong_type(value, &[schema], pointer);
            return;
        }
        if let Some(allowed) = allowed(schema) {
            if !allowed.contains(&value) {
                self.bad_value(value, allowed, pointer);
            }
            return;
        }
        match value {
            Value::Object(_) => self.check_object(value, schema, pointer),
            Value::Array(entries) => {
                let Some(items) = schema.get("items") else { return };
                let any_text_fits = takes_any_text(items);
                for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| !(any_text_fits && entry.is_string()))
                {
                    self.check(entry, items, &Pointer::Entry(pointer, at));
                }
            }
            Value::Number(number) => {
                let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
                let (low, high) = (bound("minimum"), bound("maximum"));
                let fits = number
                    .as_i64()
                    .is_some_and(|n| low.is_none_or(|low| n >= low) && high.is_none_or(|high| n <= high));
                if !fits && (low.is_some() || high.is_some()) {
                    self.report(RequestError::OutOfRange { found: number.to_string(), low, high }, pointer);
                }
            }
            Value::String(text) => {
                let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
                let length = text.chars().count() as u64;
                if bound("minLength").is_some_and(|low| length < low)
                    || bound("maxLength").is_some_and(|high| length > high)
                {
                    self.report(RequestError::Length { found: length, high: bound("maxLength") }, pointer);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// The one branch that the type of the value selects, or the choice among several values.
    fn check_branches(&mut self, value: &Value, branches: &'a [Value], pointer: &Pointer<'_>) {
        let fitting: Vec<&'a Value> = branches.iter().filter(|branch| self.admits(branch, value)).collect();
        match fitting.as_slice() {
            [] => self.wrong_type(value, &branches.iter().collect::<Vec<_>>(), pointer),
            [one] => self.check(value, one, pointer),
            several => {
                let sound = several.iter().any(|branch| {
                    let mut trial = Checker { root: self.root, problems: Vec::new(), omitted: 0 };
                    trial.check(value, branch, pointer);
                    trial.problems.is_empty()
                });
                if !sound {
                    let allowed = several.iter().filter_map(|branch| allowed(self.resolve(branch))).flatten().collect();
                    self.bad_value(value, allowed, pointer);
                }
            }
        }
    }

    fn check_object(&mut self, value: &Value, schema: &'a Value, pointer: &Pointer<'_>) {
        let Some(object) = value.as_object() else { return };
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        let closed = others == Some(&Value::Bool(false));
        for (key, entry) in object {
            let at = Pointer::Key(pointer, key);
            if let Some(property) = properties.and_then(|properties| properties.get(key)) {
                self.check(entry, property, &at);
            } else if closed {
                if self.is_full() {
                    self.omitted += 1;
                    continue;
                }
                let known = properties.into_iter().flat_map(|properties| properties.keys()).map(String::as_str);
                let is_rule = properties.is_some_and(|properties| properties.contains_key("permissions"));
                let elsewhere = of_another_role(key).filter(|_| is_rule);
                let nearest = elsewhere.or_else(|| nearest(key, known)).map(str::to_owned);
                let error = RequestError::UnknownKey { key: key.clone(), nearest };
                self.report(error, &at);
            } else if let Some(entries) = others.filter(|others| others.is_object()) {
                self.check(entry, entries, &at);
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(key) {
                self.report(RequestError::MissingKey { key: key.to_owned() }, pointer);
            }
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        target.and_then(|path| self.root.pointer(path)).map_or(schema, |target| self.resolve(target))
    }

    /// Whether a schema allows the JSON type of a value.
    fn admits(&self, schema: &'a Value, value: &Value) -> bool {
        let schema = self.resolve(schema);
        match schema.get("type") {
            Some(Value::String(one)) => is_of_type(value, one),
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).any(|name| is_of_type(value, name)),
            _ => {
                let branches = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
                branches.is_none_or(|branches| branches.iter().any(|branch| self.admits(branch, value)))
            }
        }
    }

    /// The JSON types that a schema allows; none where it does not say.
    fn types(&self, schema: &'a Value) -> Vec<&'a str> {
        let schema = self.resolve(schema);
        match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => {
                let branches = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
                branches.into_iter().flatten().flat_map(|branch| self.types(branch)).collect()
            }
        }
    }

    fn is_full(&self) -> bool {
        self.problems.len() == MOST_PROBLEMS
    }

    fn report(&mut self, error: RequestError, pointer: &Pointer<'_>) {
        if self.is_full() {
            self.omitted += 1;
            return;
        }
        self.problems.push(Problem::at_pointer(error.into(), &pointer.to_string()));
    }

    /// A value of a type that none of these schemas allows.
    fn wrong_type(&mut self, value: &Value, schemas: &[&'a Value], pointer: &Pointer<'_>) {
        if self.is_full() {
            self.omitted += 1;
            return;
        }
        let types = schemas.iter().flat_map(|schema| self.types(schema));
        let mut expected: Vec<String> = types.filter(|name| *name != "null").map(str::to_owned).collect();
        expected.sort_unstable();
        expected.dedup();
        self.report(RequestError::WrongType { expected, found: type_name(value) }, pointer);
    }

    fn bad_value(&mut self, value: &Value, allowed: Vec<&Value>, pointer: &Pointer<'_>) {
        if self.is_full() {
            self.omitted += 1;
            return;
        }
        let allowed: Vec<String> = allowed.into_iter().map(plain).collect();
        let found = plain(value);
        let nearest = nearest(&found, allowed.iter().map(String::as_str)).map(str::to_owned);
        self.report(RequestError::BadValue { found, allowed, nearest }, pointer);
    }
}

/// Our key for a part of a rule that other Ansible roles (linux-system-roles.auditd, robertdebock.auditd) call otherwise.
fn of_another_role(key: &str) -> Option<&'static str> {
    match key {
        "filter" => Some("list"),
        "permission" => Some("permissions"),
        "keyname" => Some("key"),
        "file" => Some("path"),
        _ => None,
    }
}

/// Whether any text at all is of a schema: most rules are lines.
fn takes_any_text(schema: &Value) -> bool {
    let branches = schema.get("anyOf").and_then(Value::as_array).map_or(std::slice::from_ref(schema), Vec::as_slice);
    let bounds = ["enum", "const", "minLength", "maxLength", "$ref"];
    branches.iter().any(|branch| {
        let is_text = branch.get("type").is_some_and(|name| name == "string");
        is_text && !bounds.iter().any(|bound| branch.get(bound).is_some())
    })
}

fn allowed(schema: &Value) -> Option<Vec<&Value>> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), _) => Some(values.iter().collect()),
        (_, Some(value)) => Some(vec![value]),
        _ => None,
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        name => type_name(value) == name,
    }
}

/// The JSON type of a value, as JSON Schema names it.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
