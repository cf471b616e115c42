//! The policies of a request, as reports have them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::policies::{LeftOut, SpelledOut};

/// A policy that the request asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PolicyReport {
    /// Its name.
    pub name: String,
    /// The product that it was taken for.
    pub product: String,
    /// The benchmark and its version.
    pub benchmark: String,
    /// Its drop-ins.
    pub drop_ins: Vec<String>,
    /// Those in place of which the request gives drop-ins of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
    /// What `without` left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOutReport>,
}

/// What one entry of `without` left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOutReport {
    /// The control or rule, as the request named it.
    pub what: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The lines that are left out for it.
    pub rules: Vec<String>,
    /// Lines that it names and that stay, since other controls need them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

impl From<&SpelledOut> for PolicyReport {
    fn from(spelled: &SpelledOut) -> Self {
        let of_entry = |entry: &LeftOut| LeftOutReport {
            what: entry.what.clone(),
            reason: entry.reason.clone(),
            rules: entry.rules.clone(),
            kept: entry.kept.clone(),
        };
        Self {
            name: spelled.choice.policy.name.to_owned(),
            product: spelled.choice.product.to_owned(),
            benchmark: spelled.choice.of.benchmark.clone(),
            drop_ins: spelled.drop_ins.iter().map(|(name, _)| name.clone()).collect(),
            replaced: Vec::new(),
            left_out: spelled.left_out.iter().map(of_entry).collect(),
        }
    }
}
