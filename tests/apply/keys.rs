//! A key is used, or it is an error: for every operation and every state.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use audit_rules::request::State;
use audit_rules::request::keys::{KEYS, Use};
use serde_json::{Value as Json, json};

use crate::host::Host;

/// Each key with a value that is not its default.
fn values(root: &Path) -> Json {
    let mut values = json!({
        "operation": "lint", "state": "loaded", "name": "30-a", "rules": ["-w /etc/passwd -p wa"],
        "control": {"failure": 1}, "drop_ins": {"30-a": {"rules": ["-w /etc/passwd -p wa"]}}, "target": "filesystem",
        "root": root, "kernel": "host", "rules_dir": "/etc/audit/other", "ordering": "strict", "on_locked": "fail", "on_duplicate": "fail",
        "on_missing": "skip", "unknown_syscalls": "fail", "purge": true, "keep": ["x"], "mode": "0600", "owner": 0,
        "group": 0, "backup": true, "compile": "never", "adopt": true, "perm_syscalls": "4.2", "expedite": "never", "check_mode": true,
        "diff": true, "force": true, "snapshot": {"version": 1, "files": [], "control": []}, "arch": "aarch64",
        "resolve": true, "event": {"syscall": "open"}, "source": "filesystem", "expect": ["-w /etc/passwd -p wa"], "details": false, "on_drift": "fail",
        "files": [{"name": "a", "text": ""}], "archs": ["s390x"], "ignore": ["missing_path"], "format": "sarif", "fail_on": "info",
    });
    let more = json!({"loader_unknown": "fail", "allow_empty": true, "header": false, "lock_timeout": 3, "lock_anyway": true, "record": false,
            "policy": {"name": "stig", "product": "rhel9"}, "product": "rhel9", "profile": "stig", "culprit": true, "export": true, "reset_lost": true,
            "dialect": "libaudit-go", "document": {"audit_rules": [{"path": "/etc/passwd"}]}});
    let of_events = json!({"seconds": 1, "match": [{"keep": {"key": "x"}}], "since": 1, "until": "2026-11-29T10:00:00Z", "count": 1, "limit": 5,
            "records": true, "output": "/srv/events.jsonl", "keys": ["x"], "extra_attributes": {"a": "b"},
            "trace_netlink": "/srv/netlink", "plan_id": "0123456789abcdef-0123456789abcdef-0123456789abcdef"});
    let (Json::Object(values_so_far), Json::Object(more), Json::Object(of_events)) = (&mut values, more, of_events)
    else {
        unreachable!()
    };
    values_so_far.extend(more);
    values_so_far.extend(of_events);
    values
}

/// A request of this use with little besides, in which the key can have its effect.
fn request(used_as: Use, key: &str, values: &Json) -> Json {
    let mut request = match used_as {
        Use::Apply(state) => json!({"state": state.text(), "check_mode": true}),
        Use::Explain if matches!(key, "perm_syscalls" | "rules" | "resolve") => {
            json!({"rules": ["-w /etc/passwd -p wa"]})
        }
        Use::Explain if key == "files" => json!({"event": {"syscall": "open"}}),
        Use::Explain => json!({"event": {"syscall": "open"}, "root": values["root"]}),
        Use::Import => json!({"dialect": "libaudit-go", "document": values["document"]}),
        Use::Gather if key == "files" => json!({"culprit": true}),
        Use::Gather if key == "adopt" => json!({"export": true}),
        Use::Gather | Use::Lint | Use::Events => json!({}),
        Use::Prove => json!({"check_mode": true}),
    };
    // Of another root directory there is only the log.
    let listens = used_as == Use::Events && key == "seconds";
    let has_root = !listens && !matches!(used_as, Use::Import | Use::Prove);
    if has_root && !matches!(key, "rules" | "files" | "perm_syscalls" | "resolve") {
        request["root"] = values["root"].clone();
    }
    if used_as == Use::Apply(State::Loaded) && key == "keep" {
        request["purge"] = json!(true);
    }
    request["operation"] = json!(used_as.operation());
    request[key] = values[key].clone();
    request
}

