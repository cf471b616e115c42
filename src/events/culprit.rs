//! Who changed the rules and settings: the newest recorded change that fits each of those that are asked about.
//!
//! A record of a change names the list and the key, and not the rule. So what is found is told with how it was found, and a
//! change that may have been one of another rule is never certain.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::changes::{Change, Mark};
use super::maker::{Maker, OwnRun};
use super::title::AuditctlTitle;
use crate::records::{RecordType, RecordedEvent, Stamp};
use crate::rule::{FieldNumber, List, Rule};

/// Most records of whole runs of this program that are kept to tell which change belongs to which run.
const MOST_RUNS: usize = 1000;
/// Most other hosts that are named.
const MOST_HOSTS: usize = 5;
/// auditd starts, ends, or cannot go on: what was changed without it is not in its log.
const OF_AUDITD: [RecordType; 3] = [RecordType(1200), RecordType(1201), RecordType(1202)];

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
    /// The command line of auditctl names this rule, or one with other operators.
    Shape,
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

/// The newest change that fits.
#[derive(Debug, Clone)]
struct Found {
    maker: Rc<Maker>,
    tie: Tie,
    /// For a setting, the value.
    new: u32,
    /// Whether it may have been one of several that are asked about.
    is_one_of_several: bool,
    /// Whether the numbers of the events and their times tell another order of those that fit.
    is_disordered: bool,
}

