//! The drop-ins that the request itself declares.

use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::{Deduplicated, Skipped};
use super::{DropIn, Warning, Work, drop_in};
use crate::augenrules;
use crate::boot_load::{BootLoad, LoadFailure, Spot};
use crate::error::{Problem, RequestError};
use crate::intent::{ApplyIntent, DropInGoal, Goal, RequestLine};
use crate::lines::{HostRule, Unloadable};
use crate::request::OnMissing;
use crate::rule::Rule;
use crate::set_aside::{self, SetAside};
use crate::settings::{Name, Settings};

/// What the request makes of a drop-in that it names.
pub(super) enum Change {
    /// It holds this.
    Holds(String, Vec<u8>),
    /// It is gone.
    Gone(String),
}

/// What the request asks for by itself.
#[derive(Default)]
pub(super) struct Own {
    pub rules: Vec<Rc<HostRule>>,
    pub settings: Settings,
    /// The settings of each drop-in by itself: a later one may say otherwise.
    pub each: Vec<(Name, u32)>,
    pub dropped: Vec<Rc<HostRule>>,
    pub skipped: Vec<Skipped>,
    pub deduplicated: Vec<Deduplicated>,
    pub warnings: Vec<Warning>,
}

impl Own {
    /// What is wrong with a policy that leaves nothing loaded where that is not said to be meant: it may be empty only
    /// here, since lines are left out. In check mode those that wait for what other tasks make count as there.
    pub(super) fn leaves_nothing(&self, intent: &ApplyIntent) -> Option<Problem> {
        let goals = match &intent.goal {
            Goal::Exact(goals, _) => goals,
            Goal::Present(goals) => return self.comes_down_to_comments(goals, intent),
            _ => return None,
        };
        let waits = intent.check_mode && intent.on_missing == OnMissing::CheckModeSkip;
        let is_waiting = self.skipped.iter().any(|skipped| waits && skipped.why.is_missing());
        if intent.allow_empty || is_waiting || !self.rules.is_empty() || !self.settings.is_empty() {
            return None;
        }
        let error = RequestError::EmptyPolicy { skipped: self.skipped.len() };
        Some(Problem::at_pointer(error.into(), key_of(goals)))
    }

    /// The same where drop-ins that held rules are to hold comments alone.
    fn comes_down_to_comments(&self, goals: &[DropInGoal], intent: &ApplyIntent) -> Option<Problem> {
        let says_nothing = self.rules.is_empty() && self.settings.is_empty();
        let leaves_out = !self.skipped.is_empty() || !self.deduplicated.is_empty();
        let are_all_held = goals.iter().all(|goal| matches!(goal, DropInGoal::Content(_)));
        let is_meant = intent.allow_empty || leaves_out || !are_all_held || self.dropped.is_empty();
        (says_nothing && !is_meant).then(|| Problem::at_pointer(RequestError::NothingDeclared.into(), key_of(goals)))
    }

    /// Adds what a drop-in asks for; gives its bytes.
    fn add(&mut self, composed: drop_in::Composed) -> Vec<u8> {
        self.warnings.extend(composed.notes.into_iter().map(|(line, note)| Warning::Note { spot: None, line, note }));
        self.warnings.extend(composed.at_boot_only.into_iter().map(|line| Warning::AtBootOnly { line }));
        let only = composed.kernel_only.into_iter();
        self.warnings.extend(only.map(|(line, why)| Warning::KernelOnly { line, why }));
        self.rules.extend(composed.rules);
        self.each.extend(composed.settings.iter());
        self.settings.overrule_with(&composed.settings);
        self.skipped.extend(composed.skipped);
        self.deduplicated.extend(composed.deduplicated);
        composed.bytes
    }
}

/// The rules of the drop-ins beside those of the request, and where they stand.
struct Beside {
    all: HashMap<Rc<Rule>, Spot>,
    /// Those that the boot comes to.
    reached: HashMap<Rc<Rule>, Spot>,
    /// The name of the drop-in that stops it.
    stop: Option<String>,
}

impl Beside {
    /// Those that a drop-in of this name need not hold: before the stop of the boot load, what stands after it does not
    /// count, since the boot would load neither.
    fn seen_from(&self, name: &str) -> &HashMap<Rc<Rule>, Spot> {
        let is_before = self.stop.as_ref().is_some_and(|stop| natural_order(name, stop).is_lt());
        if is_before { &self.reached } else { &self.all }
    }
}

