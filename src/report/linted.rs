//! What `lint` found, as a report.

use super::lint::{Counts, Linted, SeverityReport};
use super::{Outcome, Report, sarif};
use crate::request::{FailOn, Format};

impl Report {
    /// The report of `lint`.
    #[must_use]
    pub fn linted(mut linted: Linted<'_>, format: Format, fail_on: FailOn) -> Self {
        let ignored = linted.ignored;
        let (scanner, warnings) = (linted.scanner.take(), std::mem::take(&mut linted.warnings));
        let findings = linted.merged();
        let count = |severity| findings.iter().filter(|found| found.severity == severity).count();
        let (error, warning, info) =
            (count(SeverityReport::Error), count(SeverityReport::Warning), count(SeverityReport::Info));
        let failing = match fail_on {
            FailOn::Error => error,
            FailOn::Warning => error + warning,
            FailOn::Info => error + warning + info,
            FailOn::Never => 0,
        };
        let counts = Counts { error, warning, info, failing, ignored };
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let msg = format!(
            "{} error{}, {} warning{}, {} worth knowing{}",
            counts.error,
            plural(counts.error),
            counts.warning,
            plural(counts.warning),
            counts.info,
            if ignored > 0 { format!(", {ignored} ignored") } else { String::new() }
        );
        let is_short = scanner.as_ref().is_some_and(|scanner| scanner.counts.failing > 0);
        let is_failed = failing > 0 || is_short && fail_on != FailOn::Never;
        let msg = match &scanner {
            Some(scanner) => format!("{}; {msg}", scanner.sentence()),
            None => msg,
        };
        let outcome = if is_failed { Outcome::Failed } else { Outcome::Unchanged };
        let sarif = (format == Format::Sarif).then(|| sarif::log(&findings));
        Self {
            failed: is_failed,
            findings: Some(findings),
            counts: Some(counts),
            scanner,
            sarif,
            warnings,
            ..Self::quiet(msg, outcome)
        }
        .bounded()
    }
}
