//! A rules file without some of its controls or rules.

use std::collections::BTreeSet;

use crate::intent::{is_statement, labels, named_controls};

/// What is to be left out.
#[derive(Debug, Clone, Copy)]
pub struct WithoutEntry<'a> {
    /// A control, with or without the name of its benchmark, or the text of a rule.
    pub what: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
}

/// What came of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The entry.
    pub what: String,
    /// Why it is left out.
    pub reason: Option<String>,
    /// The lines that are left out for it.
    pub rules: Vec<String>,
    /// Lines that it names and that stay, since other controls need them.
    pub kept: Vec<String>,
}

impl LeftOut {
    /// Of an entry nothing came yet.
    #[must_use]
    pub fn of(entry: &WithoutEntry<'_>) -> Self {
        let (what, reason) = (entry.what.to_owned(), entry.reason.map(str::to_owned));
        Self { what, reason, rules: Vec::new(), kept: Vec::new() }
    }

    /// Whether it names nothing.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.rules.is_empty() && self.kept.is_empty()
    }
}

/// A line of a file, with the controls that it is there for.
#[derive(Debug, Clone)]
pub struct LabelledLine<'a> {
    /// The line.
    pub text: &'a str,
    /// Its controls.
    pub labels: Vec<String>,
}

/// The lines of a rules file, with their controls.
#[must_use]
pub fn labelled(text: &str) -> Vec<LabelledLine<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let of_lines = labels(lines.iter().map(|line| line.as_bytes()));
    lines.into_iter().zip(of_lines).map(|(text, labels)| LabelledLine { text, labels }).collect()
}

impl LabelledLine<'_> {
    /// Whether it is neither blank nor a comment.
    #[must_use]
    pub fn is_statement(&self) -> bool {
        is_statement(self.text)
    }
}

impl WithoutEntry<'_> {
    /// Whether it names this control: in full, or by the number after the benchmark's name.
    #[must_use]
    pub fn names(&self, label: &str) -> bool {
        let what = self.what.trim();
        label == what || label.split_once(' ').is_some_and(|(_, number)| number.trim() == what)
    }

    fn is_rule(&self, line: &str) -> bool {
        self.what.split_whitespace().eq(line.split_whitespace())
    }

    fn comment(&self) -> String {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let reason = self.reason.map(|reason| format!(" ({})", flat(reason))).unwrap_or_default();
        format!("# Left out: {}{reason}", flat(self.what))
    }
}

/// A rules file without what the entries name; what came of each is added to `came`.
///
/// A rule goes where it is named itself, or where each of its controls is. In its place stands a comment.
#[must_use]
pub fn without(lines: &[LabelledLine<'_>], entries: &[WithoutEntry<'_>], came: &mut [LeftOut]) -> String {
    let mut goes: Vec<Option<usize>> = Vec::new();
    for line in lines {
        if !line.is_statement() {
            goes.push(None);
            continue;
        }
        let itself = entries.iter().position(|entry| entry.is_rule(line.text));
        let of_label = |label: &String| entries.iter().position(|entry| entry.names(label));
        let controls: Vec<Option<usize>> = line.labels.iter().map(of_label).collect();
        let of_all = if controls.contains(&None) { None } else { controls.first().copied().flatten() };
        let about: BTreeSet<usize> = itself.into_iter().chain(controls.into_iter().flatten()).collect();
        let entry = itself.or(of_all);
        for (_, came) in came.iter_mut().enumerate().filter(|(at, _)| about.contains(at)) {
            let list = if entry.is_some() { &mut came.rules } else { &mut came.kept };
            list.push(line.text.to_owned());
        }
        goes.push(entry);
    }
    text(lines, &goes, entries)
}

fn text(lines: &[LabelledLine<'_>], goes: &[Option<usize>], entries: &[WithoutEntry<'_>]) -> String {
    let mut text = String::new();
    let mut last = None;
    for (at, line) in lines.iter().enumerate() {
        match goes[at] {
            Some(entry) if last == Some(entry) => {}
            Some(entry) => {
                text.push_str(&entries[entry].comment());
                text.push('\n');
                last = Some(entry);
            }
            None if is_control(line.text) && is_idle(lines, goes, at) => {}
            None => {
                text.push_str(line.text);
                text.push('\n');
                last = None;
            }
        }
    }
    text
}

/// Whether a comment that names controls is about no rule that is left: it would be taken for one about the next rules.
fn is_idle(lines: &[LabelledLine<'_>], goes: &[Option<usize>], at: usize) -> bool {
    let mut is_behind_rules = false;
    for (line, goes) in lines.iter().zip(goes).skip(at + 1) {
        match line.text.trim() {
            "" => return true,
            _ if is_control(line.text) && is_behind_rules => return true,
            text if text.starts_with('#') => {}
            _ if goes.is_none() => return false,
            _ => is_behind_rules = true,
        }
    }
    true
}

fn is_control(line: &str) -> bool {
    named_controls(line).is_some()
}
