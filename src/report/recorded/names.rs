//! Names of users and groups beside their numbers.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::auditctl::Accounts;
use crate::events::Facts;
use crate::records::RecordType;

/// The users of a process as records, and their interpreted copies, name them.
const USERS: [(&str, &[u8]); 4] = [("uid", b"UID"), ("euid", b"EUID"), ("suid", b"SUID"), ("fsuid", b"FSUID")];
/// The groups.
const GROUPS: [(&str, &[u8]); 4] = [("gid", b"GID"), ("egid", b"EGID"), ("sgid", b"SGID"), ("fsgid", b"FSGID")];

/// The names of a host's users and groups by their numbers, put together once.
#[derive(Debug, Default)]
pub struct AccountNames {
    users: FxHashMap<u32, String>,
    groups: FxHashMap<u32, String>,
}

impl AccountNames {
    /// Those of a host. Of several names of one number the first in alphabetical order counts.
    #[must_use]
    pub fn of_host(accounts: &Accounts) -> Self {
        let by_number = |names: &BTreeMap<String, u32>| {
            let mut numbers = FxHashMap::default();
            for (name, number) in names {
                numbers.entry(*number).or_insert_with(|| name.clone());
            }
            numbers
        };
        Self { users: by_number(&accounts.users), groups: by_number(&accounts.groups) }
    }

    /// The name of a user; `unset` of none.
    #[must_use]
    pub fn user(&self, number: u32) -> Option<&str> {
        if number == u32::MAX { Some("unset") } else { self.users.get(&number).map(String::as_str) }
    }

    /// The names of an event's users and groups. What auditd wrote down knows the host that recorded it.
    pub(super) fn of(&self, facts: &Facts<'_>) -> BTreeMap<&'static str, String> {
        let process = &facts.process;
        let record = facts.event.first(RecordType::SYSCALL).or(facts.record);
        let written = |name: &[u8]| {
            let value = record.filter(|record| !record.enriched.is_empty())?.enriched_value(name)?;
            Some(String::from_utf8_lossy(value.written()).into_owned())
        };
        let mut names = BTreeMap::new();
        let user = |number: u32, name: &[u8]| written(name).or_else(|| self.user(number).map(str::to_owned));
        names.extend(process.auid.and_then(|number| Some(("auid", user(number, b"AUID")?))));
        for ((name, upper), number) in USERS.into_iter().zip(process.users) {
            names.extend(number.and_then(|number| Some((name, user(number, upper)?))));
        }
        for ((name, upper), number) in GROUPS.into_iter().zip(process.groups) {
            let group = |number: u32| written(upper).or_else(|| self.groups.get(&number).cloned());
            names.extend(number.and_then(|number| Some((name, group(number)?))));
        }
        names
    }

    /// The names of all users that an event speaks of, by their numbers as text.
    pub(super) fn users_of(&self, facts: &Facts<'_>) -> BTreeMap<String, String> {
        let files = facts.files.iter().filter_map(|file| file.user);
        let numbers = facts.process.users.into_iter().chain([facts.process.auid]).flatten().chain(files);
        let mut names = BTreeMap::new();
        names.extend(numbers.filter_map(|number| Some((number.to_string(), self.user(number)?.to_owned()))));
        names
    }
}
