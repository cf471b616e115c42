//! What rules.d says and the request does not ask for.

use super::Work;
use crate::auditctl::canonical_lossy;
use crate::boot_load::{BootLoad, Spot};
use crate::plan::rules::Wish;
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
    Rule(Box<Wish>),
    /// A setting and its value.
    Setting(Name, u32),
}

impl Work<'_> {
    /// These rules, and the settings that rules.d says and the request does not ask for. `enabled` is left out: the lock
    /// sets it, and another warning tells which line wins at boot.
    pub(super) fn unasked(&self, rules: Vec<(Spot, Wish)>, load: &BootLoad, asked: &Settings) -> Vec<Unasked> {
        let machine = &self.reader.facts().machine;
        let rules = rules.into_iter().map(|(spot, wish)| Unasked {
            spot,
            text: canonical_lossy(&wish.rule, machine),
            what: RuleOrSetting::Rule(Box::new(wish)),
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
}
