//! What a request to gather holds a host against.

use schemars::JsonSchema;

use super::{Request, RuleSaid};

/// A wish to hold a host against.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(untagged)]
pub enum Wish {
    /// A whole rules file.
    File(String),
    /// Lines and objects.
    List(Vec<RuleSaid>),
    /// A request to apply, with present, exact or loaded.
    Request(Box<Request>),
}
