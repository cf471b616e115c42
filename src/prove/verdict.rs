//! What it means that a call was recorded, or was not.

use super::choice::{Trial, Unprovoked};
use crate::events::{Attribution, DecidingRules, Facts};
use crate::kernel::Status;
use crate::matching::cover::covers;
use crate::matching::{Answer, Decision, Event, Need, decide, matches};
use crate::rule::{Action, FieldNumber, Rule};
use crate::trigger::{Failed, Made};

/// `subj_user` to `subj_clr`, `obj_user` to `obj_lev_high`, in `linux/audit.h`: which label a process has is not chosen here.
const LABELS: std::ops::RangeInclusive<u32> = 13..=23;
/// `ppid`, among them.
const PPID: u32 = 18;

/// What is said of a rule, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is not in the kernel.
    NotLoaded,
    /// What it asks for was done and not recorded, and nothing was lost.
    Silent,
    /// Another rule took the event, or keeps it from being recorded.
    Shadowed,
    /// It could not be found out.
    Inconclusive,
    /// Nothing was done.
    NotProvoked,
    /// It was recorded by this rule.
    Records,
}

/// Why.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// It is as it should be.
    Recorded,
    /// Another rule recorded it.
    RecordedBy,
    /// Another rule keeps it from being recorded.
    KeptBy,
    /// Nothing was recorded.
    NotRecorded,
    /// The kernel holds no such rule.
    NotLoaded,
    /// Auditing is off.
    Off,
    /// Records were lost in that time: by the kernel, on the way to us.
    Lost {
        /// By the kernel.
        kernel: u32,
        /// On the way to us.
        socket: u64,
    },
    /// Another rule took the event, which is not about all that this one is about.
    Partly,
    /// It asks for security labels.
    Label(Vec<FieldNumber>),
    /// Nothing came at all, not even that somebody listens.
    Deaf,
    /// It depends on what is not known of the call.
    Depends(Vec<FieldNumber>),
    /// An earlier rule may have kept it from being recorded.
    MayBeKept(Vec<Need>),
    /// It was recorded, and several rules with this key may have done it.
    Several,
    /// The call was not made.
    Failed(Failed),
    /// The calls ended otherwise than the rule asks for.
    Result(Vec<(&'static str, i64)>),
    /// Nothing can be done for it.
    Unprovoked(Unprovoked),
    /// It was interrupted before.
    Interrupted,
}

/// What one attempt, or a rule, came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// In a word.
    pub verdict: Verdict,
    /// Why.
    pub cause: Cause,
    /// The rule that took the event, by its index.
    pub by: Option<usize>,
}

/// How it was while the calls were made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions {
    /// The kernel's state before.
    pub before: Status,
    /// And behind.
    pub after: Status,
    /// Records that were lost on the way to us.
    pub dropped: u64,
    /// Records that came.
    pub heard: u64,
}

impl Proof {
    /// Without another rule.
    #[must_use]
    pub fn new(verdict: Verdict, cause: Cause) -> Self {
        Self { verdict, cause, by: None }
    }

    /// What a call says of a rule: `at` is its index in the rules of the kernel.
    #[must_use]
    pub fn of(
        at: usize,
        rules: &mut DecidingRules,
        trial: &Trial,
        made: &Made,
        recorded: Option<&Facts<'_>>,
        conditions: &Conditions,
    ) -> Self {
        let event = trial.ended(made.exit);
        let answer = rules.get(at).map(|rule| matches(rule, &event));
        let recorded = recorded.map(|facts| (facts, rules.attribute(facts)));
        let is_taken = recorded.is_some_and(|(_, attribution)| attribution == Attribution::Rule(at));
        if let (Some(Answer::Depends(fields)), false) = (&answer, is_taken) {
            if fields.iter().all(|field| LABELS.contains(&field.0) && field.0 != PPID) {
                return Self::new(Verdict::NotProvoked, Cause::Label(fields.clone()));
            }
            if recorded.is_some() {
                return Self::new(Verdict::Inconclusive, Cause::Depends(fields.clone()));
            }
        }
        let proof = match recorded {
            Some((facts, attribution)) => Self::of_recorded(at, rules, facts, attribution, &event),
            None => Self::of_silence(rules, &event, answer, conditions),
        };
        match proof.by.and_then(|by| rules.get(by)).zip(rules.get(at)) {
            // Under the same keys it is found all the same.
            Some((by, rule)) if !(takes_all(by, rule) || recorded.is_some() && by.key() == rule.key()) => {
                Self { verdict: Verdict::Inconclusive, cause: Cause::Partly, by: proof.by }
            }
            _ => proof,
        }
    }

