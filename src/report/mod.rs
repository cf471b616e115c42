//! Reports: the shapes of the JSON that goes out.

pub mod apply;
pub mod apply_request;
mod bound;
pub mod culprit;
pub mod diff;
pub mod event;
pub mod expected;
pub mod explain;
pub mod gather;
mod gathered;
pub mod human;
pub mod import;
pub mod lint;
mod linted;
pub mod policy;
mod problem;
pub mod proof;
pub mod recorded;
pub mod rule;
mod rules;
mod sarif;
pub mod scanner;
mod steps;
mod text;
pub(crate) mod visible;
pub mod words;

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

pub use bound::LARGEST;
pub use problem::ErrorReport;
pub use rules::{DeduplicatedReport, RulesReport, RuntimeReport, SkippedReport};
pub use steps::{
    BecauseReport, ControlReport, FileActionReport, FileReport, KernelDo, KernelStepReport, PendingReport, PlanReport,
};

use text::{MOST_ERRORS, is_zero, sentences, short};

use crate::error::Problem;
use crate::snapshot::Snapshot;

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "audit_rules report")]
pub struct Report {
    /// Whether the host was changed, or would be in check mode.
    pub changed: bool,
    /// Whether the request failed.
    pub failed: bool,
    /// One line for people.
    #[serde(serialize_with = "visible::text")]
    pub msg: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What changes, where a diff was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<Diff>,
    /// apply: the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanReport>,
    /// apply: the copy that `backup: true` made, as seen from the root, where it made one and no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_file: Option<String>,
    /// apply: the text of the record of type `USYS_CONFIG` that the kernel took for the audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// apply, with `reset_lost`: the count of lost records that was set back to zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_lost: Option<u32>,
    /// apply, in check mode: by what this plan, from this state of the host, is known again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// apply, events, and gather with `expect`: the policies that the request asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<policy::PolicyReport>,
    /// apply: how the rules asked for stand in the kernel; counts are of this moment, also in check mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesReport>,
    /// apply, gather: whether the running kernel can be managed; gather: its rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<RuntimeReport>,
    /// gather: whether the files, the running kernel and the next boot agree; with `expect`, whether all three hold that.
    /// Absent where the kernel was not read and the files are not enough to say no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_sync: Option<bool>,
    /// apply, gather: the same on hosts that do the same: a digest of the rules in their order and of the settings, of the
    /// kernel where it was read, else of the next boot. Absent where neither is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// gather: how they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<gather::DriftReport>,
    /// gather, with `expect`: whether the host holds that, rule by rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<expected::ExpectedReport>,
    /// gather: the evidence for each label, where rules have labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<expected::LabelsReport>,
    /// gather: who loads the rules at boot, where the files were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_loader: Option<gather::BootLoaderReport>,
    /// gather: what the next boot would load, where the files were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_boot: Option<gather::NextBootReport>,
    /// gather: the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filesystem: Option<gather::FilesystemReport>,
    /// gather: who says what about each setting, where the files were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<gather::SettingsReport>,
    /// gather: the state of the running kernel's audit subsystem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<gather::StatusReport>,
    /// gather: what the running kernel can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<gather::FeaturesReport>,
    /// gather: the programs that have to do with the host's audit rules, where the kernel was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managers: Option<Vec<gather::ManagerReport>>,
    /// Whether something waits for a reboot.
    pub reboot_required: bool,
    /// What waits for a reboot.
    pub pending: PendingReport,
    /// What is worth knowing and no error.
    #[serde(serialize_with = "visible::texts")]
    pub warnings: Vec<String>,
    /// Every problem found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorReport>,
    /// How many further problems there are: `errors` has the first 100.
    #[serde(skip_serializing_if = "is_zero")]
    pub errors_omitted: usize,
    /// How many entries of a list are left out after those that it has, by the JSON pointer of the list in this report.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub omitted: BTreeMap<String, usize>,
    /// explain: one entry for each given line, up to 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<explain::LineReport>>,
    /// explain, events: which rule decides about each given event, or the first recorded events that were kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Events>,
    /// events: how often each rule recorded something, the most frequent first; with a policy, its rules. Rules that
    /// recorded nothing are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_rule: Option<Vec<recorded::RuleCountReport>>,
    /// events: the ten rules that make the most records, each with what would narrow it most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Vec<recorded::NoiseReport>>,
    /// events: how often each key was recorded, the most frequent first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_key: Option<Vec<recorded::KeyCountReport>>,
    /// events: how many events no rule can be named for, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unattributed: Option<Vec<recorded::UnattributedReport>>,
    /// events, with a policy: what that would make of the events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<recorded::ReplayReport>,
    /// events: everything that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counters: Option<recorded::CountersReport>,
    /// events: how the kernel was listened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listening: Option<recorded::ListeningReport>,
    /// events, gather with `culprit`: the files of the log that were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<Vec<recorded::LogReport>>,
    /// events: the first lines that are no record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<recorded::MalformedReport>,
    /// events: what the request says of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra_attributes: BTreeMap<String, String>,
    /// prove: what was found of each rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proofs: Option<Vec<proof::ProofReport>>,
    /// prove: of how many rules each verdict is; absent in check mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdicts: Option<BTreeMap<&'static str, usize>>,
    /// lint: what was found, in the order of the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<lint::FindingReport>>,
    /// lint: how many findings there are of each severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<lint::Counts>,
    /// lint, with `profile`: whether the scanner accepts the rules, check by check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<scanner::ScannerReport>,
    /// lint: the findings as SARIF 2.1.0, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sarif: Option<serde_json::Map<String, serde_json::Value>>,
    /// import; gather, with `export`: a request to apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<apply_request::ApplyRequest>,
    /// A request that takes the change back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
}

