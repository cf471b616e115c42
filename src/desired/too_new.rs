//! Lines that are right and that the installed auditctl is too old for: the boot load would stop there.

use std::rc::Rc;

use crate::auditctl::{LineError, LineErrorKind, NameError};
use crate::lines::{HostRule, Reader, Unloadable};
use crate::set_aside::MARK;
use crate::tables::{self, syscalls};

/// What a name stands for.
pub type Spelled = (String, u32);

/// The line with numbers for the names that the installed auditctl does not know, and these names; none where it does
/// not read that as the same rule either.
pub fn in_numbers(line: &str, rule: &HostRule, reader: &mut Reader) -> Option<(String, Vec<Spelled>)> {
    let mut text = line.to_owned();
    let mut names = Vec::new();
    loop {
        let reading = reader.read(text.as_bytes());
        let error = reading.obstacles.iter().find_map(|why| match why {
            Unloadable::TooNew { error, .. } => Some(Rc::clone(error)),
            _ => None,
        });
        let Some(error) = error else {
            let is_same = reading.rule.as_ref().is_some_and(|read| read.listed == rule.listed);
            return (is_same && !names.is_empty()).then_some((text, names));
        };
        let (name, number) = number_for(&error)?;
        let before = text.clone();
        text = replaced(&text, error.column, &name, number)?;
        if text == before {
            return None;
        }
        names.push((name, number));
    }
}

/// The name that is not known, and its number.
fn number_for(error: &LineError) -> Option<Spelled> {
    let (name, number) = match &error.what {
        LineErrorKind::UnknownSyscall { name, arch, .. } => (name, syscalls::number(*arch, &name.to_ascii_lowercase())),
        LineErrorKind::Name(NameError::UnknownRecordType { value, .. }) => {
            (value, tables::record_types().number(&value.to_ascii_uppercase()))
        }
        LineErrorKind::Name(NameError::UnknownFilesystemType { value, .. }) => {
            (value, tables::filesystem_types().number(&value.to_ascii_lowercase()))
        }
        _ => return None,
    };
    Some((name.clone(), number?))
}

/// The text with the number in place of this word, looked for from a column on. A word ends at a comma, an operator, a
/// space or the text's end.
fn replaced(text: &str, from: usize, name: &str, number: u32) -> Option<String> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    let at = (from..bytes.len()).find(|at| {
        let end = at + name.len();
        let begins = *at == from || !bytes.get(at - 1).is_some_and(is_part);
        bytes.get(*at..end) == Some(name.as_bytes()) && begins && !bytes.get(end).is_some_and(is_part)
    })?;
    Some(format!("{}{number}{}", text.get(..at)?, text.get(at + name.len()..)?))
}

/// The comment above a line in numbers.
pub fn names_comment(names: &[Spelled]) -> Vec<u8> {
    let said: Vec<String> = names.iter().map(|(name, number)| format!("{number} is {name}")).collect();
    format!("{MARK}{}; the installed auditctl does not know the name", said.join(", ")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_is_replaced() {
        let line = "-a always,exit -F arch=b64 -S fchmodat,xfchmodat2,fchmodat2 -k fchmodat2";
        let expected = "-a always,exit -F arch=b64 -S fchmodat,xfchmodat2,452 -k fchmodat2";
        assert_eq!(replaced(line, 29, "fchmodat2", 452).as_deref(), Some(expected));
        assert_eq!(replaced("-S fchmodat2x", 3, "fchmodat2", 452), None);
    }
}
