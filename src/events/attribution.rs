//! Which rule recorded an event.

use super::facts::Facts;
use super::question::DecidingRules;
use crate::matching::{Decision, Event, decide_on_own_list};
use crate::rule::Rule;

/// Which rule recorded an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution {
    /// This one, by its index.
    Rule(usize),
    /// None that can be named.
    None(Unattributed),
}

/// Why no rule can be named for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unattributed {
    /// No rule made it: it is a program's record, or another record brought that of the call along.
    OfNoRule,
    /// No rule has its key: the rules are others than when it was recorded.
    NoSuchKey,
    /// Rules have its key, and none of them matches it.
    NoneMatches,
    /// Several rules with its key may have matched, and its records do not say which.
    Several,
}

impl Unattributed {
    /// A short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OfNoRule => "of_no_rule",
            Self::NoSuchKey => "no_such_key",
            Self::NoneMatches => "none_matches",
            Self::Several => "several_rules",
        }
    }
}

impl DecidingRules {
    /// Which rule recorded an event: the one that decides about it, where it has the key that was recorded. Where the
    /// records leave open which one decides, the key chooses. Files have other names too (links, mounts): where no rule
    /// fits, the names are left out of account.
    pub fn attribute(&mut self, facts: &Facts<'_>) -> Attribution {
        if !facts.is_of_a_rule() {
            return Attribution::None(Unattributed::OfNoRule);
        }
        let Some(mut event) = self.question(facts) else { return Attribution::None(Unattributed::OfNoRule) };
        let key = facts.key();
        let of_call = self.of_call(&event);
        let with_key = self.with_key(key.as_deref());
        let is_of_list = |at: &usize| self.get(*at).is_some_and(|rule| rule.list == event.list);
        let fitting: Vec<usize> = with_key.iter().copied().filter(|at| of_call.has(*at) && is_of_list(at)).collect();
        if fitting.is_empty() {
            let is_known = !with_key.is_empty();
            return Attribution::None(if is_known { Unattributed::NoneMatches } else { Unattributed::NoSuchKey });
        }
        let asked: Vec<usize> = self.about(&of_call, &event).into_iter().filter(is_of_list).collect();
        let first = self.chosen(&asked, &event, &fitting);
        let has_files = event.names.as_ref().is_some_and(|names| !names.is_empty());
        if first != Attribution::None(Unattributed::NoneMatches) || !has_files {
            return first;
        }
        event.names = None;
        self.chosen(&fitting, &event, &fitting)
    }

    /// The one rule of these that may have decided and fits. That the event was recorded says what other lists did.
    fn chosen(&self, asked: &[usize], event: &Event, fitting: &[usize]) -> Attribution {
        let rules: Vec<&Rule> = asked.iter().filter_map(|at| self.get(*at)).collect();
        let Decision { rule, undecided, .. } = decide_on_own_list(&rules, event);
        let may_have = undecided.iter().map(|(at, _)| *at).chain(rule).filter_map(|at| asked.get(at));
        let mut found = may_have.filter(|at| fitting.binary_search(at).is_ok());
        match (found.next(), found.next()) {
            (Some(only), None) => Attribution::Rule(*only),
            (Some(_), Some(_)) => Attribution::None(Unattributed::Several),
            (None, _) => Attribution::None(Unattributed::NoneMatches),
        }
    }
}
