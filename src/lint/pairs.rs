//! Rules that belong together: the two halves for 64-bit and 32-bit programs, and rules that could be one.

use rustc_hash::FxHashMap as HashMap;

use super::code::Code;
use super::finding::{Finding, list, word};
use super::policy::{Policy, place};
use crate::rule::{Action, Arch, FieldNumber, List, Mask, Op, Rule};
use crate::tables::syscalls;

/// Findings about rules that belong together.
pub fn findings(policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let (Some(b64), Some(b32)) = (policy.machine.b64, policy.machine.b32) {
        let calls = Calls::of(policy, [b64, b32]);
        for group in groups(policy, &without_arch_and_key) {
            findings.extend(halves(policy, &group, &calls));
        }
    }
    for group in groups(policy, &without_calls) {
        findings.extend(mergeable(policy, &group));
    }
    findings
}

/// The rules that are the same but for something, in order, by their numbers in the load.
fn groups(policy: &Policy<'_>, but_for: &dyn Fn(&Rule) -> Option<Rule>) -> Vec<Vec<usize>> {
    let mut known: HashMap<Rule, usize> = HashMap::default();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, loaded) in policy.rules().iter().enumerate() {
        let Some(rest) = but_for(&loaded.rule.listed) else { continue };
        let group = *known.entry(rest).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(at);
    }
    groups
}

fn is_recorded_call(rule: &Rule) -> bool {
    rule.list == List::EXIT && rule.action == Action::ALWAYS
}

/// What the two halves of a pair have in common.
fn without_arch_and_key(rule: &Rule) -> Option<Rule> {
    let mut rest = rule.clone();
    rest.fields.retain(|field| !matches!(field.number, FieldNumber::ARCH | FieldNumber::KEY));
    rest.fields.sort_unstable();
    rest.syscalls = Mask::NONE;
    is_recorded_call(rule).then_some(rest)
}

/// What rules have in common that differ in system calls only.
fn without_calls(rule: &Rule) -> Option<Rule> {
    let rest = Rule { syscalls: Mask::NONE, ..rule.clone() };
    (is_recorded_call(rule) && !rule.syscalls.is_all() && !rule.syscalls.is_empty()).then_some(rest)
}

/// The word length that a rule is for, as an index; none where it is for both or says it in another way.
fn side(rule: &Rule, arches: [Arch; 2]) -> Option<usize> {
    let mut said = rule.fields.iter().filter(|field| field.number == FieldNumber::ARCH);
    let field = said.next().filter(|field| field.op == Op::EQUAL)?;
    let side = arches.iter().position(|arch| field.value.number() == Some(arch.0));
    side.filter(|_| said.next().is_none())
}

/// Whether a rule is about every system call of one word length, whatever process makes it. With `always` it finds the
/// programs of that word length, with `never` it leaves them out: the other rules need not be about them.
fn takes_all_of(rule: &Rule, arch: Arch) -> bool {
    let is_bare = rule.fields.iter().all(|field| matches!(field.number, FieldNumber::ARCH | FieldNumber::KEY));
    rule.list == List::EXIT && rule.syscalls.is_all() && is_bare && rule.arch() == Some(arch)
}

/// What the policy has of each word length: looked for once, and not for each of its rules.
struct Calls {
    /// The word lengths.
    arches: [Arch; 2],
    /// Whether a rule takes every system call.
    are_all_taken: [bool; 2],
    /// The system calls that rules record.
    recorded: [Mask; 2],
}

impl Calls {
    fn of(policy: &Policy<'_>, arches: [Arch; 2]) -> Self {
        let rules = || policy.rules().iter().map(|loaded| &*loaded.rule.listed);
        let recorded = |arch: Arch| {
            let mut recorded = Mask::NONE;
            rules()
                .filter(|rule| is_recorded_call(rule) && rule.arch() == Some(arch))
                .for_each(|rule| recorded.union(&rule.syscalls));
            recorded
        };
        Self {
            arches,
            are_all_taken: arches.map(|arch| rules().any(|rule| takes_all_of(rule, arch))),
            recorded: arches.map(recorded),
        }
    }
}

