//! Who changed the rules and settings: the newest recorded change that fits each of those that are asked about.
//!
//! A record of a change names the list and the key, and not the rule. So what is found is told with how it was found, and a
//! change that may have been one of another rule is never certain.

use std::borrow::Cow;
use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::changes::{Change, Mark};
use super::maker::{Maker, OwnRun};
use crate::records::{RecordType, RecordedEvent, Stamp};
use crate::rule::{FieldNumber, Rule};

/// Most records of whole runs of this program that are kept to tell which change belongs to which run.
const MOST_RUNS: usize = 1000;

/// A rule whose change is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Altered {
    /// The rule, as the kernel lists it.
    pub rule: Rule,
    /// Whether it was loaded, and not unloaded.
    pub loaded: bool,
}

/// What ties a record to what is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// The record names it: the setting with its value, or the path of a rule that the kernel dropped by itself.
    Record,
    /// The command line of auditctl names this rule.
    Arguments,
    /// The record has the list and the key of the rule.
    Key,
    /// The record has the list of the rule, which has no key.
    List,
}

/// How far it is told who it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The record can be about nothing else.
    Certain,
    /// Of all rules that are known here the record fits this one alone.
    Likely,
    /// It may have been a change of something else.
    Possible,
}

/// Who changed something, as far as the log tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// The process.
    pub maker: Rc<Maker>,
    /// What it did: `add_rule`, `remove_rule` or `set`.
    pub op: &'static str,
    /// What ties the record to it.
    pub tie: Tie,
    /// How far that tells who it was.
    pub certainty: Certainty,
    /// How many rules that are known here the record fits; 1 for a setting.
    pub candidates: usize,
    /// The run of this program that it was a part of, where it was.
    pub run: Option<OwnRun>,
}

/// A change of a setting that was found.
#[derive(Debug, Clone)]
struct SettingChange {
    maker: Rc<Maker>,
    new: u32,
}