fn answer(request: &Json) -> Json {
    let mut child = Command::new(env!("CARGO_BIN_EXE_audit_rules"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_key_without_use_is_an_error_for_every_operation_and_state() {
    let host = Host::new();
    let values = values(host.root());
    let states = [State::Present, State::Absent, State::Loaded, State::Exact, State::Restored].map(Use::Apply);
    let mut wrong = Vec::new();
    let others = [Use::Gather, Use::Explain, Use::Lint, Use::Events, Use::Import, Use::Prove];
    for used_as in states.into_iter().chain(others) {
        for key in KEYS {
            let is_said_by_the_use =
                key.name == "operation" || (key.name == "state" && matches!(used_as, Use::Apply(_)));
            if is_said_by_the_use {
                continue;
            }
            let report = answer(&request(used_as, key.name, &values));
            let errors = report["errors"].as_array().map_or(&[][..], Vec::as_slice).iter();
            let pointer = format!("/{}", key.name);
            let is_refused = errors.clone().any(|e| e["kind"] == "key_not_used" && e["pointer"] == *pointer);
            let is_known = !errors.clone().any(|error| error["kind"] == "unknown_key" || error["kind"] == "wrong_type");
            if is_refused == key.used_by.contains(&used_as) || !is_known {
                wrong.push(format!("{} with {}: {}", key.name, used_as.name(), report["errors"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(values.as_object().unwrap().len(), KEYS.len());
}

/// What two keys together leave without effect.
#[test]
fn a_key_that_another_one_leaves_without_effect_is_an_error() {
    let rules = json!(["-w /etc/passwd -p wa"]);
    let event = json!({"syscall": "open"});
    for (request, pointer) in [
        (json!({"drop_ins": {"a": {"rules": rules}}, "rules": rules}), "/rules"),
        (json!({"state": "loaded", "keep": ["x"]}), "/keep"),
        (json!({"state": "loaded", "target": "filesystem", "reset_lost": true}), "/reset_lost"),
        (json!({"name": "a", "rules": rules, "root": "/image", "target": "both"}), "/target"),
        (json!({"operation": "gather", "source": "runtime", "expect": rules}), "/expect"),
        (json!({"operation": "gather", "source": "filesystem", "culprit": true}), "/culprit"),
        (json!({"operation": "gather", "source": "runtime", "export": true}), "/export"),
        (json!({"operation": "gather", "adopt": true}), "/adopt"),
        (json!({"operation": "explain", "rules": rules, "root": "/image"}), "/root"),
        (json!({"operation": "explain", "rules": rules, "event": event, "source": "filesystem"}), "/source"),
        (
            json!({"operation": "explain", "rules": rules, "event": event, "files": [{"name": "a", "text": ""}]}),
            "/files",
        ),
        (json!({"operation": "explain", "event": event, "perm_syscalls": "4.2"}), "/perm_syscalls"),
        (json!({"operation": "events", "rules": rules, "drop_ins": {"a": {"rules": rules}}}), "/rules"),
        (json!({"operation": "events", "rules": rules, "rules_dir": "/etc/audit/other"}), "/rules_dir"),
        (json!({"operation": "events", "match": [{"keep": {}, "drop": {}}]}), "/match/0/drop"),
        (json!({"operation": "lint", "rules": rules, "rules_dir": "/etc/audit/rules.d"}), "/rules_dir"),
        (json!({"operation": "lint", "rules": rules, "files": [{"name": "a", "text": ""}]}), "/files"),
    ] {
        let report = answer(&request);
        let errors: Vec<_> =
            report["errors"].as_array().unwrap().iter().map(|error| (&error["kind"], &error["pointer"])).collect();
        assert_eq!(errors, [(&json!("key_not_used"), &json!(pointer))], "{request}: {report:#}");
    }
}

#[test]
fn what_the_automation_tool_says_of_check_mode_and_diff_is_said_to_every_operation() {
    for operation in ["gather", "explain", "lint", "events", "import"] {
        let (rules, root) = (json!(["-w /etc/passwd -p wa"]), Host::new());
        let mut request = json!({"operation": operation, "_ansible_check_mode": true, "_ansible_diff": true});
        match operation {
            "gather" => request["root"] = json!(root.root()),
            "import" => {
                request["dialect"] = json!("libaudit-go");
                request["document"] = json!({"audit_rules": [{"path": "/etc/passwd"}]});
            }
            "events" => request["files"] = json!([{"name": "a", "text": ""}]),
            _ => request["rules"] = rules,
        }
        assert_eq!(answer(&request)["failed"], json!(false), "{request}");
    }
}
