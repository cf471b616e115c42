//! A problem or finding, as compilers write it: `file:line:column: severity: message [code]`.

use super::super::visible::visible;
use super::page::{Look, Page};
use crate::report::ErrorReport;
use crate::report::lint::{FindingReport, SeverityReport};
use crate::report::words::place;

/// What a problem and a finding have in common.
pub struct Finding<'a> {
    place: String,
    column: Option<usize>,
    end_column: Option<usize>,
    severity: SeverityReport,
    message: &'a str,
    code: &'a str,
    rule: Option<&'a str>,
    more: Vec<String>,
}

impl<'a> Finding<'a> {
    /// A problem of a request or host.
    pub fn of_error(error: &'a ErrorReport) -> Self {
        let hint = error.hint.as_ref().map(|hint| format!("help: {hint}"));
        Self {
            place: place(error.file.as_deref(), error.line, error.pointer.as_deref()),
            column: error.column.filter(|_| error.rule.is_some()),
            end_column: None,
            severity: SeverityReport::Error,
            message: &error.message,
            code: &error.kind,
            rule: error.rule.as_deref(),
            more: hint.into_iter().collect(),
        }
    }

    /// A finding of `lint`.
    pub fn of_lint(found: &'a FindingReport) -> Self {
        let archs = (!found.archs.is_empty()).then(|| format!("on {}", found.archs.join(", ")));
        let related = found.related.iter().map(|at| format!("see {}", at.text()));
        let fix = found.fix.as_ref().map(|fix| format!("fix: {}", fix.text));
        Self {
            place: found.place().text(),
            column: found.column,
            end_column: found.end_column,
            severity: found.severity,
            message: &found.message,
            code: &found.code,
            rule: found.rule.as_deref().filter(|_| found.column.is_some()),
            more: archs.into_iter().chain(related).chain(fix).collect(),
        }
    }

    pub fn write(&self, page: &mut Page) {
        let (look, severity) = match self.severity {
            SeverityReport::Error => (Look::Bad, "error"),
            SeverityReport::Warning => (Look::Doubtful, "warning"),
            SeverityReport::Info => (Look::Told, "info"),
        };
        let column = self.column.filter(|_| !self.place.is_empty()).map_or_else(String::new, |at| format!(":{at}"));
        let place = format!("{}{column}", self.place);
        let code = format!(" [{}]", self.code);
        let colon = if place.is_empty() { "" } else { ": " };
        page.line(&[
            (Look::Bold, &place),
            (Look::Plain, colon),
            (look, severity),
            (Look::Plain, ": "),
            (Look::Plain, self.message),
            (Look::Faint, &code),
        ]);
        if let Some(rule) = self.rule {
            page.line(&[(Look::Plain, "    "), (Look::Plain, rule)]);
            if let Some((before, width)) = self.marked(rule) {
                let (blanks, marks) = (" ".repeat(4 + before), "^".repeat(width));
                page.line(&[(Look::Plain, &blanks), (look, &marks)]);
            }
        }
        self.more.iter().for_each(|more| page.line(&[(Look::Plain, "    "), (Look::Told, more)]));
    }

    /// How many characters stand before the word at fault, as they are shown, and how many it has.
    fn marked(&self, rule: &str) -> Option<(usize, usize)> {
        let start = self.column?.checked_sub(1)?;
        let shown = |from: usize, to: usize| rule.get(from..to).map(|text| visible(text).chars().count());
        let rest = rule.get(start..)?;
        let word = rest.find(' ').map_or(rule.len(), |length| start + length);
        let end = self.end_column.map_or(word, |end| end - 1);
        Some((shown(0, start)?, shown(start, end)?.max(1)))
    }
}
