//! Rules files that a request to lint or explain gives: by their text, or by where they lie.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

mod project;

use project::host::Host;
use serde_json::{Value as Json, json};

fn answer(host: &mut Host, request: &Json) -> Json {
    serde_json::to_value(host.answer(&request.to_string())).unwrap()
}

/// A host with files in `/srv/policy`; one name is passed over.
fn with_directory() -> Host {
    let host = Host::new();
    let directory = host.root().join("srv/policy");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::create_dir(host.root().join("srv/empty")).unwrap();
    for (name, text) in [
        ("10-b.rules", &b"-w /etc/b -p wa -k b\n-w etc/c -p wa\n"[..]),
        ("9-a.rules", b"# first \xff\n-w /etc/a -p wa -k a"),
        ("20-c.rules.disabled", b"-w /etc/d -p wa\n"),
    ] {
        std::fs::write(directory.join(name), text).unwrap();
    }
    host
}

/// Where each line of a report stands, with the line and whether it is taken.
fn lines(report: &Json) -> Vec<(String, String, bool)> {
    let lines = report["lines"].as_array().unwrap_or_else(|| panic!("{report:#}")).iter();
    let place = |line: &Json| format!("{}:{}", line["file"].as_str().unwrap(), line["number"]);
    let told =
        |line: &Json| (place(line), line["line"].as_str().unwrap().to_owned(), line["accepted"].as_bool().unwrap());
    lines.map(told).collect()
}

fn told(rows: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    rows.iter().map(|(place, line, taken)| ((*place).to_owned(), (*line).to_owned(), *taken)).collect()
}

#[test]
fn files_are_explained_line_by_line_with_their_places_in_the_order_of_the_boot() {
    let request = json!({"operation": "explain", "arch": "x86_64", "files": [
        {"name": "d/10-b.rules", "text": "-w etc/b -p wa\n\n"},
        {"name": "9-a.rules", "text": "# a\n-a always,exit -F arch=b64 \\\n  -S mount"},
        {"name": "8-empty.rules", "text": ""},
    ]});
    let report = answer(&mut Host::new(), &request);
    let expected = told(&[
        ("9-a.rules:1", "# a", true),
        ("9-a.rules:2", "-a always,exit -F arch=b64 \\", false),
        ("9-a.rules:3", "  -S mount", false),
        ("d/10-b.rules:1", "-w etc/b -p wa", false),
        ("d/10-b.rules:2", "", true),
    ]);
    assert_eq!(lines(&report), expected, "{report:#}");
    assert_eq!(report["msg"], json!("5 lines, 2 refused"));
    let given = json!({"operation": "explain", "rules": "# a\n-w /etc/a -p wa\n"});
    let report = answer(&mut Host::new(), &given);
    assert!(report["lines"][1].get("file").is_none() && report["lines"][1].get("number").is_none(), "{report:#}");
}

#[test]
fn files_are_explained_beside_the_events_that_they_decide_about() {
    let request = json!({"operation": "explain", "files": [
        {"name": "10-a.rules", "text": "# a\n-a always,exit -F arch=b64 -S mount -k a\n"},
    ], "event": {"syscall": "mount"}});
    let report = answer(&mut Host::new(), &request);
    assert_eq!(report["events"][0]["rule"]["line"], json!(2), "{report:#}");
    assert_eq!(lines(&report).len(), 2);
}

#[test]
fn a_directory_among_the_files_is_its_rules_files() {
    let files = json!([{"name": "/srv/policy/"}, {"name": "7-x.rules", "text": "# x\n"}]);
    let mut host = with_directory();
    let report = answer(&mut host, &json!({"operation": "explain", "files": files}));
    let expected = told(&[
        ("7-x.rules:1", "# x", true),
        ("/srv/policy/9-a.rules:1", "# first \u{fffd}", true),
        ("/srv/policy/9-a.rules:2", "-w /etc/a -p wa -k a", true),
        ("/srv/policy/10-b.rules:1", "-w /etc/b -p wa -k b", true),
        ("/srv/policy/10-b.rules:2", "-w etc/c -p wa", false),
    ]);
    assert_eq!(lines(&report), expected, "{report:#}");
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("/srv/policy/20-c.rules.disabled is not read: "), "{warning}");

    let report = answer(&mut host, &json!({"operation": "lint", "files": files, "fail_on": "never"}));
    let findings = report["findings"].as_array().unwrap().iter();
    let found: Vec<String> = findings
        .map(|f| format!("{} {} {}", f["code"].as_str().unwrap(), f["file"].as_str().unwrap(), f["line"]))
        .collect();
    for expected in [
        "passed_over /srv/policy/20-c.rules.disabled null",
        "files_run_together /srv/policy/9-a.rules 2",
        "relative_path /srv/policy/10-b.rules 2",
    ] {
        assert!(found.iter().any(|found| found == expected), "{expected}: {found:#?}");
    }
    let inside = json!({"operation": "explain", "root": "/srv", "files": [{"name": "/policy/10-b.rules"}]});
    let report = answer(&mut host, &inside);
    assert_eq!(lines(&report)[0].0, "/policy/10-b.rules:1", "{report:#}");
}

#[test]
fn a_file_without_text_that_is_no_file_is_an_error() {
    for operation in ["lint", "explain"] {
        for (name, kind) in [
            ("srv/policy", "bad_path"),
            ("/srv/../srv/policy", "bad_path"),
            ("/srv/nothing", "unreadable"),
            ("/srv/empty", "no_rules_files"),
            ("/dev/null", "not_a_regular_file"),
        ] {
            let request = json!({"operation": operation, "files": [{"name": "a", "text": ""}, {"name": name}]});
            let mut host = with_directory();
            std::fs::create_dir_all(host.root().join("dev")).unwrap();
            let null = host.root().join("dev/null");
            let device = std::process::Command::new("mkfifo").arg(&null).status().unwrap();
            assert!(device.success());
            let report = answer(&mut host, &request);
            let error = &report["errors"][0];
            assert_eq!((&error["kind"], &error["pointer"]), (&json!(kind), &json!("/files/1/name")), "{report:#}");
        }
    }
}
