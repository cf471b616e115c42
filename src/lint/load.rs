//! What is found in the load as a whole: duplicates, settings that overrule each other, rules that are deleted again.

use std::rc::Rc;

use super::code::Code;
use super::finding::{Finding, list, word};
use super::policy::{Policy, place};
use super::source::File;
use crate::auditctl::{Control, Verb};
use crate::boot_load::{Failing, LoadFailure, Spot};
use crate::lines::Reader;
use crate::matching::blocker;
use crate::rule::{FieldNumber, Rule};
use crate::set_aside::{self, SetAside};
use crate::settings::{Name, Settings};

/// The longest wait, in jiffies, that any kernel takes: 10 minutes at 1000 ticks per second.
const LONGEST_WAIT: u32 = 600_000;

/// Findings about the load; those about pairs come back, where a duplicate does not explain them.
pub fn findings(policy: &Policy<'_>, reader: &mut Reader, mut pairs: Vec<Finding>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for failing in &policy.load.failing {
        findings.extend(of_failing(policy, failing, reader, &mut pairs));
    }
    findings.extend(policy.load.copies.iter().map(|(copy, first)| of_copy(policy, &copy.spot, first)));
    findings.extend(outdated(policy, reader));
    for loaded in policy.rules() {
        let effect = blocker(&loaded.rule.listed);
        findings.extend(effect.map(|effect| Finding::new(Code::Blocker, &loaded.spot, effect).delete_line()));
    }
    let set = settings(policy.files, reader);
    findings.extend(overruled(&set));
    findings.extend(set.iter().filter_map(of_setting));
    for file in policy.files {
        findings.extend(of_controls(file, reader));
    }
    findings.extend(deletions(policy, reader));
    findings.append(&mut pairs);
    findings
}

/// Comments in place of lines whose reason is gone. Without a host only those count that name another of the files, or
/// their own: which other drop-ins, accounts and paths there are is not known.
fn outdated(policy: &Policy<'_>, reader: &mut Reader) -> Vec<Finding> {
    let files = policy.files.iter().map(|file| (Rc::clone(&file.name), file.source.bytes.as_slice()));
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let is_given = |path: &[u8]| {
        let name = last(&String::from_utf8_lossy(path));
        policy.files.iter().any(|file| last(&file.name) == name)
    };
    let mut findings = Vec::new();
    for comment in set_aside::outdated(files, &policy.lines, reader) {
        let Some(said) = SetAside::of(policy.text(&comment.spot), reader) else { continue };
        let is_known = policy.host.is_known || (said.is_duplicate() && said.same_as().is_none_or(is_given));
        if is_known {
            let reason = String::from_utf8_lossy(said.reason);
            let message = format!("no line holds this rule any more, and the reason is gone: {reason}");
            let line = String::from_utf8_lossy(said.line).into_owned();
            let whole = (0, policy.text(&comment.spot).len());
            let found = Finding::new(Code::OutdatedComment, &comment.spot, message);
            findings.push(found.replace("write the line again; state: loaded does it", whole, line));
        }
    }
    findings
}

/// A line that the load fails at, though it can be read.
fn of_failing(
    policy: &Policy<'_>,
    failing: &Failing,
    reader: &mut Reader,
    pairs: &mut Vec<Finding>,
) -> Option<Finding> {
    let first = match &failing.trouble {
        // What stands after a lock is said once, where the lock is.
        LoadFailure::Unloadable(_) | LoadFailure::Locked(_) => return None,
        LoadFailure::NothingToDelete => {
            let message = "there is no such rule to delete: the load stops here";
            return Some(Finding::new(Code::NothingToDelete, &failing.spot, message));
        }
        LoadFailure::Duplicate(first) => first,
    };
    let reading = reader.read(&failing.text);
    let rule = &reading.rule.as_ref()?.line;
    let place = place(first, &failing.spot);
    let half = pairs.iter().position(|found| {
        found.at == *first && [Code::B32Missing.name(), Code::B64Missing.name()].contains(&found.code)
    });
    if let Some(half) = half {
        return Some(written_twice(&pairs.remove(half), failing, &place));
    }
    let rule_of_first = policy.rules().iter().find(|loaded| loaded.spot == *first);
    let kind_differs = rule_of_first.is_some_and(|other| other.rule.line.watch.is_some() != rule.watch.is_some());
    let unknown = [rule.watched_path(), rule_of_first.and_then(|other| other.rule.line.watched_path())];
    let unknown = unknown.into_iter().flatten().find(|path| kind_differs && !policy.paths.contains_key(*path));
    let unless =
        unknown.map_or_else(String::new, |path| format!(", unless {} is a directory", String::from_utf8_lossy(path)));
    let message = format!("the same rule as {place}{unless}");
    let found = Finding::new(Code::DuplicateRule, &failing.spot, message).beside(first).delete_line();
    if policy.host.is_applied {
        return Some(found.left_out("this one", "on_duplicate"));
    }
    Some(Finding { message: format!("{}: the load stops here with \"Rule exists\"", found.message), ..found })
}

