//! A recorded event as the question which rule matches it.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::facts::Facts;
use crate::matching::cover::{compare, is_normal};
use crate::matching::event::CallResult;
use crate::matching::{Event, Name, access};
use crate::records::{SocketAddress, Value, from_hexadecimal};
use crate::rule::{Action, Arch, FieldNumber, List, Rule};

/// The numbers of fields in `linux/audit.h`.
const PID: u32 = 0;
const USERS: [u32; 4] = [1, 2, 3, 4];
const GROUPS: [u32; 4] = [5, 6, 7, 8];
const PERSONALITY: u32 = 10;
const SUBJECT: [u32; 5] = [13, 14, 15, 16, 17];
const PPID: u32 = 18;
const DEVICE: [u32; 2] = [100, 101];
const FILE_OWNER: [u32; 2] = [109, 110];
const ARGUMENTS: [u32; 4] = [200, 201, 202, 203];
/// Most calls of which it is noted which rules are for them: more than any machine has. Damaged records may name others.
const MOST_CALLS: usize = 4096;
/// `S_IFMT`.
const KIND_OF_FILE: u32 = 0o170_000;

/// A call: its list, its architecture and its number.
type Call = (List, Option<Arch>, Option<u32>);

/// The rules that may have decided about events: those of the kernel, or a policy.
#[derive(Debug, Default)]
pub struct DecidingRules {
    rules: Vec<Rule>,
    /// The directory that a rule is about, without a slash at its end; and the rules that are about one file, by its path.
    /// Most rules of most policies are about files, and an event has few.
    directories: Vec<Option<Box<[u8]>>>,
    by_path: FxHashMap<Box<[u8]>, Vec<usize>>,
    /// The rules that record, by their keys.
    by_key: FxHashMap<Option<Box<[u8]>>, Vec<usize>>,
    by_call: FxHashMap<Call, Rc<OfCall>>,
    asks_for_subject: bool,
}

/// The rules that may match a call at all, by their indices, ascending.
#[derive(Debug, Default)]
pub(super) struct OfCall {
    pub all: Vec<usize>,
    /// Those that are about no single file.
    without_file: Vec<usize>,
}

impl OfCall {
    pub fn has(&self, at: usize) -> bool {
        self.all.binary_search(&at).is_ok()
    }
}

