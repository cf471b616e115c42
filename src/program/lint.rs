//! The story of `lint`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::given::{Given, given, root_below};
use super::scanner::{chosen, scanned};
use crate::auditctl::{Accounts, parse_group, parse_passwd};
use crate::boot_load::Spot;
use crate::error::{Problem, What};
use crate::gather::only_there;
use crate::intent::{LintIntent, Location, Subject};
use crate::lint::{Finding, Host, Permissions, Source, Ways, in_order, lint, named, paths, reader, without_ignored};
use crate::observe::{facts, installed, observe};
use crate::plan::files::Content;
use crate::report::Report;
use crate::report::lint::Linted;
use crate::request::Request;
use crate::rule::Machine;
use crate::rules_d::{FileError, Links, Root, Skipped};

/// Lints what a request gives, or the drop-ins of the host with this root directory.
///
/// # Errors
/// Every problem of the request, and of files that cannot be read.
pub fn linted(request: &Request, own: Machine, root: &Path) -> Result<Report, Vec<Problem>> {
    let intent = LintIntent::of(request, own)?;
    let one = |error: FileError| vec![Problem::from(What::File(error))];
    let below = intent.place.as_ref().map_or_else(|| root.to_owned(), |place| root_below(root, &place.root));
    let root = intent.place.as_ref().map(|_| Root::open(&below)).transpose().map_err(one)?;
    let wanted = intent.profile.map(|wanted| chosen(wanted, &below)).transpose().map_err(|problem| vec![problem])?;
    let accounts = match &root {
        None => None,
        Some(root) => {
            let accounts = root.accounts().map_err(one)?;
            Some(Accounts { users: parse_passwd(&accounts.passwd), groups: parse_group(&accounts.group) })
        }
    };
    let host = match &root {
        None => Host::unknown(),
        Some(root) => Host { script: root.boot_loader().map_err(one)?.script, is_known: true, ..Host::unknown() },
    };
    let host = Host { is_applied: matches!(intent.subject, Subject::Lines(_)), ..host };
    let mut linted = Linted::new(&intent);
    let (files, mut beside) = match (&intent.subject, &intent.place, &root) {
        (Subject::Directory, Some(place), Some(root)) => host_files(root, place, intent.machines.first().copied())?,
        (Subject::Files(said), _, _) => {
            let Given { files, passed_over } = given(said, &below)?;
            (files, passed_over.iter().map(|(path, why)| Finding::passed_over(path, why.message())).collect())
        }
        _ => (Vec::new(), Vec::new()),
    };
    if let (Subject::Directory, Some(place), true) = (&intent.subject, &intent.place, files.is_empty()) {
        let at = Spot { file: place.rules_dir.to_string_lossy().into(), line: 0 };
        beside.push(Finding::no_rules(&at, "no rules file is here: nothing would be recorded"));
    }
    for (at, machine) in intent.machines.iter().enumerate() {
        let mut sources = match &intent.subject {
            Subject::Lines(lines) => vec![Source::of_lines(lines[at].iter().map(|line| &*line.text))],
            Subject::Files(_) | Subject::Directory => files.clone(),
        };
        in_order(&mut sources);
        let loader = root.as_ref().map(|root| installed(root, machine)).transpose().map_err(one)?;
        let mut reader = reader(&sources, *machine, accounts.clone(), loader);
        if let Some(root) = &root {
            let paths = paths(&sources, &mut reader);
            reader.settle(facts(root, paths));
        }
        let ways: Option<Ways> = root.as_ref().map(|root| {
            let way = |path: Rc<[u8]>| (root.way(Path::new(OsStr::from_bytes(&path))), path);
            named(&sources, &mut reader).into_iter().map(way).map(|(way, path)| (path, way)).collect()
        });
        let host = Host { ways: ways.as_ref(), ..host };
        let mut findings = lint(&sources, &mut reader, host);
        findings.extend(beside.iter().cloned());
        if let Some(chosen) = wanted.filter(|_| at == 0) {
            let (judged, warnings) =
                scanned(chosen, &intent.subject, root.as_ref(), &sources, host, &mut reader).map_err(one)?;
            linted.add_scanned(chosen, judged, warnings);
        }
        linted.add(at, &sources, without_ignored(findings, &sources, intent.ignored));
    }
    Ok(Report::linted(linted, request.format, request.fail_on))
}

/// The files that the policy of a host comes from, with who may read and write them; and what is found beside them: names
/// that are passed over, and lines of `audit.rules` that no drop-in has.
fn host_files(
    root: &Root,
    place: &Location,
    machine: Option<Machine>,
) -> Result<(Vec<Source>, Vec<Finding>), Vec<Problem>> {
    let one = |error: FileError| vec![Problem::from(What::File(error))];
    let Some(machine) = machine else { return Ok((Vec::new(), Vec::new())) };
    let directory = root.directory(&place.rules_dir).map_err(one)?;
    let mut observed = observe(place, &[], root, &directory, Links::Followed, machine)?;
    let path = |name: &OsStr| place.rules_dir.join(name).to_string_lossy().into_owned();
    let passed_over = |skipped: &Skipped| Finding::passed_over(&path(&skipped.name), skipped.reason.message());
    let mut beside: Vec<Finding> = observed.passed_over.iter().chain(&directory.ignored()).map(passed_over).collect();
    beside.extend(root.below_drop_ins(&place.rules_dir).iter().map(passed_over));
    let (only, end) = only_there(&observed.files, &mut observed.reader);
    beside.extend(only.iter().filter_map(|line| Some(Finding::only_compiled(line.spots.first()?, end.message()))));
    let source = |(path, content): (PathBuf, &Content)| Source {
        name: path.to_string_lossy().into_owned(),
        bytes: content.bytes.to_vec(),
        permissions: Some(Permissions { mode: content.mode, uid: content.uid }),
    };
    Ok((observed.files.sources().into_iter().map(source).collect(), beside))
}
