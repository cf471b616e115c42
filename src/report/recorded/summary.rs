//! What comes of all recorded events together.

use std::collections::BTreeMap;

use serde::Serialize;

use super::counts::{
    CountReport, CountersReport, KeyCountReport, ListeningReport, LogReport, MalformedReport, NarrowReport, NeedReport,
    NoiseReport, ReplayReport, RuleCountReport, UnattributedReport,
};
use super::event::RecordedEventReport;
use crate::events::{Narrowing, Noise, Replayed, Tally};
use crate::records::Counters;
use crate::report::event::{DecidingRule, need_in_words};
use crate::report::{Events, Outcome, Report};
use crate::rule::Rule;

/// How many rules are told of those that make the most records.
const MOST_NOISY: usize = 10;

/// Everything that a run over recorded events came to.
#[derive(Debug, Default)]
pub struct Recorded {
    /// What was counted.
    pub tally: Tally,
    /// What was put together.
    pub counters: Counters,
    /// How many lines are no record.
    pub malformed: u64,
    /// The first of them.
    pub malformed_lines: Vec<MalformedReport>,
    /// The files that were read.
    pub logs: Vec<LogReport>,
    /// How the kernel was listened to, where it was.
    pub listening: Option<ListeningReport>,
    /// The first events that were kept.
    pub events: Vec<RecordedEventReport>,
    /// The first events of which the policy makes something else.
    pub examples: Vec<RecordedEventReport>,
    /// What the caller says of the events.
    pub extra_attributes: BTreeMap<String, String>,
    /// Whether the events were held against a policy of the request.
    pub is_replay: bool,
    /// Whether rules are known to which events are attributed.
    pub has_rules: bool,
}

/// An event as a line of the output has it, with what the caller says of all events.
#[must_use]
pub fn line_of_output(event: &impl Serialize, extra_attributes: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    #[derive(Serialize)]
    struct Line<'a, E> {
        #[serde(flatten)]
        event: &'a E,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        extra_attributes: &'a BTreeMap<String, String>,
    }
    let mut line = serde_json::to_vec(&Line { event, extra_attributes }).ok()?;
    line.push(b'\n');
    Some(line)
}

impl Report {
    /// The report of recorded events; `rule` knows the rules by their indices, as they are shown and as they match.
    #[must_use]
    pub fn recorded(
        recorded: Recorded,
        rule: &dyn Fn(usize) -> Option<(DecidingRule, Rule)>,
        warnings: Vec<String>,
    ) -> Self {
        let Recorded { tally, counters, .. } = &recorded;
        let span = tally.span();
        let mut by_rule: Vec<RuleCountReport> = tally
            .by_rule
            .iter()
            .enumerate()
            .filter(|(_, count)| count.events > 0)
            .filter_map(|(at, count)| Some(RuleCountReport { rule: rule(at)?.0, count: CountReport::of(count, span) }))
            .collect();
        by_rule.sort_by_key(|one| std::cmp::Reverse(one.count.events));
        let by_key = tally.by_key();
        let keys =
            by_key.iter().map(|one| KeyCountReport { key: one.key.clone(), count: CountReport::of(&one.count, span) });
        let unattributed = tally
            .unattributed
            .iter()
            .map(|(why, count)| UnattributedReport { why: why.name(), count: CountReport::of(count, span) });
        let own = recorded.listening.as_ref();
        let (own, own_records) = own.map_or((0, 0), |listening| (listening.own_events, listening.own_records));
        let totals = CountersReport {
            records: counters.records.saturating_sub(own_records),
            events: counters.events.saturating_sub(own),
            kept: tally.kept.events,
            incomplete: counters.incomplete,
            malformed: recorded.malformed,
            gaps: counters.gaps,
            out_of_order: counters.out_of_order,
        };
        let replay = recorded.is_replay.then(|| replay(tally, recorded.examples.clone()));
        let msg = sentence(&totals, replay.as_ref(), recorded.listening.as_ref());
        let quiet = Self::quiet(msg, Outcome::Unchanged);
        let shows_rules = recorded.has_rules || recorded.is_replay;
        Self {
            by_rule: shows_rules.then_some(by_rule),
            noise: shows_rules.then(|| noise(tally, rule)),
            by_key: Some(keys.collect()),
            unattributed: (recorded.has_rules && !recorded.is_replay).then(|| unattributed.collect()),
            replay,
            counters: Some(totals),
            logs: recorded.listening.is_none().then_some(recorded.logs),
            listening: recorded.listening,
            malformed: recorded.malformed_lines,
            extra_attributes: recorded.extra_attributes,
            events: Some(Events::Recorded(recorded.events)),
            warnings,
            ..quiet
        }
        .bounded()
    }
}

/// The rules that make the most records.
fn noise(tally: &Tally, rule: &dyn Fn(usize) -> Option<(DecidingRule, Rule)>) -> Vec<NoiseReport> {
    let mut noisy: Vec<_> = tally.noise.iter().collect();
    noisy.sort_unstable_by_key(|(at, noise)| (std::cmp::Reverse(noise.records), **at));
    let report = |(at, noise): (&usize, &Noise)| {
        let (shown, matched) = rule(*at)?;
        let narrow = noise.narrowing(&matched);
        Some(NoiseReport {
            rule: shown,
            events: tally.by_rule.get(*at)?.events,
            records: noise.records,
            share: (noise.records * 100).checked_div(tally.records).unwrap_or(0),
            narrow: narrow.map(|Narrowing { field, value, events }| NarrowReport { field, value, events }),
        })
    };
    noisy.into_iter().take(MOST_NOISY).filter_map(report).collect()
}

fn replay(tally: &Tally, examples: Vec<RecordedEventReport>) -> ReplayReport {
    let count = |what: Replayed| tally.replayed.get(&what).map_or(0, |count| count.events);
    let needs = tally.needs.iter().map(|(need, events)| NeedReport { needs: need_in_words(*need), events: *events });
    ReplayReport {
        kept: count(Replayed::Kept),
        lost: count(Replayed::Lost),
        other_key: count(Replayed::OtherKey),
        undecided: count(Replayed::Undecided),
        needs: needs.collect(),
        examples,
    }
}

fn sentence(totals: &CountersReport, replay: Option<&ReplayReport>, listening: Option<&ListeningReport>) -> String {
    let plural = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut text = format!("{} of {} kept", totals.kept, plural(totals.events, "event"));
    if let Some(replay) = replay {
        let ReplayReport { kept, lost, other_key, undecided, .. } = replay;
        text = format!(
            "{text}; the policy would record {kept} of them alike, {other_key} under another key, {lost} not, {undecided} \
             are undecided"
        );
    }
    let of_kernel = listening.and_then(|listening| listening.kernel_lost);
    let missing = [
        (totals.incomplete, "incomplete"),
        (totals.malformed, "malformed"),
        (of_kernel.map_or(0, |lost| lost.after.saturating_sub(lost.before).into()), "lost by the kernel"),
        (listening.map_or(0, |listening| listening.socket_drops), "lost on the way here"),
    ];
    for (count, what) in missing.into_iter().filter(|(count, _)| *count > 0) {
        text = format!("{text}; {count} {what}");
    }
    text
}
