//! Rules that the request declares and that other lines of the boot load take away again, or keep out.

use std::rc::Rc;

use rustc_hash::FxHashSet as HashSet;

use super::Work;
use crate::boot_load::{BootLoad, LoadFailure, LoadLine, Spot};
use crate::error::{Place, PolicyError, Problem};
use crate::intent::Goal;
use crate::lines::HostRule;
use crate::rule::Rule;

impl Work<'_> {
    /// What keeps a declared rule from being loaded at boot is an error: the host would record less than it says.
    pub(super) fn judge_lost(&mut self, declared: &[Rc<HostRule>], lines: &[LoadLine], load: &BootLoad) {
        if !matches!(self.intent.goal, Goal::Present(_) | Goal::Exact(..)) {
            return;
        }
        let text = |spot: &Spot| {
            let line = lines.iter().find(|line| line.spots.contains(spot));
            line.map_or_else(String::new, |line| String::from_utf8_lossy(&line.text).into_owned())
        };
        let place = |spot: &Spot| {
            let (file, rule) = (Some(Rc::clone(&spot.file)), Some(text(spot).into()));
            Place { file, line: Some(spot.line), rule, ..Place::default() }
        };
        let declared: HashSet<&Rule> = declared.iter().map(|rule| &*rule.listed).collect();
        for (gone, by) in load.lost().filter(|(gone, _)| declared.contains(&*gone.rule.listed)) {
            let error = PolicyError::DeletedAgain { by: by.to_string(), line: text(by) };
            self.problems.push(Problem::at(error, place(&gone.spot)));
        }
        let own = load.rules.iter().filter(|loaded| declared.contains(&*loaded.rule.listed));
        let own: HashSet<&Spot> = own.map(|loaded| &loaded.spot).collect();
        for failing in load.failing.iter().filter(|failing| own.contains(&failing.spot)) {
            if let LoadFailure::Locked(by) = &failing.trouble {
                let error = PolicyError::AfterLock { by: by.to_string() };
                self.problems.push(Problem::at(error, place(&failing.spot)));
            }
        }
    }
}
