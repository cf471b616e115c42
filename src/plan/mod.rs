//! The steps that lead from what is to what is wanted: a value that check mode prints, a run carries out and a
//! rollback makes anew.

mod approved;
mod digest;
pub mod files;
pub mod order;
pub mod rules;
pub mod settings;

pub use approved::PlanId;
pub use digest::{digest, digest_at_boot};

use files::{FileStep, FileTarget, plan_files};
use rules::{Because, Fulfils, Ordering, RuleForms, RuleStep, assign, plan_rules_anew};
use settings::{SettingStep, plan_settings};

use std::cell::OnceCell;

use rustc_hash::FxHashSet as HashSet;

use crate::boot_load::Spot;
use crate::keep::Keep;
use crate::kernel::{Features, Status};
use crate::rule::{FieldNumber, Rule, id::Id};
use crate::settings::Settings;

/// What the kernel holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelState {
    /// Its rules, in its order.
    pub rules: Vec<Rule>,
    /// Its state.
    pub status: Status,
    /// Its features, where it has such.
    pub features: Option<Features>,
}

impl KernelState {
    /// The settings that it holds.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::of(&self.status, self.features.as_ref())
    }
}

/// A rule that should be loaded, or should stay in its place if it is.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The rule.
    pub forms: RuleForms,
    /// The request asks for it; otherwise another drop-in holds it, and it matters only where it is loaded.
    pub is_asked_for: bool,
    /// A watch made it: whether it is about a file or a directory is up to what stands at the path.
    pub is_watch: bool,
    /// Where it stands, if it stands in a drop-in.
    pub spot: Option<Spot>,
}

/// What a host should hold.
#[derive(Debug, Clone)]
pub struct Target {
    /// The files.
    pub files: Vec<FileTarget>,
    /// The rules, in the wanted order.
    pub rules: Vec<Wanted>,
    /// How much of that order matters.
    pub ordering: Ordering,
    /// Rules that should no longer be loaded.
    pub dropped: Vec<RuleForms>,
    /// Rules that drop-ins ask for and that this host could not load anew: they stay where they are, if they are loaded.
    pub kept: Vec<RuleForms>,
    /// What a purge leaves alone; none where foreign rules stay.
    pub purge: Option<Keep>,
    /// Loaded rules that the kernel cannot let go: they stay.
    pub stuck: HashSet<Rule>,
    /// Loaded rules that watch something else than what their paths name now: those asked for are loaded anew.
    pub silent: HashSet<Rule>,
    /// The reason of every step, where an earlier state is restored.
    pub restores: bool,
    /// The settings.
    pub settings: Settings,
}

/// The steps to a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Files.
    pub files: Vec<FileStep>,
    /// The kernel's rules.
    pub rules: Vec<RuleStep>,
    /// The kernel's settings.
    pub settings: Vec<SettingStep>,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.is_quiet()
    }

    /// Whether there is nothing to do in the kernel.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.rules.is_empty() && self.settings.is_empty()
    }
}

/// Plans the steps to a target; `kernel` is none where only files are managed.
#[must_use]
pub fn plan(target: &Target, kernel: Option<&KernelState>) -> Plan {
    let mut plan = Plan { files: plan_files(&target.files), ..Plan::default() };
    if let Some(kernel) = kernel {
        plan.rules = plan_loaded(target, &kernel.rules);
        plan.settings = plan_settings(&kernel.settings(), &target.settings);
    }
    plan
}

/// Plans the steps from these loaded rules to those of a target.
#[must_use]
pub fn plan_loaded(target: &Target, loaded: &[Rule]) -> Vec<RuleStep> {
    let dropped = assignable(loaded, &target.dropped);
    let kept = assignable(loaded, &target.kept);
    let why = if target.restores { Because::Restored } else { Because::Missing };
    let watches = OnceCell::new();
    let why_unloaded = |rule: &Rule| {
        if target.stuck.contains(rule) || (!kept.is_empty() && kept.contains(&Id::of(rule))) {
            return None;
        }
        let other_kind = || watches.get_or_init(|| target.watches()).contains(&other_kind(rule)?).then_some(());
        target.why_unloaded(rule, &dropped).or_else(|| other_kind().map(|()| Because::NoLongerWanted))
    };
    plan_rules_anew(loaded, &target.wanted(loaded), target.ordering, &why_unloaded, why, &|rule| {
        target.silent.contains(rule)
    })
}

