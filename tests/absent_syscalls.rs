//! A rule whose system calls are all absent on a machine is never sent: its mask would be empty and match nothing, or
//! full and match everything. Held for every machine, every architecture of it and every name of the tables.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

use std::collections::BTreeSet;
use std::fs;

use audit_rules::auditctl::Accounts;
use audit_rules::intent::ApplyIntent;
use audit_rules::kernel::model::{Done, Model};
use audit_rules::kernel::{Access, Kernel};
use audit_rules::lines::Reader;
use audit_rules::request;
use audit_rules::rule::mask::FIRST_CLASS_BIT;
use audit_rules::rule::{Arch, Machine, Rule};
use audit_rules::rules_d::Standing;
use audit_rules::run_on;
use audit_rules::tables::syscalls;
use audit_rules::world::World;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// The words that `arch=` has for the machine's architectures; the empty one stands for a rule without `arch`.
fn arches(machine: &Machine) -> impl Iterator<Item = (&'static str, Arch)> {
    let own = [("", Some(machine.native)), ("-F arch=b64 ", machine.b64), ("-F arch=b32 ", machine.b32)];
    own.into_iter().filter_map(|(word, arch)| Some((word, arch?)))
}

/// Every name that some architecture has.
fn names() -> BTreeSet<&'static str> {
    let arches = Machine::ALL.iter().flat_map(|machine| arches(machine).map(|(_, arch)| arch));
    arches.flat_map(|arch| (0..FIRST_CLASS_BIT).filter_map(move |number| syscalls::name(arch, number))).collect()
}

#[test]
fn no_line_of_absent_system_calls_can_be_loaded_and_no_other_loses_more_than_those() {
    let (mut absent, mut present) = (0, 0);
    for machine in Machine::ALL {
        let mut reader = Reader::new(machine, Accounts::default());
        for (word, arch) in arches(&machine) {
            for name in names() {
                let number = syscalls::number(arch, name);
                let line = format!("-a always,exit {word}-S {name} -k k");
                let loadable = reader.read(line.as_bytes()).loadable().cloned();
                let Some(number) = number else {
                    // A name of the same call that this architecture spells otherwise is refused, not left out.
                    assert_eq!(loadable, None, "{}: {line}", machine.name);
                    absent += 1;
                    continue;
                };
                present += 1;
                let mask = &loadable.unwrap_or_else(|| panic!("{}: {line}", machine.name)).listed.syscalls;
                assert_eq!(mask.numbers().collect::<Vec<_>>(), [number], "{}: {line}", machine.name);
            }
        }
    }
    assert!(absent > 2000 && present > 2000, "{absent} absent, {present} present");
}

/// The report of a request on a machine that has nothing yet, and what its kernel was sent.
fn sent(machine: Machine, request: &Json) -> (Json, Vec<Rule>) {
    let root = TempDir::new().unwrap();
    for directory in ["run", "etc/audit/rules.d"] {
        fs::create_dir_all(root.path().join(directory)).unwrap();
    }
    let mut kernel = Model::new();
    let decoded = request::decode(request.to_string().as_bytes()).unwrap();
    let intent = ApplyIntent::of(&decoded, &machine).unwrap_or_else(|problems| panic!("{problems:?}"));
    let access = Some(Ok(Access::Managed(kernel.status().unwrap())));
    let mut interrupted = || None;
    let (place, driver) = (root.path().to_owned(), Some(&mut kernel as &mut dyn Kernel));
    let world = World {
        root: place,
        access,
        kernel: driver,
        standing: Standing::default(),
        machine,
        executable: None,
        interrupted: &mut interrupted,
    };
    let report = run_on(&intent, world).unwrap_or_else(|problems| panic!("{}: {problems:?}", machine.name));
    let rules = kernel.done().iter().filter_map(|done| match done {
        Done::Append { rule, .. } | Done::Prepend { rule, .. } => Some(rule.clone()),
        _ => None,
    });
    (serde_json::to_value(&report).unwrap(), rules.collect())
}

#[test]
fn a_request_sends_none_of_them_on_any_machine() {
    for machine in Machine::ALL {
        let mut rules = Vec::new();
        for (word, arch) in arches(&machine) {
            let absent: Vec<&str> = names()
                .into_iter()
                .filter(|name| syscalls::number(arch, name).is_none() && syscalls::canonical_name(arch, name).is_none())
                .collect();
            // Each alone, and all in one rule; with and without what could narrow or widen the mask.
            let alone = absent.iter().enumerate();
            rules.extend(alone.map(|(at, name)| format!("-a always,exit {word}-S {name} -F key=gone-{at}")));
            let all = absent.iter().take(300).copied().collect::<Vec<_>>().join(",");
            rules.push(format!("-a always,exit {word}-S {all} -F key=all-{}", rules.len()));
            rules.push(format!("-a always,exit {word}-S {} -F perm=wa -F path=/etc/p -F key=perm", absent[0]));
            rules.push(format!("-a always,exit {word}-S execve,{} -F key=stays", absent[0]));
        }
        let request = json!({"name": "30-all", "rules": rules, "unknown_syscalls": "skip", "on_duplicate": "skip"});
        let (report, sent) = sent(machine, &request);
        assert_eq!(report["failed"], json!(false), "{}: {}", machine.name, report["msg"]);
        let of_key = |key: &[u8]| sent.iter().filter(|rule| rule.key().is_some_and(|own| own.starts_with(key))).count();
        assert_eq!((of_key(b"gone-"), of_key(b"all-"), of_key(b"perm")), (0, 0, 0), "{}", machine.name);
        assert!(of_key(b"stays") > 0, "{}: {}", machine.name, report["msg"]);
        for rule in &sent {
            assert!(!rule.syscalls.is_empty() && !rule.syscalls.is_all(), "{}: {rule:?}", machine.name);
        }
    }
}
