//! Differences as failures, where the request asks for that.

use std::rc::Rc;

use super::summary::{counted, rules, unlike};
use super::{of_line, of_rule};
use crate::boot_load::{Failing, Spot};
use crate::desired::{Swallowed, Writable};
use crate::drift::{AtBoot, Cause, Drift, FileRule, SettingView};
use crate::error::{Place, PolicyError, Problem};
use crate::gather::{Gathered, HeldFiles, HeldKernel};
use crate::lines::lines;
use crate::report::gather::DifferenceReport;
use crate::rule::Machine;

const NOT_AT_BOOT: &str = "not loaded at the next boot";

/// The line for people: in what files, kernel and next boot differ.
pub fn message(gathered: &Gathered) -> String {
    let Some(files) = gathered.files.read() else { return String::new() };
    let clause = |count: usize, text: &dyn Fn() -> String| (count > 0).then(text);
    let drift = gathered.drift.as_ref();
    let count = |of: &dyn Fn(&Drift) -> usize| drift.map_or(0, of);
    let (missing, moved) = (count(&|drift| drift.missing_in_runtime.len()), count(&|drift| drift.order.len()));
    let (foreign, silent) = (count(&|drift| drift.missing_in_filesystem.len()), count(&|drift| drift.silent.len()));
    let lost = || files.boot.asked.iter().filter(|asked| asked.counts() && asked.at_boot != AtBoot::Loaded).count();
    let vanishing = drift.map_or_else(lost, |drift| drift.missing_at_boot.len());
    let loaded = gathered.kernel.read().map_or(0, |kernel| kernel.state.rules.len());
    let tolerated = tolerated(files).count();
    let hidden = files.swallowed.iter().filter(|line| line.rule.is_none()).count();
    let clauses = [
        clause(missing, &|| format!("{missing} of {} not loaded", rules(counted(files)))),
        clause(foreign, &|| format!("{foreign} of {} in no file", rules(loaded))),
        clause(vanishing, &|| format!("{vanishing} of {} {NOT_AT_BOOT}", rules(counted(files)))),
        clause(moved, &|| format!("{moved} in another order")),
        clause(silent, &|| format!("{silent} of {} silent", rules(counted(files)))),
        unlike(gathered),
        files.boot.stop().map(|(failing, _)| format!("the next boot stops at {}", failing.spot)),
        clause(tolerated, &|| format!("{} fail at the next boot", lines(tolerated))),
        clause(hidden, &|| format!("{} part of a comment", lines(hidden))),
        gathered.interrupted.as_ref().map(|interrupted| format!("a run (process {}) was interrupted", interrupted.pid)),
        clause(files.writable.len(), &|| format!("others may write {}", files.writable[0].path)),
    ];
    format!("drift: {}", clauses.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// Every difference.
pub fn problems(gathered: &Gathered, machine: &Machine) -> Vec<Problem> {
    let Some(files) = gathered.files.read() else { return Vec::new() };
    let mut problems = match (&gathered.drift, gathered.kernel.read()) {
        (Some(drift), Some(kernel)) => differences(files, drift, kernel, machine),
        _ => left_out(files, machine),
    };
    if let Some((failing, unread)) = files.boot.stop() {
        let place = Place {
            rule: Some(String::from_utf8_lossy(&failing.text).into()),
            file: Some(Rc::clone(&failing.spot.file)),
            line: Some(failing.spot.line),
            ..Place::default()
        };
        let what = format!("the next boot stops here, with {} after it", lines(unread));
        problems.push(Problem::at(PolicyError::NotInSync { what, why: failing.trouble.sentence() }, place));
    }
    problems.extend(tolerated(files));
    problems.extend(files.swallowed.iter().filter(|line| line.rule.is_none()).map(swallowed));
    problems.extend(exposed(gathered));
    problems.extend(interrupted(gathered));
    let is_kernel_read = gathered.kernel.read().is_some();
    let unlike = gathered.settings.iter().filter(|view| !view.agrees());
    problems.extend(unlike.map(|view| setting(view, is_kernel_read)));
    problems
}

/// A run that was killed in the middle of its change.
pub fn interrupted(gathered: &Gathered) -> Option<Problem> {
    let interrupted = gathered.interrupted.as_ref()?;
    let (what, why) = ("interrupted_run".to_owned(), interrupted.sentence());
    Some(Problem::from(PolicyError::NotInSync { what, why }))
}

/// The files that others than root may write; with an expectation, those that have its rules.
pub fn exposed(gathered: &Gathered) -> Vec<Problem> {
    let Some(files) = gathered.files.read() else { return Vec::new() };
    let counts = |path: &str| {
        let rules = gathered.expect.as_ref().map(|expect| &expect.rules);
        let has = |spot: &Option<Spot>| spot.as_ref().is_some_and(|spot| *spot.file == *path);
        rules.is_none_or(|rules| rules.iter().any(|evidence| has(&evidence.on_disk)))
    };
    let writable = files.writable.iter().filter(|file| counts(&file.path));
    let problem = |file: &Writable| {
        let place = Place { file: Some(file.path.as_str().into()), ..Place::default() };
        Problem::at(
            PolicyError::NotInSync { what: "others than root may write it".to_owned(), why: file.message() },
            place,
        )
    };
    writable.map(problem).collect()
}

/// What the files alone tell: the lines that the next boot does not load, but for those at and after its stop, which has a
/// problem of its own.
fn left_out(files: &HeldFiles, machine: &Machine) -> Vec<Problem> {
    let stop = files.boot.stop().map(|(failing, _)| &failing.spot);
    let lines = files.boot.asked.iter().filter(|asked| asked.counts() && Some(&asked.spot) != stop);
    let problem = |asked: &FileRule| {
        let cause = asked.at_boot.cause().filter(|cause| !matches!(cause, Cause::AfterStop(_)))?;
        let found = of_line(asked, &cause, machine);
        let place = Place {
            rule: Some(found.rule.into()),
            file: found.file.map(Rc::from),
            line: found.line,
            ..Place::default()
        };
        Some(Problem::at(PolicyError::NotInSync { what: NOT_AT_BOOT.to_owned(), why: found.why }, place))
    };
    lines.filter_map(problem).collect()
}

/// A line without a rule that is a part of a comment; rules are among the rules.
fn swallowed(line: &Swallowed) -> Problem {
    let place = Place {
        rule: Some(String::from_utf8_lossy(&line.text).into()),
        file: Some(Rc::clone(&line.spot.file)),
        line: Some(line.spot.line),
        ..Place::default()
    };
    let (what, why) = ("without effect at the next boot".to_owned(), Cause::Swallowed(line.comment.clone()).sentence());
    Problem::at(PolicyError::NotInSync { what, why }, place)
}

/// The lines that fail and that the load passes over, where they are no rules: those are among the rules.
fn tolerated(files: &HeldFiles) -> impl Iterator<Item = Problem> {
    let asked = files.boot.asked_at();
    let is_rule = move |failing: &Failing| asked.contains(&failing.spot);
    let failing = files.boot.loaded().1.failing.iter().filter(|failing| failing.is_tolerated_loss());
    failing.filter(move |failing| !is_rule(failing)).map(|failing| {
        let place = Place {
            rule: Some(String::from_utf8_lossy(&failing.text).into()),
            file: Some(Rc::clone(&failing.spot.file)),
            line: Some(failing.spot.line),
            ..Place::default()
        };
        let what = "the next boot fails here and goes on".to_owned();
        Problem::at(PolicyError::NotInSync { what, why: failing.trouble.sentence() }, place)
    })
}

fn differences(files: &HeldFiles, drift: &Drift, kernel: &HeldKernel, machine: &Machine) -> Vec<Problem> {
    let line = |(line, cause): &(usize, Cause)| Some(of_line(files.boot.asked.get(*line)?, cause, machine));
    let loaded = |(at, cause): &(usize, Cause)| Some(of_rule(kernel.state.rules.get(*at)?, cause, machine));
    let mut problems = Vec::new();
    let mut add = |what: &str, difference: DifferenceReport| {
        let error = PolicyError::NotInSync { what: what.to_owned(), why: difference.why };
        let place = Place {
            rule: Some(difference.rule.into()),
            file: difference.file.map(Rc::from),
            line: difference.line,
            ..Place::default()
        };
        problems.push(Problem::at(error, place));
    };
    drift.missing_in_runtime.iter().filter_map(line).for_each(|difference| add("not loaded", difference));
    drift.missing_in_filesystem.iter().filter_map(loaded).for_each(|difference| add("in no file", difference));
    drift.missing_at_boot.iter().filter_map(line).for_each(|difference| add(NOT_AT_BOOT, difference));
    let moved = drift.order.iter().filter_map(|at| files.boot.asked.get(*at));
    moved.for_each(|asked| add("in the wrong place", of_line(asked, &Cause::OutOfPlace, machine)));
    drift.silent.iter().filter_map(line).for_each(|difference| add("silent", difference));
    problems
}

fn setting(view: &SettingView, is_kernel_read: bool) -> Problem {
    let said = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    let running = if is_kernel_read { format!("{} in the kernel, ", said(view.running)) } else { String::new() };
    if view.is_off {
        let why = "auditing is off while rules are loaded, and no file says so: nothing is recorded".to_owned();
        return Problem::from(PolicyError::NotInSync { what: view.key.text().to_owned(), why });
    }
    let why = format!("{} in the files, {running}{} at the next boot", said(view.on_disk), said(view.next_boot));
    let place = Place {
        file: view.decided_by.as_ref().map(|spot| Rc::clone(&spot.file)),
        line: view.decided_by.as_ref().map(|spot| spot.line),
        ..Place::default()
    };
    Problem::at(PolicyError::NotInSync { what: view.key.text().to_owned(), why }, place)
}
