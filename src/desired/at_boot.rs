//! What the next boot loads of a host's files.

use std::path::PathBuf;
use std::rc::Rc;

use rustc_hash::FxHashSet as HashSet;

use super::files::as_it_stands;
use super::{DropIn, Files, Merge, Warning};
use crate::auditctl::{Control, Verb, canonical_lossy};
use crate::augenrules;
use crate::boot_load::{BootLoad, LoadLine};
use crate::init::{Loader, Prevented, State};
use crate::lines::Reader;
use crate::plan::files::Content;
use crate::rule::{Machine, Rule};
use crate::set_aside::candidates;

/// What the next boot loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootSource {
    /// The drop-ins, merged by augenrules.
    DropIns,
    /// This file, as it stands.
    File(PathBuf),
    /// Nothing.
    Nothing,
}

impl Files {
    /// What the next boot loads, were these the drop-ins. Where nothing tells who loads the rules it is what augenrules
    /// would load; without a drop-in that is `audit.rules`.
    #[must_use]
    pub fn at_boot(&self, drop_ins: &[DropIn]) -> BootSource {
        let file = self.loader.command.as_ref().and_then(|command| command.file.as_ref());
        match (self.loader.state, file) {
            (State::Enabled, Some(file)) => BootSource::File(PathBuf::from(file)),
            (State::Enabled, None) if self.has_directory || !drop_ins.is_empty() => BootSource::DropIns,
            (State::Unknown, _) if !drop_ins.is_empty() => BootSource::DropIns,
            (State::Enabled | State::Unknown, _) => BootSource::File(self.audit_rules_path()),
            (State::Prevented | State::Masked | State::Disabled | State::Missing, _) => BootSource::Nothing,
        }
    }

    /// Whether the next boot makes `audit.rules` anew from the drop-ins, whatever it holds.
    #[must_use]
    pub fn is_remade_at_boot(&self) -> bool {
        self.is_remade_with(&self.drop_ins)
    }

    /// Whether the next boot makes `audit.rules` anew from the drop-ins, were these they.
    #[must_use]
    pub fn is_remade_with(&self, drop_ins: &[DropIn]) -> bool {
        self.loader.state == State::Enabled && self.at_boot(drop_ins) == BootSource::DropIns
    }

    /// Whether `audit.rules` is but what augenrules has made of the drop-ins: its first line says so, there are drop-ins, and
    /// nothing tells that the boot loads that file as it stands. What none of them has is left over from earlier ones.
    #[must_use]
    pub fn is_product(&self) -> bool {
        let says_so = |content: &Content| {
            let first = content.bytes.split(|byte| *byte == b'\n').next();
            let said = first.and_then(|first| first.strip_prefix(augenrules::GENERATED.as_bytes()));
            said == Some(self.rules_dir.as_os_str().as_encoded_bytes())
        };
        let is_loaded =
            self.is_boot_known() && self.at_boot(&self.drop_ins) == BootSource::File(self.audit_rules_path());
        !self.drop_ins.is_empty() && !is_loaded && self.audit_rules.as_ref().is_some_and(says_so)
    }

    /// Whether anything tells who loads the rules at boot.
    #[must_use]
    pub fn is_boot_known(&self) -> bool {
        self.loader.state != State::Unknown
    }

