//! `operation: lint`, through the same door as a request.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

mod folders;
mod host;
mod made_wrong;
mod noise;
#[path = "../project/mod.rs"]
mod project;
mod requests;
mod rows;
mod sarif;
mod scanner;

use audit_rules::report::Report;
use audit_rules::report::lint::{FindingReport, FixReport};
use audit_rules::rule::Machine;
use audit_rules::{linted, request};
use serde_json::{Value as Json, json};

/// The answer to a request on an `x86_64` machine.
fn answer(request: &Json, root: &std::path::Path) -> Report {
    let machine = Machine::from_uname("x86_64").unwrap();
    let request =
        request::decode(request.to_string().as_bytes()).unwrap_or_else(|shape| panic!("{:?}", shape.problems));
    linted(&request, machine, root).unwrap_or_else(|problems| Report::failed(&problems))
}

/// What is found in one file, without a host.
fn lint(text: &str, archs: &[&str]) -> Vec<FindingReport> {
    let request = json!({"operation": "lint", "archs": archs, "files": [{"name": "f", "text": text}]});
    answer(&request, std::path::Path::new("/nonexistent")).findings.unwrap()
}

/// The text with the edit of a fix carried out.
fn fixed(text: &str, fix: &FixReport) -> Option<String> {
    let edit = fix.edit.as_ref()?;
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let at = |line: usize, column: usize| {
        starts.get(line - 1).map_or(text.len(), |start| start + column - 1).min(text.len())
    };
    let (from, to) = (at(edit.line, edit.column), at(edit.end_line, edit.end_column));
    Some(format!("{}{}{}", &text[..from], edit.text, &text[to..]))
}
