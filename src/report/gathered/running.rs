//! The running kernel in the report of `gather`.

use std::rc::Rc;

use super::super::gather::{
    CommandLineReport, FeaturesReport, ListenerReport, ManagerReport, RunningRuleReport, StatusReport, SwitchReport,
};
use super::super::rule::{RuleReports, id};
use crate::drift::{Drift, NextBoot};
use crate::gather::{CommandLine, HeldKernel};
use crate::kernel::{Features, Status};
use crate::plan::KernelState;
use crate::tables::managers::{by_key, by_process};

/// The loaded rules, each with the line that asks for it, where the files were read.
pub fn rules<'a>(
    state: &'a KernelState,
    files: Option<(&'a NextBoot, &'a Drift)>,
    reports: &'a RuleReports<'_>,
) -> impl Iterator<Item = RunningRuleReport> {
    state.rules.iter().enumerate().map(move |(at, rule)| {
        let mut report = reports.of(rule);
        let Some((boot, drift)) = files else { return RunningRuleReport { rule: report, origin: None } };
        let asked = drift.held.get(at).and_then(|held| boot.asked.get(held.asked?));
        if let Some(asked) = asked.and_then(|asked| asked.rule.as_ref()).filter(|asked| *asked.listed != *rule) {
            // The masks that versions of auditctl make of one line are one rule.
            Rc::make_mut(&mut report).id = id(&asked.listed);
        }
        let origin = asked.map_or_else(|| "runtime only".to_owned(), |asked| asked.spot.to_string());
        RunningRuleReport { rule: report, origin: Some(origin) }
    })
}

/// The state of the audit subsystem.
pub fn status(held: &HeldKernel) -> StatusReport {
    let status = &held.state.status;
    let receiver = held.processes.iter().find(|process| status.pid != 0 && process.pid == status.pid);
    StatusReport {
        release: held.release.clone(),
        enabled: status.enabled,
        failure: status.failure,
        pid: status.pid,
        process: receiver.map(|process| process.name.clone()),
        listeners: held.listeners.iter().map(|port| listener(*port, held)).collect(),
        rate_limit: status.rate_limit,
        backlog_limit: status.backlog_limit,
        lost: status.lost,
        backlog: status.backlog,
        backlog_wait_time: status.backlog_wait_time,
        backlog_wait_time_actual: status.backlog_wait_time_actual,
        covers_early_processes: held.command_line.as_ref().map(CommandLine::starts_audit),
        command_line: held.command_line.as_ref().map(CommandLineReport::from),
    }
}

fn listener(port: u32, held: &HeldKernel) -> ListenerReport {
    let process = held.processes.iter().find(|process| process.pid == port);
    ListenerReport { port, process: process.map(|process| process.name.clone()) }
}

impl From<&CommandLine> for CommandLineReport {
    fn from(said: &CommandLine) -> Self {
        Self { audit: said.audit.clone(), audit_backlog_limit: said.audit_backlog_limit.clone() }
    }
}

/// What the kernel can do.
pub fn features(held: &HeldKernel) -> FeaturesReport {
    let bitmap = held.state.status.feature_bitmap.unwrap_or_default();
    let abilities = (0..u32::BITS).filter(|bit| bitmap & (1 << bit) != 0);
    let name =
        |bit: u32| Status::ABILITIES.get(bit as usize).map_or_else(|| format!("bit {bit}"), |name| (*name).to_owned());
    let switch = |bit: u32| {
        let features = held.state.features?;
        Some(SwitchReport { on: features.features & bit != 0, locked: features.lock & bit != 0 })
    };
    FeaturesReport {
        abilities: abilities.map(name).collect(),
        loginuid_immutable: switch(Features::LOGINUID_IMMUTABLE),
        only_unset_loginuid: switch(Features::ONLY_UNSET_LOGINUID),
    }
}

/// The programs that load rules or receive records here.
pub fn managers(held: &HeldKernel) -> Vec<ManagerReport> {
    let mut managers: Vec<ManagerReport> = Vec::new();
    let mut manager = |name: &str, found: &dyn Fn(&mut ManagerReport)| {
        let at = managers.iter().position(|manager| manager.name == name).unwrap_or_else(|| {
            managers.push(ManagerReport { name: name.to_owned(), pids: Vec::new(), receives_records: false, rules: 0 });
            managers.len() - 1
        });
        if let Some(manager) = managers.get_mut(at) {
            found(manager);
        }
    };
    let receiver = held.state.status.pid;
    for process in &held.processes {
        let holds_pid = receiver != 0 && process.pid == receiver;
        let name = by_process(&process.name).or(holds_pid.then_some(process.name.as_str()));
        if let Some(name) = name {
            manager(name, &|manager| {
                manager.pids.push(process.pid);
                manager.receives_records |= holds_pid;
            });
        }
    }
    for rule in &held.state.rules {
        if let Some(name) = rule.keys().find_map(by_key) {
            manager(name, &|manager| manager.rules += 1);
        }
    }
    managers
}