/// A line with a rule that the load prepends besides.
fn of_copy(policy: &Policy<'_>, copy: &Spot, first: &Spot) -> Finding {
    let place = place(first, copy);
    if policy.host.is_applied {
        let found = Finding::new(Code::DuplicateRule, copy, format!("the same rule as {place}"));
        return found.beside(first).delete_line().left_out("one of them", "on_duplicate");
    }
    let message = format!("the same rule as {place}, which prepends it (-A): the kernel holds it twice");
    Finding::new(Code::LoadedTwice, copy, message).beside(first).delete_line()
}

/// One half of a pair twice, in place of the other half.
fn written_twice(half: &Finding, failing: &Failing, place: &str) -> Finding {
    let (own, other) = if half.code == Code::B32Missing.name() { ("b64", "b32") } else { ("b32", "b64") };
    let names = if half.calls.is_empty() { String::new() } else { format!(" ({})", list(&half.calls)) };
    let message = format!("{own} twice, {other} missing{names}: the load stops here, at the same rule as {place}");
    let found = Finding::new(Code::ArchTwice, &failing.spot, message).beside(&half.at);
    let span = word(&failing.text, |word| word.to_ascii_lowercase().ends_with(format!("arch={own}").as_bytes()));
    match span {
        Some((start, end)) => {
            found.over(Some((start, end))).replace(format!("write arch={other}"), (end - 3, end), other)
        }
        None => found,
    }
}

/// A setting where it is made.
struct Set {
    name: Name,
    value: u32,
    at: Spot,
}

