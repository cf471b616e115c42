//! The change itself: staged, carried out, read back; and taken back where it fails.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustc_hash::FxHashSet as HashSet;

use super::expedite::Expediter;
use super::file_steps::{Copies, Directories, remaining};
use super::kernel_steps::{change_rules, change_settings};
use crate::auditctl::canonical_lossy;
use crate::desired::Warning;
use crate::error::{PolicyError, Problem, What};
use crate::intent::Intent;
use crate::kernel::Kernel;
use crate::observe::{content, kernel_state};
use crate::plan::files::FileStep;
use crate::plan::rules::{Doing, Ordering, Wish};
use crate::plan::settings::{Moment, SettingStep};
use crate::plan::{KernelState, Plan, Target, Wished, plan, plan_loaded};
use crate::rule::{Machine, Rule};
use crate::rules_d::{Directory, FileError, Journal, JournalFile, Published, Root, boot_id};
use crate::settings::Settings;
use crate::world::World;

/// How often the kernel's rules are brought to the target before somebody else's changes are given up on.
const ATTEMPTS: u32 = 3;

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// There was nothing to do.
    Unchanged,
    /// Nothing was done, because of check mode.
    Planned,
    /// Everything is as wished, read back.
    Applied,
    /// Something failed, and the host is proven to be as before.
    RolledBack(Vec<Problem>),
    /// Something failed, and the host is not as before.
    Stranded(Vec<Problem>),
}

/// What a change came to.
#[derive(Debug)]
pub struct Changed {
    /// How it ended.
    pub end: End,
    /// What the kernel holds now.
    pub now: Option<KernelState>,
    /// What is worth a sentence.
    pub warnings: Vec<Warning>,
    /// Whether grace periods were made short.
    pub expedited: bool,
}

/// Carries out a plan, reads back, and takes everything back where that is not the target.
pub fn change(
    intent: &Intent,
    root: &Root,
    run_dir: Option<&Directory>,
    world: &mut World<'_>,
    target: &Target,
    plan: &Plan,
    before: Option<&KernelState>,
) -> Changed {
    let mut run = Run {
        root,
        kernel: match (&mut world.kernel, before) {
            (Some(kernel), Some(_)) => Some(&mut **kernel),
            _ => None,
        },
        interrupted: &mut *world.interrupted,
        machine: world.machine,
        copies: if intent.backup { Copies::All } else { Copies::Merged },
        waits_for_reboot: before.is_some_and(|before| before.status.is_locked()),
        expediter: None,
        last_read: None,
        published: Published::default(),
    };
    run.expediter = run.kernel.as_mut().map(|kernel| Expediter::new(intent.expedite, &mut **kernel));
    let journal = run_dir.map(JournalFile::new);
    let mut warnings = Vec::new();
    let (mut expedited, mut left_on) = (false, false);
    let end = match run.in_directories(journal.as_ref(), target, plan) {
        Ok(()) => End::Applied,
        Err((problem, directories)) => run.take_back(plan, before, problem, directories),
    };
    if let (Some(expediter), Some(kernel)) = (&mut run.expediter, &mut run.kernel) {
        expediter.restore(&mut **kernel);
        expedited = expediter.was_used();
        left_on = expediter.is_left_on();
    }
    if left_on {
        // The journal says to the next run what is to be put back.
        warnings.push(Warning::StillExpedited);
    } else if let Some(Err(error)) = journal.map(|journal| journal.remove()) {
        warnings.push(Warning::Tolerated(Box::new(What::File(error).into())));
    }
    let read = run.last_read.take().filter(|_| end == End::Applied);
    let now = read.or_else(|| run.kernel.as_mut().and_then(|kernel| kernel_state(&mut **kernel).ok()));
    if let (Some(before), Some(now)) = (before, &now) {
        let lost = now.status.lost.saturating_sub(before.status.lost);
        if lost > 0 {
            warnings.push(Warning::LostRecords { lost });
        }
    }
    Changed { end, now, warnings, expedited }
}

struct Run<'a> {
    root: &'a Root,
    kernel: Option<&'a mut dyn Kernel>,
    interrupted: &'a mut dyn FnMut() -> Option<&'static str>,
    machine: Machine,
    copies: Copies,
    /// The kernel was locked from the start: it stays as it is.
    waits_for_reboot: bool,
    expediter: Option<Expediter>,
    /// What the kernel held when it was last read, if nothing was changed since.
    last_read: Option<KernelState>,
    /// The files that were changed.
    published: Published,
}

