//! Brings a host to a target, or back to where it was.

mod about;
mod back;
mod change;
mod desired;
mod ended;
mod expedite;
mod file_steps;
mod interrupted;
mod kernel_steps;
mod layers;
mod locked_out;
mod locking;
mod lost;
mod record;
mod settle;
mod settled;
mod stuck;
mod taken_in;
mod undo;
mod waiting;
mod watches;

pub use change::{Changed, End};
pub use ended::Ended;
use interrupted::Met;
pub use interrupted::PlannedBack;
use layers::Layers;
pub use settled::Settled;
use watches::Watches;

use std::path::PathBuf;

use crate::desired::{Deduplicated, Skipped, Warning};
use crate::error::{PolicyError, Problem, What};
use crate::intent::{ApplyIntent, Goal};
use crate::observe::kernel_state;
use crate::plan::rules::RuleForms;
use crate::plan::{KernelState, Plan, PlanId, Target, digest_at_boot, plan};
use crate::request::{OnLocked, Target as Layer};
use crate::rules_d::{Directory, DropInName, FileError, Lock, Root, too_large_together};
use crate::settings::{Name, Settings};
use crate::snapshot::Snapshot;
use crate::world::World;

/// Longest wait time that any kernel takes, in jiffies: `10 * 60 * HZ` with the largest HZ, 1000.
const MOST_WAIT: u32 = 600_000;

/// What a request to apply came to.
#[derive(Debug)]
pub struct Applied {
    /// The steps.
    pub plan: Plan,
    /// The steps that wait for a reboot, because the kernel is locked.
    pub pending: Plan,
    /// How it ended.
    pub end: End,
    /// The target.
    pub target: Target,
    /// What the kernel held before.
    pub before: Option<KernelState>,
    /// What the kernel holds now.
    pub now: Option<KernelState>,
    /// Why the kernel is not managed; none where it is.
    pub unmanaged: Option<String>,
    /// Lines that are not loaded, or not as a whole.
    pub skipped: Vec<Skipped>,
    /// Rules that stand somewhere else already.
    pub deduplicated: Vec<Deduplicated>,
    /// What is worth a sentence.
    pub warnings: Vec<Warning>,
    /// What takes the change back.
    pub undo: Option<Snapshot>,
    /// Whether grace periods were made short.
    pub expedited: bool,
    /// The files that were kept and their copies, as paths below the root.
    pub backups: Vec<(PathBuf, PathBuf)>,
    /// What the next boot loads, where that is known.
    pub at_boot: Option<(Vec<RuleForms>, Settings)>,
    /// Whether the change of a killed run was taken back first.
    pub has_taken_back: bool,
    /// In check mode, what of the change of a killed run is taken back first.
    pub planned_back: Option<PlannedBack>,
    /// What the plan is known by, in check mode or where the request has one.
    pub plan_id: Option<PlanId>,
    /// What kernel and files were before, where that was made for it.
    pub digests: Option<Digests>,
    /// The text of the record of the change that the kernel took.
    pub record: Option<String>,
    /// The count of lost records that was set back to zero.
    pub lost: Option<u32>,
}

/// What a host does, as digests: before the change.
#[derive(Debug)]
pub struct Digests {
    /// What the kernel holds; none where it is not managed.
    pub kernel: Option<String>,
    /// What the next boot loads, where that is known.
    pub at_boot: Option<String>,
}

/// Makes the host agree with the request; in check mode only plans it.
///
/// # Errors
/// Every problem found before the first change: nothing was changed.
pub fn apply(intent: &ApplyIntent, world: &mut World<'_>) -> Result<Applied, Vec<Problem>> {
    let layers = layers::of(intent, world)?;
    let root = world.root_to_write(&intent.place).map_err(file)?;
    let mut run_dir = locking::run_directory(intent, world, &root)?;
    let lock = if intent.check_mode { None } else { Some(locking::lock(intent, world, run_dir.as_mut(), &root)?) };
    // A run that had the lock before may have made it.
    let rules_d = root.directory(&intent.place.rules_dir).map_err(file)?;
    if let Some(held) = &lock {
        remove_stale(&root, &rules_d, intent, run_dir.as_ref(), held)?;
    }
    let unmanaged = layers.unmanaged.clone();
    let met = interrupted::meet(intent, &root, run_dir.as_ref(), lock.is_some(), unmanaged.as_deref(), world)?;
    match converge(intent, world, layers, &root, &rules_d, run_dir.as_ref(), &met) {
        Ok(mut applied) => {
            applied.take_in(met);
            applied.leave_record(intent, world);
            applied.reset_lost(intent, world);
            Ok(applied)
        }
        Err(problems) if met.changed => {
            let mut refused = Applied::refused(problems, unmanaged, met);
            refused.leave_record(intent, world);
            Ok(refused)
        }
        Err(problems) => Err(problems),
    }
}

