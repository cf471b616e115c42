//! Comments in place of lines: what a line that could not be loaded here was written as, and whether that still has a
//! reason.
//!
//! A drop-in may hold a line only as a comment of ours, because another drop-in held the same rule, or the host lacked a
//! path, an account or a system call. Such a comment goes on asking for its rule. Once the reason is gone and no line
//! holds the rule, the comment is outdated: the rule is missing.

use std::rc::Rc;

use rustc_hash::FxHashSet as HashSet;

use crate::auditctl::Verb;
use crate::boot_load::{BootLoad, LoadLine, Spot};
use crate::lines::{HostRule, Reader, Unloadable};
use crate::rule::Rule;

/// Begins the comment in place of a line.
pub const MARK: &str = "# audit_rules: ";

/// Begins the reason of a comment whose rule another drop-in holds; the drop-in's path follows.
const SAME_AS: &str = "the same rule as ";

/// The reason of a comment whose rule stands further up in the same drop-in.
pub const STANDS_ABOVE: &str = "the same rule stands above";

/// The reason of a comment whose rule this drop-in holds.
///
/// It names no line: the comment stays as it is when lines come and go over there.
#[must_use]
pub fn same_as(path: &str) -> String {
    format!("{SAME_AS}{path}")
}

/// The comment in place of a line.
#[must_use]
pub fn comment(reason: &str, line: &str) -> Vec<u8> {
    format!("{MARK}{}: {line}", reason.replace('\n', " ")).into_bytes()
}

/// Whether a line is a comment of ours in place of another line.
#[must_use]
pub fn is_comment(text: &[u8]) -> bool {
    text.starts_with(MARK.as_bytes())
}

/// What a comment of ours may stand for: a reason may itself hold what divides it from the line.
pub fn candidates(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let said = text.strip_prefix(MARK.as_bytes()).unwrap_or_default();
    let starts = (2..said.len()).filter(move |at| said[..*at].ends_with(b": "));
    starts.map(move |at| &said[at..]).filter(|rest| rest.trim_ascii_start().starts_with(b"-"))
}

/// A line, and what it may stand for.
pub fn spellings(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::once(text).chain(candidates(text))
}

/// A comment in place of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside<'a> {
    /// Why the line was not loaded when the comment was written.
    pub reason: &'a [u8],
    /// The line.
    pub line: &'a [u8],
}

impl<'a> SetAside<'a> {
    /// The comment that this text is; none where it is none of ours, or stands for no line.
    #[must_use]
    pub fn of(text: &'a [u8], reader: &mut Reader) -> Option<Self> {
        let line = candidates(text).find(|line| {
            let reading = reader.read(line);
            let is_rule = reading.rule.as_ref().is_some_and(|rule| rule.line.verb != Verb::Delete);
            is_rule || reading.obstacles.iter().any(|why| why.is_missing() || why.is_of_other_machines())
        })?;
        let reason = &text[MARK.len()..text.len() - line.len() - ": ".len()];
        Some(Self { reason, line })
    }

    /// The rule that the line means here; none where this host cannot load it at boot, or a look at the
    /// path that it was set aside for has failed.
    #[must_use]
    pub fn loadable(&self, reader: &mut Reader) -> Option<Rc<HostRule>> {
        let reading = reader.read(self.line);
        let rule = reading.loadable().filter(|_| !reading.is_too_new())?;
        // Where another line held the rule, what stands at its path was no reason.
        (self.is_duplicate() || !reader.is_in_doubt(rule)).then(|| Rc::clone(rule))
    }

    /// Whether the comment says that another line holds the rule.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.reason == STANDS_ABOVE.as_bytes() || self.same_as().is_some()
    }

    /// The drop-in that held the rule when the comment was written.
    #[must_use]
    pub fn same_as(&self) -> Option<&'a [u8]> {
        self.reason.strip_prefix(SAME_AS.as_bytes())
    }
}

/// The rules that lines of these hold, whatever later lines take away again.
#[must_use]
pub fn standing<'a>(lines: impl IntoIterator<Item = &'a LoadLine>, reader: &mut Reader) -> HashSet<Rc<Rule>> {
    let rules = lines.into_iter().filter_map(|line| reader.read(&line.text).loadable().cloned());
    rules.filter(|rule| rule.line.verb != Verb::Delete).map(|rule| Rc::clone(&rule.listed)).collect()
}

