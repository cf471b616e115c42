//! The JSON request: what callers may say.
//!
//! These types are the border. Their JSON Schema is `schemas/request.schema.json`; the decoder checks a request
//! against that very schema, so that the two cannot differ.

mod control;
mod decode;
mod drop_in;
mod event;
mod expected;
mod inquiry;
mod mode;
mod pointer;
mod rule_object;
mod rules;
mod shape;

pub use control::{Control, Enabled, EnabledName, Failure, FailureName};
pub use decode::{MAX_BYTES, Misshapen, decode};
pub use drop_in::{DropInSaid, DropInState};
pub use event::{EventSaid, Expectation};
pub use expected::Expected;
pub use inquiry::{Details, OnDrift, Source};
pub use mode::{Id, Mode};
pub use pointer::Pointer;
pub use rule_object::{FieldObject, FieldSaid, FieldValue, ListName, OneOrMany, RuleObject, SyscallSaid, Unsayable};
pub use rules::{RuleSaid, Rules, RulesFile};

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::snapshot::Snapshot;

/// One request to `audit_rules`. A key whose value is null counts as not given.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "audit_rules request", extend("patternProperties" = {"^_ansible_": true}))]
pub struct Request {
    /// What to do.
    pub operation: Operation,
    /// apply: what the host should hold.
    pub state: State,
    /// apply: the drop-in, with or without `.rules`: `{rules_dir}/{name}.rules`. Needed for present, absent and exact.
    #[schemars(length(min = 1, max = 255))]
    pub name: Option<String>,
    /// apply, explain, lint: a list of lines as auditctl takes them and of objects, or one string that holds a whole rules file.
    pub rules: Option<Rules>,
    /// apply: settings of the audit subsystem; those not mentioned are not touched.
    pub control: Control,
    /// apply, with present, exact or loaded: several drop-ins by their names, in one change; in place of `name`, `rules`
    /// and `control`.
    pub drop_ins: Option<BTreeMap<String, DropInSaid>>,
    /// apply: which layer to converge. auto: both on a live host, only files where the kernel has no audit for us.
    pub target: Target,
    /// apply, gather, explain, lint: another root directory, such as a mounted image: files only, unless `kernel` is host.
    /// Default: `/`; lint of given rules: no host.
    pub root: Option<String>,
    /// apply, gather: which kernel is meant. auto: the running one, where this process sees the files of its host. host: the
    /// running one in any case; with `root`, which has to be the host's root directory, that is entered (chroot).
    pub kernel: KernelChoice,
    /// apply, gather, explain, lint: the directory of the drop-ins, inside the root. Default: `/etc/audit/rules.d`.
    pub rules_dir: Option<String>,
    /// apply, gather: how much of the wished order the kernel's lists must have.
    pub ordering: Ordering,
    /// apply: what to do on a locked kernel: write the files and wait for the reboot, or fail before any change.
    pub on_locked: OnLocked,
    /// apply: what to do with a rule that another drop-in holds already, which would stop the boot load.
    pub on_duplicate: OnDuplicate,
    /// apply: what to do with a rule that names a path, user or group that this host lacks.
    pub on_missing: OnMissing,
    /// apply: what to do with a system call that exists, but not on this architecture.
    pub unknown_syscalls: UnknownSyscalls,
    /// apply, with loaded or exact: remove rules and drop-ins that nobody asks for.
    pub purge: bool,
    /// apply: globs on drop-in names and on keys of what purge and exact leave alone.
    pub keep: Vec<String>,
    /// apply: permissions of the drop-in, as octal text or as a number; a stricter existing mode is kept.
    pub mode: Mode,
    /// apply: the drop-in's owner, a name of `{root}/etc/passwd` or a number. Default: root where it is root's; else this process.
    pub owner: Option<Id>,
    /// apply: the drop-in's group, a name of `{root}/etc/group` or a number. Default: unchanged; a new file has that of this
    /// process.
    pub group: Option<Id>,
    /// apply: keep a copy of every file before it is changed, beside it.
    pub backup: bool,
    /// apply: also bring audit.rules to what augenrules would write. auto: when that file exists, or the boot loads it as it
    /// stands; it fails where lines would be lost that only stand there.
    pub compile: Compile,
    /// apply: take the lines of audit.rules that no drop-in has over into the drop-in `00-adopted`.
    pub adopt: bool,
    /// apply, explain: the system call mask of a rule with `perm=`.
    pub perm_syscalls: PermSyscalls,
    /// apply: whether to make the kernel's grace periods short while rules are deleted.
    pub expedite: Expedite,
    /// Say what would be done and change nothing.
    pub check_mode: bool,
    /// Give a unified diff of what changes.
    pub diff: bool,
    /// apply, with restored: take the change back even if the host no longer looks as the change left it.
    pub force: bool,
    /// apply, with restored: what the report of the change gave in `undo`.
    pub snapshot: Option<Snapshot>,
    /// explain: the machine to explain for, as `uname -m` names it; default: this one.
    pub arch: Option<String>,
    /// explain: an event, or a list of them: which rule of the policy decides about it. The policy is `rules`, `files`, or
    /// without them what the host holds.
    pub event: Option<OneOrMany<EventSaid>>,
    /// gather, explain: which sources to read. both: the kernel only where it has audit for us.
    pub source: Source,
    /// gather: what the host has to hold: a request to apply, or its rules. How to get there does not matter.
    pub expect: Option<Expected>,
    /// gather: false leaves out what is as it should be: files and rules one by one.
    pub details: Details,
    /// gather: what to do when the files, the running kernel and the next boot do not agree.
    pub on_drift: OnDrift,
    /// explain, lint: rules files, taken together as the drop-ins of one host; instead of `rules`.
    pub files: Vec<RulesFile>,
    /// lint: the machines to lint for, as `uname -m` names them; default: this one.
    pub archs: Vec<String>,
    /// lint: codes of findings that are left out. A comment `# lint: ignore CODE` in a file does the same for that file.
    pub ignore: Vec<String>,
    /// lint: what to report besides the findings.
    pub format: Format,
    /// lint: the least severity that makes the report a failed one.
    pub fail_on: FailOn,
}

