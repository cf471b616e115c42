//! The kernels that the contract is held against.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's own module")]

pub mod rules;
pub mod running;

use audit_rules::kernel::model::Model;
use audit_rules::kernel::{Change, Errno, Kernel};
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
