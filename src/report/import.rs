//! The report of `import`: a request to apply.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, Report};
use crate::import::Imported;

/// A request to apply, made of a document of another tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImportedRequest {
    /// `exact` where the document deletes what is there, else `present`.
    pub state: &'static str,
    /// The drop-in.
    pub name: String,
    /// Its lines, in the order of the document.
    pub rules: Vec<String>,
    /// Settings, in the kernel's numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub control: BTreeMap<&'static str, u32>,
    /// `skip` where watches of missing files are to be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_missing: Option<&'static str>,
}

impl ImportedRequest {
    /// What a document asks for, as these lines of this drop-in.
    #[must_use]
    pub fn of(imported: &Imported, name: &str, lines: Vec<String>) -> Self {
        Self {
            state: if imported.is_whole { "exact" } else { "present" },
            name: name.to_owned(),
            rules: lines,
            control: imported.control.iter().copied().collect(),
            on_missing: (!imported.lenient.is_empty()).then_some("skip"),
        }
    }
}

impl Report {
    /// The report of what was imported, with what is worth knowing of the document by its places.
    #[must_use]
    pub fn imported(request: ImportedRequest, notes: Vec<(String, String)>) -> Self {
        let count = request.rules.len();
        let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        let msg = format!("{}: {lines}, to be given as a request", request.name);
        let warnings = notes.into_iter().map(|(pointer, note)| format!("{pointer}: {note}")).collect();
        Self { request: Some(request), warnings, ..Self::quiet(msg, Outcome::Unchanged) }.bounded()
    }
}
