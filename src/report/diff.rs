//! What a plan changes, as one unified diff.

use std::borrow::Cow;
use std::path::Path;

use similar::DiffTag;
use similar::algorithms::{Capture, Replace, myers};

use crate::auditctl::canonical_lossy;
use crate::plan::files::{Content, FileStep};
use crate::plan::rules::{RuleStep, carried_out};
use crate::plan::settings::SettingStep;
use crate::plan::{KernelState, Plan};
use crate::rule::{Machine, Rule};

/// Lines around each change.
const CONTEXT: usize = 3;

/// The diff of a plan: files, then the kernel's rules, then its settings; empty where the plan is. Files below another root
/// directory than `/` are named with it.
#[must_use]
pub fn diff(plan: &Plan, before: Option<&KernelState>, root: Option<&Path>, machine: &Machine) -> String {
    let mut text: String = plan.files.iter().map(|step| file(step, root)).collect();
    if let Some(before) = before {
        text += &rules(&plan.rules, &before.rules, machine);
        text += &settings(&plan.settings);
    }
    text
}

fn unified(name: &str, before: &str, after: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let mut capture = Replace::new(Capture::new());
    // Capturing cannot fail: its error type has no value.
    let Ok(()) = myers::diff(&mut capture, old.as_slice(), 0..old.len(), new.as_slice(), 0..new.len());
    let mut text = String::new();
    for hunk in capture.into_inner().into_grouped_ops(CONTEXT) {
        if text.is_empty() {
            text = format!("--- before: {name}\n+++ after: {name}\n");
        }
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let old_range = range(first.old_range().start, last.old_range().end);
        let new_range = range(first.new_range().start, last.new_range().end);
        text.extend(["@@ -", &old_range, " +", &new_range, " @@\n"]);
        for op in &hunk {
            let (tag, old_lines, new_lines) = op.as_tag_tuple();
            if tag == DiffTag::Equal {
                mark(&mut text, ' ', &old[old_lines]);
            } else {
                mark(&mut text, '-', &old[old_lines]);
                mark(&mut text, '+', &new[new_lines]);
            }
        }
    }
    text
}

/// A range of lines as a unified diff writes it: from 1, and without a length of 1.
fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

fn mark(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

fn text(content: Option<&Content>) -> Cow<'_, str> {
    content.map_or(Cow::Borrowed(""), |content| String::from_utf8_lossy(&content.bytes))
}

fn file(step: &FileStep, root: Option<&Path>) -> String {
    let inside = step.path.strip_prefix("/").unwrap_or(&step.path);
    let name = root.map_or_else(|| step.path.display().to_string(), |root| root.join(inside).display().to_string());
    let lines = unified(&name, &text(step.before.as_ref()), &text(step.after.as_ref()));
    match (&step.before, &step.after) {
        (Some(before), Some(after)) if (before.mode, before.uid, before.gid) != (after.mode, after.uid, after.gid) => {
            let permit =
                |content: &Content| format!("mode {:04o} owner {}:{}\n", content.mode, content.uid, content.gid);
            lines + &unified(&format!("{name} (permissions)"), &permit(before), &permit(after))
        }
        _ => lines,
    }
}

fn rules(steps: &[RuleStep], before: &[Rule], machine: &Machine) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let text = |rules: &[Rule]| -> String { rules.iter().map(|rule| canonical_lossy(rule, machine) + "\n").collect() };
    unified("kernel", &text(before), &text(&carried_out(steps, before)))
}

fn settings(steps: &[SettingStep]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let text = |value: &dyn Fn(&SettingStep) -> u32| -> String {
        let lines = steps.iter().map(|step| format!("{} {}\n", step.name.text(), value(step)));
        lines.collect::<Vec<_>>().concat()
    };
    unified("control", &text(&|step| step.before), &text(&|step| step.after))
}