impl Run<'_> {
    /// Leaves a note for the next run in case this one is killed.
    fn journal(&self, journal: Option<&JournalFile<'_>>, plan: &Plan) -> Result<(), Problem> {
        let Some(journal) = journal else { return Ok(()) };
        let deletes = plan.rules.iter().any(|step| step.doing == Doing::Unload);
        let note = Journal {
            pid: std::process::id(),
            boot_id: boot_id().unwrap_or_default(),
            started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            paths: plan.files.iter().map(|step| step.path.display().to_string()).collect(),
            rcu_expedited: self.expediter.as_ref().filter(|_| deletes).and_then(Expediter::to_restore),
        };
        journal.write(&note).map_err(|error| What::File(error).into())
    }

    /// Carries out the plan in the directories of its files. Gives those back with the problem, where they may have
    /// been created for nothing.
    fn in_directories(
        &mut self,
        journal: Option<&JournalFile<'_>>,
        target: &Target,
        plan: &Plan,
    ) -> Result<(), (Problem, Option<Directories>)> {
        self.journal(journal, plan).map_err(|problem| (problem, None))?;
        let directories = Directories::of(self.root, &plan.files);
        let mut directories = directories.map_err(|error| (What::File(error).into(), None))?;
        let created = directories.create().map_err(|error| Problem::from(What::File(error)));
        created
            .and_then(|()| self.carry_out(&directories, target, plan))
            .map_err(|problem| (problem, Some(directories)))
    }

    fn carry_out(&mut self, directories: &Directories, target: &Target, plan: &Plan) -> Result<(), Problem> {
        let stage = directories.stage(&plan.files, self.copies).map_err(What::File)?;
        self.change_kernel(&plan.rules, &plan.settings)?;
        self.unchanged_meanwhile(&plan.files)?;
        let (published, end) = match stage.publish() {
            Ok(published) => (published, Ok(())),
            Err(stopped) => (stopped.published, Err(stopped.error)),
        };
        self.published = published;
        end.map_err(What::File)?;
        self.verify_files(&plan.files)?;
        if !self.waits_for_reboot {
            self.converge(target)?;
        }
        let (last, before): (Vec<SettingStep>, Vec<SettingStep>) =
            plan.settings.iter().partition(|step| step.moment() == Moment::Last);
        self.verify_settings(&before)?;
        self.settings_at(&last, Moment::Last)?;
        self.verify_settings(&last)
    }

    fn change_kernel(
        &mut self,
        rules: &[crate::plan::rules::RuleStep],
        settings: &[SettingStep],
    ) -> Result<(), Problem> {
        self.settings_at(settings, Moment::BeforeRules)?;
        if let (Some(kernel), Some(expediter)) = (&mut self.kernel, &mut self.expediter) {
            change_rules(&mut **kernel, rules, &self.machine, expediter, self.interrupted)?;
        }
        self.settings_at(settings, Moment::BehindRules)
    }

    fn settings_at(&mut self, settings: &[SettingStep], moment: Moment) -> Result<(), Problem> {
        let mut steps = settings.iter().filter(|step| step.moment() == moment).peekable();
        match &mut self.kernel {
            Some(kernel) if steps.peek().is_some() => {
                self.last_read = None;
                change_settings(&mut **kernel, steps)
            }
            _ => Ok(()),
        }
    }

    /// What somebody else wrote behind our look at the files is not ours to replace.
    fn unchanged_meanwhile(&self, steps: &[FileStep]) -> Result<(), Problem> {
        for step in steps {
            if content(self.root, &step.path).map_err(What::File)? != step.before {
                let path = self.root.host_path(&step.path).display().to_string();
                return Err(PolicyError::ChangedMeanwhile { path }.into_problem());
            }
        }
        Ok(())
    }

    fn verify_files(&self, steps: &[FileStep]) -> Result<(), Problem> {
        match remaining(self.root, steps).map_err(What::File)?.first() {
            None => Ok(()),
            Some(step) => {
                let path = self.root.host_path(&step.path);
                Err(not_as_wished(format!("{} does not hold what was written", path.display())))
            }
        }
    }

    /// Reads the kernel's rules back; what somebody else changed meanwhile is brought to the target again.
    fn converge(&mut self, target: &Target) -> Result<(), Problem> {
        for _ in 0..ATTEMPTS {
            let Some(kernel) = &mut self.kernel else { return Ok(()) };
            let now = kernel_state(&mut **kernel)?;
            let left = plan_loaded(target, &now.rules);
            if left.is_empty() {
                self.last_read = Some(now);
                return Ok(());
            }
            if now.status.is_locked() {
                return Err(PolicyError::Locked.into_problem());
            }
            if let Some(expediter) = &mut self.expediter {
                change_rules(&mut **kernel, &left, &self.machine, expediter, self.interrupted)?;
            }
        }
        let Some(kernel) = &mut self.kernel else { return Ok(()) };
        let now = kernel_state(&mut **kernel)?;
        match plan_loaded(target, &now.rules).first() {
            None => Ok(()),
            Some(step) => {
                let verb = if step.doing == Doing::Unload { "is still loaded" } else { "is not loaded in its place" };
                Err(not_as_wished(format!(
                    "`{}` {verb} after {ATTEMPTS} attempts",
                    canonical_lossy(&step.rule, &self.machine)
                )))
            }
        }
    }

    fn verify_settings(&mut self, steps: &[SettingStep]) -> Result<(), Problem> {
        let Some(kernel) = &mut self.kernel else { return Ok(()) };
        if steps.is_empty() {
            return Ok(());
        }
        let now = kernel_state(&mut **kernel)?;
        let held = now.settings();
        self.last_read = Some(now);
        match steps.iter().find(|step| held.get(step.name) != Some(step.after)) {
            None => Ok(()),
            Some(step) => {
                let now = held.get(step.name).map_or_else(|| "gone".to_owned(), |value| value.to_string());
                Err(not_as_wished(format!("{} is {now}, not {}", step.name.text(), step.after)))
            }
        }
    }

    /// Brings the host back to where it was before the plan, and reads that back too.
    fn take_back(
        &mut self,
        plan: &Plan,
        before: Option<&KernelState>,
        problem: Problem,
        directories: Option<Directories>,
    ) -> End {
        let mut problems = vec![problem];
        let tried = self
            .restore_files(&plan.files)
            .err()
            .into_iter()
            .chain(before.and_then(|before| self.restore_kernel(plan, before).err()));
        let failures: Vec<Problem> = tried.collect();
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

    fn restore_files(&self, steps: &[FileStep]) -> Result<(), Problem> {
        let mut back = Vec::new();
        for step in steps {
            let now = content(self.root, &step.path).map_err(What::File)?;
            let is_ours = now == step.after || self.published.paths.contains(&self.root.host_path(&step.path));
            if is_ours && now != step.before {
                back.push(FileStep { path: step.path.clone(), before: now, after: step.before.clone() });
            }
        }
        // The copy that augenrules would leave too has its old name, and stays.
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

    fn restore_kernel(&mut self, done: &Plan, before: &KernelState) -> Result<(), Problem> {
        let target = way_back(done, before);
        // A second signal must not stop the way back.
        let mut uninterrupted = || None;
        for _ in 0..ATTEMPTS {
            let Some(kernel) = &mut self.kernel else { return Ok(()) };
            let now = kernel_state(&mut **kernel)?;
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
        for step in &done.files {
            match content(self.root, &step.path) {
                Ok(now) if now == step.before => {}
                Ok(_) => {
                    let path = self.root.host_path(&step.path);
                    differences.push(format!("{} does not hold what it held", path.display()));
                }
                Err(error) => differences.push(Problem::from(What::File(error)).message()),
            }
        }
        let left = Directories::of(self.root, &done.files).map_or_else(|_| Vec::new(), |found| found.left_behind());
        differences.extend(left.iter().map(|path| format!("{} is left; the next run removes it", path.display())));
        let (Some(before), Some(kernel)) = (before, &mut self.kernel) else { return differences };
        match kernel_state(&mut **kernel) {
            Err(error) => differences.push(format!("the kernel cannot be read: {}", Problem::from(error).message())),
            Ok(now) => {
                let left = plan(&way_back(done, before), Some(&now));
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

/// The target that takes a plan back: what was loaded, in its order, without what the plan loads.
fn way_back(done: &Plan, before: &KernelState) -> Target {
    let held: HashSet<&Rule> = before.rules.iter().collect();
    let loads = done.rules.iter().filter(|step| step.doing != Doing::Unload).map(|step| step.rule.clone().as_listed());
    let mut settings = Settings::default();
    done.settings.iter().for_each(|step| settings.set(step.name, step.before));
    Target {
        files: Vec::new(),
        rules: before
            .rules
            .iter()
            .map(|rule| Wished { wish: Wish::from(rule.clone()), is_asked_for: true, is_watch: false, spot: None })
            .collect(),
        ordering: Ordering::Strict,
        dropped: loads.filter(|rule| !held.contains(rule)).map(Wish::from).collect(),
        purge: None,
        stuck: HashSet::default(),
        restores: true,
        settings,
    }
}

fn not_as_wished(difference: String) -> Problem {
    PolicyError::NotAsWished { difference }.into_problem()
}
