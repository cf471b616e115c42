//! The requests of `examples/`, applied to a model of the kernel and a temporary root directory.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

mod project;

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use audit_rules::intent::Intent;
use audit_rules::kernel::model::Model;
use audit_rules::kernel::{Access, Kernel};
use audit_rules::report::Report;
use audit_rules::rule::Machine;
use audit_rules::world::World;
use audit_rules::{report, request, run_on};
use serde_json::Value;
use tempfile::TempDir;

/// Directories that a small Debian has and the examples' rules need.
const DIRECTORIES: [&str; 10] = [
    "etc/audit/rules.d",
    "etc/security",
    "etc/network",
    "run",
    "usr/bin",
    "usr/sbin",
    "var/log/audit",
    "srv/images/debian/etc/audit/rules.d",
    "etc/sudoers.d",
    "etc/apparmor.d",
];

fn host() -> TempDir {
    let host = TempDir::new().unwrap();
    for directory in DIRECTORIES {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(host.path().join(directory)).unwrap();
    }
    host
}

fn apply(request: &Value, root: &Path, kernel: &mut Model) -> Report {
    let machine = Machine::from_uname("x86_64").unwrap();
    let request = request::decode(request.to_string().as_bytes()).unwrap();
    let intent = Intent::of(&request, &machine).unwrap();
    let access = kernel.status().ok().map(Access::Managed);
    let mut interrupted = || None;
    let world = World { root: root.to_owned(), access, kernel: Some(kernel), machine, interrupted: &mut interrupted };
    run_on(&intent, world).unwrap_or_else(|problems| Report::failed(&problems))
}

fn fits_its_schema(report: &Report) {
    let validator = jsonschema::validator_for(&report::derived_schema()).unwrap();
    let document = serde_json::to_value(report).unwrap();
    let complaints: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(complaints, Vec::<String>::new());
}

fn example(name: &str) -> Value {
    serde_json::from_str(&project::read(&format!("examples/{name}.json"))).unwrap()
}

#[test]
fn every_example_is_planned_done_and_done_only_once() {
    for (name, request) in project::examples() {
        let (host, mut kernel) = (host(), Model::new());
        if matches!(request["state"].as_str(), Some("absent" | "loaded")) {
            let target = if request["state"] == "loaded" { "filesystem" } else { "auto" };
            let mut identity = example("identity");
            identity["target"] = target.into();
            assert!(apply(&identity, host.path(), &mut kernel).changed, "{name}");
        }
        let mut check = request.clone();
        check["check_mode"] = true.into();
        let planned = apply(&check, host.path(), &mut kernel);
        let done = apply(&request, host.path(), &mut kernel);
        let again = apply(&request, host.path(), &mut kernel);
        for report in [&planned, &done, &again] {
            fits_its_schema(report);
            assert_eq!(report.errors, Vec::new(), "{name}");
        }
        assert!(
            planned.changed && done.changed && !again.changed,
            "{name}: {} / {} / {}",
            planned.msg,
            done.msg,
            again.msg
        );
        assert_eq!(planned.plan, done.plan, "{name}");
        assert_eq!(planned.diff, done.diff, "{name}");
        assert!(done.undo.is_some(), "{name}");
    }
}

#[test]
fn the_hardening_example_declares_about_fifty_rules_and_loads_all_that_the_host_has() {
    let (host, mut kernel) = (host(), Model::new());
    let report = apply(&example("cis-like"), host.path(), &mut kernel);
    let rules = report.rules.clone().unwrap();
    assert!((45..=70).contains(&rules.desired), "{} rules", rules.desired);
    assert_eq!((rules.loaded, rules.missing.as_slice()), (rules.desired, &[][..]));
    assert_eq!(rules.deduplicated, Vec::new());
    assert!(rules.skipped.iter().all(|skipped| skipped.kind == "missing_path"), "{:?}", rules.skipped);
    assert_eq!(report.warnings, Vec::<String>::new());
}

#[test]
fn every_line_of_the_examples_is_explained_without_a_refusal() {
    for (name, mut request) in project::examples() {
        if request.get("rules").is_none() {
            continue;
        }
        let rules = request["rules"].take();
        let explain = serde_json::json!({"operation": "explain", "rules": rules, "arch": "x86_64"});
        let report = audit_rules::run(explain.to_string().as_bytes());
        fits_its_schema(&report);
        for line in report.lines.unwrap() {
            let refused = line.kernel.is_some_and(|kernel| !kernel.takes);
            assert!(line.accepted && !refused, "{name}: {}: {:?}", line.line, line.error);
            let notes: Vec<_> = line.notes.into_iter().flatten().map(|note| note.message).collect();
            assert_eq!(notes, Vec::<String>::new(), "{name}: {}", line.line);
        }
    }
}
