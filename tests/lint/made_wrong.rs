//! Files that were made wrong as a whole: one problem with its cause and a count, in lint and in apply.

use std::path::Path;

use audit_rules::report::Report;
use audit_rules::request;
use audit_rules::rule::Machine;
use serde_json::json;

use crate::project::host::Host;
use crate::{answer, lint};

/// What apply says of rules.
fn refused(rules: &serde_json::Value) -> Report {
    let report = Host::new().answer(&json!({"name": "50-x", "rules": rules, "check_mode": true}).to_string());
    assert!(report.failed && !report.changed);
    report
}

/// A kind or code, its hint, and how many other lines have it.
type Told = (String, String, usize);

/// Kind, hint and count of every problem that apply finds, and the codes with fix and related lines that lint finds.
fn both(rules: &str) -> (Vec<Told>, Vec<Told>) {
    let report = refused(&json!(rules));
    assert!(report.msg.len() < 2048, "{}", report.msg);
    let of_apply = report
        .errors
        .into_iter()
        .map(|error| (error.kind, error.hint.unwrap_or_default(), error.more.unwrap_or_default()));
    let errors = lint(rules, &["x86_64"])
        .into_iter()
        .filter(|found| found.severity == audit_rules::report::lint::SeverityReport::Error);
    let of_lint =
        errors.map(|found| (found.code, found.fix.map_or_else(String::new, |fix| fix.text), found.related.len()));
    (of_apply.collect(), of_lint.collect())
}

fn one(kind: &str, hint: &str, more: usize) -> Vec<(String, String, usize)> {
    vec![(kind.to_owned(), hint.to_owned(), more)]
}

#[test]
fn lines_that_end_in_carriage_returns_are_one_problem_in_both() {
    let (apply, lint) = both("# a\r\n-w /etc/passwd -p wa -k id\r\n-w /etc/group -p wa -k id\r\n-e 1\r\n");
    assert_eq!(apply, one("carriage_return", "save the file with Unix line ends", 2));
    assert_eq!(lint, one("carriage_returns", "save the file with Unix line ends", 0));
}

#[test]
fn tabs_quotes_and_web_pages_are_one_problem_in_both() {
    for (lines, kind, hint) in [
        ("-w\t/etc/a\t-p\twa\n-w\t/etc/b\t-p\twa\n", "relative_path", "a tab does not separate words: only spaces do"),
        (
            "-w /etc/a\t-p wa -k g\n-w /etc/b\t-p wa -k g\n",
            "stray_word",
            "a tab does not separate words: only spaces do",
        ),
        (
            "-w \"/etc/a\" -p wa\n-w '/etc/b' -p wa\n",
            "relative_path",
            "quotation marks are part of the text here; write a space as \"\\ \"",
        ),
        (
            "-a always,exit -F arch=b64 -S open -F auid&gt;=1000\n-a always,exit -F arch=b64 -S open -F auid&gt;=500\n",
            "",
            "this was copied from a web page: write > for &gt;, < for &lt;, & for &amp;",
        ),
    ] {
        let (apply, lint) = both(lines);
        assert_eq!((apply.len(), lint.len()), (1, 1), "{lines} {apply:?} {lint:?}");
        assert!(kind.is_empty() || apply[0].0 == kind, "{lines} {apply:?}");
        assert_eq!((apply[0].1.as_str(), apply[0].2), (hint, 1), "{lines}");
        assert_eq!((lint[0].0.as_str(), lint[0].1.as_str(), lint[0].2), (apply[0].0.as_str(), hint, 1), "{lines}");
    }
}

#[test]
fn a_byte_order_mark_is_named_though_a_comment_follows_it() {
    for rest in ["-w /etc/passwd -p wa -k id\n", "# comment\n"] {
        let (apply, lint) = both(&format!("\u{feff}{rest}"));
        let hint = "save the file as UTF-8 without a byte order mark";
        assert_eq!(apply, one("byte_order_mark", hint, 0));
        assert_eq!(lint, one("byte_order_mark", hint, 0));
    }
}

