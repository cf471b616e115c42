//! Loaded rules that are silent: the kernel holds another directory for them than the one that their path names now.
//!
//! It looks a path up once, when the rule is loaded. What stood there then is known where a run noted it; nothing is claimed
//! of other rules.

use std::rc::Rc;

use rustc_hash::FxHashSet as HashSet;

use crate::auditctl::canonical_lossy;
use crate::desired::Warning;
use crate::drift::Cause;
use crate::error::{Place, PolicyError, Problem, What};
use crate::plan::rules::{Doing, Fulfils, RuleForms, assign};
use crate::plan::{KernelState, Plan, Target};
use crate::rule::{Machine, Rule};
use crate::rules_d::{Directory, Root, Watched, WatchedFile};
use crate::world::World;

/// What runs of this boot noted of the directories that rules hold, and what is in their places now.
pub(super) struct Watches {
    then: Watched,
    now: Watched,
}

impl Watches {
    /// Looks before the first change: what a rule finds that is loaded after this look is never older.
    ///
    /// Gives none where that cannot be known: without a directory for the note, or in another mount namespace than the host's,
    /// where a path leads elsewhere.
    pub(super) fn look(
        root: &Root,
        run_dir: Option<&Directory>,
        world: &World<'_>,
        kernel: &KernelState,
        target: &Target,
    ) -> Option<Self> {
        let run_dir = run_dir.filter(|_| world.standing.elsewhere.is_none())?;
        let wanted = target.rules.iter().map(|wanted| &wanted.forms.rule);
        let now = Watched::now(kernel.rules.iter().chain(wanted), root);
        Some(Self { then: WatchedFile::new(run_dir).read(), now })
    }

    /// The loaded rules that are silent and that the target asks for. What restores an earlier state asks for that alone.
    pub(super) fn silent(&self, kernel: &KernelState, target: &Target) -> HashSet<Rule> {
        let is_silent = |rule: &Rule| {
            self.then.left(rule, &self.now).is_some() || self.then.mounted_since(rule, &self.now).is_some()
        };
        if target.restores || !kernel.rules.iter().any(is_silent) {
            return HashSet::default();
        }
        let asked = target.rules.iter().filter(|wanted| wanted.is_asked_for);
        let asked: Vec<&RuleForms> = asked.map(|wanted| &wanted.forms).collect();
        let fulfilled = assign(&kernel.rules, &asked);
        let held = kernel.rules.iter().zip(fulfilled).filter(|(_, fulfils)| *fulfils != Fulfils::Nothing);
        held.map(|(rule, _)| rule).filter(|rule| is_silent(rule)).cloned().collect()
    }

    /// The rules asked for that no load makes record, since something is mounted over their file; each is worth a sentence.
    pub(super) fn covered(root: &Root, target: &Target, machine: &Machine) -> Vec<Warning> {
        let mounts = root.mounts();
        let asked = target.rules.iter().filter(|wanted| wanted.is_asked_for);
        let covered = asked.filter_map(|wanted| {
            let path = root.covered(&wanted.forms.rule, &mounts)?.to_vec();
            let place = Place {
                rule: Some(canonical_lossy(&wanted.forms.rule, machine).into()),
                file: wanted.spot.as_ref().map(|spot| Rc::clone(&spot.file)),
                line: wanted.spot.as_ref().map(|spot| spot.line),
                ..Place::default()
            };
            let error =
                PolicyError::NotInSync { what: "silent".to_owned(), why: Cause::CoveredByMount { path }.sentence() };
            Some(Warning::Tolerated(Box::new(Problem::at(error, place))))
        });
        covered.collect()
    }

    /// Notes what the rules hold that are loaded after a run which came to a good end. Writes nothing where that is noted
    /// already. A note that cannot be written is worth a sentence: the next run then loads a silent rule once more.
    pub(super) fn note(&self, plan: &Plan, now: &KernelState, run_dir: &Directory) -> Option<Warning> {
        let loads = plan.rules.iter().filter(|step| step.doing != Doing::Unload);
        let loaded: HashSet<Rule> = loads.map(|step| step.rule.clone().as_listed()).collect();
        let mut held = Watched::default();
        for rule in &now.rules {
            let here = self.now.of(rule);
            let then = self.then.of(rule).filter(|_| !loaded.contains(rule)).map(|then| then.still(here));
            if let Some(known) = then.or_else(|| here.cloned()) {
                held.insert(rule, known);
            }
        }
        if held == self.then {
            return None;
        }
        let error = WatchedFile::new(run_dir).write(&held).err()?;
        Some(Warning::Tolerated(Box::new(What::File(error).into())))
    }
}