/// Makes the host agree with the request, once nothing of an earlier run is in the way.
fn converge(
    intent: &ApplyIntent,
    world: &mut World<'_>,
    layers: Layers,
    root: &Root,
    rules_d: &Directory,
    run_dir: Option<&Directory>,
    met: &Met,
) -> Result<Applied, Vec<Problem>> {
    let mut warnings: Vec<Warning> = layers.warning.clone().into_iter().collect();
    let before = match &mut world.kernel {
        // Check mode plans from what the run finds after it has taken a killed run's change back.
        Some(_) if layers.kernel && met.planned.as_ref().is_some_and(|back| back.before.is_some()) => {
            met.planned.as_ref().and_then(PlannedBack::after)
        }
        Some(kernel) if layers.kernel => Some(kernel_state(*kernel).map_err(|error| vec![error.into()])?),
        _ => None,
    };
    lost::check(intent, &layers, before.as_ref())?;
    let (desired, length) = desired::desired_here(intent, root, rules_d, world, &layers, before.as_ref())?;
    warnings.extend(desired.warnings);
    let mut target = desired.target;
    if !layers.files {
        target.files.clear();
    }
    let path = |name: &DropInName| intent.place.rules_dir.join(name.file_name()).display().to_string();
    let named: Vec<String> = intent.goal.names().into_iter().map(path).collect();
    waiting::remember(&mut target, &named, before.as_ref(), run_dir)?;
    warnings.extend(stuck::leave(&mut target, before.as_ref(), root, &world.machine));
    let watches = before.as_ref().and_then(|before| Watches::look(root, run_dir, world, before, &target));
    if let Some((watches, before)) = watches.as_ref().zip(before.as_ref()) {
        target.silent = watches.silent(before, &target);
        warnings.extend(Watches::covered(root, &target, &world.machine));
    }
    let mut plan = plan(&target, before.as_ref());
    let pending = hold_back(intent, &layers, before.as_ref(), &mut plan)?;
    warnings.extend(locked_out::check(desired.unasked, intent.lock_anyway, &plan, before.as_ref())?);
    if let Some(before) = &before {
        check_settings(intent, before, &target, &mut warnings)?;
        warnings.extend(about::not_recording(before, &plan, &target));
        warnings.extend(about::early_processes(&target, root));
        warnings.extend(about::kernel(before, &target, &world.machine));
        warnings.extend(about::shadowed_by_foreign(before, &plan, &target, &world.machine));
    }
    let mut obstacles = file_steps::Directories::of(root, &plan.files).map_err(file)?.obstacles(&plan.files);
    let length = file_steps::length_after(&plan.files, &intent.place.rules_dir, length);
    obstacles.extend(length.and_then(|length| too_large_together(rules_d, length)).map(|e| What::File(e).into()));
    if !obstacles.is_empty() {
        return Err(obstacles);
    }
    let irreversible =
        |step: &&crate::plan::settings::SettingStep| crate::desired::is_irreversible(step.name, step.after);
    warnings.extend(about::not_there_yet(intent, &desired.skipped));
    warnings.extend(plan.settings.iter().filter(irreversible).map(|step| Warning::Irreversible { name: step.name }));

    let digests = (intent.check_mode || intent.plan_id.is_some()).then(|| Digests {
        kernel: before.as_ref().map(|before| target.digest(before)),
        at_boot: desired.at_boot.as_ref().map(|(rules, settings)| digest_at_boot(rules.iter().cloned(), settings)),
    });
    let plan_id =
        digests.as_ref().map(|known| PlanId::of(&plan, &pending, known.kernel.as_deref(), known.at_boot.as_deref()));
    approve(intent, plan_id.as_ref())?;
    if !plan.is_empty() {
        warnings.extend(undo::expected(&plan, &pending, before.as_ref()));
    }
    if !intent.check_mode {
        waiting::note(&pending, &named, before.as_ref(), run_dir)?;
    }
    let mut applied = Applied {
        plan,
        pending,
        end: End::Planned,
        target,
        now: before.clone(),
        before,
        unmanaged: layers.unmanaged,
        skipped: desired.skipped,
        deduplicated: desired.deduplicated,
        warnings,
        undo: None,
        expedited: false,
        backups: Vec::new(),
        at_boot: desired.at_boot,
        has_taken_back: false,
        planned_back: None,
        record: None,
        lost: None,
        plan_id,
        digests,
    };
    if applied.plan.is_empty() {
        applied.end = unchanged(&applied);
    } else if !intent.check_mode {
        carry_out(intent, world, root, run_dir.filter(|_| !met.keeps_journal), &mut applied);
    }
    let is_good = matches!(applied.end, End::Unchanged(_) | End::Applied(_)) && !intent.check_mode;
    if let (Some(watches), Some(now), Some(run_dir), true) = (watches, &applied.now, run_dir, is_good) {
        applied.warnings.extend(watches.note(&applied.plan, now, run_dir));
    }
    Ok(applied)
}

