//! One line for people on what `gather` found.

use crate::desired::BootSource;
use crate::error::Problem;
use crate::gather::{Gathered, HeldFiles, HeldKernel, Reading};

/// The line.
pub fn message(gathered: &Gathered, in_sync: Option<bool>) -> String {
    match (&gathered.files, &gathered.kernel) {
        (Reading::Failed(_), _) | (_, Reading::Failed(_)) => {
            failed(&details(gathered.files.problems()), &details(gathered.kernel.problems()))
        }
        (Reading::Read(files), Reading::Read(kernel)) => both(gathered, files, kernel, in_sync == Some(true)),
        (Reading::Read(files), _) => {
            let asked = counted(files);
            format!("{} in {}, {}", rules(asked), plural(files.observed.files.drop_ins.len(), "file"), at_boot(files))
        }
        (_, Reading::Read(kernel)) => format!("{} loaded", rules(kernel.state.rules.len())),
        _ => "nothing was read".to_owned(),
    }
}

/// The line on a failure: the words on each source, empty for one that did not fail.
pub fn failed(filesystem: &str, runtime: &str) -> String {
    let (source, details) = match (filesystem, runtime) {
        ("", runtime) => ("runtime", runtime.to_owned()),
        (filesystem, "") => ("filesystem", filesystem.to_owned()),
        both => ("filesystem and runtime", format!("[filesystem: {}, runtime: {}]", both.0, both.1)),
    };
    format!("Failed to load audit rules from {source}: {details}")
}

fn both(gathered: &Gathered, files: &HeldFiles, kernel: &HeldKernel, in_sync: bool) -> String {
    let asked = counted(files);
    let missing = gathered.drift.as_ref().map_or(0, |drift| drift.missing_in_runtime.len());
    let foreign = gathered.drift.as_ref().map_or(0, |drift| drift.missing_in_filesystem.len());
    let moved = gathered.drift.as_ref().map_or(0, |drift| drift.order.len());
    let mut parts = vec![format!("{} of {} loaded", asked - missing, rules(asked))];
    let silent = gathered.drift.as_ref().map_or(0, |drift| drift.silent.len());
    let more = [(foreign, "in no file"), (moved, "in another order"), (silent, "silent")];
    parts.extend(more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    parts.extend(unlike(gathered));
    if kernel.state.status.is_locked() {
        parts.push("locked".to_owned());
    }
    parts.push(if in_sync { "next boot the same".to_owned() } else { at_boot(files) });
    parts.join(", ")
}

/// The settings that are not the same everywhere.
pub fn unlike(gathered: &Gathered) -> Option<String> {
    let names: Vec<&str> =
        gathered.settings.iter().filter(|view| !view.agrees() && !view.is_off).map(|view| view.key.text()).collect();
    let said = (!names.is_empty()).then(|| format!("{} not as in the files", names.join(" and ")));
    let is_off = gathered.settings.iter().any(|view| view.is_off).then(|| "auditing is off".to_owned());
    let both: Vec<String> = said.into_iter().chain(is_off).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

fn at_boot(files: &HeldFiles) -> String {
    let loaded = files.boot.real.rules.len();
    if loaded == 0 && files.observed.files.at_boot(&files.observed.files.drop_ins) == BootSource::Nothing {
        return "next boot loads nothing".to_owned();
    }
    match files.boot.stop() {
        Some((failing, _)) => format!("next boot loads {loaded} and stops at {}", failing.spot),
        None => format!("next boot loads {loaded}"),
    }
}

/// How many rules the files ask for.
pub fn counted(files: &HeldFiles) -> usize {
    files.boot.asked.iter().filter(|asked| asked.counts()).count()
}

/// A number of rules.
pub fn rules(count: usize) -> String {
    plural(count, "rule")
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn details(problems: &[Problem]) -> String {
    let all: Vec<String> = problems.iter().map(Problem::message).collect();
    all.join("; ")
}
