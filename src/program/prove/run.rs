//! One run: calls are made, one after the other, and the records of each are picked out of all that the kernel sends.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::Trigger;
use crate::error::Problem;
use crate::events::{DecidingRules, Facts};
use crate::intent::ProveIntent;
use crate::kernel::{Heard, Kernel, Listener, Status};
use crate::matching::{Answer, matches};
use crate::prove::{Attempt, Cause, Choice, Conditions, Proof, Trial, Unprovoked, Verdict, is_left_to, worst};
use crate::records::{Assembler, Record, RecordType, RecordedEvent};
use crate::report::event::DecidingRule;
use crate::report::proof::{Attempted, Proven};
use crate::report::recorded::{AccountNames, RecordedEventReport};
use crate::rule::Rule;
use crate::rules_d::Root;
use crate::trigger::{Failed, Made};
use crate::world::World;

/// How long is waited for a record before a look for signals.
const LOOK: Duration = Duration::from_millis(50);

/// A rule, and what is done for it.
struct Tried {
    at: usize,
    rule: DecidingRule,
    choice: Result<Choice, Unprovoked>,
    /// For each attempt what became of it.
    done: Vec<Done>,
}

/// What became of an attempt.
enum Done {
    /// This trial of it was made.
    Made { trial: usize, made: Made, event: Option<Box<RecordedEvent>>, latency: u64 },
    /// None.
    Not(Cause),
}

/// One run.
pub struct Run<'a> {
    intent: &'a ProveIntent,
    names: &'a AccountNames,
    rules: DecidingRules,
    shown: &'a dyn Fn(usize) -> Option<DecidingRule>,
    tried: Vec<Tried>,
    missing: Vec<DecidingRule>,
    /// The processes whose events are looked for: which rule, which attempt.
    pids: FxHashMap<u32, (usize, usize)>,
    assembler: Assembler,
    overruns: u64,
    heard: u64,
    stopped: Option<&'static str>,
}

impl<'a> Run<'a> {
    /// On a kernel with these rules; `shown` tells each with its place.
    pub fn new(
        intent: &'a ProveIntent,
        names: &'a AccountNames,
        rules: Vec<Rule>,
        shown: &'a dyn Fn(usize) -> Option<DecidingRule>,
    ) -> Self {
        Self {
            intent,
            names,
            rules: DecidingRules::new(rules),
            shown,
            tried: Vec::new(),
            missing: Vec::new(),
            pids: FxHashMap::default(),
            assembler: Assembler::new(),
            overruns: 0,
            heard: 0,
            stopped: None,
        }
    }

    /// Takes in a rule that is loaded.
    pub fn add(&mut self, at: usize, rule: DecidingRule, choice: Result<Choice, Unprovoked>) {
        self.tried.push(Tried { at, rule, choice, done: Vec::new() });
    }

    /// Takes in a rule that is not.
    pub fn add_missing(&mut self, rule: DecidingRule) {
        self.missing.push(rule);
    }

    /// What would be done.
    pub fn planned(self) -> Vec<Proven> {
        let missing = self.missing.into_iter().map(not_loaded);
        let tried = self.tried.into_iter().map(|tried| match tried.choice {
            Ok(choice) => Proven {
                rule: tried.rule,
                proof: None,
                by: None,
                attempted: choice.attempts.iter().filter_map(planned).collect(),
                missing: choice.missing,
                record: None,
                latency: None,
            },
            Err(why) => not_provoked(tried.rule, why),
        });
        tried.chain(missing).collect()
    }

    /// Does everything and says what came of it.
    ///
    /// # Errors
    /// What keeps the kernel from being heard.
    pub fn prove(
        mut self,
        listener: &mut dyn Listener,
        mut trigger: Trigger<'_>,
        world: &mut World<'_>,
    ) -> Result<Vec<Proven>, Vec<Problem>> {
        let status = |kernel: &mut Option<&mut dyn Kernel>| -> Status {
            kernel.as_mut().and_then(|kernel| kernel.status().ok()).unwrap_or_default()
        };
        let before = status(&mut world.kernel);
        for which in 0..self.tried.len() {
            for attempt in 0..self.attempts(which) {
                self.stopped = self.stopped.or_else(|| (world.interrupted)());
                let done = if self.stopped.is_some() {
                    Done::Not(Cause::Interrupted)
                } else {
                    self.attempt(which, attempt, &mut trigger)
                };
                if let Done::Made { made, .. } = &done {
                    self.pids.insert(made.pid, (which, attempt));
                }
                if let Some(tried) = self.tried.get_mut(which) {
                    tried.done.push(done);
                }
                while self.hear(listener, Duration::ZERO)? {}
            }
        }
        let begin = listener.now();
        while before.is_on() && self.is_waiting() && self.stopped.is_none() && listener.now() < begin + self.intent.wait
        {
            self.hear(listener, LOOK)?;
            self.stopped = (world.interrupted)();
        }
        self.assembler.finish();
        self.take_events(None);
        let after = status(&mut world.kernel);
        let dropped = Root::open(&world.root).ok().and_then(|root| root.dropped_datagrams(listener.port()));
        let conditions = Conditions { before, after, dropped: dropped.unwrap_or(self.overruns), heard: self.heard };
        let tried = std::mem::take(&mut self.tried);
        let missing = std::mem::take(&mut self.missing);
        let proven: Vec<Proven> = tried.into_iter().map(|tried| self.judged(tried, &conditions)).collect();
        Ok(proven.into_iter().chain(missing.into_iter().map(not_loaded)).collect())
    }

