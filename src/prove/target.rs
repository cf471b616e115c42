//! The files that calls name, such that nothing can come of it.

use super::calls::{Danger, HarmlessCall, Part};
use super::facts::{FileFacts, Host};
use crate::matching::Name;
use crate::rule::{FieldNumber, Rule};
use crate::trigger::{Actor, Guard, Memory, directory_of};

/// Nothing is there, and nobody can make it: procfs has no such call.
const NOWHERE: &[u8] = b"/proc/self/audit_rules";
/// Only root may read it, and nobody write to it.
const REFUSED: &[u8] = b"/proc/kmsg";
/// Everybody may read it.
const READABLE: &[u8] = b"/proc/version";
/// This executable.
const ITSELF: &[u8] = b"/proc/self/exe";
/// A name that no file has.
const FREE_NAME: &[u8] = b".audit_rules-free-name";

/// The bits of `open` that write, and that make or shorten a file, where these are the same on every machine.
const WRITES: u32 = 3;
const MAKES_OR_SHORTENS: u32 = 0o100 | 0o1000;
/// `O_TMPFILE` without `O_DIRECTORY`, on any machine.
const TEMPORARY: u32 = 0o20_000_000;

/// Files for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What the call is told.
    pub memory: Memory,
    /// What the kernel finds, as rules see it.
    pub names: Vec<Name>,
    /// What stands at the path.
    pub facts: Option<FileFacts>,
    /// What its directory is like.
    pub directory: Option<FileFacts>,
    /// Whether it is one of `/proc`, whatever the rule is about.
    pub is_of_proc: bool,
}

impl Target {
    fn at(path: &[u8], other: &[u8], host: &Host<'_>) -> Self {
        let facts = (host.look)(path);
        let directory = (host.look)(directory_of(path));
        // Of what is not there the kernel sees the directory.
        let found = facts.map(|facts| name(path, &facts));
        let found = found.or(directory.map(|directory| name(directory_of(path), &directory)));
        let memory = Memory { path: path.to_owned(), other: other.to_owned() };
        Self { memory, names: found.into_iter().collect(), facts, directory, is_of_proc: path.starts_with(b"/proc/") }
    }

    /// What the kernel is asked before such a call: whether it would refuse to write there.
    #[must_use]
    pub fn guard(&self, call: &HarmlessCall, flags: u32) -> Guard {
        let (is_there, of_others) = (self.facts.is_some(), !self.is_of_proc);
        let makes = flags & (MAKES_OR_SHORTENS | TEMPORARY) != 0;
        let (file, directory) = match call.danger {
            Danger::None | Danger::Execute => (false, false),
            Danger::Owner => (is_there, false),
            Danger::Creates => (is_there, true),
            Danger::Entry => (false, is_there),
            Danger::Makes => (false, true),
            Danger::Open if self.facts.is_some_and(|facts| facts.is_directory()) && !makes => (false, false),
            Danger::Open => (is_there && (flags & WRITES != 0 || makes), makes),
        };
        Guard { file: file && of_others, directory: directory && of_others }
    }

    /// Whether a call on it by this actor leaves no trace, with these flags of `open`.
    #[must_use]
    pub fn is_safe(&self, call: &HarmlessCall, actor: &Actor, flags: u32) -> bool {
        let Some(facts) = self.facts else {
            // What is not there is in a directory that is.
            let is_closed = self.directory.is_some_and(|directory| !directory.is_in_reach_of(actor));
            return match call.danger {
                Danger::Makes => self.is_of_proc || is_closed,
                Danger::Open => flags & MAKES_OR_SHORTENS == 0 || self.is_of_proc,
                _ => true,
            };
        };
        let in_reach = facts.is_in_reach_of(actor);
        let is_closed = self.directory.is_some_and(|directory| !directory.is_in_reach_of(actor));
        if call.arguments.contains(&Part::Descriptor) && !facts.may_be_opened_by(actor, false) {
            return false;
        }
        match call.danger {
            Danger::None => true,
            Danger::Owner => !in_reach,
            Danger::Creates => !in_reach && is_closed,
            Danger::Entry => self.is_of_proc || is_closed,
            // With a name that is taken the kernel gives up before it looks at the file.
            Danger::Makes => false,
            // Starting a program may take what a user has only for the time being.
            Danger::Execute => {
                let is_one = actor.users.0 == actor.users.1 && actor.groups.0 == actor.groups.1;
                is_one && (facts.is_regular() || facts.is_directory())
            }
            Danger::Open => {
                let (writes, makes) = (flags & WRITES != 0, flags & (MAKES_OR_SHORTENS | TEMPORARY) != 0);
                // Nobody opens a directory for writing.
                let is_refused = !in_reach && (!makes || is_closed) || facts.is_directory() && !makes;
                facts.may_be_opened_by(actor, writes) && (is_refused || !writes && !makes)
            }
        }
    }
}

