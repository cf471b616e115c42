//! What a policy would make of events that were recorded.

use super::facts::Facts;
use super::question::DecidingRules;
use crate::matching::{Decision, Need, decide};
use crate::rule::Rule;

/// What a policy would make of an event that a rule recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldBe {
    /// What would become of it.
    pub what: Replayed,
    /// The rule that would decide, by its index; where that is open, none.
    pub rule: Option<usize>,
    /// What the answer depends on.
    pub needs: Vec<Need>,
}

/// What would become of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Replayed {
    /// It would be recorded, under the same key.
    Kept,
    /// It would be recorded, under another key.
    OtherKey,
    /// It would not be recorded.
    Lost,
    /// That depends on what its records do not tell.
    Undecided,
}

/// A policy that events are held against.
#[derive(Debug, Default)]
pub struct Replay {
    /// Its rules.
    pub rules: DecidingRules,
}

impl Replay {
    /// What the policy would make of an event; none of one that no rule made: nothing a policy says would change it.
    pub fn of(&mut self, facts: &Facts<'_>) -> Option<WouldBe> {
        if !facts.is_of_a_rule() {
            return None;
        }
        let event = self.rules.question(facts)?;
        let of_call = self.rules.of_call(&event);
        let asked = self.rules.about(&of_call, &event);
        let rules: Vec<&Rule> = asked.iter().filter_map(|at| self.rules.get(*at)).collect();
        let Decision { rule, undecided, recorded, dropped_by } = decide(&rules, &event);
        let key = facts.key();
        let has_key =
            |at: usize| rules.get(at).is_some_and(|rule| rule.key().filter(|key| !key.is_empty()) == key.as_deref());
        let may_decide: Vec<usize> = undecided.iter().map(|(at, _)| *at).chain(rule).collect();
        let same = may_decide.iter().filter(|at| has_key(**at)).count();
        let what = match recorded {
            Some(false) => Replayed::Lost,
            Some(true) if same == may_decide.len() => Replayed::Kept,
            Some(true) if same == 0 => Replayed::OtherKey,
            _ => Replayed::Undecided,
        };
        let is_decided = what != Replayed::Undecided && undecided.is_empty();
        let mut needs: Vec<Need> = Vec::new();
        for need in undecided.iter().flat_map(|(_, needs)| needs).filter(|_| what == Replayed::Undecided) {
            if !needs.contains(need) {
                needs.push(*need);
            }
        }
        let decides = dropped_by.or(rule).filter(|_| is_decided);
        Some(WouldBe { what, rule: decides.and_then(|at| asked.get(at).copied()), needs })
    }
}
