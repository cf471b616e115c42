//! The rule language against the recorded verdicts of the real auditctl 4.2.2 (see `tests/vectors/README.md`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod language {
    pub mod host;
}

use audit_rules::auditctl::{self, Line, RuleLine};
use audit_rules::explain::{PermSyscalls, explain};
use audit_rules::report::explain::LineReport;
use audit_rules::rule::Rule;
use language::host;
use serde_json::{Value as Json, json};

fn jsonl(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn on_host(line: RuleLine) -> RuleLine {
    let is_directory = line.watched_path().is_some_and(|path| host::directories().contains_key(path));
    line.with_watch_kind(is_directory)
}

/// What is wrong with our explanation of one recorded line.
fn disagreement(vector: &Json, perm_syscalls: PermSyscalls) -> Option<String> {
    let line = vector["line"].as_str().unwrap();
    let explained = explain(line.as_bytes(), &host::context(), host::directories(), perm_syscalls);
    let report = serde_json::to_value(LineReport::new(line, &explained)).unwrap();
    let wire = match perm_syscalls {
        PermSyscalls::V4_2 => vector.get("wire_4_2").or(vector.get("wire")),
        PermSyscalls::All => vector.get("wire"),
    };
    let kind = vector.get("kind").map(|kind| if kind == "none" { json!("control") } else { kind.clone() });
    let settings = match vector["kind"].as_str() {
        Some("control") => vector.get("control").cloned(),
        Some("none") => Some(json!({"continue": true})),
        _ => None,
    };
    let expected = [
        ("accepted", vector.get("accepted").cloned()),
        ("kind", kind),
        ("wire", wire.cloned()),
        ("settings", settings),
    ];
    let wrong = expected.into_iter().find(|(key, expected)| report.get(key) != expected.as_ref());
    wrong.map(|(key, expected)| format!("{key}: {report}\n     not {expected:?}"))
}

fn fail_on(disagreements: &[String]) {
    let first: Vec<_> = disagreements.iter().take(20).cloned().collect();
    assert!(disagreements.is_empty(), "{} disagree:\n{}", disagreements.len(), first.join("\n"));
}

#[test]
fn every_recorded_line_means_what_auditctl_sends() {
    let vectors = jsonl(include_str!("vectors/auditctl.jsonl"));
    assert_eq!(vectors.len(), 4902);
    for perm_syscalls in [PermSyscalls::All, PermSyscalls::V4_2] {
        let why = |vector| disagreement(vector, perm_syscalls).map(|why| format!("{}\n     {why}", vector["line"]));
        fail_on(&vectors.iter().filter_map(why).collect::<Vec<_>>());
    }
}

#[test]
fn every_lenient_line_is_refused_at_its_place() {
    let vectors = jsonl(include_str!("vectors/lenient.jsonl"));
    assert_eq!(vectors.len(), 119);
    let mut disagreements = Vec::new();
    for vector in &vectors {
        let line = vector["line"].as_str().unwrap();
        match auditctl::parse(line.as_bytes(), &host::context()) {
            Ok(_) => disagreements.push(format!("{line}: accepted")),
            Err(error) if !matches!(error.kind(), "bad_value" | "bad_syscall_number") => {
                disagreements.push(format!("{line}: {}", error.message()));
            }
            Err(_) => {}
        }
    }
    fail_on(&disagreements);
}

/// The rule of a line on the host of the vectors, as the kernel lists it.
fn listed(line: &[u8]) -> Result<Option<Rule>, String> {
    match auditctl::parse(line, &host::context()) {
        Ok(Line::Statement(statement)) => Ok(statement.rule.map(|line| on_host(line).rule.as_listed())),
        Ok(_) => Ok(None),
        Err(error) => Err(error.message()),
    }
}

#[test]
fn every_accepted_rule_reads_back_from_its_canonical_text() {
    let mut disagreements = Vec::new();
    for vector in jsonl(include_str!("vectors/auditctl.jsonl")) {
        let line = vector["line"].as_str().unwrap();
        let Ok(Some(rule)) = listed(line.as_bytes()) else { continue };
        let text = auditctl::canonical(&rule, host::context().machine);
        if listed(&text).as_ref() != Ok(&Some(rule.clone())) {
            disagreements.push(format!(
                "{line}\n     {}\n     {rule:?}\n     {:?}",
                String::from_utf8_lossy(&text),
                listed(&text)
            ));
        }
    }
    fail_on(&disagreements);
}
