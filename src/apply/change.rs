//! The change itself: staged, carried out, read back; and taken back where it fails.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::expedite::Expediter;
use super::file_steps::{Copies, Directories, previous};
use super::kernel_steps::{change_rules, change_settings};
use super::settled::Settled;
use crate::desired::Warning;
use crate::error::{Problem, What};
use crate::intent::{ApplyIntent, Location};
use crate::kernel::Kernel;
use crate::observe::{content, kernel_state};
use crate::plan::files::FileStep;
use crate::plan::rules::{RuleStep, carried_out};
use crate::plan::settings::{Moment, SettingStep};
use crate::plan::{KernelState, Plan, Target};
use crate::rule::Machine;
use crate::rules_d::{Directory, Journal, JournalFile, Published, Root, boot_id};
use crate::snapshot::Snapshot;
use crate::world::World;

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// There was nothing to do.
    Unchanged(Settled),
    /// Nothing was done, because of check mode.
    Planned,
    /// The host holds its target; read after the last step.
    Applied(Settled),
    /// A problem was found before the first change of this request; what a killed run had left was taken back by then.
    Refused(Vec<Problem>),
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
    /// The steps on files, as they were taken in the end.
    pub files: Vec<FileStep>,
    /// What only a boot can bring, where the kernel was locked before it was whole.
    pub pending: Plan,
    /// What is worth a sentence.
    pub warnings: Vec<Warning>,
    /// Whether grace periods were made short.
    pub expedited: bool,
    /// The files that were kept and their copies, as paths below the root.
    pub backups: Vec<(PathBuf, PathBuf)>,
}

/// Carries out a plan, reads back, and takes everything back where that is not the target.
pub fn change(
    intent: &ApplyIntent,
    root: &Root,
    run_dir: Option<&Directory>,
    world: &mut World<'_>,
    target: &mut Target,
    plan: &Plan,
    before: Option<&KernelState>,
) -> Changed {
    let mut run = Run {
        root,
        place: &intent.place,
        kernel: match (&mut world.kernel, before) {
            (Some(kernel), Some(_)) => Some(&mut **kernel),
            _ => None,
        },
        interrupted: &mut *world.interrupted,
        machine: world.machine,
        copies: if intent.backup { Copies::All } else { Copies::Merged },
        waits_for_reboot: before.is_some_and(|before| before.status.is_locked()),
        expediter: None,
        files: plan.files.clone(),
        previous: None,
        published: Published::default(),
        compiled: Compiled::AsPlanned,
        has_locked: false,
        pending: Plan::default(),
        restored_once: Vec::new(),
    };
    run.expediter = run.kernel.as_mut().map(|kernel| Expediter::new(intent.expedite, &mut **kernel));
    let journal = run_dir.map(JournalFile::new);
    let mut warnings = Vec::new();
    let (mut expedited, mut left_on) = (false, false);
    let end = match run.in_directories(journal.as_ref(), target, plan, before) {
        Ok(settled) => End::Applied(settled),
        Err((problem, directories)) => run.take_back(plan, before, problem, directories),
    };
    if let (Some(expediter), Some(kernel)) = (&mut run.expediter, &mut run.kernel) {
        expediter.restore(&mut **kernel);
        expedited = expediter.was_used();
        left_on = expediter.is_left_on();
    }
    if left_on {
        // The journal says to the next run what is to be put back, and nothing else.
        let noted = journal.map(|journal| journal.write(&run.note(Vec::new(), None)));
        warnings.push(Warning::StillExpedited);
        warnings
            .extend(noted.and_then(Result::err).map(|error| Warning::Tolerated(Box::new(What::File(error).into()))));
    } else if let Some(Err(error)) = journal.map(|journal| journal.remove()) {
        warnings.push(Warning::Tolerated(Box::new(What::File(error).into())));
    }
    warnings.append(&mut run.restored_once);
    let now = match &end {
        End::Applied(settled) => settled.now().cloned(),
        _ => run.kernel.as_mut().and_then(|kernel| kernel_state(&mut **kernel).ok()),
    };
    if let (Some(before), Some(now)) = (before, &now) {
        let lost = now.status.lost.saturating_sub(before.status.lost);
        if lost > 0 {
            warnings.push(Warning::LostRecords { lost });
        }
    }
    let backups = if matches!(end, End::RolledBack(_)) { Vec::new() } else { run.backups() };
    Changed { end, now, files: run.files, pending: run.pending, warnings, expedited, backups }
}

/// What becomes of `audit.rules` beside a boot loader that compiles it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compiled {
    /// Nobody else touched it.
    AsPlanned,
    /// The boot loader compiled it after our look at it.
    Meanwhile,
    /// This run wrote it once more.
    Again,
}

