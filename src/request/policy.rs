//! A policy for a whole benchmark, as a request asks for it.

use schemars::JsonSchema;
use serde::Deserialize;

/// A policy that comes with this program.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PolicyInput {
    /// Its name, such as cis or stig.
    Named(String),
    /// The same, for a product, or without some of it.
    Chosen(PolicyObject),
}

/// A policy that comes with this program, as far as it is wanted.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyObject {
    /// Its name, such as cis or stig.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The product that it is for, such as rhel9. Default: that of `{root}/etc/os-release`.
    #[serde(default)]
    pub product: Option<String>,
    /// Controls and rules of it that are left out.
    #[serde(default)]
    pub without: Vec<WithoutInput>,
}

impl PolicyInput {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) | Self::Chosen(PolicyObject { name, .. }) => name,
        }
    }

    /// The product that it is for, where that is said.
    #[must_use]
    pub fn product(&self) -> Option<&str> {
        match self {
            Self::Named(_) => None,
            Self::Chosen(object) => object.product.as_deref(),
        }
    }

    /// What is left out of it.
    #[must_use]
    pub fn without(&self) -> &[WithoutInput] {
        match self {
            Self::Named(_) => &[],
            Self::Chosen(object) => &object.without,
        }
    }
}

/// What is left out of a policy.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WithoutInput {
    /// A control, with or without the name of its benchmark, or the text of a rule.
    Named(String),
    /// The same, with the reason.
    Explained(WithoutObject),
}

/// What is left out of a policy, and why.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithoutObject {
    /// A control, with or without the name of its benchmark, or the text of a rule.
    #[schemars(length(min = 1))]
    pub what: String,
    /// Why: for the drop-in, as a comment, and for the report.
    #[serde(default)]
    pub reason: Option<String>,
}

impl WithoutInput {
    /// A control or the text of a rule.
    #[must_use]
    pub fn what(&self) -> &str {
        match self {
            Self::Named(what) | Self::Explained(WithoutObject { what, .. }) => what,
        }
    }

    /// Why it is left out.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Named(_) => None,
            Self::Explained(object) => object.reason.as_deref(),
        }
    }
}
