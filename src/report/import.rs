//! The report of `import`: a request to apply.

use super::apply_request::ApplyRequest;
use super::{Outcome, Report};

impl Report {
    /// The report of what was imported, with what is worth knowing of the document by its places.
    #[must_use]
    pub fn imported(request: ApplyRequest, notes: Vec<(String, String)>) -> Self {
        let (name, rules) = request.imported().unwrap_or_default();
        let count = rules.len();
        let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        let msg = format!("{name}: {lines}, to be given as a request");
        let warnings = notes.into_iter().map(|(pointer, note)| format!("{pointer}: {note}")).collect();
        Self { request: Some(request), warnings, ..Self::quiet(msg, Outcome::Unchanged) }.bounded()
    }
}
