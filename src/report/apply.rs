//! The report of a request to apply.

use std::collections::BTreeMap;

use super::bound::ENTRIES;
use super::diff::DiffText;
use super::text::sentences;
use super::{
    BecauseReport, ControlReport, DeduplicatedReport, Diff, ErrorReport, FileActionReport, FileReport, KernelDo,
    KernelStepReport, Outcome, PendingReport, PlanReport, Report, RulesReport, RuntimeReport, SkippedReport, Undo,
};
use crate::apply::{Applied, End, Ended};
use crate::auditctl::canonical_lossy;
use crate::augenrules::RULES_DIR;
use crate::desired::{Skipped, Warning};
use crate::error::Problem;
use crate::intent::{ApplyIntent, Goal};
use crate::lines::lines;
use crate::plan::files::{FileAction, FileStep};
use crate::plan::rules::{Because, Doing, RuleStep};
use crate::plan::settings::SettingStep;
use crate::plan::{self, Plan};
use crate::request::{KernelChoice, Operation, State, Target};
use crate::rule::Machine;

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Unchanged => Self::Unchanged,
            Ended::Planned => Self::Planned,
            Ended::Applied => Self::Applied,
            Ended::Staged => Self::Staged,
            Ended::RolledBack => Self::RolledBack,
            Ended::Stranded => Self::Stranded,
            Ended::Failed => Self::Failed,
        }
    }
}

impl Report {
    /// The report of what a request to apply came to.
    #[must_use]
    pub fn applied(intent: &ApplyIntent, mut applied: Applied, machine: &Machine) -> Self {
        let undo = applied.undo.take().map(|snapshot| undo(intent, snapshot));
        let applied = &applied;
        let (outcome, changed) = (Outcome::from(applied.ended()), applied.has_changed());
        let problems = match &applied.end {
            End::Refused(problems) | End::RolledBack(problems) | End::Stranded(problems) => problems.as_slice(),
            End::Unchanged(_) | End::Planned | End::Applied(_) => &[],
        };
        let failed = matches!(outcome, Outcome::Failed | Outcome::RolledBack | Outcome::Stranded);
        let mut diff = DiffText::default();
        if intent.diff {
            let root = intent.place.said_root();
            if let Some(back) = &applied.planned_back {
                let is_own = |step: &FileStep| applied.plan.files.iter().any(|own| own.path == step.path);
                let mut plan = back.plan.clone();
                plan.files.retain(|step| !is_own(step));
                diff.add(&plan, back.before.as_ref(), root, machine);
            }
            diff.add(&applied.plan, applied.before.as_ref(), root, machine);
        }
        let diff = diff.into_text();
        let rules = rules(applied, machine);
        Self {
            changed,
            failed,
            diff: (!diff.is_empty()).then_some(Diff { prepared: diff }),
            plan: Some(steps(applied, intent.backup, machine)),
            backup_file: applied.backup_file(),
            record: applied.record.clone(),
            reset_lost: applied.lost,
            plan_id: applied.plan_id.as_ref().filter(|_| intent.check_mode).map(ToString::to_string),
            runtime: Some(RuntimeReport {
                managed: applied.unmanaged.is_none(),
                reason: applied.unmanaged.clone(),
                locked: applied.now.as_ref().is_some_and(|now| now.status.is_locked()),
                expedited: applied.expedited,
                rules: None,
            }),
            digest: digest(applied),
            reboot_required: !applied.pending.is_quiet(),
            pending: pending(&applied.pending, machine),
            warnings: applied.warnings.iter().map(Warning::sentence).collect(),
            errors: problems.iter().map(ErrorReport::from).collect(),
            undo,
            omitted: omitted(applied),
            ..Self::quiet(message(intent, applied, &rules, outcome, problems), outcome)
        }
        .with_rules(rules)
        .bounded()
    }

    fn with_rules(mut self, rules: RulesReport) -> Self {
        self.rules = Some(rules);
        self
    }
}

/// The digest of what the kernel holds; of what the next boot loads, where the kernel is not managed.
fn digest(applied: &Applied) -> Option<String> {
    // Where nothing was changed, what was before is now.
    let known = applied.digests.as_ref().filter(|_| matches!(applied.end, End::Planned | End::Unchanged(_)));
    match &applied.now {
        Some(now) => known.and_then(|known| known.kernel.clone()).or_else(|| Some(applied.target.digest(now))),
        None => known.and_then(|known| known.at_boot.clone()).or_else(|| {
            let (rules, settings) = applied.at_boot.as_ref()?;
            Some(plan::digest_at_boot(rules.iter().cloned(), settings))
        }),
    }
}

