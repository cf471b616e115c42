//! Rules given by their parts, and the lines that they mean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProgramsName, choice};
use crate::auditctl::quote;
use crate::error::BadRuleObject;
use crate::rule::Machine;
use crate::tables::syscalls::canonical_name;

/// A rule by its parts; it means exactly the line, or the lines, that it renders to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleObject {
    /// always (the default) or never.
    pub action: Option<ActionName>,
    /// The filter list; exit by default.
    pub list: Option<ListName>,
    /// b64, b32 or machine names; one rule is made for each.
    pub arch: Option<OneOrMany<String>>,
    /// System calls by name or number, or all.
    pub syscalls: Option<OneOrMany<SyscallInput>>,
    /// Conditions, in this order.
    pub fields: Vec<FieldInput>,
    /// Comparisons of two fields of the event, such as `uid!=euid`.
    pub comparisons: Vec<String>,
    /// The file, or with nothing but permissions and key also the directory, to watch.
    pub path: Option<String>,
    /// The directory to watch, with all below it.
    pub dir: Option<String>,
    /// The program that does it.
    pub exe: Option<String>,
    /// Kinds of access: letters of rwxa.
    #[schemars(regex(pattern = "^[rwxaRWXA]{1,4}$"))]
    pub permissions: Option<String>,
    /// Whether the system call succeeded.
    pub success: Option<bool>,
    /// The tag or tags that the records carry.
    pub key: Option<OneOrMany<String>>,
    /// Load it before all others of its list (`-A`).
    pub prepend: bool,
    /// Labels, by which `gather` groups its evidence, such as the numbers of a benchmark's controls. They are not written
    /// to any file.
    pub labels: Option<OneOrMany<String>>,
    /// One rule for each of these programs of the host, to record that it is executed; beside it only arch, permissions,
    /// key, labels, `exclude` and `auid_min`.
    pub programs: Option<ProgramsName>,
    /// With `programs`: globs on paths that are left out, with all below them.
    pub exclude: Vec<String>,
    /// With `programs`: the least login id that is recorded. Default: `UID_MIN` of `{root}/etc/login.defs`, else 1000.
    pub auid_min: Option<u32>,
}

choice! {
    /// Actions by name.
    ActionName {
        /// Record.
        #[default]
        Always = "always",
        /// Do not record.
        Never = "never",
    }
}

