//! What `gather` found, as a report.

mod files;
mod not_in_sync;
mod running;
mod summary;

use super::apply_request::ApplyRequest;
use super::bound::{Omitted, RULES};
use super::culprit::CulpritReport;
use super::expected::{self, ExpectedReport};
use super::gather::{DifferenceReport, DriftReport, OverruledReport, SettingReport, SettingsReport};
use super::recorded::{AccountNames, LogReport};
use super::rule::{RuleReports, id, text_of};
use super::{ControlReport, ErrorReport, Outcome, PendingReport, Report, RuntimeReport};
use crate::auditctl::canonical_lossy;
use crate::boot_load::Failing;
use crate::desired::Warning;
use crate::drift::{AtBoot, Cause, Drift, FileRule, Key, NextBoot, SettingView};
use crate::error::Problem;
use crate::events::Culprit;
use crate::gather::{Culprits, Gathered, LogRead, Reading};
use crate::intent::GatherIntent;
use crate::plan::rules::RuleForms;
use crate::plan::{self, KernelState};
use crate::request::OnDrift;
use crate::rule::{Machine, Rule};

impl Report {
    /// The report of what was gathered.
    #[must_use]
    pub fn gathered(intent: &GatherIntent, mut gathered: Gathered, machine: &Machine) -> Self {
        let in_sync = in_sync(&gathered).filter(|in_sync| !*in_sync || !is_conditional(&gathered));
        let mut report = Self::quiet(summary::message(&gathered, in_sync), Outcome::Unchanged);
        let mut exposed = not_in_sync::exposed(&gathered);
        exposed.extend(not_in_sync::interrupted(&gathered));
        report.in_sync = match &gathered.expect {
            Some(_) if !exposed.is_empty() || gathered.interrupted.is_some() => Some(false),
            Some(expect) => expect.in_sync(),
            None => in_sync,
        };
        // Whether the boot loads anything cannot be told then.
        if report.in_sync == Some(true) && is_conditional(&gathered) {
            report.in_sync = None;
        }
        let mut omitted = Omitted::default();
        report.warnings = omitted.first("/warnings", gathered.warnings.iter().map(Warning::sentence));
        report.pending = pending(&gathered, &mut omitted, machine);
        report.reboot_required = report.pending != PendingReport::default();
        let loaded = gathered.kernel.read().into_iter().flat_map(|kernel| &kernel.state.rules);
        let reports = RuleReports::of_loaded(loaded.take(RULES), machine);
        report.runtime = runtime(&gathered, &mut omitted, &reports);
        if let Reading::Read(held) = &gathered.kernel {
            report.status = Some(running::status(held));
            report.features = Some(running::features(held));
            report.managers = Some(running::managers(held));
        }
        let drift = gathered.drift.as_ref();
        if let Reading::Read(held) = &mut gathered.files {
            report.filesystem = Some(files::filesystem(held, drift, &mut omitted, &reports));
            report.boot_loader =
                Some(files::boot_loader(&held.observed.files.loader, &held.observed.reader.facts().installed));
            report.next_boot = Some(files::next_boot(held, &mut omitted, &reports));
            let accounts =
                gathered.culprits.as_ref().map(|_| AccountNames::of_host(&held.observed.reader.facts().accounts));
            let told = Told { culprits: gathered.culprits.as_ref().zip(accounts.as_ref()), machine };
            report.settings = Some(settings(&gathered.settings, &told));
            let expect = intent.expect.as_ref();
            let state = gathered.kernel.read().map(|kernel| &kernel.state);
            let verified = gathered.expect.as_ref();
            report.expect = verified.map(|verified| ExpectedReport::of(verified, expect, &held.boot, state, machine));
            let labelled_settings = verified.map_or(&[][..], |verified| &verified.settings);
            let labels = expected::by_label(&gathered.labelled, labelled_settings, expect, machine);
            report.labels = (!labels.is_empty()).then_some(labels);
            let kernel = gathered.kernel.read().map(|kernel| &kernel.state);
            report.drift = drift.zip(kernel).map(|(drift, kernel)| {
                drift_report(&held.boot, drift, kernel, &gathered.settings, &mut omitted, &told)
            });
            report.logs = gathered.culprits.as_ref().filter(|culprits| !culprits.logs.is_empty()).map(logs);
        }
        report.digest = digest(&gathered);
        let mut problems: Vec<Problem> = [gathered.files.problems(), gathered.kernel.problems()].concat();
        if let Some(expect) = &report.expect {
            report.msg = format!("{}; {}", expect.message(), report.msg);
        }
        if problems.is_empty() && intent.on_drift == OnDrift::Fail && report.in_sync == Some(false) {
            if let Some(expect) = &report.expect {
                problems = expect.problems();
                problems.extend(exposed);
            } else {
                problems = not_in_sync::problems(&gathered, machine);
                report.msg = not_in_sync::message(&gathered);
            }
        }
        report.omitted = omitted.into_counts();
        if !intent.details {
            report.shorten();
        }
        if !problems.is_empty() {
            report.failed = true;
            report.outcome = Outcome::Failed;
            report.errors = problems.iter().take(RULES).map(ErrorReport::from).collect();
            report.errors_omitted = problems.len() - report.errors.len();
        }
        report
    }
}