/// Every setting, in the order of the files.
fn settings(files: &[File<'_>], reader: &mut Reader) -> Vec<Set> {
    let mut set = Vec::new();
    for file in files {
        for (at, line) in file.lines.iter().enumerate() {
            for control in &reader.read(line).controls {
                let mut one = Settings::default();
                one.take(control);
                set.extend(one.iter().map(|(name, value)| Set { name, value, at: file.spot(at + 1) }));
            }
        }
    }
    set
}

/// Settings that a later line sets otherwise.
fn overruled(set: &[Set]) -> Vec<Finding> {
    let last = |name: Name| set.iter().rev().find(|other| other.name == name);
    set.iter()
        .filter_map(|early| {
            let late = last(early.name).filter(|late| late.value != early.value)?;
            let place = place(&late.at, &early.at);
            let option = early.name.option();
            let (code, effect) = match (early.name, early.value) {
                (Name::Enabled, 2) => (Code::LockOverruled, ": the host is not locked"),
                _ => (Code::SettingOverruled, ""),
            };
            let message =
                format!("{option} {} is overruled by {option} {} in {place}{effect}", early.value, late.value);
            Some(Finding::new(code, &early.at, message).beside(&late.at))
        })
        .collect()
}

fn of_setting(set: &Set) -> Option<Finding> {
    let (code, message) = match (set.name, set.value) {
        (Name::Enabled, 0) => (Code::SwitchesOff, "-e 0: nothing is recorded after this load".to_owned()),
        (Name::Failure, 2) => (Code::Panics, "-f 2: the kernel panics when a record cannot be kept".to_owned()),
        (Name::LoginuidImmutable, 1) => {
            let message = "containers can no longer set login uids, so that logins in them may fail; only a reboot takes this back";
            (Code::LoginuidImmutable, message.to_owned())
        }
        (Name::BacklogWaitTime, jiffies) if jiffies > LONGEST_WAIT => {
            (Code::SettingOutOfRange, format!("{jiffies} jiffies: no kernel takes more than {LONGEST_WAIT}"))
        }
        _ => return None,
    };
    Some(Finding::new(code, &set.at, message))
}

/// Where control lines stand and how they are written.
fn of_controls(file: &File<'_>, reader: &mut Reader) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rules = 0;
    let says_something: Vec<bool> = file.lines.iter().map(|line| !reader.read(line).is_silent).collect();
    for (at, line) in file.lines.iter().enumerate() {
        let reading = reader.read(line);
        let spot = file.spot(at + 1);
        let at_boot = reading.at_boot.iter().flat_map(|step| &step.controls);
        for control in reading.controls.iter().chain(at_boot) {
            match control {
                Control::Enabled(2) if says_something[at + 1..].contains(&true) => {
                    let message = "-e 2 with lines after it, which auditctl -R cannot load any more; augenrules moves it to the end";
                    findings.push(Finding::new(Code::LockNotLast, &spot, message).advise("put it last"));
                }
                Control::DeleteAll if rules > 0 => {
                    let plural = if rules == 1 { "" } else { "s" };
                    let message = format!(
                        "-D: auditctl -R deletes the {rules} rule{plural} above again; augenrules moves it to the front"
                    );
                    findings.push(Finding::new(Code::DeletesRules, &spot, message).advise("put it first"));
                }
                Control::IgnoreErrors => {
                    let message = "-i: the load calls it success whatever fails";
                    findings.push(
                        Finding::new(Code::IgnoresErrors, &spot, message)
                            .advise("-c goes on too, and fails at the end"),
                    );
                }
                _ => {}
            }
        }
        let is_moved = |control: &Control| {
            matches!(control, Control::Enabled(_) | Control::Failure(_) | Control::BacklogLimit(_) | Control::DeleteAll)
        };
        let is_blank_after = line.ends_with(b" ") && reading.controls.contains(&Control::DeleteAll);
        if reading.controls.iter().any(is_moved) && (line.starts_with(b" ") || is_blank_after) {
            let message =
                "blanks around the option: augenrules with mawk (Debian, Ubuntu) leaves the line where it stands";
            let bare = line.trim_ascii();
            let found = Finding::new(Code::ControlIndented, &spot, message);
            let bare = String::from_utf8_lossy(bare).into_owned();
            findings.push(found.replace("write the line without them", (0, line.len()), bare));
        }
        rules += usize::from(reading.rule.as_ref().is_some_and(|rule| rule.line.verb != Verb::Delete));
    }
    findings
}

/// `-D -k`, `-d` and `-W`, where they take away rules that were loaded before.
fn deletions(policy: &Policy<'_>, reader: &mut Reader) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut before: Vec<(Spot, Vec<u8>)> = Vec::new();
    for file in policy.files {
        for (at, line) in file.lines.iter().enumerate() {
            let reading = reader.read(line);
            for control in &reading.controls {
                let Control::DeleteByKey(part) = control else { continue };
                let hit: Vec<&Spot> =
                    before.iter().filter(|(_, key)| contains(key, part)).map(|(spot, _)| spot).collect();
                let Some(first) = hit.first() else { continue };
                let spot = file.spot(at + 1);
                let (count, part) = (hit.len(), String::from_utf8_lossy(part));
                let plural = if count == 1 { "" } else { "s" };
                let place = place(first, &spot);
                let message = format!(
                    "deletes {count} rule{plural} loaded before, from {place} on, whose key contains \"{part}\""
                );
                findings.push(Finding::new(Code::DeletesRules, &spot, message).beside(first));
            }
            before.extend(
                reading.rule.as_ref().and_then(|rule| key(&rule.line.rule)).map(|key| (file.spot(at + 1), key)),
            );
        }
    }
    findings.extend(policy.load.lost().filter_map(|(gone, by)| {
        let is_one = reader.read(policy.text(by)).rule.as_ref().is_some_and(|rule| rule.line.verb == Verb::Delete);
        let message = || format!("deletes the rule of {}", place(&gone.spot, by));
        is_one.then(|| Finding::new(Code::DeletesRules, by, message()).beside(&gone.spot))
    }));
    findings
}

fn key(rule: &Rule) -> Option<Vec<u8>> {
    rule.text(FieldNumber::KEY).map(<[u8]>::to_vec)
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}
