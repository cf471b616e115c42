//! The published schemas are those of the program, say what everything is, and fit every documented example.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "reads the project's own files; a test may end in a panic"
)]

mod project;

use std::io::Write;

use audit_rules::{report, request};
use flate2::{Compression, write::GzEncoder};
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).unwrap()
}

fn complaints(validator: &Validator, document: &Value) -> String {
    let complaints = validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path()));
    complaints.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_published_schemas_are_those_of_the_program() {
    for (name, schema) in [("request", request::derived_schema()), ("report", report::derived_schema())] {
        let published = format!("schemas/{name}.schema.json");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(project::root().join(&published), format!("{schema:#}\n")).unwrap();
            if name == "report" {
                let packed = std::fs::File::create(project::root().join("src/report/schema.json.gz")).unwrap();
                let mut packed = GzEncoder::new(packed, Compression::best());
                packed.write_all(format!("{schema:#}\n").as_bytes()).unwrap();
                packed.finish().unwrap();
            }
        }
        let advice = "is out of date; run: UPDATE_SCHEMAS=1 cargo test --test schemas";
        assert!(project::read(&published) == format!("{schema:#}\n"), "{published} {advice}");
    }
    // What is compiled in is of the last build but one where it was just written anew.
    if std::env::var_os("UPDATE_SCHEMAS").is_none() {
        assert!(
            project::read("schemas/report.schema.json") == report::schema(),
            "src/report/schema.json.gz is out of date"
        );
    }
}