/// Whether the plan is the one that was approved, where one was.
fn approve(intent: &ApplyIntent, found: Option<&PlanId>) -> Result<(), Vec<Problem>> {
    let changed = intent.plan_id.as_ref().zip(found).map(|(approved, found)| approved.changed_in(found));
    match changed.filter(|what| !what.is_empty()) {
        Some(what) => Err(vec![Problem::at_pointer(PolicyError::PlanChanged { what }.into(), "/plan_id")]),
        None => Ok(()),
    }
}

/// Carries out a plan that has steps.
fn carry_out(
    intent: &ApplyIntent,
    world: &mut World<'_>,
    root: &Root,
    journals: Option<&Directory>,
    applied: &mut Applied,
) {
    let Applied { target, plan, before, .. } = applied;
    let changed = change::change(intent, root, journals, world, target, plan, before.as_ref());
    applied.warnings.extend(changed.warnings);
    applied.expedited = changed.expedited;
    applied.backups = changed.backups;
    applied.now = changed.now;
    applied.plan.files = changed.files;
    match &changed.end {
        End::Applied(settled) => applied.pending.clone_from(settled.pending()),
        End::Stranded(_) if intent.target != Layer::Runtime && !changed.pending.is_quiet() => {
            applied.pending = changed.pending;
        }
        _ => {}
    }
    if matches!(changed.end, End::Applied(_)) {
        match undo::undo(&applied.plan, &applied.pending, applied.before.as_ref(), applied.now.as_ref()) {
            Ok(undo) => applied.undo = Some(undo),
            // It may have grown by what others wrote meanwhile.
            Err(warning) => {
                applied.warnings.retain(|known| !matches!(known, Warning::NoUndo { .. }));
                applied.warnings.push(warning);
            }
        }
    }
    applied.end = changed.end;
}

/// The end of a run that has nothing to do: the look from which it was planned is its last one.
fn unchanged(applied: &Applied) -> End {
    let Some(now) = applied.now.clone() else { return End::Unchanged(Settled::of_files()) };
    let is_locked = now.status.is_locked();
    Settled::of(&applied.target, now, is_locked).map_or_else(
        |_| {
            End::Stranded(vec![
                PolicyError::NotAsDeclared { difference: "rules are missing".to_owned() }.into_problem(),
            ])
        },
        End::Unchanged,
    )
}

fn file(error: FileError) -> Vec<Problem> {
    vec![Problem::from(What::File(error))]
}

/// Takes away what killed runs left half-way beside drop-ins, `audit.rules`, journal and note.
fn remove_stale(
    root: &Root,
    rules_d: &Directory,
    intent: &ApplyIntent,
    run_dir: Option<&Directory>,
    held: &Lock,
) -> Result<(), Vec<Problem>> {
    let above = intent.place.rules_dir.parent().filter(|above| above.parent().is_some());
    let above = above.map(|above| root.directory(above)).transpose().map_err(file)?;
    for directory in [Some(rules_d), above.as_ref(), run_dir].into_iter().flatten() {
        directory.remove_stale(held).map_err(file)?;
    }
    Ok(())
}

/// Takes out of a plan what only a reboot can bring: on a locked kernel everything but the files, and a locked feature.
fn hold_back(
    intent: &ApplyIntent,
    layers: &Layers,
    before: Option<&KernelState>,
    plan: &mut Plan,
) -> Result<Plan, Vec<Problem>> {
    let Some(before) = before else { return Ok(Plan::default()) };
    let waits = before.status.is_locked();
    if waits && !plan.is_quiet() && (intent.on_locked == OnLocked::Fail || !layers.files) {
        return Err(vec![PolicyError::Locked.into_problem()]);
    }
    Ok(settled::hold_back(plan, before, waits))
}

/// Settings that this kernel does not have, or would refuse.
fn check_settings(
    intent: &ApplyIntent,
    kernel: &KernelState,
    target: &Target,
    warnings: &mut Vec<Warning>,
) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    let held = kernel.settings();
    for (name, value) in target.settings.iter() {
        let pointer = intent.goal.setting_pointer(name);
        if name == Name::BacklogWaitTime && value > MOST_WAIT {
            let error = PolicyError::WaitTime { jiffies: value, most: MOST_WAIT };
            problems.push(Problem::at_pointer(error.into(), &pointer));
        }
        if held.get(name).is_none() {
            if matches!(intent.goal, Goal::Present(_) | Goal::Exact(..)) {
                let error = PolicyError::NoSuchSetting { setting: name.text() };
                problems.push(Problem::at_pointer(error.into(), &pointer));
            } else {
                warnings.push(Warning::NoSuchSetting { name });
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
