//! What a run does that finds the journal of a killed one: it takes the change back, or finds it whole, and says so.
//!
//! A change whose files are all in place is whole: the kernel is changed before them. Any other is taken back: files
//! first, then rules and settings, but for rules that a drop-in asks for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::expedite::Expediter;
use super::file;
use super::file_steps::{Copies, Directories, is_compiled};
use super::kernel_steps::{change_rules, change_settings};
use super::settle::ATTEMPTS;
use crate::auditctl::canonical_lossy;
use crate::desired::{DropInRules, Interrupted, InterruptedEnd, TakenBack, Warning, forms};
use crate::error::{Problem, What};
use crate::intent::{ApplyIntent, Goal};
use crate::lines::HostRule;
use crate::observe::{content, kernel_state, observe};
use crate::plan::files::{Content, FileStep};
use crate::plan::rules::{Doing, RuleForms, RuleStep, carried_out};
use crate::plan::settings::SettingStep;
use crate::plan::{KernelState, Plan, plan};
use crate::request::PermSyscalls;
use crate::restore::{self, Back};
use crate::rule::{Machine, Rule, id::Id};
use crate::rules_d::{Directory, Journal, JournalFile, JournalFound, Links, Lock, Root, boot_id};
use crate::settings::Name;
use crate::snapshot::{SavedFile, Snapshot};
use crate::world::World;

/// What came of looking for the journal of a killed run.
#[derive(Debug, Default)]
pub struct Met {
    /// What is worth a sentence.
    pub warnings: Vec<Warning>,
    /// Whether anything of the host was changed.
    pub changed: bool,
    /// The journal stays where it is, and this run leaves none of its own.
    pub keeps_journal: bool,
    /// The change of the killed run, where it was whole and this run is about the same files: its undo goes back to
    /// before it.
    pub earlier: Option<Snapshot>,
    /// The rules that the killed run had loaded and that stay, since drop-ins ask for them.
    pub kept: Vec<Rule>,
    /// In check mode, what the run itself takes back first.
    pub planned: Option<PlannedBack>,
}

/// What a run takes back before its own change, as check mode plans it.
#[derive(Debug)]
pub struct PlannedBack {
    /// The steps.
    pub plan: Plan,
    /// The kernel before them, where it is reached.
    pub before: Option<KernelState>,
}

impl PlannedBack {
    /// The kernel after them.
    #[must_use]
    pub fn after(&self) -> Option<KernelState> {
        let mut after = self.before.clone()?;
        after.rules = carried_out(&self.plan.rules, &after.rules);
        Some(after)
    }
}

/// Looks for the journal of a killed run, and takes its change back where this run can. `unmanaged` says why it does not
/// reach the kernel.
///
/// # Errors
/// What keeps the host from being read, or a switch of the kernel from being put back. The journal stays then.
pub fn meet(
    intent: &ApplyIntent,
    root: &Root,
    run_dir: Option<&Directory>,
    holds_lock: bool,
    unmanaged: Option<&str>,
    world: &mut World<'_>,
) -> Result<Met, Vec<Problem>> {
    let mut met = Met::default();
    let Some(run_dir) = run_dir else { return Ok(met) };
    let place = JournalFile::new(run_dir);
    let journal = match place.read() {
        Ok(JournalFound::Nothing) => return Ok(met),
        Ok(JournalFound::Whole(journal)) => journal,
        Ok(JournalFound::Unreadable(why)) => {
            met.warnings.push(Warning::JournalUnreadable { path: place.path().display().to_string(), why });
            if holds_lock {
                place.remove().map_err(file)?;
            }
            return Ok(met);
        }
        // A run that cannot read it could not replace it by its own either.
        Err(error) if holds_lock => return Err(file(error)),
        Err(error) => {
            let why = Problem::from(What::File(error)).message();
            met.warnings.push(Warning::JournalUnreadable { path: place.path().display().to_string(), why });
            met.keeps_journal = true;
            return Ok(met);
        }
    };
    if boot_id().is_some_and(|now| now != journal.boot_id) {
        if holds_lock {
            place.remove().map_err(file)?;
        }
        return Ok(met);
    }
    if !holds_lock && Lock::is_held(run_dir) {
        return Ok(met);
    }
    let snapshot = journal.change.clone().and_then(|change| serde_json::from_value::<Snapshot>(change).ok());
    let kept = why_not(&journal, snapshot.as_ref(), unmanaged, world)?;
    let end = match (kept, snapshot) {
        (None, snapshot) if !holds_lock => {
            met.keeps_journal = true;
            met.plan_back(intent, root, snapshot.as_ref(), unmanaged.is_none(), world)?
        }
        (Some(why), _) => {
            met.keeps_journal = true;
            InterruptedEnd::Kept(why)
        }
        (None, snapshot) => {
            let end = met.take_up(intent, root, &journal, snapshot, unmanaged.is_none(), world)?;
            place.remove().map_err(file)?;
            end
        }
    };
    let copies = journal.copies(root);
    let Journal { pid, paths, .. } = journal;
    met.warnings.insert(0, Warning::Interrupted(Box::new(Interrupted { pid, paths, copies, end })));
    Ok(met)
}

