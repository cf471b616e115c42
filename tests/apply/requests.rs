//! Requests that cannot be done, and what is said of them: every problem, with its kind and place, and nothing done.

use audit_rules::kernel::model::Sent;
use audit_rules::request::MAX_BYTES;
use serde_json::{Value as Json, json};

use crate::host::Host;

/// Kind and pointer of every problem, in their order. The host is not touched.
fn problems(bytes: &[u8]) -> Vec<(String, String)> {
    let mut host = Host::new();
    let tree = host.tree().without_run();
    let report = host.answer_bytes(bytes);
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    assert_eq!(report["failed"], json!(true), "{shown}: {report:#}");
    assert_eq!((&report["outcome"], &report["changed"]), (&json!("failed"), &json!(false)), "{shown}");
    assert_eq!(host.tree().without_run().difference(&tree), [""; 0], "{shown}");
    assert_eq!(host.kernel.sent().changing(), 0, "{shown}");
    let text = |value: &Json| value.as_str().unwrap_or("-").to_owned();
    let errors = report["errors"].as_array().unwrap();
    for error in errors {
        assert!(!text(&error["message"]).is_empty(), "{shown}");
    }
    errors.iter().map(|error| (text(&error["kind"]), text(&error["pointer"]))).collect()
}

fn case(bytes: impl AsRef<[u8]>, expected: &[(&str, &str)]) {
    let bytes = bytes.as_ref();
    let found = problems(bytes);
    let found: Vec<(&str, &str)> = found.iter().map(|(kind, pointer)| (kind.as_str(), pointer.as_str())).collect();
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)]));
}

/// A request for rules, with other keys.
fn rules(more: Json) -> String {
    let mut request = json!({"name": "30-identity", "rules": ["-w /etc/passwd -p wa -k identity"]});
    let Json::Object(more) = more else { panic!("keys: {more}") };
    request.as_object_mut().unwrap().extend(more);
    request.to_string()
}

#[test]
fn what_is_no_json_is_said_to_be_none() {
    for bytes in
        ["", " ", "{", "nonsense", "{\"name\": 1,}", "{} {}", "{\"a\":\"\\ud800\"}", "\u{feff}{}", "{\"a\": 1e999}"]
    {
        case(bytes, &[("not_json", "-")]);
    }
    case(b"{\"name\": \"a\0b\"}", &[("not_json", "-")]);
    case(b"\0", &[("not_json", "-")]);
    case(b"{\"name\": \"\xff\"}", &[("not_utf8", "-")]);
    case(b"\xff\xfe{\0}\0", &[("not_utf8", "-")]);
    for text in ["[]", "1", "\"apply\"", "true"] {
        case(text, &[("wrong_type", "")]);
    }
}

#[test]
fn a_request_of_one_byte_too_many_is_not_looked_at() {
    let request = |length: usize| {
        let mut bytes = rules(json!({})).into_bytes();
        bytes.resize(length, b' ');
        bytes
    };
    case(request(MAX_BYTES + 1), &[("request_too_large", "-")]);
    assert_eq!(Host::new().answer_bytes(&request(MAX_BYTES))["failed"], json!(false));
}

#[test]
fn nesting_has_an_end() {
    for open in ["[", "{\"a\":"] {
        case(open.repeat(100_000), &[("not_json", "-")]);
    }
}

