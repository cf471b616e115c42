//! How the rules of a request stand in the kernel.

use schemars::JsonSchema;
use serde::Serialize;

/// How the rules asked for stand in the kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RulesReport {
    /// How many are asked for.
    pub desired: usize,
    /// How many of them are loaded; null where the kernel was not looked at.
    pub loaded: Option<usize>,
    /// Those that are not; empty where the kernel was not looked at.
    pub missing: Vec<String>,
    /// Lines that are left out on this host, wholly or in part.
    pub skipped: Vec<SkippedReport>,
    /// Rules that stand somewhere else already.
    pub deduplicated: Vec<DeduplicatedReport>,
    /// How many loaded rules no drop-in holds; null where the kernel was not looked at.
    pub foreign: Option<usize>,
    /// The first rule that stands later in the kernel than in the files. Where several rules match one event,
    /// the order decides whose key its record carries; `ordering: strict` brings it about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_order: Option<String>,
}

/// A line that is left out on this host, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SkippedReport {
    /// The line.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
    /// Why, as the kind of problem it would be.
    pub kind: String,
    /// Where the line is, where it is not in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its number there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// A rule that stands somewhere else already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeduplicatedReport {
    /// The line that was left out.
    pub rule: String,
    /// Where the same rule stands: `file:line`.
    pub same_as: String,
}

/// Whether the running kernel can be managed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuntimeReport {
    /// Whether it can be.
    pub managed: bool,
    /// Why it cannot be, or is not to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it takes no change before the next boot.
    pub locked: bool,
    /// Whether grace periods were made short for the deletes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expedited: bool,
    /// gather: its rules, in its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<super::gather::RunningRuleReport>>,
}
