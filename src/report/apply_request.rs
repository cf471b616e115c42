//! A request to apply, as a report gives it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::gather::{Export, ExportedDropIn};
use crate::import::Imported;

/// A request to apply: of a host's drop-ins, or of a document of another tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApplyRequest {
    /// `exact` where an imported document deletes what is there, else `present`.
    pub state: &'static str,
    /// import: the drop-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// import: its lines, in the order of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<String>>,
    /// import: settings, in the kernel's numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub control: BTreeMap<&'static str, u32>,
    /// gather: the drop-ins by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub drop_ins: BTreeMap<String, ApplyDropIn>,
    /// gather: `false`, since the text of each drop-in is all that its file holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// `skip` where lines are to be left out whose paths, users or groups are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_missing: Option<&'static str>,
    /// gather: true where a drop-in says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_empty: Option<bool>,
}

/// A drop-in of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApplyDropIn {
    /// All that its file holds.
    pub rules: String,
    /// The permissions of its file, in octal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

impl ApplyRequest {
    /// What a document asks for, as these lines of this drop-in.
    #[must_use]
    pub fn of_import(imported: &Imported, name: &str, lines: Vec<String>) -> Self {
        let mut control = BTreeMap::new();
        control.extend(imported.control.iter().copied());
        Self {
            state: if imported.is_whole { "exact" } else { "present" },
            name: Some(name.to_owned()),
            rules: Some(lines),
            control,
            on_missing: (!imported.lenient.is_empty()).then_some("skip"),
            ..Self::default()
        }
    }

    /// What a host's drop-ins hold; none where there is no drop-in.
    #[must_use]
    pub fn of_export(export: Export) -> Option<Self> {
        let mut drop_ins = BTreeMap::new();
        for ExportedDropIn { name, text, mode } in export.drop_ins {
            drop_ins.insert(name, ApplyDropIn { rules: text, mode: mode.map(|mode| format!("{mode:04o}")) });
        }
        (!drop_ins.is_empty()).then(|| Self {
            state: "present",
            drop_ins,
            header: Some(false),
            on_missing: export.skips.then_some("skip"),
            allow_empty: export.has_empty.then_some(true),
            ..Self::default()
        })
    }

    /// The lines of the drop-in of an imported document, and its name.
    #[must_use]
    pub fn imported(&self) -> Option<(&str, &[String])> {
        Some((self.name.as_deref()?, self.rules.as_deref()?))
    }
}
