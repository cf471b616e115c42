//! Lines of rules files, read for one host.

mod at_boot;
mod paths;
mod unloadable;

use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use crate::auditctl::{self, Accounts, Context, Control, Installed, Line, RuleLine, Taken};
pub use at_boot::BootStep;
use at_boot::{step, taken};
pub use paths::links;
use paths::{is_path, missing_path, missing_trees, trees};
pub use unloadable::Unloadable;

use crate::rule::path::PathFact;
use crate::rule::verdict::kernel_verdict;
use crate::rule::{Field, FieldNumber, Machine, Rule};

/// What stands at the paths that rules name.
pub type PathFacts = HashMap<Rc<[u8]>, PathFact>;

/// What a line depends on besides its text.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The machine.
    pub machine: Machine,
    /// Its users and groups.
    pub accounts: Accounts,
    /// What stands at the paths that rules name.
    pub paths: PathFacts,
    /// The auditctl that loads the rules at boot.
    pub installed: Rc<Installed>,
}

/// So many lines, in words.
#[must_use]
pub fn lines(count: usize) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

/// The rule of a line, as this host has it.
#[derive(Debug, Clone, PartialEq)]
pub struct HostRule {
    /// The rule with all that its line says; the kind of its watched path is settled.
    pub line: RuleLine,
    /// The rule as the kernel lists it: what makes it the same as another.
    pub listed: Rc<Rule>,
}

impl HostRule {
    /// The rule; and, where its line watches a path, what that line was when there was a directory in place of a file,
    /// or the other way round: the kernel may hold it from then.
    #[must_use]
    pub fn of_either_kind(self: &Rc<Self>) -> Vec<Rc<Self>> {
        let is_directory = self.line.rule.text(FieldNumber::DIR).is_some();
        let other = self.line.watch.map(|_| self.line.clone().with_watch_kind(!is_directory));
        let other = other.map(|line| Rc::new(Self { listed: Rc::new(line.rule.clone().as_listed()), line }));
        std::iter::once(Rc::clone(self)).chain(other).collect()
    }
}

/// A line as this host has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it sets or asks for besides a rule.
    pub controls: Vec<Control>,
    /// Its rule, with the kind of its watched path settled.
    pub rule: Option<Rc<HostRule>>,
    /// What keeps it from being loaded.
    pub obstacles: Vec<Unloadable>,
    /// Whether it is blank or a comment.
    pub is_silent: bool,
    /// What the auditctl of the boot does with it, piece by piece; empty where that is what the other fields say.
    pub at_boot: Vec<BootStep>,
}

impl Reading {
    fn empty() -> Self {
        Self { controls: Vec::new(), rule: None, obstacles: Vec::new(), is_silent: false, at_boot: Vec::new() }
    }

    fn silent() -> Self {
        Self { is_silent: true, ..Self::empty() }
    }

    /// Whether its author took the next line for a part of it.
    #[must_use]
    pub fn is_continued(&self) -> bool {
        self.obstacles.iter().any(|obstacle| matches!(obstacle, Unloadable::Line(error) if error.is_continued()))
    }

    /// Whether auditctl takes the line all the same, with another rule than was meant.
    #[must_use]
    pub fn is_taken_as_it_stands(&self, obstacle: &Unloadable) -> bool {
        matches!(obstacle, Unloadable::Line(_)) && self.at_boot.iter().any(|step| step.rule.is_some())
    }

    /// Whether auditctl goes on after the line and has not sent the rule that it was meant to be.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        let fails = |step: &BootStep| step.rule.is_some() || !step.obstacles.is_empty();
        let is_refused = self.obstacles.iter().any(|why| matches!(why, Unloadable::Line(_)));
        is_refused && !self.at_boot.is_empty() && !self.at_boot.iter().any(fails)
    }

    /// Whether the installed auditctl is too old for it.
    #[must_use]
    pub fn is_too_new(&self) -> bool {
        self.obstacles.iter().any(|why| matches!(why, Unloadable::TooNew { .. }))
    }

    /// The rule, if it can be loaded here: perhaps with fewer system calls than the line names.
    #[must_use]
    pub fn loadable(&self) -> Option<&Rc<HostRule>> {
        let blocked = |obstacle: &Unloadable| {
            !matches!(obstacle, Unloadable::Syscalls { emptied: false, .. } | Unloadable::TooNew { .. })
                && !self.is_taken_as_it_stands(obstacle)
        };
        self.rule.as_ref().filter(|_| !self.obstacles.iter().any(blocked))
    }
}

