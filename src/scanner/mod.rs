//! What the auditors' scanner finds in rules files, with the checks of the SCAP Security Guide, which are compiled in.
//!
//! The scanner searches text. Rules that record the same in other words it does not find, and [`judge`] says which those
//! are, and what it would find.

mod content;
mod evaluate;
mod matcher;
mod meaning;
mod pattern;

use std::collections::BTreeSet;
use std::rc::Rc;

pub use content::{Check, Chosen, Content, ProductChecks, Profile, Unit, Unknown, content};
pub use evaluate::{Place, ScannedFile, Subject, Why};
pub use meaning::Held;

use content::{Files, Node};
use evaluate::Evaluation;

use crate::boot_load::Spot;
use crate::error::{Problem, RequestError};
use crate::lines::Reader;
use crate::rule::Machine;
use crate::tables::nearest::nearest;

/// Where units lie that load rules, as the checks ask for them.
pub const UNITS: &str = "/usr/lib/systemd/system/";

/// What becomes of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The scanner is content.
    Accepted,
    /// It is not, and rules mean what it looks for, in other words.
    SameMeaning,
    /// It is not, and something that it looks for is missing.
    Absent,
    /// Files of rules do not tell.
    Undecided,
}

/// A check, and what becomes of it.
#[derive(Debug)]
pub struct Judged {
    /// The check.
    pub check: &'static Check,
    /// What becomes of it.
    pub state: State,
    /// The lines that the scanner finds, or that mean the same.
    pub spots: Vec<Spot>,
    /// What the scanner accepts, where it does not find it; empty where that is not known, or is that a rule goes.
    pub text: String,
    /// What else there is to say.
    pub why: Vec<Why>,
}

/// A profile of a product, by their names.
///
/// # Errors
/// A name that is not known; the place is its key.
pub fn chosen_of(product: &str, profile: &str) -> Result<Chosen, Problem> {
    let content = content();
    if !content.products().any(|known| known == product) {
        return Err(unknown(product, content.products(), "/product"));
    }
    content.chosen(product, profile).ok_or_else(|| unknown(profile, content.profiles(product), "/profile"))
}

fn unknown<'a>(found: &str, allowed: impl Iterator<Item = &'a str> + Clone, pointer: &str) -> Problem {
    let nearest = nearest(found, allowed.clone()).map(str::to_owned);
    let allowed = allowed.map(str::to_owned).collect();
    Problem::at_pointer(RequestError::BadValue { found: found.to_owned(), allowed, nearest }.into(), pointer)
}

/// What becomes of each check of a profile.
#[must_use]
pub fn judge(chosen: Chosen, subject: &Subject<'_>, held: &Held, reader: &mut Reader) -> Vec<Judged> {
    let mut evaluation = Evaluation::of(subject);
    let machine = reader.facts().machine;
    let judged = chosen.checks(&machine).map(|check| {
        let outcome = evaluation.node(check.node);
        let spot =
            |place: &Place| Some(Spot { file: Rc::clone(&subject.files.get(place.file)?.name), line: place.line });
        // That a unit loads the rules is no line of theirs.
        let is_of_rules =
            |place: &&Place| subject.files.get(place.file).is_some_and(|file| !file.path.starts_with(UNITS));
        let spots = each_once(outcome.places.iter().filter(is_of_rules).filter_map(spot));
        let mut why = outcome.why;
        why.dedup();
        let judged = |state, spots, text, why| Judged { check, state, spots, text, why };
        match outcome.holds {
            Some(true) => judged(State::Accepted, spots, String::new(), Vec::new()),
            None => judged(State::Undecided, Vec::new(), check.accepts().replace("{}", "PROGRAM"), why),
            Some(false) => {
                let all = wanted(check, subject.programs);
                let same = held.means(&all, reader);
                let text = why.iter().find_map(|why| match why {
                    Why::OfPrograms { lacking, .. } => Some(wanted(check, Some(lacking))),
                    _ => None,
                });
                let state = if same.is_some() { State::SameMeaning } else { State::Absent };
                judged(state, same.unwrap_or_default(), text.unwrap_or(all), why)
            }
        }
    });
    judged.collect()
}

/// Places in their order, each once.
fn each_once(spots: impl Iterator<Item = Spot>) -> Vec<Spot> {
    let mut seen = Vec::new();
    for spot in spots {
        if !seen.contains(&spot) {
            seen.push(spot);
        }
    }
    seen
}

/// What a check accepts, with these programs.
fn wanted(check: &Check, programs: Option<&[Vec<u8>]>) -> String {
    let text = check.accepts();
    if !text.contains("{}") {
        return text.to_owned();
    }
    let of = |path: &Vec<u8>| text.replace("{}", &String::from_utf8_lossy(path));
    programs.unwrap_or_default().iter().map(of).collect()
}

/// Whether a check of a profile asks which programs of the host have setuid or setgid.
#[must_use]
pub fn asks_programs(chosen: Chosen, machine: &Machine) -> bool {
    chosen.checks(machine).any(|check| check.accepts().contains("{}"))
}

/// Whether a unit loads the rules in a way that the checks of a profile know: without that they accept hardly anything. None
/// where they do not ask.
#[must_use]
pub fn sees_loader(chosen: Chosen, subject: &Subject<'_>, machine: &Machine) -> Option<bool> {
    let content = content();
    let is_unit = |files: usize| matches!(content.files.get(files), Some(Files::Is(path)) if path.starts_with(UNITS));
    let mut evaluation = Evaluation::of(subject);
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<usize> = chosen.checks(machine).map(|check| check.node).collect();
    let mut found = None;
    while let Some(at) = waiting.pop() {
        let number = |child: &i32| usize::try_from(if *child < 0 { -1 - child } else { *child }).ok();
        match content.nodes.get(at).filter(|_| seen.insert(at)) {
            Some(Node::All { all: children } | Node::Any { any: children }) => {
                waiting.extend(children.iter().filter_map(number));
            }
            // Where the scanner cannot read the unit, the checks say so.
            Some(Node::Search(search)) if is_unit(search.files) => match evaluation.node(at).holds {
                Some(false) => found = Some(false),
                _ => return Some(true),
            },
            _ => {}
        }
    }
    found
}
