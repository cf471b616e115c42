//! What a request to gather holds a host against.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Request, Rules};

/// A wish to hold a host against.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Wish {
    /// Rules.
    Rules(Rules),
    /// A request to apply, with present, exact or loaded.
    Request(Box<Request>),
}
