//! Rules that the request declares and that other lines of the boot load take away again, or keep out.

use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

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
        let declared: HashSet<&Rule> = declared.iter().map(|rule| &*rule.listed).collect();
        let gone: Vec<_> = load.lost().filter(|(gone, _)| declared.contains(&*gone.rule.listed)).collect();
        let own = load.rules.iter().filter(|loaded| declared.contains(&*loaded.rule.listed));
        let own: HashSet<&Spot> = own.map(|loaded| &loaded.spot).collect();
        let own = load.failing.iter().filter(|failing| own.contains(&failing.spot));
        let locked: Vec<_> = own
            .filter_map(|failing| match &failing.trouble {
                LoadFailure::Locked(by) => Some((&failing.spot, by)),
                _ => None,
            })
            .collect();
        if gone.is_empty() && locked.is_empty() {
            return;
        }
        // Where a file is merged twice, its first line counts.
        let spots = lines.iter().rev().flat_map(|line| line.spots.iter().map(move |spot| (spot, &*line.text)));
        let texts: HashMap<&Spot, &[u8]> = spots.collect();
        let text =
            |spot: &Spot| texts.get(spot).map_or_else(String::new, |text| String::from_utf8_lossy(text).into_owned());
        let place = |spot: &Spot| {
            let (file, rule) = (Some(Rc::clone(&spot.file)), Some(text(spot).into()));
            Place { file, line: Some(spot.line), rule, ..Place::default() }
        };
        for (gone, by) in gone {
            let error = PolicyError::DeletedAgain { by: by.to_string(), line: text(by) };
            self.problems.push(Problem::at(error, place(&gone.spot)));
        }
        for (spot, by) in locked {
            let error = PolicyError::AfterLock { by: by.to_string() };
            self.problems.push(Problem::at(error, place(spot)));
        }
    }
}
