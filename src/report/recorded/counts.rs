//! How much there was of recorded events.

use schemars::JsonSchema;
use serde::Serialize;

use crate::events::{Count, Span};
use crate::records::time::to_rfc3339;
use crate::report::event::DecidingRule;

/// How often a rule recorded something; with a policy, how often a rule of that would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleCountReport {
    /// The rule, with its place.
    #[serde(flatten)]
    pub rule: DecidingRule,
    /// How often, and when.
    #[serde(flatten)]
    pub count: CountReport,
}

/// How often a key was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeyCountReport {
    /// The key.
    pub key: String,
    /// How often, and when.
    #[serde(flatten)]
    pub count: CountReport,
}

/// How many events no rule can be named for, by the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnattributedReport {
    /// Why: `of_no_rule`, `no_such_key`, `none_matches` or `several_rules`.
    pub why: &'static str,
    /// How often, and when.
    #[serde(flatten)]
    pub count: CountReport,
}

/// How many events, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CountReport {
    /// How many events.
    pub events: u64,
    /// When the first was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// When the last was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// How many in an hour of the time from the first to the last event that was kept; absent where that is less than a
    /// second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u64>,
}

/// A rule that makes many records, and what would narrow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NoiseReport {
    /// The rule, with its place.
    #[serde(flatten)]
    pub rule: DecidingRule,
    /// How many events it recorded.
    pub events: u64,
    /// How many records these have.
    pub records: u64,
    /// The part of the records of all events that were kept, in percent.
    pub share: u64,
    /// The condition that would leave out most of its events, but not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub narrow: Option<NarrowReport>,
}

/// A value that many events of a rule have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NarrowReport {
    /// The field, as auditctl names it: `-F FIELD!=VALUE` would leave these events out. `syscall`: a call that the rule could
    /// go without.
    pub field: &'static str,
    /// The value.
    pub value: String,
    /// How many of the rule's events have it; where very many values are told apart, no fewer.
    pub events: u64,
}

/// Everything that was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CountersReport {
    /// Records.
    pub records: u64,
    /// Events.
    pub events: u64,
    /// Events that were kept: in time, and as `match` says.
    pub kept: u64,
    /// Events of which records are missing.
    pub incomplete: u64,
    /// Lines that are no record.
    pub malformed: u64,
    /// Serial numbers that are missing: a hint that records were lost, no proof.
    pub gaps: u64,
    /// Events that began behind one with a later serial number.
    pub out_of_order: u64,
}

/// How the kernel was listened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListeningReport {
    /// For how long, in milliseconds.
    pub milliseconds: u64,
    /// Events that this process made itself meanwhile, such as that it listens: they are left out of all else.
    pub own_events: u64,
    /// Their records, which are left out too.
    pub own_records: u64,
    /// Records that were sent and did not reach this process, since its receive buffer was full.
    pub socket_drops: u64,
    /// Records that the kernel lost since it started, by its own count. Absent where it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_lost: Option<LostReport>,
    /// The receive buffer that was asked for, in bytes.
    pub receive_buffer_asked: usize,
    /// The receive buffer that the kernel gave, in bytes, with its own overhead.
    pub receive_buffer: usize,
    /// How long records took from the kernel's time of them. Absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyReport>,
    /// What the kernel has as `enabled`: 0 off, 1 on, 2 locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<u32>,
    /// Records per second that the kernel makes at most; 0 for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// The process that receives the records for good, where there is one, such as auditd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
}

/// What the kernel counts as lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LostReport {
    /// Before.
    pub before: u32,
    /// After.
    pub after: u32,
}

/// How long records took, in milliseconds; more than ten seconds count as ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LatencyReport {
    /// Half of them no longer than this.
    pub p50_ms: usize,
    /// 99 of 100 no longer than this.
    pub p99_ms: usize,
}

/// A file of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LogReport {
    /// Its path, or the name that the request gives it.
    pub file: String,
    /// How many lines of it were read.
    pub lines: u64,
    /// How many bytes these had.
    pub bytes: u64,
    /// How it is compressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<&'static str>,
    /// Why the rest of it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MalformedReport {
    /// The file.
    pub file: String,
    /// Its number there, from 1.
    pub line: u64,
    /// What is wrong: `no_type`, `unknown_type`, `no_stamp` or `too_long`.
    pub defect: &'static str,
    /// The line.
    pub text: String,
}

/// What the policy would make of the events that rules recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReplayReport {
    /// Recorded under the same key.
    pub kept: u64,
    /// Not recorded.
    pub lost: u64,
    /// Recorded under another key.
    pub other_key: u64,
    /// Open, since the records do not tell what it depends on.
    pub undecided: u64,
    /// What that is, with how often.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<NeedReport>,
    /// The first events of each kind but `kept`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<super::RecordedEventReport>,
}

/// What answers depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NeedReport {
    /// What the records do not tell.
    pub needs: String,
    /// How many events depend on it.
    pub events: u64,
}

impl CountReport {
    /// A count, of the events that were kept in this time.
    #[must_use]
    pub fn of(count: &Count, whole: Span) -> Self {
        let ends = count.span.ends;
        Self {
            events: count.events,
            first: ends.map(|(first, _)| to_rfc3339(first)),
            last: ends.map(|(_, last)| to_rfc3339(last)),
            per_hour: whole.per_hour(count.events),
        }
    }
}