fn undo(intent: &ApplyIntent, snapshot: crate::snapshot::Snapshot) -> Undo {
    let place = &intent.place;
    Undo {
        operation: Operation::Apply,
        state: State::Restored,
        root: place.said_root().map(|root| root.display().to_string()),
        kernel: (intent.kernel != KernelChoice::Auto).then_some(intent.kernel),
        rules_dir: (place.rules_dir.as_os_str() != RULES_DIR).then(|| place.rules_dir.display().to_string()),
        target: (intent.target != Target::Auto).then_some(intent.target),
        snapshot,
    }
}

/// How many entries the lists of [`rules`] lack, by their pointers: what is not told is not made.
fn omitted(applied: &Applied) -> BTreeMap<String, usize> {
    let lists = [("/rules/skipped", applied.skipped.len()), ("/rules/deduplicated", applied.deduplicated.len())];
    let long = lists.into_iter().filter(|(_, length)| *length > ENTRIES);
    let mut omitted = BTreeMap::new();
    omitted.extend(long.map(|(pointer, length)| (pointer.to_owned(), length - ENTRIES)));
    omitted
}

fn rules(applied: &Applied, machine: &Machine) -> RulesReport {
    let loaded = applied.now.as_ref().map(|now| now.rules.as_slice());
    let tally = applied.target.tally(loaded.unwrap_or_default());
    let missing = || tally.missing.iter().map(|rule| canonical_lossy(rule, machine)).collect();
    RulesReport {
        desired: tally.desired,
        loaded: loaded.map(|_| tally.loaded),
        missing: if loaded.is_some() { missing() } else { Vec::new() },
        skipped: applied.skipped.iter().take(ENTRIES).map(SkippedReport::from).collect(),
        deduplicated: applied
            .deduplicated
            .iter()
            .take(ENTRIES)
            .map(|d| DeduplicatedReport { rule: d.line.to_string(), same_as: d.same_as.to_string() })
            .collect(),
        foreign: loaded.map(|_| tally.foreign),
        out_of_order: tally.out_of_order.map(|rule| canonical_lossy(rule, machine)),
    }
}

impl From<&Skipped> for SkippedReport {
    fn from(skipped: &Skipped) -> Self {
        let why = Problem::from(skipped.why.what());
        Self {
            rule: skipped.line.to_string(),
            reason: why.message(),
            kind: why.kind().to_owned(),
            file: skipped.place.file.as_deref().map(str::to_owned),
            line: skipped.place.line,
        }
    }
}

impl Applied {
    /// The dated copy, where the run made one and no more.
    fn backup_file(&self) -> Option<String> {
        let mut dated =
            self.backups.iter().map(|(_, copy)| copy.display().to_string()).filter(|copy| copy.ends_with('~'));
        dated.next().filter(|_| dated.next().is_none())
    }
}

/// The steps; `tells_copies` is whether copies of the files were asked for.
fn steps(applied: &Applied, tells_copies: bool, machine: &Machine) -> PlanReport {
    let plan = &applied.plan;
    let copy_of = |step: &FileStep| {
        let copy = applied.backups.iter().find(|(kept, _)| tells_copies && *kept == step.path);
        copy.map(|(_, copy)| copy.display().to_string())
    };
    PlanReport {
        files: plan.files.iter().map(|step| FileReport { backup: copy_of(step), ..FileReport::from(step) }).collect(),
        kernel: plan.rules.iter().map(|step| kernel_step(step, machine)).collect(),
        control: plan.settings.iter().map(ControlReport::from).collect(),
    }
}

impl From<&FileStep> for FileReport {
    fn from(step: &FileStep) -> Self {
        let action = match step.action() {
            FileAction::Create => FileActionReport::Create,
            FileAction::Replace => FileActionReport::Replace,
            FileAction::Permit => FileActionReport::Permissions,
            FileAction::Remove => FileActionReport::Remove,
        };
        Self { path: step.path.display().to_string(), action, backup: None }
    }
}

fn kernel_step(step: &RuleStep, machine: &Machine) -> KernelStepReport {
    KernelStepReport {
        what: if step.doing == Doing::Unload { KernelDo::Unload } else { KernelDo::Load },
        rule: canonical_lossy(&step.rule, machine),
        because: match step.because {
            Because::Missing => BecauseReport::Missing,
            Because::Replaced => BecauseReport::Replaced,
            Because::Order => BecauseReport::Order,
            Because::Silent => BecauseReport::Silent,
            Because::NoLongerWanted => BecauseReport::NoLongerWanted,
            Because::Purged => BecauseReport::Purged,
            Because::Restored => BecauseReport::Restored,
        },
        first: step.doing == Doing::Prepend,
    }
}

impl From<&SettingStep> for ControlReport {
    fn from(step: &SettingStep) -> Self {
        Self { setting: step.name.text().to_owned(), before: step.before, after: step.after }
    }
}

