//! The story of `lint`.

use std::ffi::OsStr;
use std::path::Path;

use crate::auditctl::{Accounts, parse_group, parse_passwd};
use crate::error::{Problem, What};
use crate::intent::{LintIntent, Subject};
use crate::lint::{Finding, Host, Permissions, Source, in_order, lint, paths, reader};
use crate::observe::facts;
use crate::report::Report;
use crate::report::lint::Linted;
use crate::request::Request;
use crate::rule::Machine;
use crate::rules_d::{DropIn, FileError, Links, Root, Skipped};

/// Lints what a request gives, or the drop-ins of the host with this root directory.
///
/// # Errors
/// Every problem of the request, and of files that cannot be read.
pub fn linted(request: &Request, own: Machine, root: &Path) -> Result<Report, Vec<Problem>> {
    let intent = LintIntent::of(request, own)?;
    let one = |error: FileError| vec![Problem::from(What::File(error))];
    let root = match &intent.place {
        None => None,
        Some(place) => {
            let inside = place.root.strip_prefix("/").unwrap_or(&place.root);
            let root = if inside.as_os_str().is_empty() { root.to_owned() } else { root.join(inside) };
            Some(Root::open(&root).map_err(one)?)
        }
    };
    let accounts = match &root {
        None => None,
        Some(root) => {
            let accounts = root.accounts().map_err(one)?;
            Some(Accounts { users: parse_passwd(&accounts.passwd), groups: parse_group(&accounts.group) })
        }
    };
    let host = match &root {
        None => Host::unknown(),
        Some(root) => Host { script: root.boot_loader().map_err(one)?.script, is_known: true },
    };
    let mut linted = Linted::new(&intent);
    let (drop_ins, passed_over) = match (&intent.subject, &intent.place, &root) {
        (Subject::Directory, Some(place), Some(root)) => drop_ins(root, &place.rules_dir)?,
        _ => (Vec::new(), Vec::new()),
    };
    for (at, machine) in intent.machines.iter().enumerate() {
        let mut sources = match &intent.subject {
            Subject::Lines(lines) => vec![Source::of_lines(lines[at].iter().map(|line| line.text.as_str()))],
            Subject::Files(files) => files.iter().map(|file| Source::new(&file.name, file.text.as_bytes())).collect(),
            Subject::Directory => drop_ins.clone(),
        };
        in_order(&mut sources);
        let mut reader = reader(&sources, *machine, accounts.clone());
        if let Some(root) = &root {
            let paths = paths(&sources, &mut reader);
            reader.settle(facts(root, paths));
        }
        let mut findings = lint(&sources, &mut reader, host);
        findings.extend(passed_over.iter().cloned());
        linted.add(at, &sources, findings);
    }
    Ok(Report::linted(linted, request.format, request.fail_on))
}

/// The drop-ins of a directory, with who may read and write them, and the names that are passed over.
fn drop_ins(root: &Root, rules_dir: &Path) -> Result<(Vec<Source>, Vec<Finding>), Vec<Problem>> {
    let all = |errors: Vec<FileError>| -> Vec<Problem> {
        errors.into_iter().map(|error| Problem::from(What::File(error))).collect()
    };
    let directory = root.directory(rules_dir).map_err(|error| all(vec![error]))?;
    let listing = directory.read(root, Links::Followed).map_err(all)?;
    let path = |name: &OsStr| rules_dir.join(name).to_string_lossy().into_owned();
    let source = |drop_in: &DropIn| Source {
        name: path(&drop_in.name),
        bytes: drop_in.state.bytes.clone(),
        permissions: Some(Permissions { mode: drop_in.state.mode, uid: drop_in.state.uid }),
    };
    let passed_over = |skipped: &Skipped| Finding::passed_over(&path(&skipped.name), skipped.reason.message());
    Ok((listing.drop_ins.iter().map(source).collect(), listing.skipped.iter().map(passed_over).collect()))
}
