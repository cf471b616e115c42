//! What an earlier change replaced: enough to take it back, and to see whether the host still is as the change left it.
//!
//! To callers it is opaque; it travels in a report's `undo` and comes back in a request.

use std::fmt::Write;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use rustc_hash::FxHashMap as HashMap;

use crate::rule::id::{Id, Ids};
use crate::rule::{Action, Field, FieldNumber, List, Mask, Op, Rule, Value};

/// The version of this form.
pub const VERSION: u32 = 1;

/// What an earlier change replaced. Opaque: give it back as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The version of this form.
    pub version: u32,
    /// The files that the change wrote or removed.
    pub files: Vec<SavedFile>,
    /// The kernel's rules, where the change touched them.
    pub rules: Option<SavedRules>,
    /// The settings that the change set.
    pub control: Vec<SavedSetting>,
}

/// A file before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedFile {
    /// Its path.
    pub path: String,
    /// What it held before; none where it did not exist.
    pub before: Option<SavedContent>,
    /// What it held after; none where it was removed.
    pub after: Option<SavedContent>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedContent {
    /// The bytes, in hexadecimal where they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// The bytes, where they are UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub text: Option<SavedText>,
    /// The permissions.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

/// The bytes of a file that are UTF-8. They are not copied: files may be large.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedText(Rc<Vec<u8>>);

impl SavedText {
    /// These bytes; none where they are no UTF-8.
    #[must_use]
    pub fn of(bytes: &Rc<Vec<u8>>) -> Option<Self> {
        std::str::from_utf8(bytes).is_ok().then(|| Self(Rc::clone(bytes)))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Rc<Vec<u8>> {
        Rc::clone(&self.0)
    }
}

impl Serialize for SavedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.0).map_err(S::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for SavedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Rc::new(text.into_bytes())))
    }
}

/// The kernel's rules before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedRules {
    /// The list before, pieced together from the list after and from what it no longer holds.
    pub before: Vec<Piece>,
    /// The ids of the rules after, in the kernel's order.
    pub after: Vec<String>,
}

/// A piece of the list before a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Piece {
    /// Rules that are in the list after: the place of the first there, and how many.
    Kept(usize, usize),
    /// A rule that is not.
    Removed(SavedRule),
}

/// A rule in full: `struct audit_rule_data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedRule {
    /// The list.
    pub flags: u32,
    /// The action.
    pub action: u32,
    /// The system calls, none for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syscalls: Option<Vec<u32>>,
    /// Field, operator and value; text in hexadecimal.
    pub fields: Vec<(u32, u32, SavedValue)>,
    /// Text of no known field, in hexadecimal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rest: String,
}

/// A field's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SavedValue {
    /// A number.
    Number(u32),
    /// Text, in hexadecimal.
    Hex(String),
}

/// A setting before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedSetting {
    /// Its name.
    pub setting: String,
    /// Its value before.
    pub before: u32,
    /// Its value after.
    pub after: u32,
}

/// What a change does to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// It loads it.
    Loads,
    /// It unloads it.
    Unloads,
}

/// Why a snapshot cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// Another version.
    Version(u32),
    /// A part that is not of our making.
    Broken(&'static str),
}

impl SavedRules {
    /// Whether the change loads a rule of this id, unloads one, or neither.
    #[must_use]
    pub fn touch(&self, id: &str) -> Option<Touch> {
        let kept = self.before.iter().filter_map(|piece| match piece {
            Piece::Kept(first, count) => self.after.get(*first..first.checked_add(*count)?),
            Piece::Removed(_) => None,
        });
        let mut kept = kept.flatten();
        if self.after.iter().any(|known| known == id) {
            return (!kept.any(|known| known == id)).then_some(Touch::Loads);
        }
        let removed = self.before.iter().filter_map(|piece| match piece {
            Piece::Removed(rule) => rule.rule().ok(),
            Piece::Kept(..) => None,
        });
        removed.into_iter().any(|rule| Id::of(&rule).to_string() == id).then_some(Touch::Unloads)
    }

    /// The rules before a change and after it.
    #[must_use]
    pub fn of(before: &[Rule], after: &[Rule]) -> Self {
        let mut ids = Ids::default();
        Self { before: pieces(before, after), after: after.iter().map(|rule| ids.of(rule).to_string()).collect() }
    }

