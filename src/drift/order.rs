//! Which rules stand where they should not.

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::{NextBoot, forms_of};
use crate::boot_load::Spot;
use crate::plan::KernelState;
use crate::plan::rules::{Because, Doing, Fulfils, Ordering, RuleForms, assign, plan_rules};
use crate::rule::Rule;

/// The wanted rules, by their index, whose rules stand in a list where they should not: those that would have to move, of
/// which there are as few as can be. What the list lacks is no matter.
pub(super) fn displaced(listed: &[Rule], wanted: &[&RuleForms], ordering: Ordering) -> Vec<usize> {
    let held: HashSet<usize> = assign(listed, wanted)
        .into_iter()
        .filter_map(|fulfils| match fulfils {
            Fulfils::Wanted(at) | Fulfils::Again(at) => Some(at),
            Fulfils::Nothing => None,
        })
        .collect();
    let places: Vec<usize> = (0..wanted.len()).filter(|at| held.contains(at)).collect();
    let wanted: Vec<&RuleForms> = places.iter().filter_map(|at| wanted.get(*at).copied()).collect();
    let steps = plan_rules(listed, &wanted, ordering, &|_| None, Because::Missing);
    let moved = steps.iter().filter(|step| step.because == Because::Order && step.doing != Doing::Unload);
    let moved: HashSet<&Rule> = moved.map(|step| &step.rule).collect();
    places.into_iter().zip(wanted).filter(|(_, forms)| moved.contains(&forms.rule)).map(|(at, _)| at).collect()
}

/// The lines whose loaded rules would have to move.
pub(super) fn out_of_place(boot: &NextBoot, kernel: &KernelState, ordering: Ordering) -> Vec<usize> {
    let lines: HashMap<&Spot, usize> = boot.asked.iter().enumerate().map(|(line, asked)| (&asked.spot, line)).collect();
    let wanted: Vec<RuleForms> = boot.whole.rules.iter().map(|loaded| forms_of(&loaded.rule)).collect();
    let moved = displaced(&kernel.rules, &wanted.iter().collect::<Vec<_>>(), ordering);
    let spots = moved.into_iter().filter_map(|at| boot.whole.rules.get(at)).map(|loaded| &loaded.spot);
    let mut moved: Vec<usize> = spots.filter_map(|spot| lines.get(spot).copied()).collect();
    moved.sort_unstable();
    moved
}
