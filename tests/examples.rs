//! The requests of `examples/`, applied to a model of the kernel and a temporary root directory.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

mod project;

use audit_rules::report::{self, Report};
use project::host::Host;
use serde_json::Value;

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
        let mut host = Host::new();
        if matches!(request["state"].as_str(), Some("absent" | "loaded")) {
            let target = if request["state"] == "loaded" { "filesystem" } else { "auto" };
            let mut identity = example("identity");
            identity["target"] = target.into();
            assert!(host.answer(&identity.to_string()).changed, "{name}");
        }
        let mut check = request.clone();
        check["check_mode"] = true.into();
        let planned = host.answer(&check.to_string());
        let done = host.answer(&request.to_string());
        let again = host.answer(&request.to_string());
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
    let mut host = Host::new();
    let report = host.answer(&example("cis-like").to_string());
    let rules = report.rules.clone().unwrap();
    assert!((45..=70).contains(&rules.desired), "{} rules", rules.desired);
    assert_eq!((rules.loaded, rules.missing.as_slice()), (Some(rules.desired), &[][..]));
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
        // What only a host can tell is not explained.
        if name.ends_with("/privileged.json") {
            continue;
        }
        let explain = serde_json::json!({"operation": "explain", "rules": rules, "arch": "x86_64"});
        let report = Host::new().answer(&explain.to_string());
        fits_its_schema(&report);
        for line in report.lines.unwrap() {
            let refused = line.kernel.is_some_and(|kernel| !kernel.takes);
            assert!(line.accepted && !refused, "{name}: {}: {:?}", line.line, line.error);
            let notes: Vec<_> = line.notes.into_iter().flatten().map(|note| note.message).collect();
            assert_eq!(notes, Vec::<String>::new(), "{name}: {}", line.line);
        }
    }
}
