//! The largest requests: the executable has little memory, and needs no more.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use audit_rules::request::{MAX_BYTES, MAX_LINES};
use serde_json::{Value as Json, json};

use crate::large::{image, within};

/// How much a run may use for a request as large as one may be, in MiB.
const MOST: u32 = 200;
/// How much it may use where a drop-in as large is replaced, of which it keeps both, and of `audit.rules` both too.
const MOST_REPLACING: u32 = 320;
/// How much gathering may use for as many short rules as drop-ins may have.
const MOST_GATHERING: u32 = 360;

/// As many lines as a request may have, so long that it has nearly as many bytes as it may; each is about a path that the
/// image lacks.
fn lines(length: usize) -> Vec<String> {
    let name = "n".repeat(length);
    (0..MAX_LINES - 1).map(|number| format!("-w /{number:06}/{name} -p wa -k k")).collect()
}

fn text(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    })
}

fn request(root: &Path, rules: &Json, more: &Json) -> Json {
    let mut request = json!({"root": root, "name": "a", "rules": rules});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert!(request.to_string().len() <= MAX_BYTES);
    request
}

#[test]
fn a_request_as_large_as_one_may_be_is_refused_with_little_memory() {
    let (image, _) = image();
    let lines = lines(210);
    assert!(text(&lines).len() > MAX_BYTES / 8 * 7, "{}", text(&lines).len());
    let rules = json!(text(&lines));
    let report = within(MOST, &request(image.path(), &rules, &json!({"on_missing": "fail", "compile": "always"})));
    assert_eq!(report["errors"][0]["kind"], json!("missing_path"), "{}", report["msg"]);
    assert_eq!(report["outcome"], json!("failed"));
}

#[test]
fn a_request_as_large_as_files_may_be_is_planned_and_carried_out_with_little_memory() {
    let rules = json!(lines(180));
    let (image, rules_d) = image();
    let request = |more: &Json| request(image.path(), &rules, more);
    let planned = within(MOST, &request(&json!({"on_missing": "skip", "check_mode": true, "diff": true})));
    assert_eq!(planned["outcome"], json!("planned"), "{}", planned["msg"]);
    assert!(planned["diff"].is_object() && planned["omitted"]["/rules/skipped"].is_number());
    let applied = within(MOST, &request(&json!({"on_missing": "skip"})));
    assert_eq!(applied["outcome"], json!("applied"), "{}", applied["msg"]);
    fs::remove_file(rules_d.join("a.rules")).unwrap();
    let compiled = json!({"on_missing": "skip", "compile": "always"});
    assert_eq!(within(MOST, &request(&compiled))["outcome"], json!("applied"));
    assert_eq!(within(MOST, &request(&compiled))["outcome"], json!("unchanged"));
}

/// As many lines as a request may have, nearly as long together as it may be, that any host can load.
fn loadable(letter: &str) -> Vec<String> {
    let name = letter.repeat(210);
    (0..MAX_LINES - 1).map(|number| format!("-w /{name}{number:06} -p wa -k k")).collect()
}

#[test]
fn files_as_large_as_may_be_are_left_alone_or_replaced_and_compared_with_little_memory() {
    let (image, rules_d) = image();
    let request = |letter: &str, more: &Json| request(image.path(), &json!(loadable(letter)), more);
    let compiled = json!({"compile": "always"});
    assert_eq!(within(MOST, &request("n", &compiled))["outcome"], json!("applied"));
    assert_eq!(within(MOST, &request("n", &compiled))["outcome"], json!("unchanged"));
    let report = within(MOST_REPLACING, &request("m", &json!({"compile": "always", "diff": true})));
    assert_eq!(report["outcome"], json!("applied"), "{}", report["msg"]);
    let diff = report["diff"]["prepared"].as_str().unwrap();
    let (rest, last) = diff.trim_end().rsplit_once('\n').unwrap();
    let told = rest.lines().count();
    let omitted: usize = last.strip_prefix("... and ").unwrap().strip_suffix(" more lines").unwrap().parse().unwrap();
    // In both files every line goes and another one comes.
    let lines = 4 * (MAX_LINES - 1);
    assert!((lines..lines + 20).contains(&(told + omitted)), "{told}, {last}");
    assert!(fs::read_to_string(rules_d.join("a.rules")).unwrap().contains("/mmm"));
}

#[test]
fn a_quarter_of_a_million_rules_are_gathered_with_bounded_memory() {
    const RULES: usize = 260_000;
    let (image, rules_d) = image();
    let rules: Vec<String> =
        (0..RULES).map(|uid| format!("-a always,exit -F arch=b64 -S open -F uid={uid} -k k")).collect();
    fs::write(rules_d.join("a.rules"), text(&rules)).unwrap();
    let report = within(MOST_GATHERING, &json!({"root": image.path(), "operation": "gather"}));
    assert_eq!(report["failed"], json!(false), "{}", report["msg"]);
    assert!(report["msg"].as_str().unwrap().starts_with("260000 rules in 1 file"), "{}", report["msg"]);
    for list in ["/filesystem/files/0/rules", "/next_boot/rules"] {
        let told = report.pointer(list).unwrap().as_array().unwrap().len();
        assert_eq!((told, &report["omitted"][list]), (10_000, &json!(RULES - told)), "{list}");
    }
    let short = within(MOST_GATHERING, &json!({"root": image.path(), "operation": "gather", "details": false}));
    assert_eq!(short.get("omitted"), None);
}

#[test]
fn two_million_lines_are_explained_with_little_memory() {
    let (image, _) = image();
    let file = image.path().join("lines");
    fs::write(&file, "-a x,1\n".repeat(1_900_000)).unwrap();
    let report = within(128, &json!({"operation": "explain", "files": [{"name": file}]}));
    assert_eq!(report["msg"], json!("1900000 lines, 1900000 refused"));
}
