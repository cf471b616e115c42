//! What loading the merged drop-ins line by line comes to.

use std::collections::VecDeque;
use std::rc::Rc;

use rustc_hash::{FxBuildHasher, FxHashMap as HashMap, FxHashSet as HashSet};

use crate::auditctl::{Control, Verb};
use crate::lines::{HostRule, Reader, Unloadable};
use crate::rule::Rule;
use crate::settings::{Name, Settings};

/// A place in a drop-in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The file's path.
    pub file: Rc<str>,
    /// The line, from 1.
    pub line: usize,
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A line of the merged file.
#[derive(Debug, Clone)]
pub struct LoadLine {
    /// Its text, without a newline.
    pub text: Rc<[u8]>,
    /// Where it comes from; two places where a missing newline glued two lines together.
    pub spots: Vec<Spot>,
}

/// A rule that the load puts into the kernel.
#[derive(Debug, Clone)]
pub struct LoadedRule {
    /// The rule.
    pub rule: Rc<HostRule>,
    /// Where it stands.
    pub spot: Spot,
}

/// Why a line of the load has no effect, or stops it.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadFailure {
    /// The line by itself.
    Unloadable(Unloadable),
    /// The kernel already holds the rule: "Rule exists".
    Duplicate(Spot),
    /// A delete of a rule that is not there.
    NothingToDelete,
    /// A line before it locked the kernel, which then takes no change until the next boot: EPERM.
    Locked(Spot),
}

/// A line of the load that the boot loader fails at.
#[derive(Debug, Clone)]
pub struct Failing {
    /// Where it stands.
    pub spot: Spot,
    /// Its text.
    pub text: Rc<[u8]>,
    /// Why.
    pub trouble: LoadFailure,
    /// The boot loader goes on, for an earlier `-i` or `-c`, or because auditctl takes the line without its rule;
    /// otherwise it stops here, if no line did before.
    pub is_passed_over: bool,
}

impl Failing {
    /// Whether something is lost although the load goes on: a duplicate is loaded all the same, and what was to be deleted
    /// is not there.
    #[must_use]
    pub fn is_tolerated_loss(&self) -> bool {
        self.is_passed_over && matches!(self.trouble, LoadFailure::Unloadable(_) | LoadFailure::Locked(_))
    }
}

/// What a load comes to, if no line stopped it.
#[derive(Debug, Default)]
pub struct BootLoad {
    /// The rules, in the kernel's order.
    pub rules: Vec<LoadedRule>,
    /// The settings, and where each was last set.
    pub settings: Settings,
    /// Where each setting was last set.
    pub set_at: HashMap<Name, Spot>,
    /// The lines that fail.
    pub failing: Vec<Failing>,
    /// Further copies of rules that the load holds: the kernel takes with `-A` what it has already. Each with the place of
    /// the first copy.
    pub copies: Vec<(LoadedRule, Spot)>,
    /// The rules while the lines are walked through, copies among them.
    queue: VecDeque<LoadedRule>,
    /// Rules that a later line takes away again, with that line.
    deleted: Vec<(LoadedRule, Spot)>,
    /// The line that locks the kernel. What stands after it is in `rules` all the same, and fails.
    locked: Option<Spot>,
    /// How many lines were carried out before the first that loads nothing, as all after it, since it stops the boot loader
    /// or the kernel is locked by then; none if the boot loader reaches the end.
    end: Option<usize>,
    /// How many lines were carried out before the first that stops the boot loader; none if it reaches the end.
    pub stop: Option<usize>,
}

/// The rules that are held, each with the place of its first copy.
type Held = HashMap<Rc<Rule>, Spot>;

/// A line of the merged file, while it is carried out.
struct Place<'a> {
    number: usize,
    spot: &'a Spot,
    text: &'a Rc<[u8]>,
}

impl Place<'_> {
    fn failing(&self, trouble: LoadFailure, is_passed_over: bool) -> Failing {
        Failing { spot: self.spot.clone(), text: Rc::clone(self.text), trouble, is_passed_over }
    }
}

/// Whether a line that cannot be read was meant to be a rule.
#[must_use]
pub fn looks_like_a_rule(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    [b"-a".as_slice(), b"-A", b"-w"].iter().any(|option| text.starts_with(option))
}

impl BootLoad {
    /// Walks through merged lines as `auditctl -R` would, but goes on after a failing line and notes it.
    #[must_use]
    pub fn of(lines: &[LoadLine], reader: &mut Reader) -> Self {
        let mut load = Self::default();
        let mut held: Held = HashMap::with_capacity_and_hasher(lines.len(), FxBuildHasher);
        for (number, line) in lines.iter().enumerate() {
            let reading = reader.read(&line.text);
            let Some(spot) = line.spots.first() else { continue };
            let place = Place { number, spot, text: &line.text };
            if reading.at_boot.is_empty() {
                load.step(&place, &reading.controls, reading.loadable(), &reading.obstacles, false, &mut held);
            }
            for step in &reading.at_boot {
                let rule = step.rule.as_ref().filter(|_| step.obstacles.is_empty());
                load.step(&place, &step.controls, rule, &step.obstacles, step.ends, &mut held);
            }
            if reading.is_lost() && looks_like_a_rule(&line.text) {
                let why = reading.obstacles.iter().cloned().map(LoadFailure::Unloadable);
                why.for_each(|trouble| load.failing.push(place.failing(trouble, true)));
            }
        }
        load.part_copies();
        load
    }

