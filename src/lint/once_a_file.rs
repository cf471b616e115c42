//! Findings about a way of writing, which a file has in many lines: each kind once a file, with a count.

use std::rc::Rc;

use rustc_hash::FxHashMap as HashMap;

use super::code::Code;
use super::finding::{Finding, Fix, list};
use crate::error::same_in;

/// The kinds that are told once a file.
const ONCE: [Code; 10] = [
    Code::WatchForm,
    Code::PermWithoutArch,
    Code::NoPermissions,
    Code::B32Missing,
    Code::B64Missing,
    Code::WiderVariantMissing,
    Code::StoppedByOthers,
    Code::NewerVariantMissing,
    Code::NoKey,
    Code::LongKey,
];

/// Most of the other lines that a finding names.
const MOST_PLACES: usize = 20;

/// What is to be done gets no further words from this length on, in bytes.
const LONGEST_FIX: usize = 200;

/// Findings of one kind in one file.
struct Group {
    /// The first one, to which the others are added.
    at: usize,
    more: usize,
    calls: Vec<&'static str>,
}

/// The findings, in the same order, those of some kinds put together: the first one in a file stands for all. Names of
/// system calls that belong to a finding are then part of its sentence.
pub fn once_a_file(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: HashMap<(&'static str, Rc<str>), Group> = HashMap::default();
    let mut kept: Vec<Finding> = Vec::new();
    for found in findings {
        let is_once = found.cause.is_some() || ONCE.iter().any(|code| code.name() == found.code);
        let key = (found.cause.unwrap_or(found.code), Rc::clone(&found.at.file));
        if let Some(group) = groups.get_mut(&key).filter(|_| is_once) {
            add(&mut kept[group.at], group, found);
            continue;
        }
        if is_once {
            groups.insert(key, Group { at: kept.len(), more: 0, calls: found.calls.clone() });
        }
        kept.push(found);
    }
    for group in groups.into_values() {
        let found = &mut kept[group.at];
        found.message = match found.cause {
            Some(_) => format!("{}{}", found.message, same_in(group.more)),
            None => with_count(&found.message, group.more),
        };
        found.calls = group.calls;
    }
    for found in kept.iter_mut().filter(|found| !found.calls.is_empty()) {
        found.calls.sort_unstable();
        found.message = format!("{} ({})", found.message, list(&found.calls));
    }
    kept
}

fn add(first: &mut Finding, group: &mut Group, found: Finding) {
    group.more += 1;
    if first.related.len() < MOST_PLACES {
        first.related.push(found.at);
    }
    group.calls.extend(found.calls.into_iter().filter(|call| !group.calls.contains(call)).collect::<Vec<_>>());
    if let (Some(Fix { text, .. }), Some(other)) = (&mut first.fix, found.fix) {
        if !text.contains(&other.text) && text.len() < LONGEST_FIX {
            *text = format!("{text}; {}", other.text);
        }
    }
}

/// The sentence with how many other lines it is about, before its explanation.
fn with_count(message: &str, more: usize) -> String {
    let count = same_in(more);
    let end = message.find(": ").or_else(|| message.find("; ")).unwrap_or(message.len());
    format!("{}{count}{}", &message[..end], &message[end..])
}
