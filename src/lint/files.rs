//! What is found in files as a whole.

use super::code::Code;
use super::finding::{Edit, Finding, Fix};
use super::source::File;
use crate::auditctl::Verb;
use crate::lines::Reader;

/// Findings about files as a whole.
pub fn findings(files: &[File<'_>], reader: &mut Reader) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, file) in files.iter().enumerate() {
        findings.extend(white_space(file));
        findings.extend(carriage_returns(file));
        let next = files[at + 1..].iter().find(|next| !next.source.bytes.is_empty());
        findings.extend(final_newline(file, next));
        findings.extend(permissions(file));
        findings.extend(old_watches(file, reader));
    }
    findings
}

/// `ls` and the shell take such a name apart.
fn white_space(file: &File<'_>) -> Option<Finding> {
    let name = file.name.rsplit('/').next().unwrap_or_default();
    let why = "white space in its name takes it apart in augenrules before 4.2";
    name.contains([' ', '\t', '\n']).then(|| Finding::passed_over(&file.name, why))
}

fn carriage_returns(file: &File<'_>) -> Option<Finding> {
    let (count, first) = file.carriage_returns?;
    let lines = if count == 1 { "1 line ends" } else { &format!("{count} lines end") };
    let message =
        format!("{lines} in a carriage return; augenrules before 3.1.1 and auditctl make it part of the last word");
    Some(Finding::new(Code::CarriageReturns, &file.spot(first), message).advise("save the file with Unix line ends"))
}

fn final_newline(file: &File<'_>, next: Option<&File<'_>>) -> Option<Finding> {
    let last = file.lines.len();
    let length = file.lines.last().filter(|_| file.ends_open)?.len();
    let spot = file.spot(last);
    let found = match next {
        Some(next) => {
            let message = format!("no final newline: augenrules makes one line of this one and {}", next.spot(1));
            Finding::new(Code::FilesRunTogether, &spot, message).beside(&next.spot(1))
        }
        None => {
            Finding::new(Code::NoFinalNewline, &spot, "no final newline: a file that sorts behind it would run into it")
        }
    };
    let end = (last, length);
    let edit = Edit { from: end, to: end, with: "\n".to_owned() };
    Some(Finding { fix: Some(Fix { text: "end the file with a newline".to_owned(), edit: Some(edit) }), ..found })
}

fn permissions(file: &File<'_>) -> Vec<Finding> {
    let Some(permissions) = file.source.permissions else { return Vec::new() };
    let spot = file.spot(0);
    let mut findings = Vec::new();
    if permissions.uid != 0 {
        let message =
            format!("the file belongs to user {} and not to root; auditctl before 3.1.2 refuses it", permissions.uid);
        findings.push(Finding::new(Code::WritableByOthers, &spot, message).advise("chown root:root"));
    }
    if permissions.mode & 0o022 != 0 {
        let message = format!("mode {:04o}: others than root may write the file", permissions.mode);
        findings.push(Finding::new(Code::WritableByOthers, &spot, message).advise("chmod 0640"));
    } else if permissions.mode & 0o004 != 0 {
        let message = format!("mode {:04o}: everyone may read what is recorded and what is not", permissions.mode);
        findings.push(Finding::new(Code::ReadableByOthers, &spot, message).advise("chmod 0640"));
    }
    findings
}

/// Watches in the old form, one finding for a file.
fn old_watches(file: &File<'_>, reader: &mut Reader) -> Option<Finding> {
    let mut is_watch = |text: &&[u8]| {
        let reading = reader.read(text);
        reading.rule.as_ref().is_some_and(|rule| rule.line.watch.is_some() && rule.line.verb == Verb::Append)
    };
    let watches: Vec<usize> = (0..file.lines.len()).filter(|at| is_watch(&file.lines[*at])).collect();
    let (first, others) = watches.split_first()?;
    let message = match others.len() {
        0 => "a watch in the old form (-w)".to_owned(),
        1 => "watches in the old form (-w), here and in 1 more line".to_owned(),
        more => format!("watches in the old form (-w), here and in {more} more lines"),
    };
    let message =
        format!("{message}: every system call of both word lengths is looked at; auditctl calls it slower since 3.1.3");
    let found = Finding::new(Code::WatchForm, &file.spot(first + 1), message);
    Some(found.advise(
        "-a always,exit -F arch=b64 -F path=PATH -F perm=wa -F key=KEY, and the same with b32; dir= for directories",
    ))
}
