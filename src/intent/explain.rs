//! What a request to explain is about.

use super::inquiry::gather_only;
use super::lint::{lint_only, twice};
use super::not_used;
use crate::error::{Problem, RequestError};
use crate::request::Request;

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
        let mut problems = unused(request, subject);
        if request.rules.is_none() && !has_events {
            problems.push(Problem::at_pointer(RequestError::Needed { key: "rules", by: "explain" }.into(), ""));
        }
        problems.extend(twice(&request.files));
        (subject, problems)
    }
}

/// Keys of other operations, and of other subjects.
fn unused(request: &Request, subject: Subject) -> Vec<Problem> {
    let default = Request::default();
    let is_of_host = subject == Subject::Host;
    let given = [
        ("state", request.state != default.state),
        ("name", request.name.is_some()),
        ("control", request.control != default.control),
        ("drop_ins", request.drop_ins.is_some()),
        ("target", request.target != default.target),
        ("kernel", request.kernel != default.kernel),
        ("root", request.root.is_some() && !is_of_host),
        ("rules_dir", request.rules_dir.is_some() && !is_of_host),
        ("purge", request.purge),
        ("keep", !request.keep.is_empty()),
        ("snapshot", request.snapshot.is_some()),
        ("force", request.force),
        ("arch", request.arch.is_some() && is_of_host),
    ];
    let others = lint_only(request).into_iter().filter(|(key, _)| *key != "files" || subject == Subject::Lines);
    let sources = gather_only(request).into_iter().filter(|(key, _)| *key != "source" || !is_of_host);
    let superfluous = given.into_iter().chain(others).chain(sources).filter(|(_, given)| *given);
    superfluous.map(|(key, _)| Problem::at_pointer(not_used(key, "operation: explain"), &format!("/{key}"))).collect()
}
