//! Lines of drop-ins that cannot be loaded, where the request asks for all that drop-ins say.

use std::rc::Rc;

use rustc_hash::FxHashMap as HashMap;

use super::{Deduplicated, Skipped, Treatment, Warning, Work, grave_notes};
use crate::boot_load::{BootLoad, Failing, LoadFailure, LoadLine, Spot};
use crate::error::{Place, PolicyError, Problem, RequestError, What};
use crate::intent::Goal;
use crate::lines::Unloadable;
use crate::request::{LoaderUnknown, OnDuplicate};

impl Work<'_> {
    /// Lines of any drop-in that cannot be loaded: the request asks for all of them. Those that the request gives itself
    /// were judged where it gives them.
    pub(super) fn judge_failing(
        &mut self,
        lines: &[LoadLine],
        load: &BootLoad,
        skipped: &mut Vec<Skipped>,
        deduplicated: &mut Vec<Deduplicated>,
    ) {
        let own = self.own_paths();
        let by_spot = by_spot(lines);
        let glued: Vec<&LoadLine> = lines.iter().filter(|line| line.spots.len() > 1).collect();
        for (copy, same_as) in &load.copies {
            let text = by_spot.get(&copy.spot).map(|line| &*line.text);
            self.judge_duplicate(&copy.spot, text.unwrap_or_default(), same_as, deduplicated);
        }
        for failing in &load.failing {
            let (line, place) = placed(&failing.spot, &failing.text);
            match &failing.trouble {
                // Here it can be loaded; another warning says that the boot does not.
                LoadFailure::NothingToDelete | LoadFailure::Locked(_) => {}
                LoadFailure::Duplicate(same_as) => {
                    self.judge_duplicate(&failing.spot, &failing.text, same_as, deduplicated);
                }
                // The kernel takes it, and another warning says where the boot load stops.
                LoadFailure::Unloadable(Unloadable::TooNew { .. })
                    if self.choices.loader_unknown == LoaderUnknown::Number => {}
                LoadFailure::Unloadable(why) => match self.choices.treats(why) {
                    Treatment::Refuse if !failing.is_passed_over => {
                        if !own.iter().any(|path| **path == *failing.spot.file) {
                            let error = error(&glued, failing, why).unwrap_or_else(|| why.what());
                            self.problems.push(Problem::at(error, place));
                        }
                    }
                    _ => skipped.push(Skipped { line, place, why: why.clone() }),
                },
            }
        }
    }

    /// A purge over files without a rule or setting would unload all: rules.d may have been lost.
    pub(super) fn judge_empty(&mut self, load: &BootLoad, skipped: usize) {
        let purges = matches!(self.intent.goal, Goal::Loaded(_, Some(_)));
        if purges && !self.intent.allow_empty && load.settings.is_empty() {
            self.problems.push(Problem::at_pointer(RequestError::EmptyPolicy { skipped }.into(), "/purge"));
        }
    }

    /// What is worth knowing of the rules of other drop-ins: that they do not act as they were meant.
    pub(super) fn notes(&self, lines: &[LoadLine], load: &BootLoad) -> Vec<Warning> {
        let own: Vec<String> = self.own_paths();
        let by_spot = by_spot(lines);
        let others = load.rules.iter().filter(|loaded| !own.iter().any(|path| **path == *loaded.spot.file));
        let text = |spot: &Spot| by_spot.get(spot).map(|line| &*line.text).unwrap_or_default();
        grave_notes(others.map(|loaded| (&loaded.spot, text(&loaded.spot), &*loaded.rule))).collect()
    }

    /// The paths of the drop-ins that the request gives itself.
    fn own_paths(&self) -> Vec<String> {
        let goals = self.intent.goal.drop_ins().iter();
        goals.map(|goal| self.files.path(&goal.file_name()).display().to_string()).collect()
    }

    /// A line with a rule that another line holds.
    fn judge_duplicate(&mut self, at: &Spot, text: &[u8], same_as: &Spot, deduplicated: &mut Vec<Deduplicated>) {
        let (line, place) = placed(at, text);
        match self.choices.on_duplicate {
            OnDuplicate::Skip => deduplicated.push(Deduplicated { line, place, same_as: same_as.clone() }),
            OnDuplicate::Fail => {
                let error = PolicyError::Duplicate { same_as: same_as.to_string() };
                self.problems.push(Problem::at(error, place));
            }
        }
    }
}

/// The lines by their places; of two of one place, the first.
fn by_spot(lines: &[LoadLine]) -> HashMap<&Spot, &LoadLine> {
    lines.iter().rev().filter_map(|line| Some((line.spots.first()?, line))).collect()
}

/// A line of a drop-in, and its place.
fn placed(spot: &Spot, text: &[u8]) -> (Rc<str>, Place) {
    let line: Rc<str> = String::from_utf8_lossy(text).into();
    let (file, rule) = (Some(Rc::clone(&spot.file)), Some(Rc::clone(&line)));
    (line, Place { file, line: Some(spot.line), rule, ..Place::default() })
}

/// What is wrong with a failing line that a missing newline has made of two: that comes before what is wrong with it as
/// one line.
fn error(glued: &[&LoadLine], failing: &Failing, why: &Unloadable) -> Option<What> {
    let line = glued.iter().find(|line| line.spots.first() == Some(&failing.spot) && line.text == failing.text)?;
    let [_, second, ..] = line.spots.as_slice() else { return None };
    let why = Problem::from(why.what()).message();
    Some(PolicyError::RunTogether { second: second.to_string(), why }.into())
}
