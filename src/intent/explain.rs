//! What a request to explain is about.

use super::lint::twice;
use crate::error::{Problem, RequestError};
use crate::request::keys::{not_used, unused};
use crate::request::{PermSyscalls, Request, Source};

/// Where the rules are that a request to explain is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The lines that the request gives.
    Lines,
    /// The files that the request gives, for its events.
    Files,
    /// What the host holds, for the events of the request.
    Host,
}

impl Subject {
    /// What a request to explain is about, with the keys that it has no use for, and what is missing.
    #[must_use]
    pub fn of(request: &Request) -> (Self, Vec<Problem>) {
        let has_events = request.event.is_some();
        let subject = match (has_events && request.rules.is_none(), request.files.is_empty()) {
            (false, _) => Self::Lines,
            (true, false) => Self::Files,
            (true, true) => Self::Host,
        };
        let mut problems = unused(request);
        problems.extend(crossed(request, subject));
        if request.rules.is_none() && !has_events {
            problems.push(Problem::at_pointer(RequestError::Needed { key: "rules", by: "explain" }.into(), ""));
        }
        problems.extend(twice(&request.files));
        (subject, problems)
    }
}

/// Keys that have no use with this subject.
fn crossed(request: &Request, subject: Subject) -> Vec<Problem> {
    let of_host = [
        ("root", request.root.is_some()),
        ("rules_dir", request.rules_dir.is_some()),
        ("source", request.source != Source::default()),
    ];
    let mut problems = Vec::new();
    if subject != Subject::Host {
        let with = if subject == Subject::Files { "files" } else { "rules" };
        problems.extend(of_host.into_iter().filter(|(_, given)| *given).map(|(key, _)| not_used(key, with)));
    }
    if subject != Subject::Lines && request.perm_syscalls != PermSyscalls::default() {
        problems.push(not_used("perm_syscalls", "events alone"));
    }
    if subject != Subject::Lines && request.rules.is_none() && request.resolve {
        problems.push(not_used("resolve", "events alone"));
    }
    if subject == Subject::Lines && !request.files.is_empty() {
        problems.push(not_used("files", if request.rules.is_some() { "rules" } else { "explain without an event" }));
    }
    problems
}