/// Looks for the changes, in events of any order. No more is kept than one change for each thing that is asked about.
///
/// The newest change is the one with the highest number: the clock may be set, the kernel's count of events may not.
#[derive(Debug, Default)]
pub struct Search {
    /// The time of the boot, in milliseconds since 1970: no earlier change is still in force.
    since: u64,
    /// The name of this host.
    host: Option<Vec<u8>>,
    altered: Vec<Altered>,
    /// By the change that a command or path may name, and by the mark.
    by_rule: HashMap<Altered, usize>,
    by_mark: HashMap<(bool, Mark<'static>), Vec<usize>>,
    settings: Vec<(String, Option<u32>)>,
    found_named: HashMap<usize, Found>,
    found_marked: HashMap<(bool, Mark<'static>), Found>,
    /// The newest change of each mark that names no rule.
    newest_marked: HashMap<(bool, Mark<'static>), Stamp>,
    /// The newest change that names this rule and did the opposite of what is asked about.
    undone: HashMap<usize, Stamp>,
    found_settings: HashMap<usize, Found>,
    runs: Vec<OwnRun>,
    /// When records of changes may last have been missing.
    gap: Option<Stamp>,
    /// Whether they may be missing at any time.
    has_holes: bool,
    other_hosts: BTreeSet<String>,
}

impl Search {
    /// Nothing is asked about yet. Changes before `since`, in milliseconds since 1970, do not count, and those of hosts with
    /// another name than `host` neither.
    #[must_use]
    pub fn new(since: u64, host: Option<String>) -> Self {
        Self { since, host: host.map(String::into_bytes), ..Self::default() }
    }

    /// Records of changes may be missing in the log, at any time.
    pub fn allow_for_holes(&mut self) {
        self.has_holes = true;
    }

    /// The first hosts whose records were left out.
    pub fn other_hosts(&self) -> impl Iterator<Item = &str> {
        self.other_hosts.iter().map(String::as_str)
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

    /// Takes an event. `named` reads the rule that a line of auditctl is, under every form that the kernel may hold it in;
    /// empty where it is none, or cannot be read.
    pub fn take(&mut self, event: &RecordedEvent, named: &mut dyn FnMut(&str) -> Vec<Rule>) {
        let has = |kinds: &[RecordType]| event.kinds().any(|kind| kinds.contains(&kind));
        let is_about_changes = has(&[RecordType::CONFIG_CHANGE, RecordType::FEATURE_CHANGE, RecordType::USYS_CONFIG]);
        let is_of_auditd = has(&OF_AUDITD);
        if !(is_about_changes || is_of_auditd) || event.stamp.in_milliseconds() < self.since {
            return;
        }
        if let Some(node) = event.node().filter(|node| !self.is_this_host(node)) {
            if self.other_hosts.len() < MOST_HOSTS {
                self.other_hosts.insert(String::from_utf8_lossy(node).into_owned());
            }
            return;
        }
        if is_of_auditd {
            return self.may_miss(event.stamp);
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

    /// Whether a name is that of this host, with its domain or without.
    fn is_this_host(&self, node: &[u8]) -> bool {
        let Some(host) = &self.host else { return false };
        let [short_node, short_host] =
            [node, host].map(|name| name.split(|byte| *byte == b'.').next().unwrap_or_default());
        let is_short = node.len() == short_node.len() || host.len() == short_host.len();
        if is_short { short_node.eq_ignore_ascii_case(short_host) } else { node.eq_ignore_ascii_case(host) }
    }

    fn may_miss(&mut self, stamp: Stamp) {
        self.gap = self.gap.max(Some(stamp));
    }

    fn take_setting(&mut self, name: &str, old: Option<u32>, new: u32, maker: &Rc<Maker>) {
        if name == "enabled" && (new == 0 || old == Some(0)) {
            self.may_miss(maker.stamp);
        }
        if old == Some(new) {
            return;
        }
        for at in 0..self.settings.len() {
            if self.settings.get(at).is_some_and(|(asked, _)| asked == name) {
                keep(&mut self.found_settings, at, &Found { new, ..Found::new(maker, Tie::Record) });
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
        // Rules of that list drop records.
        if mark.list == List::EXCLUDE.0 {
            self.may_miss(maker.stamp);
        }
        let mark = Mark { list: mark.list, key: Cow::Owned(mark.key.to_vec()) };
        let asked = |loaded: bool| self.by_mark.get(&(loaded, mark.clone())).cloned().unwrap_or_default();
        let (same, opposite) = (asked(loads), asked(!loads));
        if same.is_empty() && opposite.is_empty() {
            return;
        }
        if let Some(path) = path {
            let is_about = |at: &usize| self.altered.get(*at).is_some_and(|altered| is_about(&altered.rule, path));
            let (same, opposite): (Vec<usize>, Vec<usize>) =
                (same.into_iter().filter(is_about).collect(), opposite.into_iter().filter(is_about).collect());
            return self.keep_named(&same, &opposite, maker, Tie::Record, false);
        }
        let rules = match &maker.named {
            AuditctlTitle::Lines { lines, loads: named_loads } if *named_loads == loads => {
                let rules: HashSet<Rule> = lines.iter().flat_map(|line| named(line)).collect();
                rules.into_iter().filter(|rule| mark_of(rule) == mark).collect()
            }
            _ => Vec::new(),
        };
        if rules.is_empty() {
            keep_newest(&mut self.newest_marked, (loads, mark.clone()), maker.stamp);
            let tie = if mark.key.is_empty() { Tie::List } else { Tie::Key };
            let is_one_of_several = maker.named != AuditctlTitle::NamesNone;
            keep(&mut self.found_marked, (loads, mark), &Found { is_one_of_several, ..Found::new(maker, tie) });
            return;
        }
        // It names a rule: this one, or one that nobody asks about.
        let of = |loaded: bool| -> Vec<usize> {
            let found = rules.iter().filter_map(|rule| self.by_rule.get(&Altered { rule: rule.clone(), loaded }));
            found.copied().collect::<BTreeSet<_>>().into_iter().collect()
        };
        let is_guessed = matches!(&maker.named, AuditctlTitle::Lines { lines, .. } if lines.len() > 1);
        let (same, opposite) = (of(loads), of(!loads));
        self.keep_named(&same, &opposite, maker, Tie::Arguments, is_guessed);
    }

    fn keep_named(&mut self, same: &[usize], opposite: &[usize], maker: &Rc<Maker>, tie: Tie, is_guessed: bool) {
        let is_one_of_several = is_guessed && same.len() > 1;
        let tie = if is_guessed && tie == Tie::Arguments { Tie::Shape } else { tie };
        for at in same {
            keep(&mut self.found_named, *at, &Found { is_one_of_several, ..Found::new(maker, tie) });
        }
        for at in opposite {
            keep_newest(&mut self.undone, *at, maker.stamp);
        }
    }

    /// The newest change that fits a rule.
    fn found(&self, at: usize) -> Option<Found> {
        let altered = self.altered.get(at)?;
        let marked = self.found_marked.get(&(altered.loaded, mark_of(&altered.rule)));
        match (self.found_named.get(&at), marked) {
            (Some(named), Some(marked)) => Some(newer(named, marked)),
            (named, marked) => named.or(marked).cloned(),
        }
    }

    /// Who changed the rule that was asked about by this number; none where no record tells. `known` counts the rules with a
    /// mark in the kernel and in the files.
    #[must_use]
    pub fn rule(&self, at: usize, known: &HashMap<Mark<'static>, usize>) -> Option<Culprit> {
        let altered = self.altered.get(at)?;
        let found = self.found(at)?;
        let mark = mark_of(&altered.rule);
        let is_named = !matches!(found.tie, Tie::Key | Tie::List);
        let candidates = if is_named { 1 } else { known.get(&mark).copied().unwrap_or(1).max(1) };
        // Whatever it loaded may have been unloaded since, or the other way round.
        let opposite = self.newest_marked.get(&(!altered.loaded, mark)).into_iter().chain(self.undone.get(&at));
        let is_undone = opposite.into_iter().any(|other| is_later(other, &found.maker.stamp));
        let certainty = match found.tie {
            _ if is_undone || found.is_one_of_several => Certainty::Possible,
            Tie::Record | Tie::Arguments => Certainty::Certain,
            Tie::Shape => Certainty::Likely,
            Tie::Key if candidates == 1 => Certainty::Likely,
            Tie::Key | Tie::List => Certainty::Possible,
        };
        let op = if altered.loaded { "add_rule" } else { "remove_rule" };
        Some(self.culprit(&found, op, certainty, candidates))
    }

    /// Who changed the setting that was asked about by this number; none where no record tells.
    #[must_use]
    pub fn setting(&self, at: usize) -> Option<Culprit> {
        let found = self.found_settings.get(&at)?;
        let is_as_recorded = self.settings.get(at).is_some_and(|(_, now)| *now == Some(found.new));
        let certainty = if is_as_recorded { Certainty::Certain } else { Certainty::Possible };
        Some(self.culprit(found, "set", certainty, 1))
    }

    fn culprit(&self, found: &Found, op: &'static str, certainty: Certainty, candidates: usize) -> Culprit {
        let maker = &found.maker;
        // auditd counts its own records: only the time compares.
        let milliseconds = maker.stamp.in_milliseconds();
        let has_gap = self.gap.is_some_and(|gap| gap != maker.stamp && gap.in_milliseconds() >= milliseconds);
        let certainty = match certainty {
            _ if found.is_disordered => Certainty::Possible,
            Certainty::Certain if has_gap || self.has_holes => Certainty::Likely,
            Certainty::Likely if has_gap || self.has_holes => Certainty::Possible,
            certainty => certainty,
        };
        let of_process = self.runs.iter().filter(|run| run.has(maker));
        let run = of_process.min_by_key(|run| run.stamp).cloned();
        Culprit { maker: Rc::clone(maker), op, tie: found.tie, certainty, candidates, run }
    }
}

impl Found {
    fn new(maker: &Rc<Maker>, tie: Tie) -> Self {
        Self { maker: Rc::clone(maker), tie, new: 0, is_one_of_several: false, is_disordered: false }
    }
}

/// Keeps the newer one of two changes.
fn keep<K: Eq + std::hash::Hash>(found: &mut HashMap<K, Found>, at: K, change: &Found) {
    let kept = found.get(&at).map_or_else(|| change.clone(), |known| newer(known, change));
    found.insert(at, kept);
}

/// The newer one of two changes; of two records of one event, the second.
fn newer(known: &Found, change: &Found) -> Found {
    let (known_stamp, stamp) = (known.maker.stamp, change.maker.stamp);
    let is_newer = stamp.is_after(&known_stamp) || stamp == known_stamp;
    let (older, newer) = if is_newer { (known, change) } else { (change, known) };
    let is_set_back = newer.maker.stamp.in_milliseconds() < older.maker.stamp.in_milliseconds();
    Found { is_disordered: is_set_back || older.is_disordered || newer.is_disordered, ..newer.clone() }
}

/// Keeps the stamp of the newest change.
fn keep_newest<K: Eq + std::hash::Hash>(found: &mut HashMap<K, Stamp>, at: K, stamp: Stamp) {
    let newest = found.entry(at).or_insert(stamp);
    if stamp.is_after(newest) {
        *newest = stamp;
    }
}

/// Whether a change may have been made after another one, by its number or by its time.
fn is_later(change: &Stamp, other: &Stamp) -> bool {
    change.is_after(other) || change.in_milliseconds() > other.in_milliseconds()
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
