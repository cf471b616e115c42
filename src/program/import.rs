//! The story of `import`: rules in the dialect of another tool, as a request of our own.

use std::rc::Rc;

use serde_json::{Map, Value};

use crate::error::{Problem, RequestError};
use crate::import::libaudit_go;
use crate::intent::{RequestLine, bad_lines};
use crate::report::Report;
use crate::report::apply_request::ApplyRequest;
use crate::request::keys::unused;
use crate::request::{Document, Request};
use crate::rule::Machine;

/// The drop-in that is named where the request names none.
const NAME: &str = "50-libaudit-go";

/// Turns the document of a request into a request to apply. No host is looked at.
///
/// # Errors
/// Keys that importing has no use for, and everything in the document that no rule can say.
pub fn imported(request: &Request, machine: &Machine) -> Result<Report, Vec<Problem>> {
    let mut problems = unused(request);
    let document = match &request.document {
        Some(Document::Object(document)) => Some(document.clone()),
        Some(Document::Text(text)) => read(text).map_err(|problem| problems.push(problem)).ok(),
        None => {
            problems.push(Problem::at_pointer(RequestError::Needed { key: "document", by: "import" }.into(), ""));
            None
        }
    };
    if request.dialect.is_none() {
        problems.push(Problem::at_pointer(RequestError::Needed { key: "dialect", by: "import" }.into(), ""));
    }
    let Some(document) = document.filter(|_| problems.is_empty()) else { return Err(problems) };
    let mut imported = libaudit_go(&document, "/document");
    let mut lines: Vec<RequestLine> = Vec::new();
    for (pointer, rule) in &imported.rules {
        let pointer: Rc<str> = pointer.as_str().into();
        match rule.lines(machine) {
            Ok(said) => lines.extend(said.iter().map(|text| RequestLine {
                text: text.as_str().into(),
                pointer: Rc::clone(&pointer),
                line: None,
                labels: Vec::new(),
            })),
            Err(why) => {
                imported.problems.push(Problem::at_pointer(RequestError::BadRuleObject(why).into(), &pointer));
            }
        }
    }
    imported.problems.extend(bad_lines(&lines.iter().collect::<Vec<_>>(), machine));
    if imported.problems.is_empty() && lines.is_empty() && imported.control.is_empty() {
        imported.problems.push(Problem::at_pointer(RequestError::NothingDeclared.into(), "/document"));
    }
    if !imported.problems.is_empty() {
        return Err(imported.problems);
    }
    let name = request.name.as_deref().unwrap_or(NAME);
    let lines = lines.iter().map(|line| line.text.to_string()).collect();
    Ok(Report::imported(ApplyRequest::of_import(&imported, name, lines), imported.notes))
}

/// The object that a text holds.
fn read(text: &str) -> Result<Map<String, Value>, Problem> {
    let at = |error: RequestError| Problem::at_pointer(error.into(), "/document");
    match serde_json::from_str(text) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => Err(at(RequestError::WrongType { expected: vec!["object".to_owned()], found: "another value" })),
        Err(error) => {
            Err(at(RequestError::NotJson { line: error.line(), column: error.column(), why: error.to_string() }))
        }
    }
}