choice! {
    /// Filter lists by name.
    ListName {
        /// Records from user space.
        User = "user",
        /// Task creation.
        Task = "task",
        /// System call exit.
        #[default]
        Exit = "exit",
        /// Records to drop.
        Exclude = "exclude",
        /// File systems whose names are not collected.
        Filesystem = "filesystem",
        /// `io_uring` operations.
        IoUring = "io_uring",
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// Several. They come first: serde would take a list for one object too, its entries for the fields in their order.
    Many(Vec<T>),
    /// One.
    One(T),
}

impl<T> OneOrMany<T> {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A system call.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SyscallInput {
    /// Its number.
    Number(u32),
    /// Its name, that of auditctl or that of the kernel.
    Name(String),
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FieldInput {
    /// As auditctl's `-F` takes it: `auid>=1000`.
    Text(String),
    /// By its parts.
    Parts(FieldObject),
}

/// A condition by its parts.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldObject {
    /// auditctl's name of the field.
    pub field: String,
    /// The operator; `=` by default.
    #[serde(default = "equals")]
    #[schemars(extend("enum" = ["=", "!=", "<", "<=", ">", ">=", "&", "&="]))]
    pub op: String,
    /// What it is compared with.
    pub value: FieldValue,
}

fn equals() -> String {
    "=".to_owned()
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FieldValue {
    /// True is 1, false is 0: for success.
    Switch(bool),
    /// A number.
    Number(i64),
    /// A name or other text.
    Text(String),
}

impl RuleObject {
    /// The lines that the object means: one per architecture.
    ///
    /// # Errors
    /// Why no line can say it.
    pub fn lines(&self, machine: &Machine) -> Result<Vec<String>, BadRuleObject> {
        if (Self { labels: None, ..self.clone() }) == Self::default() {
            return Err(BadRuleObject::Empty);
        }
        if self.programs.is_some() {
            return Err(self.beside_programs().unwrap_or(BadRuleObject::ProgramsOfHost));
        }
        if let Some(key) = self.only_with_programs() {
            return Err(BadRuleObject::OnlyWithPrograms(key));
        }
        if self.path.is_some() && self.dir.is_some() {
            return Err(BadRuleObject::PathAndDir);
        }
        if let Some(part) = self.empty_part() {
            return Err(BadRuleObject::EmptyPart(part));
        }
        if let Some(watch) = self.watch()? {
            return Ok(vec![watch]);
        }
        match &self.arch {
            None => Ok(vec![self.line(None, machine)?]),
            Some(arches) => arches.all().iter().map(|arch| self.line(Some(arch), machine)).collect(),
        }
    }

    /// A part that is given and says nothing.
    fn empty_part(&self) -> Option<&'static str> {
        let is_blank = |text: &str| text.trim().is_empty();
        let any = |said: &Option<OneOrMany<String>>| {
            said.as_ref().is_some_and(|said| said.all().is_empty() || said.all().iter().any(|one| is_blank(one)))
        };
        let one = |said: &Option<String>| said.as_deref().is_some_and(is_blank);
        let is_empty_call = |call: &SyscallInput| match call {
            SyscallInput::Name(names) => names.split(',').any(is_blank),
            SyscallInput::Number(_) => false,
        };
        let calls = self.syscalls.as_ref();
        let is_empty_field = |said: &FieldInput| match said {
            FieldInput::Text(text) => is_blank(text),
            FieldInput::Parts(parts) => {
                is_blank(&parts.field) || matches!(&parts.value, FieldValue::Text(text) if text.is_empty())
            }
        };
        let parts = [
            ("arch", any(&self.arch)),
            ("syscalls", calls.is_some_and(|said| said.all().is_empty() || said.all().iter().any(is_empty_call))),
            ("fields", self.fields.iter().any(is_empty_field)),
            ("comparisons", self.comparisons.iter().any(|said| is_blank(said))),
            ("path", one(&self.path)),
            ("dir", one(&self.dir)),
            ("exe", one(&self.exe)),
            ("permissions", one(&self.permissions)),
            ("key", any(&self.key)),
        ];
        parts.into_iter().find(|(_, is_empty)| *is_empty).map(|(key, _)| key)
    }

    /// The `-w` form, where nothing but path, permissions and key is said.
    fn watch(&self) -> Result<Option<String>, BadRuleObject> {
        let Some(path) = &self.path else { return Ok(None) };
        let rest = Self { path: None, permissions: None, key: None, labels: None, ..self.clone() };
        if rest != Self::default() {
            return Ok(None);
        }
        let mut words = Words::new("-w", path)?;
        if let Some(permissions) = &self.permissions {
            words.option("-p", permissions)?;
        }
        self.keys().iter().try_for_each(|key| words.option("-k", key))?;
        Ok(Some(words.line()))
    }

    fn line(&self, arch: Option<&String>, machine: &Machine) -> Result<String, BadRuleObject> {
        let verb = if self.prepend { "-A" } else { "-a" };
        let action = if self.action == Some(ActionName::Never) { "never" } else { "always" };
        let list = self.list.unwrap_or_default();
        let mut words = Words::new(verb, &format!("{action},{}", list.text()))?;
        if let Some(arch) = arch {
            words.option("-F", &format!("arch={arch}"))?;
        }
        let syscalls = self.syscall_names(arch.map(String::as_str), machine);
        if !syscalls.is_empty() {
            words.option("-S", &syscalls.join(","))?;
        }
        self.comparisons.iter().try_for_each(|comparison| words.option("-C", comparison))?;
        let parts = [("path", &self.path), ("dir", &self.dir), ("exe", &self.exe), ("perm", &self.permissions)];
        for (name, value) in parts.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value))) {
            words.option("-F", &format!("{name}={value}"))?;
        }
        self.fields.iter().try_for_each(|said| words.option("-F", &said.text()))?;
        if let Some(success) = self.success {
            words.option("-F", &format!("success={}", u8::from(success)))?;
        }
        if !self.keys().is_empty() && list == ListName::Exit && self.needs_all_syscalls() {
            words.option("-S", "all")?;
        }
        self.keys().iter().try_for_each(|key| words.option("-F", &format!("key={key}")))?;
        Ok(words.line())
    }

    fn only_with_programs(&self) -> Option<&'static str> {
        let keys = [("exclude", !self.exclude.is_empty()), ("auid_min", self.auid_min.is_some())];
        keys.into_iter().find(|(_, is_given)| *is_given).map(|(key, _)| key)
    }

    /// What is wrong with an object that stands for programs.
    #[must_use]
    pub fn beside_programs(&self) -> Option<BadRuleObject> {
        let with = Self { programs: self.programs, exclude: self.exclude.clone(), ..Self::default() };
        let with = Self { auid_min: self.auid_min, key: self.key.clone(), labels: self.labels.clone(), ..with };
        let with = Self { arch: self.arch.clone(), permissions: self.permissions.clone(), ..with };
        (*self != with)
            .then_some(BadRuleObject::BesidePrograms)
            .or_else(|| self.empty_part().map(BadRuleObject::EmptyPart))
    }

    /// The lines for a program at this path, from this login id on: one per architecture.
    ///
    /// # Errors
    /// Why no line can say it.
    pub fn program_lines(&self, path: &str, auid_min: u32) -> Result<Vec<String>, BadRuleObject> {
        match &self.arch {
            None => Ok(vec![self.program_line(None, path, auid_min)?]),
            Some(arches) => arches.all().iter().map(|arch| self.program_line(Some(arch), path, auid_min)).collect(),
        }
    }

    fn program_line(&self, arch: Option<&String>, path: &str, auid_min: u32) -> Result<String, BadRuleObject> {
        let mut words = Words::new("-a", "always,exit")?;
        if let Some(arch) = arch {
            words.option("-F", &format!("arch={arch}"))?;
        }
        words.option("-F", &format!("path={path}"))?;
        let permissions = self.permissions.as_deref().unwrap_or("x");
        // Scanners that want every kind of access want no word about it.
        if !"rwxa".chars().all(|letter| permissions.to_lowercase().contains(letter)) {
            words.option("-F", &format!("perm={permissions}"))?;
        }
        words.option("-F", &format!("auid>={auid_min}"))?;
        words.option("-F", "auid!=unset")?;
        self.keys().iter().try_for_each(|key| words.option("-F", &format!("key={key}")))?;
        Ok(words.line())
    }

    fn keys(&self) -> &[String] {
        self.key.as_ref().map_or(&[], OneOrMany::all)
    }

    /// auditctl takes a key only after a system call, a path or a program.
    fn needs_all_syscalls(&self) -> bool {
        let named = |name: &str| self.fields.iter().any(|said| said.text().starts_with(&format!("{name}=")));
        self.syscalls.is_none()
            && [&self.path, &self.dir, &self.exe, &self.permissions].iter().all(|part| part.is_none())
            && !["path", "dir", "exe", "perm"].iter().any(|name| named(name))
    }

    fn syscall_names(&self, arch: Option<&str>, machine: &Machine) -> Vec<String> {
        let said = self.syscalls.as_ref().map_or(&[][..], OneOrMany::all);
        let arch = arch.map_or(Some(machine.native), |value| machine.arch(value).ok());
        let name = |name: &str| arch.and_then(|arch| canonical_name(arch, name)).unwrap_or(name).to_owned();
        said.iter()
            .map(|syscall| match syscall {
                SyscallInput::Number(number) => number.to_string(),
                SyscallInput::Name(said) => said.split(',').map(name).collect::<Vec<_>>().join(","),
            })
            .collect()
    }
}

