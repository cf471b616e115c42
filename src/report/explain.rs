//! The `lines` of the report of `explain`.

use schemars::JsonSchema;
use serde::Serialize;

use super::rule::RuleReport;
use crate::auditctl::{Control, LineError, Note, Verb};
use crate::explain::{Explained, ExplainedRule};
use crate::explain::{Named, meaning};
use crate::rule::verdict::Refusal;
use crate::rule::{Field, Mask, Rule, Value};
use crate::wire::PREPEND;

/// What one given line means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineReport {
    /// The line as it was given.
    pub line: String,
    /// The file that it stands in, where it came from one: `name` of `files`, or its path on the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its number in that file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// Whether it can be used. Lines that auditctl takes only because it does not look are refused too.
    pub accepted: bool,
    /// What it is; absent where it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<LineKind>,
    /// The rule as `auditctl -l` would print it, where that text means the same rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// What the line does, as one sentence; absent where it does nothing, or is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// `resolve`: the rule taken apart, with names in place of the numbers of `wire`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<RuleReport>,
    /// What is sent to the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<WireReport>,
    /// What the kernel says to the rule, as far as its form decides; absent where it has nothing against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<KernelReport>,
    /// What the line sets.
    #[serde(skip_serializing_if = "Settings::is_empty")]
    pub settings: Settings,
    /// What is worth knowing and no error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<NoteReport>>,
    /// Why the line is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<LineErrorReport>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Adds or deletes a rule.
    Rule,
    /// Sets or asks for something, or does nothing.
    Control,
    /// A comment or an empty line.
    Comment,
}

/// `struct audit_rule_data` in the numbers of `linux/audit.h`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WireReport {
    /// The filter list, and 16 for a rule that goes before all others of its list.
    pub flags: u32,
    /// 0 never, 2 always.
    pub action: u32,
    /// The system calls of the mask.
    pub syscalls: SyscallsReport,
    /// The conditions, in order.
    pub fields: Vec<FieldReport>,
}

/// The mask: `"all"` where every word is all ones, otherwise the numbers, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SyscallsReport {
    /// Every bit.
    All(AllSyscalls),
    /// These bits.
    Numbers(Vec<u32>),
}

/// The word for every bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllSyscalls {
    /// Every bit.
    All,
}

/// One condition: a number or a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldReport {
    /// The field.
    pub field: u32,
    /// The operator.
    pub op: u32,
    /// The number, of a field with a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<u32>,
    /// The text, of a field with text; bytes that are no UTF-8 are replaced, and `bytes` then has them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The text in hexadecimal, where it is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

/// What the kernel says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KernelReport {
    /// Whether it takes the rule.
    pub takes: bool,
    /// The name of its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// The reason, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What a line sets; what it does not mention is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Settings {
    /// 0 off, 1 on, 2 locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<u32>,
    /// 0 silent, 1 printk, 2 panic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<u32>,
    /// Records that may wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog_limit: Option<u32>,
    /// In jiffies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog_wait_time: Option<u32>,
    /// Records per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
    /// The feature, set and locked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub loginuid_immutable: bool,
    /// `-i`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_errors: bool,
    /// `-c`.
    #[serde(rename = "continue", skip_serializing_if = "std::ops::Not::not")]
    pub continue_on_errors: bool,
}

impl Settings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What the controls of a line set; of two for one setting the last counts.
    #[must_use]
    pub fn of(controls: &[Control]) -> Self {
        let mut settings = Self::default();
        for control in controls {
            match control {
                Control::Enabled(value) => settings.enabled = Some(*value),
                Control::Failure(value) => settings.failure = Some(*value),
                Control::BacklogLimit(value) => settings.backlog_limit = Some(*value),
                Control::BacklogWaitTime(value) => settings.backlog_wait_time = Some(*value),
                Control::RateLimit(value) => settings.rate_limit = Some(*value),
                Control::LoginuidImmutable => settings.loginuid_immutable = true,
                Control::IgnoreErrors => settings.ignore_errors = true,
                Control::ContinueOnErrors => settings.continue_on_errors = true,
                _ => {}
            }
        }
        settings
    }
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NoteReport {
    /// Its stable name.
    pub kind: String,
    /// A sentence.
    pub message: String,
}

