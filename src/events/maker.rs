//! Who made a change: a process, and the run of this program that it was a part of.

use super::facts::{Facts, Process};
use crate::records::{Record, RecordType, RecordedEvent, Stamp, Value};

/// The longest text that is kept of a record, in bytes.
const MOST_TEXT: usize = 4096;
/// The kernel cuts titles of processes to this many bytes (`MAX_PROCTITLE_AUDIT_LEN`).
const CUT_TITLE: usize = 128;

/// A process that changed something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the record")]
pub struct Maker {
    pub stamp: Stamp,
    pub node: Option<String>,
    pub auid: Option<u32>,
    pub uid: Option<u32>,
    pub session: Option<u32>,
    pub pid: Option<u32>,
    pub ppid: Option<u32>,
    pub comm: Option<String>,
    pub exe: Option<String>,
    pub tty: Option<String>,
    /// The command line of the process, as it shows it itself.
    pub command: Option<String>,
    /// The names of `auid` and `uid` that auditd wrote down.
    pub names: [Option<String>; 2],
}

/// A run of this program, as its own record tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the record")]
pub struct OwnRun {
    pub stamp: Stamp,
    pub state: String,
    pub drop_ins: String,
    pub outcome: String,
    pub pid: Option<u32>,
}

impl OwnRun {
    /// What a record says that a run of this program left; none of any other record.
    pub(super) fn of(record: &Record<'_>) -> Option<Self> {
        let is_own = record.value(b"op").map(Value::written) == Some(b"apply-audit-rules");
        let text = |name: &[u8]| record.value(name).and_then(Value::text).map_or_else(String::new, |text| shown(&text));
        is_own.then(|| Self {
            stamp: record.stamp,
            state: text(b"state"),
            drop_ins: text(b"drop-ins"),
            outcome: text(b"outcome"),
            pid: Process::of(record).pid,
        })
    }
}

impl Maker {
    pub(super) fn of(event: &RecordedEvent) -> Self {
        let facts = Facts::of(event);
        let process = &facts.process;
        let text = |value: Option<Value<'_>>| value.and_then(Value::text).map(|text| shown(&text));
        let record = event.first(RecordType::SYSCALL).or(facts.record);
        let name = |name: &[u8]| {
            let value = record.filter(|record| !record.enriched.is_empty())?.enriched_value(name)?;
            Some(shown(value.written()))
        };
        Self {
            stamp: event.stamp,
            node: event.node().map(shown),
            auid: process.auid,
            uid: process.users[0],
            session: process.session,
            pid: process.pid,
            ppid: process.ppid,
            comm: text(process.comm),
            exe: text(process.exe),
            tty: text(process.tty),
            command: facts.title_line().map(|line| shown(&line)),
            names: [name(b"AUID"), name(b"UID")],
        }
    }

    /// What auditctl was given as arguments, where it was auditctl and the title of the process is whole.
    pub(super) fn auditctl_line(&self) -> Option<String> {
        let is_auditctl = self.exe.as_ref().is_some_and(|exe| exe.rsplit('/').next() == Some("auditctl"));
        let command = self.command.as_ref().filter(|command| is_auditctl && command.len() + 1 < CUT_TITLE)?;
        command.split_once(' ').map(|(_, line)| line.to_owned())
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MOST_TEXT).unwrap_or(bytes)).into_owned()
}
