//! The system calls that can be made without harm, with their arguments.

use std::sync::LazyLock;

/// A system call that can be made without harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarmlessCall {
    /// Its name.
    pub name: &'static str,
    /// What about the file that it names has to be looked at first.
    pub danger: Danger,
    /// Whether it looks its file up before anything else can go wrong.
    pub looks_up_first: bool,
    /// Its arguments.
    pub arguments: Vec<Part>,
}

/// What about the file that a call names has to be looked at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    /// Nothing.
    None,
    /// Whose it is, and who may write to it.
    Owner,
    /// The same, and who may write to its directory.
    Creates,
    /// Who may write to its directory.
    Entry,
    /// The same; there must be no such file.
    Makes,
    /// What the flags do to it.
    Open,
    /// Whether it is a file.
    Execute,
}

/// An argument of such a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "calls.txt says what each of its words means")]
pub enum Part {
    Number(i64),
    /// The number, or what a condition of the rule asks for.
    Free(i64),
    Flags,
    Path,
    Other,
    Descriptor,
    Attribute,
    Words,
    Handle,
    Zeros,
    OwnPid,
}

/// All of them; where a rule is for every call, the first that fits is taken.
pub static CALLS: LazyLock<Vec<HarmlessCall>> =
    LazyLock::new(|| include_str!("calls.txt").lines().filter_map(HarmlessCall::read).collect());

impl HarmlessCall {
    /// The call of this name; none where none is harmless.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        CALLS.iter().find(|call| call.name == name)
    }

    /// Whether it names a file.
    #[must_use]
    pub fn names_file(&self) -> bool {
        self.arguments.iter().any(|part| matches!(part, Part::Path | Part::Descriptor))
    }

    fn read(line: &'static str) -> Option<Self> {
        let line = line.split('#').next()?;
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let (name, looks_up_first) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
        let danger = match words.next()? {
            "none" => Danger::None,
            "owner" => Danger::Owner,
            "creates" => Danger::Creates,
            "entry" => Danger::Entry,
            "makes" => Danger::Makes,
            "open" => Danger::Open,
            "execute" => Danger::Execute,
            _ => return None,
        };
        let arguments = words.map(Part::read).collect::<Option<_>>()?;
        Some(Self { name, danger, looks_up_first, arguments })
    }
}

impl Part {
    fn read(word: &str) -> Option<Self> {
        let number = |word: &str| match word.strip_prefix("0x").map(|digits| (16, digits)) {
            Some((radix, digits)) => i64::from_str_radix(digits, radix).ok(),
            None => match word.strip_prefix("0o") {
                Some(digits) => i64::from_str_radix(digits, 8).ok(),
                None => word.parse().ok(),
            },
        };
        Some(match word {
            "cwd" => Self::Number(-100),
            "null" => Self::Number(0),
            "free" => Self::Free(0),
            "flags" => Self::Flags,
            "path" => Self::Path,
            "other" => Self::Other,
            "fd" => Self::Descriptor,
            "attribute" => Self::Attribute,
            "words" => Self::Words,
            "handle" => Self::Handle,
            "zeros" => Self::Zeros,
            "pid" => Self::OwnPid,
            word => match word.strip_prefix("free:") {
                Some(word) => Self::Free(number(word)?),
                None => Self::Number(number(word)?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rule::Machine;
    use crate::tables::syscalls;

    #[test]
    fn every_line_is_read_and_no_call_is_there_twice() {
        let lines = include_str!("calls.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(lines.count(), CALLS.len());
        let names: BTreeSet<&str> = CALLS.iter().map(|call| call.name).collect();
        assert_eq!(names.len(), CALLS.len());
    }

    #[test]
    fn every_call_is_one_of_some_machine_and_has_no_more_arguments_than_there_are() {
        for call in CALLS.iter() {
            let is_known = Machine::ALL.iter().flat_map(|machine| [machine.b64, machine.b32]).flatten();
            assert!(is_known.clone().any(|arch| syscalls::number(arch, call.name).is_some()), "{}", call.name);
            assert!(call.arguments.len() <= 6, "{}", call.name);
        }
    }
}
