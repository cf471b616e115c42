//! What stands at the paths of a rule, and who may change that.

use super::Host;
use super::code::Code;
use super::finding::{Finding, condition, word};
use crate::auditctl::{RuleLine, Verb};
use crate::boot_load::Spot;
use crate::lines::Facts;
use crate::rule::path::PathFact;
use crate::rule::{Field, FieldNumber};

/// What is found at the paths of a rule.
pub fn findings(at: &Spot, text: &[u8], line: &RuleLine, facts: &Facts, host: Host<'_>) -> Vec<Finding> {
    if line.verb == Verb::Delete {
        return Vec::new();
    }
    let fields = || line.rule.fields.iter().filter(|field| is_path(field.number));
    let directories = fields().filter_map(|field| directory(at, text, line, field, facts));
    let stopped = fields().find_map(|field| may_be_stopped(at, text, field, host));
    let missing = fields().filter(|_| host.is_known).filter_map(|field| nothing_there(at, text, line, field, facts));
    directories.chain(stopped).chain(missing).collect()
}

fn is_path(field: FieldNumber) -> bool {
    matches!(field, FieldNumber::PATH | FieldNumber::DIR | FieldNumber::EXE)
}

/// A rule about a file, where there is a directory. A watch (`-w`) is about what there is.
fn directory(at: &Spot, text: &[u8], line: &RuleLine, field: &Field, facts: &Facts) -> Option<Finding> {
    let path = field.text()?;
    if facts.paths.get(path) != Some(&PathFact::Directory) || line.watch.is_some() {
        return None;
    }
    let shown = String::from_utf8_lossy(path);
    match field.number {
        FieldNumber::PATH => {
            let span = condition(text, "path");
            let message = format!("{shown} is a directory: path= sees nothing of what is done to the files in it");
            let found = Finding::new(Code::PathIsDirectory, at, message).over(span);
            let name = |(start, end): (usize, usize)| {
                let at = text[start..end].windows(b"path".len()).position(|part| part.eq_ignore_ascii_case(b"path"))?;
                Some((start + at, start + at + b"path".len()))
            };
            let advice = "dir= is meant";
            Some(match span.and_then(name) {
                Some(name) => found.replace(advice, name, "dir"),
                None => found.advise(advice),
            })
        }
        FieldNumber::EXE => {
            let message = format!("{shown} is a directory, and no running program is: this rule never fires");
            Some(Finding::new(Code::PathIsDirectory, at, message).over(condition(text, "exe")))
        }
        _ => None,
    }
}

/// A file or program that does not exist now. The kernel takes the rule, and waits for it to be made.
fn nothing_there(at: &Spot, text: &[u8], line: &RuleLine, field: &Field, facts: &Facts) -> Option<Finding> {
    let path = field.text().filter(|_| field.number != FieldNumber::DIR)?;
    if facts.paths.get(path) != Some(&(PathFact::Missing { parent_exists: true })) {
        return None;
    }
    let shown = String::from_utf8_lossy(path);
    let later = match (field.number, line.watch) {
        (FieldNumber::EXE, _) => "the rule acts once a program is there",
        (_, Some(_)) => {
            "the rule acts once a file is there; where it becomes a directory, only loading again sees its files"
        }
        _ => "the rule acts once a file is there",
    };
    let span = word(text, |word| word.windows(path.len()).any(|part| part == path));
    Some(Finding::new(Code::NothingThere, at, format!("{shown} does not exist now: {later}")).over(span))
}

/// Below a directory of others a link that leads to itself makes the kernel refuse the rule, and the load stops.
fn may_be_stopped(at: &Spot, text: &[u8], field: &Field, host: Host<'_>) -> Option<Finding> {
    let path = field.text()?;
    let way = host.ways?.get(path)?;
    let found = if field.number == FieldNumber::DIR { &way.to_itself } else { &way.to_parent };
    let directory = String::from_utf8_lossy(found.as_ref()?).into_owned();
    let message = format!(
        "others than root may write {directory}, on the way to the path: with a link there that leads to itself they stop \
         the boot load at this line"
    );
    let span = word(text, |word| word.windows(path.len()).any(|part| part == path));
    let found = Finding::new(Code::StoppedByOthers, at, message).over(span);
    Some(found.advise("put such lines after all others, and a line -c in front of them"))
}
