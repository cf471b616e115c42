//! Rules that load and record nothing, or not what was meant: their conditions do not fit their system calls.

use super::code::Code;
use super::finding::{Finding, condition, list, word};
use super::rule::Given;
use crate::matching::access;
use crate::matching::cover::{accesses, all_accesses, numbers, successes};
use crate::matching::numbers::Numbers;
use crate::rule::field_table::by_number;
use crate::rule::key::SEPARATOR;
use crate::rule::{Field, FieldNumber};
use crate::tables::{errno, syscalls};

/// The first of the numbers that a failing call gives back, as the kernel compares them (`IS_ERR_VALUE`).
const FIRST_FAILURE: u32 = u32::MAX - 4094;

/// What `successes` has for failures alone, and for successes alone.
const FAILURES: u32 = 2;
const SUCCESSES: u32 = 1;

impl Given<'_> {
    /// Why the rule of a line records nothing, or not what was meant.
    pub fn unrecorded(&self) -> Vec<Finding> {
        let found = [self.no_file(), self.no_access(), self.positive_errno(), self.result_and_success()];
        found.into_iter().flatten().collect()
    }

    /// The names of the rule's system calls; none where it is about all, or where one has no name.
    fn calls(&self) -> Vec<&'static str> {
        let rule = self.rule();
        let arch = rule.arch().unwrap_or(self.machine.native);
        if rule.syscalls.is_all() {
            return Vec::new();
        }
        let names: Option<Vec<&str>> = rule.syscalls.numbers().map(|number| syscalls::name(arch, number)).collect();
        names.unwrap_or_default()
    }

    /// Conditions on files, with system calls that name none.
    fn no_file(&self) -> Option<Finding> {
        let is_about_file = |field: &&Field| {
            matches!(
                field.number,
                FieldNumber::PATH | FieldNumber::DIR | FieldNumber::INODE | FieldNumber(100 | 101 | 109 | 110)
            )
        };
        let field = self.rule().fields.iter().find(is_about_file)?;
        let calls = self.calls();
        let uses = |name: &&str| syscalls::names_no_file(name);
        let nameless: Vec<&str> = calls.iter().copied().filter(|name| uses(name).is_some()).collect();
        let row = by_number(field.number)?;
        let reads_or_writes: Vec<&str> =
            calls.iter().copied().filter(|name| matches!(*name, "read" | "write")).collect();
        let message = match () {
            () if !calls.is_empty() && nameless.len() == calls.len() => {
                format!("never fires: {} names no file, so that no condition on {} holds", list(&calls), row.name)
            }
            () if !reads_or_writes.is_empty() => {
                let calls = list(&reads_or_writes);
                format!("never fires for {calls}, which names no file: no condition on {} holds there", row.name)
            }
            () => return None,
        };
        let of_data = nameless.iter().any(|name| uses(name) == Some(true));
        let found = Finding::new(Code::NamesNoFile, self.at, message).over(condition(self.text, row.name));
        Some(if of_data {
            found.advise("who opens the file is what can be recorded: -S open,openat, or perm=r or perm=w without -S")
        } else {
            found
        })
    }

    /// `perm=` with system calls that do none of it.
    fn no_access(&self) -> Option<Finding> {
        let rule = self.rule();
        let arch = rule.arch()?;
        let field = rule.fields.iter().find(|field| field.number == FieldNumber::PERM)?;
        let allowed = all_accesses(rule);
        let fits = |number: u32| access::of_call(arch, number, |_| None) & allowed != 0;
        let mask = &rule.syscalls;
        let fits_none = !mask.is_all() && !mask.is_empty() && !mask.numbers().any(fits);
        if !fits_none || accesses(field) == 0 || allowed == 0 {
            return None;
        }
        let calls = list(&self.calls());
        let message = if self.line.narrowing.is_some() {
            format!(
                "{calls} does nothing that perm= asks for; auditctl from 3.1.3 on adds the calls that do, older ones do not"
            )
        } else {
            format!("never fires: {calls} does nothing that perm= asks for")
        };
        let found = Finding::new(Code::PermNotOfSyscalls, self.at, message).over(condition(self.text, "perm"));
        Some(found.advise("leave -S out: perm= finds the system calls itself"))
    }

    /// `exit=EACCES`: failures give back the negative number.
    fn positive_errno(&self) -> Option<Finding> {
        let span = condition(self.text, "exit")?;
        let said = &self.text[span.0..span.1];
        let at = said.iter().rposition(|byte| b"=<>".contains(byte))? + 1;
        let name = std::str::from_utf8(&said[at..]).ok()?;
        let number = errno().number(name).filter(|_| name.starts_with(|first: char| first.is_ascii_alphabetic()))?;
        let message = format!("exit={name} is {number}, which no failure gives back: a failure gives back -{name}");
        let found = Finding::new(Code::PositiveErrno, self.at, message).over(Some(span));
        let start = span.0 + at;
        Some(found.replace(format!("write -{name}"), (start, start), "-"))
    }

    /// Results that exclude each other: of a failure the number of one is given back.
    fn result_and_success(&self) -> Option<Finding> {
        let rule = self.rule();
        let results = numbers(rule, FieldNumber::EXIT);
        let has_exit = rule.fields.iter().any(|field| field.number == FieldNumber::EXIT);
        if !has_exit || results.is_empty() {
            return None;
        }
        let failures = Numbers::between(FIRST_FAILURE, u32::MAX);
        let (said, results_are) = match successes(rule) {
            FAILURES if !meets(&results, &failures) => {
                ("success=0", "no result that exit asks for is one of a failure")
            }
            SUCCESSES if results.is_within(&failures) => {
                ("success=1", "every result that exit asks for is one of a failure")
            }
            _ => return None,
        };
        let message = format!("never fires: {said}, but {results_are}");
        Some(Finding::new(Code::NeverMatches, self.at, message).over(condition(self.text, "exit")))
    }

    /// Keys with characters that nobody types who looks for them.
    pub(super) fn unusual_key(&self) -> Option<Finding> {
        let key = self.rule().key()?;
        let is_odd = |byte: &u8| byte.is_ascii_control() && *byte != SEPARATOR || b"\"' ".contains(byte);
        let odd = key.iter().find(|byte| is_odd(byte))?;
        let what = match odd {
            b'"' | b'\'' => "quotation marks are part of the key",
            b' ' => "the key holds a blank",
            b'\t' => "the key holds a tab",
            _ => "the key holds a control character",
        };
        let shown = String::from_utf8_lossy(key).into_owned();
        let bare: String = shown.chars().filter(|c| !c.is_control() && !"\"' ".contains(*c)).collect();
        let message = format!("{what}: ausearch -k {bare} does not find its records");
        let place = word(self.text, |word| word.iter().any(is_odd) && !word.starts_with(b"/"));
        let found = Finding::new(Code::UnusualKey, self.at, message).over(place);
        let advice = "use letters, digits, - and _";
        let said = place.and_then(|(start, end)| self.text.get(start..end));
        Some(match (place, said) {
            (Some(span), Some(said)) if !said.contains(&b'\\') => {
                let plain: Vec<u8> = said.iter().copied().filter(|byte| !is_odd(byte)).collect();
                found.replace(advice, span, String::from_utf8_lossy(&plain))
            }
            _ => found.advise(advice),
        })
    }
}

/// Whether two sets have a number in common, where the second one is a stretch of numbers.
fn meets(numbers: &Numbers, stretch: &Numbers) -> bool {
    let mut both = numbers.clone();
    both.narrow(stretch);
    !both.is_empty()
}
