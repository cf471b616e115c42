//! A model of the kernel's audit subsystem, for tests.
//!
//! It keeps ordered lists, refuses what the kernel refuses, and can be told to fail, to lie, and to be changed by
//! others at any moment. It is held to the same contract test as the running kernel. Three things it does not know:
//! which system calls a class bit stands for, the fields and operators of each list (it takes them all), and symbolic
//! links.
//!
//! Source of what it does: `kernel/auditfilter.c`, `kernel/audit_watch.c`, `kernel/audit_tree.c`, `kernel/audit.c`.

pub mod fault;
mod lists;
pub mod played;
pub mod sent;
mod settings;
mod verdict;

use std::time::Duration;

use super::{Change, Errno, Features, Kernel, KernelError, Rcu, Setting, Status};
use crate::rule::Rule;
pub use fault::{Call, Fault, Foreign};
use lists::Lists;
pub use played::{Played, Sound};
pub use sent::{Done, Sent};
pub use verdict::Paths;

/// What one delete takes on kernels where it waits for a grace period.
pub const SLOW_DELETE: Duration = Duration::from_millis(13);
/// What one delete takes with expedited grace periods.
pub const FAST_DELETE: Duration = Duration::from_micros(80);
/// What one add takes.
pub const ADD: Duration = Duration::from_micros(10);

/// A kernel that exists in this process only.
#[derive(Debug, Clone)]
pub struct Model {
    lists: Lists,
    status: Status,
    features: Features,
    rcu: Rcu,
    paths: Paths,
    clock: Duration,
    slow_delete: Duration,
    jiffies_per_second: u32,
    faults: Vec<Fault>,
    calls: Vec<Call>,
    changes: u32,
    sent: Sent,
    done: Vec<Done>,
    records: Vec<String>,
    /// A second, and how many records were made in it.
    rate: (u64, u32),
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// A kernel as it boots with `audit=1`: on, no rules, every path there, slow deletes that can be expedited.
    #[must_use]
    pub fn new() -> Self {
        Self {
            lists: Lists::default(),
            status: Status {
                enabled: 1,
                failure: 1,
                backlog_limit: 64,
                feature_bitmap: Some(0x7f),
                backlog_wait_time: Some(15_000),
                backlog_wait_time_actual: Some(0),
                ..Status::default()
            },
            features: Features::default(),
            rcu: Rcu { expedited: Some(0), normal: Some(0), writable: true },
            paths: Paths::All,
            clock: Duration::ZERO,
            slow_delete: SLOW_DELETE,
            jiffies_per_second: 250,
            faults: Vec::new(),
            calls: Vec::new(),
            changes: 0,
            sent: Sent::default(),
            done: Vec::new(),
            records: Vec::new(),
            rate: (0, 0),
        }
    }

