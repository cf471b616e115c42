//! Drop-ins without measure: the executable has little memory, and needs no more.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::host::kinds;

const RULE: &str = "-a always,exit -F arch=b64 -S sethostname";

/// An image whose `rules.d` is empty.
pub fn image() -> (TempDir, PathBuf) {
    let memory = std::path::Path::new("/dev/shm");
    let image = tempfile::Builder::new().tempdir_in(memory).or_else(|_| TempDir::new()).unwrap();
    let rules_d = image.path().join("etc/audit/rules.d");
    fs::create_dir_all(&rules_d).unwrap();
    (image, rules_d)
}

/// What the executable answers with so much address space, and two minutes of processor time.
pub fn within(mebibytes: u32, request: &Json) -> Json {
    let mut child = Command::new("sh")
        .args(["-c", &format!("umask 022; ulimit -t 120; ulimit -v {}; exec \"$0\" -", mebibytes << 10)])
        .arg(env!("CARGO_BIN_EXE_audit_rules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {:?}", output.status))
}

#[test]
fn a_drop_in_of_a_gibibyte_is_refused_without_being_read() {
    let (image, rules_d) = image();
    fs::File::create(rules_d.join("a.rules")).unwrap().set_len(1 << 30).unwrap();
    for request in [
        json!({"root": image.path(), "name": "b", "rules": [RULE]}),
        json!({"root": image.path(), "state": "loaded", "target": "filesystem"}),
        json!({"root": image.path(), "operation": "gather"}),
    ] {
        let report = within(64, &request);
        let text = report.to_string();
        assert!(text.contains("too_large") && text.contains("a.rules is larger than 16 MiB"), "{text}");
        assert_eq!(report["failed"], json!(true));
    }
    assert_eq!(fs::read_dir(rules_d).unwrap().count(), 1);
}

#[test]
fn drop_ins_that_are_too_large_together_are_refused() {
    let (image, rules_d) = image();
    for name in ["a.rules", "b.rules", "c.rules"] {
        fs::write(rules_d.join(name), vec![b'\n'; 6 << 20]).unwrap();
    }
    let report = within(256, &json!({"root": image.path(), "name": "d", "rules": [RULE]}));
    assert_eq!(kinds(&report), ["too_large"], "{report:#}");
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let (image, rules_d) = image();
    let mut rules = String::new();
    while rules.len() < 9 << 20 {
        writeln!(rules, "# {}", "x".repeat(4000)).unwrap();
    }
    let request = |name: &str| json!({"root": image.path(), "name": name, "rules": rules, "compile": "always"});
    assert_eq!(within(1024, &request("a"))["outcome"], json!("applied"));
    let second = within(1024, &request("b"));
    assert_eq!(kinds(&second), ["too_large"], "{}", second["msg"]);
    assert_eq!(fs::read_dir(&rules_d).unwrap().count(), 1);
    assert_eq!(within(1024, &json!({"root": image.path(), "name": "c", "rules": [RULE]}))["outcome"], json!("applied"));
}

#[test]
fn a_hundred_thousand_drop_ins_are_read_and_one_is_added() {
    let (image, rules_d) = image();
    for number in 0..100_000 {
        fs::write(rules_d.join(format!("{number}-x.rules")), format!("{RULE} -F key={number}\n")).unwrap();
    }
    let request = json!({"root": image.path(), "name": "zz", "rules": [RULE], "compile": "always"});
    let report = within(1024, &request);
    assert_eq!(report["outcome"], json!("applied"), "{}", report["msg"]);
    let merged = fs::read_to_string(image.path().join("etc/audit/audit.rules")).unwrap();
    assert_eq!(merged.lines().filter(|line| line.starts_with("-a ")).count(), 100_001);
    assert_eq!(within(1024, &request)["changed"], json!(false));
}

/// Looking for each line among all others would take longer than the run has.
#[test]
fn very_many_lines_of_audit_rules_that_no_drop_in_has_are_found_among_very_many_others() {
    let (image, rules_d) = image();
    let lines = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    fs::write(rules_d.join("a.rules"), lines(1_500_000, &|at| format!("#{at}\n"))).unwrap();
    fs::write(rules_d.with_file_name("audit.rules"), lines(100_000, &|at| format!("-w /y{at}\n"))).unwrap();
    let report = within(1024, &json!({"root": image.path(), "name": "b", "rules": [RULE], "compile": "never"}));
    assert_eq!(report["outcome"], json!("applied"), "{}", report["msg"]);
    let told = report["warnings"].as_array().unwrap().len() as u64;
    assert_eq!(told + report["omitted"]["/warnings"].as_u64().unwrap(), 100_000, "{}", report["warnings"]);
}

#[test]
fn very_many_rules_that_a_later_line_takes_away_are_named_each_with_its_line() {
    let (image, rules_d) = image();
    fs::write(rules_d.join("00-first.rules"), "-c\n".repeat(500_000)).unwrap();
    fs::write(rules_d.join("99-last.rules"), "-D -k k\n").unwrap();
    let rules: Vec<String> = (0..60_000).map(|at| format!("-w /y{at} -p wa -k k")).collect();
    let report = within(1024, &json!({"root": image.path(), "name": "50-a", "rules": rules}));
    assert_eq!(report["errors"][99]["kind"], json!("deleted_again"), "{}", report["msg"]);
    assert_eq!(report["errors"][99]["rule"], json!(rules[99]));
    assert_eq!(report["errors_omitted"], json!(59_900));
}

#[test]
fn an_undo_can_be_restored_or_the_report_says_before_the_change_that_there_is_none() {
    let (image, rules_d) = image();
    let text = |letter: &str, size: usize| format!("# {}\n", letter.repeat(998)).repeat(size / 1001);
    let restored = |size: usize| {
        let request = |letter: &str, check_mode: bool| json!({"root": image.path(), "name": "a", "rules": text(letter, size), "compile": "never", "check_mode": check_mode});
        within(1024, &request("x", false));
        let before = fs::read(rules_d.join("a.rules")).unwrap();
        let planned = within(1024, &request("y", true));
        let report = within(1024, &request("y", false));
        assert_eq!(report["outcome"], json!("applied"), "{}", report["msg"]);
        let warns = |report: &Json| report["warnings"].to_string().contains("this change has no undo");
        assert_eq!(warns(&planned), warns(&report), "{}", planned["warnings"]);
        let Some(undo) = report.get("undo") else {
            assert!(warns(&report), "{}", report["warnings"]);
            return false;
        };
        assert!(!warns(&report));
        let back = within(1024, undo);
        assert_eq!(back["outcome"], json!("applied"), "{}", back["msg"]);
        assert_eq!(fs::read(rules_d.join("a.rules")).unwrap(), before);
        true
    };
    assert!(restored(7 << 20));
    assert!(!restored(15 << 20));
}
