//! The report of `explain`, line by line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod language {
    pub mod host;
}

use audit_rules::explain::Named;
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
    assert_eq!(
        (&report["error"]["kind"], &report["error"]["hint"]),
        (&json!("unknown_syscall"), &json!("did you mean open?"))
    );
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

/// The sentence of a line, and the rule taken apart where names are asked for.
fn told(line: &str, resolve: bool) -> Json {
    let context = host::context();
    let explained = explain(line.as_bytes(), &context, host::directories(), PermSyscalls::All);
    let named = Named { machine: context.machine, accounts: resolve.then_some(context.accounts) };
    serde_json::to_value(LineReport::new(line, &explained).with_meaning(&explained, named)).unwrap()
}

#[test]
fn every_line_that_does_something_says_so_in_one_sentence() {
    let rows = [
        (
            "-a always,exit -F arch=b64 -S open,openat -F exit=-EACCES -F auid>=1000 -F auid!=unset -k access",
            "record each call of open or openat (64 bit) that fails with EACCES, where the login uid is 1000 or more and the login uid is not unset, under the key access",
        ),
        (
            "-w /etc/passwd -p wa -k identity",
            "record each system call that writes or changes attributes of /etc/passwd, under the key identity",
        ),
        (
            "-a always,exit -F arch=b32 -F dir=/etc/ssh -F perm=rwxa",
            "record each system call (32 bit) that reads, writes, executes or changes attributes of /etc/ssh or anything below it",
        ),
        (
            "-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0 -k a -k b",
            "record each call of execve (64 bit), where the effective uid is 0 and the uid is not the effective uid, under the keys a and b",
        ),
        (
            "-a never,exit -F arch=b64 -S mount,umount2,chown -F success=0 -F exe=/bin/x",
            "never record a call of chown, mount or umount2 (64 bit) that fails, where the program is /bin/x",
        ),
        (
            "-a always,exit -F arch=b64 -F path=/bin/su -F perm=x -F success=1 -F uid!=0",
            "record each system call (64 bit) that executes /bin/su and succeeds, where the uid is not 0",
        ),
        (
            "-a always,exit -F arch=b64 -S open -F exit=-EACCES -F exit!=-EPERM",
            "record each call of open (64 bit), where the result is -EACCES and the result is not -EPERM",
        ),
        (
            "-a always,exit -F arch=b64 -S personality -F a0&=0x200",
            "record each call of personality (64 bit), where the first argument has all bits of 0x200",
        ),
        ("-a always,exclude -F msgtype=CWD", "leave out records where the type of the record is CWD"),
        ("-a never,exclude -F msgtype=CWD", "leave out records where the type of the record is CWD"),
        ("-a never,user -F uid=0", "do not record what programs report of themselves, where the uid is 0"),
        ("-a never,task -F auid=unset", "record no system calls of each new process where the login uid is unset"),
        (
            "-W /etc/passwd -p wa",
            "take this rule away: record each system call that writes or changes attributes of /etc/passwd",
        ),
        ("-b 64 -f 2", "let up to 64 records wait; stop the host when a record is lost"),
        ("-D", "take all rules away"),
        ("-e 2", "switch auditing on and lock rules and settings until the next boot"),
    ];
    for (line, expected) in rows {
        assert_eq!(told(line, false)["meaning"], expected, "{line}");
    }
    for line in ["-a always,user", "-a never,user -F euid=0"] {
        assert!(
            told(line, false)["meaning"].as_str().is_some_and(|meaning| meaning.starts_with("nothing: ")),
            "{line}"
        );
    }
    for line in [
        "# a",
        "",
        "-a always,exit -F arch=b64 -S open -F uid=-1",
        "-a always,exit -S opne",
        "-a exit,possible -S open",
    ] {
        assert_eq!(told(line, true).get("meaning"), None, "{line}");
    }
}

#[test]
fn names_stand_in_place_of_numbers_where_they_are_asked_for() {
    let line = "-a always,exit -F arch=b64 -S 2 -F uid=1 -F gid!=0 -F auid!=-1 -F exit=-13 -F uid=4000000";
    let resolved = told(line, true);
    assert_eq!(
        resolved["meaning"],
        "record each call of open (64 bit) that fails with EACCES, where the uid is 1 (daemon) and the gid or a supplementary group is not 0 (root) and the login uid is not unset and the uid is 4000000"
    );
    let fields = resolved["resolved"]["fields"].as_array().unwrap();
    let values: Vec<&str> = fields.iter().map(|field| field["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["daemon", "root", "unset", "-EACCES", "4000000"]);
    assert_eq!(resolved["resolved"]["syscalls"], json!(["open"]));
    assert_eq!(told(line, false).get("resolved"), None);
    assert!(told(line, false)["meaning"].as_str().unwrap().contains("the uid is 1 and"));
}

#[test]
fn text_that_is_no_utf_8_is_given_in_bytes_too() {
    let explained = explain(b"-w /etc/\xff", &host::context(), host::directories(), PermSyscalls::All);
    let report = serde_json::to_value(LineReport::new("", &explained)).unwrap();
    assert_eq!(report["wire"]["fields"][0]["bytes"], "2f6574632fff");
}
