//! How what the files ask for, what the kernel holds and what the next boot loads differ, and why.
//!
//! Pure: the files, the kernel's lists and what stands at the paths come in as values.

mod cause;
mod evidence;
pub mod expect;
mod file_rules;
mod order;
mod setting;

pub use cause::Cause;
pub use file_rules::{AtBoot, FileRule, Gap, InPlace, NextBoot};
pub use setting::{Key, SettingView, setting_views};

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use crate::lines::HostRule;
use crate::plan::KernelState;
use crate::plan::rules::{Fulfils, Ordering, RuleForms, assign};
use crate::rule::Rule;

/// How the files and the kernel differ.
#[derive(Debug, Default)]
pub struct Drift {
    /// For each loaded rule, which line asks for it.
    pub held: Vec<Held>,
    /// The lines whose rule is not running, by their index, and why.
    pub missing_in_runtime: Vec<(usize, Cause)>,
    /// The loaded rules that no line asks for, by their index, and why.
    pub missing_in_filesystem: Vec<(usize, Cause)>,
    /// The lines whose rule is running and will not be loaded at the next boot, by their index, and why.
    pub missing_at_boot: Vec<(usize, Cause)>,
    /// The lines whose rule is loaded in the wrong place.
    pub order: Vec<usize>,
    /// The lines whose rule is running and makes no records, since it watches something else than what its path names now;
    /// by their index, and why.
    pub silent: Vec<(usize, Cause)>,
}

/// Which line asks for a loaded rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// The index of the line; none where no line does.
    pub asked: Option<usize>,
    /// The rule is loaded a further time.
    pub is_copy: bool,
}

impl Drift {
    /// Whether files and kernel agree.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing_in_runtime.is_empty()
            && self.missing_in_filesystem.is_empty()
            && self.missing_at_boot.is_empty()
            && self.order.is_empty()
            && self.silent.is_empty()
    }

    /// Compares the lines with what the kernel holds.
    #[must_use]
    pub fn of(boot: &NextBoot, kernel: &KernelState, ordering: Ordering) -> Self {
        let wanted: Vec<(usize, RuleForms)> = boot.wanted();
        let fulfilled = assign(&kernel.rules, &wanted.iter().map(|(_, forms)| forms).collect::<Vec<_>>());
        let line = |forms: usize| wanted.get(forms).map(|(line, _)| *line);
        let held = fulfilled.iter().map(|fulfils| match fulfils {
            Fulfils::Wanted(forms) => Held { asked: line(*forms), is_copy: false },
            Fulfils::Again(forms) => Held { asked: line(*forms), is_copy: true },
            Fulfils::Nothing => Held::default(),
        });
        let mut drift = Self { held: held.collect(), ..Self::default() };
        let running: HashSet<usize> = drift.held.iter().filter_map(|held| held.asked).collect();
        let judge = cause::Judge::of(boot, kernel);
        for (line, asked) in boot.asked.iter().enumerate().filter(|(_, asked)| asked.counts()) {
            if !running.contains(&line) {
                drift.missing_in_runtime.push((line, judge.not_running(asked)));
            } else if asked.at_boot != AtBoot::Loaded {
                drift.missing_at_boot.push((line, judge.not_at_boot(asked)));
            }
        }
        let mut copies: HashMap<&Rule, usize> = HashMap::default();
        boot.real.copies.iter().for_each(|(copy, _)| *copies.entry(&copy.rule.listed).or_default() += 1);
        for (at, (rule, held)) in kernel.rules.iter().zip(&drift.held).enumerate() {
            // The boot loads as many copies.
            if let Some(left) = copies.get_mut(rule).filter(|left| held.is_copy && **left > 0) {
                *left -= 1;
                continue;
            }
            if held.asked.is_none() || held.is_copy {
                drift.missing_in_filesystem.push((at, judge.not_asked_for(rule, held.is_copy)));
            }
        }
        drift.order = order::out_of_place(boot, kernel, ordering);
        drift
    }

    /// Takes in which loaded rules watch something else than what their paths name: `why` tells the cause.
    pub fn silence(&mut self, kernel: &KernelState, why: &dyn Fn(&Rule) -> Option<Cause>) {
        let held = kernel.rules.iter().zip(&self.held).filter(|(_, held)| !held.is_copy);
        self.silent = held.filter_map(|(rule, held)| Some((held.asked?, why(rule)?))).collect();
    }

    /// Names the killed run `pid` as the cause where it touched a rule. `loads` and `unloads` tell whether it did.
    pub fn blame(
        &mut self,
        pid: u32,
        boot: &NextBoot,
        kernel: &KernelState,
        loads: &dyn Fn(&Rule) -> bool,
        unloads: &dyn Fn(&Rule) -> bool,
    ) {
        for (at, cause) in &mut self.missing_in_filesystem {
            if kernel.rules.get(*at).is_some_and(loads) {
                *cause = Cause::InterruptedRun { pid };
            }
        }
        for (line, cause) in &mut self.missing_in_runtime {
            let rule = boot.asked.get(*line).and_then(|asked| asked.rule.as_ref());
            if rule.is_some_and(|rule| unloads(&rule.listed)) {
                *cause = Cause::InterruptedRun { pid };
            }
        }
    }

    /// The paths whose age tells whether the kernel dropped a rule: the directory that it would have to find.
    #[must_use]
    pub fn doubtful_paths(&self, boot: &NextBoot) -> Vec<Vec<u8>> {
        let doubtful = self.missing_in_runtime.iter().filter(|(_, cause)| *cause == Cause::NotLoaded);
        let rules = doubtful.filter_map(|(line, _)| boot.asked.get(*line)?.rule.as_ref());
        let paths: HashSet<Vec<u8>> = rules.flat_map(|rule| cause::directories(&rule.listed)).collect();
        paths.into_iter().collect()
    }

    /// Takes in which of these directories were made since the boot: the kernel then dropped a rule on them, if it had
    /// been loaded.
    pub fn settle(&mut self, boot: &NextBoot, made_since_boot: &HashSet<Vec<u8>>) {
        for (line, cause) in self.missing_in_runtime.iter_mut().filter(|(_, cause)| *cause == Cause::NotLoaded) {
            let rule = boot.asked.get(*line).and_then(|asked| asked.rule.as_ref());
            let young = rule.and_then(|rule| {
                cause::directories(&rule.listed).into_iter().find(|path| made_since_boot.contains(path))
            });
            if let Some(path) = young {
                *cause = Cause::DroppedByKernel { path };
            }
        }
    }
}

/// The forms in which the kernel may hold the rule of a line.
fn forms_of(rule: &HostRule) -> RuleForms {
    crate::desired::forms(&rule.line, crate::request::PermSyscalls::All)
}
