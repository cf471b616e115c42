//! What one event says, from all its records.

use std::borrow::Cow;

use super::files::File;
use crate::records::{Record, RecordType, RecordedEvent, Value};
use crate::rule::{Arch, List};
use crate::tables::{syscalls, uring_operations};

/// What stands between the keys of one record.
const KEYS: u8 = 1;

/// What one event says.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The event.
    pub event: &'a RecordedEvent,
    /// What it is about: the type of its first record that does not only stand beside a system call; that of the call,
    /// where there is no other.
    pub kind: RecordType,
    /// Its first record of that type.
    pub record: Option<Record<'a>>,
    /// Who did it and how it ended: from the record of the call, or from the one above.
    pub process: Process<'a>,
    /// The directory in which the process was.
    pub cwd: Option<Value<'a>>,
    /// The files of the call.
    pub files: Vec<File<'a>>,
    /// A socket address, as the kernel writes its bytes.
    pub address: Option<Value<'a>>,
    /// The command line of the process, as it can change it itself.
    pub title: Option<Value<'a>>,
}

/// A process, what it did, and how that ended; as far as one record says it. Nothing is none.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the names are those of the record")]
pub struct Process<'a> {
    /// The list whose rules were asked; none where the record is of no call.
    pub list: Option<List>,
    pub arch: Option<Arch>,
    /// The number of the system call, or of the `io_uring` operation.
    pub call: Option<u32>,
    pub personality: Option<u32>,
    pub success: Option<bool>,
    pub exit: Option<i64>,
    pub arguments: [Option<u64>; 4],
    pub pid: Option<u32>,
    pub ppid: Option<u32>,
    pub auid: Option<u32>,
    pub session: Option<u32>,
    /// uid, euid, suid, fsuid.
    pub users: [Option<u32>; 4],
    /// gid, egid, sgid, fsgid.
    pub groups: [Option<u32>; 4],
    pub tty: Option<Value<'a>>,
    pub comm: Option<Value<'a>>,
    pub exe: Option<Value<'a>>,
    pub subject: Option<Value<'a>>,
    pub key: Option<Value<'a>>,
}

impl<'a> Process<'a> {
    /// What a record says.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Self {
        let mut process = Self {
            list: match record.kind {
                RecordType::SYSCALL => Some(List::EXIT),
                RecordType::URINGOP => Some(List::IO_URING),
                _ => None,
            },
            ..Self::default()
        };
        // Rules give keys to what the kernel itself records.
        let has_key = !record.kind.is_of_a_program();
        for field in record.fields().filter(|field| has_key || field.name != b"key") {
            process.take(field.name, field.value);
        }
        process
    }

    /// The first field of a name counts: the kernel writes its own before the text of a program, which may say anything.
    fn take(&mut self, name: &[u8], value: Value<'a>) {
        let number = || value.number();
        match name {
            b"arch" => first(&mut self.arch, value.hexadecimal().and_then(|arch| u32::try_from(arch).ok()).map(Arch)),
            b"syscall" | b"uring_op" => first(&mut self.call, number()),
            b"per" => first(&mut self.personality, value.hexadecimal().and_then(|number| u32::try_from(number).ok())),
            b"success" | b"res" => {
                let success = match value.written() {
                    b"yes" | b"success" | b"1" => Some(true),
                    b"no" | b"failed" | b"0" => Some(false),
                    _ => None,
                };
                first(&mut self.success, success);
            }
            b"exit" => first(&mut self.exit, value.signed()),
            b"a0" => first(&mut self.arguments[0], value.hexadecimal()),
            b"a1" => first(&mut self.arguments[1], value.hexadecimal()),
            b"a2" => first(&mut self.arguments[2], value.hexadecimal()),
            b"a3" => first(&mut self.arguments[3], value.hexadecimal()),
            b"pid" => first(&mut self.pid, number()),
            b"ppid" => first(&mut self.ppid, number()),
            b"auid" => first(&mut self.auid, number()),
            b"ses" => first(&mut self.session, number()),
            b"uid" => first(&mut self.users[0], number()),
            b"euid" => first(&mut self.users[1], number()),
            b"suid" => first(&mut self.users[2], number()),
            b"fsuid" => first(&mut self.users[3], number()),
            b"gid" => first(&mut self.groups[0], number()),
            b"egid" => first(&mut self.groups[1], number()),
            b"sgid" => first(&mut self.groups[2], number()),
            b"fsgid" => first(&mut self.groups[3], number()),
            b"tty" | b"terminal" => first(&mut self.tty, Some(value)),
            b"comm" => first(&mut self.comm, Some(value)),
            b"exe" => first(&mut self.exe, Some(value)),
            b"subj" => first(&mut self.subject, Some(value)),
            b"key" => first(&mut self.key, Some(value)),
            _ => {}
        }
    }

    /// The name of the call or operation, as auditctl prints it.
    #[must_use]
    pub fn call_name(&self) -> Option<&'static str> {
        match self.list? {
            List::IO_URING => uring_operations().name(self.call?),
            _ => syscalls::name(self.arch?, self.call?),
        }
    }
}

