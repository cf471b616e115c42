//! The rule language against the recorded verdicts of the real auditctl 4.2.2 (see `tests/vectors/README.md`).

mod language {
    pub mod host;
}

use std::collections::BTreeMap;

use audit_rules::auditctl::{self, Control, Line, RuleLine, Statement, Verb};
use audit_rules::rule::{Mask, Rule, Value};
use language::host;
use serde_json::{Value as Json, json};

fn jsonl(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn wire(verb: Verb, rule: &Rule, mask: &Mask) -> Json {
    let syscalls = if *mask == Mask::ALL { json!("all") } else { json!(mask.numbers().collect::<Vec<u32>>()) };
    let fields = rule.fields.iter().map(|field| match &field.value {
        Value::Number(value) => json!({"field": field.number.0, "op": field.op.0, "value": value}),
        Value::Text(text) => {
            json!({"field": field.number.0, "op": field.op.0, "text": String::from_utf8(text.clone()).unwrap()})
        }
    });
    let flags = rule.list.0 | if verb == Verb::Prepend { 0x10 } else { 0 };
    json!({"flags": flags, "action": rule.action.0, "syscalls": syscalls, "fields": fields.collect::<Vec<_>>()})
}

fn settings(statement: &Statement) -> Json {
    let settings = statement.controls.iter().filter_map(|control| match control {
        Control::Enabled(n) => Some(("enabled", *n)),
        Control::Failure(n) => Some(("failure", *n)),
        Control::BacklogLimit(n) => Some(("backlog_limit", *n)),
        Control::RateLimit(n) => Some(("rate_limit", *n)),
        Control::BacklogWaitTime(n) => Some(("backlog_wait_time", *n)),
        _ => None,
    });
    json!(settings.collect::<BTreeMap<_, _>>())
}

fn on_host(line: RuleLine) -> RuleLine {
    let is_directory = line.watched_path().is_some_and(host::is_directory);
    line.with_watch_kind(is_directory)
}

/// What is wrong with our reading of one recorded line.
fn disagreement(vector: &Json) -> Option<String> {
    let text = vector["line"].as_str().unwrap();
    let accepted = vector["accepted"].as_bool().unwrap();
    let parsed = auditctl::parse(text.as_bytes(), &host::context());
    let statement = match (parsed, accepted) {
        (Err(_), false) => return None,
        (Err(error), true) => return Some(format!("refused: {}", error.message())),
        (Ok(_), false) => return Some("accepted".to_owned()),
        (Ok(Line::Statement(statement)), true) => statement,
        (Ok(other), true) => return Some(format!("{other:?}")),
    };
    if vector.get("control").is_some_and(|control| *control != settings(&statement)) {
        return Some(format!("{statement:?}"));
    }
    let Some(line) = statement.rule.map(on_host) else {
        return (vector["kind"] == "rule").then(|| "no rule".to_owned());
    };
    let whole = wire(line.verb, &line.rule, &line.rule.syscalls);
    if whole != vector["wire"] {
        return Some(format!("{whole}\n     not {}", vector["wire"]));
    }
    let narrow = wire(line.verb, &line.rule, &line.mask_4_2());
    let expected = vector.get("wire_4_2").unwrap_or(&vector["wire"]);
    (narrow != *expected).then(|| format!("4.2: {narrow}\n     not {expected}"))
}

fn fail_on(disagreements: &[String]) {
    let first: Vec<_> = disagreements.iter().take(20).cloned().collect();
    assert!(disagreements.is_empty(), "{} disagree:\n{}", disagreements.len(), first.join("\n"));
}

#[test]
fn every_recorded_line_means_what_auditctl_sends() {
    let vectors = jsonl(include_str!("vectors/auditctl.jsonl"));
    assert_eq!(vectors.len(), 4902);
    let disagreements: Vec<_> = vectors
        .iter()
        .filter_map(|vector| disagreement(vector).map(|why| format!("{}\n     {why}", vector["line"])))
        .collect();
    fail_on(&disagreements);
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
