//! Rules in the dialect of another tool: what they become, and what of them is named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end in a panic")]

use serde_json::{Value as Json, json};

fn answer(request: &Json) -> Json {
    serde_json::to_value(audit_rules::run(request.to_string())).unwrap()
}

fn imported(document: &Json) -> Json {
    answer(&json!({"operation": "import", "dialect": "libaudit-go", "document": document}))
}

fn lines(document: &Json) -> Vec<String> {
    let report = imported(document);
    let rules = report["request"]["rules"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    rules.iter().map(|rule| rule.as_str().unwrap().to_owned()).collect()
}

/// Kind and pointer of every error.
fn errors(document: &Json) -> Vec<(String, String)> {
    let report = imported(document);
    assert_eq!(report.get("request"), None, "{report:#}");
    let text = |error: &Json, key: &str| error[key].as_str().unwrap_or_default().to_owned();
    report["errors"].as_array().unwrap().iter().map(|error| (text(error, "kind"), text(error, "pointer"))).collect()
}

/// A document of the form that the library's own tests read.
fn document() -> Json {
    json!({"audit_rules": [
        {"key": "config", "path": "/etc/ourd.conf", "permission": "wa"},
        {"path": "/etc/ourd.d/", "permission": "WA"},
        {"actions": ["always", "exit"], "fields": [{"name": "arch", "op": "eq", "value": 64}], "key": "bypass",
         "syscalls": ["personality"]},
        {"actions": ["exit", "never"], "fields": [{"name": "path", "op": "eq", "value": "/bin/true"},
                                                  {"name": "perm", "op": "eq", "value": "x"}]},
        {"actions": ["entry", "always"], "syscalls": ["clone", "fork", "vfork"]},
        {"actions": ["always", "exit"], "syscalls": ["settimeofday", "adjtimex"], "key": "time-change"},
        {"actions": ["always", "exit"], "fields": [{"name": "arch", "op": "eq", "value": 64},
                                                   {"name": "auid", "op": "gt_or_eq", "value": 1000}],
         "key": "rename", "syscalls": ["rename", "renameat"]},
        {"actions": ["exclude", "never"], "fields": [{"name": "msgtype", "op": "eq", "value": 1307}]},
    ]})
}

const LINES: [&str; 8] = [
    "-w /etc/ourd.conf -p wa -k config",
    "-w /etc/ourd.d -p wa",
    "-a always,exit -F arch=b64 -S personality -F key=bypass",
    "-a never,exit -F path=/bin/true -F perm=x",
    "-a always,exit -S clone,fork,vfork",
    "-a always,exit -S settimeofday,adjtimex -F key=time-change",
    "-a always,exit -F arch=b64 -S rename,renameat -F auid>=1000 -F key=rename",
    "-a never,exclude -F msgtype=1307",
];

#[test]
fn every_entry_becomes_the_line_that_means_it_in_the_order_of_the_document() {
    assert_eq!(lines(&document()), LINES);
    let as_text = Json::String(document().to_string());
    assert_eq!(lines(&as_text), LINES);
    let report = imported(&document());
    assert_eq!(report["warnings"].as_array().unwrap().len(), 1, "{report:#}");
    assert!(report["warnings"][0].as_str().unwrap().starts_with("/document/audit_rules/4/actions/0: "), "{report:#}");
    assert_eq!((&report["failed"], &report["changed"]), (&json!(false), &json!(false)));
}

#[test]
fn the_answer_is_a_request_that_is_taken() {
    let request = &imported(&document())["request"];
    assert_eq!((&request["state"], &request["name"]), (&json!("present"), &json!("50-libaudit-go")));
    assert_eq!(request["on_missing"], json!("skip"), "a watch without strict_path_check may miss its path");
    let explained = answer(&json!({"operation": "explain", "rules": request["rules"]}));
    assert!(explained["lines"].as_array().unwrap().iter().all(|line| line["accepted"] == json!(true)), "{explained:#}");
    audit_rules::request::decode(request.to_string().as_bytes()).unwrap();
    let named =
        answer(&json!({"operation": "import", "dialect": "libaudit-go", "document": document(), "name": "30-ours"}));
    assert_eq!(named["request"]["name"], json!("30-ours"));
}

#[test]
fn older_documents_have_their_rules_in_two_lists() {
    let document = json!({
        "syscall_rules": [{"actions": ["always", "exit"], "syscalls": ["execve"], "key": "exec"}],
        "file_rules": [{"path": "/etc/passwd", "permission": "wa", "key": "identity"}],
    });
    assert_eq!(lines(&document), ["-w /etc/passwd -p wa -k identity", "-a always,exit -S execve -F key=exec"]);
}

#[test]
fn every_operator_has_its_word_and_values_are_numbers_or_text() {
    for (word, value, expected) in [
        ("eq", json!(1000), "auid=1000"),
        ("nt_eq", json!("unset"), "auid!=unset"),
        ("gt", json!(1000), "auid>1000"),
        ("gt_or_eq", json!("1000"), "auid>=1000"),
        ("lt", json!(1000), "auid<1000"),
        ("lt_or_eq", json!(1000), "auid<=1000"),
        ("nt_eq", json!(-1), "auid!=-1"),
    ] {
        let fields = json!([{"name": "auid", "op": word, "value": value}]);
        let document =
            json!({"audit_rules": [{"actions": ["always", "exit"], "syscalls": ["open"], "fields": fields}]});
        assert_eq!(lines(&document), [format!("-a always,exit -S open -F {expected}")]);
    }
    for (word, expected) in [("and", "a1&64"), ("and_eq", "a1&=64")] {
        let fields = json!([{"name": "a1", "op": word, "value": 64}]);
        let document =
            json!({"audit_rules": [{"actions": ["exit", "always"], "syscalls": ["open"], "fields": fields}]});
        assert_eq!(lines(&document), [format!("-a always,exit -S open -F {expected}")]);
    }
}

#[test]
fn settings_mean_what_their_names_say() {
    let with = |more: Json| {
        let mut document = document();
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        imported(&document)
    };
    let report = with(json!({"delete": true, "enable": "1", "buffer": "16348", "rate": 500}));
    assert_eq!(report["request"]["state"], json!("exact"), "{report:#}");
    assert!(report["warnings"].to_string().contains("/document/delete: "), "{report:#}");
    assert_eq!(report["request"]["control"], json!({"enabled": 1, "backlog_limit": 16348, "rate_limit": 500}));
    let report = with(json!({"delete": false, "enable": true, "buffer": "", "rate": null}));
    assert_eq!(
        (&report["request"]["state"], &report["request"]["control"]),
        (&json!("present"), &json!({"enabled": 1}))
    );
    let report = with(json!({"enable": "3", "buffer": "many", "rate": -1}));
    let pointers: Vec<&Json> = report["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/document/enable", "/document/buffer", "/document/rate"]);
}

