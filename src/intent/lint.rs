//! What a request to lint means.

use super::{Location, RequestLine, is_absolute, machine_named, request_lines};
use crate::error::{Problem, RequestError};
use crate::lint::known_codes;

use crate::request::keys::{not_used, unused};
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
    /// The profile of the scanner that is asked for.
    pub profile: Option<WantedProfile<'a>>,
}

/// A profile of the scanner.
#[derive(Debug, Clone, Copy)]
pub struct WantedProfile<'a> {
    /// Its name.
    pub name: &'a str,
    /// Of which product; that of the place by default.
    pub product: Option<&'a str>,
}

/// What to look at.
#[derive(Debug)]
pub enum Subject<'a> {
    /// The lines that the request gives; one list for each machine, since an object may mean other lines on another.
    Lines(Vec<Vec<RequestLine>>),
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
            problems.push(not_used("files", "rules"));
        }
        let subject = if lines {
            let mut read = |machine: &Machine| {
                let mut found = Vec::new();
                let lines = request_lines(request.rules.as_ref(), "/rules", machine, &mut found);
                problems.extend(found.into_iter().filter(|problem| !problems.contains(problem)).collect::<Vec<_>>());
                lines
            };
            Subject::Lines(machines.iter().map(&mut read).collect())
        } else if files {
            problems.extend(of_files(&request.files));
            Subject::Files(&request.files)
        } else {
            Subject::Directory
        };
        let is_given = !matches!(subject, Subject::Directory);
        if is_given && request.rules_dir.is_some() {
            problems.push(not_used("rules_dir", "rules or files"));
        }
        let place = (!is_given || request.root.is_some()).then(|| Location::of(request)).transpose();
        let place = place.unwrap_or_else(|more| {
            problems.extend(more);
            None
        });
        let product = request.product.as_deref();
        let profile = request.profile.as_deref().map(|name| WantedProfile { name, product });
        let needed = match (profile, product) {
            (None, Some(_)) => Some(("profile", "product")),
            (Some(_), None) if place.is_none() => Some(("product", "profile, where no host is looked at")),
            _ => None,
        };
        problems.extend(needed.map(|(key, by)| Problem::at_pointer(RequestError::Needed { key, by }.into(), "")));
        if problems.is_empty() {
            Ok(Self { subject, place, machines, ignored: &request.ignore, profile })
        } else {
            Err(problems)
        }
    }
}

fn machines(request: &Request, own: Machine, problems: &mut Vec<Problem>) -> Vec<Machine> {
    let mut machines: Vec<Machine> = Vec::new();
    for (at, name) in request.archs.iter().enumerate() {
        match machine_named(name, &format!("/archs/{at}")) {
            Ok(machine) if machines.contains(&machine) => {}
            Ok(machine) => machines.push(machine),
            Err(problem) => problems.push(problem),
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

/// What is wrong with the files of a request: two of one name, which findings could not tell apart; and a path on the host
/// that is none.
pub(super) fn of_files(files: &[RulesFile]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let mut report = |error: RequestError| {
            problems.push(Problem::at_pointer(error.into(), &format!("/files/{at}/name")));
        };
        if files[..at].iter().any(|before| before.name == file.name) {
            report(RequestError::DuplicateKey { key: file.name.clone() });
        }
        if file.text.is_none() && !is_absolute(&file.name) {
            report(RequestError::BadPath { key: "name", path: file.name.clone() });
        }
    }
    problems
}
