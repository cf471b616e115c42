//! Records put together to events.
//!
//! The records of an event come one after the other, and those of other events between them. In the order of the kernel
//! (`audit_log_exit`) PROCTITLE is the last one but for EOE, which ends the event. auditd writes no EOE to its files
//! (`auditd.c`: it is for the realtime interface alone), so an event with its PROCTITLE also ends when some later events have
//! begun: in a log that was put together of several, records may stand out of order. What has neither ends
//! [`MOST_WAIT`] milliseconds later, by the time of the records: no clock is asked.

use std::collections::VecDeque;

use super::kind::RecordType;
use super::record::Record;
use super::recorded::RecordedEvent;
use super::serials::SerialsOfHosts;

/// How long an event without an end waits for more records, in milliseconds of their own time.
pub const MOST_WAIT: u64 = 2000;
/// Most events that wait for more records. With [`MOST_BYTES`] it bounds the memory, whatever comes in.
pub const MOST_WAITING: usize = 512;
/// Most bytes of events that wait.
pub const MOST_BYTES: usize = 8 << 20;
/// How many later events must have begun before one that has its PROCTITLE ends without EOE.
const LATER: usize = 16;
/// Most events, and most bytes of each, whose memory is kept for others.
const MOST_SPARE: usize = 32;
const MOST_SPARE_BYTES: usize = 16 << 10;

/// What was put together so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records.
    pub records: u64,
    /// Events that have ended.
    pub events: u64,
    /// Events of which records are known to be missing.
    pub incomplete: u64,
    /// Serial numbers that are missing.
    pub gaps: u64,
    /// Events that began behind one with a later number.
    pub out_of_order: u64,
}

/// Puts records together to events.
#[derive(Debug, Default)]
pub struct Assembler {
    /// The events that wait for more records, in the order in which they began.
    waiting: VecDeque<RecordedEvent>,
    ended: VecDeque<RecordedEvent>,
    spare: Vec<RecordedEvent>,
    /// What those that wait hold, in bytes.
    bytes: usize,
    begun: u64,
    /// The second of the record before.
    second: u64,
    counters: Counters,
    serials: SerialsOfHosts,
}

impl Assembler {
    /// Without any event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a record. What has ended by it is then given by [`Assembler::next_event`].
    pub fn add(&mut self, record: &Record<'_>) {
        self.counters.records += 1;
        if record.stamp.seconds != self.second {
            self.second = record.stamp.seconds;
            self.end_waiting_before(record);
        }
        if record.kind.is_of_a_program() {
            let event = self.begin(record);
            return self.end(event);
        }
        let known = self.waiting.iter().rposition(|event| is_of(record, event));
        if record.kind == RecordType::EOE {
            if let Some(mut event) = known.and_then(|at| self.remove(at)) {
                event.has_ended = true;
                self.end(event);
            }
            return;
        }
        match known {
            Some(at) => self.extend(at, record),
            None => self.wait(record),
        }
        while self.waiting.len() > MOST_WAITING || self.bytes > MOST_BYTES {
            match self.remove(0) {
                Some(oldest) => self.end(oldest),
                None => break,
            }
        }
    }

    /// Ends all events that wait: no more records will come.
    pub fn finish(&mut self) {
        while let Some(event) = self.remove(0) {
            self.end(event);
        }
    }

    /// The next event that has ended, in the order in which they ended.
    pub fn next_event(&mut self) -> Option<RecordedEvent> {
        self.ended.pop_front()
    }

    /// Takes an event back that nobody needs any more, so that its memory serves another one.
    pub fn give_back(&mut self, event: RecordedEvent) {
        if self.spare.len() < MOST_SPARE && event.size() <= MOST_SPARE_BYTES {
            self.spare.push(event);
        }
    }

    /// What was put together so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters { gaps: self.serials.missing(), out_of_order: self.serials.late(), ..self.counters }
    }

    /// How much memory waits here, in bytes.
    #[must_use]
    pub fn held(&self) -> usize {
        let idle = self.ended.iter().chain(&self.spare).map(RecordedEvent::size).sum::<usize>();
        self.bytes + idle
    }

    fn begin(&mut self, record: &Record<'_>) -> RecordedEvent {
        if !record.kind.is_of_auditd() {
            self.serials.add(record.node, record.stamp.serial);
        }
        let mut event = self.spare.pop().unwrap_or_default();
        event.begin(record, self.begun);
        self.begun += 1;
        event.add(record);
        event
    }

    /// Begins an event that waits for more records; the one that began some events before needs to wait no longer, where
    /// it has its last record.
    fn wait(&mut self, record: &Record<'_>) {
        let event = self.begin(record);
        self.bytes += event.size();
        self.waiting.push_back(event);
        let past = self.waiting.len().checked_sub(LATER + 1);
        let past = past.filter(|at| self.waiting.get(*at).is_some_and(|event| event.is_settled));
        if let Some(event) = past.and_then(|at| self.remove(at)) {
            self.end(event);
        }
    }

    fn extend(&mut self, at: usize, record: &Record<'_>) {
        let Some(event) = self.waiting.get_mut(at) else { return };
        let before = event.size();
        event.add(record);
        self.bytes = self.bytes + event.size() - before;
        let is_past = event.is_settled && self.begun - event.begun > LATER as u64;
        if let Some(event) = is_past.then(|| self.remove(at)).flatten() {
            self.end(event);
        }
    }

    fn remove(&mut self, at: usize) -> Option<RecordedEvent> {
        let event = self.waiting.remove(at)?;
        self.bytes -= event.size();
        Some(event)
    }

    fn end(&mut self, event: RecordedEvent) {
        self.counters.events += 1;
        self.counters.incomplete += u64::from(!event.is_complete());
        self.ended.push_back(event);
    }

    /// Ends the events of the same host that have waited long enough when this record was made. Clocks of several hosts
    /// need not agree.
    fn end_waiting_before(&mut self, record: &Record<'_>) {
        let now = record.stamp.in_milliseconds();
        let mut at = 0;
        while let Some(event) = self.waiting.get(at) {
            let has_waited = now.saturating_sub(event.stamp.in_milliseconds()) >= MOST_WAIT;
            if !has_waited || event.node() != record.node {
                at += 1;
            } else if let Some(event) = self.remove(at) {
                self.end(event);
            }
        }
    }
}

fn is_of(record: &Record<'_>, event: &RecordedEvent) -> bool {
    record.stamp.serial == event.stamp.serial && record.stamp == event.stamp && record.node == event.node()
}
