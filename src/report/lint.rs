//! Findings of `lint`, as a report has them.

use schemars::JsonSchema;
use serde::Serialize;

use super::scanner::{ScannerReport, scanned};
use super::text::is_zero;
use crate::boot_load::Spot;
use crate::intent::{LintIntent, Subject};
use crate::lint::{Finding, Severity, Source};
use crate::scanner::{Chosen, Judged};

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FindingReport {
    /// The stable name of the kind of finding.
    pub code: String,
    /// How much it matters.
    pub severity: SeverityReport,
    /// The finding as a sentence.
    pub message: String,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// JSON pointer into the request (RFC 6901), for rules that it gives itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The line in the file or in the given text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The byte column of the first byte that it is about, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The byte column after the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The machines that it is about, where it is not about all that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archs: Vec<String>,
    /// Other places that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<PlaceReport>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<FixReport>,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeverityReport {
    /// Worth knowing.
    Info,
    /// Something is not recorded, or not as it was meant.
    Warning,
    /// The load stops here, or nothing is recorded.
    Error,
}

/// A place in a file, or in the rules of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlaceReport {
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// JSON pointer into the request (RFC 6901), for rules that it gives itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The line in the file or in the given text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FixReport {
    /// In words.
    pub text: String,
    /// As a change of the text, where that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<EditReport>,
}

/// A part of the text that another one takes the place of. Lines and byte columns count from 1; the end is the first byte
/// that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EditReport {
    /// The line of the first byte that goes.
    pub line: usize,
    /// Its column.
    pub column: usize,
    /// The line of the first byte that stays.
    pub end_line: usize,
    /// Its column.
    pub end_column: usize,
    /// What comes in between.
    pub text: String,
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Errors.
    pub error: usize,
    /// Warnings.
    pub warning: usize,
    /// Worth knowing.
    pub info: usize,
    /// At least as severe as `fail_on`: what makes the report a failed one, beside checks of the scanner that fail.
    #[serde(skip_serializing_if = "is_zero")]
    pub failing: usize,
    /// Left out, because the request or a comment asks for that.
    #[serde(skip_serializing_if = "is_zero")]
    pub ignored: usize,
}

impl FindingReport {
    /// Where it is.
    #[must_use]
    pub fn place(&self) -> PlaceReport {
        PlaceReport { file: self.file.clone(), pointer: self.pointer.clone(), line: self.line }
    }
}

impl From<Severity> for SeverityReport {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

/// The findings of several machines, each once.
#[derive(Debug)]
pub struct Linted<'a> {
    intent: &'a LintIntent<'a>,
    findings: Vec<(Rank, FindingReport)>,
    pub(super) ignored: usize,
    pub(super) scanner: Option<ScannerReport>,
    pub(super) warnings: Vec<String>,
}

/// Where a finding stands among others: file, line, and on a line the more severe ones first.
type Rank = (usize, usize, std::cmp::Reverse<SeverityReport>, Option<usize>);

impl<'a> Linted<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new(intent: &'a LintIntent<'a>) -> Self {
        Self { intent, findings: Vec::new(), ignored: 0, scanner: None, warnings: Vec::new() }
    }

    /// Adds what was found in these files for the machine of this number, and how much of it was left out.
    pub fn add(&mut self, machine: usize, sources: &[Source], (findings, ignored): (Vec<Finding>, usize)) {
        self.ignored = self.ignored.max(ignored);
        let texts: Vec<Vec<&[u8]>> =
            sources.iter().map(|source| source.bytes.split(|byte| *byte == b'\n').collect()).collect();
        for finding in findings {
            let file = sources.iter().position(|source| source.name == *finding.at.file);
            let at = file.unwrap_or(sources.len());
            let line = finding.at.line;
            let text = file.and_then(|file| texts[file].get(line.checked_sub(1)?).copied());
            let found = self.reported(machine, text, finding);
            self.findings.push(((at, line, std::cmp::Reverse(found.severity), found.column), found));
        }
    }

    /// Adds what the scanner makes of it, for the first machine.
    pub fn add_scanned(&mut self, scanned_as: Chosen, judged: Vec<Judged>, warnings: Vec<String>) {
        self.scanner = Some(scanned(scanned_as, judged, |spot| self.place(0, spot)));
        self.warnings = warnings;
    }

    /// Every finding once, with the machines that it is about, unless it is about all.
    pub(super) fn merged(mut self) -> Vec<FindingReport> {
        self.findings.sort_by_key(|a| a.0);
        let mut merged: Vec<(Rank, FindingReport)> = Vec::new();
        for (rank, found) in self.findings {
            let near = merged.iter_mut().rev().take_while(|(other, _)| *other == rank);
            let same = near.map(|(_, known)| known).find(|known| is_same(known, &found));
            match same {
                Some(known) => {
                    known.archs.extend(found.archs);
                    known.fix = known.fix.take().or(found.fix);
                }
                None => merged.push((rank, found)),
            }
        }
        let all = self.intent.machines.len();
        let named = |(_, mut found): (Rank, FindingReport)| {
            found.archs.dedup();
            if found.archs.len() == all {
                found.archs.clear();
            }
            found
        };
        merged.into_iter().map(named).collect()
    }

    fn place(&self, machine: usize, spot: &Spot) -> PlaceReport {
        let file = Some(spot.file.to_string());
        let line = Some(spot.line).filter(|line| *line > 0);
        match &self.intent.subject {
            Subject::Lines(lines) => {
                let author = spot.line.checked_sub(1).and_then(|at| lines[machine].get(at));
                let pointer = author.map_or("/rules", |author| &*author.pointer);
                PlaceReport {
                    file: None,
                    pointer: Some(pointer.to_owned()),
                    line: author.and_then(|author| author.line),
                }
            }
            Subject::Files(_) | Subject::Directory => PlaceReport { file, pointer: None, line },
        }
    }

    fn reported(&self, machine: usize, text: Option<&[u8]>, finding: Finding) -> FindingReport {
        let text = text.map(|text| String::from_utf8_lossy(text).trim_end_matches('\r').to_owned());
        let fix = finding.fix.map(|fix| FixReport {
            text: fix.text,
            edit: fix.edit.map(|edit| EditReport {
                line: edit.from.0,
                column: edit.from.1 + 1,
                end_line: edit.to.0,
                end_column: edit.to.1 + 1,
                text: edit.with,
            }),
        });
        let PlaceReport { file, pointer, line } = self.place(machine, &finding.at);
        FindingReport {
            code: finding.code.to_owned(),
            severity: finding.severity.into(),
            message: finding.message,
            file,
            pointer,
            line,
            column: finding.span.map(|span| span.0 + 1),
            end_column: finding.span.map(|span| span.1 + 1),
            rule: text,
            archs: vec![self.intent.machines[machine].name.to_owned()],
            related: finding.related.iter().map(|spot| self.place(machine, spot)).collect(),
            fix,
        }
    }
}

/// Whether two findings differ in nothing but their machines; a machine on which there is nothing to suggest does not
/// make another finding of it.
fn is_same(known: &FindingReport, found: &FindingReport) -> bool {
    let bare = |of: &FindingReport| FindingReport { archs: Vec::new(), fix: None, ..of.clone() };
    let suggests_alike = known.fix.is_none() || found.fix.is_none() || known.fix == found.fix;
    known.code == found.code && suggests_alike && bare(known) == bare(found)
}
