//! The steps of a run, and what of them waits for a reboot, as reports have them.

use schemars::JsonSchema;
use serde::Serialize;

/// The steps of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanReport {
    /// Files.
    pub files: Vec<FileReport>,
    /// The kernel's rules, in the order of the changes.
    pub kernel: Vec<KernelStepReport>,
    /// The kernel's settings.
    pub control: Vec<ControlReport>,
}

/// A step on a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileReport {
    /// The file, as seen from the root.
    pub path: String,
    /// What is done to it.
    pub action: FileActionReport,
    /// The copy of it that the run kept, as seen from the root; absent in check mode, and where none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
}

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileActionReport {
    /// It is made.
    Create,
    /// It gets other bytes.
    Replace,
    /// It gets another mode or owner.
    Permissions,
    /// It is taken away.
    Remove,
}

/// A step on the kernel's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KernelStepReport {
    /// What is done.
    #[serde(rename = "do")]
    pub what: KernelDo,
    /// The rule, as `auditctl -l` prints it.
    pub rule: String,
    /// Why.
    pub because: BecauseReport,
    /// The rule goes before all others of its list.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
}

/// What is done to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KernelDo {
    /// It is loaded.
    Load,
    /// It is unloaded.
    Unload,
}

/// Why a rule is loaded or unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum BecauseReport {
    /// It is asked for and not loaded.
    #[serde(rename = "missing")]
    Missing,
    /// One rule takes the place of another.
    #[serde(rename = "replaced")]
    Replaced,
    /// It is loaded in the wrong place.
    #[serde(rename = "order")]
    Order,
    /// It is loaded, and watches something else than what its path names now: it is loaded anew.
    #[serde(rename = "silent")]
    Silent,
    /// Nothing asks for it any more.
    #[serde(rename = "no longer wanted")]
    NoLongerWanted,
    /// Nothing asks for it, and the request purges.
    #[serde(rename = "purged")]
    Purged,
    /// An earlier change is taken back.
    #[serde(rename = "restored")]
    Restored,
}

/// A step on a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ControlReport {
    /// Its name.
    pub setting: String,
    /// Its value before, as the kernel has it.
    pub before: u32,
    /// Its value after.
    pub after: u32,
}

/// What waits for a reboot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PendingReport {
    /// Rules that the next boot will load.
    pub load: Vec<String>,
    /// Rules that the next boot will not load.
    pub unload: Vec<String>,
    /// Rules that the next boot will load in another place than they stand now; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Settings that the next boot will change.
    pub control: Vec<ControlReport>,
}
