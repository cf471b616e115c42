//! Whether rules mean what a text means, whatever their words.

use std::rc::Rc;

use super::each_once;
use crate::auditctl::Control;
use crate::boot_load::{LoadedRule, Spot};
use crate::lines::{HostRule, Reader};
use crate::matching::covers;
use crate::rule::{Action, Field, FieldNumber, Machine, Mask, Op, Rule};

/// The rules and settings that files bring into the kernel.
#[derive(Debug, Default)]
pub struct Held {
    rules: Vec<(Vec<Rc<HostRule>>, Spot)>,
    controls: Vec<(Control, Spot)>,
}

impl Held {
    /// Those that the boot loads.
    #[must_use]
    pub fn of(loaded: Vec<LoadedRule>, controls: Vec<(Control, Spot)>) -> Self {
        let recording = loaded.into_iter().filter(|one| one.rule.line.rule.action == Action::ALWAYS);
        Self { rules: recording.map(|one| (one.rule.of_either_kind(), one.spot)).collect(), controls }
    }

    /// The lines that together record all that the rules of a text record, and set what it sets; none where something of
    /// it is missing, and where it says nothing.
    #[must_use]
    pub fn means(&self, text: &str, reader: &mut Reader) -> Option<Vec<Spot>> {
        let machine = reader.facts().machine;
        let mut spots: Vec<&Spot> = Vec::new();
        for line in text.lines() {
            let reading = reader.read(line.as_bytes());
            for control in &reading.controls {
                spots.push(self.setting(control)?);
            }
            let Some(rule) = &reading.rule else { continue };
            let kinds = rule.of_either_kind();
            let found = kinds.iter().find_map(|rule| {
                parts(&rule.line.rule, &machine).iter().map(|part| self.recording(part)).collect::<Option<Vec<_>>>()
            });
            spots.extend(found?);
        }
        (!spots.is_empty()).then(|| each_once(spots.into_iter().cloned()))
    }

    /// Where a setting is set so; the last line about it counts.
    fn setting(&self, control: &Control) -> Option<&Spot> {
        let kind = std::mem::discriminant(control);
        let last = self.controls.iter().rev().find(|(other, _)| std::mem::discriminant(other) == kind);
        last.filter(|(other, _)| other == control).map(|(_, spot)| spot)
    }

    /// A rule that records all that this one records.
    fn recording(&self, wanted: &Rule) -> Option<&Spot> {
        let records = |held: &Rc<HostRule>| covers(&held.line.rule, wanted).is_some();
        self.rules.iter().find(|(kinds, _)| kinds.iter().any(records)).map(|(_, spot)| spot)
    }
}

/// A rule as rules of one system call and one word length, which others may say apart.
fn parts(rule: &Rule, machine: &Machine) -> Vec<Rule> {
    let mut parts = vec![rule.clone()];
    if rule.arch().is_none() && machine.has_two_abis() {
        let archs = ["b64", "b32"].into_iter().filter_map(|name| machine.arch(name).ok());
        let of_arch = |arch: crate::rule::Arch| {
            let mut part = rule.clone();
            let mut fields: Vec<Field> = vec![Field::number(FieldNumber::ARCH, Op::EQUAL, arch.0)];
            fields.extend(part.fields.iter().cloned());
            part.fields = fields.into_iter().collect();
            part
        };
        parts = archs.map(of_arch).collect();
    }
    if rule.syscalls.is_all() {
        return parts;
    }
    let of_one = |part: &Rule| {
        let part = part.clone();
        let alone = move |number: u32| {
            let mut syscalls = Mask::from_words([0; crate::rule::mask::WORDS]);
            syscalls.insert(number);
            Rule { syscalls, ..part.clone() }
        };
        rule.syscalls.numbers().map(alone).collect::<Vec<_>>()
    };
    parts.iter().flat_map(of_one).collect()
}