    /// Leaves each rule once in the list, where the kernel finds it first.
    fn part_copies(&mut self) {
        let mut first: HashMap<Rc<Rule>, Spot> = HashMap::with_capacity_and_hasher(self.queue.len(), FxBuildHasher);
        for loaded in std::mem::take(&mut self.queue) {
            if let Some(spot) = first.get(&loaded.rule.listed) {
                self.copies.push((loaded, spot.clone()));
            } else {
                first.insert(Rc::clone(&loaded.rule.listed), loaded.spot.clone());
                self.rules.push(loaded);
            }
        }
    }

    /// The rules that a later line takes away and that no line after it brings back, each with the line that takes it away.
    pub fn lost(&self) -> impl Iterator<Item = (&LoadedRule, &Spot)> {
        let loaded: HashSet<&Rule> = self.rules.iter().map(|loaded| &*loaded.rule.listed).collect();
        let deleted = self.deleted.iter().filter(move |(gone, _)| !loaded.contains(&*gone.rule.listed));
        deleted.map(|(gone, by)| (gone, by))
    }

    /// How many of the lines the boot carries out before it stops, or the kernel is locked; all of them where neither is so.
    #[must_use]
    pub fn reach(&self, lines: &[LoadLine]) -> usize {
        self.end.unwrap_or(lines.len()).min(lines.len())
    }

    /// The line from which on nothing is loaded.
    #[must_use]
    pub fn stops_at<'a>(&self, lines: &'a [LoadLine]) -> Option<&'a Spot> {
        lines.get(self.end?)?.spots.first()
    }

    /// Carries a line out, or a piece of it. auditctl has set what stands before the place at which a line fails.
    fn step(
        &mut self,
        place: &Place<'_>,
        controls: &[Control],
        rule: Option<&Rc<HostRule>>,
        obstacles: &[Unloadable],
        ends: bool,
        held: &mut Held,
    ) {
        let mut locked = None;
        for control in controls {
            // A delete is refused only where there is something to delete.
            let is_refused = match control {
                Control::DeleteAll | Control::DeleteByKey(_) => !self.queue.is_empty(),
                Control::Enabled(_)
                | Control::Failure(_)
                | Control::BacklogLimit(_)
                | Control::RateLimit(_)
                | Control::BacklogWaitTime(_) => true,
                _ => false,
            };
            match self.locked.clone().filter(|_| is_refused) {
                Some(by) => locked = Some(by),
                None => self.control(control, place.spot, held),
            }
        }
        let mut troubles: Vec<LoadFailure> = obstacles.iter().cloned().map(LoadFailure::Unloadable).collect();
        if let Some(rule) = rule {
            locked = locked.or_else(|| self.locked.clone());
            troubles.extend(self.rule(rule, place.spot, held));
        }
        troubles.extend(locked.map(LoadFailure::Locked));
        for trouble in troubles {
            let is_passed_over = (self.settings.ignore_errors || self.settings.continue_on_errors) && !ends;
            if !is_passed_over && self.stop.is_none() {
                self.stop = Some(place.number);
            }
            if !is_passed_over || matches!(trouble, LoadFailure::Locked(_)) {
                self.end.get_or_insert(place.number);
            }
            self.failing.push(place.failing(trouble, is_passed_over));
        }
    }

    fn control(&mut self, control: &Control, spot: &Spot, held: &mut Held) {
        match control {
            Control::DeleteAll => {
                self.deleted.extend(self.queue.drain(..).map(|loaded| (loaded, spot.clone())));
                held.clear();
            }
            Control::DeleteByKey(part) => {
                let contains = |rule: &Rule| rule.key().is_some_and(|key| contains(key, part));
                let (gone, kept): (VecDeque<_>, VecDeque<_>) =
                    std::mem::take(&mut self.queue).into_iter().partition(|one| contains(&one.rule.listed));
                self.queue = kept;
                self.deleted.extend(gone.into_iter().map(|loaded| (loaded, spot.clone())));
                held.retain(|rule, _| !contains(rule));
            }
            _ => {
                if *control == Control::Enabled(2) {
                    self.locked = Some(spot.clone());
                }
                if let Some(name) = self.settings.take(control) {
                    self.set_at.insert(name, spot.clone());
                }
            }
        }
    }

    fn rule(&mut self, rule: &Rc<HostRule>, spot: &Spot, held: &mut Held) -> Option<LoadFailure> {
        let listed = &rule.listed;
        let loaded = LoadedRule { rule: Rc::clone(rule), spot: spot.clone() };
        match rule.line.verb {
            Verb::Delete => {
                let find = |load: &Self| load.queue.iter().position(|other| other.rule.listed == *listed);
                let gone = find(self).and_then(|at| self.queue.remove(at));
                let Some(gone) = gone else { return Some(LoadFailure::NothingToDelete) };
                self.deleted.push((gone, spot.clone()));
                match find(self).and_then(|at| self.queue.get(at)) {
                    Some(next) => held.insert(Rc::clone(listed), next.spot.clone()),
                    None => held.remove(listed),
                };
            }
            // With `-A` the kernel takes a rule that it holds once more (Linux 6.1 and 6.18).
            Verb::Append => {
                if let Some(first) = held.get(listed) {
                    return Some(LoadFailure::Duplicate(first.clone()));
                }
                held.insert(Rc::clone(listed), spot.clone());
                self.queue.push_back(loaded);
            }
            Verb::Prepend => {
                held.insert(Rc::clone(listed), spot.clone());
                self.queue.push_front(loaded);
            }
        }
        None
    }
}

/// Whether `whole` contains `part`, as `auditctl -D -k` looks at keys.
fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}