    fn attempts(&self, which: usize) -> usize {
        let choice = self.tried.get(which).and_then(|tried| tried.choice.as_ref().ok());
        choice.map_or(0, |choice| choice.attempts.len())
    }

    /// Makes calls until the result of one is what the rule asks for.
    fn attempt(&self, which: usize, attempt: usize, trigger: &mut Trigger<'_>) -> Done {
        let Some(tried) = self.tried.get(which) else { return Done::Not(Cause::Interrupted) };
        let attempts = tried.choice.as_ref().map_or(&[][..], |choice| &choice.attempts);
        let rule = self.rules.get(tried.at);
        let (Some(Attempt { trials, .. }), Some(rule)) = (attempts.get(attempt), rule) else {
            return Done::Not(Cause::Interrupted);
        };
        // Those first that no earlier rule is known to take.
        let is_left = |trial: &Trial| is_left_to(tried.at, &self.rules, &trial.event);
        let left = trials.iter().enumerate().filter(|(_, trial)| is_left(trial));
        let others = trials.iter().enumerate().filter(|(_, trial)| !is_left(trial));
        let (mut open, mut taken, mut failed, mut results) = (None, None, None, Vec::new());
        for (at, trial) in left.chain(others) {
            let made = match trigger(&trial.actor, &trial.call) {
                Ok(made) => made,
                Err(why) => {
                    failed = failed.or(Some(why));
                    continue;
                }
            };
            let event = trial.ended(made.exit);
            match matches(rule, &event) {
                Answer::Yes if is_left_to(tried.at, &self.rules, &event) => {
                    return Done::Made { trial: at, made, event: None, latency: 0 };
                }
                Answer::Yes => taken = taken.or(Some((at, made))),
                Answer::Depends(_) => open = open.or(Some((at, made))),
                Answer::No | Answer::Stops => results.push((trial.name, made.exit)),
            }
        }
        // Of one that is taken it is seen by which rule; another one may leave open whether it is.
        let open = taken.or(open);
        match (open, failed) {
            (Some((trial, made)), _) => Done::Made { trial, made, event: None, latency: 0 },
            (None, Some(why)) => Done::Not(Cause::Failed(why)),
            (None, None) => Done::Not(Cause::Result(results)),
        }
    }

    /// Hears one record; false where there was none.
    fn hear(&mut self, listener: &mut dyn Listener, wait: Duration) -> Result<bool, Vec<Problem>> {
        match listener.next(wait).map_err(|error| vec![Problem::from(error)])? {
            Heard::Silence => return Ok(false),
            Heard::Loss => self.overruns += 1,
            Heard::Record { number, text, came } => {
                self.heard += 1;
                if let Ok(record) = Record::of_kernel(RecordType(number.into()), text) {
                    self.assembler.add(&record);
                    self.take_events(Some(came));
                }
            }
        }
        Ok(true)
    }

    /// Keeps the events that the calls made.
    fn take_events(&mut self, came: Option<Duration>) {
        while let Some(event) = self.assembler.next_event() {
            if self.is_of_call(&event) {
                self.keep(event, came);
            } else {
                self.assembler.give_back(event);
            }
        }
    }

    /// The trial that made an event.
    fn call_of(&self, facts: &Facts<'_>) -> Option<(usize, usize)> {
        let pid = facts.process.pid?;
        let (which, attempt) = *self.pids.get(&pid)?;
        let tried = self.tried.get(which)?;
        let Done::Made { trial, made, .. } = tried.done.get(attempt)? else { return None };
        let trial = tried.choice.as_ref().ok()?.attempts.get(attempt)?.trials.get(*trial)?;
        // What the process did to become harmless is not meant.
        let process = &facts.process;
        let is_it = process.call == Some(trial.call.number)
            && process.arch == Some(trial.arch)
            && process.exit.is_some_and(|exit| is_same_to_rules(exit, made.exit))
            && process.users[1] == Some(trial.actor.users.1);
        is_it.then_some((which, attempt))
    }

