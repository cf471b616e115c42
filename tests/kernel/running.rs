//! The running kernel, lent to one test at a time and given back as it was found.
//!
//! It is used where `AUDIT_RULES_LAB` is set, which means: this machine is thrown away afterwards; or on a host, as
//! root, whose audit rule lists are empty. Where it is not used, the tests say so on standard error, past the capture
//! of the test harness. `AUDIT_RULES_LAB=locked` runs only the test that locks the kernel until the next boot.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use audit_rules::kernel::access::{self, Access};
use audit_rules::kernel::{Change, Kernel, Netlink, Rcu, Setting, Status};

use super::Bench;
use super::rules::is_ours;

static TURN: Mutex<()> = Mutex::new(());
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The running kernel, until it is dropped.
pub struct Loan {
    pub kernel: Netlink,
    pub status: Status,
    rcu: Rcu,
    free: bool,
    _turn: MutexGuard<'static, ()>,
}

impl Loan {
    pub fn bench(&mut self) -> Bench<'_> {
        Bench { kernel: &mut self.kernel, free: self.free }
    }
}

/// Runs a test on the running kernel, or says why not.
pub fn with(test: impl FnOnce(&mut Loan)) {
    lend(false, test);
}

/// Runs a test that locks the running kernel, in a laboratory that asks for it, or says why not.
pub fn locking(test: impl FnOnce(&mut Loan)) {
    lend(true, test);
}

fn lend(locks: bool, test: impl FnOnce(&mut Loan)) {
    let lab = std::env::var("AUDIT_RULES_LAB").ok().filter(|lab| !lab.is_empty());
    if locks != (lab.as_deref() == Some("locked")) {
        let reason = if locks { "AUDIT_RULES_LAB is not \"locked\"" } else { "this run locks the kernel" };
        return say(&format!("not run{}: {reason}", if locks { " (locked kernel)" } else { "" }));
    }
    match borrow(lab.is_some()) {
        Ok(mut loan) => {
            say("run");
            test(&mut loan);
        }
        Err(reason) if lab.is_none() => say(&format!("not run: {reason}")),
        Err(reason) => panic!("AUDIT_RULES_LAB is set, but the running kernel cannot be used: {reason}"),
    }
}

fn borrow(free: bool) -> Result<Loan, String> {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (access, _) = access::open(None).map_err(|error| error.message())?;
    let status = match access {
        Access::Managed(status) => status,
        Access::Absent(absence, _) => return Err(absence.message()),
        Access::Denied(denial, _) => return Err(denial.message()),
    };
    let mut kernel = Netlink::open().map_err(|error| error.message())?;
    if status.is_locked() {
        return Err("it is locked until the next boot".to_owned());
    }
    match kernel.rules().map_err(|error| error.message())?.len() {
        0 => Ok(Loan { rcu: kernel.rcu(), kernel, status, free, _turn: turn }),
        count => Err(format!("{count} audit rules of others are loaded")),
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let kernel = &mut self.kernel;
        for setting in [
            Setting::RateLimit(self.status.rate_limit),
            Setting::BacklogLimit(self.status.backlog_limit),
            Setting::BacklogWaitTime(self.status.backlog_wait_time.unwrap_or_default()),
        ] {
            let _ = kernel.set(setting);
        }
        let rules = kernel.rules().unwrap_or_default();
        let ours: Vec<Change<'_>> = rules.iter().filter(|rule| is_ours(rule)).map(Change::Unload).collect();
        let expedited = self.rcu.expedited.filter(|_| self.rcu.writable);
        if expedited.is_some() && ours.len() > 20 {
            let _ = kernel.set_rcu_expedited(1);
        }
        let _ = kernel.change(&ours);
        if let Some(expedited) = expedited.filter(|_| kernel.rcu() != self.rcu) {
            let _ = kernel.set_rcu_expedited(expedited);
        }
    }
}

/// Says it once, past the capture of the test harness.
fn say(what: &str) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.insert(what.to_owned()) {
        let _ = writeln!(std::io::stderr(), "real kernel: {what}");
    }
}