/// Why a line is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineErrorReport {
    /// The stable name of the kind of error.
    pub kind: String,
    /// What is wrong, where and why.
    pub message: String,
    /// What was most likely meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where the word at fault begins in the line, in bytes from 1.
    pub column: usize,
}

impl LineReport {
    /// The report of a line and its explanation.
    #[must_use]
    pub fn new(line: &str, explained: &Explained) -> Self {
        let mut report = Self {
            line: line.to_owned(),
            file: None,
            number: None,
            accepted: true,
            kind: None,
            canonical: None,
            meaning: None,
            resolved: None,
            wire: None,
            kernel: None,
            settings: Settings::default(),
            notes: None,
            error: None,
        };
        match explained {
            Explained::Comment => report.kind = Some(LineKind::Comment),
            Explained::Controls { controls, notes } => {
                report.kind = Some(LineKind::Control);
                report.settings = Settings::of(controls);
                report.notes = Some(notes.iter().map(NoteReport::from).collect());
            }
            Explained::Rule(rule) => report.describe(rule),
            Explained::Refused(error) => {
                report.accepted = false;
                report.error = Some(LineErrorReport::from(error));
            }
        }
        report
    }

    /// With what the line does, in words for this host; where its accounts are given, with the rule taken apart into names.
    #[must_use]
    pub fn with_meaning(mut self, explained: &Explained, named: Named<'_>) -> Self {
        match explained {
            Explained::Comment | Explained::Refused(_) => {}
            Explained::Controls { controls, .. } => self.meaning = meaning::of_controls(controls),
            Explained::Rule(rule) => {
                self.meaning = meaning::of_explained(rule, named);
                self.resolved = named.accounts.map(|_| RuleReport::new(&rule.rule, named.machine).resolved(named));
            }
        }
        self
    }

    fn describe(&mut self, explained: &ExplainedRule) {
        self.kind = Some(LineKind::Rule);
        self.canonical = Some(String::from_utf8_lossy(&explained.canonical).into_owned());
        self.wire = Some(WireReport::new(&explained.rule, explained.verb == Verb::Prepend));
        self.kernel = explained.kernel.err().map(KernelReport::from);
        self.settings = Settings::of(&explained.controls);
        self.notes = Some(explained.notes.iter().map(NoteReport::from).collect());
    }
}

impl WireReport {
    /// The wire form of a rule.
    #[must_use]
    pub fn new(rule: &Rule, prepend: bool) -> Self {
        let syscalls = if rule.syscalls == Mask::all() {
            SyscallsReport::All(AllSyscalls::All)
        } else {
            SyscallsReport::Numbers(rule.syscalls.numbers().collect())
        };
        Self {
            flags: rule.list.0 | if prepend { PREPEND } else { 0 },
            action: rule.action.0,
            syscalls,
            fields: rule.fields.iter().map(FieldReport::from).collect(),
        }
    }
}

impl From<&Field> for FieldReport {
    fn from(field: &Field) -> Self {
        let (value, text, bytes) = match &field.value {
            Value::Number(value) => (Some(*value), None, None),
            Value::Text(text) => {
                let bytes = std::str::from_utf8(text).is_err().then(|| crate::snapshot::hex(text));
                (None, Some(String::from_utf8_lossy(text).into_owned()), bytes)
            }
        };
        Self { field: field.number.0, op: field.op.0, value, text, bytes }
    }
}

impl From<Refusal> for KernelReport {
    fn from(refusal: Refusal) -> Self {
        Self { takes: false, errno: Some(refusal.why.errno().to_owned()), why: Some(refusal.why.message()) }
    }
}

impl From<&Note> for NoteReport {
    fn from(note: &Note) -> Self {
        Self { kind: note.kind().to_owned(), message: note.message() }
    }
}

impl From<&LineError> for LineErrorReport {
    fn from(error: &LineError) -> Self {
        Self {
            kind: error.kind().to_owned(),
            message: error.message(),
            hint: error.hint().map(|hint| hint.to_string()),
            column: error.column + 1,
        }
    }
}
