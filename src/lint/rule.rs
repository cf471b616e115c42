//! What is found in one rule by itself.

use super::code::Code;
use super::finding::{Finding, condition, list, name_in_list, word};
use super::source::is_guessed;
use crate::auditctl::{RuleLine, Verb};
use crate::boot_load::Spot;
use crate::matching::cover::numbers;
use crate::matching::{contradiction, cover};
use crate::rule::field_table::by_number;
use crate::rule::{Action, Field, FieldNumber, List, Machine, Op, Rule};
use crate::tables::syscalls;

/// The first of the numbers that a failing call gives back, as the kernel compares them.
const FIRST_NEGATIVE: u32 = 0x8000_0000;

/// Trees in which everything happens: all files, what the kernel shows, what containers write.
const WIDE_TREES: [&str; 10] = [
    "/",
    "/dev",
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
];

/// A rule with its line.
pub struct Given<'a> {
    pub at: &'a Spot,
    pub text: &'a [u8],
    pub line: &'a RuleLine,
    pub machine: &'a Machine,
}

impl Given<'_> {
    /// Everything that is found in the rule.
    pub fn findings(&self) -> Vec<Finding> {
        let rule = &self.line.rule;
        let mut findings: Vec<Finding> = self.contradiction().into_iter().collect();
        findings.extend(self.prepended());
        if rule.list == List::EXIT && !self.line.emptied {
            findings.extend(self.named_calls());
            findings.extend(self.result());
            findings.extend(self.unrecorded());
        }
        findings.extend(self.unusual_key());
        if rule.list == List::EXIT && rule.action == Action::ALWAYS && self.line.verb != Verb::Delete {
            findings.extend(self.unset_login());
            findings.extend(self.every_call());
            findings.extend(self.wide_tree());
            findings.extend(self.permissions());
            findings.extend(self.old_form());
            let has_key = rule.fields.iter().any(|field| field.number == FieldNumber::KEY);
            findings.extend(
                (!has_key).then(|| self.found(Code::NoKey, "no key: its records can only be found by what they hold")),
            );
        }
        findings
    }

    fn found(&self, code: Code, message: impl Into<String>) -> Finding {
        Finding::new(code, self.at, message)
    }

    pub(super) fn rule(&self) -> &Rule {
        &self.line.rule
    }

    /// A part of the line in its own words.
    fn said(&self, span: Option<(usize, usize)>, otherwise: &str) -> String {
        let text = span.and_then(|(start, end)| self.text.get(start..end));
        text.map_or_else(|| otherwise.to_owned(), |text| String::from_utf8_lossy(text).into_owned())
    }

    fn contradiction(&self) -> Option<Finding> {
        let field = contradiction(self.rule()).filter(|_| !is_guessed(self.rule()))?;
        let name = by_number(field).map_or("a field", |row| row.name);
        let several = self.rule().fields.iter().filter(|other| other.number == field).count() > 1;
        let why = if several { "its conditions exclude each other" } else { "no value fulfils the condition" };
        let message = format!("never fires: of {name}, {why}; numbers are compared without sign");
        Some(self.found(Code::NeverMatches, message).over(condition(self.text, name)))
    }

    fn prepended(&self) -> Option<Finding> {
        (self.line.verb == Verb::Prepend).then(|| {
            let message = "-A puts the rule before all others of its list, whatever file it stands in, and several of them in \
                           reverse order; auditctl 4.0.4 to 4.1.0 delete the rule instead";
            let found = self.found(Code::Prepended, message).over(word(self.text, |word| word.starts_with(b"-A")));
            found.advise("-a in a file that sorts before the others")
        })
    }

    /// Calls that are gone, and calls that happen all the time.
    fn named_calls(&self) -> Vec<Finding> {
        let rule = self.rule();
        if rule.syscalls.is_all() {
            return Vec::new();
        }
        let arch = rule.arch().unwrap_or(self.machine.native);
        let names: Vec<&'static str> =
            rule.syscalls.numbers().filter_map(|number| syscalls::name(arch, number)).collect();
        let mut findings = Vec::new();
        for name in &names {
            if let Some(since) = syscalls::gone_since(name) {
                let message = format!("{name}: kernels since {since} do not have it");
                findings.push(self.found(Code::ObsoleteSyscall, message).over(self.name(name)));
            }
        }
        let is_unfiltered =
            rule.fields.iter().all(|field| matches!(field.number, FieldNumber::ARCH | FieldNumber::KEY));
        let mut hot: Vec<&str> = names.iter().copied().filter(|name| syscalls::is_hot(name)).collect();
        hot.sort_unstable();
        if let Some(first) = hot.first().filter(|_| is_unfiltered && rule.action == Action::ALWAYS) {
            let message =
                format!("unfiltered {}: every process calls it all the time, and each call is recorded", list(&hot));
            findings.push(
                self.found(Code::HotSyscall, message)
                    .over(self.name(first))
                    .advise("add conditions such as success=0, exit=-EACCES, dir= or auid"),
            );
        }
        findings
    }

    /// The place of a system call's name in the line.
    fn name(&self, name: &str) -> Option<(usize, usize)> {
        name_in_list(self.text, name)
    }

    /// Results are compared without sign, so that failures are larger than every success.
    fn result(&self) -> Option<Finding> {
        let results = numbers(self.rule(), FieldNumber::EXIT);
        let is_wrong = |field: &&Field| {
            let value = field.value.number().unwrap_or_default();
            match field.op {
                Op::GREATER | Op::GREATER_OR_EQUAL => value < FIRST_NEGATIVE && results.contains(u32::MAX),
                Op::LESS | Op::LESS_OR_EQUAL => value >= FIRST_NEGATIVE && results.contains(0),
                _ => false,
            }
        };
        let wrong = self.rule().fields.iter().filter(|field| field.number == FieldNumber::EXIT).find(is_wrong)?;
        let what = if matches!(wrong.op, Op::LESS | Op::LESS_OR_EQUAL) { "successes" } else { "failures" };
        let span = condition(self.text, "exit");
        let message =
            format!("{} also holds for {what}: the kernel compares results without sign", self.said(span, "exit"));
        let advice = if what == "failures" { "add success=1" } else { "use success=0 or exit=-ENAME" };
        Some(self.found(Code::UnsignedComparison, message).over(span).advise(advice))
    }

    /// Processes that nobody logged in to have the largest login uid of all.
    fn unset_login(&self) -> Option<Finding> {
        let rule = self.rule();
        let is_lower_bound =
            |field: &Field| field.number == FieldNumber::AUID && matches!(field.op, Op::GREATER | Op::GREATER_OR_EQUAL);
        let applies = rule.fields.iter().any(is_lower_bound) && numbers(rule, FieldNumber::AUID).contains(u32::MAX);
        applies.then(|| {
            let span = condition(self.text, "auid").or_else(|| condition(self.text, "loginuid"));
            let message = format!(
                "{} also holds for unset, which is 4294967295: daemons and everything else that nobody logged in to",
                self.said(span, "auid>=")
            );
            let found = self.found(Code::AuidIncludesUnset, message).over(span);
            match span {
                Some((_, end)) => found.replace("add auid!=unset", (end, end), " -F auid!=unset"),
                None => found.advise("add -F auid!=unset"),
            }
        })
    }

    /// The widely used way to find 32-bit programs on 64-bit machines records all that they do, on purpose.
    fn every_call(&self) -> Option<Finding> {
        let rule = self.rule();
        let is_broad = |field: &Field| matches!(field.number.0, 1..=11 | 24 | 25 | 104 | 210);
        let is_of_b32 = self.machine.b64.is_some() && rule.arch().is_some() && rule.arch() == self.machine.b32;
        let applies = rule.syscalls.is_all() && rule.fields.iter().all(is_broad) && !is_of_b32;
        applies.then(|| {
            let message = "records every system call of every process that its other conditions leave";
            self.found(Code::EverySyscall, message).advise("name the system calls, a path or an exe")
        })
    }

    /// A tree in which everything happens, and nothing that leaves few of its events: all system calls or such as happen
    /// all the time, reads or changes, no condition on the process or the result.
    fn wide_tree(&self) -> Option<Finding> {
        const EXECUTES_ONLY: u32 = 1;
        let rule = self.rule();
        let path = rule.text(FieldNumber::DIR).or_else(|| self.line.watched_path())?;
        let bare = path.strip_suffix(b"/").filter(|rest| !rest.is_empty()).unwrap_or(path);
        let tree = WIDE_TREES.into_iter().find(|tree| tree.as_bytes() == bare)?;
        let narrows = |field: &Field| match field.number {
            FieldNumber::ARCH | FieldNumber::KEY | FieldNumber::DIR | FieldNumber::PATH => false,
            FieldNumber::PERM => field.op == Op::EQUAL && field.value.number() == Some(EXECUTES_ONLY),
            FieldNumber::AUID | FieldNumber::LOGINUID_SET => field.op != Op::NOT_EQUAL,
            _ => true,
        };
        let arch = rule.arch().unwrap_or(self.machine.native);
        let is_hot = || rule.syscalls.numbers().filter_map(|number| syscalls::name(arch, number)).any(syscalls::is_hot);
        if rule.fields.iter().any(narrows) || !(rule.syscalls.is_all() || is_hot()) {
            return None;
        }
        let message = format!("watches all of {tree}, where something happens all the time");
        Some(self.found(Code::WideTree, message))
    }

    fn permissions(&self) -> Option<Finding> {
        let rule = self.rule();
        if let Some(path) = self.line.watched_path() {
            let is_all = cover::all_accesses(rule)
                == cover::accesses(&Field::number(FieldNumber::PERM, Op::EQUAL, cover::ACCESS));
            let is_said = word(self.text, |word| word.starts_with(b"-p")).is_some();
            let advice = if is_program(path) {
                "-p x records executions of a program only"
            } else {
                "-p wa records changes only"
            };
            return (is_all && !is_said).then(|| {
                self.found(Code::NoPermissions, "-w without -p: reads and executions are recorded too").advise(advice)
            });
        }
        let is_slow = rule.text(FieldNumber::PATH).or(rule.text(FieldNumber::DIR)).is_some()
            && rule.fields.iter().any(|field| field.number == FieldNumber::PERM)
            && rule.arch().is_none();
        is_slow.then(|| {
            let message = "perm= without arch: every system call of both word lengths is looked at";
            self.found(Code::PermWithoutArch, message)
                .advise("one rule with -F arch=b64 and one with -F arch=b32 in front")
        })
    }

    fn old_form(&self) -> Option<Finding> {
        let is_old = self.line.watch.is_some() && self.line.verb == Verb::Append;
        is_old.then(|| {
            let message = "a watch in the old form (-w): every system call of both word lengths is looked at; auditctl \
                           calls it slower since 3.1.3";
            self.found(Code::WatchForm, message).advise(
                "-a always,exit -F arch=b64 -F path=PATH -F perm=PERM -F key=KEY, and the same with b32; PERM as after -p, \
                 rwxa without it; dir= for directories",
            )
        })
    }
}

/// Whether a path is where programs are.
fn is_program(path: &[u8]) -> bool {
    let mut names = path.rsplit(|byte| *byte == b'/');
    names.next().is_some_and(|name| !name.is_empty())
        && names.next().is_some_and(|directory| matches!(directory, b"bin" | b"sbin" | b"libexec"))
}
