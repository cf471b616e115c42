//! What a request to gather expects of a host.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Request, Rules};

/// What a host has to hold.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Expected {
    /// Rules.
    Rules(Rules),
    /// A request to apply, with present, exact or loaded.
    Request(Box<Request>),
}
