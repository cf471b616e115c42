//! A run that is killed at a call of the kernel or on a file.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use audit_rules::kernel::model::Model;
use audit_rules::kernel::{Change, Errno, Features, Kernel, KernelError, Rcu, Setting, Status};
use audit_rules::rule::Rule;
use audit_rules::rules_d::fault;
use serde_json::Value as Json;

use crate::host::Host;

/// What a killed run ends with in a test.
struct Killed;

/// A kernel whose caller is killed at one of its calls.
pub struct Mortal<'a> {
    model: &'a mut Model,
    dies_at: Option<u32>,
    calls: u32,
}

impl<'a> Mortal<'a> {
    pub fn new(model: &'a mut Model, dies_at: Option<u32>) -> Self {
        Self { model, dies_at, calls: 0 }
    }

    fn call(&mut self) -> &mut Model {
        self.calls += 1;
        if self.dies_at == Some(self.calls) {
            resume_unwind(Box::new(Killed));
        }
        self.model
    }
}

impl Kernel for Mortal<'_> {
    fn status(&mut self) -> Result<Status, KernelError> {
        self.call().status()
    }

    fn features(&mut self) -> Result<Features, KernelError> {
        self.call().features()
    }

    fn rules(&mut self) -> Result<Vec<Rule>, KernelError> {
        self.call().rules()
    }

    fn change(&mut self, changes: &[Change<'_>]) -> Result<Vec<Result<(), Errno>>, KernelError> {
        self.call().change(changes)
    }

    fn set(&mut self, setting: Setting) -> Result<(), KernelError> {
        self.call().set(setting)
    }

    fn reset_lost(&mut self) -> Result<u32, KernelError> {
        self.call().reset_lost()
    }

    fn record(&mut self, text: &str) -> Result<(), KernelError> {
        self.call().record(text)
    }

    fn rcu(&mut self) -> Rcu {
        self.model.rcu()
    }

    fn set_rcu_expedited(&mut self, value: u32) -> Result<(), KernelError> {
        self.call().set_rcu_expedited(value)
    }

    fn now(&mut self) -> Duration {
        self.model.now()
    }
}

/// Where a run is killed: at which call of the kernel, or on a file, counted from 1.
#[derive(Debug, Clone, Copy)]
pub enum Death {
    Kernel(u32),
    File(u32),
}

/// A run that is killed there; none where it came to its end before.
pub fn killed(host: &mut Host, request: &Json, death: Death) -> Option<()> {
    match death {
        Death::Kernel(nth) => host.dies_at = Some(nth),
        Death::File(nth) => fault::before(nth, || resume_unwind(Box::new(Killed))),
    }
    let end = catch_unwind(AssertUnwindSafe(|| host.answer(request)));
    host.dies_at = None;
    fault::mend();
    match end {
        Ok(_) => None,
        Err(panic) if panic.is::<Killed>() => Some(()),
        Err(panic) => resume_unwind(panic),
    }
}