/// Reads lines, each text once.
#[derive(Debug)]
pub struct Reader {
    facts: Facts,
    read: HashMap<Rc<[u8]>, Rc<Reading>>,
    /// The reading of every line that says nothing.
    silent: Rc<Reading>,
}

impl Reader {
    /// A reader for a host whose paths are not known yet; see [`Reader::settle`].
    #[must_use]
    pub fn new(machine: Machine, accounts: Accounts) -> Self {
        let installed = Rc::new(Installed::default());
        let facts = Facts { machine, accounts, paths: PathFacts::default(), installed };
        Self { facts, read: HashMap::default(), silent: Rc::new(Reading::silent()) }
    }

    /// The same for a host whose auditctl is known; else it is taken to be the newest.
    #[must_use]
    pub fn with_installed(mut self, installed: Installed) -> Self {
        self.facts.installed = Rc::new(installed);
        self.read.clear();
        self
    }

    /// What the readings rest on.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The paths that the rules of these lines name and that decide whether and how they load.
    #[must_use]
    pub fn paths<'a>(&mut self, lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<Rc<[u8]>> {
        let mut paths: HashSet<Rc<[u8]>> = HashSet::default();
        for line in lines {
            let reading = self.read(line);
            let rules = reading.rule.iter().chain(reading.at_boot.iter().filter_map(|step| step.rule.as_ref()));
            let fields = rules.flat_map(|rule| &rule.line.rule.fields);
            for path in fields.filter(|field| is_path(field.number)).filter_map(Field::shared_text) {
                if !paths.contains(path) {
                    paths.insert(Rc::clone(path));
                }
            }
            paths.extend(trees(reading.controls_at_boot()).map(Rc::from));
        }
        paths.into_iter().collect()
    }

    /// Whether it could not be told what stands at a path of this rule.
    #[must_use]
    pub fn is_in_doubt(&self, rule: &HostRule) -> bool {
        self.unseen_path(rule).is_some()
    }

    /// A path of this rule of which it could not be told what stands there.
    #[must_use]
    pub fn unseen_path(&self, rule: &HostRule) -> Option<Rc<[u8]>> {
        let fields = rule.line.rule.fields.iter().filter(|field| is_path(field.number));
        let is_unseen = |path: &&Rc<[u8]>| self.facts.paths.get(*path) == Some(&PathFact::Unknown);
        fields.filter_map(Field::shared_text).find(is_unseen).cloned()
    }

    /// Takes in what stands at the paths; every line is then judged by it.
    pub fn settle(&mut self, paths: PathFacts) {
        self.facts.paths = paths;
        for reading in self.read.values_mut() {
            if !reading.at_boot.is_empty() {
                Rc::make_mut(reading).settle_boot(&self.facts.paths);
            }
            if trees(&reading.controls).next().is_some() {
                Rc::make_mut(reading).settle_trees(&self.facts.paths);
            }
            let Some(rule) = &reading.rule else { continue };
            let watches_directory = watches_directory(&rule.line, &self.facts.paths);
            let rule = &rule.line.rule;
            let is_settled = !watches_directory
                && links(rule, &self.facts.paths).next().is_none()
                && missing_path(rule, &self.facts.paths).is_none();
            if is_settled {
                continue;
            }
            let Some(line) = reading.rule.as_ref().map(|rule| rule.line.clone()) else { continue };
            let reading = Rc::make_mut(reading);
            reading.obstacles.retain(|obstacle| !is_of_host(obstacle));
            settle(reading, line, &self.facts.paths);
        }
    }

    /// Reads a line. Comments, which may be long and are read fast, are not held.
    pub fn read(&mut self, text: &[u8]) -> Rc<Reading> {
        if let Some(reading) = self.read.get(text) {
            return Rc::clone(reading);
        }
        let reading = read(text, &self.facts);
        if reading.is_silent {
            return Rc::clone(&self.silent);
        }
        let reading = Rc::new(reading);
        self.read.insert(text.into(), Rc::clone(&reading));
        reading
    }

    /// Reads a line whose text others hold too.
    pub fn hold(&mut self, text: Rc<[u8]>) {
        if self.read.contains_key(&text) {
            return;
        }
        let reading = read(&text, &self.facts);
        if !reading.is_silent {
            self.read.insert(text, Rc::new(reading));
        }
    }

    /// Lets the readings of lines go that are not needed any more; a line that is read again all the same is read anew.
    pub fn forget<'a>(&mut self, lines: impl Iterator<Item = &'a [u8]>) {
        for line in lines {
            self.read.remove(line);
        }
    }

    /// The text of a line; that of its reading, where it was read.
    #[must_use]
    pub fn text(&self, text: &[u8]) -> Rc<[u8]> {
        self.read.get_key_value(text).map_or_else(|| text.into(), |(known, _)| Rc::clone(known))
    }
}

