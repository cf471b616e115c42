//! What loaded rules that no file asks for do to those that one asks for.

use super::Warning;
use crate::auditctl::canonical_lossy;
use crate::matching::{Earlier, Provided, blocker, covers, have_same_effect, have_same_key};
use crate::rule::{Action, Machine, Rule};

/// Rules that no file asks for and that match all that some after them match: the events of these are theirs. Where both
/// do the same under the same key, nothing is said.
#[must_use]
pub fn shadowed_by_foreign(rules: &[Rule], is_foreign: &dyn Fn(usize) -> bool, machine: &Machine) -> Vec<Warning> {
    let foreign = (0..rules.len()).filter(|at| is_foreign(*at) && blocker(&rules[*at]).is_none());
    let mut taken: Vec<(usize, Vec<usize>, Provided)> =
        foreign.map(|at| (at, Vec::new(), Provided::default())).collect();
    if taken.is_empty() {
        return Vec::new();
    }
    let earlier = Earlier::of(rules.iter().collect());
    for at in (0..rules.len()).filter(|at| !is_foreign(*at)) {
        for other in earlier.than(at) {
            let Ok(place) = taken.binary_search_by_key(&other, |(foreign, ..)| *foreign) else { continue };
            let (first, second) = (&rules[other], &rules[at]);
            let is_same = have_same_effect(first, second) && have_same_key(first, second);
            if let Some(provided) = covers(first, second).filter(|_| !is_same) {
                taken[place].1.push(at);
                taken[place].2 |= provided;
                break;
            }
        }
    }
    taken.retain(|(_, after, _)| !after.is_empty());
    let text = |at: usize| canonical_lossy(&rules[at], machine);
    let warning = |(by, after, provided): (usize, Vec<usize>, Provided)| Warning::ShadowedByForeign {
        by: text(by),
        is_never: rules[by].action == Action::NEVER,
        rules: after.into_iter().map(text).collect(),
        provided,
    };
    taken.into_iter().map(warning).collect()
}
