//! Rules files as they are linted: in the order in which augenrules reads them, line by line.

use std::rc::Rc;

use crate::auditctl::{self, Accounts, Context, Installed, LineErrorKind, UnknownSyscalls};
use crate::augenrules::natural_order;
use crate::boot_load::Spot;
use crate::lines::{PathFacts, Reader};
use crate::rule::path::PathFact;
use crate::rule::{FieldNumber, Machine, Rule};
use crate::set_aside::candidates;

/// A rules file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name, by which findings name it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Who may do what with it, where it lies on a host.
    pub permissions: Option<Permissions>,
}

impl Source {
    /// A file that lies nowhere.
    #[must_use]
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), bytes: bytes.to_vec(), permissions: None }
    }

    /// Lines without a file.
    #[must_use]
    pub fn of_lines<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let bytes = lines.flat_map(|line| [line.as_bytes(), b"\n"]).flatten().copied().collect();
        Self { name: String::new(), bytes, permissions: None }
    }
}

/// Who may do what with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// The permission bits.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
}

/// A rules file, taken apart.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub source: &'a Source,
    pub name: Rc<str>,
    /// Its lines without newline, and without the carriage return that augenrules takes away.
    pub lines: Vec<&'a [u8]>,
    /// How many lines end in a carriage return, and the first of them.
    pub carriage_returns: Option<(usize, usize)>,
    pub ends_open: bool,
}

impl<'a> File<'a> {
    /// Takes a file apart.
    pub fn of(source: &'a Source) -> Self {
        let bytes = source.bytes.strip_suffix(b"\n").unwrap_or(&source.bytes);
        let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        let mut carriage_returns = None;
        for (at, line) in lines.iter_mut().enumerate() {
            if let Some(rest) = line.strip_suffix(b"\r") {
                *line = rest;
                carriage_returns =
                    carriage_returns.map_or(Some((1, at + 1)), |(count, first)| Some((count + 1, first)));
            }
        }
        let ends_open = !source.bytes.is_empty() && !source.bytes.ends_with(b"\n");
        Self { source, name: source.name.as_str().into(), lines, carriage_returns, ends_open }
    }

    /// A line, from 1; 0 is the file as a whole.
    pub fn spot(&self, line: usize) -> Spot {
        Spot { file: Rc::clone(&self.name), line }
    }
}

/// Puts files into the order in which augenrules reads them: that of the last components of their names.
pub fn in_order(sources: &mut [Source]) {
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().as_bytes().to_vec();
    sources.sort_by(|a, b| natural_order(&last(&a.name), &last(&b.name)));
}

/// The paths that rules name.
#[must_use]
pub fn named(sources: &[Source], reader: &mut Reader) -> Vec<Rc<[u8]>> {
    let files: Vec<File<'_>> = sources.iter().map(File::of).collect();
    reader.paths(files.iter().flat_map(|file| file.lines.iter().copied()))
}

/// The paths that decide what is found: those that rules name, and the directories on the way.
#[must_use]
pub fn paths(sources: &[Source], reader: &mut Reader) -> Vec<Rc<[u8]>> {
    let files: Vec<File<'_>> = sources.iter().map(File::of).collect();
    let lines = files.iter().flat_map(|file| file.lines.iter().copied());
    let mut paths = reader.paths(lines.flat_map(|line| std::iter::once(line).chain(candidates(line))));
    let more: Vec<Rc<[u8]>> = paths.iter().flat_map(|path| steps(path)).map(Rc::from).collect();
    paths.extend(more);
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// What can be told of paths without a host: what another rule names a part of is a directory, or that rule cannot be
/// loaded.
fn assumed(sources: &[Source], reader: &mut Reader) -> PathFacts {
    let files: Vec<File<'_>> = sources.iter().map(File::of).collect();
    let named = reader.paths(files.iter().flat_map(|file| file.lines.iter().copied()));
    let parts = named.iter().flat_map(|path| steps(path).filter(move |step| step.len() < path.len()));
    let mut facts: PathFacts = parts.map(|part| (Rc::from(part), PathFact::Directory)).collect();
    facts.insert(Rc::from(*b"/"), PathFact::Directory);
    facts
}

/// The first number that stands for a user or group of an unknown host.
const FIRST_GUESS: u32 = 0xfff0_0000;

/// Reads lines for a machine. Where no accounts are given, every name is taken to stand for someone: root for 0, each
/// other one for a number of its own, of which nothing else is known. `installed` is the auditctl of the host.
#[must_use]
pub fn reader(
    sources: &[Source],
    machine: Machine,
    accounts: Option<Accounts>,
    installed: Option<Installed>,
) -> Reader {
    let is_known = accounts.is_some();
    let mut accounts = accounts.unwrap_or_default();
    if !is_known {
        for names in [&mut accounts.users, &mut accounts.groups] {
            names.insert("root".to_owned(), 0);
        }
        for file in sources.iter().map(File::of) {
            let lines = file.lines.iter().flat_map(|line| std::iter::once(*line).chain(candidates(line)));
            lines.for_each(|line| guess(line, &machine, &mut accounts));
        }
    }
    let mut reader = Reader::new(machine, accounts).with_installed(installed.unwrap_or_default());
    if !is_known {
        let facts = assumed(sources, &mut reader);
        reader.settle(facts);
    }
    reader
}

/// Gives every user and group that a line names a number.
fn guess(line: &[u8], machine: &Machine, accounts: &mut Accounts) {
    loop {
        let next = FIRST_GUESS + u32::try_from(accounts.users.len() + accounts.groups.len()).unwrap_or(0);
        let context = Context { machine, accounts, unknown_syscalls: UnknownSyscalls::Skip, installed: None };
        match auditctl::parse(line, &context).map_err(|error| error.what) {
            Err(LineErrorKind::UnknownUser { name, .. }) => accounts.users.insert(name, next),
            Err(LineErrorKind::UnknownGroup { name, .. }) if !matches!(name.as_str(), "unset" | "-1") => {
                accounts.groups.insert(name, next)
            }
            _ => return,
        };
    }
}

/// Whether a rule names someone of whom only the name is known.
#[must_use]
pub(super) fn is_guessed(rule: &Rule) -> bool {
    let is_id = |field: FieldNumber| matches!(field.0, 1..=9 | 109 | 110);
    let number = |value: u32| (FIRST_GUESS..u32::MAX).contains(&value);
    rule.fields.iter().any(|field| is_id(field.number) && field.value.number().is_some_and(number))
}

/// The path and every directory on the way to it.
pub fn steps(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = path.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    ends.chain([path.len()]).map(|end| &path[..end]).filter(|step| !step.ends_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_path_are_its_directories_and_itself() {
        let of = |path: &'static str| steps(path.as_bytes()).map(|step| String::from_utf8_lossy(step).into_owned());
        assert_eq!(of("/etc/ssh/x").collect::<Vec<_>>(), ["/etc", "/etc/ssh", "/etc/ssh/x"]);
        assert_eq!(of("/").collect::<Vec<_>>(), Vec::<String>::new());
    }
}
