//! Rules in the dialect of another tool, as rule objects of our own.
//!
//! Pure: a document comes in as a JSON value. What it says and has no meaning is told with its place, a JSON pointer.

mod fields;
mod libaudit_go;

use serde_json::{Map, Value};

use crate::error::{Problem, RequestError};
use crate::request::{RuleObject, escaped, type_name};

pub use libaudit_go::libaudit_go;

/// What a document asks for.
#[derive(Debug, Default)]
pub struct Imported {
    /// Its rules, each with the JSON pointer of its entry.
    pub rules: Vec<(String, RuleObject)>,
    /// Whether nothing else is to be loaded.
    pub is_whole: bool,
    /// Settings by their names, in the kernel's numbers.
    pub control: Vec<(&'static str, u32)>,
    /// The pointers of the watches that are left out where their path is missing, and of those that fail then.
    pub lenient: Vec<String>,
    /// See there.
    pub strict: Vec<String>,
    /// What is worth knowing, each with its pointer.
    pub notes: Vec<(String, String)>,
    /// What cannot be said as a rule.
    pub problems: Vec<Problem>,
}

impl Imported {
    fn note(&mut self, pointer: &str, text: &str) {
        self.notes.push((pointer.to_owned(), text.to_owned()));
    }

    fn problem(&mut self, pointer: &str, error: RequestError) {
        self.problems.push(Problem::at_pointer(error.into(), pointer));
    }

    fn wrong_type(&mut self, pointer: &str, expected: &str, found: &Value) {
        let error = RequestError::WrongType { expected: vec![expected.to_owned()], found: type_name(found) };
        self.problem(pointer, error);
    }

    fn bad_value(&mut self, pointer: &str, found: &str, allowed: &[&str]) {
        let allowed = allowed.iter().map(|one| (*one).to_owned()).collect();
        self.problem(pointer, RequestError::BadValue { found: found.to_owned(), allowed, nearest: None });
    }

    /// Notes every key but the known ones: they say nothing.
    fn unknown_keys(&mut self, pointer: &str, object: &Map<String, Value>, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.note(&below(pointer, key), "nothing knows this key, and it is left out");
        }
    }

    /// The entries of a list that may be absent.
    fn list<'v>(&mut self, pointer: &str, object: &'v Map<String, Value>, key: &str) -> &'v [Value] {
        match object.get(key) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(entries)) => entries,
            Some(other) => {
                self.wrong_type(&below(pointer, key), "array", other);
                &[]
            }
        }
    }

    /// A text that may be absent; an empty one counts as absent.
    fn text<'v>(&mut self, pointer: &str, object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.as_str()).filter(|text| !text.is_empty()),
            Some(other) => {
                self.wrong_type(&below(pointer, key), "string", other);
                None
            }
        }
    }
}

/// The pointer of a key of the object that stands at another one.
fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", escaped(key))
}
