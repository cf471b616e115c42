//! The lines that ask for rules, and what the next boot makes of them.

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use std::rc::Rc;

use super::wished;
use crate::auditctl::Verb;
use crate::boot_load::{BootLoad, Failing, LoadLine, Spot, Trouble};
use crate::desired::Merge;
use crate::lines::{HostRule, Obstacle, Reader};
use crate::plan::rules::Wish;

/// A line that asks for a rule.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where it stands.
    pub spot: Spot,
    /// What it says.
    pub text: Vec<u8>,
    /// Its rule; none where the line cannot be read here.
    pub rule: Option<Rc<HostRule>>,
    /// What the next boot makes of it.
    pub fate: Fate,
}

/// What the next boot makes of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// Its rule is loaded, and stays.
    Loaded,
    /// It fails.
    Fails(Trouble),
    /// An earlier line stops the load.
    Behind(Spot),
    /// A later line takes the rule away again.
    Removed,
}

impl Asked {
    /// Whether the line counts for itself: a duplicate stands for the line that it repeats, and what a later line takes
    /// away is asked for by nobody.
    #[must_use]
    pub fn counts(&self) -> bool {
        !matches!(self.fate, Fate::Removed | Fate::Fails(Trouble::Duplicate(_)))
    }
}

/// What the next boot would load.
#[derive(Debug)]
pub struct NextBoot {
    /// The files, merged.
    pub merge: Merge,
    /// The load as it would be if no line stopped it.
    pub whole: BootLoad,
    /// The load as it will be.
    pub real: BootLoad,
    /// The lines that ask for rules, in the order of the merged file.
    pub asked: Vec<Asked>,
}

impl NextBoot {
    /// Walks through the merged files.
    #[must_use]
    pub fn of(merge: Merge, reader: &mut Reader) -> Self {
        let whole = BootLoad::of(&merge.lines, reader);
        let reached = merge.lines.get(..whole.stop.unwrap_or(merge.lines.len())).unwrap_or_default();
        let mut real = BootLoad::of(reached, reader);
        let failing: HashSet<&Spot> = whole.failing.iter().map(|failing| &failing.spot).collect();
        real.rules.retain(|loaded| !failing.contains(&loaded.spot));
        let asked = asked(&merge.lines, &whole, &real, reader);
        Self { merge, whole, real, asked }
    }

    /// The line at which the load stops, and how many it leaves unread.
    #[must_use]
    pub fn stop(&self) -> Option<(&Failing, usize)> {
        let behind = self.merge.lines.len() - self.whole.stop? - 1;
        Some((self.whole.failing.iter().find(|failing| !failing.is_passed_over)?, behind))
    }

    /// The lines that count and can mean a loaded rule, by their index.
    #[must_use]
    pub fn wishes(&self) -> Vec<(usize, Wish)> {
        let lines = self.asked.iter().enumerate().filter(|(_, asked)| asked.counts());
        let rules = lines.filter_map(|(line, asked)| Some((line, asked.rule.as_ref()?)));
        rules.filter(|(_, rule)| !rule.line.emptied).map(|(line, rule)| (line, wished(rule))).collect()
    }
}

fn asked(lines: &[LoadLine], whole: &BootLoad, real: &BootLoad, reader: &mut Reader) -> Vec<Asked> {
    let loaded: HashSet<&Spot> = real.rules.iter().map(|loaded| &loaded.spot).collect();
    let failing: HashMap<&Spot, &Trouble> =
        whole.failing.iter().rev().map(|failing| (&failing.spot, &failing.trouble)).collect();
    let stop = whole.failing.iter().find(|failing| !failing.is_passed_over).map(|failing| &failing.spot);
    let mut found = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let reading = reader.read(&line.text);
        let Some(spot) = line.spots.first() else { continue };
        let is_unread = reading.obstacles.iter().any(|why| matches!(why, Obstacle::Line(_)));
        let asks = reading
            .rule
            .as_ref()
            .map_or(is_unread && looks_like_a_rule(&line.text), |rule| rule.line.verb != Verb::Delete);
        if !asks {
            continue;
        }
        let is_behind = whole.stop.is_some_and(|stop| number > stop);
        let fate = match (failing.get(spot), stop) {
            (Some(trouble), _) => Fate::Fails((*trouble).clone()),
            (None, Some(stop)) if is_behind => Fate::Behind(stop.clone()),
            _ if loaded.contains(spot) => Fate::Loaded,
            _ => Fate::Removed,
        };
        found.push(Asked { spot: spot.clone(), text: line.text.clone(), rule: reading.rule.clone(), fate });
    }
    found
}

/// Whether a line that cannot be read was meant to be a rule.
fn looks_like_a_rule(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    [b"-a".as_slice(), b"-A", b"-w"].iter().any(|option| text.starts_with(option))
}
