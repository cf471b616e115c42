//! What is found in one line by itself.

use super::code::{Code, Severity};
use super::finding::{Finding, condition, end_of_word, name_in_list, word};
use super::rule::Given;
use super::{Host, place};
use crate::auditctl::{LineError, LineErrorKind, Note, SkippedSyscall};
use crate::boot_load::Spot;
use crate::error::{Hint, Problem};
use crate::lines::{Facts, Reading, Unloadable};
use crate::rule::field_table::by_number;
use crate::rule::verdict::Reason;

use crate::tables::syscalls;

/// What is found in a line.
pub fn findings(at: &Spot, text: &[u8], reading: &Reading, facts: &Facts, host: Host<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        reading.obstacles.iter().flat_map(|obstacle| of_obstacle(at, text, reading, obstacle, host)).collect();
    if let Some(rule) = &reading.rule {
        let line = &rule.line;
        let notes = line.notes.iter().filter(|note| !(line.emptied && **note == Note::EmptyMask));
        findings.extend(notes.filter_map(|note| of_note(at, text, note)));
        findings.extend(Given { at, text, line, machine: &facts.machine }.findings());
        findings.extend(place::findings(at, text, line, facts, host));
    } else if reading.obstacles.is_empty() && reading.controls.is_empty() && !reading.is_silent {
        findings.push(Finding::new(Code::ActionPossible, at, Note::Possible.message()));
    }
    findings
}

fn of_obstacle(at: &Spot, text: &[u8], reading: &Reading, obstacle: &Unloadable, host: Host<'_>) -> Vec<Finding> {
    let message = || Problem::from(obstacle.what()).message();
    match obstacle {
        Unloadable::Line(error) if host.is_applied && obstacle.is_of_other_machines() => {
            vec![of_error(at, text, error).left_out("the rule", "unknown_syscalls")]
        }
        Unloadable::Line(error) => vec![of_error(at, text, error)],
        Unloadable::TooNew { error, .. } => {
            let span = (error.column, end_of_word(text, error.column).max(error.column + 1));
            vec![Finding::new(Code::AuditctlTooOld, at, message()).over(Some(span))]
        }
        Unloadable::Syscalls { skipped, emptied } => {
            let found = skipped.iter().map(|call| of_foreign_call(at, text, call));
            let what = if *emptied { "the rule" } else { "it" };
            found.map(|found| if host.is_applied { found.left_out(what, "unknown_syscalls") } else { found }).collect()
        }
        Unloadable::Refused(refusal) => {
            let rule = reading.rule.as_ref().map(|rule| &rule.line.rule);
            let field = rule.and_then(|rule| rule.fields.get(refusal.field?)).map(|field| field.number);
            let span = field.and_then(by_number).and_then(|row| condition(text, row.name));
            let found = Finding::new(Code::KernelRefuses, at, message()).over(span);
            match (refusal.why, span) {
                (Reason::TrailingSlash(_), Some((_, end))) if end - span.unwrap_or_default().0 > "path=/".len() => {
                    vec![found.replace("write the path without the slash at its end", (end - 1, end), "")]
                }
                _ => vec![found],
            }
        }
        Unloadable::MissingPath { path, .. } => {
            let span = word(text, |word| word.windows(path.len()).any(|part| *part == **path));
            vec![Finding::new(Code::MissingPath, at, message()).over(span)]
        }
    }
}

/// A line that auditctl or we refuse.
fn of_error(at: &Spot, text: &[u8], error: &LineError) -> Finding {
    let whole = (error.column, end_of_word(text, error.column).max(error.column + 1));
    let name = match &error.what {
        LineErrorKind::UnknownSyscall { name, .. } => name_in_list(text, name),
        _ => None,
    };
    let span = name.unwrap_or(whole);
    let found = Finding::named(error.kind(), Severity::Error, at, error.what.message()).over(Some(span));
    let found = Finding { cause: error.cause(), ..found };
    let is_alias = matches!(error.what, LineErrorKind::UnknownSyscall { alias_of: Some(_), .. });
    match error.hint() {
        Some(Hint::DidYouMean(other)) if is_alias && name.is_some() => {
            found.replace(format!("write {other}"), span, other)
        }
        Some(hint) => found.advise(hint.to_string()),
        None => found,
    }
}