/// What a watch of this rule's path was when there was a directory in place of a file, or the other way round.
fn other_kind(rule: &Rule) -> Option<Rule> {
    let swap = |number| match number {
        FieldNumber::PATH => FieldNumber::DIR,
        FieldNumber::DIR => FieldNumber::PATH,
        other => other,
    };
    let is_watch = rule.fields.iter().any(|field| swap(field.number) != field.number);
    is_watch.then(|| {
        let mut rule = rule.clone().as_listed();
        rule.fields.iter_mut().for_each(|field| field.number = swap(field.number));
        rule
    })
}

/// The loaded rules that are among these wanted rules.
fn assignable(loaded: &[Rule], wanted: &[RuleForms]) -> HashSet<Id> {
    if wanted.is_empty() {
        return HashSet::default();
    }
    let fulfilled = assign(loaded, &wanted.iter().collect::<Vec<_>>());
    loaded.iter().zip(fulfilled).filter(|(_, f)| *f != Fulfils::Nothing).map(|(rule, _)| Id::of(rule)).collect()
}

impl Target {
    /// The wanted rules that matter for these loaded rules: those asked for, and those of others that are loaded.
    #[must_use]
    pub fn wanted(&self, loaded: &[Rule]) -> Vec<&RuleForms> {
        let all: Vec<&RuleForms> = self.rules.iter().map(|wanted| &wanted.forms).collect();
        if self.rules.iter().all(|wanted| wanted.is_asked_for) {
            return all;
        }
        let mut matters: Vec<bool> = self.rules.iter().map(|wanted| wanted.is_asked_for).collect();
        for fulfils in assign(loaded, &all) {
            if let Fulfils::Wanted(at) = fulfils {
                matters[at] = true;
            }
        }
        all.into_iter().zip(matters).filter(|(_, matters)| *matters).map(|(forms, _)| forms).collect()
    }

    /// The watches asked for, as the kernel lists them.
    fn watches(&self) -> HashSet<Rule> {
        let watches = self.rules.iter().filter(|wanted| wanted.is_watch && wanted.is_asked_for);
        watches.map(|wanted| wanted.forms.rule.clone().as_listed()).collect()
    }

    fn why_unloaded(&self, rule: &Rule, dropped: &HashSet<Id>) -> Option<Because> {
        if !dropped.is_empty() && dropped.contains(&Id::of(rule)) {
            return Some(if self.restores { Because::Restored } else { Because::NoLongerWanted });
        }
        let keep = self.purge.as_ref()?;
        let kept = rule.keys().any(|key| keep.keeps_key(key));
        (!kept).then_some(Because::Purged)
    }

    /// How the rules asked for stand in a kernel.
    #[must_use]
    pub fn tally<'a>(&'a self, loaded: &'a [Rule]) -> Tally<'a> {
        let all: Vec<&RuleForms> = self.rules.iter().map(|wanted| &wanted.forms).collect();
        let (dropped, kept) = (assignable(loaded, &self.dropped), assignable(loaded, &self.kept));
        let is_one_of = |ids: &HashSet<Id>, rule: &Rule| !ids.is_empty() && ids.contains(&Id::of(rule));
        let mut held = vec![false; all.len()];
        let mut foreign = 0;
        let mut out_of_order = None;
        let mut last = (None, 0);
        for (rule, fulfils) in loaded.iter().zip(assign(loaded, &all)) {
            match fulfils {
                Fulfils::Again(at) => held[at] = true,
                Fulfils::Wanted(at) => {
                    held[at] = true;
                    if last.0 == Some(rule.list) && at < last.1 {
                        out_of_order = out_of_order.or(Some(rule));
                    }
                    last = (Some(rule.list), at);
                }
                Fulfils::Nothing => {
                    foreign += usize::from(!is_one_of(&dropped, rule) && !is_one_of(&kept, rule));
                }
            }
        }
        let asked = || self.rules.iter().zip(&held).filter(|(wanted, _)| wanted.is_asked_for);
        Tally {
            desired: asked().count(),
            loaded: asked().filter(|(_, held)| **held).count(),
            missing: asked().filter(|(_, held)| !**held).map(|(wanted, _)| &wanted.forms.rule).collect(),
            foreign,
            out_of_order,
        }
    }
}

/// How the rules asked for stand in a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<'a> {
    /// How many are asked for.
    pub desired: usize,
    /// How many of them are loaded.
    pub loaded: usize,
    /// Those that are not.
    pub missing: Vec<&'a Rule>,
    /// How many loaded rules no drop-in holds.
    pub foreign: usize,
    /// The first loaded rule that stands after one that the wanted order has after it.
    pub out_of_order: Option<&'a Rule>,
}
