//! Which rule decides about an event: `operation: explain` with `event`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

mod project;

use std::fmt::Write;

use project::host::Host;
use serde_json::{Value as Json, json};

fn answer(request: &Json) -> Json {
    serde_json::to_value(Host::new().answer(&request.to_string())).unwrap()
}

/// The answer to one event by these rules.
fn ask(rules: &[&str], event: &Json) -> Json {
    let report = answer(&json!({"operation": "explain", "rules": rules, "event": event}));
    assert_eq!(report["failed"], json!(false), "{report:#}");
    report["events"][0].clone()
}

/// The answer in short: `matched 1 recorded`, with the index of the rule; `undecided by 0 (auid)`.
fn short(rules: &[&str], event: &Json) -> String {
    let report = ask(rules, event);
    let index =
        |rule: &Json| rule["pointer"].as_str().map(|pointer| pointer.replace("/rules/", " ")).unwrap_or_default();
    let recorded = match report["recorded"].as_bool() {
        Some(true) => " recorded",
        Some(false) => " silent",
        None => "",
    };
    let mut text = format!("{}{}{recorded}", report["answer"].as_str().unwrap(), index(&report["rule"]));
    for rule in report["undecided"].as_array().into_iter().flatten() {
        let needs: Vec<&str> = rule["needs"].as_array().unwrap().iter().map(|need| need.as_str().unwrap()).collect();
        write!(text, " by{} ({})", index(rule), needs.join(", ")).unwrap();
    }
    if report.get("dropped_by").is_some() {
        write!(text, " dropped by{}", index(&report["dropped_by"])).unwrap();
    }
    text
}

const OPEN: &str = "-a always,exit -F arch=b64 -S open,openat -F exit=-EACCES -F auid>=1000 -F auid!=unset -k access";
const MUTE: &str = "-a never,exit -F arch=b64 -S all -F exe=/usr/sbin/backupd";
const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const ETC: &str = "-a always,exit -F arch=b64 -F dir=/etc -F perm=wa -k etc";

#[test]
fn the_first_rule_that_matches_decides() {
    let denied = json!({"syscall": "openat", "exit": "-EACCES", "auid": 1000, "exe": "/usr/bin/cat", "path": "/etc/shadow", "a2": 0});
    let muted =
        json!({"syscall": "openat", "exit": "-EACCES", "auid": 1000, "exe": "/usr/sbin/backupd", "path": [], "a2": 0});
    let write =
        json!({"syscall": "openat", "a2": 1, "exit": 3, "auid": 1000, "exe": "/usr/bin/vi", "path": "/etc/passwd"});
    let read =
        json!({"syscall": "openat", "a2": 0, "exit": 3, "auid": 1000, "exe": "/usr/bin/vi", "path": "/etc/passwd"});
    let rows: [(&[&str], &Json, &str); 10] = [
        (&[OPEN], &denied, "matched 0 recorded"),
        (&[MUTE, OPEN], &denied, "matched 1 recorded"),
        (&[MUTE, OPEN], &muted, "matched 0 silent"),
        (&[OPEN, MUTE], &muted, "matched 0 recorded"),
        (&[PASSWD, ETC], &write, "matched 0 recorded"),
        (&[ETC, PASSWD], &write, "matched 0 recorded"),
        (&[PASSWD, ETC], &read, "none silent"),
        (&[], &denied, "none silent"),
        (
            &["-A never,exit -F arch=b64 -S openat", OPEN, "-A always,exit -S all -F auid=1000"],
            &denied,
            "matched 2 recorded",
        ),
        (&[OPEN, "-D", MUTE], &denied, "none silent"),
    ];
    for (rules, event, expected) in rows {
        assert_eq!(short(rules, event), expected, "{rules:?} {event}");
    }
}

