//! What an event of a request means on a machine.

use crate::auditctl::{self, Context};
use crate::error::{Problem, RequestError, What};
use crate::matching::access;
use crate::matching::event::{CallResult, Event, Name};
use crate::request::{EventInput, FieldValue, ListName, SyscallInput};
use crate::rule::field_table::by_name;
use crate::rule::{Arch, FieldNumber, List, Value};
use crate::tables::{syscalls, uring_operations};

/// What is said of one file.
const OF_FILE: [&str; 7] = ["obj_uid", "obj_gid", "filetype", "inode", "devmajor", "devminor", "fstype"];
/// Values from here on are errors (`IS_ERR_VALUE`).
const FIRST_ERROR: u32 = u32::MAX - 4094;

/// The event, with users and groups of this host; its place in the request is `pointer`.
pub fn event(said: &EventInput, pointer: &str, context: &Context<'_>, problems: &mut Vec<Problem>) -> Event {
    let mut reader = Reader { context, pointer, problems };
    let mut event = Event::unknown(list(said.list.unwrap_or_default()));
    let mut file = Name::default();
    let arch = said.arch.as_deref().map_or(Some(context.machine.native), |name| {
        reader.value("arch", name, "arch").and_then(|value| value.number()).map(Arch)
    });
    event.numbers.extend(arch.map(|arch| (FieldNumber::ARCH, arch.0)));
    event.syscall = said.syscall.as_ref().and_then(|call| reader.syscall(call, event.list, arch));
    for &(name, ref value) in &said.properties {
        let (Some(row), Some(value)) = (by_name(name), reader.said(name, value)) else { continue };
        match value {
            Value::Text(text) if row.number == FieldNumber::EXE => event.exe = Some(text),
            Value::Text(text) => event.texts.push((row.number, text)),
            Value::Number(kind) if row.number == FieldNumber::FILETYPE => file.kind = Some(kind),
            Value::Number(number) if name != "fstype" && OF_FILE.contains(&name) => {
                file.numbers.push((row.number, number));
            }
            Value::Number(number) => event.numbers.push((row.number, number)),
        }
    }
    event.has_address = event.number(FieldNumber::SADDR_FAM).map(|_| true);
    let groups = said.groups.iter().flatten().filter_map(|group| reader.said("gid", group)?.number());
    let groups: Vec<u32> = groups.collect();
    event.groups = said.groups.as_ref().map(|_| groups);
    event.result = reader.result(said.success, event.number(FieldNumber::EXIT));
    event.are_names_found = event.result != Some(CallResult::Failure);
    event.names = said.path.as_ref().map(|path| reader.files(path.all(), &file, said));
    event.accesses = match (&said.perm, arch, event.syscall) {
        (Some(letters), ..) => reader.letters(letters),
        (None, Some(arch), Some(call)) if event.list == List::EXIT => {
            access::of_call(arch, call, |at| event.number(FieldNumber(200 + u32::try_from(at).unwrap_or(0))))
        }
        _ => event.accesses,
    };
    event
}

fn list(name: ListName) -> List {
    match name {
        ListName::User => List::USER,
        ListName::Task => List::TASK,
        ListName::Exit => List::EXIT,
        ListName::Exclude => List::EXCLUDE,
        ListName::Filesystem => List::FILESYSTEM,
        ListName::IoUring => List::IO_URING,
    }
}

struct Reader<'a> {
    context: &'a Context<'a>,
    pointer: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn report(&mut self, what: impl Into<What>, key: &str) {
        self.problems.push(Problem::at_pointer(what.into(), &format!("{}/{key}", self.pointer)));
    }

    /// A value as it may stand after `-F`.
    fn said(&mut self, name: &'static str, value: &FieldValue) -> Option<Value> {
        let text = match value {
            FieldValue::Switch(on) => u8::from(*on).to_string(),
            FieldValue::Number(number) => number.to_string(),
            FieldValue::Text(text) => text.clone(),
        };
        self.value(name, &text, name)
    }

    fn value(&mut self, name: &'static str, text: &str, key: &str) -> Option<Value> {
        let value = auditctl::value(name, text.as_bytes(), self.context);
        value.map_err(|error| self.report(error, key)).ok()
    }

    fn syscall(&mut self, said: &SyscallInput, list: List, arch: Option<Arch>) -> Option<u32> {
        let name = match said {
            SyscallInput::Number(number) => return Some(*number),
            SyscallInput::Name(name) => name.to_ascii_lowercase(),
        };
        if let Ok(number) = name.parse() {
            return Some(number);
        }
        let (number, nearest) = if list == List::IO_URING {
            (uring_operations().number(&name), uring_operations().nearest(&name))
        } else {
            let arch = arch?;
            let number = syscalls::canonical_name(arch, &name).and_then(|name| syscalls::number(arch, name));
            (number, syscalls::nearest_name(arch, &name))
        };
        if number.is_none() {
            let machine = arch.and_then(Arch::name).unwrap_or("this machine");
            let allowed = vec![format!("the system calls of {machine}")];
            self.report(
                RequestError::BadValue { found: name, allowed, nearest: nearest.map(str::to_owned) },
                "syscall",
            );
        }
        number
    }

    /// How the call ended, by either of the two that say it.
    fn result(&mut self, success: Option<bool>, exit: Option<u32>) -> Option<CallResult> {
        let by_exit = exit.map(|exit| exit < FIRST_ERROR);
        if let Some(said) = success.filter(|said| by_exit.is_some_and(|found| found != *said)) {
            let allowed = vec![format!("{} with this exit", !said)];
            self.report(RequestError::BadValue { found: said.to_string(), allowed, nearest: None }, "success");
        }
        success.or(by_exit).map(|ok| if ok { CallResult::Success } else { CallResult::Failure })
    }

    fn files(&mut self, paths: &[String], file: &Name, said: &EventInput) -> Vec<Name> {
        for path in paths {
            let is_sound = path.starts_with('/')
                && !path.split('/').skip(1).any(|name| matches!(name, "." | ".."))
                && !path.contains("//");
            if !is_sound {
                self.report(RequestError::BadPath { key: "path", path: path.clone() }, "path");
            }
        }
        let is_one = paths.len() == 1;
        let superfluous = said.properties.iter().filter(|(name, _)| !is_one && OF_FILE.contains(name));
        for &(name, _) in superfluous {
            self.report(RequestError::NotUsed { key: name, with: "several files".to_owned() }, name);
        }
        let named = |path: &String| Name { path: path.as_bytes().to_vec(), ..file.clone() };
        paths.iter().map(named).collect()
    }

    fn letters(&mut self, letters: &str) -> u32 {
        if letters.is_empty() {
            return 1;
        }
        let access = self.value("perm", letters, "perm").and_then(|value| value.number());
        access.map_or(1, |access| 1 << access)
    }
}
