//! What the load of the next boot is worth a sentence for.

use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use rustc_hash::{FxBuildHasher, FxHashMap as HashMap};

use super::Warning;
use crate::auditctl::canonical_lossy;
use crate::boot_load::{BootLoad, LoadLine, Spot};
use crate::lines::HostRule;
use crate::matching::blocker;
use crate::rule::{Field, FieldNumber, Machine, Rule};
use crate::settings::Name;

/// What the load at the next boot is worth a sentence for.
#[must_use]
pub fn about(lines: &[LoadLine], load: &BootLoad, machine: &Machine) -> Vec<Warning> {
    let glued = lines.iter().filter_map(|line| match line.spots.as_slice() {
        [first, second, ..] => Some(Warning::Glued { first: first.clone(), second: second.clone() }),
        _ => None,
    });
    let stop = load.stop.and_then(|number| {
        let failing = load.failing.iter().find(|failing| !failing.is_passed_over)?;
        let why = failing.trouble.sentence();
        let line = String::from_utf8_lossy(&failing.text).into_owned();
        Some(Warning::BootStops { spot: failing.spot.clone(), line, why, after: lines.len() - number - 1 })
    });
    let blockers = load.rules.iter().filter_map(|loaded| {
        let effect = blocker(&loaded.rule.listed)?;
        let rule = canonical_lossy(&loaded.rule.listed, machine);
        Some(Warning::Blocker { rule, spot: Some(loaded.spot.clone()), effect })
    });
    let deleted = load.lost().map(|(gone, by)| Warning::DeletedAgain {
        rule: canonical_lossy(&gone.rule.line.rule, machine),
        spot: gone.spot.clone(),
        by: by.clone(),
    });
    let tolerated = load.failing.iter().filter(|failing| failing.is_tolerated_loss()).map(|failing| {
        let line = String::from_utf8_lossy(&failing.text).into_owned();
        Warning::FailsAtBoot { spot: failing.spot.clone(), line, why: failing.trouble.sentence() }
    });
    glued.chain(stop).chain(deleted).chain(tolerated).chain(blockers).chain(shadowed(load, machine)).collect()
}

/// What is worth knowing of rules of files: that they never act, or not as they were meant. Each with its place and its line.
pub fn grave_notes<'a>(
    rules: impl Iterator<Item = (&'a Spot, &'a [u8], &'a HostRule)>,
) -> impl Iterator<Item = Warning> {
    rules.flat_map(|(spot, text, rule)| {
        let line: Rc<str> = String::from_utf8_lossy(text).into();
        let notes = rule.line.notes.iter().filter(|note| note.is_grave());
        notes.map(move |note| Warning::Note { spot: Some(spot.clone()), line: line.clone(), note: note.clone() })
    })
}

/// Settings, each with its place where it has one, that a later line sets otherwise at the next boot.
pub fn overruled(load: &BootLoad, wanted: impl Iterator<Item = (Name, u32, Option<Spot>)>) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = Vec::new();
    for (name, value, from) in wanted {
        let Some((at_boot, spot)) = load.settings.get(name).zip(load.set_at.get(&name)) else { continue };
        let warning = Warning::Overruled { from, name, wanted: value, at_boot, spot: spot.clone() };
        if at_boot != value && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    warnings
}

/// Rules that differ from an earlier one in nothing but the key.
fn shadowed(load: &BootLoad, machine: &Machine) -> Vec<Warning> {
    let mut first: HashMap<Keyless<'_>, &Spot> = HashMap::with_capacity_and_hasher(load.rules.len(), FxBuildHasher);
    let mut warnings = Vec::new();
    for loaded in &load.rules {
        match first.entry(Keyless(&loaded.rule.listed)) {
            Entry::Occupied(by) => warnings.push(Warning::Shadowed {
                rule: canonical_lossy(&loaded.rule.listed, machine),
                spot: loaded.spot.clone(),
                by: (*by.get()).clone(),
            }),
            Entry::Vacant(place) => {
                place.insert(&loaded.spot);
            }
        }
    }
    warnings
}

/// A rule that is the same as another one with other keys.
struct Keyless<'a>(&'a Rule);

impl Keyless<'_> {
    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.0.fields.iter().filter(|field| field.number != FieldNumber::KEY)
    }
}

impl PartialEq for Keyless<'_> {
    fn eq(&self, other: &Self) -> bool {
        let rest = |rule: &Self| (rule.0.list, rule.0.action);
        rest(self) == rest(other)
            && self.0.syscalls == other.0.syscalls
            && self.0.rest == other.0.rest
            && self.fields().eq(other.fields())
    }
}

impl Eq for Keyless<'_> {}

impl Hash for Keyless<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Rule { list, action, syscalls, rest, .. } = self.0;
        (list, action, syscalls, rest).hash(state);
        self.fields().for_each(|field| field.hash(state));
    }
}
