//! What respected rule sets do on purpose, what is told once a file, and what somebody does not want to hear of.

use std::path::Path;

use audit_rules::report::Report;
use audit_rules::report::lint::FindingReport;
use serde_json::json;

use crate::{answer, lint};

fn of<'a>(found: &'a [FindingReport], code: &str) -> Vec<&'a FindingReport> {
    found.iter().filter(|found| found.code == code).collect()
}

fn fix(found: &FindingReport) -> &str {
    found.fix.as_ref().map_or("", |fix| &fix.text)
}

#[test]
fn ways_of_writing_are_told_once_a_file_with_a_count_and_the_other_places() {
    let text = "-a always,exit -F path=/etc/a -F perm=wa -k this-key-is-longer-than-31-bytes\n\
                -a always,exit -F path=/etc/b -F perm=wa -k this-key-is-longer-than-31-bytes\n\
                -a always,exit -F dir=/etc/c -F perm=wa\n\
                -a always,exit -F arch=b64 -S mount -k m\n\
                -a always,exit -F arch=b64 -S swapon -k s\n\
                -a always,exit -F arch=b64 -S swapoff,mount -F uid=0\n\
                -w /etc/d -k d\n\
                -w /etc/e -k e\n";
    let found = lint(text, &[]);
    let one = |code: &str| {
        let found = of(&found, code);
        assert_eq!(found.len(), 1, "{code}");
        let lines: Vec<usize> = found[0].related.iter().filter_map(|place| place.line).collect();
        (found[0].line.unwrap(), lines, found[0].message.clone())
    };
    let (line, others, message) = one("perm_without_arch");
    assert_eq!((line, others), (1, vec![2, 3]));
    assert!(message.starts_with("perm= without arch, here and in 2 more lines: every system call"), "{message}");
    let expected = "b64 without b32, here and in 2 more lines (mount, swapoff, swapon)".to_owned();
    assert_eq!(one("b32_missing"), (4, vec![5, 6], expected));
    assert_eq!(one("no_permissions").1, [8]);
    assert_eq!(one("watch_form").1, [8]);
    assert_eq!(one("no_key").1, [6]);
    assert!(one("long_key").2.contains("the keys take 32 bytes, here and in 1 more line; "), "{}", one("long_key").2);
}

#[test]
fn each_file_has_its_own_count() {
    let file = |name: &str| json!({"name": name, "text": "-w /etc/a -p wa -k a\n-w /etc/b -p wa -k b\n"});
    let request = json!({"operation": "lint", "files": [file("a.rules"), file("b.rules")], "archs": ["x86_64"]});
    let found = answer(&request, Path::new("/nonexistent")).findings.unwrap();
    let files: Vec<Option<&str>> = of(&found, "watch_form").iter().map(|found| found.file.as_deref()).collect();
    assert_eq!(files, [Some("a.rules"), Some("b.rules")]);
}

#[test]
fn a_fix_names_only_calls_that_the_other_word_length_has() {
    let found = lint("-a always,exit -F arch=b64 -S accept,connect -k ext\n", &[]);
    let found = of(&found, "b32_missing");
    assert_eq!(
        (found[0].message.as_str(), fix(found[0])),
        ("b64 without b32 (connect)", "add one with arch=b32 for connect")
    );
}

#[test]
fn of_a_program_executions_are_proposed_and_of_a_file_changes() {
    let advice = |text: &str| fix(of(&lint(text, &[]), "no_permissions")[0]).to_owned();
    let program = "-p x records executions of a program only";
    let file = "-p wa records changes only";
    assert_eq!(advice("-w /usr/bin/zypper -k sw\n"), program);
    assert_eq!(advice("-w /etc/passwd -k sw\n"), file);
    assert_eq!(advice("-w /usr/sbin/ -k sw\n"), file);
    assert_eq!(advice("-w /usr/bin/a -k sw\n-w /etc/b -k sw\n-w /bin/c -k c\n"), format!("{program}; {file}"));
}

/// The codes of an answer, and how many findings were left out.
fn codes(report: Report) -> (Vec<String>, usize) {
    (report.findings.unwrap().into_iter().map(|found| found.code).collect(), report.counts.unwrap().ignored)
}

#[test]
fn a_code_is_left_out_where_the_request_or_a_comment_in_the_file_says_so() {
    let ask = |ignore: &[&str], comment: &str| {
        let one = "-a always,exit -F arch=b64 -S mount\n-a never,exit -F uid=9\n";
        let other = "-a always,exit -F arch=b64 -S swapon\n-a never,exit -F uid=9\n-a never,exit -F gid=9\n";
        let file = |name: &str, text: &str| json!({"name": name, "text": text});
        let files = [file("a.rules", &format!("{comment}{one}")), file("b.rules", other)];
        let request = json!({"operation": "lint", "files": files, "archs": ["x86_64"], "ignore": ignore});
        codes(answer(&request, Path::new("/nonexistent")))
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = ["b32_missing", "no_key", "never_too_late", "duplicate_rule"];
    let (found, ignored) = ask(&[], "");
    assert!(all.iter().all(|code| found.iter().any(|found| found == code)) && ignored == 0, "{found:?}");
    let (found, ignored) = ask(&["b32_missing", "no_key", "duplicate_rule"], "");
    assert_eq!(found, names(&["never_too_late", "never_too_late"]));
    assert_eq!(ignored, 5);
    let (found, ignored) = ask(&[], "# lint: ignore b32_missing, no_key\n");
    assert_eq!(found.iter().filter(|found| *found == "b32_missing").count(), 1);
    assert!(found.contains(&"duplicate_rule".to_owned()), "{found:?}");
    assert_eq!(ignored, 2);
    // The comment of one file says nothing of another one.
    let (found, _) = ask(&[], "# lint: ignore never_too_late duplicate_rule\n");
    assert!(found.contains(&"never_too_late".to_owned()) && found.contains(&"duplicate_rule".to_owned()), "{found:?}");
}

#[test]
fn errors_that_are_left_out_do_not_fail_the_report_and_are_counted() {
    let rules = "-a always,exit -F arch=b64 -S opne -k a\n";
    let ask = |ignore: &[&str]| {
        answer(&json!({"operation": "lint", "rules": rules, "archs": ["x86_64"], "ignore": ignore}), Path::new("/none"))
    };
    assert!(ask(&[]).failed);
    let report = ask(&["unknown_syscall"]);
    assert!(!report.failed && report.msg.ends_with(", 1 ignored"), "{}", report.msg);
}

#[test]
fn a_code_that_nothing_has_is_an_error_with_the_nearest() {
    let request = json!({"operation": "lint", "rules": "-e 1\n", "ignore": ["watch_form", "b32_mising"]});
    let report = answer(&request, Path::new("/none"));
    let error = &report.errors[0];
    assert_eq!(
        (error.kind.as_str(), error.pointer.as_deref(), error.hint.as_deref()),
        ("unknown_code", Some("/ignore/1"), Some("did you mean b32_missing?"))
    );
    let found = lint("-e 1\n# lint: ignore no_key, b32_mising\n", &[]);
    assert_eq!((found[0].code.as_str(), found[0].line, found[0].column), ("unknown_code", Some(2), Some(24)));
    assert_eq!(fix(&found[0]), "did you mean b32_missing?");
}