fn first<T>(known: &mut Option<T>, value: Option<T>) {
    if known.is_none() {
        *known = value;
    }
}

/// The words of a title, with 0x00 between two, and without those that stand at its end.
pub(super) fn words_of_title(title: &[u8]) -> &[u8] {
    let end = title.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    title.get(..end).unwrap_or_default()
}

impl<'a> Facts<'a> {
    /// What an event says.
    #[must_use]
    pub fn of(event: &'a RecordedEvent) -> Self {
        let mut facts = Self {
            event,
            kind: RecordType(0),
            record: None,
            process: Process::default(),
            cwd: None,
            files: Vec::new(),
            address: None,
            title: None,
        };
        let mut call = None;
        for record in event.records() {
            match record.kind {
                RecordType::SYSCALL | RecordType::URINGOP if call.is_none() => call = Some(record),
                RecordType::PATH => facts.files.push(File::of(&record)),
                RecordType::CWD => facts.cwd = record.value(b"cwd"),
                RecordType::SOCKADDR => facts.address = record.value(b"saddr"),
                RecordType::PROCTITLE => facts.title = record.value(b"proctitle"),
                kind if facts.record.is_none() && !kind.accompanies_a_call() => facts.record = Some(record),
                _ => {}
            }
        }
        let about = facts.record.or(call).or_else(|| event.records().next());
        facts.record = about;
        facts.kind = about.map_or(RecordType(0), |record| record.kind);
        facts.process = call.or(about).map_or_else(Process::default, |record| Process::of(&record));
        if facts.process.key.is_none_or(Value::is_nothing) {
            // CONFIG_CHANGE and TTY have keys of their own, beside a call without one.
            let about = about.filter(|record| !record.kind.is_of_a_program());
            facts.process.key = about.and_then(|record| record.value(b"key")).or(facts.process.key);
        }
        facts
    }

    /// The command line of the process, as it can change it itself, with a space between two words; none where no record has it.
    #[must_use]
    pub fn title_line(&self) -> Option<Vec<u8>> {
        let title = self.title?.text()?;
        Some(words_of_title(&title).iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect())
    }

    /// The text of its keys, with 0x01 between two; none where it has no key.
    #[must_use]
    pub fn key(&self) -> Option<Cow<'a, [u8]>> {
        self.process.key.and_then(Value::text).filter(|key| !key.is_empty())
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let key = self.key().unwrap_or_default();
        let keys = key.split(|byte| *byte == KEYS).filter(|key| !key.is_empty());
        keys.map(|key| String::from_utf8_lossy(key).into_owned()).collect()
    }

    /// Whether a rule made it. Another record, such as that of a refused access, also brings the record of its call along;
    /// then only a key tells that a rule matched as well.
    #[must_use]
    pub fn is_of_a_rule(&self) -> bool {
        let has_key = || self.process.key.is_some_and(|key| !key.is_nothing());
        self.process.list.is_some()
            && (matches!(self.kind, RecordType::SYSCALL | RecordType::URINGOP)
                || has_key() && self.kind != RecordType::CONFIG_CHANGE)
    }
}
