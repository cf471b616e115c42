//! Rules that can never win, because the kernel takes the first one that matches.

use super::code::Code;
use super::finding::Finding;
use super::policy::{Policy, place};
use super::source::steps;
use crate::boot_load::LoadedRule;
use crate::matching::{
    Earlier, MOST, Provided, contradiction, covers, has_records, have_same_effect, have_same_key, overlap, stops_list,
};
use crate::rule::path::PathFact;
use crate::rule::{Action, FieldNumber, List, Rule, key};

/// Findings about the order of rules.
pub fn findings(policy: &Policy<'_>) -> Vec<Finding> {
    let rules = &policy.real;
    let earlier = Earlier::of(rules.iter().map(|loaded| &*loaded.rule.listed).collect());
    let mut findings = Vec::new();
    for (at, narrow) in rules.iter().enumerate() {
        let dead = is_dead(narrow);
        let may_cover = if dead { Vec::new() } else { earlier.than(at) };
        let found = may_cover.into_iter().find_map(|other| covered(policy, other, at));
        findings.extend(found.or_else(|| too_late(policy, at)));
    }
    findings
}

/// Whether the rule never matches anyway, which has a finding of its own.
fn is_dead(loaded: &LoadedRule) -> bool {
    let rule = &loaded.rule.listed;
    let is_masked = matches!(rule.list, List::EXIT | List::IO_URING) && rule.syscalls.is_empty();
    is_masked || contradiction(rule).is_some() || rule.fields.iter().any(|field| stops_list(field, rule.list))
}

/// A rule after one that matches all that it matches.
fn covered(policy: &Policy<'_>, wide_at: usize, narrow_at: usize) -> Option<Finding> {
    let (wide, narrow) = (&policy.real[wide_at], &policy.real[narrow_at]);
    let (first, second) = (&*wide.rule.listed, &*narrow.rule.listed);
    let is_same = is_same_but_key(first, second);
    let is_decided = (is_same || policy.can_compare(wide, narrow)) && stays_within(wide, narrow);
    let provided = covers(first, second).filter(|_| is_decided)?;
    let provided = if is_same { provided } else { settled(provided, first, second, policy)? };
    let first_at = place(&wide.spot, &narrow.spot);
    let same_effect = have_same_effect(first, second);
    let same_key = have_same_key(first, second);
    let is_equal = is_same || covers(second, first).is_some_and(|back| !back.no_links) && stays_within(narrow, wide);
    let (code, message) = match (same_effect && same_key, is_equal) {
        (true, true) => (Code::Redundant, format!("adds nothing: the same conditions as in {first_at}")),
        (true, false) => (Code::Redundant, format!("adds nothing: {first_at} takes all of it, with the same effect")),
        (false, true) if same_effect => {
            (Code::SameMatch, format!("never fires: same match as {first_at}, {}", wins(first)))
        }
        (false, _) => {
            (Code::Covered, format!("never fires: {first_at} comes first and matches all of it, {}", wins(first)))
        }
    };
    let message = message + &one_file(policy, wide_at, narrow_at) + &under(provided, second);
    Some(Finding::new(code, &narrow.spot, message).beside(&wide.spot))
}

/// Which records there are in place of those of the later rule.
fn wins(rule: &Rule) -> String {
    match rule.key() {
        _ if rule.action == Action::NEVER => "and says never".to_owned(),
        _ if !has_records(rule) => "and says always".to_owned(),
        None => "and has no key".to_owned(),
        Some(text) => {
            let keys: Vec<String> = text
                .split(|byte| *byte == key::SEPARATOR)
                .map(|key| String::from_utf8_lossy(key).into_owned())
                .collect();
            format!("key \"{}\" wins", keys.join(","))
        }
    }
}

/// What must hold for it, as the end of a sentence.
fn under(provided: Provided, narrow: &Rule) -> String {
    let path = narrow.text(FieldNumber::PATH).or_else(|| narrow.text(FieldNumber::DIR)).unwrap_or_default();
    let path = String::from_utf8_lossy(path);
    let mut sentence = String::new();
    if provided.not_replaced {
        sentence = format!(", until {path} is replaced: then the kernel asks its rules in reverse order");
    }
    sentence + provided.of_links()
}

