//! The rules that decide about events, in the kernel's order, each with its place.

use std::ffi::OsStr;
use std::rc::Rc;

use crate::augenrules::{self, Awk, Origin, Script, Source};
use crate::boot_load::{BootLoad, LoadLine, LoadedRule, Spot};
use crate::lines::{PathFacts, Reader};
use crate::matching::{Decision, Event, decide};
use crate::rule::Rule;
use crate::rule::path::PathFact;

/// A policy.
#[derive(Debug, Default)]
pub struct Policy {
    /// The rules, in the kernel's order.
    pub rules: Vec<Placed>,
    /// The lines that are no part of it, since the load would fail at them.
    pub failing: Vec<Spot>,
}

/// A rule with the line that asks for it.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The rule, as events are matched against it.
    pub rule: Rule,
    /// The rule, as it is shown.
    pub shown: Rule,
    /// Its line; none where nothing is known to ask for it.
    pub spot: Option<Spot>,
}

impl Policy {
    /// The rules of lines, loaded in this order. Their places have no file.
    #[must_use]
    pub fn of_lines<'a>(lines: impl Iterator<Item = &'a str>, reader: &mut Reader) -> Self {
        let file: Rc<str> = "".into();
        let line = |(at, text): (usize, &str)| LoadLine {
            text: text.as_bytes().into(),
            spots: vec![Spot { file: Rc::clone(&file), line: at + 1 }],
        };
        Self::loaded(&lines.enumerate().map(line).collect::<Vec<_>>(), reader)
    }

    /// The rules of files, by name and bytes, loaded as the drop-ins of a host.
    #[must_use]
    pub fn of_files<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>, reader: &mut Reader) -> Self {
        let files: Vec<(Rc<str>, &[u8])> = files.map(|(name, text)| (name.into(), text)).collect();
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let names: Vec<String> = files.iter().map(|(name, _)| last(name)).collect();
        let sources = names.iter().zip(&files);
        let sources = sources.map(|(name, (_, text))| Source { name: OsStr::new(name), bytes: text });
        let merged = augenrules::merge(&sources.collect::<Vec<_>>(), Script::newest(Awk::Gawk));
        let spot =
            |origin: &Origin| files.get(origin.file).map(|(name, _)| Spot { file: Rc::clone(name), line: origin.line });
        let lines = merged
            .lines()
            .map(|line| LoadLine { text: (*line.text).into(), spots: line.origins.iter().filter_map(spot).collect() });
        Self::loaded(&lines.collect::<Vec<_>>(), reader)
    }

    /// Without a host, what stands at a watched path is not known. A directory and a file of that path are covered by the
    /// same condition, since what lies below a path makes it a directory.
    fn loaded(lines: &[LoadLine], reader: &mut Reader) -> Self {
        reader.settle(PathFacts::from_iter([(Rc::from(*b"/"), PathFact::Directory)]));
        let load = BootLoad::of(lines, reader);
        let placed = |loaded: &LoadedRule| {
            let line = loaded.rule.line.clone();
            let shown = line.rule.clone();
            let line = if line.watch.is_some() { line.with_watch_kind(true) } else { line };
            Placed { rule: line.rule, shown, spot: Some(loaded.spot.clone()) }
        };
        Self {
            rules: load.rules.iter().map(placed).collect(),
            failing: load.failing.into_iter().map(|failing| failing.spot).collect(),
        }
    }

    /// What it says to an event.
    #[must_use]
    pub fn decide(&self, event: &Event) -> Decision {
        decide(&self.rules.iter().map(|placed| &placed.rule).collect::<Vec<_>>(), event)
    }
}