/// Why this run cannot take the change back; none where it can.
fn why_not(
    journal: &Journal,
    snapshot: Option<&Snapshot>,
    unmanaged: Option<&str>,
    world: &mut World<'_>,
) -> Result<Option<String>, Vec<Problem>> {
    let is_of_kernel = snapshot.is_some_and(|change| change.rules.is_some() || !change.control.is_empty());
    if let (Some(why), true) = (unmanaged, is_of_kernel || journal.rcu_expedited.is_some()) {
        return Ok(Some(why.to_owned()));
    }
    let Some(kernel) = world.kernel.as_mut().filter(|_| unmanaged.is_none()) else { return Ok(None) };
    let status = kernel.status().map_err(|error| vec![error.into()])?;
    Ok((status.is_locked() && is_of_kernel).then(|| "the kernel is locked".to_owned()))
}

impl Met {
    /// What a run that is no check would do about the change.
    fn plan_back(
        &mut self,
        intent: &ApplyIntent,
        root: &Root,
        snapshot: Option<&Snapshot>,
        reaches_kernel: bool,
        world: &mut World<'_>,
    ) -> Result<InterruptedEnd, Vec<Problem>> {
        let kept = || InterruptedEnd::Kept("check mode".to_owned());
        let Some(snapshot) = snapshot else { return Ok(kept()) };
        let files = Files::of(snapshot, root)?;
        if is_whole(snapshot, &files, reaches_kernel, world)?.is_some() {
            return Ok(kept());
        }
        let mut done = TakenBack::default();
        let mut planned = PlannedBack { plan: Plan::default(), before: None };
        planned.plan.files = files.steps();
        done.files.extend(planned.plan.files.iter().map(|step| step.path.display().to_string()));
        if reaches_kernel {
            let machine = world.machine;
            let Some((now, back)) = kernel_back(intent, root, snapshot, files.strange.is_empty(), world)? else {
                return Ok(kept());
            };
            let Plan { rules, settings, .. } = plan(&back.target, Some(&now));
            done.name(&rules, &settings, &machine);
            planned.plan.rules = rules;
            planned.plan.settings = settings;
            planned.before = Some(now);
        }
        if done.is_empty() {
            return Ok(kept());
        }
        self.planned = Some(planned);
        Ok(InterruptedEnd::Planned(done))
    }

    fn take_up(
        &mut self,
        intent: &ApplyIntent,
        root: &Root,
        journal: &Journal,
        snapshot: Option<Snapshot>,
        reaches_kernel: bool,
        world: &mut World<'_>,
    ) -> Result<InterruptedEnd, Vec<Problem>> {
        let mut done = TakenBack::default();
        if let (Some(kernel), Some(value)) = (world.kernel.as_mut().filter(|_| reaches_kernel), journal.rcu_expedited) {
            if kernel.rcu().expedited.is_some_and(|now| now != value) {
                kernel.set_rcu_expedited(value).map_err(|error| vec![error.into()])?;
                done.settings.push(format!("rcu_expedited {value}"));
            }
        }
        let Some(snapshot) = snapshot else {
            done.left
                .extend(journal.paths.first().map(|_| "what it changed, which was too long to be noted".to_owned()));
            return Ok(InterruptedEnd::TakenBack(done));
        };
        let files = Files::of(&snapshot, root)?;
        if let Some(unset) = is_whole(&snapshot, &files, reaches_kernel, world)? {
            let is_own = is_about(intent, &journal.paths);
            self.earlier = is_own.then_some(snapshot);
            self.changed = !done.is_empty();
            return Ok(InterruptedEnd::Whole { is_own, unset });
        }
        files.put_back(root, &mut done)?;
        if reaches_kernel {
            let is_whole = files.strange.is_empty();
            self.kept = put_kernel_back(intent, root, &snapshot, is_whole, world, &mut done)?;
        }
        self.changed = !done.is_empty();
        Ok(InterruptedEnd::TakenBack(done))
    }
}

