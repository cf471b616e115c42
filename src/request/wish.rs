//! What a request to gather holds a host against.

use schemars::JsonSchema;

use super::{Request, Rules};

/// A wish to hold a host against.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(untagged)]
pub enum Wish {
    /// Rules.
    Rules(Rules),
    /// A request to apply, with present, exact or loaded.
    Request(Box<Request>),
}