    /// As [`SavedRules::of`] and as long, with zeros in the place of ids.
    #[must_use]
    pub fn outline(before: &[Rule], after: &[Rule]) -> Self {
        Self { before: pieces(before, after), after: vec!["0".repeat(Id::DIGITS); after.len()] }
    }

    /// The list before the change, where `now` is the list after it.
    ///
    /// # Errors
    /// The snapshot is not of our making.
    pub fn before(&self, now: &[Rule]) -> Result<Vec<Rule>, Unusable> {
        let mut before = Vec::new();
        for piece in &self.before {
            match piece {
                Piece::Kept(first, count) => {
                    let kept = first.checked_add(*count).and_then(|end| now.get(*first..end));
                    before.extend_from_slice(kept.ok_or(Unusable::Broken("rules"))?);
                }
                Piece::Removed(rule) => before.push(rule.rule()?),
            }
        }
        Ok(before)
    }

    /// The list after the change as far as `now` still holds it, in the order of the change; and what of the list
    /// before it can still be said.
    ///
    /// # Errors
    /// The snapshot is not of our making.
    pub fn before_as_far_as_known(&self, now: &[Rule]) -> Result<Vec<Rule>, Unusable> {
        let held: HashMap<String, &Rule> = now.iter().map(|rule| (Id::of(rule).to_string(), rule)).collect();
        let mut before = Vec::new();
        for piece in &self.before {
            match piece {
                Piece::Kept(first, count) => {
                    let ids = first.checked_add(*count).and_then(|end| self.after.get(*first..end));
                    let ids = ids.ok_or(Unusable::Broken("rules"))?;
                    before.extend(ids.iter().filter_map(|id| held.get(id)).map(|rule| (*rule).clone()));
                }
                Piece::Removed(rule) => before.push(rule.rule()?),
            }
        }
        Ok(before)
    }
}

/// The list before a change, pieced together from the list after it and from what that no longer holds.
fn pieces(before: &[Rule], after: &[Rule]) -> Vec<Piece> {
    let mut place = HashMap::default();
    for (at, rule) in after.iter().enumerate() {
        place.entry(rule).or_insert(at);
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for rule in before {
        match (place.get(rule), pieces.last_mut()) {
            (Some(at), Some(Piece::Kept(first, count))) if *first + *count == *at => *count += 1,
            (Some(at), _) => pieces.push(Piece::Kept(*at, 1)),
            (None, _) => pieces.push(Piece::Removed(SavedRule::from(rule))),
        }
    }
    pieces
}

impl From<&Rule> for SavedRule {
    fn from(rule: &Rule) -> Self {
        let value = |field: &Field| match &field.value {
            Value::Number(number) => SavedValue::Number(*number),
            Value::Text(text) => SavedValue::Hex(hex(text)),
        };
        Self {
            flags: rule.list.0,
            action: rule.action.0,
            syscalls: (!rule.syscalls.is_all()).then(|| rule.syscalls.numbers().collect()),
            fields: rule.fields.iter().map(|field| (field.number.0, field.op.0, value(field))).collect(),
            rest: hex(&rule.rest),
        }
    }
}

impl SavedRule {
    fn rule(&self) -> Result<Rule, Unusable> {
        let text = |digits: &str| unhex(digits).ok_or(Unusable::Broken("hex"));
        let syscalls = self.syscalls.as_ref().map_or(Mask::all(), |numbers| numbers.iter().copied().collect()).listed();
        let mut rule = Rule::new(List(self.flags), Action(self.action), syscalls);
        for (number, op, value) in &self.fields {
            let value = match value {
                SavedValue::Number(number) => Value::Number(*number),
                SavedValue::Hex(digits) => Value::Text(text(digits)?.into()),
            };
            rule.fields.push(Field { number: FieldNumber(*number), op: Op(*op), value });
        }
        rule.rest = text(&self.rest)?;
        Ok(rule)
    }
}

/// Bytes in hexadecimal, lower case.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of hexadecimal digits; none where it is something else.
#[must_use]
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    if digits.len() % 2 != 0 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