#[test]
fn every_property_and_every_choice_says_what_it_is() {
    fn mute(schema: &Value, at: &str, found: &mut Vec<String>) {
        match schema {
            Value::Object(object) => {
                for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
                    if property.get("description").is_none() {
                        found.push(format!("{at}/{name}"));
                    }
                }
                if object.contains_key("const") && !object.contains_key("description") {
                    found.push(format!("{at} {}", object["const"]));
                }
                object.iter().for_each(|(key, inner)| mute(inner, &format!("{at}/{key}"), found));
            }
            Value::Array(entries) => entries.iter().for_each(|entry| mute(entry, at, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    mute(&request::derived_schema(), "request", &mut found);
    mute(&report::derived_schema(), "report", &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_default_of_the_request_is_in_its_schema() {
    let schema = request::schema();
    let default = |key: &str| schema["properties"][key].get("default").cloned().unwrap_or_default();
    let rows = [
        ("operation", json!("apply")),
        ("state", json!("present")),
        ("target", json!("auto")),
        ("ordering", json!("relevant")),
        ("on_locked", json!("stage")),
        ("on_duplicate", json!("skip")),
        ("on_missing", json!("fail")),
        ("unknown_syscalls", json!("skip")),
        ("purge", json!(false)),
        ("keep", json!([])),
        ("backup", json!(false)),
        ("compile", json!("auto")),
        ("perm_syscalls", json!("all")),
        ("expedite", json!("auto")),
        ("check_mode", json!(false)),
        ("diff", json!(false)),
        ("force", json!(false)),
    ];
    for (key, expected) in rows {
        assert_eq!(default(key), expected, "{key}");
    }
}

#[test]
fn every_documented_request_and_report_fits_its_schema() {
    let (requests, reports) = (validator(request::schema()), validator(&report::derived_schema()));
    let blocks = project::json_blocks();
    assert!(blocks.len() > 15, "only {} blocks of JSON in the documents", blocks.len());
    for (place, text) in blocks {
        let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        let is_report = document.get("outcome").is_some();
        let complaints = complaints(if is_report { &reports } else { &requests }, &document);
        assert!(complaints.is_empty(), "{place}: {complaints}");
        if !is_report {
            let problems = request::decode(text.as_bytes()).err().unwrap_or_default().problems;
            let problems: Vec<String> = problems.iter().map(audit_rules::error::Problem::sentence).collect();
            assert!(problems.is_empty(), "{place}: {problems:?}");
        }
    }
}

#[test]
fn every_example_fits_the_schema() {
    let requests = validator(request::schema());
    let examples = project::examples();
    assert!(examples.len() >= 8, "only {} examples", examples.len());
    for (name, request) in examples {
        let complaints = complaints(&requests, &request);
        assert!(complaints.is_empty(), "{name}: {complaints}");
    }
}

/// The decoder knows only the part of JSON Schema that our types use: here a whole implementation checks it.
#[test]
fn the_decoder_takes_a_request_where_the_schema_does() {
    let validator = validator(request::schema());
    let rows = [
        json!({"name": "a", "rules": ["-w /etc/passwd -p wa -k identity"]}),
        json!({"name": "a", "rules": "-w /etc/passwd -p wa\n"}),
        json!({"name": "a", "rules": [{"path": "/etc/passwd", "key": ["a", "b"]}]}),
        json!({"name": "a", "rules": [{"path": "/etc/passwd", "keys": "a"}]}),
        json!({"name": "a", "rules": [1]}),
        json!({"name": "a", "rules": 1}),
        json!({"name": ""}),
        json!({"name": "a".repeat(256)}),
        json!({"state": "presnt"}),
        json!({"state": 1}),
        json!({"sate": "present"}),
        json!({"control": {"enabled": "locked", "failure": 1, "backlog_limit": 8192}}),
        json!({"control": {"enabled": true, "failure": "printk"}}),
        json!({"control": {"enabled": 3}}),
        json!({"control": {"enabled": "lokced"}}),
        json!({"control": {"backlog_limit": -1}}),
        json!({"control": {"backlog_limit": 4_294_967_296_u64}}),
        json!({"control": {"backlog": 1}}),
        json!({"mode": "0600"}),
        json!({"mode": 384}),
        json!({"mode": 512}),
        json!({"mode": true}),
        json!({"owner": "root", "group": 0}),
        json!({"keep": ["10-*"]}),
        json!({"keep": "10-*"}),
        json!({"perm_syscalls": "4.2"}),
        json!({"perm_syscalls": 4.2}),
        json!({"_ansible_check_mode": true}),
        json!({"snapshot": {"version": 1, "files": [], "control": []}}),
        json!({"snapshot": {"version": 1, "files": []}}),
        json!({
            "operation": "gather", "control": {"enabled": true, "failure": 1, "continue": true, "ignore_errors": false},
            "rules": [
                {"arch": "b64", "syscalls": ["open", 2], "fields": ["uid=1", {"field": "success", "value": true}]},
                {"syscalls": 7, "fields": [{"field": "exit", "op": "!=", "value": -13}], "key": ["a", "b"]},
            ],
            "event": [{"syscall": "openat", "auid": 1000, "success": true, "path": ["/a", "/b"], "expect": {"recorded": true}}],
            "expect": {"name": "a", "rules": [{"path": "/a", "labels": "c"}]},
            "mode": 384, "owner": 7, "group": "adm", "archs": ["s390x"], "files": [{"name": "a", "text": "b"}],
            "snapshot": {
                "version": 1, "files": [{"path": "/a", "before": {"text": "x", "mode": 1, "uid": 2, "gid": 3}}],
                "rules": {"before": [[0, 2], {"flags": 4, "action": 2, "fields": [[11, 1, 2], [105, 1, "00"]]}],
                          "after": ["x"]},
                "control": [{"setting": "failure", "before": 0, "after": 1}],
            },
        }),
        json!({"rules": [{"fields": [{"field": "uid"}]}]}),
        json!({"event": {"auid": [1]}}),
        json!({"event": {"audi": 1}}),
        json!({"files": [{"name": "a"}]}),
        json!({"expect": 1}),
        json!({"drop_ins": {"a": {"state": "loaded"}}}),
        json!({"drop_ins": {"a": {"state": "absent"}, "b": {"rules": "-D\n", "control": {"failure": 2}}}}),
        json!([]),
    ];
    let (mut taken, mut refused) = (0, 0);
    for row in rows {
        let fits = validator.is_valid(&row);
        assert_eq!(request::decode(row.to_string().as_bytes()).is_ok(), fits, "{row}");
        *(if fits { &mut taken } else { &mut refused }) += 1;
    }
    assert!(taken > 10 && refused > 10, "{taken} taken, {refused} refused");
}