/// Whether a change is whole: then the settings that its run had not come to.
fn is_whole(
    snapshot: &Snapshot,
    files: &Files,
    reaches_kernel: bool,
    world: &mut World<'_>,
) -> Result<Option<Vec<String>>, Vec<Problem>> {
    let unset = if reaches_kernel { unset(snapshot, world)? } else { Vec::new() };
    let is_of_kernel = reaches_kernel && snapshot.files.is_empty() && unset.is_empty();
    let is_whole = files.are_written() || (is_of_kernel && holds_rules(snapshot, world)?);
    Ok(is_whole.then_some(unset))
}

/// The files of a killed run's change, as they are now.
struct Files {
    written: Vec<FileStep>,
    untouched: usize,
    /// Those that somebody else wrote since.
    strange: Vec<PathBuf>,
}

impl Files {
    fn of(snapshot: &Snapshot, root: &Root) -> Result<Self, Vec<Problem>> {
        let mut files = Self { written: Vec::new(), untouched: 0, strange: Vec::new() };
        for SavedFile { path, before, after } in &snapshot.files {
            let saved = |saved: &Option<crate::snapshot::SavedContent>| -> Result<Option<Content>, Vec<Problem>> {
                saved.as_ref().map(crate::snapshot::SavedContent::content).transpose().map_err(|why| vec![why.into()])
            };
            let (path, before, after) = (PathBuf::from(path), saved(before)?, saved(after)?);
            let now = content(root, &path).map_err(file)?;
            if now == after {
                files.written.push(FileStep { path, before: now, after: before });
            } else if now == before {
                files.untouched += 1;
            } else {
                files.strange.push(path);
            }
        }
        Ok(files)
    }

    fn are_written(&self) -> bool {
        !self.written.is_empty() && self.untouched == 0 && self.strange.is_empty()
    }

    /// What puts them back.
    fn steps(&self) -> Vec<FileStep> {
        self.written.iter().filter(|step| step.before != step.after).cloned().collect()
    }

    fn put_back(&self, root: &Root, done: &mut TakenBack) -> Result<(), Vec<Problem>> {
        let shown = |path: &Path| path.display().to_string();
        done.left.extend(self.strange.iter().map(|path| format!("{} as somebody else wrote it since", shown(path))));
        let steps = self.steps();
        if steps.is_empty() {
            return Ok(());
        }
        let mut directories = Directories::of(root, &steps).map_err(file)?;
        directories.create().map_err(file)?;
        let stage = directories.stage(&steps, Copies::None).map_err(file)?;
        stage.publish().map_err(|stopped| file(stopped.error))?;
        done.files.extend(steps.iter().map(|step| shown(&step.path)));
        Ok(())
    }
}

/// Whether the kernel holds just the rules that a change was to leave. Where it is of the kernel alone, nothing else tells
/// how far its run came.
fn holds_rules(change: &Snapshot, world: &mut World<'_>) -> Result<bool, Vec<Problem>> {
    let Some(kernel) = &mut world.kernel else { return Ok(false) };
    let now = kernel_state(*kernel).map_err(|error| vec![error.into()])?;
    let ids = || now.rules.iter().map(|rule| Id::of(rule).to_string());
    Ok(change.rules.as_ref().is_none_or(|saved| ids().eq(saved.after.iter().cloned())))
}

/// Whether a request is about the same drop-ins as an earlier run.
fn is_about(intent: &ApplyIntent, paths: &[String]) -> bool {
    let own: BTreeSet<PathBuf> = match &intent.goal {
        Goal::Restored(snapshot, _) => snapshot.files.iter().map(|saved| PathBuf::from(&saved.path)).collect(),
        goal => goal.names().into_iter().map(|name| intent.place.rules_dir.join(name.file_name())).collect(),
    };
    let drop_ins = |paths: BTreeSet<PathBuf>| paths.into_iter().filter(|path| !is_compiled(path)).collect::<Vec<_>>();
    let theirs = drop_ins(paths.iter().map(PathBuf::from).collect());
    !theirs.is_empty() && drop_ins(own) == theirs
}

