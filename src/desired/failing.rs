//! Lines of drop-ins that cannot be loaded, where the request asks for all that drop-ins say.

use super::{Deduplicated, Skipped, Treatment, Work};
use crate::boot_load::{BootLoad, Failing, LoadLine, Trouble};
use crate::error::{Place, PolicyError, Problem, What};
use crate::lines::Obstacle;
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
        let wishes = self.intent.goal.wishes().iter();
        let own: Vec<String> = wishes.map(|wish| self.files.path(&wish.file_name()).display().to_string()).collect();
        for failing in &load.failing {
            let line = String::from_utf8_lossy(&failing.text).into_owned();
            let place = Place {
                file: Some(failing.spot.file.to_string()),
                line: Some(failing.spot.line),
                rule: Some(line.clone()),
                ..Place::default()
            };
            match &failing.trouble {
                // Here it can be loaded; another warning says that the boot does not.
                Trouble::NothingToDelete | Trouble::Locked(_) => {}
                Trouble::Duplicate(same_as) if self.choices.on_duplicate == OnDuplicate::Skip => {
                    deduplicated.push(Deduplicated { line, place, same_as: same_as.clone() });
                }
                Trouble::Duplicate(same_as) => {
                    let error = PolicyError::Duplicate { same_as: same_as.to_string() };
                    self.problems.push(Problem::at(error, place));
                }
                // The kernel takes it, and another warning says where the boot load stops.
                Trouble::Obstacle(Obstacle::TooNew { .. }) if self.choices.loader_unknown == LoaderUnknown::Number => {}
                Trouble::Obstacle(why) => match self.choices.treats(why) {
                    Treatment::Refuse if !failing.is_passed_over => {
                        if !own.iter().any(|path| **path == *failing.spot.file) {
                            let error = error(lines, failing, why).unwrap_or_else(|| why.what());
                            self.problems.push(Problem::at(error, place));
                        }
                    }
                    _ => skipped.push(Skipped { line, place, why: why.clone() }),
                },
            }
        }
    }
}

/// What is wrong with a failing line that a missing newline has made of two: that comes before what is wrong with it as
/// one line.
fn error(lines: &[LoadLine], failing: &Failing, why: &Obstacle) -> Option<What> {
    let line = lines.iter().find(|line| line.spots.first() == Some(&failing.spot) && line.text == failing.text)?;
    let [_, second, ..] = line.spots.as_slice() else { return None };
    let why = Problem::from(why.what()).message();
    Some(PolicyError::RunTogether { second: second.to_string(), why }.into())
}