/// A change that is under way.
pub(super) struct Run<'a> {
    pub(super) root: &'a Root,
    pub(super) place: &'a Location,
    pub(super) kernel: Option<&'a mut dyn Kernel>,
    interrupted: &'a mut dyn FnMut() -> Option<&'static str>,
    pub(super) machine: Machine,
    copies: Copies,
    /// The kernel was locked from the start: it stays as it is.
    pub(super) waits_for_reboot: bool,
    pub(super) expediter: Option<Expediter>,
    /// The steps on files, which follow what the boot loader compiles meanwhile.
    pub(super) files: Vec<FileStep>,
    /// The copy of `audit.rules` that a change replaces, as it was.
    pub(super) previous: Option<FileStep>,
    /// The files that were changed.
    pub(super) published: Published,
    /// What became of `audit.rules`.
    pub(super) compiled: Compiled,
    /// This run locked the kernel.
    pub(super) has_locked: bool,
    /// What only a boot can bring after that.
    pub(super) pending: Plan,
    /// The rules that came back once, though the kernel held them twice.
    pub(super) restored_once: Vec<Warning>,
}

impl Run<'_> {
    /// The copies that this run made and that are there.
    fn backups(&self) -> Vec<(PathBuf, PathBuf)> {
        let inside = |path: &Path| Path::new("/").join(path.strip_prefix(self.root.path()).unwrap_or(path));
        let all = self.published.backups.iter().map(|(kept, copy)| (inside(kept), inside(copy)));
        all.filter(|(_, copy)| matches!(content(self.root, copy), Ok(Some(_)))).collect()
    }

    /// Leaves a note for the next run in case this one is killed: all that it is to change, with what is there before.
    fn journal(
        &self,
        journal: Option<&JournalFile<'_>>,
        plan: &Plan,
        before: Option<&KernelState>,
    ) -> Result<(), Problem> {
        let Some(journal) = journal else { return Ok(()) };
        // A kernel that was locked from the start is left alone.
        let before = before.filter(|_| !self.waits_for_reboot);
        let after = before.map(|before| carried_out(&plan.rules, &before.rules));
        let rules = before.zip(after.as_ref()).map(|(before, after)| (before.rules.as_slice(), after.as_slice()));
        let files: Vec<FileStep> = plan.files.iter().chain(&self.previous).cloned().collect();
        let change = Some(Snapshot::of_change(&files, rules, &plan.settings));
        let paths = plan.files.iter().map(|step| step.path.display().to_string()).collect();
        journal.write(&self.note(paths, change)).map_err(|error| What::File(error).into())
    }

    fn note(&self, paths: Vec<String>, change: Option<Snapshot>) -> Journal<Snapshot> {
        Journal {
            pid: std::process::id(),
            boot_id: boot_id().unwrap_or_default(),
            started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            paths,
            // A plan without a delete may need one on its way back, or when somebody else changes the rules meanwhile.
            rcu_expedited: self.expediter.as_ref().and_then(Expediter::to_restore),
            change,
        }
    }

    /// Carries out the plan in the directories of its files. Gives those back with the problem, where they may have
    /// been created for nothing.
    fn in_directories(
        &mut self,
        journal: Option<&JournalFile<'_>>,
        target: &mut Target,
        plan: &Plan,
        before: Option<&KernelState>,
    ) -> Result<Settled, (Problem, Option<Directories>)> {
        let found = previous(self.root, &plan.files).map_err(|error| (What::File(error).into(), None));
        self.previous = found?.filter(|_| self.copies != Copies::None);
        self.journal(journal, plan, before).map_err(|problem| (problem, None))?;
        let directories = Directories::of(self.root, &plan.files);
        let mut directories = directories.map_err(|error| (What::File(error).into(), None))?;
        let created = directories.create().map_err(|error| Problem::from(What::File(error)));
        created
            .and_then(|()| self.carry_out(&directories, target, plan))
            .map_err(|problem| (problem, Some(directories)))
    }

    fn carry_out(&mut self, directories: &Directories, target: &mut Target, plan: &Plan) -> Result<Settled, Problem> {
        let stage = directories.stage(&plan.files, self.copies).map_err(What::File)?;
        self.change_kernel(&plan.rules, &plan.settings)?;
        if !self.waits_for_reboot {
            // They were loaded anew, and cannot be told from silent ones by looking.
            target.silent.clear();
        }
        self.unchanged_meanwhile()?;
        let (published, end) = match stage.publish() {
            Ok(published) => (published, Ok(())),
            Err(stopped) => (stopped.published, Err(stopped.error)),
        };
        self.published = published;
        end.map_err(What::File)?;
        self.settle(target)
    }

    /// Changes rules and settings, but for those settings that come last.
    pub(super) fn change_kernel(&mut self, rules: &[RuleStep], settings: &[SettingStep]) -> Result<(), Problem> {
        self.settings_at(settings, Moment::BeforeRules)?;
        if let (Some(kernel), Some(expediter)) = (&mut self.kernel, &mut self.expediter) {
            change_rules(&mut **kernel, rules, &self.machine, expediter, self.interrupted)?;
        }
        self.settings_at(settings, Moment::BehindRules)
    }

    fn settings_at(&mut self, settings: &[SettingStep], moment: Moment) -> Result<(), Problem> {
        let Some(kernel) = &mut self.kernel else { return Ok(()) };
        change_settings(&mut **kernel, settings.iter().filter(|step| step.moment() == moment))
    }
}
