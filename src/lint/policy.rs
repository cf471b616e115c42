//! All files together, as the boot loader loads them.

use std::ffi::OsStr;
use std::rc::Rc;

use rustc_hash::FxHashSet as HashSet;

use super::Host;
use super::source::{File, is_guessed};
use crate::augenrules;
use crate::boot_load::{BootLoad, LoadLine, LoadedRule, Spot};
use crate::lines::{HostRule, PathFacts, Reader, Unloadable};
use crate::rule::{FieldNumber, Machine, Rule, Value};

/// All files together, as the boot loader loads them.
#[derive(Debug)]
pub struct Policy<'a> {
    /// The files, in order.
    pub files: &'a [File<'a>],
    /// Their lines, merged.
    pub lines: Vec<LoadLine>,
    /// What loading them comes to.
    pub load: BootLoad,
    /// The machine.
    pub machine: Machine,
    /// The host.
    pub host: Host<'a>,
    /// The rules that are loaded, with the paths that they lead to in place of those that they name.
    pub real: Vec<LoadedRule>,
    /// Paths to which links lead, or on whose way there are none.
    pub real_paths: HashSet<Vec<u8>>,
    /// What is known of paths.
    pub paths: PathFacts,
}

impl<'a> Policy<'a> {
    /// Merges the files and walks through them. A final newline that is missing counts as there: it has a finding of
    /// its own.
    pub fn of(files: &'a [File<'a>], reader: &mut Reader, host: Host<'a>) -> Self {
        let ended =
            |file: &File<'_>| file.lines.iter().flat_map(|line| [line, b"\n".as_slice()]).flatten().copied().collect();
        let texts: Vec<Vec<u8>> = files.iter().map(ended).collect();
        let sources = files.iter().zip(&texts).map(|(file, bytes)| augenrules::Source {
            name: OsStr::new(file.name.rsplit('/').next().unwrap_or_default()),
            bytes,
        });
        let merged = augenrules::merge(&sources.collect::<Vec<_>>(), host.script);
        let spots = |origins: &[augenrules::Origin]| origins.iter().map(|at| files[at.file].spot(at.line)).collect();
        let lines: Vec<LoadLine> =
            merged.lines().map(|line| LoadLine { text: (*line.text).into(), spots: spots(&line.origins) }).collect();
        let mut load = BootLoad::of(&lines, reader);
        // What auditctl makes of a line that has an error is nothing to give advice about.
        let mut has_error = |line: &&LoadLine| {
            let is_of_line =
                |why: &Unloadable| matches!(why, Unloadable::Line(error) if error.kind() != "carriage_return");
            reader.read(&line.text).obstacles.iter().any(is_of_line)
        };
        let wrong: HashSet<&Spot> = lines.iter().filter(&mut has_error).flat_map(|line| &line.spots).collect();
        load.rules.retain(|loaded| !wrong.contains(&loaded.spot));
        let real = load.rules.iter().map(|loaded| led_to(loaded, host)).collect();
        let real_paths = host.ways.iter().flat_map(|ways| ways.values()).filter_map(|way| way.real.clone()).collect();
        Self {
            files,
            lines,
            load,
            host,
            real,
            real_paths,
            machine: reader.facts().machine,
            paths: reader.facts().paths.clone(),
        }
    }

    /// The rules that are loaded, in the kernel's order.
    pub fn rules(&self) -> &[LoadedRule] {
        &self.load.rules
    }

    /// The text of a line.
    pub fn text(&self, spot: &Spot) -> &'a [u8] {
        let file = self.files.iter().find(|file| file.name == spot.file);
        file.and_then(|file| file.lines.get(spot.line.checked_sub(1)?)).copied().unwrap_or_default()
    }

    /// Whether what two rules match can be compared: whom their names stand for must be known, and where the one must
    /// be about the same path as the other, both must be a watch or none of them. A watch is about a file or about a
    /// directory, which without a host is not known.
    pub fn can_compare(&self, wide: &LoadedRule, narrow: &LoadedRule) -> bool {
        let is_open =
            |loaded: &LoadedRule| loaded.rule.line.watched_path().is_some_and(|path| !self.paths.contains_key(path));
        let is_about_path = wide.rule.listed.text(FieldNumber::PATH).is_some();
        let is_guessed = is_guessed(&wide.rule.listed) || is_guessed(&narrow.rule.listed);
        !is_guessed && (!is_about_path || is_open(wide) == is_open(narrow))
    }
}

/// A rule with the paths that its paths lead to.
fn led_to(loaded: &LoadedRule, host: Host<'_>) -> LoadedRule {
    let listed = &loaded.rule.listed;
    let real =
        |path: &[u8]| host.ways?.get(path)?.real.clone().filter(|real| real != path.strip_suffix(b"/").unwrap_or(path));
    if !listed.fields.iter().any(|field| is_path(field.number) && field.text().and_then(real).is_some()) {
        return loaded.clone();
    }
    let mut rule = Rule::clone(listed);
    for field in rule.fields.iter_mut().filter(|field| is_path(field.number)) {
        if let Some(real) = field.text().and_then(real) {
            field.value = Value::Text(real.into());
        }
    }
    let rule = HostRule { line: loaded.rule.line.clone(), listed: Rc::new(rule) };
    LoadedRule { rule: Rc::new(rule), spot: loaded.spot.clone() }
}

fn is_path(field: FieldNumber) -> bool {
    matches!(field, FieldNumber::PATH | FieldNumber::DIR | FieldNumber::EXE)
}

/// A place as it is named in a finding of another one.
pub fn place(spot: &Spot, seen_from: &Spot) -> String {
    if spot.file == seen_from.file { format!("line {}", spot.line) } else { spot.to_string() }
}