#[test]
fn what_the_event_does_not_say_is_named_and_not_guessed() {
    let rows: [(&[&str], Json, &str); 14] = [
        (&[OPEN], json!({"syscall": "openat", "exit": -13}), "undecided by 0 (auid)"),
        (&[OPEN], json!({"syscall": "openat"}), "undecided by 0 (exit, auid)"),
        (&[OPEN], json!({"syscall": "openat", "auid": "unset"}), "none silent"),
        (&[OPEN], json!({"auid": 1000, "exit": -13}), "undecided by 0 (syscall)"),
        // Both say the same, so that it is recorded either way; only the key is open.
        (
            &[OPEN, "-a always,exit -F arch=b64 -S openat"],
            json!({"syscall": "openat"}),
            "undecided 1 recorded by 0 (exit, auid)",
        ),
        (&[OPEN, "-a never,exit -F arch=b64 -S openat"], json!({"syscall": "openat"}), "undecided 1 by 0 (exit, auid)"),
        (&["-a always,exit -S all -F uid=0", OPEN], json!({"syscall": "openat", "uid": 0}), "matched 0 recorded"),
        (&[PASSWD], json!({"syscall": "openat", "path": "/etc/passwd"}), "undecided by 0 (perm)"),
        (&[PASSWD], json!({"syscall": "unlink"}), "undecided by 0 (path)"),
        (&["-w /etc/passwd -p rw"], json!({"syscall": "openat", "path": "/etc/passwd"}), "matched 0 recorded"),
        (
            &["-a always,exit -F arch=b64 -S all -F gid=100"],
            json!({"syscall": "read", "gid": 1}),
            "undecided by 0 (groups)",
        ),
        (
            &["-a always,exit -F arch=b64 -S execve -C uid!=euid"],
            json!({"syscall": "execve", "uid": 1}),
            "undecided by 0 (euid)",
        ),
        (
            &["-a always,exit -F arch=b64 -S execve -C uid!=euid"],
            json!({"syscall": "execve", "uid": 1, "euid": 0}),
            "matched 0 recorded",
        ),
        (
            &["-a always,exit -F arch=b64 -F dir=/etc/../srv -F perm=w"],
            json!({"syscall": "unlink", "path": "/srv/a"}),
            "undecided by 0 (path)",
        ),
    ];
    for (rules, event, expected) in rows {
        assert_eq!(short(rules, &event), expected, "{rules:?} {event}");
    }
}

#[test]
fn a_watch_is_one_of_a_file_or_of_all_below_a_directory() {
    let rows = [
        ("/etc/ssh", "/etc/ssh/sshd_config", "matched 0 recorded"),
        ("/etc/ssh", "/etc/ssh", "matched 0 recorded"),
        ("/etc/ssh", "/etc/ssh2", "none silent"),
        ("/etc/ssh/", "/etc/ssh/sshd_config", "matched 0 recorded"),
        ("/", "/etc/ssh", "matched 0 recorded"),
        ("/no/such/directory", "/no/such/directory/file", "matched 0 recorded"),
    ];
    for (watch, path, expected) in rows {
        let rule = format!("-w {watch} -p wa");
        assert_eq!(short(&[&rule], &json!({"syscall": "unlink", "path": path})), expected, "{rule} {path}");
    }
}

