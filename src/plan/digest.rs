//! One string for what a host does: its rules in their order, and its settings.

use super::rules::{Fulfils, RuleForms, assign};
use super::{KernelState, Target};
use crate::rule::{Rule, id};
use crate::settings::Settings;

/// The digest of what a kernel holds. A rule that means one of `wanted` counts as that one, whichever version of auditctl
/// made its mask; a further copy of a rule does nothing and does not count.
#[must_use]
pub fn digest(loaded: &[Rule], wanted: &[&RuleForms], settings: &Settings) -> String {
    let rules = loaded.iter().zip(assign(loaded, wanted)).filter_map(|(rule, fulfils)| match fulfils {
        Fulfils::Wanted(at) => wanted.get(at).map(|forms| plain(forms)),
        Fulfils::Again(_) => None,
        Fulfils::Nothing => Some(rule.clone().as_listed()),
    });
    of(rules, settings)
}

impl Target {
    /// The digest of what a kernel holds, with its rules as this means them.
    #[must_use]
    pub fn digest(&self, kernel: &KernelState) -> String {
        let wanted: Vec<&RuleForms> = self.rules.iter().map(|wanted| &wanted.forms).collect();
        digest(&kernel.rules, &wanted, &kernel.settings())
    }
}

/// The digest of what a boot loads: these rules, in their order.
#[must_use]
pub fn digest_at_boot(rules: impl Iterator<Item = RuleForms>, settings: &Settings) -> String {
    of(rules.map(|forms| plain(&forms)), settings)
}

fn of(rules: impl Iterator<Item = Rule>, settings: &Settings) -> String {
    id::digest(rules, settings.iter().map(|(name, value)| (name.text(), value)))
}

/// The rule with the widest of its masks: that of its line.
fn plain(forms: &RuleForms) -> Rule {
    let mut rule = forms.rule.clone();
    let masks = forms.other_masks.iter().chain([&forms.rule.syscalls]);
    if let Some(widest) = masks.max_by_key(|mask| mask.words().map(u32::count_ones).sum::<u32>()) {
        rule.syscalls = widest.clone();
    }
    rule.as_listed()
}
