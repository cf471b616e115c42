//! An event: the records that have one stamp.

use std::ops::Range;

use super::kind::RecordType;
use super::record::Record;
use super::stamp::Stamp;

/// Most bytes of text that are kept of one event; `execve` may have more, in thousands of records.
pub const MOST_TEXT: usize = 1 << 20;
/// Most records that are kept of one event.
pub const MOST_RECORDS: usize = 4096;

/// The records of one event, in the order in which they came. It owns their text.
#[derive(Debug, Clone, Default)]
pub struct RecordedEvent {
    /// What they have in common.
    pub stamp: Stamp,
    /// Whether records of it were left out, since there were too many.
    pub is_cut: bool,
    /// Whether its end was seen.
    pub(super) has_ended: bool,
    /// Whether the kernel's last record but the end itself was seen.
    pub(super) is_settled: bool,
    /// How many events had begun before this one.
    pub(super) begun: u64,
    node: Option<Range<usize>>,
    text: Vec<u8>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    kind: RecordType,
    body: Range<usize>,
    enriched: Range<usize>,
}

impl RecordedEvent {
    /// The host that wrote it, where the records say so.
    #[must_use]
    pub fn node(&self) -> Option<&[u8]> {
        self.node.clone().and_then(|node| self.text.get(node))
    }

    /// Its records.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        self.parts.iter().map(move |part| Record {
            kind: part.kind,
            stamp: self.stamp,
            node: self.node(),
            body: text(&part.body),
            enriched: text(&part.enriched),
        })
    }

    /// How many records it came as, with the one that ends it, which is not among [`RecordedEvent::records`].
    #[must_use]
    pub fn came_as(&self) -> u64 {
        self.parts.len() as u64 + u64::from(self.has_ended)
    }

    /// Its first record of a type.
    #[must_use]
    pub fn first(&self, kind: RecordType) -> Option<Record<'_>> {
        self.records().find(|record| record.kind == kind)
    }

    /// The types of its records.
    pub fn kinds(&self) -> impl Iterator<Item = RecordType> + '_ {
        self.parts.iter().map(|part| part.kind)
    }

    /// Whether nothing of it is known to be missing. The record of a call must be there where others are that only stand
    /// beside it; and its files, as many as it says, unless the end of the event was seen: the kernel leaves some out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let call = self.records().find(|record| matches!(record.kind, RecordType::SYSCALL | RecordType::URINGOP));
        let Some(call) = call else {
            return !self.is_cut && !self.kinds().any(RecordType::accompanies_a_call);
        };
        if self.is_cut || self.has_ended || self.is_settled {
            return !self.is_cut;
        }
        let files = self.kinds().filter(|kind| *kind == RecordType::PATH).count();
        call.value(b"items").and_then(super::Value::number).is_none_or(|items| files >= items as usize)
    }

    /// How much memory it holds, in bytes.
    pub(super) fn size(&self) -> usize {
        self.text.capacity() + self.parts.capacity() * size_of::<Part>()
    }

    /// Makes it an event of which nothing is known but this stamp, with the memory that it has.
    pub(super) fn begin(&mut self, record: &Record<'_>, begun: u64) {
        let (mut text, mut parts) = (std::mem::take(&mut self.text), std::mem::take(&mut self.parts));
        text.clear();
        parts.clear();
        *self = Self { stamp: record.stamp, begun, text, parts, ..Self::default() };
        self.node = record.node.map(|node| self.keep(node));
    }

    pub(super) fn add(&mut self, record: &Record<'_>) {
        let length = record.body.len() + record.enriched.len();
        if self.parts.len() >= MOST_RECORDS || self.text.len() + length > MOST_TEXT {
            self.is_cut = true;
            return;
        }
        let (body, enriched) = (self.keep(record.body), self.keep(record.enriched));
        self.parts.push(Part { kind: record.kind, body, enriched });
        self.is_settled |= record.kind == RecordType::PROCTITLE;
    }

    fn keep(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        start..self.text.len()
    }
}