/// What the next boot does, as the plan would do it now.
fn pending(pending: &Plan, machine: &Machine) -> PendingReport {
    let texts = |wanted: &dyn Fn(&RuleStep) -> bool| -> Vec<String> {
        pending.rules.iter().filter(|step| wanted(step)).map(|step| canonical_lossy(&step.rule, machine)).collect()
    };
    PendingReport {
        load: texts(&|step| step.doing != Doing::Unload && step.because != Because::Order),
        unload: texts(&|step| step.doing == Doing::Unload && !step.because.loads_again()),
        order: texts(&|step| step.doing != Doing::Unload && step.because == Because::Order),
        control: pending.settings.iter().map(ControlReport::from).collect(),
    }
}

fn message(
    intent: &ApplyIntent,
    applied: &Applied,
    rules: &RulesReport,
    outcome: Outcome,
    problems: &[Problem],
) -> String {
    let subject = match &intent.goal {
        Goal::Restored(..) => "restored".to_owned(),
        goal => match goal.names().as_slice() {
            [] => "rules.d".to_owned(),
            several if several.len() > 3 => format!("{} drop-ins", several.len()),
            few => few.iter().map(|name| name.stem()).collect::<Vec<_>>().join(", "),
        },
    };
    let first = problems.first().map_or_else(String::new, Problem::sentence);
    let state = match outcome {
        Outcome::Unchanged => match &applied.unmanaged {
            None => format!("{} of {} rules loaded, nothing to do", rules.loaded.unwrap_or_default(), rules.desired),
            Some(_) => "nothing to do".to_owned(),
        },
        Outcome::Planned if applied.plan.is_empty() => "an interrupted change to take back".to_owned(),
        Outcome::Planned => counts(&applied.plan, Tense::ToCome),
        Outcome::Applied if applied.plan.is_empty() => "an interrupted change was taken back".to_owned(),
        Outcome::Applied => counts(&applied.plan, Tense::Done),
        Outcome::Staged => {
            let files = if applied.plan.files.is_empty() { "still waits" } else { "staged on disk" };
            format!("the kernel is locked: {files} for the next boot: {}", waiting(&applied.pending))
        }
        Outcome::RolledBack => format!("{first}; taken back, the host is as before"),
        Outcome::Stranded => {
            let rest = sentences(problems.get(1..).unwrap_or_default());
            format!("{first}; the host could not be brought back: {rest}")
        }
        Outcome::Failed => first,
    };
    let skipped = match applied.skipped.len() {
        0 => String::new(),
        count => format!(", {} skipped", lines(count)),
    };
    format!("{subject}: {state}{skipped}")
}

/// How much waits, in words: a rule that only changes its place is neither loaded nor unloaded.
fn waiting(pending: &Plan) -> String {
    let is_move = |step: &RuleStep| step.because == Because::Order;
    let moves = pending.rules.iter().filter(|step| is_move(step) && step.doing != Doing::Unload).count();
    let rules = pending.rules.iter().filter(|step| !is_move(step)).cloned().collect();
    let rest = counts(&Plan { rules, ..pending.clone() }, Tense::ToCome);
    let plural = if moves == 1 { "" } else { "s" };
    match moves {
        0 => rest,
        _ if rest.is_empty() => format!("{moves} rule{plural} to move"),
        _ => format!("{rest}, {moves} rule{plural} to move"),
    }
}

/// Whether something was done or is to come.
#[derive(Clone, Copy)]
enum Tense {
    Done,
    ToCome,
}

/// How much there is of what, in words.
fn counts(plan: &Plan, tense: Tense) -> String {
    let (again, others): (Vec<&RuleStep>, Vec<&RuleStep>) =
        plan.rules.iter().partition(|step| step.because == Because::Silent);
    let loads_of = |steps: &[&RuleStep]| steps.iter().filter(|step| step.doing != Doing::Unload).count();
    let (loads, again) = (loads_of(&others), loads_of(&again));
    let unloads = others.len() - loads;
    let removed = plan.files.iter().filter(|step| step.after.is_none()).count();
    let written = plan.files.len() - removed;
    let part = |count: usize, noun: &str, done: &str, to_come: &str| {
        let plural = if count == 1 { "" } else { "s" };
        let verb = match tense {
            Tense::Done => done,
            Tense::ToCome => to_come,
        };
        (count > 0).then(|| format!("{count} {noun}{plural} {verb}"))
    };
    let parts = [
        part(loads, "rule", "loaded", "to load"),
        part(unloads, "rule", "unloaded", "to unload"),
        part(again, "silent rule", "loaded anew", "to load anew"),
        part(written, "file", "written", "to write"),
        part(removed, "file", "removed", "to remove"),
        part(plan.settings.len(), "setting", "set", "to set"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
