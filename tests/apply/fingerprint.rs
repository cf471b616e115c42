//! What a host holds, as far as a request could have changed it.

use audit_rules::auditctl::canonical_lossy;
use audit_rules::kernel::{Features, Status};
use audit_rules::rule::Rule;

use crate::host::Host;
use crate::tree::Tree;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    pub rules: Vec<Rule>,
    pub status: Status,
    pub features: Features,
    pub expedited: Option<u32>,
    pub files: Tree,
}

impl Fingerprint {
    pub fn of(host: &Host) -> Self {
        Self {
            rules: host.kernel.loaded(),
            status: host.kernel.state(),
            features: host.kernel.feature_state(),
            expedited: host.kernel.rcu_state().expedited,
            files: host.tree().contents(),
        }
    }

    /// In what the host of `after` differs from this, in words that a report would use.
    pub fn difference(&self, after: &Self, host: &Host) -> Vec<String> {
        let mut words = self.files.difference(&after.files);
        let text = |rule: &Rule| canonical_lossy(rule, &host.machine);
        let gone = |from: &[Rule], to: &[Rule]| -> Vec<String> {
            from.iter().filter(|rule| !to.contains(rule)).map(text).collect()
        };
        words.extend(gone(&self.rules, &after.rules));
        words.extend(gone(&after.rules, &self.rules));
        if words.is_empty() && self.rules != after.rules {
            words.push("order".to_owned());
        }
        let (before, now) = (&self.status, &after.status);
        let settings = [
            ("enabled", before.enabled == now.enabled),
            ("failure", before.failure == now.failure),
            ("rate_limit", before.rate_limit == now.rate_limit),
            ("backlog_limit", before.backlog_limit == now.backlog_limit),
            ("backlog_wait_time", before.backlog_wait_time == now.backlog_wait_time),
            ("loginuid_immutable", self.features == after.features),
            ("rcu_expedited", self.expedited == after.expedited),
        ];
        words.extend(settings.iter().filter(|(_, same)| !same).map(|(name, _)| (*name).to_owned()));
        words
    }
}
