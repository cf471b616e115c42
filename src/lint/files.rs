//! What is found in files as a whole.

use super::code::Code;
use super::finding::{Edit, Finding, Fix};
use super::ignore::unknown_codes;
use super::source::File;

/// Findings about files as a whole.
pub fn findings(files: &[File<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, file) in files.iter().enumerate() {
        findings.extend(white_space(file));
        findings.extend(unknown_codes(file));
        findings.extend(carriage_returns(file));
        let next = files[at + 1..].iter().find(|next| !next.source.bytes.is_empty());
        findings.extend(final_newline(file, next));
        findings.extend(permissions(file));
    }
    findings
}

/// `ls` and the shell take such a name apart, or for a pattern.
fn white_space(file: &File<'_>) -> Option<Finding> {
    let name = file.name.rsplit('/').next().unwrap_or_default();
    let why = if name.contains([' ', '\t', '\n']) {
        "white space in its name takes it apart in augenrules before 4.2"
    } else if name.contains(['*', '?', '[']) {
        "augenrules before 3.1.1 leaves its name to the shell, which reads the files that it stands for as a pattern"
    } else {
        return None;
    };
    Some(Finding::passed_over(&file.name, why))
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
            Finding::new(Code::NoFinalNewline, &spot, "no final newline: a file that sorts after it would run into it")
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
