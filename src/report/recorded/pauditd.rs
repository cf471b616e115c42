//! Events in the form that pauditd writes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::names::AccountNames;
use crate::events::Facts;
use crate::records::RecordType;

/// An event as pauditd writes it, a line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PauditdEvent {
    /// Its serial number.
    pub sequence: u64,
    /// Seconds since 1970, with milliseconds.
    pub timestamp: String,
    /// Its records.
    pub messages: Vec<Message>,
    /// The names of its users.
    pub uid_map: BTreeMap<String, String>,
    /// Its key, empty where it has none; `tty` of what was typed at a terminal.
    pub rule_key: String,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The number of its type.
    #[serde(rename = "type")]
    pub kind: u32,
    /// Its text behind the stamp.
    pub data: String,
}

impl PauditdEvent {
    /// What an event says.
    #[must_use]
    pub fn of(facts: &Facts<'_>, names: &AccountNames) -> Self {
        let stamp = facts.event.stamp;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let messages = facts.event.records().map(|record| Message { kind: record.kind.0, data: text(record.body) });
        Self {
            sequence: stamp.serial,
            timestamp: format!("{}.{:03}", stamp.seconds, stamp.milliseconds),
            messages: messages.collect(),
            uid_map: names.users_of(facts),
            rule_key: match facts.key() {
                None if facts.kind == RecordType::TTY => "tty".to_owned(),
                key => text(&key.unwrap_or_default()),
            },
        }
    }
}
