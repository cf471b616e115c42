//! What a request to lint means.

use super::inquiry::gather_only;
use super::{AuthorLine, Location, author_lines, not_used};
use crate::error::{Problem, RequestError};
use crate::lint::known_codes;
use crate::request::{Request, RulesFile};
use crate::rule::Machine;
use crate::tables::nearest::nearest;

/// Rules files to look at, and for whom.
#[derive(Debug)]
pub struct LintIntent<'a> {
    /// What to look at.
    pub subject: Subject<'a>,
    /// Where the files are, and what the rules are held against; none where the request names no host.
    pub place: Option<Location>,
    /// The machines that the rules are for; at least one.
    pub machines: Vec<Machine>,
    /// Codes of findings that are left out.
    pub ignored: &'a [String],
}

/// What to look at.
#[derive(Debug)]
pub enum Subject<'a> {
    /// The lines that the request gives; one list for each machine, since an object may mean other lines on another.
    Lines(Vec<Vec<AuthorLine>>),
    /// The files that the request gives.
    Files(&'a [RulesFile]),
    /// The drop-ins of the place.
    Directory,
}

impl<'a> LintIntent<'a> {
    /// What a request to lint means on this machine.
    ///
    /// # Errors
    /// Every problem found.
    pub fn of(request: &'a Request, own: Machine) -> Result<Self, Vec<Problem>> {
        let mut problems = unused(request);
        let machines = machines(request, own, &mut problems);
        problems.extend(unknown_codes(&request.ignore));
        let (lines, files) = (request.rules.is_some(), !request.files.is_empty());
        if lines && files {
            problems.push(Problem::at_pointer(not_used("files", "rules"), "/files"));
        }
        let subject = if lines {
            let mut read = |machine: &Machine| {
                let mut found = Vec::new();
                let lines = author_lines(request.rules.as_ref(), "/rules", machine, &mut found);
                problems.extend(found.into_iter().filter(|problem| !problems.contains(problem)).collect::<Vec<_>>());
                lines
            };
            Subject::Lines(machines.iter().map(&mut read).collect())
        } else if files {
            problems.extend(twice(&request.files));
            Subject::Files(&request.files)
        } else {
            Subject::Directory
        };
        let is_given = !matches!(subject, Subject::Directory);
        if is_given && request.rules_dir.is_some() {
            problems.push(Problem::at_pointer(not_used("rules_dir", "rules or files"), "/rules_dir"));
        }
        let place = (!is_given || request.root.is_some()).then(|| Location::of(request)).transpose();
        let place = place.unwrap_or_else(|more| {
            problems.extend(more);
            None
        });
        if problems.is_empty() {
            Ok(Self { subject, place, machines, ignored: &request.ignore })
        } else {
            Err(problems)
        }
    }
}

fn machines(request: &Request, own: Machine, problems: &mut Vec<Problem>) -> Vec<Machine> {
    let mut machines: Vec<Machine> = Vec::new();
    for (at, name) in request.archs.iter().enumerate() {
        match Machine::from_uname(name) {
            Some(machine) if machines.contains(&machine) => {}
            Some(machine) => machines.push(machine),
            None => {
                let nearest = nearest(name, Machine::ALL.iter().map(|machine| machine.name)).map(str::to_owned);
                let error = RequestError::UnknownMachine { name: name.clone(), nearest };
                problems.push(Problem::at_pointer(error.into(), &format!("/archs/{at}")));
            }
        }
    }
    if machines.is_empty() {
        machines.push(own);
    }
    machines
}

fn unknown_codes(codes: &[String]) -> Vec<Problem> {
    let unknown = codes.iter().enumerate().filter(|(_, code)| !known_codes().any(|known| known == *code));
    unknown
        .map(|(at, code)| {
            let nearest = nearest(code, known_codes()).map(str::to_owned);
            let error = RequestError::UnknownCode { code: code.clone(), nearest };
            Problem::at_pointer(error.into(), &format!("/ignore/{at}"))
        })
        .collect()
}

/// Files of one name: findings could not tell them apart.
pub(super) fn twice(files: &[RulesFile]) -> Vec<Problem> {
    let is_known = |at: usize| files[..at].iter().any(|file| file.name == files[at].name);
    let twice = (0..files.len()).filter(|at| is_known(*at));
    twice
        .map(|at| {
            let error = RequestError::DuplicateKey { key: files[at].name.clone() };
            Problem::at_pointer(error.into(), &format!("/files/{at}/name"))
        })
        .collect()
}

/// Keys of other operations.
fn unused(request: &Request) -> Vec<Problem> {
    let default = Request::default();
    let given = [
        ("state", request.state != default.state),
        ("name", request.name.is_some()),
        ("control", request.control != default.control),
        ("drop_ins", request.drop_ins.is_some()),
        ("target", request.target != default.target),
        ("kernel", request.kernel != default.kernel),
        ("purge", request.purge),
        ("keep", !request.keep.is_empty()),
        ("snapshot", request.snapshot.is_some()),
        ("force", request.force),
        ("arch", request.arch.is_some()),
        ("event", request.event.is_some()),
    ];
    let superfluous = given.into_iter().chain(gather_only(request)).filter(|(_, given)| *given);
    superfluous.map(|(key, _)| Problem::at_pointer(not_used(key, "operation: lint"), &format!("/{key}"))).collect()
}

/// Keys of `lint` alone, for the operations that have no use for them.
pub(super) fn lint_only(request: &Request) -> [(&'static str, bool); 5] {
    let default = Request::default();
    [
        ("files", !request.files.is_empty()),
        ("archs", !request.archs.is_empty()),
        ("ignore", !request.ignore.is_empty()),
        ("format", request.format != default.format),
        ("fail_on", request.fail_on != default.fail_on),
    ]
}
