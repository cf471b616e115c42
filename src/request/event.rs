//! An event that a policy is asked about.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::rule_object::{FieldValue, ListName, OneOrMany, SyscallInput};

/// What becomes of the record of an event.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// Whether there is one.
    pub recorded: Option<bool>,
    /// A key of the rule that decides.
    pub key: Option<String>,
}

/// What a process did, or a record about it. Values are those that auditctl takes after `-F`; of what is not given,
/// nothing is assumed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "EventForm")]
pub struct EventInput {
    /// A name for it, for the report.
    pub name: Option<String>,
    /// The list that is asked; exit by default.
    pub list: Option<ListName>,
    /// b64, b32 or a machine's name.
    pub arch: Option<String>,
    /// The system call, or the `io_uring` operation.
    pub syscall: Option<SyscallInput>,
    /// The files that the call names.
    pub path: Option<OneOrMany<String>>,
    /// What the call does to a file, as letters of rwxa.
    pub perm: Option<String>,
    /// Whether the call succeeded.
    pub success: Option<bool>,
    /// The supplementary groups of the process.
    pub groups: Option<Vec<FieldValue>>,
    /// What the answer has to be.
    pub expect: Option<Expectation>,
    /// The properties that are one value, by auditctl's names of them.
    pub properties: Vec<(&'static str, FieldValue)>,
}

impl JsonSchema for EventInput {
    fn schema_name() -> Cow<'static, str> {
        "EventInput".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        EventForm::json_schema(generator)
    }
}

/// Declares the form of an event: what is of its own kind, and the properties that are one value.
macro_rules! event {
    ($($(#[$doc:meta])* $field:ident,)+) => {
        /// What a process did, or a record about it. Values are those that auditctl takes after `-F`; of what is not
        /// given, nothing is assumed.
        #[derive(Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        struct EventForm {
            /// A name for it, for the report.
            name: Option<String>,
            /// The list that is asked; exit by default.
            list: Option<ListName>,
            /// b64, b32 or a machine's name; by default that of the machine's own programs.
            arch: Option<String>,
            /// The system call, or the `io_uring` operation, by its name or number.
            syscall: Option<SyscallInput>,
            /// The file or files that the call names, without symbolic links in their paths; where a name is made or
            /// removed, also its directory. An empty list: none.
            path: Option<OneOrMany<String>>,
            /// What the call does to a file, as letters of rwxa; by default as far as the system call tells.
            perm: Option<String>,
            /// Whether the call succeeded; by default as far as `exit` tells.
            success: Option<bool>,
            /// The supplementary groups of the process.
            groups: Option<Vec<FieldValue>>,
            /// What the answer has to be; another one fails the request.
            expect: Option<Expectation>,
            $($(#[$doc])* $field: Option<FieldValue>,)+
        }

        impl From<EventForm> for EventInput {
            fn from(form: EventForm) -> Self {
                let all = [$((stringify!($field), form.$field),)+];
                Self {
                    name: form.name,
                    list: form.list,
                    arch: form.arch,
                    syscall: form.syscall,
                    path: form.path,
                    perm: form.perm,
                    success: form.success,
                    groups: form.groups,
                    expect: form.expect,
                    properties: all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
                }
            }
        }
    };
}

event! {
    /// The login uid.
    auid,
    /// The user.
    uid,
    /// The effective user.
    euid,
    /// The saved user.
    suid,
    /// The user for file access.
    fsuid,
    /// The group.
    gid,
    /// The effective group.
    egid,
    /// The saved group.
    sgid,
    /// The group for file access.
    fsgid,
    /// The process.
    pid,
    /// Its parent.
    ppid,
    /// The session of the login.
    sessionid,
    /// The personality of the process.
    pers,
    /// What the call gave back: a number, or an error as `-EACCES`.
    exit,
    /// The first argument of the call.
    a0,
    /// The second.
    a1,
    /// The third.
    a2,
    /// The fourth.
    a3,
    /// The program, by its path without symbolic links.
    exe,
    /// The family of the socket address that the call has.
    saddr_fam,
    /// The type of the record, for the lists user and exclude.
    msgtype,
    /// The type of the file's file system. Without it no rule of the filesystem list is taken to be about the file.
    fstype,
    /// The owner of the file.
    obj_uid,
    /// The group of the file.
    obj_gid,
    /// The kind of the file.
    filetype,
    /// The inode of the file.
    inode,
    /// The major number of its device.
    devmajor,
    /// The minor number of its device.
    devminor,
    /// The user of the process's security label.
    subj_user,
    /// Its role.
    subj_role,
    /// Its type.
    subj_type,
    /// Its low level.
    subj_sen,
    /// Its high level.
    subj_clr,
    /// The user of the file's security label.
    obj_user,
    /// Its role.
    obj_role,
    /// Its type.
    obj_type,
    /// Its low level.
    obj_lev_low,
    /// Its high level.
    obj_lev_high,
}