/// That two paths are one file, where links say so.
fn one_file(policy: &Policy<'_>, wide: usize, narrow: usize) -> String {
    let named = |at: usize| {
        let rule = &policy.rules()[at].rule.listed;
        rule.text(FieldNumber::PATH).or_else(|| rule.text(FieldNumber::DIR)).map(<[u8]>::to_vec)
    };
    let real = |at: usize| policy.real[at].rule.listed.text(FieldNumber::PATH).map(<[u8]>::to_vec);
    match (named(wide), named(narrow), real(wide), real(narrow)) {
        (Some(first), Some(second), Some(one), Some(other)) if first != second && one == other => {
            let shown = String::from_utf8_lossy;
            format!(" ({} and {} are one file)", shown(&first), shown(&second))
        }
        _ => String::new(),
    }
}

/// Whether two rules differ in nothing but their keys and what they do.
fn is_same_but_key(left: &Rule, right: &Rule) -> bool {
    let conditions =
        |rule: &Rule| rule.fields.iter().filter(|field| field.number != FieldNumber::KEY).cloned().collect::<Vec<_>>();
    left.list == right.list && left.syscalls == right.syscalls && conditions(left) == conditions(right)
}

/// auditctl from 3.1.3 on narrows the masks of rules with `perm=`, each version in its own way: the one rule must have
/// all of the other's calls whichever of them loads the rules.
fn stays_within(wide: &LoadedRule, narrow: &LoadedRule) -> bool {
    let (wide, narrow) = (&wide.rule.line, &narrow.rule.line);
    if wide.narrowing.is_none() && narrow.narrowing.is_none() {
        return true;
    }
    wide.masks_by_era().iter().zip(narrow.masks_by_era()).all(|pair| match pair {
        (Some(wide), Some(narrow)) => narrow.is_within(wide),
        _ => true,
    })
}

/// The conditions that are left where a host is known; none where they do not hold.
fn settled(mut provided: Provided, wide: &Rule, narrow: &Rule, policy: &Policy<'_>) -> Option<Provided> {
    let is_led_to = |rule: &Rule| {
        let path = rule.text(FieldNumber::PATH).or_else(|| rule.text(FieldNumber::DIR));
        path.is_some_and(|path| policy.real_paths.contains(path))
    };
    if provided.no_links && is_led_to(wide) && is_led_to(narrow) {
        provided.no_links = false;
        return Some(provided);
    }
    if !(provided.no_links && policy.host.is_known) {
        return Some(provided);
    }
    let directory = wide.text(FieldNumber::DIR)?;
    let path = narrow.text(FieldNumber::PATH);
    let is_file = path.is_some();
    let path = path.or_else(|| narrow.text(FieldNumber::DIR))?;
    let mut are_directories = true;
    for step in steps(path).filter(|step| step.len() >= directory.len() && !(is_file && *step == path)) {
        match policy.paths.get(step) {
            Some(PathFact::Directory) => {}
            Some(PathFact::Symlink { .. }) => return None,
            _ => are_directories = false,
        }
    }
    provided.no_links = !are_directories;
    Some(provided)
}

/// A rule that says never, after one that says always and matches some of the same.
fn too_late(policy: &Policy<'_>, at: usize) -> Option<Finding> {
    let late = &policy.real[at];
    if late.rule.listed.list != List::EXIT || late.rule.listed.action != Action::NEVER || is_dead(late) {
        return None;
    }
    let is_before = |early: &&LoadedRule| {
        let early = &early.rule.listed;
        early.list == List::EXIT && early.action == Action::ALWAYS && overlap(early, &late.rule.listed)
    };
    let early = policy.real[..at].iter().take(MOST).find(is_before)?;
    let first_at = place(&early.spot, &late.spot);
    let message = format!("never, but {first_at} says always and comes first: what both match is recorded");
    Some(Finding::new(Code::NeverTooLate, &late.spot, message).beside(&early.spot))
}