#[test]
fn permissions_are_those_of_the_system_call() {
    let rows = [
        ("x", "execve", json!({}), "matched 0 recorded"),
        ("wa", "execve", json!({}), "none silent"),
        ("a", "chmod", json!({}), "matched 0 recorded"),
        ("w", "chmod", json!({}), "none silent"),
        ("wa", "rename", json!({}), "matched 0 recorded"),
        ("w", "openat", json!({"a2": 2}), "matched 0 recorded"),
        ("w", "openat", json!({"a2": 0}), "none silent"),
        ("w", "openat", json!({"perm": "r"}), "none silent"),
        ("w", "openat", json!({"perm": "rw"}), "matched 0 recorded"),
        ("a", "fchmodat2", json!({}), "undecided by 0 (perm)"),
        ("rwxa", "getpid", json!({}), "none silent"),
    ];
    for (perm, syscall, more, expected) in rows {
        let rule = format!("-a always,exit -F arch=b64 -F path=/a -F perm={perm}");
        let mut event = json!({"syscall": syscall, "path": "/a"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(short(&[&rule], &event), expected, "{rule} {event}");
    }
}

#[test]
fn the_architecture_tells_the_number_of_the_call() {
    let b32 = "-a always,exit -F arch=b32 -S mount";
    let b64 = "-a always,exit -F arch=b64 -S mount";
    for (arch, expected) in [(json!("b32"), "matched 0 recorded"), (json!(null), "matched 1 recorded")] {
        assert_eq!(short(&[b32, b64], &json!({"syscall": "mount", "arch": arch})), expected, "{arch}");
    }
    let report =
        answer(&json!({"operation": "explain", "arch": "s390x", "rules": [b64], "event": {"syscall": "mount"}}));
    assert_eq!(report["events"][0]["answer"], json!("matched"), "{report:#}");
}

#[test]
fn of_several_files_the_kernel_may_look_at_any_first() {
    let a = "-a always,exit -F arch=b64 -F path=/a -F perm=w -k a";
    let b = "-a never,exit -F arch=b64 -F path=/b -F perm=w";
    let both = json!({"syscall": "rename", "path": ["/a", "/b"]});
    let rows: [(&[&str], &str); 5] = [
        (&[a, b], "undecided 1 by 0 (order of the files)"),
        (&[a], "matched 0 recorded"),
        (&[b], "matched 0 silent"),
        (&["-a always,exit -F arch=b64 -S rename", a, b], "matched 0 recorded"),
        (&[a, "-a never,exit -F arch=b64 -S rename", b], "matched 0 recorded"),
    ];
    for (rules, expected) in rows {
        assert_eq!(short(rules, &both), expected, "{rules:?}");
    }
}

#[test]
fn other_lists_count_where_the_kernel_asks_them() {
    let mount = json!({"syscall": "mount", "auid": 1000, "uid": 0});
    let always = "-a always,exit -F arch=b64 -S mount";
    let rows: [(&[&str], &Json, &str); 12] = [
        (&[always, "-a never,task"], &mount, "matched 1 silent"),
        // What held when the process was made, the event does not say.
        (&[always, "-a never,task -F auid=1000"], &mount, "undecided 0 by 1 (auid)"),
        (&[always, "-a never,exclude -F msgtype=SYSCALL"], &mount, "matched 0 silent dropped by 1"),
        (&[always, "-a never,exclude -F msgtype=SYSCALL -F uid!=0"], &mount, "matched 0 recorded"),
        (&[always, "-a never,exclude -F msgtype=SYSCALL -F pid=7"], &mount, "undecided 0 by 1 (pid)"),
        (&["-a never,exclude -F msgtype=SYSCALL"], &mount, "none silent"),
        (&["-a never,exclude -F msgtype=CWD"], &json!({"list": "exclude", "msgtype": "CWD"}), "matched 0 silent"),
        (&["-a never,exclude -F msgtype=CWD"], &json!({"list": "exclude", "msgtype": "PATH"}), "none recorded"),
        (&["-a never,user -F uid=0"], &json!({"list": "user", "msgtype": "USER_CMD", "uid": 0}), "matched 0 silent"),
        (
            &["-a never,exclude -F msgtype=USER_CMD"],
            &json!({"list": "user", "msgtype": "USER_CMD"}),
            "none silent dropped by 0",
        ),
        (&["-a never,task -F uid=1"], &json!({"list": "task", "uid": 1}), "matched 0 silent"),
        (
            &["-a never,filesystem -F fstype=tracefs", "-a always,exit -F arch=b64 -F dir=/sys -F perm=w"],
            &json!({"syscall": "truncate", "path": "/sys/a", "fstype": "tracefs"}),
            "none silent",
        ),
    ];
    for (rules, event, expected) in rows {
        assert_eq!(short(rules, event), expected, "{rules:?} {event}");
    }
}

#[test]
fn files_are_loaded_in_the_order_of_their_names() {
    let request = json!({"operation": "explain", "files": [
        {"name": "rules/50-b.rules", "text": "-a always,exit -F arch=b64 -S mount -k b\n"},
        {"name": "rules/10-a.rules", "text": "# a\n-a always,exit -F arch=b64 -S mount,umount2 -k a\n"},
    ], "event": [{"name": "mounts", "syscall": "mount"}, {"syscall": "mount", "arch": "b32"}]});
    let report = answer(&request);
    let first = &report["events"][0];
    assert_eq!((&first["rule"]["file"], &first["rule"]["line"]), (&json!("rules/10-a.rules"), &json!(2)), "{report:#}");
    assert_eq!((&first["rule"]["keys"], &first["name"]), (&json!(["a"]), &json!("mounts")));
    assert_eq!(report["msg"], json!("2 events: 1 recorded, 1 not recorded, 0 undecided"));
}

#[test]
fn without_rules_the_host_is_asked() {
    let mut host = Host::new();
    let apply = json!({"name": "30-time", "rules": ["# time", "-a always,exit -F arch=b64 -S settimeofday -k time"]});
    assert!(host.answer(&apply.to_string()).changed);
    let mut ask = |more: Json| {
        let mut request = json!({"operation": "explain", "event": {"syscall": "settimeofday"}});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::to_value(host.answer(&request.to_string())).unwrap()
    };
    for source in ["both", "filesystem"] {
        let report = ask(json!({"source": source}));
        let rule = &report["events"][0]["rule"];
        let place = (rule["file"].as_str(), rule["line"].as_u64(), &rule["keys"]);
        assert_eq!(
            place,
            (Some("/etc/audit/rules.d/30-time.rules"), Some(3), &json!(["time"])),
            "{source}: {report:#}"
        );
    }
    let kernel = ask(json!({"source": "runtime"}));
    assert_eq!(kernel["events"][0]["recorded"], json!(true));
    assert_eq!(kernel["events"][0]["rule"].get("file"), None);
}

#[test]
fn an_answer_other_than_expected_fails() {
    let expect = |event: Json| {
        let report = answer(&json!({"operation": "explain", "rules": [OPEN, MUTE], "event": [event]}));
        let error = report["errors"][0].clone();
        (
            report["failed"].as_bool().unwrap(),
            error["kind"].as_str().map(str::to_owned),
            error["pointer"].as_str().map(str::to_owned),
        )
    };
    let event = |auid: u32, expect: Json| json!({"syscall": "openat", "exit": -13, "auid": auid, "exe": "/bin/a", "expect": expect});
    let sound = (false, None, None);
    let wrong = (true, Some("not_as_expected".to_owned()), Some("/event/0/expect".to_owned()));
    assert_eq!(expect(event(1000, json!({"recorded": true, "key": "access"}))), sound);
    assert_eq!(expect(event(0, json!({"recorded": false}))), sound);
    assert_eq!(expect(event(0, json!({"recorded": true}))), wrong);
    assert_eq!(expect(event(1000, json!({"key": "other"}))), wrong);
    // An open answer is not what anyone expects.
    assert_eq!(expect(json!({"syscall": "openat", "expect": {"recorded": false}})), wrong);
}

#[test]
fn an_event_whose_rule_is_open_has_a_key_that_all_candidates_have() {
    let rules = [
        "-a always,exit -F arch=b64 -S openat -F exit=-EACCES -k access",
        "-a always,exit -F arch=b64 -S openat -F exit=-EPERM -k access",
        "-a always,exit -F arch=b64 -S openat -F success=0 -k access",
        "-a always,exit -F arch=b64 -S openat -k other",
    ];
    let ask = |key: &str, event: Json| {
        let mut event = event;
        event["expect"] = json!({"recorded": true, "key": key});
        answer(&json!({"operation": "explain", "rules": rules, "event": event}))
    };
    let failed = json!({"syscall": "openat", "success": false});
    assert_eq!(ask("access", failed.clone())["failed"], json!(false));
    assert_eq!(ask("other", failed)["failed"], json!(true));
    let report = ask("access", json!({"syscall": "openat"}));
    assert_eq!(report["failed"], json!(true), "{report:#}");
    assert!(
        report["msg"].as_str().unwrap().starts_with("1 event: 1 recorded, 0 not recorded, 0 undecided"),
        "{report:#}"
    );
    let said = report["errors"][0]["message"].as_str().unwrap();
    assert!(said.ends_with("found recorded, by which rule is open without exit, success"), "{said}");
}

#[test]
fn where_the_next_boot_stops_its_events_are_answered_with_a_warning() {
    let mut host = Host::new();
    let drop_in = host.root().join("etc/audit/rules.d/30-policy.rules");
    std::fs::create_dir_all(drop_in.parent().unwrap()).unwrap();
    std::fs::write(&drop_in, "-a always,exit -S opne\n-a always,exit -F arch=b64 -S mount -k mount\n").unwrap();
    let request = json!({"operation": "explain", "source": "filesystem", "event": {"syscall": "mount"}});
    let report = serde_json::to_value(host.answer(&request.to_string())).unwrap();
    assert_eq!(report["events"][0]["recorded"], json!(false), "{report:#}");
    let warnings = report["warnings"].as_array().unwrap();
    assert!(warnings[0].as_str().unwrap().contains("30-policy.rules:1"), "{report:#}");
}

#[test]
fn what_is_wrong_with_events_is_said_with_its_place() {
    let report = answer(&json!({"operation": "explain", "rules": [OPEN], "event": [
        {"syscall": "opne"}, {"uid": "nobody-here"}, {"exit": "EWHAT"}, {"path": "etc"}, {"arch": "b65"},
        {"exit": -13, "success": true}, {"path": ["/a", "/b"], "obj_uid": 0}, {"perm": "q"},
    ]}));
    let found: Vec<(&str, &str)> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["kind"].as_str().unwrap(), error["pointer"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("bad_value", "/event/0/syscall"),
            ("unknown_user", "/event/1/uid"),
            ("unknown_errno", "/event/2/exit"),
            ("bad_path", "/event/3/path"),
            ("unknown_arch", "/event/4/arch"),
            ("bad_value", "/event/5/success"),
            ("key_not_used", "/event/6/obj_uid"),
            ("bad_permission", "/event/7/perm"),
        ]
    );
    let report = answer(&json!({"operation": "explain", "rules": [OPEN], "event": {"sycall": "open"}}));
    assert_eq!(report["errors"][0]["hint"], json!("did you mean syscall?"));
    let report = answer(&json!({"operation": "explain", "arch": "s390x", "event": {"syscall": "open"}}));
    assert_eq!(report["errors"][0]["kind"], json!("other_machine"));
}

#[test]
fn a_line_that_cannot_be_loaded_is_left_out_and_named() {
    let report = answer(
        &json!({"operation": "explain", "rules": ["-a always,exit -S opne", OPEN], "event": {"syscall": "openat", "exit": -13, "auid": 1000}}),
    );
    assert_eq!(report["events"][0]["recorded"], json!(true));
    assert_eq!(report["lines"][0]["accepted"], json!(false));
    assert_eq!(report["warnings"].as_array().unwrap().len(), 1, "{report:#}");
}

#[test]
fn a_call_that_fails_may_not_have_found_its_file() {
    let below = "-a always,exit -F arch=b64 -S all -F exit=-EACCES -F dir=/srv/data -k d";
    let one = "-a always,exit -F arch=b64 -S all -F path=/srv/data/f -k f";
    let kind = "-a always,exit -F arch=b64 -S openat -F filetype!=dir -k k";
    let all = "-a always,exit -F arch=b64 -S openat -F success=0 -k all";
    let event = |path: &str, more: Json| {
        let mut event = json!({"syscall": "openat", "path": path});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let found = "(whether the file was found before the call failed)";
    let denied = event("/srv/data/closed/inner", json!({"exit": "-EACCES"}));
    assert_eq!(short(&[below], &denied), format!("undecided by 0 {found}"));
    // A rule after it that says the same makes only the rule open, not the record.
    assert_eq!(short(&[below, all], &denied), format!("undecided 1 recorded by 0 {found}"));
    assert_eq!(short(&[all, below], &denied), "matched 0 recorded");
    let failed = event("/srv/data/f", json!({"success": false}));
    assert_eq!(short(&[one], &failed), format!("undecided by 0 {found}"));
    // Elsewhere no way of failing makes the rule match, and a call that succeeds has found its file.
    assert_eq!(short(&[one, below], &event("/srv/other", json!({"exit": "-EACCES"}))), "none silent");
    assert_eq!(short(&[one], &event("/srv/data/f", json!({"exit": 3}))), "matched 0 recorded");
    assert_eq!(short(&[one], &event("/srv/data/f", json!({}))), "matched 0 recorded");
    // Whether a kind is another one is not known of a file that was not found: the rule holds without a file.
    assert!(short(&[kind], &failed).starts_with("undecided"), "{}", short(&[kind], &failed));
}
