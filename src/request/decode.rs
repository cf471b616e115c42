//! Bytes to a request, or to every problem that they have.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::pointer::Pointer;
use super::shape::{MOST_PROBLEMS, check, type_name};
use super::{Mode, Operation, Request, schema};
use crate::error::{Problem, RequestError};

/// Largest request, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most lines of rules, or globs of what to keep, in a request: with [`MAX_BYTES`] what bounds the memory of a run. What a
/// host's own files hold, and what an undo puts back, is not counted.
pub const MAX_LINES: usize = 65_536;

/// Most values of any kind in a request, beside those of its snapshot: what bounds the memory before anything is checked.
pub const MAX_VALUES: usize = 1 << 20;
/// Most values in a snapshot: no undo that fits into [`MAX_BYTES`] has more.
const MAX_SNAPSHOT_VALUES: usize = 1 << 22;

/// Keys that begin so are the automation tool's own and are ignored, but for the two named below.
const TOOL_PREFIX: &str = "_ansible_";

/// A request that is not of its form.
#[derive(Debug, Default)]
pub struct InvalidRequest {
    /// The problems of its form, each with its JSON pointer.
    pub problems: Vec<Problem>,
    /// How many further ones there are, where there are very many.
    pub omitted: usize,
    /// The request without the parts that have these problems, so that the others can be looked at too.
    pub rest: Option<Box<Request>>,
}

impl From<InvalidRequest> for Vec<Problem> {
    fn from(misshapen: InvalidRequest) -> Self {
        misshapen.problems
    }
}

impl From<Vec<Problem>> for InvalidRequest {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems, omitted: 0, rest: None }
    }
}

/// Reads a request: JSON in UTF-8 of at most [`MAX_BYTES`], without duplicate or unknown keys.
///
/// # Errors
/// Every problem found, each with its JSON pointer.
pub fn decode(bytes: &[u8]) -> Result<Request, InvalidRequest> {
    if bytes.len() > MAX_BYTES {
        return Err(vec![Problem::from(RequestError::TooLarge { limit: MAX_BYTES })].into());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| vec![Problem::from(RequestError::NotUtf8 { offset: error.valid_up_to() })])?;
    let (mut value, Noted { mut problems, omitted: duplicates, .. }) = parse(text)?;
    if lines(&value) > MAX_LINES {
        return Err(vec![Problem::from(RequestError::TooManyLines { limit: MAX_LINES })].into());
    }
    let tool = take_tool_keys(&mut value, &mut problems);
    drop_nulls(&mut value);
    let (misshapen, omitted) = check(&value, schema());
    problems.extend(misshapen);
    let omitted = omitted + duplicates;
    if omitted > 0 {
        return Err(InvalidRequest { problems, omitted, rest: None });
    }
    if !problems.is_empty() {
        problems.iter().filter_map(|problem| problem.place.pointer.as_deref()).for_each(|at| cut(&mut value, at));
        return Err(InvalidRequest { rest: serde_json::from_value(value).ok(), problems, omitted });
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

/// How many lines of rules and globs a request has: entries of lists, and line ends in texts.
fn lines(value: &Value) -> usize {
    let of_rules = |value: &Value| match value {
        Value::String(text) => text.bytes().filter(|byte| *byte == b'\n').count(),
        Value::Array(entries) => entries.len(),
        other => lines(other),
    };
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| match key.as_str() {
                "rules" | "text" | "keep" => of_rules(value),
                "snapshot" => 0,
                _ => lines(value),
            })
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

/// Takes the tool's keys out of a request. Those that mean something have a type like any other key: a check mode that
/// nobody understands must not change a host.
fn take_tool_keys(value: &mut Value, problems: &mut Vec<Problem>) -> ToolKeys {
    let Some(object) = value.as_object_mut() else { return ToolKeys::default() };
    let mut is_true = |key: &str| match object.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(said)) => *said,
        Some(other) => {
            let error = RequestError::WrongType { expected: vec!["boolean".to_owned()], found: type_name(other) };
            problems.push(Problem::at_pointer(error.into(), &Pointer::Key(&Pointer::Root, key).to_string()));
            false
        }
    };
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

/// What is noted while a document is read.
#[derive(Default)]
struct Noted {
    /// Keys that stand twice in one object.
    problems: Vec<Problem>,
    /// How many more of them there are than are kept.
    omitted: usize,
    /// How many values there are beside the snapshot, so far.
    values: usize,
    /// How many there are in the snapshot.
    of_snapshot: usize,
    /// Whether the snapshot is being read.
    is_in_snapshot: bool,
}

impl Noted {
    /// Counts one more value; says whether there are too many now.
    fn is_full(&mut self) -> bool {
        if self.is_in_snapshot {
            self.of_snapshot += 1;
        } else {
            self.values += 1;
        }
        self.values > MAX_VALUES || self.of_snapshot > MAX_SNAPSHOT_VALUES
    }
}

/// Parses JSON and notes keys that stand twice in one object.
fn parse(text: &str) -> Result<(Value, Noted), Vec<Problem>> {
    let noted = RefCell::new(Noted::default());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { pointer: &Pointer::Root, noted: &noted }.deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    let noted = noted.into_inner();
    match value {
        Ok(value) => Ok((value, noted)),
        Err(_) if noted.values > MAX_VALUES => Err(vec![RequestError::TooManyValues { limit: MAX_VALUES }.into()]),
        Err(_) if noted.of_snapshot > MAX_SNAPSHOT_VALUES => {
            Err(vec![RequestError::TooManyValues { limit: MAX_SNAPSHOT_VALUES }.into()])
        }
        Err(error) => Err(not_json(&error)),
    }
}

/// A value at a place of the document.
struct Node<'a> {
    pointer: &'a Pointer<'a>,
    noted: &'a RefCell<Noted>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.noted.borrow_mut().is_full() {
            return Err(D::Error::custom("too many values"));
        }
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
        while let Some(entry) = entries
            .next_element_seed(Node { pointer: &Pointer::Entry(self.pointer, array.len()), noted: self.noted })?
        {
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
                let noted = &mut *self.noted.borrow_mut();
                if noted.problems.len() < MOST_PROBLEMS {
                    noted.problems.push(Problem::at_pointer(error.into(), &pointer.to_string()));
                } else {
                    noted.omitted += 1;
                }
            }
            if matches!(self.pointer, Pointer::Root) {
                self.noted.borrow_mut().is_in_snapshot = key == "snapshot";
            }
            let entry = entries.next_value_seed(Node { pointer: &pointer, noted: self.noted })?;
            object.insert(key, entry);
        }
        Ok(Value::Object(object))
    }
}