impl Report {
    /// The same with the request that the drop-ins make.
    #[must_use]
    pub fn with_request(mut self, request: Option<ApplyRequest>) -> Self {
        if let Some(request) = &request {
            let count = request.drop_ins.len();
            let drop_ins = if count == 1 { "1 drop-in".to_owned() } else { format!("{count} drop-ins") };
            self.msg = format!("{}; {drop_ins} to be given as a request", self.msg);
        }
        self.request = request;
        self
    }

    /// Leaves out what is as it should be.
    fn shorten(&mut self) {
        self.runtime.iter_mut().for_each(|runtime| runtime.rules = None);
        self.filesystem.iter_mut().for_each(|filesystem| filesystem.files = None);
        self.next_boot.iter_mut().for_each(|boot| boot.rules = None);
        let is_left_out = |list: &str| {
            list.starts_with("/filesystem/files/") || matches!(list, "/runtime/rules" | "/next_boot/rules")
        };
        self.omitted.retain(|list, _| !is_left_out(list));
        let labels = self.labels.iter_mut().flat_map(|labels| labels.values_mut()).map(|label| &mut label.rules);
        let expected = self.expect.iter_mut().map(|expected| &mut expected.rules);
        expected.chain(labels).for_each(|rules| rules.retain(|rule| rule.in_sync == Some(false)));
    }
}

/// Whether there is something to load at boot, and what decides whether it is loaded cannot be judged from files.
fn is_conditional(gathered: &Gathered) -> bool {
    gathered.files.read().is_some_and(|files| {
        let has_any = files.boot.asked.iter().any(FileRule::counts) || !files.boot.whole.settings.is_empty();
        has_any && !files.observed.files.loader.conditions.is_empty()
    })
}

/// Whether files, kernel and next boot agree; none where that cannot be told. The files alone can tell that they do not.
fn in_sync(gathered: &Gathered) -> Option<bool> {
    if gathered.interrupted.is_some() {
        return Some(false);
    }
    let boot = &gathered.files.read()?.boot;
    let is_left_out = boot.asked.iter().any(|asked| asked.counts() && asked.at_boot != AtBoot::Loaded);
    let is_writable = gathered.files.read().is_some_and(|files| !files.writable.is_empty());
    let is_tolerated = boot.loaded().1.failing.iter().any(Failing::is_tolerated_loss);
    let is_swallowed =
        gathered.files.read().is_some_and(|files| files.swallowed.iter().any(|line| line.rule.is_none()));
    if boot.stop().is_some()
        || is_swallowed
        || is_left_out
        || is_tolerated
        || is_writable
        || !gathered.settings.iter().all(SettingView::agrees)
    {
        return Some(false);
    }
    Some(gathered.drift.as_ref()?.is_empty())
}

