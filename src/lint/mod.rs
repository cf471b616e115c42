//! What is worth saying of rules files before anyone loads them.
//!
//! Pure: files come in as bytes, and what is known of a host as values. Without a host nothing is said that would
//! depend on one.

pub mod code;
pub mod finding;
mod line;
mod source;

pub use code::{CODES, Code, Severity, summary};
pub use finding::{Edit, Finding, Fix};
pub use source::{Permissions, Source, reader};

use crate::lines::Reader;
use source::File;

/// The paths that decide what is found, if a host is known.
#[must_use]
pub fn paths(sources: &[Source], reader: &mut Reader) -> Vec<Vec<u8>> {
    let files = File::in_order(sources);
    reader.paths(files.iter().flat_map(|file| file.lines.iter().copied()))
}

/// Everything that was found in these files, in their order. The reader knows the machine and the host.
#[must_use]
pub fn lint(sources: &[Source], reader: &mut Reader) -> Vec<Finding> {
    let files = File::in_order(sources);
    let mut findings = Vec::new();
    for file in &files {
        findings.extend(file.lines.iter().enumerate().flat_map(|(at, text)| {
            let reading = reader.read(text);
            line::findings(&file.spot(at + 1), text, &reading, reader.facts())
        }));
    }
    findings
}