/// A comment in place of a line that the installed auditctl is too old for: the kernel alone is to hold its rule.
#[derive(Debug, Clone, PartialEq)]
pub struct OfKernelAlone {
    /// The comment's line in its file, from 1.
    pub line: usize,
    /// The line that it stands for.
    pub text: Rc<[u8]>,
    /// The rule of that line.
    pub rule: Rc<HostRule>,
    /// What the installed auditctl finds wrong.
    pub why: Unloadable,
}

/// The comments of a drop-in for rules that the kernel alone is to hold.
pub fn of_kernel_alone(bytes: &[u8], reader: &mut Reader) -> Vec<OfKernelAlone> {
    let mut found = Vec::new();
    for (at, text) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, text)| is_comment(text)) {
        let Some(comment) = SetAside::of(text, reader) else { continue };
        let reading = reader.read(comment.line);
        let why = reading.obstacles.iter().find(|why| matches!(why, Unloadable::TooNew { .. }));
        if let (Some(why), Some(rule), false) = (why, reading.loadable(), comment.is_duplicate()) {
            let (rule, why) = (Rc::clone(rule), why.clone());
            found.push(OfKernelAlone { line: at + 1, text: reader.text(comment.line), rule, why });
        }
    }
    found
}

/// A comment whose reason is gone: the host could load the rule, and no line holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outdated {
    /// Where the comment stands.
    pub spot: Spot,
    /// The line that it stands for.
    pub text: Rc<[u8]>,
    /// The rule of that line.
    pub rule: Rc<HostRule>,
}

/// The outdated comments of these files, of each rule the first: it is the one that holds the rule again. `files` come in
/// the order in which the boot loader reads them; `lines` are theirs, merged.
///
/// A line that the boot does not come to, since an earlier one stops it, holds no rule for a comment before that stop.
#[must_use]
pub fn outdated<'a>(
    files: impl IntoIterator<Item = (Rc<str>, &'a [u8])>,
    lines: &[LoadLine],
    reader: &mut Reader,
) -> Vec<Outdated> {
    let load = BootLoad::of(lines, reader);
    let (reached, stop) = (standing(&lines[..load.reach(lines)], reader), load.stops_at(lines));
    let standing = standing(lines, reader);
    let mut is_reached = true;
    let mut found: Vec<Outdated> = Vec::new();
    let mut known: HashSet<Rc<Rule>> = HashSet::default();
    for (file, bytes) in files {
        let stops_here = stop.filter(|stop| stop.file == file).map(|stop| stop.line);
        for (at, text) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, text)| is_comment(text)) {
            let Some(comment) = SetAside::of(text, reader) else { continue };
            let Some(rule) = comment.loadable(reader) else { continue };
            let is_before = is_reached && stops_here.is_none_or(|line| at < line);
            let standing = if is_before { &reached } else { &standing };
            if !standing.contains(&rule.listed) && known.insert(Rc::clone(&rule.listed)) {
                let spot = Spot { file: Rc::clone(&file), line: at + 1 };
                found.push(Outdated { spot, text: reader.text(comment.line), rule });
            }
        }
        is_reached &= stops_here.is_none();
    }
    found
}

/// Whether the one rule is the other one without some of its system calls.
#[must_use]
pub fn is_rest_of(rest: &Rule, whole: &Rule) -> bool {
    let same = rest.list == whole.list && rest.action == whole.action && rest.fields == whole.fields;
    let mut together = whole.syscalls.clone();
    together.union(&rest.syscalls);
    same && rest.syscalls != whole.syscalls && together == whole.syscalls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auditctl::Accounts;
    use crate::rule::Machine;

    fn of(text: &str) -> Option<(String, String)> {
        let mut reader = Reader::new(Machine::from_uname("x86_64").unwrap(), Accounts::default());
        let found = SetAside::of(text.as_bytes(), &mut reader)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Some((text(found.reason), text(found.line)))
    }

    #[test]
    fn a_comment_is_read_as_it_was_written_whatever_its_reason_holds() {
        for reason in ["the same rule as /etc/audit/rules.d/40-a.rules", "/opt/a: -b does not exist", STANDS_ABOVE] {
            for line in
                ["-w /etc/shadow -p wa -k identity", "  -w /srv/a:\\ -b -p wa", "-a always,exit -F auid=nobody-here"]
            {
                let text = String::from_utf8(comment(reason, line)).unwrap();
                assert_eq!(of(&text), Some((reason.to_owned(), line.to_owned())), "{text}");
            }
        }
    }

    #[test]
    fn a_comment_of_somebody_else_stands_for_nothing() {
        for text in ["# -w /etc/shadow -p wa", "# audit_rules: see -w", "# audit_rules: a: -d always,exit -S open", ""]
        {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