/// The digest of what the kernel holds; of what the next boot loads, where the kernel was not read.
fn digest(gathered: &Gathered) -> Option<String> {
    let boot = gathered.files.read().map(|files| &files.boot);
    let Some(kernel) = gathered.kernel.read() else {
        let boot = boot?;
        return Some(plan::digest_at_boot(boot.loaded_forms(), &boot.real.settings));
    };
    let wanted = boot.map_or_else(Vec::new, NextBoot::wanted);
    let wanted: Vec<&RuleForms> = wanted.iter().map(|(_, expect)| expect).collect();
    Some(plan::digest(&kernel.state.rules, &wanted, &kernel.state.settings()))
}

fn runtime(gathered: &Gathered, omitted: &mut Omitted, reports: &RuleReports<'_>) -> Option<RuntimeReport> {
    let without = |reason: &str| RuntimeReport {
        managed: false,
        reason: Some(reason.to_owned()),
        locked: false,
        expedited: false,
        rules: None,
    };
    match &gathered.kernel {
        Reading::NotAsked => Some(without("source: filesystem")),
        Reading::Absent(why) => Some(without(why)),
        Reading::Failed(_) => None,
        Reading::Read(kernel) => {
            let origins = gathered.files.read().map(|files| &files.boot).zip(gathered.drift.as_ref());
            Some(RuntimeReport {
                managed: true,
                reason: None,
                locked: kernel.state.status.is_locked(),
                expedited: false,
                rules: Some(omitted.first("/runtime/rules", running::rules(&kernel.state, origins, reports))),
            })
        }
    }
}

/// The files that were read for who made the differences.
fn logs(culprits: &Culprits) -> Vec<LogReport> {
    let log = |(file, read): &(String, LogRead)| LogReport {
        file: file.clone(),
        lines: read.lines,
        bytes: read.bytes,
        compression: read.compression,
        damage: read.damage.clone(),
    };
    culprits.logs.iter().map(log).collect()
}

/// What differences are told with.
struct Told<'a> {
    culprits: Option<(&'a Culprits, &'a AccountNames)>,
    machine: &'a Machine,
}

impl Told<'_> {
    /// Who it was that `of` finds.
    fn culprit(&self, of: impl Fn(&Culprits) -> Option<&Culprit>) -> Option<CulpritReport> {
        let (culprits, accounts) = self.culprits?;
        of(culprits).map(|culprit| CulpritReport::of(culprit, accounts))
    }
}

fn settings(views: &[SettingView], told: &Told<'_>) -> SettingsReport {
    let report = |view: &SettingView| SettingReport {
        on_disk: view.on_disk,
        running: view.running,
        next_boot: view.next_boot,
        decided_by: view.decided_by.as_ref().map(ToString::to_string),
        overruled: view
            .overruled
            .iter()
            .map(|(value, spot)| OverruledReport { value: *value, at: spot.to_string() })
            .collect(),
        culprit: told.culprit(|culprits| culprits.settings.get(&view.key)),
    };
    let mut settings = SettingsReport::new();
    for view in views {
        settings.insert(view.key.text().to_owned(), report(view));
    }
    settings
}

