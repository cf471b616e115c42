//! How long a report may get and how many lines a request may have, whatever is asked.

use audit_rules::report::LARGEST;
use audit_rules::request::{MAX_BYTES, MAX_LINES, MAX_VALUES, decode};
use audit_rules::rule::Machine;
use audit_rules::{explained, linted};
use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};
use crate::large::{image, within};

/// More rules than a report tells, each with a long key that JSON makes longer.
fn many(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("-w /etc/passwd -p wa -k {at}-{}", "k'".repeat(60))).collect()
}

/// The length of a report without its `undo`.
fn length(report: &Json) -> usize {
    let mut report = report.clone();
    report.as_object_mut().unwrap().remove("undo");
    report.to_string().len()
}

#[test]
fn no_report_but_those_that_answer_rule_by_rule_is_longer_than_it_may_be() {
    let rules = many(4_000);
    let missing: Vec<String> = (0..3000).map(|at| format!("-w /no/such/{at}/{} -p wa", "x".repeat(200))).collect();
    let requests = [
        json!({"name": "a", "rules": rules, "diff": true}),
        json!({"name": "a", "rules": rules, "diff": true, "check_mode": true}),
        json!({"name": "b", "rules": rules, "on_duplicate": "skip", "diff": true}),
        json!({"name": "c", "rules": missing, "on_missing": "skip", "diff": true}),
        json!({"name": "d", "rules": missing}),
        json!({"state": "exact", "drop_ins": {"e": {"rules": ["-D"]}}, "rules": 1}),
        json!({"state": "loaded", "purge": true, "diff": true}),
        json!({"state": "absent", "name": "a", "diff": true}),
        json!({"name": "x".repeat(300_000), "rules": []}),
        json!({"name": "e", "rules": ["-w /".to_owned() + &"\u{1b}".repeat(400_000)]}),
        json!({"name": "f", "x".repeat(500_000): 1}),
        json!({"name": "f", "rules": [], "state": "y\n".repeat(500_000)}),
    ];
    let mut host = Host::new();
    let mut changed = 0;
    for request in requests {
        let report = host.answer_bytes(request.to_string().as_bytes());
        let told = request.to_string().chars().take(60).collect::<String>();
        assert!(length(&report) < LARGEST, "{told}: {} bytes", length(&report));
        changed += usize::from(report["changed"] == json!(true));
    }
    assert!(changed >= 4, "{changed} changed something");
}

#[test]
fn what_a_report_leaves_out_is_counted() {
    let mut host = Host::new();
    let report = host.answer(&json!({"name": "a", "rules": many(4_000), "diff": true}));
    let told = report["plan"]["kernel"].as_array().unwrap().len();
    assert!(told >= 500, "{told}");
    assert_eq!(report["omitted"]["/plan/kernel"], json!(4_000 - told));
    assert_eq!(report["rules"]["loaded"], json!(4_000));
    let diff = report["diff"]["prepared"].as_str().unwrap();
    let last = diff.lines().last().unwrap();
    assert!(last.starts_with("... and ") && last.ends_with(" more lines"), "{last}");
    let missing: Vec<String> = (0..150).map(|at| format!("-w /no/such/{at} -p wa")).collect();
    let report = host.answer(&json!({"name": "b", "rules": missing, "on_missing": "skip"}));
    assert_eq!(report["rules"]["skipped"].as_array().unwrap().len(), 100);
    assert_eq!(report["omitted"], json!({"/rules/skipped": 50}));
    assert!(report["msg"].as_str().unwrap().ends_with("150 lines skipped"), "{}", report["msg"]);
}

#[test]
fn lint_tells_the_first_findings_and_counts_all() {
    let machine = Machine::from_uname("x86_64").unwrap();
    let rules = vec!["-w etc/passwd -p wa"; 3000];
    let request = decode(json!({"operation": "lint", "rules": rules, "format": "sarif"}).to_string().as_bytes());
    let report = linted(&request.unwrap(), machine, Host::new().root()).unwrap();
    let report = serde_json::to_value(&report).unwrap();
    assert!(length(&report) < LARGEST, "{}", length(&report));
    let told = report["findings"].as_array().unwrap().len();
    assert_eq!(report["omitted"]["/findings"], json!(3000 - told));
    assert_eq!(report["counts"]["error"], json!(3000));
    assert_eq!(report["failed"], json!(true));
}

