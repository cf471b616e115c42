//! Differences as failures, where the request asks for that.

use super::summary::{counted, failed, rules, unlike};
use super::{of_line, of_rule};
use crate::drift::{Cause, SettingView};
use crate::error::{Place, PolicyError, Problem};
use crate::gather::Gathered;
use crate::report::gather::DifferenceReport;
use crate::rule::Machine;

/// The line for people: which source lacks what.
pub fn message(gathered: &Gathered) -> String {
    let (Some(drift), Some(files), Some(kernel)) = (&gathered.drift, gathered.files.read(), gathered.kernel.read())
    else {
        return String::new();
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
        files.boot.stop().map(|(failing, _)| format!("the next boot stops at {}", failing.spot)),
    ];
    let joined = |clauses: [Option<String>; 3]| clauses.into_iter().flatten().collect::<Vec<_>>().join("; ");
    failed(&joined(filesystem), &joined(runtime))
}

/// Every difference.
pub fn problems(gathered: &Gathered, machine: &Machine) -> Vec<Problem> {
    let (Some(drift), Some(files), Some(kernel)) = (&gathered.drift, gathered.files.read(), gathered.kernel.read())
    else {
        return Vec::new();
    };
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
    drift.missing_at_boot.iter().filter_map(line).for_each(|difference| add("not loaded at the next boot", difference));
    let moved = drift.order.iter().filter_map(|at| files.boot.asked.get(*at));
    moved.for_each(|asked| add("in the wrong place", of_line(asked, &Cause::OutOfPlace, machine)));
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
    problems.extend(gathered.settings.iter().filter(|view| !view.agrees()).map(setting));
    problems
}

fn setting(view: &SettingView) -> Problem {
    let said = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    let why = format!(
        "{} in the files, {} in the kernel, {} at the next boot",
        said(view.on_disk),
        said(view.running),
        said(view.next_boot)
    );
    let place = Place {
        file: view.decided_by.as_ref().map(|spot| spot.file.to_string()),
        line: view.decided_by.as_ref().map(|spot| spot.line),
        ..Place::default()
    };
    Problem::at(PolicyError::NotInSync { what: view.key.text().to_owned(), why }, place)
}