    /// The bytes of the file that the next boot loads as it stands, were these the drop-ins and `audit.rules`; none where
    /// it does not exist.
    #[must_use]
    pub fn boot_file<'a>(
        &'a self,
        path: &PathBuf,
        drop_ins: &'a [DropIn],
        audit_rules: Option<&'a [u8]>,
    ) -> Option<&'a [u8]> {
        if *path == self.audit_rules_path() {
            return audit_rules;
        }
        let own = drop_ins.iter().find(|drop_in| self.path(&drop_in.name) == *path);
        own.map(|drop_in| drop_in.content.bytes.as_slice()).or(self.boot_file.as_deref())
    }

    /// The lines of `audit.rules` that none of these drop-ins has, nor another line that means the same.
    pub fn only_compiled(&self, drop_ins: &[&[DropIn]], reader: &mut Reader) -> Vec<LoadLine> {
        let Some(content) = &self.audit_rules else { return Vec::new() };
        if *content.bytes == self.compiled(&self.drop_ins) {
            return Vec::new();
        }
        self.only_in(as_it_stands(&self.audit_rules_path(), &content.bytes, reader), drop_ins, reader)
    }

    /// As [`Files::only_compiled`], of the lines of any file.
    pub fn only_in(&self, file: Merge, drop_ins: &[&[DropIn]], reader: &mut Reader) -> Vec<LoadLine> {
        let merges: Vec<Merge> = drop_ins.iter().map(|drop_ins| self.merged(drop_ins, reader)).collect();
        let mut known: HashSet<&[u8]> = HashSet::default();
        for drop_ins in drop_ins {
            for drop_in in *drop_ins {
                known.extend(drop_in.content.bytes.split(|byte| *byte == b'\n').map(bare));
            }
        }
        known.extend(merges.iter().flat_map(|merge| &merge.lines).map(|line| bare(&line.text)));
        let mut only: Vec<LoadLine> = file.lines;
        only.retain(|line| !known.contains(bare(&line.text)) && !reader.read(&line.text).is_silent);
        if only.is_empty() {
            return only;
        }
        let mut rules: HashSet<(Rc<Rule>, Verb)> = HashSet::default();
        let mut controls: HashSet<Control> = HashSet::default();
        let mut set_aside: HashSet<&[u8]> = HashSet::default();
        for line in &known {
            let reading = reader.read(line);
            rules.extend(reading.rule.as_ref().map(|rule| (Rc::clone(&rule.listed), rule.line.verb)));
            controls.extend(reading.controls_at_boot().cloned());
            set_aside.extend(candidates(line));
        }
        only.retain(|line| {
            let reading = reader.read(&line.text);
            let is_read = reading.rule.is_some() || reading.controls_at_boot().next().is_some();
            let has_rule =
                |rule: &Rc<crate::lines::HostRule>| rules.contains(&(Rc::clone(&rule.listed), rule.line.verb));
            let is_known = is_read
                && reading.rule.as_ref().is_none_or(has_rule)
                && reading.controls_at_boot().all(|control| controls.contains(control));
            !is_known && !set_aside.contains(bare(&line.text))
        });
        only
    }
}

/// A line without what augenrules takes off its end.
fn bare(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What decides whether the policy is loaded at all, and cannot be judged from files.
#[must_use]
pub fn depends_at_boot(files: &Files, policy: &BootLoad, machine: &Machine) -> Option<Warning> {
    let Loader { service, conditions, .. } = &files.loader;
    let service = service.filter(|_| !conditions.is_empty())?;
    let has_any = !lacking(policy, &BootLoad::default(), machine).is_empty();
    has_any.then(|| Warning::LoadDepends { service, on: conditions.clone() })
}

/// What keeps the load of the policy from being that of the next boot. `file` is the load of what the boot loads in its
/// place; none where there is no such file.
#[must_use]
pub fn left_at_boot(
    files: &Files,
    at_boot: BootSource,
    policy: &BootLoad,
    file: Option<&BootLoad>,
    machine: &Machine,
) -> Option<Warning> {
    let none = BootLoad::default();
    let lacking = lacking(policy, file.unwrap_or(&none), machine);
    if lacking.is_empty() {
        return None;
    }
    let Loader { service, state, .. } = files.loader;
    match at_boot {
        BootSource::Nothing => {
            let prevented = files.loader.prevented.clone();
            Some(Warning::NobodyLoads { service, state: state.name(), prevented })
        }
        BootSource::File(path) => {
            let file = path.display().to_string();
            Some(Warning::NotInBootFile { service, file, lacking })
        }
        BootSource::DropIns => None,
    }
}

/// The rules and settings of a load that another one lacks, as text.
#[must_use]
pub fn lacking(load: &BootLoad, other: &BootLoad, machine: &Machine) -> Vec<String> {
    let held: HashSet<&Rule> = other.rules.iter().map(|loaded| &*loaded.rule.listed).collect();
    let rules = load.rules.iter().filter(|loaded| !held.contains(&*loaded.rule.listed));
    let rules = rules.map(|loaded| canonical_lossy(&loaded.rule.line.rule, machine));
    let settings = load.settings.iter().filter(|(name, value)| other.settings.get(*name) != Some(*value));
    rules.chain(settings.map(|(name, value)| format!("{} {value}", name.option()))).collect()
}

/// That nothing loads the rules, as a sentence.
pub(super) fn nobody_loads(service: Option<&str>, state: &str, prevented: Option<&Prevented>) -> String {
    let what = match (service, prevented) {
        (None, _) => "no service loads them".to_owned(),
        (Some(service), None) => format!("{service} is {state}"),
        (Some(service), Some(why)) => format!("{service} is started and does not load them: {}", why.message()),
    };
    format!("the rules are not loaded at boot: {what}")
}