    fn of_recorded(
        at: usize,
        rules: &DecidingRules,
        facts: &Facts<'_>,
        attribution: Attribution,
        event: &Event,
    ) -> Self {
        let by = |by: usize| Self { verdict: Verdict::Shadowed, cause: Cause::RecordedBy, by: Some(by) };
        match attribution {
            Attribution::Rule(found) if found == at => Self::new(Verdict::Records, Cause::Recorded),
            Attribution::Rule(found) => by(found),
            Attribution::None(_) => {
                let decision = decided(rules, event);
                let has_key = rules.get(at).is_some_and(|rule| rule.key() == facts.key().as_deref());
                match decision.rule {
                    Some(found) if decision.undecided.is_empty() && found == at && has_key => {
                        Self::new(Verdict::Records, Cause::Recorded)
                    }
                    Some(found) if decision.undecided.is_empty() && found != at => by(found),
                    _ => Self::new(Verdict::Inconclusive, Cause::Several),
                }
            }
        }
    }

    fn of_silence(rules: &DecidingRules, event: &Event, answer: Option<Answer>, conditions: &Conditions) -> Self {
        if conditions.before.enabled == 0 || conditions.after.enabled == 0 {
            return Self::new(Verdict::Inconclusive, Cause::Off);
        }
        let decision = decided(rules, event);
        if let (Some(false), Some(found)) = (decision.recorded, decision.dropped_by.or(decision.rule)) {
            return Self { verdict: Verdict::Shadowed, cause: Cause::KeptBy, by: Some(found) };
        }
        if conditions.heard == 0 {
            return Self::new(Verdict::Inconclusive, Cause::Deaf);
        }
        let kernel = conditions.after.lost.wrapping_sub(conditions.before.lost);
        if kernel > 0 || conditions.dropped > 0 {
            return Self::new(Verdict::Inconclusive, Cause::Lost { kernel, socket: conditions.dropped });
        }
        if let Some(Answer::Depends(fields)) = answer {
            return Self::new(Verdict::Inconclusive, Cause::Depends(fields));
        }
        let keeps = |index: &usize| rules.get(*index).is_some_and(|rule| rule.action != Action::ALWAYS);
        let needs: Vec<Need> =
            decision.undecided.iter().filter(|(index, _)| keeps(index)).flat_map(|(_, needs)| needs.clone()).collect();
        if !needs.is_empty() {
            return Self::new(Verdict::Inconclusive, Cause::MayBeKept(needs));
        }
        Self::new(Verdict::Silent, Cause::NotRecorded)
    }
}

/// Whether a rule takes every event that another one is about. The task and exclude lists come before all others: what they
/// are about is compared as if it were of the same list.
fn takes_all(by: &Rule, rule: &Rule) -> bool {
    let is_of_all = by.fields.iter().all(|field| matches!(field.number, FieldNumber::KEY | FieldNumber::MSGTYPE));
    covers(by, rule).is_some() || by.list != rule.list && is_of_all
}

/// Whether the rules of the kernel leave a call to this one, as far as that can be told before it is made.
#[must_use]
pub fn is_left_to(at: usize, rules: &DecidingRules, event: &Event) -> bool {
    let decision = decided(rules, event);
    decision.recorded != Some(false) && decision.rule.is_none_or(|rule| rule == at)
}

/// The worst of several; none of none. What was not provoked says something only where nothing else does.
#[must_use]
pub fn worst(proofs: Vec<Proof>) -> Option<Proof> {
    let is_silent_about = |proof: &Proof| proof.verdict == Verdict::NotProvoked;
    let worst = proofs.iter().filter(|proof| !is_silent_about(proof)).min_by_key(|proof| proof.verdict).cloned();
    worst.or_else(|| proofs.into_iter().next())
}

fn decided(rules: &DecidingRules, event: &Event) -> Decision {
    let all: Vec<&Rule> = (0..rules.len()).filter_map(|at| rules.get(at)).collect();
    decide(&all, event)
}
