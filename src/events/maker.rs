//! Who made a change: a process, and the run of this program that it was a part of.

use super::facts::{Facts, Process};
use super::title::AuditctlTitle;
use crate::records::{Record, RecordType, RecordedEvent, Stamp, Value};

/// The longest text that is kept of a record, in bytes.
const MOST_TEXT: usize = 4096;

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
    /// What the command line says of a rule, where the program is auditctl.
    pub named: AuditctlTitle,
}

/// A run of this program, as its own record tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the record")]
pub struct OwnRun {
    pub stamp: Stamp,
    pub node: Option<String>,
    pub state: String,
    pub drop_ins: String,
    pub outcome: String,
    pub process: [Option<u32>; 3],
}

impl OwnRun {
    /// What a record says that a run of this program left; none of any other record.
    pub(super) fn of(record: &Record<'_>) -> Option<Self> {
        let is_own = record.value(b"op").map(Value::written) == Some(b"apply-audit-rules");
        let text = |name: &[u8]| record.value(name).and_then(Value::text).map_or_else(String::new, |text| shown(&text));
        is_own.then(|| Self {
            stamp: record.stamp,
            node: record.node.map(shown),
            state: text(b"state"),
            drop_ins: text(b"drop-ins"),
            outcome: text(b"outcome"),
            process: known_by(&Process::of(record)),
        })
    }

    /// Whether a change of this process may have been a part of the run: the kernel says which process sent the record of the
    /// run, and that comes after all that the run changed. auditctl is none of its programs.
    pub(super) fn has(&self, maker: &Maker) -> bool {
        let process = [maker.pid, maker.auid, maker.session];
        let is_same = maker.pid.is_some() && self.process == process && self.node == maker.node;
        is_same && self.stamp.is_after(&maker.stamp) && maker.named == AuditctlTitle::NamesNone
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
        let exe = text(process.exe);
        Self {
            named: AuditctlTitle::of(&facts, exe.as_deref()),
            stamp: event.stamp,
            node: event.node().map(shown),
            auid: process.auid,
            uid: process.users[0],
            session: process.session,
            pid: process.pid,
            ppid: process.ppid,
            comm: text(process.comm),
            exe,
            tty: text(process.tty),
            command: facts.title_line().map(|line| shown(&line)),
            names: [name(b"AUID"), name(b"UID")],
        }
    }
}

/// By what two records tell of the same process: its number, login user and session.
fn known_by(process: &Process<'_>) -> [Option<u32>; 3] {
    [process.pid, process.auid, process.session]
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MOST_TEXT).unwrap_or(bytes)).into_owned()
}