/// The key of the request that these stand under.
fn key_of(goals: &[DropInGoal]) -> &'static str {
    match goals {
        [DropInGoal::Content(declared)] if declared.pointer.is_empty() => "/rules",
        _ => "/drop_ins",
    }
}

fn natural_order(a: &str, b: &str) -> std::cmp::Ordering {
    augenrules::natural_order(a.as_bytes(), b.as_bytes())
}

impl Work<'_> {
    /// What becomes of the drop-ins that the request names, in the order in which the boot loader reads them.
    pub(super) fn own_drop_ins(&mut self) -> (Vec<Change>, Own) {
        let mut own = Own::default();
        let goal = &self.intent.goal;
        if let Goal::Without(name, lines) = goal {
            own.dropped = self.given_rules(lines);
            return (self.without(name.file_name().to_string_lossy().into_owned(), lines).into_iter().collect(), own);
        }
        let goals = goal.drop_ins();
        let names: Vec<String> = goals.iter().map(DropInGoal::file_name).collect();
        let mut beside = self.rules_beside(goals);
        let mut changes = Vec::new();
        for (goal, name) in goals.iter().zip(&names) {
            own.dropped.extend(self.rules_in(name));
            let DropInGoal::Content(declared) = goal else {
                changes.extend(self.files.drop_ins.iter().any(|d| d.name == *name).then(|| Change::Gone(name.clone())));
                continue;
            };
            let path = self.files.path(name).display().to_string();
            let mut composed = drop_in::compose(
                declared,
                &path,
                beside.seen_from(name),
                self.choices,
                self.reader,
                &mut self.problems,
            );
            let held = self.files.drop_ins.iter().find(|d| d.name == *name);
            composed.spare(&path, held.map(|held| held.content.bytes.as_slice()));
            let before = own.skipped.len();
            let mut bytes = own.add(composed);
            if self.follows_open_line(name, &names, &changes) {
                bytes.insert(0, b'\n');
            }
            Skipped::stand_in(&mut own.skipped[before..], &path, &bytes);
            if names.len() > 1 {
                for (rule, spot) in self.places_in(name, &bytes) {
                    beside.reached.entry(Rc::clone(&rule)).or_insert_with(|| spot.clone());
                    beside.all.entry(rule).or_insert(spot);
                }
            }
            self.forget_replaced(name, &bytes);
            changes.push(Change::Holds(name.clone(), bytes));
        }
        (changes, own)
    }

    /// Lets the readings of those lines of a drop-in go that these bytes of it do not have: what they asked for is known.
    fn forget_replaced(&mut self, name: &str, bytes: &[u8]) {
        let lines = |bytes| <[u8]>::split(bytes, |byte| *byte == b'\n');
        let stays: HashSet<&[u8]> = lines(bytes).flat_map(set_aside::spellings).collect();
        let held = self.files.drop_ins.iter().find(|d| d.name == *name);
        let held = held.into_iter().flat_map(|held| lines(held.content.bytes.as_slice()));
        self.reader.forget(held.flat_map(set_aside::spellings).filter(|line| !stays.contains(line)));
    }

    /// Whether the drop-in just before this one ends without a newline, so that augenrules would glue our first line to
    /// its last; an empty first line keeps them apart. `named` are the drop-ins of the request, `changes` what becomes of
    /// those before this one.
    fn follows_open_line(&self, name: &str, named: &[String], changes: &[Change]) -> bool {
        let stays = self.stays();
        let others = stays.iter().filter(|d| !named.contains(&d.name)).map(|d| (&d.name, d.content.bytes.as_slice()));
        let ours = changes.iter().filter_map(|change| match change {
            Change::Holds(name, bytes) => Some((name, bytes.as_slice())),
            Change::Gone(_) => None,
        });
        let before =
            others.chain(ours).filter(|(other, bytes)| natural_order(other, name).is_lt() && !bytes.is_empty());
        before.max_by(|a, b| natural_order(a.0, b.0)).is_some_and(|(_, bytes)| !bytes.ends_with(b"\n"))
    }

    /// A drop-in without these lines.
    fn without(&mut self, name: String, lines: &[RequestLine]) -> Option<Change> {
        let held = self.files.drop_ins.iter().find(|d| d.name == name)?;
        let unwanted: Vec<&RequestLine> = lines.iter().collect();
        Some(match drop_in::without(&held.content.bytes, &unwanted, self.reader) {
            Some(bytes) => Change::Holds(name, bytes),
            None => Change::Gone(name),
        })
    }

    /// The rules that the request wants gone; a line that means nothing here is a problem.
    fn given_rules(&mut self, lines: &[RequestLine]) -> Vec<Rc<HostRule>> {
        let mut rules = Vec::new();
        for author in lines {
            let reading = self.reader.read(author.text.as_bytes());
            for why in reading.obstacles.iter().filter(|why| !why.is_missing() && !why.is_of_other_machines()) {
                self.problems.push(Problem::at(why.what(), author.place()));
            }
            rules.extend(reading.rule.iter().filter(|rule| !rule.line.emptied).map(Rc::clone));
        }
        rules
    }

    /// The rules that a drop-in holds now.
    fn rules_in(&mut self, name: &str) -> Vec<Rc<HostRule>> {
        let held: Vec<DropIn> = self.files.drop_ins.iter().filter(|d| d.name == name).cloned().collect();
        let lines = self.files.merged(&held, self.reader).lines;
        let load = BootLoad::of(&lines, self.reader);
        let mut rules: Vec<_> = load.rules.into_iter().map(|loaded| loaded.rule).collect();
        let of_kernel = held.iter().flat_map(|held| set_aside::of_kernel_alone(&held.content.bytes, self.reader));
        rules.extend(of_kernel.map(|comment| comment.rule));
        // The kernel keeps a rule on a program whose directory is gone.
        let is_missing =
            |trouble: &LoadFailure| matches!(trouble, LoadFailure::Unloadable(Unloadable::MissingPath { .. }));
        let lines = load.failing.iter().filter(|failing| is_missing(&failing.trouble));
        rules.extend(lines.filter_map(|failing| self.reader.read(&failing.text).rule.clone()));
        // A comment in place of a line asks for its rule too.
        for text in held.iter().flat_map(|d| d.content.bytes.split(|byte| *byte == b'\n')) {
            let comment = SetAside::of(text, self.reader);
            let rule = comment.and_then(|comment| self.reader.read(comment.line).rule.clone());
            rules.extend(rule.filter(|rule| !rule.line.emptied));
        }
        rules
    }

    /// The rules of all other drop-ins that stay. The drop-ins of the request end the last line of
    /// one before them that lacks its newline.
    fn rules_beside(&mut self, goals: &[DropInGoal]) -> Beside {
        let names: Vec<String> = goals.iter().map(DropInGoal::file_name).collect();
        let mut others: Vec<DropIn> = self.stays().into_iter().filter(|d| !names.contains(&d.name)).collect();
        let holds = goals.iter().filter(|goal| matches!(goal, DropInGoal::Content(_)));
        let ends =
            |goal: &DropInGoal| DropIn { name: goal.file_name(), content: self.permit.content(b"\n".to_vec(), None) };
        others.extend(holds.map(ends).collect::<Vec<_>>());
        let lines = self.files.merged(&others, self.reader).lines;
        let load = BootLoad::of(&lines, self.reader);
        let reached: HashSet<&Spot> =
            lines[..load.reach(&lines)].iter().filter_map(|line| line.spots.first()).collect();
        let places = || load.rules.iter().map(|loaded| (Rc::clone(&loaded.rule.listed), loaded.spot.clone()));
        let stop = load.stops_at(&lines).and_then(|stop| stop.file.rsplit('/').next()).map(str::to_owned);
        Beside { all: places().collect(), reached: places().filter(|(_, spot)| reached.contains(spot)).collect(), stop }
    }

    /// The rules of one drop-in with these bytes, and where they stand.
    fn places_in(&mut self, name: &str, bytes: &[u8]) -> Vec<(Rc<Rule>, Spot)> {
        let content = self.permit.content(bytes.to_vec(), None);
        let lines = self.files.merged(&[DropIn { name: name.to_owned(), content }], self.reader).lines;
        let rules = BootLoad::of(&lines, self.reader).rules.into_iter();
        rules.map(|loaded| (Rc::clone(&loaded.rule.listed), loaded.spot)).collect()
    }
}