#[test]
fn a_rule_that_was_cut_with_backslashes_is_one_problem() {
    let text =
        "-a always,exit -F path=/usr/bin/sudo -F perm=x \\\n   -F auid>=1000 -F auid!=unset \\\n   -k sudo\n-e 1\n";
    let hint = "a rule cannot go on in the next line: write it in one line";
    let (apply, lint) = both(text);
    assert_eq!(apply, one("stray_word", hint, 0));
    assert_eq!(lint, one("stray_word", hint, 0));
    let machine = Machine::from_uname("x86_64").unwrap();
    let decoded = request::decode(json!({"operation": "explain", "rules": text}).to_string().as_bytes()).unwrap();
    let report = audit_rules::explained(&decoded, machine, Path::new("/")).unwrap();
    assert_eq!(report.msg, "4 lines, 1 refused");
    let kinds: Vec<Option<String>> =
        report.lines.unwrap().into_iter().map(|line| line.error.map(|error| error.kind)).collect();
    let kind = |kind: &str| Some(kind.to_owned());
    assert_eq!(kinds, [kind("stray_word"), kind("line_continuation"), kind("line_continuation"), None]);
    // A backslash may end a key, and a line of its own is wrong by itself.
    assert_eq!(lint_errors("-w /etc/a -p wa -k a\\\n-w b\n"), ["relative_path"]);
}

fn lint_errors(text: &str) -> Vec<String> {
    let found = lint(text, &["x86_64"]);
    let errors = found.into_iter().filter(|found| found.severity == audit_rules::report::lint::SeverityReport::Error);
    errors.map(|found| found.code).collect()
}

#[test]
fn every_trap_has_its_hint() {
    let rows = [
        ("-w /opt/my app/run.sh -p x -k x", "a blank in a path needs a backslash before it: \"\\ \""),
        ("-w /etc/group\t-p wa -k g", "a tab does not separate words: only spaces do"),
        (
            "-a always,exit -F path=/usr/bin/x -F perm=x -k -F T1078",
            "-k takes the next word for the key: write the key after it",
        ),
        ("-a always,exit -F arch=b64 -S execve -F uid!=euid -k x", "euid is a field: two fields are compared with -C"),
        (
            "-a exit,always -F arch=b32 -a0=2 -F a1=1 -S socket -k s",
            "an argument of a system call is a condition: write -F a0=VALUE",
        ),
        ("-a always,exclude -F msgtype=ALL -F auid=unset", "leave msgtype out to ask about all types"),
        (
            "-a always,exit -F arch=b64 -S connect -F obj=x -k c",
            "a label is asked for by its parts: obj_user, obj_role, obj_type",
        ),
        ("-w /etc/hosts -p wa -k a -w /etc/issue -p wa -k a", "each rule needs a line of its own"),
        (
            "-a always,exit -F arch=b64 -S mount -F uid=nobody-here",
            "on_missing: skip leaves the rule out until the account exists",
        ),
        (
            "-a always,exit -F arch=b64 -S mount -F gid=no-such",
            "on_missing: skip leaves the rule out until the account exists",
        ),
    ];
    let machine = Machine::from_uname("x86_64").unwrap();
    let rules: Vec<&str> = rows.iter().map(|(line, _)| *line).collect();
    let decoded = request::decode(json!({"operation": "explain", "rules": rules}).to_string().as_bytes()).unwrap();
    let report = audit_rules::explained(&decoded, machine, Path::new("/")).unwrap();
    for ((line, hint), entry) in rows.iter().zip(report.lines.unwrap()) {
        assert_eq!(entry.error.and_then(|error| error.hint).as_deref(), Some(*hint), "{line}");
    }
}

#[test]
fn a_report_stays_short_however_many_lines_are_wrong() {
    let lines: Vec<String> =
        (0..1000).map(|at| format!("-a always,exit -F arch=b64 -S nocall{at} -k {}", "k".repeat(200))).collect();
    let report = refused(&json!(lines));
    assert!(
        report.msg.len() < 2048 && report.msg.contains("1000 problems") && report.msg.contains("more"),
        "{}",
        report.msg
    );
    assert_eq!(report.errors.len() + report.errors_omitted, 1000);
    assert!((10..=100).contains(&report.errors.len()), "{}", report.errors.len());
    let one = format!("-w /{} -p wa {}", "x".repeat(3000), "-q".repeat(500));
    let report = refused(&json!([one]));
    assert!(report.msg.len() < 2048, "{}", report.msg.len());
    assert_eq!(report.errors_omitted, 0);
    let answered = answer(&json!({"operation": "lint", "ignore": vec!["nothing"; 500]}), Path::new("/none"));
    assert!(answered.msg.len() < 2048 && answered.errors.len() == 100, "{}", answered.msg);
}
