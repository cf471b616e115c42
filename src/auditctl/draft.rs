//! A rule while the options of its line are read, one after the other: order is part of the language.

use super::condition;
use super::error::{FormError, LineError, LineErrorKind, ValueError, WordError};
use super::line::{Context, Narrowing, Note, RuleLine, SkippedSyscall, Verb};
use super::list_action::{self, ListAction};
use super::options::Given;
use super::syscalls;
use super::{notes, permissions, watch};
use crate::rule::{Action, Arch, Field, FieldNumber, List, MAX_FIELDS_AUDITCTL, Mask, Op, Rule, key};

/// Whether the line goes on to make a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Yes.
    Going,
    /// No: the action is `possible`, and auditctl sends nothing.
    Nothing,
}

/// What `-S` and watches have said about the mask.
#[derive(Debug)]
struct Named {
    mask: Mask,
    /// Whether they have said anything, so that the mask is not filled at the end.
    said: bool,
    skipped: Vec<SkippedSyscall>,
    /// The letters of `perm=` that stood after a known table, and that table.
    narrowed: Option<(u32, Arch)>,
}

/// The rule so far.
#[derive(Debug)]
pub struct Draft<'a> {
    context: &'a Context<'a>,
    added: Option<(List, bool)>,
    deleted: Option<List>,
    action: Action,
    verbs: u32,
    named: Named,
    /// The table of system calls, once an `arch` field or a `-S` has fixed it.
    table: Option<Arch>,
    /// Something that a key can stand after: system calls, a watch, `perm`, `path`, `dir`, `exe`, `fstype`.
    keyable: bool,
    fields: Vec<Field>,
    key: Vec<u8>,
    key_column: usize,
    watch: Option<usize>,
    /// The first option that belongs to a rule.
    begun: Option<(&'static str, usize)>,
}

