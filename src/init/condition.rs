//! Conditions and assertions of a unit, judged from files (`systemd.unit(5)`, "Conditions and Asserts").

use std::collections::BTreeMap;

use super::prevented::Directive;
use super::unit::{Condition, Parsed, UnitFile};

/// What stands at a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PathFound {
    /// What it is, once links are followed.
    pub kind: PathKind,
    /// The path itself is a link.
    pub is_link: bool,
    /// A regular file with content, or a directory with names in it.
    pub has_content: bool,
    /// A regular file that somebody may execute.
    pub is_executable: bool,
}

/// What kind of thing stands at a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PathKind {
    /// None: there is nothing.
    #[default]
    Nothing,
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

/// Where files are that do not outlive a boot, or are not there yet when it begins.
const VOLATILE: [&str; 5] = ["/run", "/proc", "/sys", "/dev", "/tmp"];

/// The outcome of a condition, or of all.
enum Outcome {
    Met,
    NotMet,
    Unknown,
}

/// The paths that the conditions of a unit ask about.
#[must_use]
pub fn judged_paths(files: &[UnitFile]) -> Vec<String> {
    let conditions = Parsed::of(files).conditions;
    conditions.iter().filter_map(|condition| Some(of_path(condition)?.to_owned())).collect()
}

/// The path of a condition that can be judged from files.
fn of_path(condition: &Condition) -> Option<&str> {
    let is_of_path = matches!(
        condition.kind.as_str(),
        "PathExists"
            | "PathExistsGlob"
            | "PathIsDirectory"
            | "PathIsSymbolicLink"
            | "DirectoryNotEmpty"
            | "FileNotEmpty"
            | "FileIsExecutable"
    );
    let (_, _, path) = signs(&condition.value);
    let is_plain = path.starts_with('/') && !path.contains(['%', '*', '?', '[', '\\', '"']);
    let is_in = |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (is_of_path && is_plain && !VOLATILE.iter().any(|top| is_in(top))).then_some(path)
}

/// Whether one of several is enough, whether it is turned round, and the rest.
fn signs(value: &str) -> (bool, bool, &str) {
    let (is_trigger, rest) = value.strip_prefix('|').map_or((false, value), |rest| (true, rest.trim_start()));
    let (is_negated, rest) = rest.strip_prefix('!').map_or((false, rest), |rest| (true, rest.trim_start()));
    (is_trigger, is_negated, rest)
}

/// The first condition that does not hold; else those that cannot be judged.
pub(super) fn judged(
    conditions: &[Condition],
    paths: &BTreeMap<String, PathFound>,
    command_line: Option<&str>,
) -> Result<Vec<Directive>, Directive> {
    let mut unknown = Vec::new();
    for is_assert in [false, true] {
        let mut triggers = Vec::new();
        for condition in conditions.iter().filter(|condition| condition.is_assert == is_assert) {
            let outcome = outcome(condition, paths, command_line);
            if signs(&condition.value).0 {
                triggers.push((condition, outcome));
                continue;
            }
            match outcome {
                Outcome::Met => {}
                Outcome::NotMet => return Err(condition.directive.clone()),
                Outcome::Unknown => unknown.push(condition.directive.clone()),
            }
        }
        // Of these one is enough.
        if triggers.iter().any(|(_, outcome)| matches!(outcome, Outcome::Met)) {
            continue;
        }
        let of_unknown = triggers.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Unknown));
        let before = unknown.len();
        unknown.extend(of_unknown.map(|(condition, _)| condition.directive.clone()));
        if let Some((first, _)) = triggers.first().filter(|_| unknown.len() == before) {
            return Err(first.directive.clone());
        }
    }
    Ok(unknown)
}

fn outcome(condition: &Condition, paths: &BTreeMap<String, PathFound>, command_line: Option<&str>) -> Outcome {
    let (_, is_negated, value) = signs(&condition.value);
    let known = |holds: bool| if holds == is_negated { Outcome::NotMet } else { Outcome::Met };
    if let Some(path) = of_path(condition) {
        let Some(found) = paths.get(path) else { return Outcome::Unknown };
        return known(match condition.kind.as_str() {
            "PathIsDirectory" => found.kind == PathKind::Directory,
            "PathIsSymbolicLink" => found.is_link,
            "DirectoryNotEmpty" => found.kind == PathKind::Directory && found.has_content,
            "FileNotEmpty" => found.kind == PathKind::Other && found.has_content,
            "FileIsExecutable" => found.is_executable,
            _ => found.kind != PathKind::Nothing,
        });
    }
    match condition.kind.as_str() {
        "KernelCommandLine" => match command_line {
            Some(line) => known(line.split_whitespace().any(|word| has_word(word, value))),
            // Of another host, whose kernel does audit: that its rules matter takes it for granted.
            None if is_negated && matches!(value, "audit=0" | "audit=off") => Outcome::Met,
            None => Outcome::Unknown,
        },
        // As is this: without either there are no rules at all.
        "Security" if value == "audit" => known(true),
        "Virtualization" if value == "container" => known(false),
        _ => Outcome::Unknown,
    }
}

/// A value with `=` is a whole word of the command line, another one is a name there.
fn has_word(word: &str, value: &str) -> bool {
    if value.contains('=') { word == value } else { word.split('=').next() == Some(value) }
}