fn halves(policy: &Policy<'_>, group: &[usize], calls: &Calls) -> Vec<Finding> {
    let rule = |at: usize| &*policy.rules()[at].rule.listed;
    let Calls { arches, are_all_taken, recorded } = calls;
    let arches = *arches;
    let mut masks = [Mask::NONE, Mask::NONE];
    for at in group {
        let has_arch = rule(*at).arch().is_some();
        for (of, mask) in masks.iter_mut().enumerate() {
            if !has_arch || side(rule(*at), arches) == Some(of) {
                mask.union(&rule(*at).syscalls);
            }
        }
    }
    let mut findings = Vec::new();
    for at in group {
        let Some(side) = side(rule(*at), arches) else { continue };
        let (own, other) = (arches[side], arches[1 - side]);
        findings.extend(newer_variants(policy, *at, own, &masks[side], &recorded[side]));
        if side == 1 {
            findings.extend(wider_variants(policy, *at, own, &masks[1]));
        }
        // 32-bit programs alone are meant where every system call of theirs is.
        let is_on_purpose = are_all_taken[1 - side] || side == 1 && rule(*at).syscalls.is_all() && is_broad(rule(*at));
        let missing = missing(&rule(*at).syscalls, own, other, &masks[1 - side]);
        let Some(missing) = missing.filter(|_| !is_on_purpose) else { continue };
        let names = ["b64", "b32"];
        let code = if side == 0 { Code::B32Missing } else { Code::B64Missing };
        let message = format!("{} without {}", names[side], names[1 - side]);
        let found = Finding::new(code, &policy.rules()[*at].spot, message).of_calls(missing.clone());
        let has_some = missing.len()
            < rule(*at).syscalls.numbers().filter(|number| translated(*number, own, other).is_some()).count();
        findings.push(if missing.is_empty() || !has_some {
            with_twin(policy, *at, found, [names[side], names[1 - side]])
        } else {
            found.advise(format!("name them with arch={} too", names[1 - side]))
        });
    }
    findings
}

/// Whether a rule has no condition on files: it is about all that some processes do.
fn is_broad(rule: &Rule) -> bool {
    rule.fields.iter().all(|field| field.text().is_none() || field.number == FieldNumber::KEY)
}

/// The calls of one half that the other one lacks although its architecture has them; none if there are none. Where
/// "all" is missing, no name is given.
fn missing(mask: &Mask, own: Arch, other: Arch, held: &Mask) -> Option<Vec<&'static str>> {
    if mask.is_all() {
        return (!held.is_all()).then(Vec::new);
    }
    let lacks = |number: &u32| translated(*number, own, other).is_some_and(|number| !held.contains(number));
    let mut missing: Vec<&str> =
        mask.numbers().filter(lacks).filter_map(|number| syscalls::name(own, number)).collect();
    missing.sort_unstable();
    (!missing.is_empty()).then_some(missing)
}

/// 32-bit programs of today use calls with wider arguments: `chown32`, `ftruncate64`, `clock_settime64`.
fn wider_variants(policy: &Policy<'_>, at: usize, arch: Arch, held: &Mask) -> Option<Finding> {
    let loaded = &policy.rules()[at];
    let mask = &loaded.rule.listed.syscalls;
    let wider = |number| {
        let name = syscalls::name(arch, number)?;
        let variants = [format!("{name}32"), format!("{name}64"), format!("{name}_time64")];
        variants.iter().find_map(|variant| syscalls::canonical_name(arch, variant))
    };
    let is_missing = |name: &&str| syscalls::number(arch, name).is_some_and(|number| !held.contains(number));
    let mut missing: Vec<&str> =
        mask.numbers().filter(|_| !mask.is_all()).filter_map(wider).filter(is_missing).collect();
    missing.sort_unstable();
    (!missing.is_empty()).then(|| {
        let message = "32-bit programs use wider calls for the same, which no such rule has";
        Finding::new(Code::WiderVariantMissing, &loaded.spot, message).of_calls(missing)
    })
}

