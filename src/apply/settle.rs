//! The end of a change: the host is read whole until it holds the target, and what cannot be taken back comes last.

use std::path::Path;

use super::change::{Compiled, Run};
use super::file_steps::{Copies, Directories, is_compiled, remaining};
use super::kernel_steps::change_settings;
use super::settled::{Settled, Unsettled};
use crate::auditctl::canonical_lossy;
use crate::desired::is_generated;
use crate::error::{PolicyError, Problem, What};
use crate::observe::{compiled, content, kernel_state};
use crate::plan::Target;
use crate::plan::files::FileStep;
use crate::plan::rules::Doing;
use crate::plan::settings::{Moment, SettingStep};
use crate::rule::Machine;
use crate::settings::Name;

/// How often the kernel is brought to the target before somebody else's changes are given up on.
pub(super) const ATTEMPTS: u32 = 3;

impl Run<'_> {
    /// Reads files and kernel together, after the last step that was taken; what somebody else changed meanwhile is
    /// planned and done again. Gives the look in which nothing was left.
    pub(super) fn settle(&mut self, target: &Target) -> Result<Settled, Problem> {
        let (mut attempts, mut last_attempts) = (0, 0);
        loop {
            self.settle_files()?;
            let Some(kernel) = &mut self.kernel else { return Ok(Settled::of_files()) };
            let now = kernel_state(&mut **kernel)?;
            let unsettled = match Settled::of(target, now, self.waits_for_reboot) {
                Ok(settled) => return Ok(settled),
                Err(unsettled) => unsettled,
            };
            if unsettled.now.status.is_locked() {
                return Err(self.lost_to_the_lock(*unsettled));
            }
            let (last, first): (Vec<SettingStep>, Vec<SettingStep>) =
                unsettled.left.settings.iter().partition(|step| step.moment() == Moment::Last);
            let comes_last = unsettled.left.rules.is_empty() && first.is_empty();
            let tried = if comes_last { &mut last_attempts } else { &mut attempts };
            if *tried == ATTEMPTS {
                return Err(given_up(&unsettled, &self.machine));
            }
            *tried += 1;
            if comes_last {
                self.set_last(&last, &unsettled)?;
            } else {
                self.change_kernel(&unsettled.left.rules, &first)?;
            }
        }
    }

    /// Sets what cannot be taken back. The lock is set alone, right after the rules were listed once more and are what
    /// they were: no look and no decision lies between that answer and the next datagram.
    fn set_last(&mut self, last: &[SettingStep], unsettled: &Unsettled) -> Result<(), Problem> {
        let Some(kernel) = &mut self.kernel else { return Ok(()) };
        let (lock, others): (Vec<SettingStep>, Vec<SettingStep>) =
            last.iter().partition(|step| step.name == Name::Enabled);
        if !others.is_empty() {
            return change_settings(&mut **kernel, &others);
        }
        if kernel.rules()? == unsettled.now.rules {
            change_settings(&mut **kernel, &lock)?;
            self.has_locked = true;
        }
        Ok(())
    }

    /// What a locked kernel lacks: only a boot can bring it.
    fn lost_to_the_lock(&mut self, unsettled: Unsettled) -> Problem {
        if !self.has_locked {
            return PolicyError::Locked.into_problem();
        }
        let difference = first_difference(&unsettled, &self.machine);
        self.pending = unsettled.left;
        PolicyError::LockedIncomplete { difference }.into_problem()
    }

    /// Looks whether the files hold what was written. An `audit.rules` that the boot loader compiled meanwhile is written
    /// once more.
    fn settle_files(&mut self) -> Result<(), Problem> {
        let mut differing = remaining(self.root, &self.files).map_err(What::File)?;
        if differing.is_empty() && self.compiled == Compiled::Meanwhile {
            differing.extend(self.stale()?);
        }
        let Some(FileStep { path, before: now, after }) = differing.first().cloned() else { return Ok(()) };
        let shown = self.root.host_path(&path).display().to_string();
        let ours = self.files.iter().find(|step| step.path == path);
        // What the boot loader compiled from the drop-ins as they were is what the file held before.
        let was_compiled = now.as_ref().is_some_and(|now| is_compiled(&path) && is_generated(&now.bytes));
        if !was_compiled && ours.is_some_and(|step| step.before == now) && self.compiled == Compiled::AsPlanned {
            let difference = format!("{shown} does not hold what was written");
            return Err(PolicyError::NotAsDeclared { difference }.into_problem());
        }
        if !was_compiled || self.compiled == Compiled::Again || differing.len() > 1 {
            return Err(PolicyError::ChangedMeanwhile { path: shown }.into_problem());
        }
        self.compiled = Compiled::Again;
        let bytes = self.compiled(&path)?;
        let after = after.map(|after| crate::plan::files::Content { bytes: bytes.into(), ..after });
        for step in self.files.iter_mut().filter(|step| step.path == path) {
            step.after.clone_from(&after);
        }
        let again = [FileStep { path, before: now, after }];
        let directories = Directories::of(self.root, &again).map_err(What::File)?;
        let stage = directories.stage(&again, Copies::None).map_err(What::File)?;
        stage.publish().map_err(|stopped| What::File(stopped.error))?;
        self.settle_files()
    }

    /// What somebody else wrote after our look at the files is not ours to replace, but for `audit.rules` as the boot
    /// loader compiles it.
    pub(super) fn unchanged_meanwhile(&mut self) -> Result<(), Problem> {
        let root = self.root;
        for step in &mut self.files {
            let now = content(root, &step.path).map_err(What::File)?;
            if now == step.before {
                continue;
            }
            let was_compiled = now.as_ref().is_some_and(|now| is_compiled(&step.path) && is_generated(&now.bytes));
            if !was_compiled {
                let path = root.host_path(&step.path).display().to_string();
                return Err(PolicyError::ChangedMeanwhile { path }.into_problem());
            }
            step.before = now;
            self.compiled = Compiled::Meanwhile;
        }
        Ok(())
    }

    fn compiled(&self, path: &Path) -> Result<Vec<u8>, Problem> {
        let changed = || PolicyError::ChangedMeanwhile { path: self.root.host_path(path).display().to_string() };
        compiled(self.place, self.root)
            .map_err(|problems| problems.into_iter().next().unwrap_or_else(|| changed().into_problem()))
    }

    /// Our `audit.rules`, where the drop-ins no longer say what it says.
    fn stale(&self) -> Result<Option<FileStep>, Problem> {
        let Some(step) = self.files.iter().find(|step| is_compiled(&step.path)) else { return Ok(None) };
        let bytes = self.compiled(&step.path)?;
        let is_stale = step.after.as_ref().is_some_and(|after| *after.bytes != bytes);
        Ok(is_stale.then(|| FileStep { before: step.after.clone(), ..step.clone() }))
    }
}

fn given_up(unsettled: &Unsettled, machine: &Machine) -> Problem {
    let difference = format!("{} after {ATTEMPTS} attempts", first_difference(unsettled, machine));
    PolicyError::NotAsDeclared { difference }.into_problem()
}

/// The first way in which a host is not as it should be, in words.
fn first_difference(unsettled: &Unsettled, machine: &Machine) -> String {
    if let Some(step) = unsettled.left.rules.first() {
        let verb = if step.doing == Doing::Unload { "is still loaded" } else { "is not loaded in its place" };
        return format!("`{}` {verb}", canonical_lossy(&step.rule, machine));
    }
    let setting = unsettled.left.settings.first();
    setting.map_or_else(String::new, |step| format!("{} is {}, not {}", step.name.text(), step.before, step.after))
}