/// A system call of other machines.
fn of_foreign_call(at: &Spot, text: &[u8], call: &SkippedSyscall) -> Finding {
    let arch = call.arch.name().unwrap_or("this architecture");
    let found = Finding::new(Code::SyscallNotOnArch, at, format!("{arch} has no system call {}", call.name));
    let found = found.over(name_in_list(text, &call.name));
    let successors = [format!("{}at", call.name), format!("f{}at", call.name), format!("{}2", call.name)];
    let known = successors.iter().find_map(|name| syscalls::canonical_name(call.arch, name));
    match known {
        Some(name) => found.advise(Hint::did_you_mean(name).to_string()),
        None => found,
    }
}

/// The notes that the language has for a rule.
fn of_note(at: &Spot, text: &[u8], note: &Note) -> Option<Finding> {
    let of_path = |path: &[u8]| word(text, |word| word.windows(path.len()).any(|part| part == path));
    let of_field = |field| by_number(field).and_then(|row| condition(text, row.name));
    let (code, span) = match note {
        Note::KeyDisablesList(_) => (Code::KeyDisablesList, None),
        Note::FieldDisablesList { field, .. } => (Code::FieldDisablesList, of_field(*field)),
        Note::NoFieldsNeverMatch(_) => (Code::NoFieldsNeverMatch, None),
        Note::SyscallsWithoutArch { .. } => (Code::SyscallsWithoutArch, word(text, |word| word.starts_with(b"-S"))),
        Note::AlwaysOnFilesystem => (Code::AlwaysOnFilesystem, None),
        Note::ActionIgnoredOnExclude => (Code::ActionIgnoredOnExclude, None),
        Note::EmptyMask => (Code::EmptyMask, None),
        Note::FieldUnknownToTask(field) => (Code::FieldUnknownToTask, of_field(*field)),
        Note::PathNotNormal { path } => (Code::PathNotNormal, of_path(path)),
        Note::UnexpandedVariable { path, .. } => (Code::UnexpandedVariable, of_path(path)),
        Note::WildcardIsLiteral { path } => (Code::WildcardIsLiteral, of_path(path)),
        Note::LongKey { .. } => (Code::LongKey, None),
        Note::RefusedBySome { .. } => (Code::RefusedBySome, condition(text, "perm")),
        Note::LinkItself { path, .. } => (Code::SymbolicLink, of_path(path)),
        Note::Possible | Note::SyscallSkipped(_) => return None,
    };
    let found = Finding::new(code, at, note.message()).over(span);
    Some(match note {
        Note::KeyDisablesList(_) => without_key(found, text),
        Note::LinkItself { .. } => found.advise("name the file that the link leads to"),
        Note::SyscallsWithoutArch { .. } => found.advise("one rule with -F arch=b64 and one with -F arch=b32"),
        _ => found,
    })
}

/// Takes the words out that give a rule its key.
fn without_key(found: Finding, text: &[u8]) -> Finding {
    let advice = "take the key out";
    let key = word(text, |word| word == b"-k" || word.starts_with(b"key=") || word.starts_with(b"-Fkey="));
    let Some((start, end)) = key else { return found.advise(advice) };
    // Of `-k KEY` the word after goes, of `-F key=KEY` the one before.
    let before = text[..start].trim_ascii_end();
    let (from, to) = match &text[start..end] {
        b"-k" => {
            let next = end + text[end..].iter().take_while(|byte| **byte == b' ').count();
            (before.len(), end_of_word(text, next))
        }
        word if word.starts_with(b"key=") && before.ends_with(b"-F") => {
            (before[..before.len() - 2].trim_ascii_end().len(), end)
        }
        _ => (before.len(), end),
    };
    found.over(Some((start, end))).replace(advice, (from, to), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_with_the_word_that_it_belongs_to() {
        let at = Spot { file: "f".into(), line: 1 };
        for (line, expected) in [
            ("-a always,exclude -F exe=/x -k key", "-a always,exclude -F exe=/x"),
            ("-a always,exclude -F exe=/x -F key=k", "-a always,exclude -F exe=/x"),
            ("-a always,exclude -F exe=/x -Fkey=k -F uid=0", "-a always,exclude -F exe=/x -F uid=0"),
        ] {
            let found = without_key(Finding::new(Code::KeyDisablesList, &at, ""), line.as_bytes());
            let edit = found.fix.unwrap().edit.unwrap();
            assert_eq!(format!("{}{}{}", &line[..edit.from.1], edit.with, &line[edit.to.1..]), expected);
        }
    }
}