impl FieldInput {
    /// The text after `-F`; names of address families, which auditctl does not know, become numbers.
    fn text(&self) -> String {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Parts(FieldObject { field, op, value }) => {
                let value = match value {
                    FieldValue::Switch(on) => u8::from(*on).to_string(),
                    FieldValue::Number(number) => number.to_string(),
                    FieldValue::Text(text) => text.clone(),
                };
                format!("{field}{op}{value}")
            }
        };
        let at = text.find(|c: char| "=!<>&".contains(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(at);
        let value_at = rest.find(|c: char| !"=!<>&".contains(c)).unwrap_or(rest.len());
        let (op, value) = rest.split_at(value_at);
        match (name.to_ascii_lowercase().as_str(), value) {
            ("success", "true" | "yes") => format!("success{op}1"),
            ("success", "false" | "no") => format!("success{op}0"),
            ("saddr_fam", family) => match crate::tables::address_families().number(&family.to_ascii_uppercase()) {
                Some(number) => format!("saddr_fam{op}{number}"),
                None => text,
            },
            _ => text,
        }
    }
}

/// The words of a line, each escaped as auditctl reads it.
struct Words(Vec<String>);

impl Words {
    fn new(option: &str, value: &str) -> Result<Self, BadRuleObject> {
        let mut words = Self(Vec::new());
        words.option(option, value)?;
        Ok(words)
    }

    fn option(&mut self, option: &str, value: &str) -> Result<(), BadRuleObject> {
        if value.chars().any(char::is_control) {
            return Err(BadRuleObject::ControlCharacter(value.to_owned()));
        }
        self.0.push(option.to_owned());
        self.0.push(String::from_utf8_lossy(&quote(value.as_bytes())).into_owned());
        Ok(())
    }

    fn line(self) -> String {
        self.0.join(" ")
    }
}