/// Events, as a request gives them or as they were recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Events {
    /// explain: answers to the events of the request.
    Answered(Vec<event::EventReport>),
    /// events: what was recorded.
    Recorded(Vec<recorded::RecordedEventReport>),
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The host was as declared; or nothing was to be changed.
    Unchanged,
    /// Check mode: this would be done.
    Planned,
    /// Done, and read back.
    Applied,
    /// The files are as declared; the rest waits for a reboot.
    Staged,
    /// Something failed; the host is proven to be as before.
    RolledBack,
    /// Something failed; the host is not as before, and `errors` says in what.
    Stranded,
    /// A problem was found before the first change.
    Failed,
}

/// A unified diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diff {
    /// Files first, then the kernel's rules, then its settings.
    #[serde(serialize_with = "visible::text")]
    pub prepared: String,
}

/// A request that takes a change back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Undo {
    /// `apply`.
    pub operation: crate::request::Operation,
    /// `restored`.
    pub state: crate::request::State,
    /// The root of the change, where it was not the running host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Which kernel was meant, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<crate::request::KernelChoice>,
    /// The directory of the drop-ins, where it was not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_dir: Option<String>,
    /// Which layer was changed, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<crate::request::Target>,
    /// What the change replaced. Opaque.
    pub snapshot: Snapshot,
}

impl Report {
    /// The report of a request that failed before the first change.
    #[must_use]
    pub fn failed(problems: &[Problem]) -> Self {
        Self::failed_of_many(problems, 0)
    }

    /// The same, where there are so many further problems that they were only counted.
    #[must_use]
    pub fn failed_of_many(problems: &[Problem], more: usize) -> Self {
        let count = problems.len() + more;
        let told = if count == 1 { String::new() } else { format!("{count} problems: ") };
        let msg = format!("nothing was changed: {told}{}", sentences(problems));
        let errors = problems.iter().take(MOST_ERRORS).map(ErrorReport::from).collect();
        let omitted = count.saturating_sub(MOST_ERRORS);
        Self { failed: true, errors, errors_omitted: omitted, ..Self::quiet(short(msg), Outcome::Failed) }.bounded()
    }

    /// A report that says this and nothing else.
    #[must_use]
    pub fn quiet(msg: String, outcome: Outcome) -> Self {
        Self {
            changed: false,
            failed: false,
            msg,
            outcome,
            diff: None,
            plan: None,
            backup_file: None,
            record: None,
            reset_lost: None,
            plan_id: None,
            policy: Vec::new(),
            rules: None,
            runtime: None,
            filesystem: None,
            drift: None,
            boot_loader: None,
            in_sync: None,
            digest: None,
            expect: None,
            labels: None,
            next_boot: None,
            settings: None,
            status: None,
            features: None,
            managers: None,
            reboot_required: false,
            pending: PendingReport::default(),
            warnings: Vec::new(),
            errors: Vec::new(),
            errors_omitted: 0,
            omitted: BTreeMap::new(),
            lines: None,
            events: None,
            by_rule: None,
            noise: None,
            by_key: None,
            unattributed: None,
            replay: None,
            counters: None,
            listening: None,
            logs: None,
            malformed: Vec::new(),
            extra_attributes: BTreeMap::new(),
            proofs: None,
            verdicts: None,
            findings: None,
            counts: None,
            scanner: None,
            sarif: None,
            request: None,
            undo: None,
        }
    }
}

/// `schemas/report.schema.json`, packed by gzip: it is much repetition, and only who asks for it reads it.
const SCHEMA: &[u8] = include_bytes!("schema.json.gz");

/// The JSON Schema of the report, as it is published.
#[must_use]
pub fn schema() -> String {
    let mut text = String::new();
    // What was packed here can be unpacked; a test holds it to the published one.
    let _ = GzDecoder::new(SCHEMA).read_to_string(&mut text);
    text
}

/// The schema that the types of this module make, of reports as they are written: what may be left out is not required. A
/// test holds the published one to it.
#[must_use]
pub fn derived_schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Report>().to_value()
}
