//! What is worth knowing of a rule that is not an error.

use super::line::{Note, RuleLine};
use crate::rule::{Action, Field, FieldNumber, List, Machine};
use crate::tables::syscalls;

/// The longest key by auditctl(8), in bytes; auditctl and the kernel take longer ones.
const MANUAL_KEY: usize = 31;

/// The notes on a rule for a machine.
#[must_use]
pub fn of(line: &RuleLine, machine: &Machine) -> Vec<Note> {
    let rule = &line.rule;
    let mut notes = Vec::new();
    match rule.list {
        List::USER | List::EXCLUDE => notes.extend(evaluation(line)),
        List::FILESYSTEM if rule.action == Action::ALWAYS => notes.push(Note::AlwaysOnFilesystem),
        List::TASK => notes
            .extend(rule.fields.iter().filter(|f| needs_syscall(f.number)).map(|f| Note::FieldUnknownToTask(f.number))),
        _ => {}
    }
    if rule.list == List::EXCLUDE && rule.action == Action::NEVER {
        notes.push(Note::ActionIgnoredOnExclude);
    }
    if matches!(rule.list, List::EXIT | List::IO_URING) && rule.syscalls.is_empty() {
        notes.push(Note::EmptyMask);
    }
    if rule.list == List::EXIT && rule.arch().is_none() && machine.has_two_abis() {
        let differing = differing(line, machine);
        if !differing.is_empty() {
            notes.push(Note::SyscallsWithoutArch { differing });
        }
    }
    for field in rule.fields.iter().filter(|f| matches!(f.number, FieldNumber::PATH | FieldNumber::DIR)) {
        let path = field.text().unwrap_or_default();
        if !is_normal(path) {
            notes.push(Note::PathNotNormal { path: path.to_vec() });
        }
    }
    let is_path = |field: &&Field| matches!(field.number, FieldNumber::PATH | FieldNumber::DIR | FieldNumber::EXE);
    for path in rule.fields.iter().filter(is_path).filter_map(Field::text) {
        let part = variable(path).map(<[u8]>::to_vec);
        notes.extend(part.map(|part| Note::UnexpandedVariable { path: path.to_vec(), part }));
    }
    let texts = rule.fields.iter().filter(|field| field.number != FieldNumber::KEY).filter_map(Field::text);
    let literal = texts.filter(|text| has_wildcard(text) && variable(text).is_none());
    notes.extend(literal.map(|text| Note::WildcardIsLiteral { path: text.to_vec() }));
    notes.extend(rule.key().map(<[u8]>::len).filter(|l| *l > MANUAL_KEY).map(|length| Note::LongKey { length }));
    notes.extend(line.skipped_syscalls.iter().cloned().map(Note::SyscallSkipped));
    notes
}

/// What stops the evaluation of the `user` and `exclude` lists (`audit_filter`, `audit_filter_user_rules`).
fn evaluation(line: &RuleLine) -> Option<Note> {
    let list = line.rule.list;
    let Some(field) = line.rule.fields.iter().map(|f| f.number).find(|number| !evaluates(*number)) else {
        return line.rule.fields.is_empty().then_some(Note::NoFieldsNeverMatch(list));
    };
    Some(match field {
        FieldNumber::KEY => Note::KeyDisablesList(list),
        field => Note::FieldDisablesList { list, field },
    })
}

fn evaluates(number: FieldNumber) -> bool {
    matches!(number.0, 0 | 1 | 5 | 9 | 24 | 12 | 13..=17 | 112)
}

/// Fields that only exist while a system call runs (`audit_filter_rules` with a context).
fn needs_syscall(number: FieldNumber) -> bool {
    matches!(number.0, 11 | 19..=23 | 100..=110 | 113 | 200..=203)
}

/// The system calls of the rule whose number is another one, or none, on the 32-bit side.
fn differing(line: &RuleLine, machine: &Machine) -> Vec<String> {
    let rule = &line.rule;
    let Some(narrow) = machine.b32.filter(|_| !rule.syscalls.is_all()) else { return Vec::new() };
    let names = rule.syscalls.numbers().filter_map(|n| Some((n, syscalls::name(machine.native, n)?)));
    names.filter(|(number, name)| syscalls::number(narrow, name) != Some(*number)).map(|(_, n)| n.to_owned()).collect()
}

/// The part of a path that a shell or an init system would replace by the name or the home of a user: `$HOME`, `${USER}`,
/// `%u`, `~`. auditctl and the kernel replace nothing.
fn variable(path: &[u8]) -> Option<&[u8]> {
    path.split(|byte| *byte == b'/').find_map(|name| {
        if name == b"~" {
            return Some(name);
        }
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        (0..name.len()).find_map(|at| {
            let rest = &name[at..];
            let length = match rest {
                [b'$', b'{', inner @ ..] => inner.iter().position(|byte| *byte == b'}').map(|end| end + 3),
                [b'$', first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {
                    Some(1 + rest[1..].iter().take_while(|byte| is_of_name(byte)).count())
                }
                [b'%', b'u' | b'U' | b'h' | b'H' | b'i' | b'I' | b'n' | b'N' | b't' | b's', after @ ..] => {
                    after.first().is_none_or(|byte| !is_of_name(byte)).then_some(2)
                }
                _ => None,
            };
            length.and_then(|length| rest.get(..length))
        })
    })
}

/// Whether a shell would put something else in the place of a text: wildcards, lists in braces, variables.
fn has_wildcard(text: &[u8]) -> bool {
    let between = |open: u8, close: u8| {
        let from = text.iter().position(|byte| *byte == open)?;
        let length = text[from..].iter().position(|byte| *byte == close)?;
        text.get(from + 1..from + length)
    };
    let is_name = |pair: &[u8]| pair[0] == b'$' && (pair[1] == b'{' || pair[1].is_ascii_alphabetic());
    text.iter().any(|byte| matches!(byte, b'*' | b'?'))
        || between(b'[', b']').is_some_and(|inner| !inner.is_empty())
        || between(b'{', b'}').is_some_and(|inner| inner.contains(&b','))
        || text.windows(2).any(is_name)
}

fn is_normal(path: &[u8]) -> bool {
    let mut names = path.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(name) = names.next() {
        let is_last = names.peek().is_none();
        if matches!(name, b"." | b"..") || (name.is_empty() && !is_last) {
            return false;
        }
    }
    true
}