#[test]
fn a_key_stands_once_and_is_known() {
    case(r#"{"name": "a", "rules": ["-b 1"], "name": "b"}"#, &[("duplicate_key", "/name")]);
    case(
        r#"{"name": "a", "rules": [{"path": "/etc/a", "key": "x", "key": "y"}], "control": {"failure": 1, "failure": 2}}"#,
        &[("duplicate_key", "/rules/0/key"), ("duplicate_key", "/control/failure")],
    );
    case(
        rules(json!({"nmae": "x", "control": {"backlog": 1}, "a/b~c": 1})),
        &[("unknown_key", "/a~1b~0c"), ("unknown_key", "/control/backlog"), ("unknown_key", "/nmae")],
    );
    case(
        json!({"name": "a", "rules": [{"path": "/etc/passwd", "perms": "wa"}, "-b 1", {"syscall": "open"}]})
            .to_string(),
        &[("unknown_key", "/rules/0/perms"), ("unknown_key", "/rules/2/syscall")],
    );
}

#[test]
fn an_unknown_key_or_value_comes_with_the_nearest_known_one() {
    let rows = [
        (json!({"nmae": "x"}), "name"),
        (json!({"check-mode": true}), "check_mode"),
        (json!({"state": "presnt"}), "present"),
        (json!({"ordering": "stric"}), "strict"),
        (json!({"control": {"backlog_limt": 1}}), "backlog_limit"),
        (json!({"control": {"enabled": "lockd"}}), "locked"),
    ];
    for (more, nearest) in rows {
        let report = Host::new().answer_bytes(rules(more.clone()).as_bytes());
        let hint = report["errors"][0]["hint"].as_str().unwrap_or_default();
        assert!(hint.contains(nearest), "{more}: {report:#}");
    }
}

#[test]
fn a_value_of_another_type_or_out_of_its_choices_is_named() {
    let rows = [
        (json!({"name": 1}), "wrong_type", "/name"),
        (json!({"rules": 5}), "wrong_type", "/rules"),
        (json!({"rules": [5]}), "wrong_type", "/rules/0"),
        (json!({"rules": ["-b 1", ["-b 2"]]}), "wrong_type", "/rules/1"),
        (json!({"control": []}), "wrong_type", "/control"),
        (json!({"purge": "yes"}), "wrong_type", "/purge"),
        (json!({"check_mode": 1}), "wrong_type", "/check_mode"),
        (json!({"keep": "x"}), "wrong_type", "/keep"),
        (json!({"state": "gone"}), "bad_value", "/state"),
        (json!({"operation": "destroy"}), "bad_value", "/operation"),
        (json!({"target": "kernel"}), "bad_value", "/target"),
        (json!({"perm_syscalls": "3.0"}), "bad_value", "/perm_syscalls"),
        (json!({"perm_syscalls": 4.2}), "wrong_type", "/perm_syscalls"),
        (json!({"mode": "9999"}), "bad_value", "/mode"),
        (json!({"mode": "rw-r-----"}), "bad_value", "/mode"),
        (json!({"control": {"backlog_limit": -1}}), "bad_value", "/control/backlog_limit"),
        (json!({"control": {"backlog_limit": 4_294_967_296_u64}}), "bad_value", "/control/backlog_limit"),
        (json!({"control": {"rate_limit": 1.5}}), "wrong_type", "/control/rate_limit"),
        (json!({"control": {"failure": "explode"}}), "bad_value", "/control/failure"),
        (json!({"control": {"enabled": 3}}), "bad_value", "/control/enabled"),
    ];
    for (more, kind, pointer) in rows {
        case(rules(more), &[(kind, pointer)]);
    }
}

#[test]
fn a_key_is_given_where_it_means_something_and_only_there() {
    let rows = [
        (json!({"rules": ["-b 1"]}), vec![("missing_key", "")]),
        (json!({"state": "absent"}), vec![("missing_key", "")]),
        (json!({"state": "exact", "rules": ["-b 1"]}), vec![("missing_key", "")]),
        (json!({"state": "restored"}), vec![("missing_key", "")]),
        (json!({"name": "a"}), vec![("nothing_declared", "")]),
        (json!({"name": "a", "rules": []}), vec![("nothing_declared", "")]),
        (json!({"name": "a", "rules": "\n \n"}), vec![("nothing_declared", "")]),
        (json!({"name": "a", "state": "exact", "control": {}}), vec![("nothing_declared", "")]),
        (json!({"name": "a", "rules": ["-b 1"], "purge": true}), vec![("key_not_used", "/purge")]),
        (
            json!({"name": "a", "rules": ["-b 1"], "keep": ["x"], "force": true}),
            vec![("key_not_used", "/keep"), ("key_not_used", "/force")],
        ),
        (
            json!({"state": "loaded", "name": "a", "rules": ["-b 1"]}),
            vec![("key_not_used", "/name"), ("key_not_used", "/rules")],
        ),
        (json!({"state": "loaded", "control": {"failure": 1}}), vec![("key_not_used", "/control")]),
        (json!({"state": "absent", "name": "a", "control": {"failure": 1}}), vec![("key_not_used", "/control")]),
        (
            json!({"name": "a", "rules": ["-b 1"], "root": "/image", "target": "runtime"}),
            vec![("key_not_used", "/target")],
        ),
        (json!({"state": "loaded", "purge": true, "keep": ["a[", "b"]}), vec![("bad_value", "/keep/0")]),
    ];
    for (request, expected) in rows {
        case(request.to_string(), &expected);
    }
}

#[test]
fn the_name_of_a_drop_in_is_a_file_name_that_the_boot_loader_reads() {
    for name in [
        "a/b",
        "../a",
        "/etc/audit/rules.d/a",
        ".",
        "..",
        ".hidden",
        "a b",
        "a\nb",
        "a\u{0}b",
        ".rules",
        &"x".repeat(250),
    ] {
        let found = problems(rules(json!({"name": name})).as_bytes());
        assert_eq!(found.len(), 1, "{name:?}: {found:?}");
        assert_eq!(found[0].1, "/name", "{name:?}: {found:?}");
    }
    case(rules(json!({"name": ""})), &[("bad_value", "/name")]);
}

#[test]
fn paths_are_absolute_and_stay_where_they_begin() {
    for path in ["etc/audit", "", "/etc/../root", "/a/..", "/a\nb", "/a\u{0}b"] {
        case(rules(json!({"rules_dir": path})), &[("bad_path", "/rules_dir")]);
        case(rules(json!({"root": path})), &[("bad_path", "/root")]);
    }
    for path in ["/", "/nope", "//nope/"] {
        case(rules(json!({"rules_dir": path})), &[("bad_value", "/rules_dir")]);
    }
}

#[test]
fn a_check_mode_of_another_type_is_refused_and_changes_nothing() {
    for key in ["check_mode", "_ansible_check_mode", "diff", "_ansible_diff"] {
        for value in [json!("yes"), json!(1), json!("true"), json!([true]), json!({})] {
            let mut host = Host::new();
            let before = host.fingerprint();
            let report = host.answer_bytes(rules(json!({key: value})).as_bytes());
            let error = &report["errors"][0];
            assert_eq!(
                (&error["kind"], &error["pointer"]),
                (&json!("wrong_type"), &json!(format!("/{key}"))),
                "{report:#}"
            );
            assert!(host.fingerprint() == before && host.kernel.sent().changing() == 0, "{key} {value}");
        }
        let report = Host::new().answer_bytes(rules(json!({key: null})).as_bytes());
        assert_eq!(report["outcome"], json!("applied"), "null is not given");
    }
}

#[test]
fn the_keys_of_the_automation_tool_are_taken_and_two_are_heard() {
    let mut host = Host::new();
    let tool = json!({"_ansible_check_mode": true, "_ansible_diff": true, "_ansible_version": "2.19", "_ansible_x": {"a": [1]}});
    let report = host.answer_bytes(rules(tool).as_bytes());
    assert_eq!((&report["failed"], &report["outcome"]), (&json!(false), &json!("planned")));
    assert!(report["diff"]["prepared"].as_str().unwrap().contains("+-w /etc/passwd"), "{report:#}");
    assert_eq!(host.kernel.sent().changing(), 0);
}

#[test]
fn null_is_the_same_as_nothing() {
    let nulls =
        json!({"control": {"failure": null}, "root": null, "mode": null, "keep": null, "state": null, "diff": null});
    let with = Host::new().answer_bytes(rules(nulls).as_bytes());
    assert_eq!(with, Host::new().answer_bytes(rules(json!({})).as_bytes()));
    case(rules(json!({"name": null})), &[("missing_key", "")]);
}

#[test]
fn three_bad_rules_of_58_are_named_and_none_of_the_55_is_loaded() {
    let mut lines: Vec<String> = (0..58).map(|n| format!("-w /etc/ssh/file-{n} -p wa -k k{n}")).collect();
    lines[7] = "-a always,exit -F arch=b64 -S opne -k x".to_owned();
    lines[30] = "-a always,exit -F arch=b64 -S open -F auidd>=1000 -k x".to_owned();
    lines[57] = "-w /no/such/directory/file -p wa -k x".to_owned();
    let request = json!({"name": "cis", "rules": lines});
    let bad = [("unknown_syscall", "/rules/7"), ("unknown_field", "/rules/30"), ("missing_path", "/rules/57")];
    case(request.to_string(), &bad);
    let report = Host::new().answer(&request);
    for (error, at) in report["errors"].as_array().unwrap().iter().zip([7, 30, 57]) {
        assert_eq!(error["rule"], json!(lines[at]));
    }

    let text = lines.join("\n");
    let report = Host::new().answer(&json!({"name": "cis", "rules": text}));
    let places: Vec<&Json> = report["errors"].as_array().unwrap().iter().map(|error| &error["line"]).collect();
    assert_eq!(places, [8, 31, 58]);

    let mut host = Host::new();
    for at in [7, 30, 57] {
        lines[at] = format!("-w /etc/ssh/file-{at} -p wa -k k{at}");
    }
    let report = host.answer(&json!({"name": "cis", "rules": lines}));
    assert_eq!((&report["rules"]["desired"], &report["rules"]["loaded"]), (&json!(58), &json!(58)));
    assert_eq!(host.kernel.loaded().len(), 58);
}

#[test]
fn a_snapshot_that_no_report_gave_is_refused_before_anything_is_touched() {
    let mut host = Host::new();
    let request = json!({"name": "a", "rules": ["-w /etc/passwd -p wa -k identity"], "control": {"failure": 0}});
    let undo = host.answer(&request)["undo"].clone();
    let before = host.fingerprint();
    let mut refused = |path: &str, value: Json, kind: &str| {
        let mut bad = undo.clone();
        *bad.pointer_mut(path).unwrap_or_else(|| panic!("no {path} in {undo:#}")) = value;
        for force in [false, true] {
            bad["force"] = json!(force);
            let report = host.answer_bytes(bad.to_string().as_bytes());
            let kinds = crate::host::kinds(&report);
            assert_eq!(kinds, [kind], "{path}: {report:#}");
            assert_eq!(host.fingerprint(), before, "{path}");
        }
    };
    refused("/snapshot/version", json!(2), "bad_snapshot");
    refused("/snapshot/version", json!("1"), "wrong_type");
    refused("/snapshot/files/0/path", json!("/etc/passwd"), "bad_snapshot");
    refused("/snapshot/files/0/path", json!("/etc/audit/rules.d/../../passwd"), "bad_snapshot");
    refused("/snapshot/files/0/path", json!("/etc/audit/rules.d/sub/a.rules"), "bad_snapshot");
    refused("/snapshot/files/0/path", json!("etc/audit/rules.d/a.rules"), "bad_snapshot");
    refused("/snapshot/files/0/after", json!({"mode": 416, "uid": 0, "gid": 0}), "bad_snapshot");
    refused(
        "/snapshot/files/0/after",
        json!({"text": "x", "hex": "00", "mode": 416, "uid": 0, "gid": 0}),
        "bad_snapshot",
    );
    refused("/snapshot/files/0/after", json!({"hex": "0g", "mode": 416, "uid": 0, "gid": 0}), "bad_snapshot");
    refused("/snapshot/files/0/after", json!({"hex": "+1", "mode": 416, "uid": 0, "gid": 0}), "bad_snapshot");
    refused("/snapshot/files/0/after", json!({"hex": "abc", "mode": 416, "uid": 0, "gid": 0}), "bad_snapshot");
    refused("/snapshot/rules/before", json!([[0, 9]]), "bad_snapshot");
    refused("/snapshot/rules/before", json!([[18_446_744_073_709_551_615_u64, 2]]), "bad_snapshot");
    refused("/snapshot/control/0/setting", json!("audit_pid"), "bad_snapshot");
    refused("/snapshot", json!("garbage"), "wrong_type");
}

#[test]
fn bad_requests_ask_the_kernel_nothing() {
    let mut host = Host::new();
    for request in [json!({"nmae": "x"}), json!({"name": "a/b", "rules": ["-b 1"]}), json!([])] {
        host.answer_bytes(request.to_string().as_bytes());
    }
    assert_eq!(host.kernel.sent(), Sent::default());
}

#[test]
fn check_mode_skip_fails_what_is_no_check_as_fail_does_and_the_same_for_loaded() {
    let missing = json!({"rules": ["-w /srv/app/conf -p wa", "-a always,exit -S unlink -F uid=deploy"]});
    let whole = json!({"state": "loaded", "drop_ins": {"30-identity": missing}});
    let single = json!({"name": "30-identity", "rules": missing["rules"]});
    for (request, prefix) in [(single, ""), (whole, "/drop_ins/30-identity")] {
        let with = |on_missing: &str, check_mode: bool| {
            let mut request = request.clone();
            request["on_missing"] = json!(on_missing);
            request["check_mode"] = json!(check_mode);
            request.to_string()
        };
        let (path, user) = (format!("{prefix}/rules/0"), format!("{prefix}/rules/1"));
        let expected = [("missing_path", path.as_str()), ("unknown_user", user.as_str())];
        case(with("fail", false), &expected);
        case(with("fail", true), &expected);
        case(with("check_mode_skip", false), &expected);
        let mut host = Host::new();
        let tree = host.tree().without_run();
        let report = host.answer_bytes(with("check_mode_skip", true).as_bytes());
        assert_eq!((&report["failed"], &report["outcome"]), (&json!(false), &json!("planned")), "{report:#}");
        assert_eq!(report["rules"]["skipped"].as_array().unwrap().len(), 2, "{report:#}");
        let warnings: Vec<&str> = report["warnings"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
        for named in ["/srv/app", "deploy"] {
            let of_it = |warning: &&&str| warning.contains(named) && warning.contains("check mode leaves the line out");
            assert_eq!(warnings.iter().filter(of_it).count(), 1, "{named}: {warnings:?}");
        }
        assert_eq!(host.tree().without_run().difference(&tree), [""; 0]);
    }
}

#[test]
fn in_check_mode_the_hint_names_what_leaves_out_rules_of_earlier_tasks() {
    for (rule, kind) in [
        ("-w /srv/application/conf.d/x -p wa -k a", "missing_path"),
        ("-a always,exit -F arch=b64 -S mount -F uid=nobody-of-this-name", "unknown_user"),
        ("-a always,exit -F arch=b64 -S mount -F gid=nobody-of-this-name", "unknown_group"),
    ] {
        let hint = |more: Json| {
            let mut request = json!({"name": "a", "rules": [rule]});
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let mut host = Host::new();
            host.tell_paths();
            let report = host.answer(&request);
            let error = report["errors"][0].clone();
            assert_eq!(error["kind"], json!(kind), "{report:#}");
            error["hint"].as_str().unwrap().to_owned()
        };
        let check = hint(json!({"check_mode": true}));
        assert!(check.contains("on_missing: check_mode_skip") && check.contains("on_missing: skip"), "{check}");
        let run = hint(json!({}));
        assert!(!run.contains("check_mode_skip") && run.starts_with("on_missing: skip leaves"), "{run}");
    }
}