impl<'a> Draft<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new(context: &'a Context<'a>) -> Self {
        let named = Named { mask: Mask::NONE, said: false, skipped: Vec::new(), narrowed: None };
        Self {
            context,
            added: None,
            deleted: None,
            action: Action::ALWAYS,
            verbs: 0,
            named,
            table: None,
            keyable: false,
            fields: Vec::new(),
            key: Vec::new(),
            key_column: 0,
            watch: None,
            begun: None,
        }
    }

    /// The first option that belongs to a rule, with its column.
    #[must_use]
    pub fn begun(&self) -> Option<(&'static str, usize)> {
        self.begun
    }

    /// Whether system calls were named, by `-S` or as those of a watch.
    #[must_use]
    pub fn has_syscalls(&self) -> bool {
        self.table_used()
    }

    /// Whether a key was given that is not yet a field.
    #[must_use]
    pub fn has_key(&self) -> bool {
        !self.key.is_empty()
    }

    /// Takes one more option of the rule.
    pub fn take(&mut self, given: &Given<'_>) -> Result<Progress, LineError> {
        self.begun = self.begun.or(Some((given.option, given.column)));
        let done = match given.option {
            "-a" | "-A" | "-d" => return self.list_and_action(given).map_err(|what| given.refuse(what)),
            "-w" | "-W" => self.watch(given),
            "-p" => self.permissions(given.value),
            "-S" => self.syscalls(given.value),
            "-F" => self.field(given),
            "-C" => self.comparison(given.value),
            "-k" => self.key(given),
            "-R" => Err(LineErrorKind::Word(WordError::NestedRules)),
            option => Err(LineErrorKind::Word(WordError::UnknownOption { option: option.to_owned() })),
        };
        done.map(|()| Progress::Going).map_err(|what| given.refuse(what))
    }

    /// The finished rule; none where the line has no option of a rule.
    pub fn finish(mut self) -> Result<Option<RuleLine>, LineError> {
        let Some((option, column)) = self.begun else { return Ok(None) };
        if !self.key.is_empty() {
            self.append_key().map_err(|what| what.at(self.key_column))?;
        }
        let (list, verb) = match (self.added, self.deleted) {
            (Some((list, true)), _) => (list, Verb::Prepend),
            (Some((list, false)), _) => (list, Verb::Append),
            (None, Some(list)) => (list, Verb::Delete),
            (None, None) => return Err(LineErrorKind::Form(FormError::MissingList { option }).at(column)),
        };
        let Named { mask, said, skipped, narrowed } = self.named;
        let narrowing =
            narrowed.filter(|_| mask != Mask::all()).map(|(perm, arch)| Narrowing { perm, arch, named: mask.clone() });
        let refused = narrowed.and_then(|(perm, arch)| {
            Some(Note::RefusedBySome { versions: crate::tables::perm::refusing(arch, perm)?, arch })
        });
        let emptied = said && mask.is_empty() && !skipped.is_empty();
        let mask = match (said, list) {
            (true, _) => mask,
            (false, List::TASK) => Mask::NONE,
            (false, _) => Mask::all(),
        };
        let mut rule = Rule::new(list, self.action, mask);
        rule.fields = self.fields.into();
        let mut line = RuleLine {
            verb,
            rule,
            watch: self.watch,
            narrowing,
            skipped_syscalls: skipped,
            emptied,
            notes: Vec::new(),
        };
        line.notes = notes::of(&line, self.context.machine);
        line.notes.extend(refused);
        line.notes.shrink_to_fit();
        Ok(Some(line))
    }

    fn list(&self) -> Option<List> {
        self.added.map(|(list, _)| list).or(self.deleted)
    }

    /// Whether an `arch` field comes too late: system calls were named, or `perm=` has used the table.
    fn table_used(&self) -> bool {
        self.named.said || (self.named.narrowed.is_some() && !self.context.is_before([3, 1, 3]))
    }

    fn list_and_action(&mut self, given: &Given<'_>) -> Result<Progress, LineErrorKind> {
        self.verbs += 1;
        if self.verbs > 1 {
            return Err(LineErrorKind::Form(FormError::TwoVerbs));
        }
        // `-A` of these versions deletes.
        let deletes = given.option == "-d" || (given.option == "-A" && self.context.prepend_deletes());
        let names_task = given.value.windows(4).any(|window| window == b"task");
        if !deletes && names_task && self.table_used() {
            return Err(LineErrorKind::Form(FormError::TaskAfterSyscall));
        }
        let known = if deletes { self.deleted } else { self.added.map(|(list, _)| list) };
        match list_action::parse(given.value, known, self.context)? {
            ListAction::Possible => return Ok(Progress::Nothing),
            ListAction::Both(list, action) => {
                self.action = action;
                match given.option {
                    _ if deletes => self.deleted = Some(list),
                    option => self.added = Some((list, option == "-A")),
                }
            }
        }
        Ok(Progress::Going)
    }

    fn watch(&mut self, given: &Given<'_>) -> Result<(), LineErrorKind> {
        let adds = given.option == "-w";
        if adds && self.list().is_some() {
            return Err(LineErrorKind::Form(FormError::WatchWithRule { option: given.option }));
        }
        // Up to 4.1.1 a watch takes the place of the system calls before it; later an empty mask counts as nothing.
        let forgets = match self.context.installed {
            Some(installed) => !installed.is_since([4, 1, 2]) || self.named.mask.is_empty(),
            None => false,
        };
        if !self.fields.is_empty() || (self.table_used() && !forgets) {
            return Err(LineErrorKind::Form(FormError::WatchNotFirst { option: given.option }));
        }
        let path = watch::path(given.value)?;
        if adds {
            self.added = Some((List::EXIT, false));
        } else {
            self.deleted = Some(List::EXIT);
        }
        self.action = Action::ALWAYS;
        self.named.mask = Mask::all();
        self.named.said = true;
        self.keyable = true;
        self.watch = Some(0);
        self.fields.push(Field::with_text(FieldNumber::PATH, Op::EQUAL, path));
        self.fields.push(Field::number(FieldNumber::PERM, Op::EQUAL, 15));
        Ok(())
    }

    fn permissions(&mut self, value: &[u8]) -> Result<(), LineErrorKind> {
        if self.list().is_none() {
            return Err(LineErrorKind::Form(FormError::PermissionWithoutRule));
        }
        let bits = permissions::parse(value)?;
        if self.fields.is_empty() {
            return Err(LineErrorKind::Form(FormError::PermissionWithoutField));
        }
        self.keyable = true;
        let field = Field::number(FieldNumber::PERM, Op::EQUAL, bits);
        if self.fields.iter().all(|known| known.number != FieldNumber::PERM) {
            return self.push(field);
        }
        for known in self.fields.iter_mut().filter(|known| known.number == FieldNumber::PERM) {
            known.value = field.value.clone();
        }
        Ok(())
    }

    fn syscalls(&mut self, value: &[u8]) -> Result<(), LineErrorKind> {
        let list = self.list();
        if let Some(list @ (List::TASK | List::USER | List::EXCLUDE | List::FILESYSTEM)) = list {
            return Err(LineErrorKind::Form(FormError::SyscallOnList { list }));
        }
        let named = if list == Some(List::IO_URING) {
            syscalls::parse_operations(value, self.context)?
        } else {
            let table = *self.table.get_or_insert(self.context.machine.native);
            syscalls::parse(value, table, self.context)?
        };
        named.add_to(&mut self.named.mask);
        self.named.skipped.extend(named.skipped);
        self.named.said = true;
        self.keyable = true;
        Ok(())
    }

    fn field(&mut self, given: &Given<'_>) -> Result<(), LineErrorKind> {
        let list = self.list().ok_or(LineErrorKind::Form(FormError::MissingList { option: "-F" }))?;
        if let Some(key) = given.value.strip_prefix(b"key=") {
            return if key.is_empty() { Ok(()) } else { self.join_key(key, given.value_column) };
        }
        let field = condition::parse(given.value, list, self.context)?;
        match field.number {
            FieldNumber::ARCH if self.table_used() => return Err(LineErrorKind::Form(FormError::ArchAfterSyscall)),
            FieldNumber::KEY if !self.keyable => return Err(LineErrorKind::Form(FormError::KeyWithoutRule)),
            _ => {}
        }
        self.push(field.clone())?;
        match field.number {
            FieldNumber::ARCH => self.table = field.value.number().map(Arch),
            FieldNumber::PERM => {
                self.keyable = true;
                if let (Some(arch), Some(bits)) = (self.table, field.value.number()) {
                    let before = self.named.narrowed.map_or(0, |(bits, _)| bits);
                    self.named.narrowed = Some((before | bits, arch));
                }
            }
            FieldNumber::PATH | FieldNumber::DIR | FieldNumber::EXE | FieldNumber::FSTYPE => self.keyable = true,
            _ => {}
        }
        Ok(())
    }

    fn comparison(&mut self, value: &[u8]) -> Result<(), LineErrorKind> {
        let field = condition::parse_comparison(value, self.list())?;
        self.push(field)
    }

    fn key(&mut self, given: &Given<'_>) -> Result<(), LineErrorKind> {
        if !self.keyable || self.list().is_none() {
            return Err(LineErrorKind::Form(FormError::KeyWithoutRule));
        }
        self.join_key(given.value, given.value_column)
    }

    /// Adds to the keys, which become one field at the end of the rule.
    fn join_key(&mut self, key: &[u8], column: usize) -> Result<(), LineErrorKind> {
        if key.contains(&key::SEPARATOR) && !self.context.is_before([4, 2, 0]) {
            return Err(LineErrorKind::Value(ValueError::KeySeparator));
        }
        let length = self.key.len() + usize::from(!self.key.is_empty()) + key.len();
        if length > key::MAX_LENGTH {
            return Err(LineErrorKind::Value(ValueError::KeyTooLong { length }));
        }
        if !self.key.is_empty() {
            self.key.push(key::SEPARATOR);
        }
        self.key.extend_from_slice(key);
        self.key_column = column;
        Ok(())
    }

    /// auditctl builds `key=TEXT` and searches it for operators, so a key cannot hold those that come before `=`.
    pub fn append_key(&mut self) -> Result<(), LineErrorKind> {
        if let Some(op) = condition::operator_before_equal(&self.key) {
            return Err(LineErrorKind::Value(ValueError::KeyHasOperator { op }));
        }
        if !self.keyable || (self.list() == Some(List::EXCLUDE) && self.context.is_before([3, 1, 0])) {
            return Err(LineErrorKind::Form(FormError::KeyWithoutRule));
        }
        let key = std::mem::take(&mut self.key);
        self.push(Field::with_text(FieldNumber::KEY, Op::EQUAL, key))
    }

    fn push(&mut self, field: Field) -> Result<(), LineErrorKind> {
        if self.fields.len() >= MAX_FIELDS_AUDITCTL {
            return Err(LineErrorKind::Form(FormError::TooManyFields));
        }
        self.fields.push(field);
        Ok(())
    }
}
