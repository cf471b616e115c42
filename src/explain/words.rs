//! Fields, operators and values in words.

use crate::auditctl::{Accounts, Parts};
use crate::rule::field_table::{ValueType, by_number};
use crate::rule::{Action, Field, FieldNumber, List, Machine, Mask, Op, Rule};

/// The host for which a sentence is written.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Its machine.
    pub machine: &'a Machine,
    /// Its users and groups, where numbers are to have their names beside them.
    pub accounts: Option<&'a Accounts>,
}

/// A field by its name, as a sentence speaks of it.
pub fn of_field(name: &str) -> String {
    let words = match name {
        "pid" => "the process id",
        "ppid" => "the parent's process id",
        "uid" => "the uid",
        "euid" => "the effective uid",
        "suid" => "the saved uid",
        "fsuid" => "the file system uid",
        "gid" => "the gid or a supplementary group",
        "egid" => "the effective gid or a supplementary group",
        "sgid" => "the saved gid",
        "fsgid" => "the file system gid",
        "auid" | "loginuid" => "the login uid",
        "loginuid_set" => "whether a login uid is set",
        "sessionid" => "the session",
        "pers" => "the personality",
        "arch" => "the architecture",
        "msgtype" => "the type of the record",
        "exit" => "the result",
        "success" => "whether the call succeeds",
        "path" => "the file",
        "dir" => "the directory",
        "perm" => "the access",
        "exe" => "the program",
        "filetype" => "the type of the file",
        "fstype" => "the type of the file system",
        "inode" => "the inode",
        "devmajor" => "the major number of the device",
        "devminor" => "the minor number of the device",
        "obj_uid" => "the owner of the file",
        "obj_gid" => "the group of the file",
        "saddr_fam" => "the address family of the socket",
        "a0" => "the first argument",
        "a1" => "the second argument",
        "a2" => "the third argument",
        "a3" => "the fourth argument",
        other => return other.to_owned(),
    };
    words.to_owned()
}

/// An operator with its value.
pub fn operator(op: Op, value: &str) -> String {
    match op {
        Op::EQUAL => format!("is {value}"),
        Op::NOT_EQUAL => format!("is not {value}"),
        Op::LESS => format!("is less than {value}"),
        Op::LESS_OR_EQUAL => format!("is {value} or less"),
        Op::GREATER => format!("is more than {value}"),
        Op::GREATER_OR_EQUAL => format!("is {value} or more"),
        Op::BIT_MASK => format!("has a bit of {value}"),
        Op::BIT_TEST => format!("has all bits of {value}"),
        other => format!("stands to {value} as operator {:#x} says", other.0),
    }
}

/// What a call does to a file, by the bits of `perm`; none where no letter says it.
pub fn access(bits: u32) -> Option<String> {
    let verbs = [(4, "reads"), (2, "writes"), (1, "executes"), (8, "changes attributes of")];
    let said: Vec<&str> = verbs.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, verb)| verb).collect();
    let (last, rest) = said.split_last().filter(|_| bits < 16)?;
    Some(if rest.is_empty() { (*last).to_owned() } else { format!("{} or {last}", rest.join(", ")) })
}

/// The name of a field and its value in words, with the name of a user or group beside its number where it is known.
pub fn value(field: &Field, named: Named<'_>) -> (String, String) {
    // On the list of users a comparison of two fields is a condition like others.
    let alone = Rule { fields: vec![field.clone()].into(), ..Rule::new(List::USER, Action::ALWAYS, Mask::all()) };
    let parts = Parts::of(&alone, named.machine);
    let Some(condition) = parts.conditions.into_iter().next() else {
        return ("arch".to_owned(), parts.arch.unwrap_or_default());
    };
    let kind = by_number(field.number).map(|row| row.value);
    let may_be_unset = matches!(field.number, FieldNumber::AUID | FieldNumber::SESSIONID);
    let value = match (kind, field.value.number()) {
        (_, Some(u32::MAX)) if may_be_unset => "unset".to_owned(),
        (Some(ValueType::User | ValueType::Group), Some(id)) => account_name(id, kind == Some(ValueType::User), named)
            .map_or_else(|| id.to_string(), |name| format!("{id} ({name})")),
        _ => condition.value,
    };
    (condition.field, value)
}

/// The user or group with this number; of several names the one that sorts first.
#[must_use]
pub fn account_name(id: u32, is_user: bool, named: Named<'_>) -> Option<&str> {
    let accounts = named.accounts?;
    let known = if is_user { &accounts.users } else { &accounts.groups };
    known.iter().find(|(_, number)| **number == id).map(|(name, _)| name.as_str())
}
