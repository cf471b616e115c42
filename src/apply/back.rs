//! The way back: a change that failed is taken back, and the host read again.

use std::path::Path;

use rustc_hash::FxHashSet as HashSet;

use super::change::{End, Run};
use super::file_steps::{Copies, Directories, is_compiled};
use super::kernel_steps::{change_rules, change_settings};
use super::settle::ATTEMPTS;
use crate::auditctl::canonical_lossy;
use crate::desired::{Warning, is_generated};
use crate::error::{PolicyError, Problem, What};
use crate::observe::{content, kernel_state};
use crate::plan::files::{Content, FileStep};
use crate::plan::rules::{Doing, Ordering, RuleForms};
use crate::plan::{KernelState, Plan, Target, Wanted, plan};
use crate::restore::{Remark, once};
use crate::rule::Rule;
use crate::rules_d::FileError;
use crate::settings::Settings;

impl Run<'_> {
    /// Brings the host back to where it was before the plan, and reads that back too.
    pub(super) fn take_back(
        &mut self,
        plan: &Plan,
        before: Option<&KernelState>,
        problem: Problem,
        directories: Option<Directories>,
    ) -> End {
        let mut problems = vec![problem];
        let mut failures = Vec::new();
        // What this run locked stays: the boot that alone can mend it is to find the new files.
        if !self.has_locked {
            failures.extend(self.restore_files().err());
            failures.extend(before.and_then(|before| self.restore_kernel(plan, before).err()));
        }
        let mut differences = self.differences(plan, before);
        let discarded = directories.map_or(Ok(()), Directories::discard);
        differences.extend(discarded.err().map(|error| Problem::from(What::File(error)).message()));
        if differences.is_empty() {
            return End::RolledBack(problems);
        }
        problems.extend(failures);
        problems.extend(differences.into_iter().map(|difference| PolicyError::Stranded { difference }.into_problem()));
        End::Stranded(problems)
    }

    fn restore_files(&self) -> Result<(), Problem> {
        let mut back = Vec::new();
        for step in &self.files {
            let now = content(self.root, &step.path).map_err(What::File)?;
            let is_ours = now == step.after || self.has_published(step);
            if is_ours && now != step.before {
                back.push(FileStep { path: step.path.clone(), before: now, after: step.before.clone() });
            }
        }
        let replaced =
            self.previous.iter().filter(|_| self.published.backups.iter().any(|(_, copy)| is_previous(copy)));
        back.extend(replaced.map(|step| FileStep { after: step.before.clone(), ..step.clone() }));
        let copies = self.published.backups.iter().map(|(_, copy)| copy);
        for copy in copies.filter(|copy| copy.as_os_str().as_encoded_bytes().ends_with(b"~")) {
            let path = Path::new("/").join(copy.strip_prefix(self.root.path()).unwrap_or(copy));
            back.push(FileStep { path, before: None, after: None });
        }
        if back.is_empty() {
            return Ok(());
        }
        let publish = || -> Result<(), FileError> {
            let directories = Directories::of(self.root, &back)?;
            directories.stage(&back, Copies::None)?.publish().map(|_| ()).map_err(|stopped| stopped.error)
        };
        publish().map_err(|error| What::File(error).into())
    }

    fn has_published(&self, step: &FileStep) -> bool {
        self.published.paths.contains(&self.root.host_path(&step.path))
    }

    /// Whether a file that this run did not write was compiled by the boot loader meanwhile.
    fn is_of_the_boot_loader(&self, step: &FileStep, now: Option<&Content>) -> bool {
        let is_meant = is_compiled(&step.path) || is_previous(&step.path);
        let is_generated = now.is_some_and(|now| is_generated(&now.bytes));
        is_meant && is_generated && !self.has_published(step) && now != step.after.as_ref()
    }

    fn restore_kernel(&mut self, done: &Plan, before: &KernelState) -> Result<(), Problem> {
        // A second signal must not stop the way back.
        let mut uninterrupted = || None;
        for _ in 0..ATTEMPTS {
            let Some(kernel) = &mut self.kernel else { return Ok(()) };
            let now = kernel_state(&mut **kernel)?;
            let mut target = way_back(done, before);
            once(&mut target, &now.rules);
            let left = plan(&target, Some(&now));
            if left.is_quiet() {
                return Ok(());
            }
            if let Some(expediter) = &mut self.expediter {
                change_rules(&mut **kernel, &left.rules, &self.machine, expediter, &mut uninterrupted)?;
            }
            change_settings(&mut **kernel, &left.settings)?;
        }
        Ok(())
    }

    /// Everything in which the host is not as before.
    fn differences(&mut self, done: &Plan, before: Option<&KernelState>) -> Vec<String> {
        let mut differences = Vec::new();
        for step in self.files.iter().chain(&self.previous) {
            match content(self.root, &step.path) {
                Ok(now) if now == step.before => {}
                Ok(now) if self.is_of_the_boot_loader(step, now.as_ref()) => {}
                Ok(_) => {
                    let path = self.root.host_path(&step.path);
                    differences.push(format!("{} does not hold what it held", path.display()));
                }
                Err(error) => differences.push(Problem::from(What::File(error)).message()),
            }
        }
        let left = Directories::of(self.root, &self.files).map_or_else(|_| Vec::new(), |found| found.left_behind());
        differences.extend(left.iter().map(|path| format!("{} is left; the next run removes it", path.display())));
        let (Some(before), Some(kernel)) = (before, &mut self.kernel) else { return differences };
        match kernel_state(&mut **kernel) {
            Err(error) => differences.push(format!("the kernel cannot be read: {}", Problem::from(error).message())),
            Ok(now) => {
                let mut target = way_back(done, before);
                let text = |rule: Rule| Warning::Restored(Remark::Once(Box::new(rule), self.machine));
                self.restored_once = once(&mut target, &now.rules).into_iter().map(text).collect();
                let left = plan(&target, Some(&now));
                differences.extend(left.rules.iter().map(|step| {
                    let verb = if step.doing == Doing::Unload { "is loaded" } else { "is not loaded in its place" };
                    format!("`{}` {verb}", canonical_lossy(&step.rule, &self.machine))
                }));
                differences.extend(
                    left.settings.iter().map(|s| format!("{} is {}, it was {}", s.name.text(), s.before, s.after)),
                );
            }
        }
        differences
    }
}

/// Whether this is the copy of `audit.rules` that augenrules leaves too.
pub(super) fn is_previous(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "prev")
}

/// The target that takes a plan back: what was loaded, in its order, without what the plan loads.
pub(super) fn way_back(done: &Plan, before: &KernelState) -> Target {
    let held: HashSet<&Rule> = before.rules.iter().collect();
    let loads = done.rules.iter().filter(|step| step.doing != Doing::Unload).map(|step| step.rule.clone().as_listed());
    let mut settings = Settings::default();
    done.settings.iter().for_each(|step| settings.set(step.name, step.before));
    Target {
        files: Vec::new(),
        rules: before
            .rules
            .iter()
            .map(|rule| Wanted {
                forms: RuleForms::from(rule.clone()),
                is_asked_for: true,
                is_watch: false,
                spot: None,
            })
            .collect(),
        ordering: Ordering::Strict,
        dropped: loads.filter(|rule| !held.contains(rule)).map(RuleForms::from).collect(),
        kept: Vec::new(),
        purge: None,
        stuck: HashSet::default(),
        silent: HashSet::default(),
        restores: true,
        settings,
    }
}
