//! The JSON request: what callers may say.
//!
//! These types are the border. Their JSON Schema is `schemas/request.schema.json`; the decoder checks a request
//! against that very schema, so that the two cannot differ.

mod choices;
mod control;
mod decode;
mod drop_in;
mod event;
mod expected;
mod gather;
pub mod keys;
mod mode;
mod pointer;
mod policy;
mod programs;
mod recorded;
mod rule_object;
mod rules;
mod shape;

use choices::choice;
pub use choices::{
    Compile, Dialect, Expedite, FailOn, Format, KernelChoice, LoaderUnknown, OnDuplicate, OnLocked, OnMissing,
    Operation, Ordering, PermSyscalls, ProgramsName, State, Target, UnknownSyscalls,
};
pub use control::{Control, Enabled, EnabledName, Failure, FailureName};
pub use decode::{InvalidRequest, MAX_BYTES, MAX_LINES, MAX_VALUES, decode};
pub use drop_in::{DropInInput, DropInState};
pub use event::{EventInput, Expectation};
pub use expected::Expected;
pub use gather::{Details, OnDrift, Source};
pub use mode::{Id, Mode};
pub use pointer::{Pointer, escaped};
pub use policy::{PolicyInput, PolicyObject, WithoutInput, WithoutObject};
pub use programs::GivenRules;
pub use recorded::{ConditionInput, MatchInput, Moment};
pub use rule_object::{ActionName, FieldInput, FieldObject, FieldValue, ListName, OneOrMany, RuleObject, SyscallInput};
pub use rules::{Document, ProgramLines, RuleInput, Rules, RulesFile};
pub use shape::type_name;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;

use crate::snapshot::Snapshot;

