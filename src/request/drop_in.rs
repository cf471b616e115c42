//! One of several drop-ins, as a request declares it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Control, Mode, Rules, choice};

/// A drop-in among several.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DropInInput {
    /// Whether the drop-in is to be there.
    pub state: DropInState,
    /// A list of lines as auditctl takes them and of objects, or one string that holds a whole rules file.
    pub rules: Option<Rules>,
    /// Settings of the audit subsystem that this drop-in holds.
    pub control: Control,
    /// The permissions of its file, as octal text or the number; default: those of the request. A stricter mode that the file
    /// has stays.
    pub mode: Option<Mode>,
    /// Not of the request: the labels of all of its lines, where their bytes are fixed so that no comment can name them.
    #[serde(skip)]
    pub labels: Vec<String>,
    /// Not of the request: whether this drop-in has a header, where that is not as the request says.
    #[serde(skip)]
    pub header: Option<bool>,
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
