//! One recorded event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::file::{AddressReport, RecordedFileReport};
use super::names::AccountNames;
use crate::events::{Facts, Process};
use crate::records::interpret::{argument, error_name};
use crate::records::time::to_rfc3339;
use crate::records::{Arguments, Record, RecordType, Value};
use crate::report::event::DecidingRule;

/// One recorded event: who did what, to what, how, and how it ended. What its records do not say is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecordedEventReport {
    /// Its number; the kernel counts them from the boot on.
    pub serial: u64,
    /// When it was, in UTC.
    pub time: String,
    /// The host that recorded it, where the log says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What it is about: the type of a record.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its keys.
    pub keys: Vec<String>,
    /// The system call, or the operation of `io_uring`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syscall: Option<String>,
    /// The architecture of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// Whether it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// What the call gave back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i64>,
    /// The name of the error that it gave back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// Arguments of the call that are well known, in words: flags of opening, modes, signals.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<&'static str, String>,
    /// The login user; 4294967295 is unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auid: Option<u32>,
    /// The users and groups of the process: `uid`, `euid`, `suid`, `fsuid`, `gid`, `egid`, `sgid`, `fsgid`.
    #[serde(flatten)]
    pub ids: Ids,
    /// Names of these users and groups where they are known: those that the log gives, else those of the host.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<&'static str, String>,
    /// The session; 4294967295 is unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// The process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// Its program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
    /// Its terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Its directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// What was started, with its arguments; else the command line of the process, as it shows it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The files of the call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<RecordedFileReport>,
    /// A socket address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sockaddr: Option<AddressReport>,
    /// What else the record says that gives the type, as it is written there.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Json>,
    /// The rule that recorded it; with a policy, the rule of the policy that would decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<DecidingRule>,
    /// With a policy: what that would make of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<&'static str>,
    /// Records of it are missing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// Its records, as they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<String>,
}

/// Users and groups of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ids {
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The user whose rights the process has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub euid: Option<u32>,
    /// The user whose rights it may take again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suid: Option<u32>,
    /// The user by whom files are judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fsuid: Option<u32>,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The group whose rights it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egid: Option<u32>,
    /// The group whose rights it may take again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sgid: Option<u32>,
    /// The group by whom files are judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fsgid: Option<u32>,
}

/// What [`RecordedEventReport`] has by itself, or what says nothing.
const TOLD: [&str; 40] = [
    "arch",
    "syscall",
    "uring_op",
    "per",
    "success",
    "exit",
    "a0",
    "a1",
    "a2",
    "a3",
    "items",
    "pid",
    "ppid",
    "auid",
    "ses",
    "uid",
    "euid",
    "suid",
    "fsuid",
    "gid",
    "egid",
    "sgid",
    "fsgid",
    "tty",
    "comm",
    "exe",
    "key",
    "cwd",
    "res",
    "terminal",
    "item",
    "name",
    "inode",
    "dev",
    "mode",
    "ouid",
    "ogid",
    "saddr",
    "proctitle",
    "nametype",
];

/// Fields of any record whose value is written as the text of a process is.
const ENCODED: [&str; 6] = ["acct", "cmd", "data", "dir", "file", "path"];

