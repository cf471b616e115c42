//! The largest requests: the executable has little memory, and needs no more.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use audit_rules::request::{MAX_BYTES, MAX_LINES};
use serde_json::{Value as Json, json};

use crate::large::{image, within};

/// How much a run may use for a request as large as one may be, in MiB.
const MOST: u32 = 200;
/// How much a run may use to make `audit.rules` too, and where the files hold all of the request already.
const MOST_BESIDE_FILES: u32 = 256;

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
    assert_eq!(within(MOST_BESIDE_FILES, &request(&compiled))["outcome"], json!("unchanged"));
}
