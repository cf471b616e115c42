//! How long a report may get: the first entries of each list, and how many more there are.
//!
//! A report of any operation but `gather`, `explain` and `prove`, which answer rule by rule, stays below [`LARGEST`] bytes without its
//! `undo`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::text::{cut, short};
use super::{ErrorReport, Events, Report};

/// The longest report, in bytes, without `undo`.
pub const LARGEST: usize = 1 << 20;
/// Most entries of a list, and most of a list of steps or findings.
pub(super) const ENTRIES: usize = 100;
const STEPS: usize = 1000;
/// Most bytes of a list as JSON, and of a list of steps or findings. A diff is cut where it is made.
const BYTES: usize = 32 << 10;
const STEP_BYTES: usize = 192 << 10;
/// Most bytes of a list of recorded events.
const EVENT_BYTES: usize = 384 << 10;
/// The longest text of an error or warning, in bytes.
const LONGEST: usize = 4096;
/// The longest sentence, whose parts stand beside it.
const LONGEST_SENTENCE: usize = 600;

/// Most entries of a list that answers rule by rule.
pub(super) const RULES: usize = 10_000;

/// How many entries the lists of a report lack that answer rule by rule, by their pointers.
#[derive(Debug, Default)]
pub(super) struct Omitted(BTreeMap<String, usize>);

impl Omitted {
    /// The first entries of a list; the others are counted, and none is kept.
    pub fn first<T>(&mut self, list: &str, mut entries: impl Iterator<Item = T>) -> Vec<T> {
        let first = entries.by_ref().take(RULES).collect();
        self.count(list, entries.count());
        first
    }

    /// Counts entries of a list that are left out.
    pub fn count(&mut self, list: &str, omitted: usize) {
        if omitted > 0 {
            *self.0.entry(list.to_owned()).or_default() += omitted;
        }
    }

    pub fn into_counts(self) -> BTreeMap<String, usize> {
        self.0
    }
}

impl Report {
    /// The report with no list longer than its bounds; `omitted` and `errors_omitted` count the rest.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.msg = short(self.msg);
        self.errors.iter_mut().take(ENTRIES).for_each(shorten);
        self.errors_omitted += shrink(&mut self.errors, ENTRIES, BYTES);
        self.warnings.iter_mut().for_each(|warning| *warning = cut(std::mem::take(warning), LONGEST));
        let mut omitted = Vec::new();
        let mut note = |pointer: &str, count: usize| {
            if count > 0 {
                omitted.push((pointer.to_owned(), count));
            }
        };
        note("/warnings", shrink(&mut self.warnings, ENTRIES, BYTES));
        note("/pending/load", shrink(&mut self.pending.load, ENTRIES, BYTES));
        note("/pending/unload", shrink(&mut self.pending.unload, ENTRIES, BYTES));
        note("/pending/order", shrink(&mut self.pending.order, ENTRIES, BYTES));
        if let Some(plan) = &mut self.plan {
            note("/plan/files", shrink(&mut plan.files, STEPS, BYTES));
            note("/plan/kernel", shrink(&mut plan.kernel, STEPS, STEP_BYTES));
        }
        if let Some(rules) = &mut self.rules {
            note("/rules/missing", shrink(&mut rules.missing, ENTRIES, BYTES));
            note("/rules/skipped", shrink(&mut rules.skipped, ENTRIES, BYTES));
            note("/rules/deduplicated", shrink(&mut rules.deduplicated, ENTRIES, BYTES));
        }
        if let Some(findings) = &mut self.findings {
            note("/findings", shrink(findings, STEPS, STEP_BYTES));
        }
        if let Some(Events::Recorded(events)) = &mut self.events {
            note("/events", shrink(events, usize::MAX, EVENT_BYTES));
        }
        if let Some(proofs) = &mut self.proofs {
            note("/proofs", shrink(proofs, RULES, usize::MAX));
        }
        if let Some(rules) = &mut self.by_rule {
            note("/by_rule", shrink(rules, STEPS, STEP_BYTES));
        }
        if let Some(keys) = &mut self.by_key {
            note("/by_key", shrink(keys, STEPS, STEP_BYTES));
        }
        if let Some(logs) = &mut self.logs {
            note("/logs", shrink(logs, ENTRIES, BYTES));
        }
        if let Some(replay) = &mut self.replay {
            note("/replay/examples", shrink(&mut replay.examples, ENTRIES, STEP_BYTES));
        }
        if let Some(scanner) = &mut self.scanner {
            note("/scanner/checks", shrink(&mut scanner.checks, STEPS, STEP_BYTES));
        }
        let results = self.sarif.as_mut().and_then(|sarif| sarif.get_mut("runs")?.pointer_mut("/0/results"));
        if let Some(Value::Array(results)) = results {
            note("/sarif/runs/0/results", shrink(results, STEPS, STEP_BYTES));
        }
        for (pointer, count) in omitted {
            *self.omitted.entry(pointer).or_default() += count;
        }
        self
    }
}

fn shorten(error: &mut ErrorReport) {
    let ErrorReport { message, sentence, pointer, rule, file, hint, .. } = error;
    *message = cut(std::mem::take(message), LONGEST);
    *sentence = cut(std::mem::take(sentence), LONGEST_SENTENCE);
    for text in [pointer, rule, file, hint].into_iter().flatten() {
        *text = cut(std::mem::take(text), LONGEST);
    }
}

/// Keeps the first entries of a list as far as they fit, and gives how many do not.
fn shrink<T: Serialize>(list: &mut Vec<T>, most: usize, bytes: usize) -> usize {
    let mut left = bytes;
    let fits = |entry: &T| {
        let length = serde_json::to_string(entry).map_or(usize::MAX, |text| text.len());
        left.checked_sub(length).map(|rest| left = rest)
    };
    let kept = list.iter().take(most).map_while(fits).count();
    let omitted = list.len() - kept;
    list.truncate(kept);
    omitted
}
