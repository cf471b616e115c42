//! Rules, line by line or as a file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::RuleObject;

/// A rules file, with the name by which findings and explained lines name it. events: a file of the log.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// Its name or path; the last component decides the order of rules files, as in rules.d.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What it holds. Without it the name is the absolute path of a file on this host, below `root`, or of a directory,
    /// which stands for its `.rules` files.
    #[serde(default)]
    pub text: Option<String>,
}

/// A document of another tool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Document {
    /// Its text.
    Text(String),
    /// The same, read.
    Object(serde_json::Map<String, serde_json::Value>),
}

/// Rules as they may be given.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Rules {
    /// A whole rules file.
    File(String),
    /// Lines and objects.
    List(Vec<RuleInput>),
}

/// One entry of a list of rules.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RuleInput {
    /// A line as auditctl takes it, or a comment.
    Line(String),
    /// A rule by its parts.
    Object(Box<RuleObject>),
    /// The lines that a rule object stands for on this host. No request can say it.
    #[serde(skip)]
    Programs(ProgramLines),
}

/// The lines that a rule object stands for on this host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProgramLines {
    /// The lines.
    pub lines: Vec<String>,
    /// The labels of each.
    pub labels: Vec<String>,
}