impl RecordedEventReport {
    /// What an event says. `names` knows the accounts of the host.
    #[must_use]
    pub fn of(facts: &Facts<'_>, names: &AccountNames) -> Self {
        let process = &facts.process;
        let text = |value: Option<Value<'_>>| value.and_then(Value::text).map(|text| shown(&text));
        let mut report = Self {
            serial: facts.event.stamp.serial,
            time: to_rfc3339(facts.event.stamp.in_milliseconds()),
            node: facts.event.node().map(shown),
            kind: kind_name(facts.kind),
            keys: facts.keys(),
            syscall: call(process),
            arch: process.arch.map(|arch| arch.name().map_or_else(|| format!("{:x}", arch.0), str::to_owned)),
            success: process.success,
            exit: process.exit,
            error: process.exit.and_then(error_name),
            arguments: arguments(process),
            auid: process.auid,
            ids: Ids::of(process),
            names: names.of(facts),
            session: process.session,
            pid: process.pid,
            ppid: process.ppid,
            comm: text(process.comm),
            exe: text(process.exe),
            tty: text(process.tty),
            cwd: text(facts.cwd),
            command: command(facts),
            paths: facts.files.iter().map(|file| RecordedFileReport::of(file, facts)).collect(),
            sockaddr: facts.address.and_then(AddressReport::of),
            incomplete: !facts.event.is_complete(),
            ..Self::default()
        };
        if process.list.is_none() || facts.record.is_some_and(|record| record.kind != RecordType::SYSCALL) {
            report.fields = facts.record.as_ref().map(fields).unwrap_or_default();
        }
        report
    }

    /// The same, with the records of the event as they came.
    #[must_use]
    pub fn with_records(self, facts: &Facts<'_>) -> Self {
        Self { records: facts.event.records().map(|record| line(&record)).collect(), ..self }
    }
}

/// The record as auditd writes it.
fn line(record: &Record<'_>) -> String {
    let stamp = record.stamp;
    let node = record.node.map_or_else(String::new, |node| format!("node={} ", shown(node)));
    let enriched = if record.enriched.is_empty() { "" } else { "\u{1d}" };
    let (name, body, rest) = (kind_name(record.kind), shown(record.body), shown(record.enriched));
    format!(
        "{node}type={name} msg=audit({}.{:03}:{}): {body}{enriched}{rest}",
        stamp.seconds, stamp.milliseconds, stamp.serial
    )
}

/// The name of a type, as auditd writes it.
#[must_use]
pub fn kind_name(kind: RecordType) -> String {
    kind.name().map_or_else(|| format!("UNKNOWN[{}]", kind.0), str::to_owned)
}

pub(in crate::report) fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn call(process: &Process<'_>) -> Option<String> {
    process.list?;
    process.call_name().map(str::to_owned).or_else(|| Some(process.call?.to_string()))
}

fn arguments(process: &Process<'_>) -> BTreeMap<&'static str, String> {
    let (Some(arch), Some(call)) = (process.arch, process.call_name()) else { return BTreeMap::new() };
    let said = ["a0", "a1", "a2", "a3"].into_iter().zip(process.arguments).enumerate();
    let mut arguments = BTreeMap::new();
    arguments.extend(said.filter_map(|(at, (name, value))| Some((name, argument(arch, call, at, value?)?))));
    arguments
}

/// The command line: the arguments of what was started, or the title of the process, with spaces for its NULs.
fn command(facts: &Facts<'_>) -> Option<String> {
    if let Some(arguments) = Arguments::of(facts.event) {
        let end = if arguments.is_cut { " ..." } else { "" };
        return Some(shown(&arguments.line()) + end);
    }
    facts.title_line().map(|line| shown(&line))
}

fn fields(record: &Record<'_>) -> Map<String, Json> {
    let mut fields = Map::new();
    for field in record.fields() {
        let name = shown(field.name);
        if TOLD.contains(&name.as_str()) || field.value.is_nothing() {
            continue;
        }
        let value = match field.value {
            Value::Plain(_) if ENCODED.contains(&name.as_str()) => field.value.text().unwrap_or_default(),
            value => Cow::Borrowed(value.written()),
        };
        fields.entry(name).or_insert_with(|| shown(&value).into());
    }
    fields
}

impl Ids {
    fn of(process: &Process<'_>) -> Self {
        let (users, groups) = (process.users, process.groups);
        Self {
            uid: users[0],
            euid: users[1],
            suid: users[2],
            fsuid: users[3],
            gid: groups[0],
            egid: groups[1],
            sgid: groups[2],
            fsgid: groups[3],
        }
    }
}