#[test]
fn explain_answers_so_many_lines_and_names_the_first_refused_one_after_them() {
    let machine = Machine::from_uname("x86_64").unwrap();
    let mut rules = vec!["-b 8192"; 10_500];
    rules[10_200] = "-b many";
    let request = decode(json!({"operation": "explain", "rules": rules}).to_string().as_bytes()).unwrap();
    let report = serde_json::to_value(explained(&request, machine, Host::new().root()).unwrap()).unwrap();
    assert_eq!(report["lines"].as_array().unwrap().len(), 10_000);
    assert_eq!(report["omitted"], json!({"/lines": 500}));
    assert_eq!(report["msg"], json!("10500 lines, 1 refused"));
    assert_eq!(report["warnings"], json!(["line 10201 is refused: `-b many`"]));
}

#[test]
fn a_request_with_more_lines_than_a_run_has_memory_for_is_refused() {
    let text = "\n".repeat(MAX_LINES + 1);
    let list = vec![""; MAX_LINES + 1];
    for request in [
        json!({"name": "a", "rules": text}),
        json!({"name": "a", "rules": list}),
        json!({"drop_ins": {"a": {"rules": text}}}),
        json!({"operation": "lint", "files": [{"name": "a", "text": text}]}),
        json!({"operation": "explain", "rules": text}),
        json!({"state": "loaded", "purge": true, "keep": list}),
    ] {
        let report = within(200, &request);
        assert_eq!(kinds(&report), ["too_many_lines"], "{}", report["msg"]);
    }
    let most = json!({"operation": "explain", "rules": "\n".repeat(MAX_LINES)});
    assert_eq!(within(200, &most)["failed"], json!(false));
    let documented = include_str!("../../docs/requests.md").replace(',', "");
    assert!(documented.contains(&format!("{MAX_LINES} lines of rules")));
}

#[test]
fn a_request_as_large_as_may_be_needs_little_memory() {
    let long = "k".repeat(100);
    let path = "p".repeat(90);
    for (of, mebibytes, outcome, line) in [
        ("short lines", 200, "applied", &(|at| format!("-w /etc/p{at} -p wa -k k{at}")) as &dyn Fn(usize) -> String),
        ("long lines", 340, "applied", &|at| format!("-w /etc/{path}{at} -p wa -k {long}{at}")),
        ("bad lines", 340, "failed", &|at| format!("-q /etc/passwd -p wa -k {long}{long}{at}")),
    ] {
        let (image, _) = image();
        let rules: Vec<String> = (0..MAX_LINES).map(line).collect();
        let request = json!({"root": image.path(), "name": "a", "rules": rules});
        assert!(request.to_string().len() < MAX_BYTES);
        let report = within(mebibytes, &request);
        assert_eq!(report["outcome"], json!(outcome), "{of}: {}", report["msg"]);
    }
}

#[test]
fn a_request_with_more_values_than_a_run_has_memory_for_is_refused_before_they_are_read() {
    for request in [
        json!({"name": "a", "rules": vec![1; MAX_VALUES]}),
        json!({"name": "a", "keep": vec![vec![1]; MAX_VALUES / 2]}),
        json!({"name": "a", "rules": [{"labels": vec![""; MAX_VALUES]}]}),
    ] {
        let report = within(128, &request);
        assert_eq!(kinds(&report), ["too_many_values"], "{}", report["msg"]);
    }
    // An undo is not counted: it may hold as much as fits.
    let snapshot = json!({"version": 1, "files": [], "control": vec![0; MAX_VALUES + 1]});
    let report = within(256, &json!({"state": "restored", "snapshot": snapshot}));
    assert!(!kinds(&report).contains(&"too_many_values"), "{}", report["msg"]);
}

#[test]
fn lint_of_very_many_rules_ends() {
    let rules = |line: &dyn Fn(usize) -> String| (0..30_000).map(line).collect::<Vec<_>>();
    let apart = rules(&|at| format!("-w /etc/p{at} -p wa -k k{at}"));
    let report = within(256, &json!({"operation": "lint", "rules": apart}));
    assert_eq!(report["counts"]["warning"], json!(0), "{}", report["msg"]);
    let covered = rules(&|at| format!("-w /etc/passwd -p wa -k k{at}"));
    let report = within(256, &json!({"operation": "lint", "rules": covered}));
    assert_eq!(report["counts"]["warning"], json!(29_999), "{}", report["msg"]);
}

#[test]
fn a_million_unknown_or_repeated_keys_are_counted_in_little_memory() {
    let unknown: serde_json::Map<String, Json> = (0..1_000_000_usize).map(|at| (format!("k{at}"), json!(1))).collect();
    let report = within(200, &Json::Object(unknown));
    assert_eq!(kinds(&report).len(), 100);
    assert_eq!(report["errors_omitted"], json!(999_900));
    assert!(report["msg"].as_str().unwrap().starts_with("nothing was changed: 1000000 problems: "));
}
