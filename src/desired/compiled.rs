//! `audit.rules`: whether it is made anew, and what becomes of the lines that only stand there.

use std::rc::Rc;

use rustc_hash::FxHashSet as HashSet;

use super::as_it_stands;
use super::{BootSource, DropIn, Only, Warning, Work, about, depends_at_boot, forms, left_at_boot};
use crate::boot_load::{BootLoad, LoadLine, Spot};
use crate::error::{Place, PolicyError, Problem};
use crate::intent::{ADOPTED, Goal};
use crate::plan::files::FileTarget;
use crate::plan::rules::RuleForms;
use crate::request::{Compile, PermSyscalls, Target as Layer};
use crate::settings::Settings;

/// Begins a drop-in of lines that were taken over.
const ADOPTED_HEADER: &str = "# Taken over from audit.rules by audit_rules.\n";

impl Work<'_> {
    /// Brings `audit.rules` up to date with these drop-ins, where that is asked for; adds the drop-in of what is taken
    /// over. Gives what `audit.rules` then holds, and what is worth a sentence. Lines that would be lost are problems.
    pub(super) fn compile(
        &mut self,
        after: &mut Vec<DropIn>,
        targets: &mut Vec<FileTarget>,
    ) -> (Option<Rc<Vec<u8>>>, Vec<Warning>) {
        let held = self.files.audit_rules.as_ref().map(|content| Rc::clone(&content.bytes));
        let stays_policy = after.is_empty() && self.files.is_without_drop_ins() && !self.intent.adopt;
        if !self.managed.files || stays_policy {
            return (held, Vec::new());
        }
        let mut only = self.files.only_compiled(&[&self.files.drop_ins, after], self.reader);
        if self.intent.adopt && !only.is_empty() {
            self.adopt(&only, after, targets);
            only.clear();
        }
        let is_forced = self.intent.compile == Compile::Always;
        if !self.compiles(after) {
            let end = if self.files.is_remade_with(after) { Only::DroppedAtBoot } else { Only::NotMerged };
            return (held, only.iter().filter_map(|line| Warning::only_there(line, end)).collect());
        }
        let (path, before) = (self.files.audit_rules_path(), self.files.audit_rules.as_ref());
        let target = self.target(path, before, Some(self.files.compiled(after)));
        let merged = target.after.as_ref().map(|content| Rc::clone(&content.bytes));
        targets.push(target);
        let end = match () {
            () if self.files.is_remade_at_boot() => Only::DroppedAtBoot,
            () if self.files.is_product() && !is_forced => Only::LeftOver,
            () => Only::Overwritten,
        };
        if end == Only::Overwritten && !is_forced {
            let is_exact = matches!(self.intent.goal, Goal::Exact(..));
            self.problems.extend(only.iter().filter_map(|line| would_be_lost(line, is_exact)));
            return (merged, Vec::new());
        }
        (merged, only.iter().filter_map(|line| Warning::only_there(line, end)).collect())
    }

    /// Whether `audit.rules` is to be made from these drop-ins.
    fn compiles(&self, after: &[DropIn]) -> bool {
        let alone = matches!(self.intent.goal, Goal::Loaded(..)) && self.intent.target == Layer::Filesystem;
        match self.intent.compile {
            Compile::Always => true,
            Compile::Never => false,
            Compile::Auto => {
                let is_loaded = || self.files.at_boot(after) == BootSource::File(self.files.audit_rules_path());
                alone || self.files.audit_rules.is_some() || (!after.is_empty() && is_loaded())
            }
        }
    }

    /// Takes lines over into the drop-in for that, after those that it has.
    fn adopt(&self, lines: &[LoadLine], after: &mut Vec<DropIn>, targets: &mut Vec<FileTarget>) {
        let before = after.iter().position(|drop_in| drop_in.name == ADOPTED).map(|at| after.remove(at).content);
        let mut bytes = before.as_ref().map_or_else(|| ADOPTED_HEADER.into(), |content| content.bytes.to_vec());
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        let mut taken: HashSet<&[u8]> = HashSet::default();
        for line in lines.iter().filter(|line| !line.text.is_empty()) {
            // A rule that stands there twice stops the load.
            if taken.insert(&line.text) {
                bytes.extend_from_slice(&line.text);
                bytes.push(b'\n');
            }
        }
        let target = self.target(self.files.path(ADOPTED), before.as_ref(), Some(bytes));
        after.extend(target.after.clone().map(|content| DropIn { name: ADOPTED.to_owned(), content }));
        targets.push(target);
    }

    /// What the next boot loads in place of the policy, were these the drop-ins and `audit.rules`; none where it loads
    /// just that, or nothing tells. The load of it is whole.
    pub(super) fn boots_other(&mut self, after: &[DropIn], compiled: Option<&[u8]>) -> Option<Boots> {
        if !self.files.is_boot_known() {
            return None;
        }
        let at_boot = self.files.at_boot(after);
        let file = match &at_boot {
            BootSource::DropIns => return None,
            BootSource::Nothing => None,
            BootSource::File(path) => {
                self.files.boot_file(path, after, compiled).map(|bytes| as_it_stands(path, bytes, self.reader))
            }
        };
        let load = file.as_ref().map(|file| BootLoad::of(&file.lines, self.reader));
        Some(Boots { at_boot, lines: file.map_or_else(Vec::new, |file| file.lines), load })
    }

    /// What is worth a sentence of the next boot; this is the load of the policy.
    pub(super) fn about_boot(&self, other: Option<&Boots>, lines: &[LoadLine], load: &BootLoad) -> Vec<Warning> {
        let machine = &self.reader.facts().machine;
        let of_file = self.intent.target != Layer::Runtime;
        let depends = depends_at_boot(self.files, load, machine).filter(|_| of_file);
        let Some(other) = other.filter(|_| of_file) else {
            return about(lines, load, machine).into_iter().chain(depends).collect();
        };
        let mut warnings = match &other.load {
            Some(load) => about(&other.lines, load, machine),
            None => about(lines, load, machine),
        };
        warnings.extend(left_at_boot(self.files, other.at_boot.clone(), load, other.load.as_ref(), machine));
        warnings.extend(depends);
        warnings
    }

    /// The rules and settings that the next boot brings; this is the load of the policy.
    pub(super) fn loaded_at_boot(
        &mut self,
        other: Option<&Boots>,
        lines: &[LoadLine],
        load: &BootLoad,
    ) -> (Vec<RuleForms>, Settings) {
        let (lines, load) = match other {
            None => (lines, load),
            Some(Boots { load: Some(load), lines, .. }) => (lines.as_slice(), load),
            Some(_) => return (Vec::new(), Settings::default()),
        };
        let stopped = load.stop.and_then(|stop| lines.get(..stop)).map(|lines| BootLoad::of(lines, self.reader));
        let real = stopped.as_ref().unwrap_or(load);
        let fails = |at: &Spot| load.failing.iter().any(|failing| failing.spot == *at);
        let rules = real.rules.iter().filter(|loaded| !fails(&loaded.spot));
        (rules.map(|loaded| forms(&loaded.rule.line, PermSyscalls::All)).collect(), real.settings.clone())
    }
}

/// What the next boot loads in place of the policy.
pub(super) struct Boots {
    at_boot: BootSource,
    lines: Vec<LoadLine>,
    /// Its load; none where it loads nothing.
    load: Option<BootLoad>,
}

/// The problem of a line that would be gone.
fn would_be_lost(line: &LoadLine, is_exact: bool) -> Option<Problem> {
    let spot = line.spots.first()?;
    let place = Place {
        rule: Some(String::from_utf8_lossy(&line.text).into()),
        file: Some(Rc::clone(&spot.file)),
        line: Some(spot.line),
        ..Place::default()
    };
    Some(Problem::at(PolicyError::OnlyCompiled { is_exact }, place))
}