/// One request to `audit_rules`. A key whose value is null counts as not given. [`keys`] says what uses each.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "audit_rules request", extend("patternProperties" = {
    "^_ansible_": true, "^_ansible_(check_mode|diff)$": {"type": ["boolean", "null"]}
}))]
pub struct Request {
    /// What to do.
    pub operation: Operation,
    /// What the host should hold.
    pub state: State,
    /// The drop-in, with or without `.rules`: `{rules_dir}/{name}.rules`. Needed for present, absent and exact. prove: the
    /// drop-in whose rules are meant.
    #[schemars(length(min = 1, max = 255))]
    pub name: Option<String>,
    /// A list of lines as auditctl takes them and of objects, or one string that holds a whole rules file.
    pub rules: Option<Rules>,
    /// The keys of the rules that are meant.
    pub keys: Vec<String>,
    /// Settings of the audit subsystem; those not mentioned are not touched.
    pub control: Control,
    /// Several drop-ins by their names, in one change; in place of `name`, `rules`
    /// and `control`.
    pub drop_ins: Option<BTreeMap<String, DropInInput>>,
    /// A policy for a whole benchmark that comes with this program, or several; they are drop-ins beside `drop_ins`.
    pub policy: Option<OneOrMany<PolicyInput>>,
    /// Which layer to converge. auto: both on a live host, only files where the kernel has no audit for us.
    pub target: Target,
    /// Another root directory, such as a mounted image: files only, unless `kernel` is host.
    /// Default: `/`; lint of given rules: no host.
    pub root: Option<String>,
    /// Which kernel is meant. auto: the running one, where this process sees the files of its host. host: the
    /// running one in any case; with `root`, which has to be the host's root directory, that is entered (chroot).
    pub kernel: KernelChoice,
    /// The directory of the drop-ins, inside the root. Default: `/etc/audit/rules.d`.
    pub rules_dir: Option<String>,
    /// How much of the wanted order the kernel's lists must have.
    pub ordering: Ordering,
    /// What to do on a locked kernel: write the files and wait for the reboot, or fail before any change.
    pub on_locked: OnLocked,
    /// Lock the kernel (`enabled: locked`, `-e 2`) although it lacks rules or settings of other drop-ins, which then wait
    /// for the next boot.
    pub lock_anyway: bool,
    /// What to do with a rule that another drop-in holds already, which would stop the boot load.
    pub on_duplicate: OnDuplicate,
    /// What to do with a rule that names a path, user or group that this host lacks.
    pub on_missing: OnMissing,
    /// What to do with a system call, or a word length (`b32`, `b64`), that exists, but not on this machine.
    pub unknown_syscalls: UnknownSyscalls,
    /// What to do with a line that the installed auditctl is too old for, so that the boot load would stop there.
    pub loader_unknown: LoaderUnknown,
    /// Remove rules and drop-ins that nobody asks for.
    pub purge: bool,
    /// Globs on drop-in names and on keys of what purge and exact leave alone.
    pub keep: Vec<String>,
    /// A drop-in, or with exact, and with loaded and `purge`, the whole policy, may hold neither a rule nor a setting.
    pub allow_empty: bool,
    /// Begin drop-ins with a comment that names this program. Default: true.
    pub header: Option<bool>,
    /// Permissions of the drop-in, as octal text or as a number; a stricter existing mode is kept. Default: 0640; a new
    /// drop-in where nobody but the owner may read the others: 0600.
    pub mode: Option<Mode>,
    /// The drop-in's owner, a name of `{root}/etc/passwd` or a number. Default: root where it is root's; else this process.
    pub owner: Option<Id>,
    /// The drop-in's group, a name of `{root}/etc/group` or a number. Default: unchanged; a new file has that of this
    /// process.
    pub group: Option<Id>,
    /// Keep a copy of every file before it is changed, beside it.
    pub backup: bool,
    /// Give the audit log a record of the change, of type `USYS_CONFIG`: with what was asked for, the drop-ins, counts and the
    /// outcome. Default: true.
    pub record: Option<bool>,
    /// Set the kernel's count of lost records back to zero once all else is as declared; the report has what it was.
    pub reset_lost: bool,
    /// Also bring audit.rules to what augenrules would write. auto: when that file exists, or the boot loads it as it
    /// stands; it fails where lines would be lost that only stand there.
    pub compile: Compile,
    /// Take the lines of audit.rules that no drop-in has over into the drop-in `00-adopted`; with `export` also the loaded rules
    /// that no file asks for.
    pub adopt: bool,
    /// The system call mask of a rule with `perm=`.
    pub perm_syscalls: PermSyscalls,
    /// Whether to make the kernel's grace periods short while rules are deleted.
    pub expedite: Expedite,
    /// apply: how long to wait for another run on the same root directory, in seconds; default: 10.
    #[schemars(range(min = 0, max = 3600))]
    pub lock_timeout: Option<u32>,
    /// Say what would be done and change nothing.
    pub check_mode: bool,
    /// The `plan_id` that check mode gave: the change is made only while plan and host are still the same.
    pub plan_id: Option<String>,
    /// Give a unified diff of what changes.
    pub diff: bool,
    /// Take the change back even if the host no longer looks as the change left it.
    pub force: bool,
    /// What the report of the change gave in `undo`.
    pub snapshot: Option<Snapshot>,
    /// The machine whose rules they are, as `uname -m` names it: any to explain for, or that of an image under `root`.
    /// Default: this one.
    pub arch: Option<String>,
    /// Give the rules of `lines` taken apart, with the names of this host's users and groups and of all numbers.
    pub resolve: bool,
    /// An event, or a list of them: which rule of the policy decides about it. The policy is `rules`, `files`, or
    /// without them what the host holds.
    pub event: Option<OneOrMany<EventInput>>,
    /// Which sources to read. both: the kernel only where it has audit for us.
    pub source: Source,
    /// What the host has to hold: a request to apply, or its rules. How to get there does not matter.
    pub expect: Option<Expected>,
    /// False leaves out what is as it should be: files and rules one by one.
    pub details: Details,
    /// What to do when the files, the running kernel and the next boot do not agree.
    pub on_drift: OnDrift,
    /// Say of each difference who loaded or unloaded the rule, or changed the setting, as far as the audit log tells.
    pub culprit: bool,
    /// Give the drop-ins as a request to apply, in their own words, that changes nothing on this host.
    pub export: bool,
    /// Rules files, taken together as the drop-ins of one host; instead of `rules`. events, and gather with `culprit`: the
    /// files of the log, the oldest first. Default: those of the host.
    pub files: Vec<RulesFile>,
    /// The machines to lint for, as `uname -m` names them; default: this one.
    pub archs: Vec<String>,
    /// Codes of findings that are left out. A comment `# lint: ignore CODE` in a file does the same for that file.
    pub ignore: Vec<String>,
    /// The product whose checks `profile` means, such as rhel9. Default: that of `{root}/etc/os-release`, where a host is
    /// looked at.
    #[schemars(length(min = 1))]
    pub product: Option<String>,
    /// A profile of the SCAP Security Guide, such as stig: say of each of its checks whether the scanner accepts the rules.
    #[schemars(length(min = 1))]
    pub profile: Option<String>,
    /// lint: what to report besides the findings. events: the form of the lines in `output`.
    pub format: Format,
    /// The least severity that makes the report a failed one.
    pub fail_on: FailOn,
    /// Which events are kept. The first entry that fits decides; what fits none is kept, unless an entry says `keep`.
    #[serde(rename = "match")]
    pub matching: Vec<MatchInput>,
    /// The first time of events that are kept.
    pub since: Option<Moment>,
    /// The last time of events that are kept.
    pub until: Option<Moment>,
    /// events: how long to listen to the kernel at most, in seconds. Default: 10. prove: how long to wait for the last record.
    /// Default: 2.
    #[schemars(range(min = 1, max = 3600))]
    pub seconds: Option<u32>,
    /// Stop when so many events were kept.
    #[schemars(range(min = 1))]
    pub count: Option<u32>,
    /// How many of the events that are kept the report has one by one; all are counted. Default: 1000.
    #[schemars(range(min = 0, max = 10000))]
    pub limit: Option<u32>,
    /// Give the records of each event too, as they came.
    pub records: bool,
    /// A file of this host to which every event that is kept is written, a line of JSON each, in its place when it is whole.
    #[schemars(length(min = 2))]
    pub output: Option<String>,
    /// Words of the caller about these events, such as the host's place: copied into the report and into each line of `output`.
    pub extra_attributes: BTreeMap<String, String>,
    /// A file of this host to which every datagram that comes from the kernel is written as it came, one behind the other, in
    /// its place at the end of the run.
    #[schemars(length(min = 2))]
    pub trace_netlink: Option<String>,
    /// import: the dialect of `document`.
    pub dialect: Option<Dialect>,
    /// import: the document, or its text.
    pub document: Option<Document>,
}

/// The JSON Schema of the request, as it is published.
pub const SCHEMA: &str = include_str!("../../schemas/request.schema.json");

/// The same, read: requests are checked against it.
#[must_use]
pub fn schema() -> &'static serde_json::Value {
    static READ: LazyLock<serde_json::Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or_default());
    &READ
}

/// The schema that the types of this module and the table of keys make; a test holds the published one to it.
#[must_use]
pub fn derived_schema() -> serde_json::Value {
    let bounds = RecursiveTransform(|schema: &mut Schema| {
        if schema.get("format").is_some_and(|format| format == "uint32") && schema.get("maximum").is_none() {
            schema.insert("maximum".to_owned(), u32::MAX.into());
        }
    });
    let settings = SchemaSettings::draft2020_12().with_transform(bounds);
    let mut schema = settings.into_generator().into_root_schema_for::<Request>().to_value();
    for key in keys::KEYS {
        let used_by: Vec<String> = key.used_by.iter().map(|one| one.name()).collect();
        schema["properties"][key.name]["x-used-by"] = used_by.into();
    }
    schema
}
