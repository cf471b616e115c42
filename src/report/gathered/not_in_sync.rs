//! Differences as failures, where the request asks for that.

use super::summary::{counted, failed, rules, unlike};
use super::{of_line, of_rule};
use crate::boot_load::Failing;
use crate::drift::{Asked, Cause, Drift, Fate, SettingView};
use crate::error::{Place, PolicyError, Problem};
use crate::gather::{Gathered, HeldFiles, HeldKernel};
use crate::report::gather::DifferenceReport;
use crate::rule::Machine;

const NOT_AT_BOOT: &str = "not loaded at the next boot";

/// The line for people: which source lacks what.
pub fn message(gathered: &Gathered) -> String {
    let Some(files) = gathered.files.read() else { return String::new() };
    let stop = files.boot.stop().map(|(failing, _)| format!("the next boot stops at {}", failing.spot));
    let (Some(drift), Some(kernel)) = (&gathered.drift, gathered.kernel.read()) else {
        let left_out = files.boot.asked.iter().filter(|asked| matches!(asked.fate, Fate::Left(_) | Fate::Fails(_)));
        let left_out = left_out.filter(|asked| asked.counts()).count();
        let left_out = (left_out > 0).then(|| format!("{} of {} {NOT_AT_BOOT}", left_out, rules(counted(files))));
        let said: Vec<String> = stop.or(left_out).into_iter().chain(unlike(gathered)).collect();
        return failed(&said.join("; "), "");
    };
    let clause = |count: usize, text: String| (count > 0).then_some(text);
    let (missing, moved) = (drift.missing_in_runtime.len(), drift.order.len());
    let runtime = [
        clause(missing, format!("{missing} of {} not loaded", rules(counted(files)))),
        clause(moved, format!("{moved} in another order")),
        unlike(gathered),
    ];
    let (foreign, vanishing) = (drift.missing_in_filesystem.len(), drift.missing_at_boot.len());
    let filesystem = [
        clause(foreign, format!("{foreign} of {} in no file", rules(kernel.state.rules.len()))),
        clause(vanishing, format!("{vanishing} not loaded at the next boot")),
        stop,
    ];
    let joined = |clauses: [Option<String>; 3]| clauses.into_iter().flatten().collect::<Vec<_>>().join("; ");
    failed(&joined(filesystem), &joined(runtime))
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
            rule: Some(String::from_utf8_lossy(&failing.text).into_owned()),
            file: Some(failing.spot.file.to_string()),
            line: Some(failing.spot.line),
            pointer: None,
        };
        let what = format!("the next boot stops here, with {unread} lines behind it");
        problems.push(Problem::at(PolicyError::NotInSync { what, why: failing.trouble.sentence() }, place));
    }
    problems.extend(tolerated(files));
    let is_kernel_read = gathered.kernel.read().is_some();
    let unlike = gathered.settings.iter().filter(|view| !view.agrees());
    problems.extend(unlike.map(|view| setting(view, is_kernel_read)));
    problems
}

/// What the files alone tell: the lines that the next boot does not load, but for those at and after its stop, which has a
/// problem of its own.
fn left_out(files: &HeldFiles, machine: &Machine) -> Vec<Problem> {
    let stop = files.boot.stop().map(|(failing, _)| &failing.spot);
    let lines = files.boot.asked.iter().filter(|asked| asked.counts() && Some(&asked.spot) != stop);
    let problem = |asked: &Asked| {
        let cause = match &asked.fate {
            Fate::Fails(trouble) => Cause::Fails(trouble.clone()),
            Fate::Left(gap) => Cause::Left(gap.clone()),
            Fate::Loaded | Fate::Removed | Fate::Behind(_) => return None,
        };
        let found = of_line(asked, &cause, machine);
        let place = Place { rule: Some(found.rule), file: found.file, line: found.line, pointer: None };
        Some(Problem::at(PolicyError::NotInSync { what: NOT_AT_BOOT.to_owned(), why: found.why }, place))
    };
    lines.filter_map(problem).collect()
}

/// The lines that fail and that the load passes over, where they are no rules: those are among the rules.
fn tolerated(files: &HeldFiles) -> impl Iterator<Item = Problem> {
    let is_rule = |failing: &Failing| files.boot.asked.iter().any(|asked| asked.spot == failing.spot);
    let failing = files.boot.loaded().1.failing.iter().filter(|failing| failing.is_tolerated_loss());
    failing.filter(move |failing| !is_rule(failing)).map(|failing| {
        let place = Place {
            rule: Some(String::from_utf8_lossy(&failing.text).into_owned()),
            file: Some(failing.spot.file.to_string()),
            line: Some(failing.spot.line),
            pointer: None,
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
        let place = Place { rule: Some(difference.rule), file: difference.file, line: difference.line, pointer: None };
        problems.push(Problem::at(error, place));
    };
    drift.missing_in_runtime.iter().filter_map(line).for_each(|difference| add("not loaded", difference));
    drift.missing_in_filesystem.iter().filter_map(loaded).for_each(|difference| add("in no file", difference));
    drift.missing_at_boot.iter().filter_map(line).for_each(|difference| add(NOT_AT_BOOT, difference));
    let moved = drift.order.iter().filter_map(|at| files.boot.asked.get(*at));
    moved.for_each(|asked| add("in the wrong place", of_line(asked, &Cause::OutOfPlace, machine)));
    problems
}

fn setting(view: &SettingView, is_kernel_read: bool) -> Problem {
    let said = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    let running = if is_kernel_read { format!("{} in the kernel, ", said(view.running)) } else { String::new() };
    let why = format!("{} in the files, {running}{} at the next boot", said(view.on_disk), said(view.next_boot));
    let place = Place {
        file: view.decided_by.as_ref().map(|spot| spot.file.to_string()),
        line: view.decided_by.as_ref().map(|spot| spot.line),
        ..Place::default()
    };
    Problem::at(PolicyError::NotInSync { what: view.key.text().to_owned(), why }, place)
}