/// Declares an enumeration of the request with its JSON names.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }
    };
}
use choice;

choice! {
    /// What to do.
    Operation {
        /// Make the host agree with the request.
        #[default]
        Apply = "apply",
        /// Report what the host holds.
        Gather = "gather",
        /// Say what each rule means.
        Explain = "explain",
        /// Say what is wrong with rules, without a host if need be.
        Lint = "lint",
    }
}

choice! {
    /// What to report besides the findings.
    Format {
        /// Nothing.
        #[default]
        Report = "report",
        /// The same as SARIF 2.1.0.
        Sarif = "sarif",
    }
}

choice! {
    /// The least severity that makes a report a failed one.
    FailOn {
        /// The load would stop, or nothing would be recorded.
        #[default]
        Error = "error",
        /// Also what is not recorded, or not as it was meant.
        Warning = "warning",
        /// Any finding.
        Info = "info",
        /// No finding.
        Never = "never",
    }
}

choice! {
    /// What the host should hold.
    State {
        /// The drop-in holds exactly these rules and settings, and the kernel holds them.
        #[default]
        Present = "present",
        /// The drop-in is gone, or no longer holds the given rules.
        Absent = "absent",
        /// The kernel holds what the drop-ins say.
        Loaded = "loaded",
        /// This drop-in is the only one, and the kernel holds nothing else.
        Exact = "exact",
        /// An earlier change is taken back.
        Restored = "restored",
    }
}

choice! {
    /// Which layer to converge.
    Target {
        /// Both on a live host; files where the kernel has no audit for us.
        #[default]
        Auto = "auto",
        /// Files and kernel.
        Both = "both",
        /// Files only.
        Filesystem = "filesystem",
        /// The kernel only.
        Runtime = "runtime",
    }
}

choice! {
    /// Which kernel is meant.
    KernelChoice {
        /// The running one, where root directory and mount namespace are those of process 1.
        #[default]
        Auto = "auto",
        /// The running one in any case.
        Host = "host",
    }
}

choice! {
    /// How much of the wished order the kernel's lists must have.
    Ordering {
        /// That between never and always rules of one list.
        #[default]
        Relevant = "relevant",
        /// All of it.
        Strict = "strict",
        /// None.
        Ignore = "ignore",
    }
}

choice! {
    /// What to do on a locked kernel.
    OnLocked {
        /// Write the files; the rest waits for the reboot.
        #[default]
        Stage = "stage",
        /// Fail before any change.
        Fail = "fail",
    }
}

choice! {
    /// What to do with a rule that another drop-in holds already.
    OnDuplicate {
        /// Do not write it a second time.
        #[default]
        Skip = "skip",
        /// Fail before any change.
        Fail = "fail",
    }
}

choice! {
    /// What to do with a rule that names a path, user or group that this host lacks.
    OnMissing {
        /// Fail before any change.
        #[default]
        Fail = "fail",
        /// Write it as a comment until it can be loaded.
        Skip = "skip",
    }
}

choice! {
    /// What to do with a system call that exists on other architectures only.
    UnknownSyscalls {
        /// Leave it out.
        #[default]
        Skip = "skip",
        /// Fail before any change.
        Fail = "fail",
    }
}

choice! {
    /// Whether audit.rules is brought up to date.
    Compile {
        /// When it exists, or the boot loads it as it stands; not where lines would be lost.
        #[default]
        Auto = "auto",
        /// Not.
        Never = "never",
        /// Also when it does not exist yet.
        Always = "always",
    }
}

choice! {
    /// The system call mask of a rule with `perm=`.
    PermSyscalls {
        /// All system calls; the kernel narrows by itself.
        #[default]
        All = "all",
        /// The table of auditctl 4.2.
        V4_2 = "4.2",
    }
}

choice! {
    /// Whether to make the kernel's grace periods short while rules are deleted.
    Expedite {
        /// When deletes turn out to be slow and the host allows it.
        #[default]
        Auto = "auto",
        /// Not.
        Never = "never",
        /// Whenever there is something to delete.
        Always = "always",
    }
}

/// The JSON Schema of the request, which requests are checked against; `schemas/` publishes it.
#[must_use]
pub fn schema() -> &'static serde_json::Value {
    static SCHEMA: LazyLock<serde_json::Value> = LazyLock::new(|| {
        let bounds = RecursiveTransform(|schema: &mut Schema| {
            if schema.get("format").is_some_and(|format| format == "uint32") && schema.get("maximum").is_none() {
                schema.insert("maximum".to_owned(), u32::MAX.into());
            }
        });
        let settings = SchemaSettings::draft2020_12().with_transform(bounds);
        settings.into_generator().into_root_schema_for::<Request>().to_value()
    });
    &SCHEMA
}