/// Programs of today make other system calls than those of old: `openat` for `open`.
fn newer_variants(policy: &Policy<'_>, at: usize, arch: Arch, held: &Mask, recorded: &Mask) -> Option<Finding> {
    let loaded = &policy.rules()[at];
    let mask = &loaded.rule.listed.syscalls;
    let newer = |number| syscalls::newer(syscalls::name(arch, number)?);
    // The newer call has its arguments in other places, so that a rule about these is another one.
    let is_of_arguments = loaded.rule.listed.fields.iter().any(|field| matches!(field.number.0, 200..=203));
    let is_elsewhere = |number| is_of_arguments && recorded.contains(number);
    let is_missing = |name: &&str| {
        syscalls::number(arch, name).is_some_and(|number| !held.contains(number) && !is_elsewhere(number))
    };
    let mut missing: Vec<&str> =
        mask.numbers().filter(|_| !mask.is_all()).filter_map(newer).filter(is_missing).collect();
    missing.sort_unstable();
    missing.dedup();
    (!missing.is_empty()).then(|| {
        let message = "programs of today make other system calls for the same, which no such rule has";
        Finding::new(Code::NewerVariantMissing, &loaded.spot, message).of_calls(missing).advise("name them too")
    })
}

/// The number that a call has on another architecture, where that has it under the same name.
fn translated(number: u32, own: Arch, other: Arch) -> Option<u32> {
    syscalls::number(other, syscalls::name(own, number)?)
}

/// With the other half as a line after this one, where it can be written by changing one word.
fn with_twin(policy: &Policy<'_>, at: usize, found: Finding, names: [&str; 2]) -> Finding {
    let text = policy.text(&found.at);
    let is_arch = |word: &[u8]| word.to_ascii_lowercase().ends_with(format!("arch={}", names[0]).as_bytes());
    let span = word(text, is_arch);
    let advice = format!("add the same rule with arch={}", names[1]);
    let Some((start, end)) = span else { return found.advise(advice) };
    let twin = [&text[..end - 3], names[1].as_bytes(), &text[end..], b"\n"].concat();
    let rule = &policy.rules()[at].rule.line.rule;
    let reads = |arch: Arch| {
        let own = rule.arch().unwrap_or(arch);
        rule.syscalls.is_all() || rule.syscalls.numbers().all(|number| translated(number, own, arch).is_some())
    };
    let other = policy.machine.arch(names[1]).ok();
    if other.is_some_and(|other| !reads(other)) {
        let calls = format!("add one with arch={} for {}", names[1], list(&found.calls));
        return found.over(Some((start, end))).advise(calls);
    }
    match (String::from_utf8(twin), other) {
        (Ok(twin), Some(_)) => {
            let line = found.at.line + 1;
            let found = found.over(Some((start, end))).replace(advice, (0, 0), twin);
            with_edit_at(found, line)
        }
        _ => found.over(Some((start, end))).advise(advice),
    }
}

/// The edit of a finding, moved to the beginning of another line.
fn with_edit_at(mut found: Finding, line: usize) -> Finding {
    if let Some(edit) = found.fix.as_mut().and_then(|fix| fix.edit.as_mut()) {
        (edit.from, edit.to) = ((line, 0), (line, 0));
    }
    found
}

/// Rules that could be one. A rule that says never between them could make a difference, so none may stand there.
fn mergeable(policy: &Policy<'_>, group: &[usize]) -> Option<Finding> {
    let [first, others @ ..] = group else { return None };
    let last = others.last()?;
    let says_never = |at: usize| {
        let rule = &policy.rules()[at].rule.listed;
        rule.list == List::EXIT && rule.action == Action::NEVER
    };
    if (*first..*last).any(says_never) {
        return None;
    }
    let spot = &policy.rules()[*first].spot;
    let places: Vec<String> = others.iter().map(|at| place(&policy.rules()[*at].spot, spot)).collect();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let message = format!("differs from {} in system calls only: one rule is faster", list(&places));
    let found = Finding::new(Code::Mergeable, spot, message).advise("name all system calls in one -S");
    Some(others.iter().fold(found, |found, at| found.beside(&policy.rules()[*at].spot)))
}
