//! What was counted of all events.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::attribution::{Attribution, Unattributed};
use super::counts::{Count, Span};
use super::facts::Facts;
use super::noise::Noise;
use super::replay::{Replayed, WouldBe};
use crate::matching::Need;

/// Most keys that are counted one by one; events with others are counted together.
pub const MOST_KEYS: usize = 10_000;
/// Most rules of which it is looked at what makes them record.
pub const MOST_NOISY: usize = 1000;

/// How often there was a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCount {
    /// The key.
    pub key: String,
    /// How often.
    pub count: Count,
}

/// What was counted of the events that were kept.
#[derive(Debug, Default)]
pub struct Tally {
    /// All of them.
    pub kept: Count,
    /// By the index of the rule; rules without events may be missing at the end.
    pub by_rule: Vec<Count>,
    /// What the first [`MOST_NOISY`] rules recorded that recorded anything, by their indices.
    pub noise: FxHashMap<usize, Noise>,
    /// How many records the events have.
    pub records: u64,
    /// Why no rule can be named for others.
    pub unattributed: BTreeMap<Unattributed, Count>,
    /// What the policy would make of them.
    pub replayed: BTreeMap<Replayed, Count>,
    /// What open answers depend on, with how many of them.
    pub needs: Vec<(Need, u64)>,
    /// Events with keys beyond [`MOST_KEYS`].
    pub other_keys: u64,
    by_key: FxHashMap<Vec<u8>, Count>,
}

impl Tally {
    /// Counts an event that was kept, with the rule that recorded it and what the policy would make of it, where these were
    /// asked for.
    pub fn add(&mut self, facts: &Facts<'_>, attribution: Option<Attribution>, would_be: Option<&WouldBe>) {
        let stamp = facts.event.stamp;
        self.kept.add(stamp);
        self.records += facts.event.kinds().count() as u64;
        match attribution {
            Some(Attribution::Rule(at)) => self.add_to_rule(at, facts),
            Some(Attribution::None(why)) => self.unattributed.entry(why).or_default().add(stamp),
            None => {}
        }
        if let Some(would_be) = would_be {
            self.replayed.entry(would_be.what).or_default().add(stamp);
            if let Some(at) = would_be.rule.filter(|_| would_be.what != Replayed::Lost) {
                self.add_to_rule(at, facts);
            }
            for need in &would_be.needs {
                match self.needs.iter_mut().find(|(known, _)| known == need) {
                    Some((_, count)) => *count += 1,
                    None => self.needs.push((*need, 1)),
                }
            }
        }
        let key = facts.key().unwrap_or_default();
        for key in key.split(|byte| *byte == 1).filter(|key| !key.is_empty()) {
            if let Some(count) = self.by_key.get_mut(key) {
                count.add(stamp);
            } else if self.by_key.len() < MOST_KEYS {
                self.by_key.entry(key.to_vec()).or_default().add(stamp);
            } else {
                self.other_keys += 1;
            }
        }
    }

    fn add_to_rule(&mut self, at: usize, facts: &Facts<'_>) {
        if self.noise.len() < MOST_NOISY || self.noise.contains_key(&at) {
            self.noise.entry(at).or_default().add(facts);
        }
        if self.by_rule.len() <= at {
            self.by_rule.resize(at + 1, Count::default());
        }
        if let Some(count) = self.by_rule.get_mut(at) {
            count.add(facts.event.stamp);
        }
    }

    /// The keys, the most frequent first.
    #[must_use]
    pub fn by_key(&self) -> Vec<KeyCount> {
        let text = |key: &Vec<u8>| String::from_utf8_lossy(key).into_owned();
        let mut keys: Vec<KeyCount> =
            self.by_key.iter().map(|(key, count)| KeyCount { key: text(key), count: *count }).collect();
        keys.sort_by(|left, right| right.count.events.cmp(&left.count.events).then_with(|| left.key.cmp(&right.key)));
        keys
    }

    /// When the events were that were kept.
    #[must_use]
    pub fn span(&self) -> Span {
        self.kept.span
    }
}
