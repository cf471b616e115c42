//! Rules that record nothing, since another one keeps the kernel from it.

use super::{blocker, covers, earlier::Earlier, property::names_a_file};
use crate::rule::{Action, List, Rule};

/// Which of these rules of a kernel, in its order, record no event of their own list: a rule without conditions switches that off,
/// or an earlier `never` rule matches all that they match. Where that hangs on what stands at a path, it counts.
#[must_use]
pub fn suppressed(rules: &[Rule]) -> Vec<bool> {
    let mut found = vec![false; rules.len()];
    let records = |rule: &Rule| rule.list == List::EXIT && rule.action == Action::ALWAYS;
    for (at, other) in rules.iter().enumerate().filter(|(_, rule)| blocker(rule).is_some()) {
        let reaches = |place: usize, rule: &Rule| match other.list {
            List::EXIT => place > at,
            List::FILESYSTEM => rule.fields.iter().any(names_a_file),
            _ => true,
        };
        let those = found.iter_mut().zip(rules).enumerate();
        let those = those.filter(|(place, (_, rule))| records(rule) && reaches(*place, rule));
        those.for_each(|(_, (is_suppressed, _))| *is_suppressed = true);
    }
    if rules.iter().any(|rule| rule.list == List::EXIT && rule.action == Action::NEVER) {
        let earlier = Earlier::of(rules.iter().collect());
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| records(rule)) {
            let mut others = earlier.than(at).into_iter().filter_map(|other| rules.get(other));
            found[at] |= others.any(|other| other.action == Action::NEVER && covers(other, rule).is_some());
        }
    }
    found
}
