//! Which rules are to be proven.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use crate::auditctl::Accounts;
use crate::boot_load::Spot;
use crate::desired::forms;
use crate::error::{Place, Problem, RequestError};
use crate::explain::Placed;
use crate::gather::Gathered;
use crate::intent::{Meant, ProveIntent, RequestLine};
use crate::lines::{HostRule, PathFacts, Reader};
use crate::plan::rules::{Fulfils, RuleForms, assign};
use crate::program::explain::place_in_file;
use crate::report::event::DecidingRule;
use crate::request::PermSyscalls;
use crate::rule::Rule;
use crate::rules_d::Root;

/// A rule that is to be proven.
pub enum Wanted {
    /// It is loaded.
    Loaded {
        /// Its index in the kernel's rules.
        at: usize,
        /// Where the request gives it.
        pointer: Option<String>,
    },
    /// It is not.
    NotLoaded(Box<DecidingRule>),
}

/// The rules that are to be proven, in the order in which they are told.
///
/// # Errors
/// A drop-in that is not there, keys that no loaded rule has, files that cannot be read.
pub fn wanted(
    intent: &ProveIntent,
    gathered: &Gathered,
    loaded: &[Rule],
    root: &Root,
    accounts: &Accounts,
) -> Result<Vec<Wanted>, Vec<Problem>> {
    let every = |at: usize| Wanted::Loaded { at, pointer: None };
    match &intent.meant {
        Meant::Loaded => Ok((0..loaded.len()).map(every).collect()),
        Meant::Keys(keys) => {
            let missing: Vec<Problem> = keys
                .iter()
                .enumerate()
                .filter(|(_, key)| !loaded.iter().any(|rule| has_key(rule, key)))
                .map(|(at, key)| {
                    let error = RequestError::NoRuleWithKey { key: key.clone() };
                    Problem::at_pointer(error.into(), &format!("/keys/{at}"))
                })
                .collect();
            if !missing.is_empty() {
                return Err(missing);
            }
            let meant = |at: &usize| loaded.get(*at).is_some_and(|rule| keys.iter().any(|key| has_key(rule, key)));
            Ok((0..loaded.len()).filter(meant).map(every).collect())
        }
        Meant::DropIn(name) => of_drop_in(name, intent, gathered),
        Meant::Lines(lines) => Ok(of_lines(lines, intent, loaded, root, accounts)),
    }
}

fn has_key(rule: &Rule, key: &str) -> bool {
    rule.keys().any(|known| known == key.as_bytes())
}

fn of_drop_in(name: &str, intent: &ProveIntent, gathered: &Gathered) -> Result<Vec<Wanted>, Vec<Problem>> {
    let (Some(files), Some(drift)) = (gathered.files.read(), &gathered.drift) else {
        return Err(gathered.files.problems().to_vec());
    };
    let is_meant = |file: &str| Path::new(file).file_name().is_some_and(|found| found == name);
    if !files.observed.files.drop_ins.iter().any(|drop_in| drop_in.name == name) {
        return Err(vec![Problem::at_pointer(RequestError::NoDropIn { name: name.to_owned() }.into(), "/name")]);
    }
    let mut wanted = Vec::new();
    for (line, asked) in files.boot.asked.iter().enumerate().filter(|(_, asked)| is_meant(&asked.spot.file)) {
        let at = drift.held.iter().position(|held| held.asked == Some(line) && !held.is_copy);
        match (at, &asked.rule) {
            (Some(at), _) => wanted.push(Wanted::Loaded { at, pointer: None }),
            (None, Some(rule)) => wanted.push(missing(rule, Some(&asked.spot), Place::default(), intent)),
            (None, None) => {}
        }
    }
    Ok(wanted)
}

fn of_lines(
    lines: &[RequestLine],
    intent: &ProveIntent,
    loaded: &[Rule],
    root: &Root,
    accounts: &Accounts,
) -> Vec<Wanted> {
    let mut reader = Reader::new(intent.host.machine, accounts.clone());
    let paths = reader.paths(lines.iter().map(|line| line.text.as_bytes()));
    let found: Vec<&Path> = paths.iter().map(|path| Path::new(OsStr::from_bytes(path))).collect();
    let found = root.lookup_all(&found);
    reader.settle(paths.into_iter().zip(found).collect::<PathFacts>());
    let read = lines.iter().filter_map(|line| Some((line, reader.read(line.text.as_bytes()).rule.clone()?)));
    let read: Vec<(&RequestLine, Rc<HostRule>)> = read.collect();
    let wanted: Vec<RuleForms> = read.iter().map(|(_, rule)| forms(&rule.line, PermSyscalls::default())).collect();
    let fulfilled = assign(loaded, &wanted.iter().collect::<Vec<_>>());
    let one = |(at, (line, rule)): (usize, &(&RequestLine, Rc<HostRule>))| match fulfilled
        .iter()
        .position(|fulfils| *fulfils == Fulfils::Wanted(at))
    {
        Some(at) => Wanted::Loaded { at, pointer: Some(line.pointer.to_string()) },
        None => missing(rule, None, line.place(), intent),
    };
    read.iter().enumerate().map(one).collect()
}

fn missing(rule: &HostRule, spot: Option<&Spot>, place: Place, intent: &ProveIntent) -> Wanted {
    let placed = Placed { rule: (*rule.listed).clone(), shown: rule.line.rule.clone(), spot: spot.cloned() };
    let place = if spot.is_some() { place_in_file(&placed) } else { place };
    Wanted::NotLoaded(Box::new(DecidingRule::of(&placed, &place, &intent.host.machine)))
}
