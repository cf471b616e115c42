//! The kernels that the contract is held against.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's own module")]

pub mod rules;
pub mod running;

use audit_rules::kernel::model::Model;
use audit_rules::kernel::{Change, Errno, Kernel, Setting};
use audit_rules::rule::Rule;

/// A directory that no kernel under test has.
pub const MISSING: &str = "/audit_rules_test-missing";

/// A kernel under test, with no rules loaded.
pub struct Bench<'a> {
    pub kernel: &'a mut dyn Kernel,
    /// Whether every setting may be changed: not where the host is more than a test bench.
    pub free: bool,
}

impl Bench<'_> {
    pub fn append(&mut self, rule: &Rule) -> Result<(), Errno> {
        self.change(Change::Append(rule))
    }

    pub fn prepend(&mut self, rule: &Rule) -> Result<(), Errno> {
        self.change(Change::Prepend(rule))
    }

    pub fn unload(&mut self, rule: &Rule) -> Result<(), Errno> {
        self.change(Change::Unload(rule))
    }

    pub fn rules(&mut self) -> Vec<Rule> {
        self.kernel.rules().unwrap()
    }

    fn change(&mut self, change: Change<'_>) -> Result<(), Errno> {
        self.kernel.change(&[change]).unwrap()[0]
    }
}

/// Holds the model to a part of the contract, and the running kernel where it may be used.
pub fn on_each_kernel(part: impl Fn(&mut Bench<'_>)) {
    let mut model = Model::new().with_paths(["/etc", "/usr/bin", "/tmp"]);
    part(&mut Bench { kernel: &mut model, free: true });
    running::with(|loan| part(&mut loan.bench()));
}

/// Makes more records than the kernel may in a second; gives its count of lost ones. Auditing is on after that.
pub fn lose_records(kernel: &mut dyn Kernel) -> u32 {
    let limit = kernel.status().unwrap().rate_limit;
    kernel.set(Setting::Enabled(1)).unwrap();
    kernel.set(Setting::RateLimit(1)).unwrap();
    for _ in 0..50 {
        kernel.record("op=test res=success").unwrap();
    }
    kernel.set(Setting::RateLimit(limit)).unwrap();
    kernel.status().unwrap().lost
}
