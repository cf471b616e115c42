//! A rule in the report of `gather`: as a line, and taken apart.

use std::rc::Rc;

use rustc_hash::FxHashMap as HashMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::auditctl::parts::{Comparison, Condition};
use crate::auditctl::{Parts, canonical_lossy};
use crate::drift::FileRule;
use crate::explain::Named;
use crate::explain::account_name;
use crate::lines::HostRule;
use crate::rule::field_table::{ValueType, by_name};
use crate::rule::id::Ids;
use crate::rule::{FieldNumber, Machine, Mask, Op, Rule};
use crate::tables::perm;

/// A rule, as a line and taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleReport {
    /// The rule as `auditctl -l` prints it, where that text means the same rule.
    pub rule: String,
    /// A short name that depends on nothing but the rule's meaning; the same on every host.
    pub id: String,
    /// Whether it watches a file or directory, or is about system calls and the like.
    pub kind: RuleKind,
    /// What a match does: `always` or `never`.
    pub action: String,
    /// The filter list.
    pub list: String,
    /// The architecture: `b64`, `b32`, or a machine's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// The system calls (or `io_uring` operations); `all` alone for all of them; absent on a list that has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub syscalls: Vec<String>,
    /// The file or directory, of a watch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The letters of `rwxa`, of a watch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<String>,
    /// The other conditions, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ConditionReport>,
    /// The comparisons of two fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<ComparisonReport>,
    /// The keys.
    pub keys: Vec<String>,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// A file or directory: `-w`.
    File,
    /// System calls and the like: `-a`.
    Syscall,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConditionReport {
    /// The field, by its name.
    pub field: String,
    /// The operator.
    pub op: String,
    /// The value, as `auditctl -l` prints it.
    pub value: String,
}

/// A comparison of two fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComparisonReport {
    /// The one.
    pub left: String,
    /// The operator.
    pub op: String,
    /// The other.
    pub right: String,
}

impl RuleReport {
    /// The report of a rule, which a line asks for or a kernel lists.
    #[must_use]
    pub fn new(rule: &Rule, machine: &Machine) -> Self {
        Self::with_ids(&mut Ids::default(), rule, machine)
    }

    fn with_ids(ids: &mut Ids, rule: &Rule, machine: &Machine) -> Self {
        let parts = Parts::of(rule, machine);
        let named = |name: Option<&str>, number: u32| name.map_or_else(|| number.to_string(), str::to_owned);
        let of_watch = |names: &[&str]| parts.value(names).filter(|_| parts.is_watch).map(str::to_owned);
        let (path, permissions) = (of_watch(&["path", "dir"]), of_watch(&["perm"]));
        Self {
            rule: canonical_lossy(rule, machine),
            id: id_among(ids, rule),
            kind: if parts.is_watch { RuleKind::File } else { RuleKind::Syscall },
            action: named(rule.action.name(), rule.action.0),
            list: named(rule.list.name(), rule.list.0),
            arch: parts.arch,
            syscalls: if parts.is_watch { Vec::new() } else { parts.syscalls },
            path,
            permissions,
            fields: if parts.is_watch { Vec::new() } else { parts.conditions.into_iter().map(Into::into).collect() },
            comparisons: parts.comparisons.into_iter().map(Into::into).collect(),
            keys: parts.keys,
        }
    }
}

impl RuleReport {
    /// The same with the names of users and groups in place of their numbers, as `auditctl -i` prints them.
    #[must_use]
    pub fn resolved(mut self, named: Named<'_>) -> Self {
        for condition in &mut self.fields {
            let kind = by_name(&condition.field).map(|row| row.value);
            // Users are printed with a sign.
            let number = condition.value.parse::<i64>().ok().and_then(|value| u32::try_from(value & 0xffff_ffff).ok());
            let name = match (kind, number) {
                (Some(ValueType::User | ValueType::Session), Some(u32::MAX)) => Some("unset"),
                (Some(ValueType::User), Some(id)) => account_name(id, true, named),
                (Some(ValueType::Group), Some(id)) => account_name(id, false, named),
                _ => None,
            };
            if let Some(name) = name {
                name.clone_into(&mut condition.value);
            }
        }
        self
    }
}

/// The reports of rules, of which a loaded one is made once: files and next boot have most of them too.
pub(super) struct RuleReports<'a> {
    loaded: HashMap<&'a Rule, Rc<RuleReport>>,
    machine: &'a Machine,
}

impl<'a> RuleReports<'a> {
    /// Those of these loaded rules.
    pub fn of_loaded(rules: impl Iterator<Item = &'a Rule>, machine: &'a Machine) -> Self {
        let mut ids = Ids::default();
        let report = |rule: &'a Rule| (rule, Rc::new(RuleReport::with_ids(&mut ids, rule, machine)));
        Self { loaded: rules.map(report).collect(), machine }
    }

    /// The report of a rule as the kernel lists it.
    pub fn of(&self, rule: &Rule) -> Rc<RuleReport> {
        self.loaded.get(rule).map_or_else(|| Rc::new(RuleReport::new(rule, self.machine)), Rc::clone)
    }

    /// The report of the rule of a line, of which the kernel lists all but class bits of its mask.
    pub fn of_line(&self, rule: &HostRule) -> Rc<RuleReport> {
        let mask = &rule.line.rule.syscalls;
        if mask.is_all() || *mask == rule.listed.syscalls {
            return self.of(&rule.listed);
        }
        Rc::new(RuleReport::new(&rule.line.rule, self.machine))
    }
}

/// The id of a rule. The masks that versions of auditctl make of one `perm=` are one meaning.
#[must_use]
pub fn id(rule: &Rule) -> String {
    id_among(&mut Ids::default(), rule)
}

fn id_among(ids: &mut Ids, rule: &Rule) -> String {
    let perm = rule.fields.iter().find(|field| field.number == FieldNumber::PERM && field.op == Op::EQUAL);
    let perm = perm.and_then(|field| field.value.number());
    let is_narrowed = rule.arch().zip(perm).is_some_and(|(arch, perm)| perm::is_narrowed(&rule.syscalls, arch, perm));
    if is_narrowed {
        let widened = Rule { syscalls: Mask::all(), ..rule.clone() };
        return ids.of(&widened).to_string();
    }
    ids.of(rule).to_string()
}

impl From<Condition> for ConditionReport {
    fn from(condition: Condition) -> Self {
        Self { field: condition.field, op: condition.op, value: condition.value }
    }
}

impl From<Comparison> for ComparisonReport {
    fn from(comparison: Comparison) -> Self {
        Self { left: comparison.left.to_owned(), op: comparison.op, right: comparison.right.to_owned() }
    }
}

/// The rule of a line as text; the line itself where it cannot be read here.
pub(super) fn text_of(asked: &FileRule, machine: &Machine) -> String {
    let rule = asked.rule.as_ref().filter(|rule| !rule.line.emptied);
    rule.map_or_else(
        || String::from_utf8_lossy(&asked.text).into_owned(),
        |rule| canonical_lossy(&rule.line.rule, machine),
    )
}