/// Looks for the changes, in events of any order. No more is kept than one change for each thing that is asked about.
#[derive(Debug, Default)]
pub struct Search {
    /// The time of the boot, in milliseconds since 1970: no earlier change is still in force.
    since: u64,
    altered: Vec<Altered>,
    /// By the change that a command or path may name, and by the mark.
    by_rule: HashMap<Altered, usize>,
    by_mark: HashMap<(bool, Mark<'static>), Vec<usize>>,
    settings: Vec<(String, Option<u32>)>,
    found_named: HashMap<usize, (Rc<Maker>, Tie)>,
    found_marked: HashMap<(bool, Mark<'static>), Rc<Maker>>,
    /// The newest change of each mark, whatever it named.
    newest: HashMap<(bool, Mark<'static>), Stamp>,
    found_settings: HashMap<usize, SettingChange>,
    runs: Vec<OwnRun>,
    /// When auditing was last switched off: what was changed after that made no record.
    off: Option<Stamp>,
}

impl Search {
    /// Nothing is asked about yet. Changes before `since`, in milliseconds since 1970, do not count.
    #[must_use]
    pub fn new(since: u64) -> Self {
        Self { since, ..Self::default() }
    }

    /// Asks about a rule, which is [`Search::rule`] by the number that is given back.
    pub fn ask_rule(&mut self, altered: Altered) -> usize {
        let at = self.altered.len();
        self.by_mark.entry((altered.loaded, mark_of(&altered.rule))).or_default().push(at);
        self.by_rule.entry(altered.clone()).or_insert(at);
        self.altered.push(altered);
        at
    }

    /// Asks about a setting that has this value now.
    pub fn ask_setting(&mut self, name: &str, now: Option<u32>) -> usize {
        self.settings.push((name.to_owned(), now));
        self.settings.len() - 1
    }

    /// Whether nothing is asked about.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.altered.is_empty() && self.settings.is_empty()
    }

    /// Whether something was found for all that is asked about: what is older cannot be in its place.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.found_settings.len() == self.settings.len() && (0..self.altered.len()).all(|at| self.found(at).is_some())
    }

    /// Takes an event. `named` reads the rule that a command line of auditctl names, under every form that the kernel may
    /// hold it in; empty where it names none.
    pub fn take(&mut self, event: &RecordedEvent, named: &mut dyn FnMut(&str) -> Vec<Rule>) {
        let is_about_changes = event.kinds().any(|kind| {
            matches!(kind, RecordType::CONFIG_CHANGE | RecordType::FEATURE_CHANGE | RecordType::USYS_CONFIG)
        });
        if !is_about_changes || event.stamp.in_milliseconds() < self.since {
            return;
        }
        let mut maker: Option<Rc<Maker>> = None;
        for record in event.records() {
            if record.kind == RecordType::USYS_CONFIG {
                let run = OwnRun::of(&record).filter(|_| self.runs.len() < MOST_RUNS);
                self.runs.extend(run);
                continue;
            }
            let Some(change) = Change::of(&record) else { continue };
            let maker = maker.get_or_insert_with(|| Rc::new(Maker::of(event)));
            match change {
                Change::Setting { name, old, new } => self.take_setting(&name, old, new, maker),
                Change::Rule { loads, mark, path } => self.take_rule(loads, &mark, path.as_deref(), maker, named),
            }
        }
    }

    fn take_setting(&mut self, name: &str, old: Option<u32>, new: u32, maker: &Rc<Maker>) {
        if name == "enabled" && new == 0 {
            self.off = self.off.max(Some(maker.stamp));
        }
        if old == Some(new) {
            return;
        }
        for at in 0..self.settings.len() {
            let is_newer = self.found_settings.get(&at).is_none_or(|known| known.maker.stamp <= maker.stamp);
            if self.settings.get(at).is_some_and(|(asked, _)| asked == name) && is_newer {
                self.found_settings.insert(at, SettingChange { maker: Rc::clone(maker), new });
            }
        }
    }

    fn take_rule(
        &mut self,
        loads: bool,
        mark: &Mark<'_>,
        path: Option<&[u8]>,
        maker: &Rc<Maker>,
        named: &mut dyn FnMut(&str) -> Vec<Rule>,
    ) {
        let key = (loads, Mark { list: mark.list, key: Cow::Owned(mark.key.to_vec()) });
        let (has_mark, has_opposite) =
            (self.by_mark.contains_key(&key), self.by_mark.contains_key(&(!loads, key.1.clone())));
        if has_mark || has_opposite {
            let newest = self.newest.entry(key.clone()).or_insert(maker.stamp);
            *newest = (*newest).max(maker.stamp);
        }
        let Some(marked) = self.by_mark.get(&key) else { return };
        if let Some(path) = path {
            let of_path = marked.iter().filter(|at| {
                let rule = self.altered.get(**at).map(|altered| &altered.rule);
                rule.is_some_and(|rule| is_about(rule, path))
            });
            for at in of_path.copied().collect::<Vec<_>>() {
                self.keep_named(at, maker, Tie::Record);
            }
            return;
        }
        let rules = maker.auditctl_line().map_or_else(Vec::new, |line| named(&line));
        let fitting: Vec<Rule> = rules.into_iter().filter(|rule| mark_of(rule) == *mark).collect();
        if fitting.is_empty() {
            let known = self.found_marked.entry(key).or_insert_with(|| Rc::clone(maker));
            if known.stamp <= maker.stamp {
                *known = Rc::clone(maker);
            }
            return;
        }
        // It names a rule: this one, or one that nobody asks about.
        let asked: HashSet<usize> = fitting
            .into_iter()
            .filter_map(|rule| self.by_rule.get(&Altered { rule, loaded: loads }).copied())
            .collect();
        for at in asked {
            self.keep_named(at, maker, Tie::Arguments);
        }
    }

    fn keep_named(&mut self, at: usize, maker: &Rc<Maker>, tie: Tie) {
        if self.found_named.get(&at).is_none_or(|(known, _)| known.stamp <= maker.stamp) {
            self.found_named.insert(at, (Rc::clone(maker), tie));
        }
    }

    /// The newest change that fits a rule.
    fn found(&self, at: usize) -> Option<(&Rc<Maker>, Tie)> {
        let altered = self.altered.get(at)?;
        let mark = mark_of(&altered.rule);
        let by_mark = if mark.key.is_empty() { Tie::List } else { Tie::Key };
        let marked = self.found_marked.get(&(altered.loaded, mark)).map(|maker| (maker, by_mark));
        let named = self.found_named.get(&at).map(|(maker, tie)| (maker, *tie));
        marked.into_iter().chain(named).max_by_key(|(maker, _)| maker.stamp)
    }

    /// Who changed the rule that was asked about by this number; none where no record tells. `known` counts the rules with a
    /// mark in the kernel and in the files.
    #[must_use]
    pub fn rule(&self, at: usize, known: &HashMap<Mark<'static>, usize>) -> Option<Culprit> {
        let altered = self.altered.get(at)?;
        let (maker, tie) = self.found(at)?;
        let mark = mark_of(&altered.rule);
        let candidates = known.get(&mark).copied().unwrap_or(1).max(1);
        let opposite = self.newest.get(&(!altered.loaded, mark));
        let certainty = match tie {
            Tie::Record | Tie::Arguments => Certainty::Certain,
            // Whatever it loaded may have been unloaded since, or the other way round.
            Tie::Key if candidates == 1 && opposite.is_none_or(|other| *other < maker.stamp) => Certainty::Likely,
            Tie::Key | Tie::List => Certainty::Possible,
        };
        let candidates = if matches!(tie, Tie::Record | Tie::Arguments) { 1 } else { candidates };
        let op = if altered.loaded { "add_rule" } else { "remove_rule" };
        Some(self.culprit(maker, op, tie, certainty, candidates))
    }

    /// Who changed the setting that was asked about by this number; none where no record tells.
    #[must_use]
    pub fn setting(&self, at: usize) -> Option<Culprit> {
        let found = self.found_settings.get(&at)?;
        let is_as_recorded = self.settings.get(at).is_some_and(|(_, now)| *now == Some(found.new));
        let certainty = if is_as_recorded { Certainty::Certain } else { Certainty::Possible };
        Some(self.culprit(&found.maker, "set", Tie::Record, certainty, 1))
    }

    fn culprit(
        &self,
        maker: &Rc<Maker>,
        op: &'static str,
        tie: Tie,
        certainty: Certainty,
        candidates: usize,
    ) -> Culprit {
        let was_off = self.off.is_some_and(|off| off > maker.stamp);
        let certainty = match certainty {
            Certainty::Certain if was_off => Certainty::Likely,
            Certainty::Likely if was_off => Certainty::Possible,
            certainty => certainty,
        };
        // A process gives its record after all that it changed.
        let of_process = self.runs.iter().filter(|run| run.pid == maker.pid && run.stamp > maker.stamp);
        let run = of_process.min_by_key(|run| run.stamp).cloned();
        Culprit { maker: Rc::clone(maker), op, tie, certainty, candidates, run }
    }
}

/// What a record of a change of this rule tells of it.
#[must_use]
pub fn mark_of(rule: &Rule) -> Mark<'static> {
    Mark { list: rule.list.0, key: Cow::Owned(rule.key().unwrap_or_default().to_vec()) }
}

/// Whether this is the path by which the kernel drops the rule.
fn is_about(rule: &Rule, path: &[u8]) -> bool {
    [FieldNumber::PATH, FieldNumber::DIR, FieldNumber::EXE].into_iter().any(|field| rule.text(field) == Some(path))
}
