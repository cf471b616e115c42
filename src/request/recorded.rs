//! What only a request for recorded events says.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Id, SyscallInput};

/// A time.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Moment {
    /// As RFC 3339 writes it, with its offset: `2026-11-29T10:00:00Z`.
    Text(String),
    /// Seconds since 1970.
    Seconds(u32),
}

/// An entry that says which events are kept, or left out.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchInput {
    /// Events as this says are kept.
    #[serde(default)]
    pub keep: Option<ConditionInput>,
    /// Events as this says are left out.
    #[serde(default)]
    pub drop: Option<ConditionInput>,
}

/// What an event has to be like; what is not said may be anything. Text may have `*`, `?` and `[...]`, which also stand for
/// slashes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionInput {
    /// One of its keys.
    pub key: Option<String>,
    /// The system call.
    pub syscall: Option<SyscallInput>,
    /// The program.
    pub exe: Option<String>,
    /// The name of the process.
    pub comm: Option<String>,
    /// One of its files.
    pub path: Option<String>,
    /// The host that recorded it, as the log names it.
    pub node: Option<String>,
    /// The login user: a name of `{root}/etc/passwd`, a number, or unset.
    pub auid: Option<Id>,
    /// The user.
    pub uid: Option<Id>,
    /// Whether it succeeded.
    pub success: Option<bool>,
    /// The type of the record that says what it is about, such as `USER_LOGIN`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}