    /// The same kernel with these rules loaded after those it has. Rules that it refuses are left out.
    #[must_use]
    pub fn with_rules<'a>(mut self, rules: impl IntoIterator<Item = &'a Rule>) -> Self {
        for rule in rules {
            let _ = self.perform(Change::Append(rule));
        }
        self
    }

    /// The same kernel in another state.
    #[must_use]
    pub fn with_status(mut self, change: impl FnOnce(&mut Status)) -> Self {
        change(&mut self.status);
        self
    }

    /// The same kernel with other features.
    #[must_use]
    pub fn with_features(mut self, features: Features) -> Self {
        self.features = features;
        self
    }

    /// The same kernel with other RCU switches.
    #[must_use]
    pub fn with_rcu(mut self, rcu: Rcu) -> Self {
        self.rcu = rcu;
        self
    }

    /// The same kernel with only these directories and files.
    #[must_use]
    pub fn with_paths<P: Into<Vec<u8>>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.paths = Paths::these(paths);
        self
    }

    /// The same kernel with another cost of a delete while grace periods are not expedited.
    #[must_use]
    pub fn with_delete_cost(mut self, cost: Duration) -> Self {
        self.slow_delete = cost;
        self
    }

    /// The same kernel with a fault to come.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.fault(fault);
        self
    }

    /// Adds a fault to come.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Forgets all faults.
    pub fn mend(&mut self) {
        self.faults.clear();
    }

    /// Lets another process change something now; its changes are not counted as sent.
    pub fn suffer(&mut self, foreign: &Foreign) {
        match foreign {
            Foreign::Append(rule) => self.lists.append(lists::Stored::from(rule)),
            Foreign::Unload(rule) => drop(self.lists.remove(&lists::Stored::from(rule))),
            Foreign::Flush => self.lists = Lists::default(),
            Foreign::Set(setting) => drop(self.store(*setting)),
            Foreign::LeadElsewhere(path) => self.lists.silence(|rule| verdict::stands_in(rule, path)),
            Foreign::RemoveDirectory(path) => {
                self.paths.remove(path);
                self.lists.retain(|rule| !verdict::stands_in(rule, path));
            }
        }
    }

    /// Starts anew: no rules, no lock; the paths, costs and faults stay, the counts start again.
    pub fn reboot(&mut self) {
        let fresh = Self::new();
        self.lists = Lists::default();
        self.status = fresh.status;
        self.features = fresh.features;
        self.sent = Sent::default();
        self.done.clear();
        self.records.clear();
        self.calls.clear();
        self.changes = 0;
    }

    /// The rules as they are, without asking: not counted, never failing.
    #[must_use]
    pub fn loaded(&self) -> Vec<Rule> {
        self.lists.listed()
    }

    /// The loaded rules that make no records, since their paths lead elsewhere now than when they were loaded.
    #[must_use]
    pub fn silent(&self) -> Vec<Rule> {
        self.lists.silent()
    }

    /// The state as it is, without asking.
    #[must_use]
    pub fn state(&self) -> Status {
        self.status
    }

    /// The features as they are, without asking.
    #[must_use]
    pub fn feature_state(&self) -> Features {
        self.features
    }

    /// The RCU switches as they are, without asking.
    #[must_use]
    pub fn rcu_state(&self) -> Rcu {
        self.rcu
    }

    /// How many requests of each kind came.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// Every change and setting that came, with its answer, in order.
    #[must_use]
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    /// The records that it was given while it was on.
    #[must_use]
    pub fn records(&self) -> &[String] {
        &self.records
    }

    /// Counts a call, and does to it what the faults say.
    fn enter(&mut self, call: Call) -> Result<(), KernelError> {
        self.calls.push(call);
        let nth = |kind: Option<Call>| self.calls.iter().filter(|made| kind.is_none_or(|kind| kind == **made)).count();
        let mut foreign = Vec::new();
        let mut failure = None;
        for fault in &self.faults {
            match fault {
                Fault::Fail { call: kind, nth: at, error }
                    if kind.is_none_or(|kind| kind == call) && nth(*kind) == *at as usize =>
                {
                    failure = Some(error.clone());
                }
                Fault::FailFrom { nth: at, error } if nth(None) >= *at as usize => failure = Some(error.clone()),
                Fault::BeforeCall { call: kind, nth: at, foreign: what }
                    if kind.is_none_or(|kind| kind == call) && nth(*kind) == *at as usize =>
                {
                    foreign.push(what.clone());
                }
                _ => {}
            }
        }
        for what in &foreign {
            self.suffer(what);
        }
        failure.map_or(Ok(()), Err)
    }

    /// Whether the answer to the call that is under way is lost.
    fn leave(&self, call: Call) -> Result<(), KernelError> {
        let made = self.calls.iter().filter(|made| **made == call).count();
        let lost = self.faults.iter().find_map(|fault| match fault {
            Fault::Unanswered { call: kind, nth, error } if *kind == call && *nth as usize == made => Some(error),
            _ => None,
        });
        lost.map_or(Ok(()), |error| Err(error.clone()))
    }

    fn one_change(&mut self, change: Change<'_>) -> Result<(), Errno> {
        self.changes += 1;
        let nth = self.changes;
        let faults = self.faults.clone();
        let mut answer_of_fault = None;
        for fault in &faults {
            match fault {
                Fault::BeforeChange { nth: at, foreign } if *at == nth => self.suffer(foreign),
                Fault::Refuse { nth: at, errno } if *at == nth => answer_of_fault = Some(Err(*errno)),
                Fault::RefuseFrom { nth: at, errno } if nth >= *at => answer_of_fault = Some(Err(*errno)),
                Fault::Ignore { nth: at } if *at == nth => answer_of_fault = Some(Ok(())),
                _ => {}
            }
        }
        let answer = answer_of_fault.unwrap_or_else(|| self.perform(change));
        self.sent.count(change);
        self.done.push(Done::of(change, answer));
        answer
    }

    /// Does what the kernel does with a change.
    fn perform(&mut self, change: Change<'_>) -> Result<(), Errno> {
        let (Change::Append(rule) | Change::Prepend(rule) | Change::Unload(rule)) = change;
        verdict::size(rule)?;
        if self.status.is_locked() {
            return Err(Errno::EPERM);
        }
        verdict::form(rule)?;
        let stored = lists::Stored::from(rule);
        match change {
            Change::Append(_) => {
                self.clock += ADD;
                if self.lists.contains(&stored) {
                    return Err(Errno::EEXIST);
                }
                self.paths.verdict(rule)?;
                self.lists.append(stored);
            }
            Change::Prepend(_) => {
                self.clock += ADD;
                self.paths.verdict(rule)?;
                self.lists.prepend(stored);
            }
            Change::Unload(_) => {
                self.paths.unload_verdict(rule)?;
                if !self.lists.remove(&stored) {
                    return Err(Errno::ENOENT);
                }
                self.clock += self.delete_cost();
            }
        }
        Ok(())
    }

    fn delete_cost(&self) -> Duration {
        let expedited = self.rcu.expedited.is_some_and(|value| value > 0) && self.rcu.normal.is_none_or(|v| v == 0);
        if expedited { FAST_DELETE.min(self.slow_delete) } else { self.slow_delete }
    }
}

