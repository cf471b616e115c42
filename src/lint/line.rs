//! What is found in one line by itself.

use super::code::{Code, Severity};
use super::finding::{Finding, end_of_word, word};
use crate::auditctl::{LineError, LineErrorKind, Note, SkippedSyscall};
use crate::boot_load::Spot;
use crate::error::Problem;
use crate::lines::{Facts, Obstacle, Reading};
use crate::tables::syscalls;

/// What is found in a line.
pub fn findings(at: &Spot, text: &[u8], reading: &Reading, facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        reading.obstacles.iter().flat_map(|obstacle| of_obstacle(at, text, obstacle)).collect();
    if let Some(rule) = &reading.rule {
        findings.extend(rule.line.notes.iter().filter_map(|note| of_note(at, text, note)));
    }
    let _ = facts;
    findings
}

fn of_obstacle(at: &Spot, text: &[u8], obstacle: &Obstacle) -> Vec<Finding> {
    match obstacle {
        Obstacle::Line(error) => vec![of_error(at, text, error)],
        Obstacle::Syscalls { skipped, .. } => skipped.iter().map(|call| of_foreign_call(at, text, call)).collect(),
        Obstacle::Refused(_) => vec![Finding::new(Code::KernelRefuses, at, message(obstacle))],
        Obstacle::MissingPath { .. } => vec![Finding::new(Code::MissingPath, at, message(obstacle))],
    }
}

fn message(obstacle: &Obstacle) -> String {
    Problem::from(obstacle.what()).message()
}

/// A line that auditctl or we refuse.
fn of_error(at: &Spot, text: &[u8], error: &LineError) -> Finding {
    let span = (error.column, end_of_word(text, error.column).max(error.column + 1));
    let found = Finding::named(error.kind(), Severity::Error, at, error.what.message()).over(Some(span));
    let is_alias = matches!(error.what, LineErrorKind::UnknownSyscall { alias_of: Some(_), .. });
    match error.hint() {
        Some(name) if is_alias => match part(text, span, &error.what) {
            Some(span) => found.replace(format!("write {name}"), span, name),
            None => found.advise(format!("write {name}")),
        },
        Some(hint) if hint.contains(' ') => found.advise(hint),
        Some(name) => found.advise(format!("did you mean {name}?")),
        None => found,
    }
}

/// The name at fault within a list of system calls.
fn part(text: &[u8], span: (usize, usize), what: &LineErrorKind) -> Option<(usize, usize)> {
    let LineErrorKind::UnknownSyscall { name, .. } = what else { return None };
    name_in_list(text, span, name)
}

/// A name within a word that lists several, with commas between them.
fn name_in_list(text: &[u8], span: (usize, usize), name: &str) -> Option<(usize, usize)> {
    let mut from = span.0;
    for part in text.get(span.0..span.1)?.split(|byte| *byte == b',') {
        let bare = part.strip_prefix(b"-S").unwrap_or(part);
        if bare.eq_ignore_ascii_case(name.as_bytes()) {
            return Some((from + part.len() - bare.len(), from + part.len()));
        }
        from += part.len() + 1;
    }
    None
}

/// A system call of other machines.
fn of_foreign_call(at: &Spot, text: &[u8], call: &SkippedSyscall) -> Finding {
    let arch = call.arch.name().unwrap_or("this architecture");
    let names =
        |word: &[u8]| word.split(|byte| *byte == b',').any(|part| part.eq_ignore_ascii_case(call.name.as_bytes()));
    let span = word(text, names).and_then(|span| name_in_list(text, span, &call.name));
    let found = Finding::new(Code::SyscallNotOnArch, at, format!("{arch} has no system call {}", call.name)).over(span);
    let successors = [format!("{}at", call.name), format!("f{}at", call.name), format!("{}2", call.name)];
    let known = successors.iter().find_map(|name| syscalls::canonical_name(call.arch, name));
    match known.or_else(|| syscalls::nearest_name(call.arch, &call.name)) {
        Some(name) => found.advise(format!("did you mean {name}?")),
        None => found,
    }
}

/// The notes that the language has for a rule.
fn of_note(at: &Spot, text: &[u8], note: &Note) -> Option<Finding> {
    let _ = text;
    let code = match note {
        Note::KeyDisablesList(_) => Code::KeyDisablesList,
        Note::FieldDisablesList { .. } => Code::FieldDisablesList,
        Note::NoFieldsNeverMatch(_) => Code::NoFieldsNeverMatch,
        Note::SyscallsWithoutArch { .. } => Code::SyscallsWithoutArch,
        Note::AlwaysOnFilesystem => Code::AlwaysOnFilesystem,
        Note::ActionIgnoredOnExclude => Code::ActionIgnoredOnExclude,
        Note::EmptyMask => Code::EmptyMask,
        Note::FieldUnknownToTask(_) => Code::FieldUnknownToTask,
        Note::PathNotNormal { .. } => Code::PathNotNormal,
        Note::WildcardIsLiteral { .. } => Code::WildcardIsLiteral,
        Note::LongKey { .. } => Code::LongKey,
        Note::LinkItself { .. } => Code::SymbolicLink,
        Note::Possible => Code::ActionPossible,
        Note::SyscallSkipped(_) => return None,
    };
    Some(Finding::new(code, at, note.message()))
}
