//! What is worth saying of rules files before anyone loads them.
//!
//! Pure: files come in as bytes, and what is known of a host as values. Without a host nothing is said that would
//! depend on one.

pub mod code;
mod files;
pub mod finding;
mod ignore;
mod line;
mod load;
mod once_a_file;
mod order;
mod pairs;
mod place;
mod policy;
mod rule;
mod source;
mod unrecorded;

pub use code::{CODES, Code, Severity, summary};
pub use finding::{Edit, Finding, Fix};
pub use ignore::{known_codes, without_ignored};
pub use source::{Permissions, Source, in_order, named, paths, reader};

use std::rc::Rc;

use rustc_hash::FxHashMap as HashMap;

use crate::auditctl::Control;
use crate::augenrules::{Awk, Script};
use crate::boot_load::{BootLoad, LoadedRule, Spot};
use crate::lines::Reader;
use crate::rule::path::Way;
use once_a_file::once_a_file;
use policy::Policy;
use source::File;

/// The host that the files are for.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// How it merges drop-ins.
    pub script: Script,
    /// Whether anything else is known of it: its accounts, and what stands at its paths.
    pub is_known: bool,
    /// Whether the lines are given as rules: `apply` writes them, and by default leaves out what would stop the load.
    /// Lines of files are loaded as they stand.
    pub is_applied: bool,
    /// The ways to the paths that rules name ([`named`]), where it is known.
    pub ways: Option<&'a Ways>,
}

/// The ways to paths.
pub type Ways = HashMap<Rc<[u8]>, Way>;

impl Host<'_> {
    /// A host of which nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self { script: Script::newest(Awk::Gawk), is_known: false, is_applied: false, ways: None }
    }
}

/// What the boot loads of these files: the rules, and the settings with their places. Nothing of what stands after a line
/// that stops it or locks the kernel, unless the lines are given as rules.
#[must_use]
pub fn loaded(sources: &[Source], reader: &mut Reader, host: Host<'_>) -> (Vec<LoadedRule>, Vec<(Control, Spot)>) {
    let files: Vec<File<'_>> = sources.iter().map(File::of).collect();
    let Policy { lines, load, .. } = Policy::of(&files, reader, host);
    let reach = if host.is_applied { lines.len() } else { load.reach(&lines) };
    let carried_out = lines.get(..reach).unwrap_or(&lines);
    let mut controls = Vec::new();
    // auditctl has set what stands before the place at which a line fails.
    for line in lines.iter().take(reach + 1) {
        let Some(spot) = line.spots.first() else { continue };
        controls.extend(reader.read(&line.text).controls.iter().map(|control| (control.clone(), spot.clone())));
    }
    let rules = if reach == lines.len() { load.rules } else { BootLoad::of(carried_out, reader).rules };
    (rules, controls)
}

/// Everything that was found in these files, in their order; they stand in the order of [`in_order`].
///
/// The reader knows the machine, and the accounts and paths of a known host.
#[must_use]
pub fn lint(sources: &[Source], reader: &mut Reader, host: Host<'_>) -> Vec<Finding> {
    let files: Vec<File<'_>> = sources.iter().map(File::of).collect();
    let mut findings = files::findings(&files);
    for file in &files {
        let mut is_rest = false;
        findings.extend(file.lines.iter().enumerate().flat_map(|(at, text)| {
            let reading = reader.read(text);
            // What is wrong with the rest of a rule that was cut has no meaning of its own.
            let is_cut = crate::auditctl::is_cut(text) && (is_rest || reading.is_continued());
            if std::mem::replace(&mut is_rest, is_cut) {
                return Vec::new();
            }
            line::findings(&file.spot(at + 1), text, &reading, reader.facts(), host)
        }));
    }
    let says_nothing = |file: &File<'_>, reader: &mut Reader| file.lines.iter().all(|line| reader.read(line).is_silent);
    if let Some(first) = files.first().filter(|_| files.iter().all(|file| says_nothing(file, reader))) {
        findings.push(Finding::no_rules(
            &first.spot(0),
            "neither a rule nor a setting stands here: nothing would be recorded",
        ));
    }
    let policy = Policy::of(&files, reader, host);
    let pairs = pairs::findings(&policy);
    findings.extend(load::findings(&policy, reader, pairs));
    findings.extend(order::findings(&policy));
    let rank = |finding: &Finding| files.iter().position(|file| file.name == finding.at.file);
    let place = |finding: &Finding| (rank(finding), finding.at.line);
    findings.sort_by_key(|a| place(a));
    once_a_file(findings)
}