impl Kernel for Model {
    fn status(&mut self) -> Result<Status, KernelError> {
        self.enter(Call::Status)?;
        self.sent.get += 1;
        Ok(self.status)
    }

    fn features(&mut self) -> Result<Features, KernelError> {
        self.enter(Call::Features)?;
        self.sent.get += 1;
        Ok(self.features)
    }

    fn rules(&mut self) -> Result<Vec<Rule>, KernelError> {
        self.enter(Call::Rules)?;
        self.sent.list += 1;
        Ok(self.lists.listed())
    }

    fn change(&mut self, changes: &[Change<'_>]) -> Result<Vec<Result<(), Errno>>, KernelError> {
        self.enter(Call::Change)?;
        let answers = changes.iter().map(|change| self.one_change(*change)).collect();
        self.leave(Call::Change)?;
        Ok(answers)
    }

    fn set(&mut self, setting: Setting) -> Result<(), KernelError> {
        self.enter(Call::Set)?;
        self.sent.set += 1;
        let ignored =
            self.faults.iter().any(|fault| matches!(fault, Fault::IgnoreSetting { nth } if *nth == self.sent.set));
        let answer = if ignored { Ok(()) } else { self.store(setting) };
        self.done.push(Done::Set { setting, answer });
        self.leave(Call::Set)?;
        let request = settings::request(setting);
        answer.map_err(|errno| KernelError::Refused { request, errno })
    }

    fn reset_lost(&mut self) -> Result<u32, KernelError> {
        self.enter(Call::ResetLost)?;
        self.sent.set += 1;
        let lost = std::mem::take(&mut self.status.lost);
        self.leave(Call::ResetLost)?;
        Ok(lost)
    }

    fn record(&mut self, text: &str) -> Result<(), KernelError> {
        self.enter(Call::Record)?;
        self.take_record(text);
        self.leave(Call::Record)
    }

    fn rcu(&mut self) -> Rcu {
        self.rcu
    }

    fn set_rcu_expedited(&mut self, value: u32) -> Result<(), KernelError> {
        self.enter(Call::SetRcu)?;
        if !self.rcu.writable {
            return Err(KernelError::Sysfs { path: "/sys/kernel/rcu_expedited", errno: Errno::EACCES });
        }
        self.rcu.expedited = Some(value);
        self.done.push(Done::Expedited(value));
        self.leave(Call::SetRcu)
    }

    fn now(&mut self) -> Duration {
        self.clock
    }
}

#[cfg(test)]
mod tests;