    fn is_of_call(&self, event: &RecordedEvent) -> bool {
        event.first(RecordType::SYSCALL).is_some() && self.call_of(&Facts::of(event)).is_some()
    }

    fn keep(&mut self, found: RecordedEvent, came: Option<Duration>) {
        let Some((which, attempt)) = self.call_of(&Facts::of(&found)) else { return };
        let done = self.tried.get_mut(which).and_then(|tried| tried.done.get_mut(attempt));
        if let Some(Done::Made { event, latency, .. }) = done {
            let made = Duration::from_millis(found.stamp.in_milliseconds());
            *latency = came.map_or(0, |came| u64::try_from(came.saturating_sub(made).as_millis()).unwrap_or(u64::MAX));
            *event = Some(Box::new(found));
        }
    }

    fn is_waiting(&self) -> bool {
        let waits = |done: &Done| matches!(done, Done::Made { event: None, .. });
        self.tried.iter().any(|tried| tried.done.iter().any(waits))
    }

    fn judged(&mut self, tried: Tried, conditions: &Conditions) -> Proven {
        let Choice { attempts, mut missing } = match tried.choice {
            Ok(choice) => choice,
            Err(why) => return not_provoked(tried.rule, why),
        };
        let (mut attempted, mut proofs) = (Vec::new(), Vec::new());
        let mut told: Option<(Verdict, Option<RecordedEventReport>, Option<u64>)> = None;
        for (attempt, done) in attempts.iter().zip(&tried.done) {
            let (trial, made, proof, event, latency) = match done {
                Done::Not(cause) => {
                    let is_result =
                        matches!(cause, Cause::Result(_) | Cause::Failed(Failed::Harm | Failed::NoDescriptor(_)));
                    if let Some(trial) = attempt.trials.first().filter(|_| is_result && attempt.access.is_none()) {
                        missing.push(trial.name.to_owned());
                    }
                    let verdict = if is_result { Verdict::NotProvoked } else { Verdict::Inconclusive };
                    (attempt.trials.first(), None, Proof::new(verdict, cause.clone()), None, None)
                }
                Done::Made { trial, made, event, latency } => {
                    let Some(trial) = attempt.trials.get(*trial) else { continue };
                    let facts = event.as_deref().map(Facts::of);
                    let proof = Proof::of(tried.at, &mut self.rules, trial, made, facts.as_ref(), conditions);
                    let event = facts.map(|facts| {
                        let report = RecordedEventReport::of(&facts, self.names);
                        if self.intent.records { report.with_records(&facts) } else { report }
                    });
                    let latency = event.as_ref().map(|_| *latency);
                    (Some(trial), Some(made.exit), proof, event, latency)
                }
            };
            let tells_more = |told: &(Verdict, _, _)| proof.verdict < told.0;
            if proof.verdict != Verdict::NotProvoked && told.as_ref().is_none_or(tells_more) {
                told = Some((proof.verdict, event, latency));
            }
            attempted.extend(trial.map(|trial| attempted_by(attempt, trial, made, Some(&proof))));
            proofs.push(proof);
        }
        let proof =
            worst(proofs).unwrap_or(Proof::new(Verdict::NotProvoked, Cause::Unprovoked(Unprovoked::Conditions)));
        let by = proof.by.and_then(self.shown);
        let (_, record, latency) = told.unwrap_or((Verdict::NotProvoked, None, None));
        Proven { rule: tried.rule, proof: Some(proof), by, attempted, missing, record, latency }
    }
}

/// Rules look at the lower 32 bits of a result, and calls of 32 bit have no others.
fn is_same_to_rules(exit: i64, other: i64) -> bool {
    (exit ^ other).trailing_zeros() >= 32
}

fn planned(attempt: &Attempt) -> Option<Attempted> {
    attempt.trials.first().map(|trial| attempted_by(attempt, trial, None, None))
}

fn attempted_by(attempt: &Attempt, trial: &Trial, exit: Option<i64>, proof: Option<&Proof>) -> Attempted {
    Attempted {
        access: attempt.access,
        syscall: trial.name,
        arch: trial.arch,
        path: trial.call.path().map(<[u8]>::to_vec),
        actor: trial.actor,
        exit,
        proof: proof.cloned(),
    }
}

fn not_loaded(rule: DecidingRule) -> Proven {
    Proven::untried(rule, Proof::new(Verdict::NotLoaded, Cause::NotLoaded))
}

fn not_provoked(rule: DecidingRule, why: Unprovoked) -> Proven {
    Proven::untried(rule, Proof::new(Verdict::NotProvoked, Cause::Unprovoked(why)))
}
