//! One of several drop-ins, as a request declares it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Control, Rules, choice};

/// A drop-in among several.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(deny_unknown_fields, default)]
pub struct DropInSaid {
    /// Whether the drop-in is to be there.
    pub state: DropInState,
    /// A list of lines as auditctl takes them and of objects, or one string that holds a whole rules file.
    pub rules: Option<Rules>,
    /// Settings of the audit subsystem that this drop-in holds.
    pub control: Control,
}

choice! {
    /// Whether a drop-in is to be there.
    DropInState {
        /// It holds exactly these rules and settings.
        #[default]
        Present = "present",
        /// It is gone.
        Absent = "absent",
    }
}
