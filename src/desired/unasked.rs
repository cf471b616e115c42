//! What rules.d says and the request does not ask for.

use super::{DropIn, Files, forms, of_kernel_alone, outdated};
use crate::auditctl::canonical_lossy;
use crate::boot_load::{BootLoad, Spot};
use crate::lines::{HostRule, Reader};
use crate::plan::rules::RuleForms;
use crate::request::PermSyscalls;
use crate::rule::Machine;
use crate::settings::{Name, Settings};

/// A rule or setting that rules.d has and that this run does not bring about.
#[derive(Debug, Clone)]
pub struct Unasked {
    /// Where it stands.
    pub spot: Spot,
    /// It, as text.
    pub text: String,
    /// It.
    pub what: RuleOrSetting,
}

/// A rule or a setting.
#[derive(Debug, Clone)]
pub enum RuleOrSetting {
    /// A rule.
    Rule(Box<RuleForms>),
    /// A setting and its value.
    Setting(Name, u32),
}

/// These rules, and the settings that rules.d says and the request does not ask for. `enabled` is left out: the lock sets
/// it, and another warning tells which line wins at boot.
pub(super) fn unasked(
    rules: Vec<(Spot, RuleForms)>,
    load: &BootLoad,
    asked: &Settings,
    machine: &Machine,
) -> Vec<Unasked> {
    let rules = rules.into_iter().map(|(spot, forms)| Unasked {
        spot,
        text: canonical_lossy(&forms.rule, machine),
        what: RuleOrSetting::Rule(Box::new(forms)),
    });
    let settings = load.settings.iter().filter(|(name, _)| *name != Name::Enabled && asked.get(*name).is_none());
    let settings = settings.filter_map(|(name, value)| {
        let text = match name {
            Name::LoginuidImmutable => name.option().to_owned(),
            _ => format!("{} {value}", name.option()),
        };
        Some(Unasked { spot: load.set_at.get(&name)?.clone(), text, what: RuleOrSetting::Setting(name, value) })
    });
    rules.chain(settings).collect()
}

/// All that these drop-ins ask for, where what was before a change is a lock: taking the change back may not keep any of
/// it out.
pub(super) fn unasked_by_undo(
    files: &Files,
    after: &[DropIn],
    load: &BootLoad,
    asked: &Settings,
    reader: &mut Reader,
) -> Vec<Unasked> {
    if asked.get(Name::Enabled) != Some(2) {
        return Vec::new();
    }
    let of = |rule: &HostRule| forms(&rule.line, PermSyscalls::All);
    let mut rules: Vec<(Spot, RuleForms)> =
        load.rules.iter().map(|loaded| (loaded.spot.clone(), of(&loaded.rule))).collect();
    for (spot, rule) in of_kernel_alone(files, after, reader) {
        rules.push((spot, of(&rule)));
    }
    rules.extend(outdated(files, after, reader).into_iter().map(|comment| (comment.spot, of(&comment.rule))));
    unasked(rules, load, asked, &reader.facts().machine)
}
