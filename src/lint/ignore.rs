//! Kinds of findings that somebody does not want to hear of: those of the request, and of each file those that a comment
//! in it names.

use super::code::{CODES, Code};
use super::finding::Finding;
use super::source::{File, Source};
use crate::error::Hint;
use crate::error::line::KINDS;
use crate::tables::nearest::nearest;

/// Every code that a finding may have: those of `lint`, and the kinds of the errors of lines.
pub fn known_codes() -> impl Iterator<Item = &'static str> {
    CODES.iter().map(|row| row.1).chain(KINDS.iter().copied())
}

/// The findings but for those of these kinds, and those that a comment in their file names; and how many went.
#[must_use]
pub fn without_ignored(findings: Vec<Finding>, sources: &[Source], codes: &[String]) -> (Vec<Finding>, usize) {
    let count = findings.len();
    let files: Vec<(&str, Vec<&str>)> = sources
        .iter()
        .map(|source| {
            let lines = source.bytes.split(|byte| *byte == b'\n');
            (source.name.as_str(), lines.flat_map(ignored).map(|(code, _)| code).collect())
        })
        .collect();
    let is_ignored = |found: &Finding| {
        let of_file = files.iter().filter(|(name, _)| **name == *found.at.file).flat_map(|(_, codes)| codes);
        codes.iter().any(|code| code == found.code) || of_file.into_iter().any(|code| *code == found.code)
    };
    let kept: Vec<Finding> = findings.into_iter().filter(|found| !is_ignored(found)).collect();
    let ignored = count - kept.len();
    (kept, ignored)
}

/// Comments that name a code that no finding has.
pub fn unknown_codes(file: &File<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in file.lines.iter().enumerate() {
        for (code, column) in ignored(line).into_iter().filter(|(code, _)| !known_codes().any(|known| known == *code)) {
            let found = Finding::new(Code::UnknownCode, &file.spot(at + 1), format!("no finding has the code {code}"));
            let found = found.over(Some((column, column + code.len())));
            findings.push(match nearest(code, known_codes()) {
                Some(known) => found.advise(Hint::did_you_mean(known).to_string()),
                None => found,
            });
        }
    }
    findings
}

/// The codes that a line names, with their columns from 0; none in a line that is no such comment.
fn ignored(line: &[u8]) -> Vec<(&str, usize)> {
    let codes = std::str::from_utf8(line).ok().and_then(|line| Some((line, named(line)?)));
    let Some((line, codes)) = codes else { return Vec::new() };
    let mut column = line.len() - codes.len();
    let mut found = Vec::new();
    for code in codes.split([',', ' ', '\t', '\r']) {
        if !code.is_empty() {
            found.push((code, column));
        }
        column += code.len() + 1;
    }
    found
}

/// What stands after `# lint: ignore`, however blanks are set.
fn named(line: &str) -> Option<&str> {
    let comment = line.trim_start().strip_prefix('#')?.trim_start();
    let codes = comment.strip_prefix("lint:")?.trim_start().strip_prefix("ignore")?;
    Some(codes).filter(|codes| codes.starts_with([' ', '\t', ':'])).map(|codes| codes.trim_start_matches(':'))
}
