//! The report of `explain`, line by line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod language {
    pub mod host;
}

use audit_rules::explain::{PermSyscalls, explain};
use audit_rules::report::explain::LineReport;
use language::host;
use serde_json::{Value as Json, json};

fn report(line: &str, perm_syscalls: PermSyscalls) -> Json {
    let explained = explain(line.as_bytes(), &host::context(), host::directories(), perm_syscalls);
    serde_json::to_value(LineReport::new(line, &explained)).unwrap()
}

#[test]
fn a_watch_is_told_as_text_and_as_wire() {
    let expected = json!({
        "line": "-w /etc/passwd -p wa -k identity", "accepted": true, "kind": "rule",
        "canonical": "-w /etc/passwd -p wa -k identity",
        "wire": {"flags": 4, "action": 2, "syscalls": "all", "fields": [
            {"field": 105, "op": 1_073_741_824, "text": "/etc/passwd"},
            {"field": 106, "op": 1_073_741_824, "value": 10},
            {"field": 210, "op": 1_073_741_824, "text": "identity"},
        ]},
        "notes": [],
    });
    assert_eq!(report("-w /etc/passwd -p wa -k identity", PermSyscalls::All), expected);
}

#[test]
fn a_refused_line_names_kind_place_and_the_nearest_name() {
    let report = report("-a always,exit -S opne", PermSyscalls::All);
    assert_eq!((&report["accepted"], report.get("kind"), report.get("wire")), (&json!(false), None, None));
    assert_eq!((&report["error"]["kind"], &report["error"]["hint"]), (&json!("unknown_syscall"), &json!("open")));
    assert_eq!(report["error"]["column"], 19);
    assert_eq!(report["error"]["message"], "column 19: no architecture has a system call opne");
}

#[test]
fn the_kernels_refusal_is_told_beside_auditctls_acceptance() {
    let refused = report("-a always,exit -F arch=b64 -S open -F uid=-1", PermSyscalls::All);
    assert_eq!(refused["accepted"], true);
    assert_eq!((&refused["kernel"]["takes"], &refused["kernel"]["errno"]), (&json!(false), &json!("EINVAL")));
    assert!(refused["kernel"]["why"].as_str().unwrap().contains("uid"));
    assert_eq!(report("-a always,exit -F arch=b64 -S open", PermSyscalls::All).get("kernel"), None);
}

#[test]
fn the_perm_table_of_4_2_shows_in_wire_and_text() {
    let line = "-a always,exit -F arch=b64 -F path=/bin/su -F perm=x -k su";
    assert_eq!(
        report(line, PermSyscalls::All)["canonical"],
        "-a always,exit -F arch=b64 -S all -F path=/bin/su -F perm=x -F key=su"
    );
    let narrow = report(line, PermSyscalls::V4_2);
    assert_eq!(narrow["wire"]["syscalls"], json!([59, 322]));
    assert_eq!(
        narrow["canonical"],
        "-a always,exit -F arch=b64 -S execve,execveat -F path=/bin/su -F perm=x -F key=su"
    );
}

#[test]
fn settings_comments_and_lines_that_do_nothing_have_their_kinds() {
    let rows = [
        ("# CIS 4.1.3", json!({"line": "# CIS 4.1.3", "accepted": true, "kind": "comment"})),
        ("  ", json!({"line": "  ", "accepted": true, "kind": "comment"})),
        (
            "-i",
            json!({"line": "-i", "accepted": true, "kind": "control", "settings": {"ignore_errors": true}, "notes": []}),
        ),
        (
            "-b 64 -f 2",
            json!({"line": "-b 64 -f 2", "accepted": true, "kind": "control", "settings": {"backlog_limit": 64, "failure": 2}, "notes": []}),
        ),
        ("-D", json!({"line": "-D", "accepted": true, "kind": "control", "notes": []})),
    ];
    for (line, expected) in rows {
        assert_eq!(report(line, PermSyscalls::All), expected);
    }
    assert_eq!(report("-a exit,possible -S open", PermSyscalls::All)["notes"][0]["kind"], "action_possible");
    let both = report("-b 64 -a always,exit -F arch=b64 -S open", PermSyscalls::All);
    assert_eq!((&both["kind"], &both["settings"]), (&json!("rule"), &json!({"backlog_limit": 64})));
}

#[test]
fn text_that_is_no_utf_8_is_given_in_bytes_too() {
    let explained = explain(b"-w /etc/\xff", &host::context(), host::directories(), PermSyscalls::All);
    let report = serde_json::to_value(LineReport::new("", &explained)).unwrap();
    assert_eq!(report["wire"]["fields"][0]["bytes"], "2f6574632fff");
}