/// The settings that a killed run had not come to.
fn unset(snapshot: &Snapshot, world: &mut World<'_>) -> Result<Vec<String>, Vec<Problem>> {
    let Some(kernel) = &mut world.kernel else { return Ok(Vec::new()) };
    let held = kernel_state(*kernel).map_err(|error| vec![error.into()])?.settings();
    let is_unset = |name: &str, after: u32| Name::from_text(name).is_some_and(|name| held.get(name) != Some(after));
    let unset = snapshot.control.iter().filter(|saved| is_unset(&saved.setting, saved.after));
    Ok(unset.map(|saved| format!("{} to {}", saved.setting, saved.after)).collect())
}

/// The kernel as it is, and how it goes back; none where there is none.
fn kernel_back(
    intent: &ApplyIntent,
    root: &Root,
    snapshot: &Snapshot,
    is_whole: bool,
    world: &mut World<'_>,
) -> Result<Option<(KernelState, Back)>, Vec<Problem>> {
    let machine = world.machine;
    let Some(kernel) = &mut world.kernel else { return Ok(None) };
    let now = kernel_state(*kernel).map_err(|error| vec![Problem::from(error)])?;
    let (asked, held) = asked_for(intent, root, machine)?;
    let (asked, held): (Vec<&RuleForms>, Vec<&RuleForms>) = (asked.iter().collect(), held.iter().collect());
    let back = restore::interrupted(snapshot, &now, &asked, &held, is_whole).map_err(|why| vec![Problem::from(why)])?;
    Ok(Some((now, back)))
}

fn put_kernel_back(
    intent: &ApplyIntent,
    root: &Root,
    snapshot: &Snapshot,
    is_whole: bool,
    world: &mut World<'_>,
    done: &mut TakenBack,
) -> Result<Vec<Rule>, Vec<Problem>> {
    let machine = world.machine;
    let one = |error: crate::kernel::KernelError| vec![Problem::from(error)];
    let Some((now, back)) = kernel_back(intent, root, snapshot, is_whole, world)? else { return Ok(Vec::new()) };
    let Some(kernel) = &mut world.kernel else { return Ok(Vec::new()) };
    let Back { target, lost, kept, doubled } = back;
    let text = |rule: &Rule| format!("`{}`", canonical_lossy(rule, &machine));
    done.left.extend(lost.iter().map(|rule| format!("{} unloaded", text(rule))));
    done.left.extend(doubled.iter().map(|rule| format!("{} loaded once, not twice", text(rule))));
    let first = plan(&target, Some(&now));
    let mut expediter = Expediter::new(intent.expedite, *kernel);
    let mut left = first.clone();
    for _ in 0..ATTEMPTS {
        let Plan { rules, settings, .. } = &left;
        // What is refused is found in what is left.
        let _ = change_rules(*kernel, rules, &machine, &mut expediter, &mut || None);
        let _ = change_settings(*kernel, settings);
        left = plan(&target, Some(&kernel_state(*kernel).map_err(one)?));
        if left.is_quiet() {
            break;
        }
    }
    expediter.restore(*kernel);
    if expediter.is_left_on() {
        done.left.push("rcu_expedited 1".to_owned());
    }
    let rules: Vec<RuleStep> = first.rules.iter().filter(|step| !left.rules.contains(step)).cloned().collect();
    let set: Vec<SettingStep> = first.settings.iter().filter(|step| !left.settings.contains(step)).copied().collect();
    done.name(&rules, &set, &machine);
    done.left.extend(left.rules.iter().map(|step| {
        let verb = if step.doing == Doing::Unload { "loaded" } else { "not loaded in its place" };
        format!("{} {verb}", text(&step.rule))
    }));
    done.left.extend(left.settings.iter().map(|step| format!("{} {}", step.name.text(), step.before)));
    done.kept.extend(kept.iter().map(text));
    Ok(kept)
}

/// What the drop-ins ask for as they are now: what this host can load, and what it cannot.
fn asked_for(
    intent: &ApplyIntent,
    root: &Root,
    machine: Machine,
) -> Result<(Vec<RuleForms>, Vec<RuleForms>), Vec<Problem>> {
    let rules_d = root.directory(&intent.place.rules_dir).map_err(file)?;
    let mut observed = observe(&intent.place, &[], root, &rules_d, Links::Refused, machine)?;
    let drop_ins = &observed.files.drop_ins;
    let merge = observed.files.merged(drop_ins, &observed.reader);
    let asked = DropInRules::of(&observed.files, drop_ins, &merge, &mut observed.reader);
    let wanted = |rules: Vec<Rc<HostRule>>| rules.iter().map(|rule| forms(&rule.line, PermSyscalls::All)).collect();
    Ok((wanted(asked.loadable), wanted(asked.unloadable)))
}
