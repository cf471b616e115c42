//! What makes a rule record so much, and which condition would narrow it most.

use super::facts::Facts;
use crate::records::Value;
use crate::rule::field_table::by_name;
use crate::rule::{Arch, Op, Rule};
use crate::tables::syscalls;

/// How many values of one property are told apart.
const MOST_VALUES: usize = 32;

/// What one rule recorded.
#[derive(Debug, Default)]
pub struct Noise {
    /// How many records.
    pub records: u64,
    events: u64,
    programs: Frequent<Box<[u8]>>,
    login_users: Frequent<u32>,
    users: Frequent<u32>,
    successes: Frequent<bool>,
    calls: Frequent<(Option<Arch>, u32)>,
}

/// A value that many events of a rule have in common: a condition against it would leave these out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowing {
    /// The field, as auditctl names it; `syscall` for a call that the rule could go without.
    pub field: &'static str,
    /// The value, as auditctl takes it.
    pub value: String,
    /// How many events have it, or more.
    pub events: u64,
}

impl Noise {
    /// Counts an event of the rule.
    pub fn add(&mut self, facts: &Facts<'_>) {
        let process = &facts.process;
        self.events += 1;
        self.records += facts.event.kinds().count() as u64;
        if let Some(exe) = process.exe.and_then(Value::text) {
            self.programs.add(|known| **known == *exe, || (&*exe).into());
        }
        process.auid.into_iter().for_each(|auid| self.login_users.add_copy(auid));
        process.users[0].into_iter().for_each(|uid| self.users.add_copy(uid));
        process.success.into_iter().for_each(|success| self.successes.add_copy(success));
        process.call.into_iter().for_each(|call| self.calls.add_copy((process.arch, call)));
    }

    /// The value that most of its events have in common, of those that not all of them have and that the rule says nothing
    /// about yet.
    #[must_use]
    pub fn narrowing(&self, rule: &Rule) -> Option<Narrowing> {
        let number = |number: &u32| if *number == u32::MAX { "unset".to_owned() } else { number.to_string() };
        let call = |(arch, call): &(Option<Arch>, u32)| {
            arch.and_then(|arch| syscalls::name(arch, *call)).map_or_else(|| call.to_string(), str::to_owned)
        };
        let candidates = [
            ("exe", self.programs.first(self.events, |exe| String::from_utf8_lossy(exe).into_owned())),
            ("auid", self.login_users.first(self.events, number)),
            ("uid", self.users.first(self.events, number)),
            ("success", self.successes.first(self.events, |success| u8::from(*success).to_string())),
            ("syscall", self.calls.first(self.events, call)),
        ];
        let open = candidates.into_iter().filter(|(field, _)| !is_said(rule, field));
        let found = open.filter_map(|(field, first)| first.map(|(value, events)| Narrowing { field, value, events }));
        // Of two that are as frequent, the one that was asked first.
        found.reduce(|best, next| if next.events > best.events { next } else { best })
    }
}

/// Whether a rule asks for one value of a field anyway.
fn is_said(rule: &Rule, field: &str) -> bool {
    let number = by_name(field).map(|row| row.number);
    rule.fields.iter().any(|said| Some(said.number) == number && said.op == Op::EQUAL)
}

/// The most frequent values of a property, found in little memory: where there are more than [`MOST_VALUES`], counts are
/// too low, and values that are rare are forgotten (Misra and Gries).
#[derive(Debug)]
struct Frequent<T> {
    counts: Vec<(T, u64)>,
}

impl<T> Default for Frequent<T> {
    fn default() -> Self {
        Self { counts: Vec::new() }
    }
}

impl<T> Frequent<T> {
    /// Counts a value; `is` says whether a known one is the same, and `own` makes it one to be kept.
    fn add(&mut self, is: impl Fn(&T) -> bool, own: impl FnOnce() -> T) {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| is(known)) {
            *count += 1;
        } else if self.counts.len() < MOST_VALUES {
            self.counts.push((own(), 1));
        } else {
            self.counts.iter_mut().for_each(|(_, count)| *count -= 1);
            self.counts.retain(|(_, count)| *count > 0);
        }
    }

    /// The most frequent value that not all have, with its count.
    fn first(&self, all: u64, text: impl Fn(&T) -> String) -> Option<(String, u64)> {
        let some = self.counts.iter().filter(|(_, count)| *count < all);
        some.max_by_key(|(_, count)| *count).map(|(value, count)| (text(value), *count))
    }
}

impl<T: Copy + PartialEq> Frequent<T> {
    fn add_copy(&mut self, value: T) {
        self.add(|known| *known == value, || value);
    }
}
