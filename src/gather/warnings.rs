//! What is worth a sentence of what was gathered.

use super::{CommandLine, Gathered, NextKernel, end_of_compiled};
use crate::auditctl::canonical_lossy;
use crate::desired::{
    Files, Swallowed, Warning, about, depends_at_boot, grave_notes, left_at_boot, shadowed_by_foreign,
};
use crate::drift::NextBoot;
use crate::matching::blocker;
use crate::observe::{passed_over, unknown_words};
use crate::rule::Machine;

/// What keeps the policy from being loaded at boot, whatever it says.
fn left_out(files: &Files, boot: &NextBoot, machine: &Machine) -> Option<Warning> {
    let (_, load) = boot.other.as_ref()?;
    left_at_boot(files, files.at_boot(&files.drop_ins), &boot.whole, Some(load), machine)
}

/// What the boot load and the kernel's own list are worth a sentence for.
pub(super) fn warnings(gathered: &Gathered, machine: &Machine) -> Vec<Warning> {
    let mut warnings = Vec::new();
    warnings.extend(gathered.interrupted.clone().map(|interrupted| Warning::Interrupted(Box::new(interrupted))));
    if let Some(files) = gathered.files.read() {
        let known = &files.observed.files;
        warnings.extend(left_out(known, &files.boot, machine));
        warnings.extend(depends_at_boot(known, &files.boot.whole, machine));
        warnings.extend(files.only_there.iter().filter_map(|line| Warning::only_there(line, end_of_compiled(known))));
        warnings.extend(passed_over(&files.observed.passed_over));
        warnings.extend(passed_over(&files.ignored));
        warnings.extend(unknown_words(&files.observed.reader.facts().installed));
        warnings.extend(Swallowed::warnings(&files.swallowed));
        warnings.extend(files.writable.iter().cloned().map(Warning::WritableByOthers));
        warnings.extend(files.boot.merge.unread.iter().map(|path| Warning::PassedOver {
            path: path.display().to_string(),
            why: if path.to_string_lossy().contains([' ', '\t', '\n']) {
                "white space splits its name"
            } else {
                "augenrules up to 3.1 leaves its name to the shell, which reads other files in its place"
            },
        }));
        let (merge, load) = files.boot.loaded();
        warnings.extend(about(&merge.lines, load, machine));
        let asked = files.boot.asked.iter().filter(|asked| asked.counts());
        let rules = asked.filter_map(|asked| Some((&asked.spot, &*asked.text, &**asked.rule.as_ref()?)));
        let rules = rules.filter(|(.., rule)| !rule.line.emptied);
        warnings.extend(grave_notes(rules));
        let comments = files.boot.outdated().map(|comment| (&comment.spot, &*comment.text));
        warnings.extend(Warning::outdated(comments));
    }
    if let Some(kernel) = gathered.kernel.read() {
        let holds_rules = !kernel.state.rules.is_empty();
        warnings.extend((holds_rules && !kernel.state.status.is_on()).then_some(Warning::NotRecording));
        let covers_all = kernel.command_line.as_ref().is_none_or(CommandLine::starts_audit);
        warnings.extend((holds_rules && !covers_all).then_some(Warning::EarlyProcesses));
        let kernels = gathered.files.read().map_or(&[][..], |files| &files.kernels);
        let late = kernels.iter().find(|next| kernel.command_line.is_some() && covers_all && !next.said.starts_audit());
        warnings.extend(late.map(|NextKernel { title, file, .. }| Warning::LateAtNextBoot {
            title: title.clone(),
            file: file.clone(),
        }));
        let is_asked_for = |at: usize| {
            gathered.drift.as_ref().is_some_and(|drift| drift.held.get(at).is_some_and(|h| h.asked.is_some()))
        };
        let foreign = kernel.state.rules.iter().enumerate().filter(|(at, _)| !is_asked_for(*at));
        warnings.extend(foreign.filter_map(|(_, rule)| {
            let effect = blocker(rule)?;
            Some(Warning::Blocker { rule: canonical_lossy(rule, machine), spot: None, effect })
        }));
        if gathered.drift.is_some() {
            warnings.extend(shadowed_by_foreign(&kernel.state.rules, &|at| !is_asked_for(at), machine));
        }
    }
    warnings
}