fn read(text: &[u8], facts: &Facts) -> Reading {
    let context = Context {
        machine: &facts.machine,
        accounts: &facts.accounts,
        unknown_syscalls: auditctl::UnknownSyscalls::Skip,
        installed: None,
    };
    let mut reading = Reading::empty();
    match auditctl::parse(text, &context) {
        Err(error) => {
            let taken = taken(text, &context, &facts.installed);
            let is_plain = |taken: &Taken| taken.refused.is_some() && taken.controls.is_empty() && !taken.ends;
            reading.obstacles.push(Unloadable::Line(Rc::new(error)));
            if taken.is_empty() || !taken.iter().all(is_plain) {
                reading.at_boot = taken.into_iter().map(|taken| step(taken, &facts.paths)).collect();
                reading.rule = reading.at_boot.iter().find_map(|step| step.rule.clone());
            }
        }
        Ok(Line::Blank | Line::Comment) => reading.is_silent = true,
        Ok(Line::Statement(statement)) => {
            let taken = taken(text, &context, &facts.installed);
            reading.compare(&statement, taken, facts);
            reading.controls = statement.controls;
            reading.obstacles.extend(missing_trees(&reading.controls, &facts.paths));
            if let Some(line) = statement.rule {
                if !line.skipped_syscalls.is_empty() {
                    let skipped = line.skipped_syscalls.clone();
                    reading.obstacles.push(Unloadable::Syscalls { skipped, emptied: line.emptied });
                }
                settle(&mut reading, line, &facts.paths);
            }
        }
    }
    reading
}

/// Whether what stands at the paths decides about it.
fn is_of_host(obstacle: &Unloadable) -> bool {
    matches!(obstacle, Unloadable::MissingPath { .. } | Unloadable::Refused(_))
}

fn settle(reading: &mut Reading, line: RuleLine, paths: &PathFacts) {
    let (rule, obstacles) = settled(line, paths);
    reading.rule = Some(rule);
    reading.obstacles.extend(obstacles);
    reading.obstacles.shrink_to_fit();
}

/// Settles what the paths decide: the kind of a watch, and whether the kernel will find what it needs.
fn settled(line: RuleLine, paths: &PathFacts) -> (Rc<HostRule>, Vec<Unloadable>) {
    let watches_directory = watches_directory(&line, paths);
    let mut line = line.with_watch_kind(watches_directory);
    line.notes.extend(links(&line.rule, paths));
    let mut obstacles = Vec::new();
    // `-w /` is a `dir` field; a `path` field may not end in a slash.
    if let Err(refusal) = kernel_verdict(&line.rule) {
        obstacles.push(Unloadable::Refused(refusal));
    }
    if let Some((path, errno)) = missing_path(&line.rule, paths) {
        obstacles.push(Unloadable::MissingPath { path, errno });
    }
    let listed = Rc::new(line.rule.clone().as_listed());
    (Rc::new(HostRule { line, listed }), obstacles)
}

/// Whether `stat` says that the watched path is a directory.
fn watches_directory(line: &RuleLine, paths: &PathFacts) -> bool {
    let kind = line.watched_path().and_then(|path| paths.get(path)).copied();
    kind.is_some_and(PathFact::is_directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_asked_about_the_field_that_the_path_makes_of_a_watch() {
        let machine = Machine::from_uname("x86_64").unwrap();
        let mut reader = Reader::new(machine, Accounts::default());
        let refused = |reading: &Reading| reading.obstacles.iter().any(|why| matches!(why, Unloadable::Refused(_)));
        assert!(refused(&reader.read(b"-w / -p wa")) && refused(&reader.read(b"-a always,exit -F path=/ -F perm=wa")));
        reader.settle(PathFacts::from_iter([(Rc::from(*b"/"), PathFact::Directory)]));
        assert!(!refused(&reader.read(b"-w / -p wa")) && refused(&reader.read(b"-a always,exit -F path=/ -F perm=wa")));
    }
}
