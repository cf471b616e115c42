//! Bytes to a request, or to every problem that they have.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::pointer::Pointer;
use super::shape::{MOST_PROBLEMS, check};
use super::{Mode, Operation, Request, schema};
use crate::error::{Problem, RequestError};

/// Largest request, in bytes: a policy of 100,000 rules fits.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most lines of rules in a request: with lines of the usual length about as much as [`MAX_BYTES`], and what bounds the
/// memory of a run, whatever the lines are.
pub const MAX_LINES: usize = 262_144;

/// Keys that begin so are the automation tool's own and are ignored, but for the two named below.
const TOOL_PREFIX: &str = "_ansible_";

/// A request that is not of its form.
#[derive(Debug, Default)]
pub struct Misshapen {
    /// The problems of its form, each with its JSON pointer.
    pub problems: Vec<Problem>,
    /// How many further ones there are, where there are very many.
    pub omitted: usize,
    /// The request without the parts that have these problems, so that the others can be looked at too.
    pub rest: Option<Box<Request>>,
}

impl From<Misshapen> for Vec<Problem> {
    fn from(misshapen: Misshapen) -> Self {
        misshapen.problems
    }
}

impl From<Vec<Problem>> for Misshapen {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems, omitted: 0, rest: None }
    }
}

/// Reads a request: JSON in UTF-8 of at most [`MAX_BYTES`], without duplicate or unknown keys.
///
/// # Errors
/// Every problem found, each with its JSON pointer.
pub fn decode(bytes: &[u8]) -> Result<Request, Misshapen> {
    if bytes.len() > MAX_BYTES {
        return Err(vec![Problem::from(RequestError::TooLarge { limit: MAX_BYTES })].into());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| vec![Problem::from(RequestError::NotUtf8 { offset: error.valid_up_to() })])?;
    let (mut value, (mut problems, duplicates)) = parse(text).map_err(|error| not_json(&error))?;
    if lines(&value) > MAX_LINES {
        return Err(vec![Problem::from(RequestError::TooManyLines { limit: MAX_LINES })].into());
    }
    let tool = take_tool_keys(&mut value);
    drop_nulls(&mut value);
    let (misshapen, omitted) = check(&value, schema());
    problems.extend(misshapen);
    let omitted = omitted + duplicates;
    if omitted > 0 {
        return Err(Misshapen { problems, omitted, rest: None });
    }
    if !problems.is_empty() {
        problems.iter().filter_map(|problem| problem.place.pointer.as_deref()).for_each(|at| cut(&mut value, at));
        return Err(Misshapen { rest: serde_json::from_value(value).ok(), problems, omitted });
    }
    let mut request: Request = serde_json::from_value(value).map_err(|_| {
        // The check lets nothing else through that is of another form.
        let error = RequestError::BadSnapshot { why: "it is not of its form".to_owned() };
        vec![Problem::at_pointer(error.into(), "/snapshot")]
    })?;
    request.check_mode |= tool.check_mode;
    // The other operations change nothing; the tool says it to all modules alike.
    request.diff |= tool.diff && request.operation == Operation::Apply;
    if let Some(Mode::Octal(digits)) = &request.mode {
        let octal = digits.strip_prefix('0').unwrap_or(digits).trim_start_matches('o');
        if octal.len() != 3 || !octal.chars().all(|digit| digit.is_digit(8)) {
            let error =
                RequestError::BadValue { found: digits.clone(), allowed: vec!["0640".to_owned()], nearest: None };
            return Err(vec![Problem::at_pointer(error.into(), "/mode")].into());
        }
    }
    Ok(request)
}

/// Takes the part at a pointer out of a document; an entry of a list becomes empty, so that the others keep their place.
fn cut(value: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    match value.pointer_mut(parent) {
        Some(Value::Object(object)) => {
            object.remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(entries)) => {
            if let Some(entry) = last.parse::<usize>().ok().and_then(|at| entries.get_mut(at)) {
                *entry = Value::String(String::new());
            }
        }
        _ => {}
    }
}

/// How many lines of rules a request has: entries of lists, and line ends in texts.
fn lines(value: &Value) -> usize {
    let of_rules = |value: &Value| match value {
        Value::String(text) => text.bytes().filter(|byte| *byte == b'\n').count(),
        Value::Array(entries) => entries.len(),
        other => lines(other),
    };
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| if matches!(key.as_str(), "rules" | "text") { of_rules(value) } else { lines(value) })
            .sum(),
        Value::Array(entries) => entries.iter().map(lines).sum(),
        _ => 0,
    }
}

fn not_json(error: &serde_json::Error) -> Vec<Problem> {
    let (line, column) = (error.line(), error.column());
    vec![Problem::from(RequestError::NotJson { line, column, why: error.to_string() })]
}

/// What the automation tool says through keys of its own.
#[derive(Default)]
struct ToolKeys {
    check_mode: bool,
    diff: bool,
}

fn take_tool_keys(value: &mut Value) -> ToolKeys {
    let Some(object) = value.as_object_mut() else { return ToolKeys::default() };
    let is_true = |key: &str| object.get(key) == Some(&Value::Bool(true));
    let tool = ToolKeys { check_mode: is_true("_ansible_check_mode"), diff: is_true("_ansible_diff") };
    object.retain(|key, _| !key.starts_with(TOOL_PREFIX));
    tool
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, entry| !entry.is_null());
            object.values_mut().for_each(drop_nulls);
        }
        Value::Array(entries) => entries.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Problems, and how many more there are than are kept.
type Counted = (Vec<Problem>, usize);

/// Parses JSON and notes keys that stand twice in one object.
fn parse(text: &str) -> Result<(Value, Counted), serde_json::Error> {
    let duplicates = RefCell::new(Counted::default());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { pointer: &Pointer::Root, duplicates: &duplicates }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, duplicates.into_inner()))
}

/// A value at a place of the document.
struct Node<'a> {
    pointer: &'a Pointer<'a>,
    duplicates: &'a RefCell<Counted>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(entry) = entries.next_element_seed(Node {
            pointer: &Pointer::Entry(self.pointer, array.len()),
            duplicates: self.duplicates,
        })? {
            array.push(entry);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let pointer = Pointer::Key(self.pointer, &key);
            if object.contains_key(&key) {
                let error = RequestError::DuplicateKey { key: key.clone() };
                let (problems, omitted) = &mut *self.duplicates.borrow_mut();
                if problems.len() < MOST_PROBLEMS {
                    problems.push(Problem::at_pointer(error.into(), &pointer.to_string()));
                } else {
                    *omitted += 1;
                }
            }
            let entry = entries.next_value_seed(Node { pointer: &pointer, duplicates: self.duplicates })?;
            object.insert(key, entry);
        }
        Ok(Value::Object(object))
    }
}