fn drift_report(
    boot: &NextBoot,
    drift: &Drift,
    kernel: &KernelState,
    settings: &[SettingView],
    omitted: &mut Omitted,
    told: &Told<'_>,
) -> DriftReport {
    let machine = told.machine;
    let mut of_lines = |list: &str, lines: &[(usize, Cause)]| -> Vec<DifferenceReport> {
        let asked = |(line, cause): &(usize, Cause)| Some(of_line(boot.asked.get(*line)?, cause, machine));
        omitted.first(list, lines.iter().filter_map(asked))
    };
    let of_rules = |(at, cause): &(usize, Cause)| {
        let culprit = told.culprit(|culprits| culprits.loaded.get(at));
        Some(DifferenceReport { culprit, ..of_rule(kernel.rules.get(*at)?, cause, machine) })
    };
    let unloaded = |(line, cause): &(usize, Cause)| {
        let culprit = told.culprit(|culprits| culprits.unloaded.get(line));
        Some(DifferenceReport { culprit, ..of_line(boot.asked.get(*line)?, cause, machine) })
    };
    let moved: Vec<(usize, Cause)> = drift.order.iter().map(|line| (*line, Cause::OutOfPlace)).collect();
    DriftReport {
        missing_at_boot: of_lines("/drift/missing_at_boot", &drift.missing_at_boot),
        order: of_lines("/drift/order", &moved),
        silent: of_lines("/drift/silent", &drift.silent),
        missing_in_runtime: omitted
            .first("/drift/missing_in_runtime", drift.missing_in_runtime.iter().filter_map(unloaded)),
        missing_in_filesystem: omitted
            .first("/drift/missing_in_filesystem", drift.missing_in_filesystem.iter().filter_map(of_rules)),
        settings: settings.iter().filter(|view| !view.agrees()).map(|view| view.key.text().to_owned()).collect(),
    }
}

fn of_line(asked: &FileRule, cause: &Cause, machine: &Machine) -> DifferenceReport {
    let rule = asked.rule.as_ref().filter(|rule| !rule.line.emptied);
    DifferenceReport {
        rule: text_of(asked, machine),
        id: rule.map(|rule| id(&rule.listed)),
        file: Some(asked.spot.file.to_string()),
        line: Some(asked.spot.line),
        cause: cause.name().to_owned(),
        why: cause.sentence(),
        next_boot: asked.at_boot == AtBoot::Loaded,
        culprit: None,
    }
}

fn of_rule(rule: &Rule, cause: &Cause, machine: &Machine) -> DifferenceReport {
    DifferenceReport {
        rule: canonical_lossy(rule, machine),
        id: Some(id(rule)),
        file: None,
        line: None,
        cause: cause.name().to_owned(),
        why: cause.sentence(),
        next_boot: false,
        culprit: None,
    }
}

/// What a locked kernel waits for.
fn pending(gathered: &Gathered, omitted: &mut Omitted, machine: &Machine) -> PendingReport {
    let kernel = gathered.kernel.read().filter(|kernel| kernel.state.status.is_locked());
    let (Some(kernel), Some(files), Some(drift)) = (kernel, gathered.files.read(), &gathered.drift) else {
        return PendingReport::default();
    };
    let asked = |(line, _): &(usize, Cause)| files.boot.asked.get(*line);
    let comes = drift
        .missing_in_runtime
        .iter()
        .chain(
            drift
                .silent
                .iter()
                .filter(|(_, cause)| matches!(cause, Cause::WatchesElsewhere { .. } | Cause::MountedBelow { .. })),
        )
        .filter_map(asked)
        .filter(|asked| asked.at_boot == AtBoot::Loaded);
    let running = |(at, _): &(usize, Cause)| kernel.state.rules.get(*at).map(|rule| canonical_lossy(rule, machine));
    let vanishes = drift.missing_at_boot.iter().filter_map(asked).map(|asked| text_of(asked, machine));
    let moves = drift.order.iter().filter_map(|line| files.boot.asked.get(*line));
    let change = |view: &SettingView| {
        let (before, after) = (view.running?, view.next_boot?);
        let setting = view.key.text().to_owned();
        (matches!(view.key, Key::Setting(_)) && before != after).then_some(ControlReport { setting, before, after })
    };
    PendingReport {
        load: omitted.first("/pending/load", comes.map(|asked| text_of(asked, machine))),
        unload: omitted
            .first("/pending/unload", drift.missing_in_filesystem.iter().filter_map(running).chain(vanishes)),
        order: omitted.first("/pending/order", moves.map(|asked| text_of(asked, machine))),
        control: gathered.settings.iter().filter_map(change).collect(),
    }
}