impl DecidingRules {
    /// Of rules in the kernel's order.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        let asks = |rule: &Rule| rule.fields.iter().any(|field| SUBJECT.contains(&field.number.0));
        let mut found = Self { asks_for_subject: rules.iter().any(asks), ..Self::default() };
        for (at, rule) in rules.iter().enumerate() {
            let text = |number| rule.text(number).filter(|path| is_normal(path));
            found.directories.push(text(FieldNumber::DIR).map(|path| path.strip_suffix(b"/").unwrap_or(path).into()));
            if let Some(path) = text(FieldNumber::PATH) {
                found.by_path.entry(path.into()).or_default().push(at);
            }
            if rule.action == Action::ALWAYS {
                let key = rule.key().filter(|key| !key.is_empty()).map(Into::into);
                found.by_key.entry(key).or_default().push(at);
            }
        }
        Self { rules, ..found }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// A rule by its index.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Rule> {
        self.rules.get(at)
    }

    /// The rules that record under this key, or without one.
    pub(super) fn with_key(&self, key: Option<&[u8]>) -> &[usize] {
        self.by_key.get(&key.map(Into::into)).map_or(&[], Vec::as_slice)
    }

    /// The rules that may decide about a call: the others are for other calls.
    pub(super) fn of_call(&mut self, event: &Event) -> Rc<OfCall> {
        let arch = event.number(FieldNumber::ARCH).map(Arch);
        let call = (event.list, arch, event.syscall);
        if let Some(known) = self.by_call.get(&call) {
            return Rc::clone(known);
        }
        let may_match = |rule: &Rule| {
            let of_arch = rule.fields.iter().filter(|field| field.number == FieldNumber::ARCH);
            let has_arch =
                || of_arch.clone().all(|field| arch.is_none_or(|arch| compare(arch.0, field) != Some(false)));
            match rule.list {
                list if list == event.list => {
                    event.syscall.is_none_or(|call| rule.syscalls.contains(call)) && has_arch()
                }
                list => !matches!(list, List::EXIT | List::IO_URING),
            }
        };
        let mut found = OfCall::default();
        for (at, _) in self.rules.iter().enumerate().filter(|(_, rule)| may_match(rule)) {
            found.all.push(at);
            let file = self.rules.get(at).and_then(|rule| rule.text(FieldNumber::PATH));
            if !file.is_some_and(is_normal) {
                found.without_file.push(at);
            }
        }
        let found = Rc::new(found);
        if self.by_call.len() < MOST_CALLS {
            self.by_call.insert(call, Rc::clone(&found));
        }
        found
    }

    /// Those of the rules of a call that are about no files, or may be about the files of this event.
    pub(super) fn about(&self, of_call: &OfCall, event: &Event) -> Vec<usize> {
        let Some(names) = &event.names else { return of_call.all.clone() };
        let is_below = |at: &usize| match self.directories.get(*at) {
            Some(Some(directory)) => names.iter().any(|name| name.path.starts_with(directory)),
            _ => true,
        };
        let mut about: Vec<usize> = of_call.without_file.iter().copied().filter(is_below).collect();
        let of_names = names.iter().filter_map(|name| self.by_path.get(name.path.as_slice())).flatten();
        about.extend(of_names.filter(|at| of_call.has(**at)));
        about.sort_unstable();
        about.dedup();
        about
    }

    /// The event as rules ask about it; none where no rule was asked, since it is of no call.
    ///
    /// Not told by records, and so unknown: supplementary groups, labels of objects, kinds of file systems. The kernel only
    /// writes the number of a file that it found; names of files that it did not find are left out.
    #[must_use]
    pub fn question(&self, facts: &Facts<'_>) -> Option<Event> {
        let process = &facts.process;
        let mut event = Event::unknown(process.list?);
        event.syscall = process.call;
        let mut add = |number: u32, value: Option<u32>| {
            event.numbers.extend(value.map(|value| (FieldNumber(number), value)));
        };
        add(PID, process.pid);
        add(PPID, process.ppid);
        USERS.into_iter().zip(process.users).for_each(|(number, value)| add(number, value));
        GROUPS.into_iter().zip(process.groups).for_each(|(number, value)| add(number, value));
        add(FieldNumber::AUID.0, process.auid);
        add(FieldNumber::SESSIONID.0, process.session);
        add(FieldNumber::ARCH.0, process.arch.map(|arch| arch.0));
        // The kernel writes `per=` where it is not 0.
        add(PERSONALITY, Some(process.personality.unwrap_or(0)));
        // Rules look at the lower 32 bits.
        ARGUMENTS.into_iter().zip(process.arguments).for_each(|(number, value)| add(number, value.map(low)));
        add(FieldNumber::EXIT.0, process.exit.map(|exit| low(u64::from_ne_bytes(exit.to_ne_bytes()))));
        event.result = Some(match process.success {
            Some(true) => CallResult::Success,
            Some(false) => CallResult::Failure,
            // Such a record has neither `success` nor `exit`.
            None => CallResult::None,
        });
        event.exe = process.exe.and_then(Value::text).map(Into::into);
        if self.asks_for_subject {
            event.texts = facts.process.subject.map(|subject| labels(subject.written())).unwrap_or_default();
        }
        let address = facts.address.and_then(|address| SocketAddress::read(&from_hexadecimal(address.written())?));
        event.has_address = Some(address.is_some());
        event.numbers.extend(address.map(|address| (FieldNumber::SADDR_FAM, u32::from(address.family()))));
        event.names = names(facts);
        if let (List::EXIT, Some(arch), Some(call)) = (event.list, process.arch, process.call) {
            event.accesses = access::of_call(arch, call, |at| process.arguments.get(at).copied().flatten().map(low));
        }
        Some(event)
    }
}

/// The files that the kernel found; none where the whole path of one of them is not known.
fn names(facts: &Facts<'_>) -> Option<Vec<Name>> {
    let found = facts.files.iter().filter(|file| file.inode.is_some());
    found
        .map(|file| {
            let mut name = Name {
                path: file.path(facts.cwd, &facts.process)?,
                kind: file.mode.map(|mode| mode & KIND_OF_FILE),
                ..Name::default()
            };
            let mut add = |number: u32, value: Option<u32>| {
                name.numbers.extend(value.map(|value| (FieldNumber(number), value)));
            };
            add(FieldNumber::INODE.0, file.inode.and_then(|inode| u32::try_from(inode).ok()));
            add(DEVICE[0], file.device.map(|(major, _)| major));
            add(DEVICE[1], file.device.map(|(_, minor)| minor));
            add(FILE_OWNER[0], file.user);
            add(FILE_OWNER[1], file.group);
            Some(name)
        })
        .collect()
}

fn low(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap_or_default()
}

/// `USER:ROLE:TYPE:LOW-HIGH`, as rules ask for its parts.
fn labels(subject: &[u8]) -> Vec<(FieldNumber, Rc<[u8]>)> {
    let mut parts = subject.splitn(4, |byte| *byte == b':');
    let (Some(user), Some(role), Some(kind)) = (parts.next(), parts.next(), parts.next()) else { return Vec::new() };
    let range = parts.next().unwrap_or_default();
    let mut levels = range.splitn(2, |byte| *byte == b'-');
    let lowest = levels.next().unwrap_or_default();
    let highest = levels.next().unwrap_or(lowest);
    let texts = [user, role, kind, lowest, highest];
    SUBJECT.into_iter().zip(texts).map(|(number, text)| (FieldNumber(number), text.into())).collect()
}