/// Files for a call, such that a rule may match it; the best first. None where the file of the rule is not there.
#[must_use]
pub fn targets(rule: &Rule, call: &HarmlessCall, host: &Host<'_>) -> Option<Vec<Target>> {
    if !call.names_file() {
        return Some(vec![Target { names: Vec::new(), facts: None, ..Target::at(NOWHERE, NOWHERE, host) }]);
    }
    let is_text = |path: &&[u8]| path.starts_with(b"/");
    let is_of_file =
        [FieldNumber::PATH, FieldNumber::DIR, FieldNumber::INODE].map(|field| super::values::asks(rule, &[field]));
    if is_of_file.contains(&true) && !call.looks_up_first {
        return Some(Vec::new());
    }
    if let Some(path) = rule.text(FieldNumber::PATH).filter(is_text) {
        let other = [directory_of(path), b"/", FREE_NAME].concat();
        let target = Target::at(path, &other, host);
        return target.facts.map(|_| vec![target]);
    }
    if let Some(directory) = rule.text(FieldNumber::DIR).filter(is_text) {
        let directory = if directory.len() > 1 { directory.strip_suffix(b"/").unwrap_or(directory) } else { directory };
        let facts = (host.look)(directory)?;
        let inside = [directory.strip_suffix(b"/").unwrap_or(directory), b"/", FREE_NAME].concat();
        let is_of_names = matches!(call.danger, Danger::Entry | Danger::Makes);
        if is_of_names {
            // What is looked up in a directory counts as in it, whether or not it is there.
            let target = Target::at(&inside, &inside, host);
            let is_free = target.facts.is_none();
            let names = vec![name(directory, &facts)];
            // The file that gets another name has to be there; that it is on another file system is found out later.
            let target = if call.name.starts_with("link") { Target::at(READABLE, &inside, host) } else { target };
            return Some(vec![Target { names, ..target }]).filter(|_| is_free);
        }
        return Some(vec![Target::at(directory, &inside, host)]);
    }
    if call.danger == Danger::Execute {
        return Some(vec![Target::at(ITSELF, ITSELF, host), Target::at(NOWHERE, NOWHERE, host)]);
    }
    let needs_file = call.arguments.contains(&Part::Descriptor);
    let all = [(NOWHERE, NOWHERE), (REFUSED, READABLE), (READABLE, REFUSED)];
    let all = all.into_iter().filter(|(path, _)| !needs_file || *path == READABLE);
    Some(all.map(|(path, other)| Target::at(path, other, host)).collect())
}

fn name(path: &[u8], facts: &FileFacts) -> Name {
    let numbers = [
        (FieldNumber::INODE.0, u32::try_from(facts.inode).ok()),
        (100, Some(facts.device.0)),
        (101, Some(facts.device.1)),
        (109, Some(facts.uid)),
        (110, Some(facts.gid)),
    ];
    Name {
        path: path.to_owned(),
        numbers: numbers.into_iter().filter_map(|(field, number)| Some((FieldNumber(field), number?))).collect(),
        kind: Some(facts.kind()),
    }
}
