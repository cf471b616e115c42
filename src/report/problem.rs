//! A problem, as reports have it.

use schemars::JsonSchema;
use serde::Serialize;

use super::visible;
use crate::error::{Problem, same_in};

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErrorReport {
    /// The stable name of the kind of problem.
    pub kind: String,
    /// The problem as a sentence.
    #[serde(serialize_with = "visible::text")]
    pub message: String,
    /// JSON pointer into the request (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The rule's text.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "visible::option")]
    pub rule: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "visible::option")]
    pub file: Option<String>,
    /// The line in the file or in the given text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// How many other lines have the same problem for the same cause; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<usize>,
    /// The byte column of the word at fault in the rule's text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The kernel's or operating system's name of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// What may help.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "visible::option")]
    pub hint: Option<String>,
    /// Message, rule and hint as one sentence for people, to be put after the place.
    #[serde(serialize_with = "visible::text")]
    pub sentence: String,
}

impl From<&Problem> for ErrorReport {
    fn from(problem: &Problem) -> Self {
        Self {
            kind: problem.kind().to_owned(),
            message: problem.message() + &same_in(problem.place.more),
            pointer: problem.place.pointer.as_deref().map(str::to_owned),
            rule: problem.place.rule.as_deref().map(str::to_owned),
            file: problem.place.file.as_deref().map(str::to_owned),
            line: problem.place.line,
            more: Some(problem.place.more).filter(|more| *more > 0),
            column: problem.column(),
            errno: problem.errno(),
            hint: problem.hint().map(|hint| hint.to_string()),
            sentence: problem.words(),
        }
    }
}
