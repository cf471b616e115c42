//! What a request to explain is about.

use super::lint::of_files;
use crate::error::{Problem, RequestError};
use crate::request::keys::{not_used, unused};
use crate::request::{PermSyscalls, Request, Source};

/// Where the rules are that a request to explain is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The lines that the request gives.
    Lines,
    /// The files that the request gives.
    Files,
    /// What the host holds, for the events of the request.
    Host,
}

impl Subject {
    /// What a request to explain is about, with the keys that it has no use for, and what is missing.
    #[must_use]
    pub fn of(request: &Request) -> (Self, Vec<Problem>) {
        let has_events = request.event.is_some();
        let subject = match (request.rules.is_none(), request.files.is_empty()) {
            (true, false) => Self::Files,
            (true, true) if has_events => Self::Host,
            _ => Self::Lines,
        };
        let mut problems = unused(request);
        problems.extend(crossed(request, subject));
        if subject == Self::Lines && request.rules.is_none() {
            problems.push(Problem::at_pointer(RequestError::Needed { key: "rules", by: "explain" }.into(), ""));
        }
        problems.extend(of_files(&request.files));
        (subject, problems)
    }
}

/// Keys that have no use with this subject.
fn crossed(request: &Request, subject: Subject) -> Vec<Problem> {
    let with = match subject {
        Subject::Host => "events alone",
        Subject::Files => "files",
        Subject::Lines => "rules",
    };
    let is_of_host = subject == Subject::Host;
    let rows = [
        // Files may lie in another root, and are explained by its accounts.
        ("root", request.root.is_some() && subject == Subject::Lines),
        ("rules_dir", request.rules_dir.is_some() && !is_of_host),
        ("source", request.source != Source::default() && !is_of_host),
        ("perm_syscalls", request.perm_syscalls != PermSyscalls::default() && is_of_host),
        ("resolve", request.resolve && is_of_host),
        ("files", !request.files.is_empty() && subject == Subject::Lines),
    ];
    rows.into_iter().filter(|(_, is_crossed)| *is_crossed).map(|(key, _)| not_used(key, with)).collect()
}