#[test]
fn a_strict_watch_makes_a_missing_path_an_error() {
    let watches = |strict: [bool; 2]| {
        let watch = |strict: bool| json!({"path": "/etc/a", "permission": "wa", "strict_path_check": strict});
        imported(&json!({"audit_rules": [watch(strict[0]), watch(strict[1])]}))
    };
    assert_eq!(watches([true, true])["request"].get("on_missing"), None);
    assert_eq!(watches([false, false])["request"]["on_missing"], json!("skip"));
    let mixed = watches([true, false]);
    assert_eq!(mixed["request"]["on_missing"], json!("skip"));
    assert!(mixed["warnings"][0].as_str().unwrap().starts_with("/document/audit_rules/0: "), "{mixed:#}");
}

#[test]
fn what_has_no_meaning_is_named_with_its_place_and_the_rest_is_imported() {
    let mut document = document();
    document["panic"] = json!(2);
    document["audit_rules"][0]["strict/path"] = json!(true);
    document["audit_rules"][6]["fields"][1]["note"] = json!("people");
    let report = imported(&document);
    assert_eq!(report["request"]["rules"].as_array().unwrap().len(), LINES.len());
    let warnings: Vec<&str> = report["warnings"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    for pointer in
        ["/document/panic: ", "/document/audit_rules/0/strict~1path: ", "/document/audit_rules/6/fields/1/note: "]
    {
        assert!(warnings.iter().any(|warning| warning.starts_with(pointer)), "{pointer} {warnings:#?}");
    }
}

#[test]
fn every_mistake_is_an_error_with_its_place() {
    let rule = |more: Json| {
        let mut rule = json!({"actions": ["always", "exit"], "syscalls": ["open"]});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"audit_rules": [rule]})
    };
    let field = |field: Json| rule(json!({"fields": [field]}));
    for (document, kind, pointer) in [
        (rule(json!({"actions": ["possible", "exit"]})), "bad_value", "/actions/0"),
        (rule(json!({"actions": ["always", "never", "exit"]})), "bad_value", "/actions/1"),
        (rule(json!({"actions": ["exit"]})), "bad_value", "/actions"),
        (rule(json!({"actions": ["always"]})), "bad_value", "/actions"),
        (rule(json!({"actions": "always"})), "wrong_type", "/actions"),
        (rule(json!({"syscalls": [2]})), "wrong_type", "/syscalls/0"),
        (rule(json!({"syscalls": ["opne"]})), "unknown_syscall", ""),
        (rule(json!({"key": ["a"]})), "wrong_type", "/key"),
        (rule(json!({"key": "a\nb"})), "bad_rule_object", ""),
        (field(json!("auid>=1000")), "wrong_type", "/fields/0"),
        (field(json!({"name": "auid", "op": "ge", "value": 1})), "bad_value", "/fields/0/op"),
        (field(json!({"name": "auid", "value": 1})), "missing_key", "/fields/0"),
        (field(json!({"name": "auid", "op": "eq"})), "missing_key", "/fields/0"),
        (field(json!({"name": "auid", "op": "eq", "value": 1.5})), "bad_value", "/fields/0/value"),
        (field(json!({"name": "auid", "op": "eq", "value": [1]})), "wrong_type", "/fields/0/value"),
        (field(json!({"name": "aiud", "op": "eq", "value": 1})), "unknown_field", ""),
        (field(json!({"name": "arch", "op": "eq", "value": 16})), "bad_value", "/fields/0/value"),
        (json!({"audit_rules": [{"path": "etc/passwd"}]}), "relative_path", ""),
        (json!({"audit_rules": [{"path": "/etc/passwd", "permission": "wq"}]}), "bad_permission", ""),
        (json!({"audit_rules": ["-w /etc/passwd"]}), "wrong_type", ""),
        (json!({"file_rules": [{"permission": "wa"}]}), "missing_key", ""),
    ] {
        let list = if document.get("file_rules").is_some() { "file_rules" } else { "audit_rules" };
        assert_eq!(errors(&document), [(kind.to_owned(), format!("/document/{list}/0{pointer}"))], "{document}");
    }
    assert_eq!(errors(&json!({"audit_rules": {}})), [("wrong_type".to_owned(), "/document/audit_rules".to_owned())]);
    assert_eq!(errors(&json!({})), [("nothing_declared".to_owned(), "/document".to_owned())]);
    assert_eq!(errors(&json!("{")), [("not_json".to_owned(), "/document".to_owned())]);
    assert_eq!(errors(&json!("[]")), [("wrong_type".to_owned(), "/document".to_owned())]);
}

#[test]
fn a_rule_for_32_bit_programs_stays_one_and_the_difference_is_told() {
    let fields = json!([{"name": "arch", "op": "eq", "value": 32}]);
    let document = json!({"audit_rules": [{"actions": ["always", "exit"], "syscalls": ["open"], "fields": fields}]});
    assert_eq!(lines(&document), ["-a always,exit -F arch=b32 -S open"]);
    assert!(imported(&document)["warnings"][0].as_str().unwrap().contains("32-bit"));
}

#[test]
fn dialect_and_document_are_needed() {
    let pointers = |request: &Json| answer(request)["errors"].as_array().map(Vec::len);
    assert_eq!(pointers(&json!({"operation": "import"})), Some(2));
    assert_eq!(pointers(&json!({"operation": "import", "dialect": "libaudit-go"})), Some(1));
    assert_eq!(
        answer(&json!({"operation": "import", "dialect": "other", "document": {}}))["errors"][0]["kind"],
        "bad_value"
    );
}
