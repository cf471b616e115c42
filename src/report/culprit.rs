//! Who made a difference, in the report of `gather`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::recorded::AccountNames;
use crate::events::{Certainty, Culprit, Tie};
use crate::records::time::to_rfc3339;

/// Who made a difference, as far as the audit log tells. What its records do not say is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CulpritReport {
    /// How far that tells who it was: `certain`, `likely` or `possible`.
    pub certainty: &'static str,
    /// What ties the record to this: `record`, `command`, `key` or `list`.
    pub evidence: &'static str,
    /// How many rules of the kernel and the files have the list and the key of the record, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<usize>,
    /// What was done: `add_rule`, `remove_rule` or `set`.
    pub op: &'static str,
    /// When it was, in UTC.
    pub time: String,
    /// The number of the event.
    pub serial: u64,
    /// The host that recorded it, where the log says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The login user; 4294967295 is unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auid: Option<u32>,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Names of these two where they are known: those that the log gives, else those of the host.
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
    /// Its command line, as the process shows it itself; the kernel records the first 128 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The run of this program that it was a part of, as that run's own record says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<OwnRunReport>,
}

/// A run of this program that changed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OwnRunReport {
    /// The number of its record.
    pub serial: u64,
    /// The state that was asked for.
    pub state: String,
    /// The drop-ins, with commas between them.
    pub drop_ins: String,
    /// How it ended.
    pub outcome: String,
}

impl CulpritReport {
    /// The culprit, with the names of the host's accounts.
    #[must_use]
    pub fn of(culprit: &Culprit, accounts: &AccountNames) -> Self {
        let maker = &culprit.maker;
        let [auid_name, uid_name] = &maker.names;
        let name = |written: &Option<String>, number: Option<u32>| {
            written.clone().or_else(|| accounts.user(number?).map(str::to_owned))
        };
        let mut names = BTreeMap::new();
        names.extend(name(auid_name, maker.auid).map(|name| ("auid", name)));
        names.extend(name(uid_name, maker.uid).map(|name| ("uid", name)));
        Self {
            certainty: match culprit.certainty {
                Certainty::Certain => "certain",
                Certainty::Likely => "likely",
                Certainty::Possible => "possible",
            },
            evidence: match culprit.tie {
                Tie::Record => "record",
                Tie::Arguments | Tie::Shape => "command",
                Tie::Key => "key",
                Tie::List => "list",
            },
            candidates: (culprit.candidates > 1).then_some(culprit.candidates),
            op: culprit.op,
            time: to_rfc3339(maker.stamp.in_milliseconds()),
            serial: maker.stamp.serial,
            node: maker.node.clone(),
            auid: maker.auid,
            uid: maker.uid,
            names,
            session: maker.session,
            pid: maker.pid,
            ppid: maker.ppid,
            comm: maker.comm.clone(),
            exe: maker.exe.clone(),
            tty: maker.tty.clone(),
            command: maker.command.clone(),
            run: culprit.run.as_ref().map(|run| OwnRunReport {
                serial: run.stamp.serial,
                state: run.state.clone(),
                drop_ins: run.drop_ins.clone(),
                outcome: run.outcome.clone(),
            }),
        }
    }

    /// Who it was, when, and how sure that is, in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let user = match (self.auid, self.names.get("auid")) {
            (None | Some(u32::MAX), _) => "a process without login".to_owned(),
            (Some(number), Some(name)) => format!("{name} (auid {number})"),
            (Some(number), None) => format!("auid {number}"),
        };
        let program = self.exe.as_ref().map_or_else(String::new, |exe| format!(" with {exe}"));
        let run = self.run.as_ref().map_or_else(String::new, |run| format!(" for {}", run.drop_ins));
        let others = match self.candidates {
            Some(several) => format!(", of {several} rules like this"),
            None => String::new(),
        };
        format!("{}: {user}{program}{run}, {}{others}", self.certainty, self.time)
    }
}
