//! What a plan changes, as one unified diff.

use std::borrow::Cow;
use std::path::Path;

use similar::DiffTag;
use similar::algorithms::{Capture, Replace, myers};

use super::visible::visible;
use crate::auditctl::canonical_lossy;
use crate::plan::files::{Content, FileStep};
use crate::plan::rules::{RuleStep, carried_out};
use crate::plan::settings::SettingStep;
use crate::plan::{KernelState, Plan};
use crate::rule::{Machine, Rule};

/// Lines around each change.
const CONTEXT: usize = 3;
/// Most bytes of a diff as JSON.
const MOST: usize = 128 << 10;

/// A diff while it is made: its first lines as far as they fit, and how many more there are. What is cut is not made.
pub struct DiffText {
    text: String,
    left: usize,
    omitted: usize,
}

impl Default for DiffText {
    fn default() -> Self {
        Self { text: String::new(), left: MOST, omitted: 0 }
    }
}

impl DiffText {
    /// Adds the diff of a plan: files, then the kernel's rules, then its settings; nothing where the plan is empty. Files below
    /// another root directory than `/` are named with it.
    pub fn add(&mut self, plan: &Plan, before: Option<&KernelState>, root: Option<&Path>, machine: &Machine) {
        plan.files.iter().for_each(|step| file(self, step, root));
        if let Some(before) = before {
            rules(self, &plan.rules, &before.rules, machine);
            settings(self, &plan.settings);
        }
    }

    /// The diff, cut at the end of a line where it is too long; a last line then says how many are left out.
    #[must_use]
    pub fn into_text(self) -> String {
        let Self { mut text, omitted, .. } = self;
        if omitted > 0 {
            text.extend(["... and ", &omitted.to_string(), " more lines\n"]);
        }
        text
    }

    /// Takes a line of these parts in, or counts it where it does not fit any more.
    fn line(&mut self, parts: &[&str]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        // As JSON it is never shorter: what does not fit as it is need not be looked at.
        if self.omitted > 0 || length > self.left {
            self.omitted += 1;
            return;
        }
        let start = self.text.len();
        self.text.extend(parts.iter().copied());
        self.text.push('\n');
        // Quotes, line ends and what a terminal obeys are longer as JSON.
        let line = self.text.get(start..).unwrap_or_default();
        let length = serde_json::to_string(&visible(line)).map_or(usize::MAX, |text| text.len());
        if let Some(rest) = self.left.checked_sub(length) {
            self.left = rest;
        } else {
            self.text.truncate(start);
            self.omitted += 1;
        }
    }

    /// Takes lines in with a sign before each.
    fn marked(&mut self, sign: &str, lines: &[&str]) {
        for line in lines {
            self.line(&[sign, line.strip_suffix('\n').unwrap_or(line)]);
            if !line.ends_with('\n') {
                self.line(&["\\ No newline at end of file"]);
            }
        }
    }
}

fn unified(diff: &mut DiffText, name: &str, before: &str, after: &str) {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let mut capture = Replace::new(Capture::new());
    // Capturing cannot fail: its error type has no value.
    let Ok(()) = myers::diff(&mut capture, old.as_slice(), 0..old.len(), new.as_slice(), 0..new.len());
    let mut is_first = true;
    for hunk in capture.into_inner().into_grouped_ops(CONTEXT) {
        if std::mem::take(&mut is_first) {
            diff.line(&["--- before: ", name]);
            diff.line(&["+++ after: ", name]);
        }
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let old_range = range(first.old_range().start, last.old_range().end);
        let new_range = range(first.new_range().start, last.new_range().end);
        diff.line(&["@@ -", &old_range, " +", &new_range, " @@"]);
        for op in &hunk {
            let (tag, old_lines, new_lines) = op.as_tag_tuple();
            if tag == DiffTag::Equal {
                diff.marked(" ", &old[old_lines]);
            } else {
                diff.marked("-", &old[old_lines]);
                diff.marked("+", &new[new_lines]);
            }
        }
    }
}

/// A range of lines as a unified diff writes it: from 1, and without a length of 1.
fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

fn text(content: Option<&Content>) -> Cow<'_, str> {
    content.map_or(Cow::Borrowed(""), |content| String::from_utf8_lossy(&content.bytes))
}

fn file(diff: &mut DiffText, step: &FileStep, root: Option<&Path>) {
    let inside = step.path.strip_prefix("/").unwrap_or(&step.path);
    let name = root.map_or_else(|| step.path.display().to_string(), |root| root.join(inside).display().to_string());
    unified(diff, &name, &text(step.before.as_ref()), &text(step.after.as_ref()));
    if let (Some(before), Some(after)) = (&step.before, &step.after) {
        let permit = |content: &Content| format!("mode {:04o} owner {}:{}\n", content.mode, content.uid, content.gid);
        unified(diff, &format!("{name} (permissions)"), &permit(before), &permit(after));
    }
}

fn rules(diff: &mut DiffText, steps: &[RuleStep], before: &[Rule], machine: &Machine) {
    if steps.is_empty() {
        return;
    }
    let text = |rules: &[Rule]| -> String { rules.iter().map(|rule| canonical_lossy(rule, machine) + "\n").collect() };
    unified(diff, "kernel", &text(before), &text(&carried_out(steps, before)));
}

fn settings(diff: &mut DiffText, steps: &[SettingStep]) {
    let text = |value: &dyn Fn(&SettingStep) -> u32| -> String {
        let lines = steps.iter().map(|step| format!("{} {}\n", step.name.text(), value(step)));
        lines.collect::<Vec<_>>().concat()
    };
    unified(diff, "control", &text(&|step| step.before), &text(&|step| step.after));
}
