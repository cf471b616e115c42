//! What a request to lint may say, and what comes back.

use std::collections::BTreeSet;
use std::path::Path;

use audit_rules::lint::{Host, Source, reader};
use audit_rules::report::lint::{Counts, SeverityReport};
use audit_rules::report::{Outcome, Report};
use audit_rules::rule::Machine;
use serde_json::{Value as Json, json};

use crate::{answer, lint};

#[allow(clippy::needless_pass_by_value, reason = "requests are written where they are asked")]
fn ask(request: Json) -> Report {
    answer(&request, Path::new("/nonexistent"))
}

/// Pointer and kind of every problem of a request.
fn problems(request: Json) -> Vec<(String, String)> {
    let report = ask(request);
    assert!(report.failed && report.findings.is_none());
    report.errors.into_iter().map(|error| (error.pointer.unwrap_or_default(), error.kind)).collect()
}

fn problem(pointer: &str, kind: &str) -> (String, String) {
    (pointer.to_owned(), kind.to_owned())
}

#[test]
fn all_problems_of_a_request_are_told_at_their_places() {
    let request = json!({
        "operation": "lint", "rules": "-e 1", "files": [{"name": "a", "text": ""}], "rules_dir": "/x", "arch": "x86_64",
        "archs": ["x86_64", "x68_64"], "state": "absent", "purge": true, "source": "filesystem"
    });
    let expected = [
        problem("/state", "key_not_used"),
        problem("/purge", "key_not_used"),
        problem("/arch", "key_not_used"),
        problem("/source", "key_not_used"),
        problem("/archs/1", "unknown_arch"),
        problem("/files", "key_not_used"),
        problem("/rules_dir", "key_not_used"),
    ];
    assert_eq!(problems(request), expected);
    let twice = json!({"operation": "lint", "files": [{"name": "a", "text": ""}, {"name": "a", "text": ""}]});
    assert_eq!(problems(twice), [problem("/files/1/name", "duplicate_key")]);
}

#[test]
fn what_is_wrong_on_every_machine_is_said_once_though_one_has_nothing_to_suggest() {
    let line = "-a always,exit -F arch=b64 -S opne -k x";
    let report = ask(json!({"operation": "lint", "archs": ["aarch64", "x86_64"], "rules": [line]}));
    let findings = report.findings.unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].archs.is_empty());
    assert_eq!(findings[0].fix.as_ref().map(|fix| fix.text.as_str()), Some("did you mean open?"));
}

#[test]
fn the_other_operations_have_no_use_for_the_keys_of_lint() {
    let keys = json!({
        "files": [{"name": "a", "text": ""}], "archs": ["x86_64"], "ignore": ["no_key"], "format": "sarif", "fail_on": "info"
    });
    for mut request in [json!({"operation": "explain", "rules": ["-e 1"]}), json!({"name": "a", "rules": ["-e 1"]})] {
        request.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let decoded = audit_rules::request::decode(request.to_string().as_bytes()).unwrap();
        let machine = audit_rules::rule::Machine::ALL[0];
        let found = match decoded.operation {
            audit_rules::request::Operation::Explain => {
                audit_rules::explained(&decoded, machine, Path::new("/")).unwrap_err()
            }
            _ => audit_rules::intent::ApplyIntent::of(&decoded, &machine).unwrap_err(),
        };
        let pointers: Vec<_> = found.iter().filter_map(|problem| problem.place.pointer.as_deref()).collect();
        assert_eq!(
            BTreeSet::from_iter(pointers),
            BTreeSet::from(["/files", "/archs", "/ignore", "/format", "/fail_on"])
        );
    }
}

#[test]
fn rules_of_the_request_have_pointers_and_files_have_names() {
    let places = |request: Json| -> Vec<String> {
        let findings = ask(request).findings.unwrap();
        let place = |found: &audit_rules::report::lint::FindingReport| {
            let file = found.file.as_deref().or(found.pointer.as_deref()).unwrap_or("?");
            format!("{file}:{}", found.line.map_or_else(|| "-".to_owned(), |line| line.to_string()))
        };
        findings.iter().map(place).collect()
    };
    let bad = "-a always,exit -F arch=b64 -S opne -k a";
    assert_eq!(places(json!({"operation": "lint", "rules": format!("# a\n{bad}\n")})), ["/rules:2"]);
    assert_eq!(
        places(json!({"operation": "lint", "rules": ["-e 1", bad, format!("{bad}\n")]})),
        ["/rules/1:-", "/rules/2:-"]
    );
    let broken = ask(json!({"operation": "lint", "rules": ["-e 1", format!("-f 1\n{bad}")]}));
    assert_eq!(broken.errors.iter().map(|error| error.kind.as_str()).collect::<Vec<_>>(), ["line_break"]);
    let object = json!({"action": "never", "arch": ["b64", "b32"], "syscalls": "mount", "fields": ["uid=0", "uid=1"]});
    assert_eq!(places(json!({"operation": "lint", "rules": ["-e 1", object]})), ["/rules/1:-", "/rules/1:-"]);
    let files =
        json!([{"name": "d/10-b", "text": format!("{bad}\n")}, {"name": "e/9-a", "text": format!("\n{bad}\n")}]);
    assert_eq!(places(json!({"operation": "lint", "files": files})), ["e/9-a:2", "d/10-b:1"]);
}

#[test]
fn related_places_have_their_own_file() {
    let files = json!([
        {"name": "20-b.rules", "text": "-w /etc/passwd -p wa -k two\n"},
        {"name": "10-a.rules", "text": "-w /etc/passwd -p wa -k one\n"},
    ]);
    let findings = ask(json!({"operation": "lint", "files": files})).findings.unwrap();
    let found = findings.iter().find(|found| found.code == "same_match").unwrap();
    assert_eq!((found.file.as_deref(), found.line), (Some("20-b.rules"), Some(1)));
    assert_eq!((found.related[0].file.as_deref(), found.related[0].line), (Some("10-a.rules"), Some(1)));
    assert!(
        found.message.starts_with("never fires: same match as 10-a.rules:1, key \"one\" wins"),
        "{}",
        found.message
    );
}

#[test]
fn what_fails_is_for_the_request_to_say() {
    let text = "-b 64\n-b 8192\n-w /etc/passwd -p wa -k a\n-w /etc/passwd -p wa -k b\n";
    let ask =
        |fail_on: &str| ask(json!({"operation": "lint", "fail_on": fail_on, "files": [{"name": "f", "text": text}]}));
    for (fail_on, failing) in [("error", 0), ("warning", 1), ("info", 3), ("never", 0)] {
        let report = ask(fail_on);
        let fails = failing > 0;
        assert_eq!(report.failed, fails, "{fail_on}");
        assert_eq!(report.outcome == Outcome::Failed, fails, "{fail_on}");
        assert_eq!(report.counts, Some(Counts { error: 0, warning: 1, info: 2, failing, ignored: 0 }));
        assert_eq!(report.msg, "0 errors, 1 warning, 2 worth knowing");
        assert!(!report.changed && report.errors.is_empty() && report.sarif.is_none());
    }
    let clean = crate::requests::ask(
        json!({"operation": "lint", "fail_on": "info", "files": [{"name": "f", "text": "-e 1\n"}]}),
    );
    assert_eq!((clean.failed, clean.findings), (false, Some(Vec::new())));
}

#[test]
fn what_apply_leaves_out_by_default_is_a_warning_in_rules_and_an_error_in_files() {
    let lines = [
        "-a always,exit -F arch=b64 -S s390_pci_mmio_read,mount -k a",
        "-a always,exit -F arch=b64 -S s390_pci_mmio_read -k a",
        "-a always,exit -F arch=b32 -S mount -k a",
        "-a never,exit -F arch=b64 -S mount -F uid=0",
        "-a never,exit -F arch=b64 -S mount -F uid=0",
        "-a always,exit -F arch=b64 -S opne -k a",
    ];
    let text: String = lines.iter().flat_map(|line| [*line, "\n"]).collect();
    let rows = |request: Json| -> Vec<(String, SeverityReport, String)> {
        let mut request = request;
        request
            .as_object_mut()
            .unwrap()
            .extend([("operation".to_owned(), json!("lint")), ("archs".to_owned(), json!(["ppc64le"]))]);
        let codes = ["left_out_by_apply", "syscall_not_on_arch", "no_such_arch", "duplicate_rule", "unknown_syscall"];
        let found = ask(request).findings.unwrap().into_iter().filter(|found| codes.contains(&found.code.as_str()));
        found.map(|found| (found.code, found.severity, found.message)).collect()
    };
    let of_files = rows(json!({"files": [{"name": "f", "text": text}]}));
    assert!(of_files.iter().all(|(code, severity, message)| {
        code != "left_out_by_apply" && *severity == SeverityReport::Error && !message.contains("apply")
    }));
    let of_rules = rows(json!({"rules": lines}));
    let told: Vec<&str> = of_rules.iter().map(|(.., message)| message.as_str()).collect();
    assert_eq!((of_files.len(), of_rules.len()), (5, 5), "{told:#?}");
    assert_eq!((of_rules[4].0.as_str(), of_rules[4].1), ("unknown_syscall", SeverityReport::Error));
    let left_out = &of_rules[..4];
    assert!(left_out.iter().all(|row| row.0 == "left_out_by_apply" && row.1 == SeverityReport::Warning), "{told:#?}");
    let ends = |at: usize, words: &str| assert!(told[at].ends_with(words), "{told:#?}");
    ends(0, "s390_pci_mmio_read: apply leaves it out, unless unknown_syscalls is fail");
    ends(1, "s390_pci_mmio_read: apply leaves the rule out, unless unknown_syscalls is fail");
    ends(2, "no 32-bit programs: apply leaves the rule out, unless unknown_syscalls is fail");
    ends(3, "line 4: apply leaves this one out, unless on_duplicate is fail");
}

#[test]
fn a_finding_on_some_machines_only_names_them() {
    let text =
        "-a never,exit -F arch=b64 -S open -F uid=0 -F uid=1\n-a never,exit -F arch=b64 -S mount -F uid=0 -F uid=2\n";
    let found = lint(
        text,
        &["x86_64", "aarch64", "AMD64", "aarch64"].map(|name| if name == "AMD64" { "riscv64" } else { name }),
    );
    let rows: Vec<(Option<usize>, &str, Vec<&str>)> = found
        .iter()
        .map(|found| (found.line, found.code.as_str(), found.archs.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(
        rows,
        [
            (Some(1), "syscall_not_on_arch", vec!["aarch64"]),
            (Some(1), "syscall_not_on_arch", vec!["riscv64"]),
            (Some(1), "never_matches", vec![]),
            (Some(2), "never_matches", vec![]),
        ]
    );
}

#[test]
fn the_kernels_name_of_a_call_is_replaced_by_auditctls() {
    let found = lint("-a never,exit -F arch=b64 -S mount,pwrite64 -F uid=0\n", &[]);
    let fix = found[0].fix.as_ref().unwrap();
    let edit = fix.edit.as_ref().unwrap();
    assert_eq!(
        (found[0].code.as_str(), edit.column, edit.end_column, edit.text.as_str()),
        ("unknown_syscall", 36, 44, "pwrite")
    );
}

#[test]
fn the_example_of_the_manual_page_for_policies_in_pull_requests() {
    let text = "-w /etc/sudoers -p wa -k access\n\
                -a always,exit -F arch=b64 -S umount -k mounts\n\
                -w /etc/sudoers -p wa -k scope\n\
                -a always,exit -F arch=b32 -S lremovexattr -F auid=0 -k perm\n\
                -a always,exit -F arch=b32 -S lremovexattr -F auid=0 -k perm\n\
                -a always,exit -F arch=b64 -S openat -k open\n\
                -a always,exit -F arch=b32 -S openat -k open\n";
    let found = lint(text, &["x86_64", "aarch64"]);
    let says = |line, code: &str, severity| {
        let found = found.iter().find(|found| found.line == Some(line) && found.code == code);
        let found = found.unwrap_or_else(|| panic!("{code} in line {line}"));
        assert_eq!(found.severity, severity, "{code}");
        found.message.clone()
    };
    assert!(says(2, "syscall_not_on_arch", SeverityReport::Error).contains("umount"));
    assert!(
        says(3, "same_match", SeverityReport::Warning)
            .starts_with("never fires: same match as line 1, key \"access\" wins")
    );
    assert!(says(5, "arch_twice", SeverityReport::Error).starts_with("b32 twice, b64 missing (lremovexattr)"));
    assert!(says(6, "hot_syscall", SeverityReport::Info).starts_with("unfiltered openat"));
}

/// Lines that the recorded vectors and the reference have.
fn recorded() -> Vec<String> {
    let vectors = [include_str!("../vectors/auditctl.jsonl"), include_str!("../vectors/lenient.jsonl")];
    let line = |text: &str| serde_json::from_str::<Json>(text).unwrap()["line"].as_str().unwrap().to_owned();
    vectors.iter().flat_map(|vectors| vectors.lines().map(line)).collect()
}

#[test]
fn every_recorded_line_is_linted_alone_and_all_of_them_together() {
    let lines = recorded();
    assert_eq!(lines.len(), 4902 + 119);
    let host = Host::unknown();
    for line in &lines {
        let sources = [Source::new("f", line.as_bytes())];
        let found = audit_rules::lint::lint(&sources, &mut reader(&sources, Machine::ALL[0], None, None), host);
        assert!(found.iter().all(|found| found.at.line == 1), "{line}: {found:?}");
    }
    let all = lines.iter().map(|line| line.replace('\n', " ")).collect::<Vec<_>>().join("\n");
    let request = json!({"operation": "lint", "archs": ["x86_64", "aarch64"], "files": [{"name": "f", "text": all}]});
    let report = answer(&request, Path::new("/nonexistent"));
    let found = report.findings.unwrap().len() + report.omitted.get("/findings").copied().unwrap_or_default();
    assert!(found > lines.len() / 2, "{found}");
    let cases: Json = serde_json::from_str(include_str!("../reference/file-cases.json")).unwrap();
    let texts: Vec<&str> = strings(&cases).into_iter().filter(|text| text.contains('\n')).collect();
    assert!(texts.len() > 50, "{}", texts.len());
    for text in texts {
        lint(text, &[]);
    }
}

/// Every text in a document.
fn strings(value: &Json) -> Vec<&str> {
    match value {
        Json::String(text) => vec![text],
        Json::Array(entries) => entries.iter().flat_map(strings).collect(),
        Json::Object(entries) => entries.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_example_has_no_error() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let request: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let Some(rules) = request.get("rules") else { continue };
        // What these stand for only a host says.
        if rules.as_array().is_some_and(|rules| rules.iter().any(|rule| rule.get("programs").is_some())) {
            continue;
        }
        let report = ask(json!({"operation": "lint", "rules": rules, "archs": ["x86_64"]}));
        let errors: Vec<_> =
            report.findings.unwrap().into_iter().filter(|found| found.severity == SeverityReport::Error).collect();
        assert_eq!(errors, [], "{}", path.display());
        count += 1;
    }
    assert!(count >= 5, "{count}");
}

#[test]
fn where_nothing_is_declared_nothing_is_found_to_be_right() {
    let place = tempfile::TempDir::new().unwrap();
    let directory = place.path().join("audit/rules.d");
    std::fs::create_dir_all(&directory).unwrap();
    let rows = [
        (json!({"rules": []}), true),
        (json!({"rules": "# a comment\n\n"}), true),
        (json!({"files": [{"name": "a.rules", "text": "# a comment\n"}, {"name": "b.rules", "text": ""}]}), true),
        (json!({"root": place.path()}), true),
        (json!({"root": place.path(), "rules_dir": "/audit/rules.d"}), true),
        (json!({"rules": ["-b 8192"]}), false),
        (json!({"rules": ["-w /etc/passwd"]}), false),
        (json!({"files": [{"name": "a.rules", "text": ""}, {"name": "b.rules", "text": "-e 2\n"}]}), false),
    ];
    for (mut request, expected) in rows {
        request["operation"] = json!("lint");
        let report = answer(&request, Path::new("/"));
        let found = report
            .findings
            .as_ref()
            .unwrap_or_else(|| panic!("{}", report.msg))
            .iter()
            .any(|found| found.code == "no_rules");
        assert_eq!(found, expected, "{request}: {report:?}");
        request["fail_on"] = json!("warning");
        assert!(!expected || answer(&request, Path::new("/")).failed);
    }
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    for text in [
        "\0",
        "-k \0",
        "\r",
        "\r\n\r\n",
        "é -w /é -p wa -k é\n",
        "-w /é -p wa -k é\n-w /é -p wa -k ü\n",
        "",
        "\n\n\n",
        "-",
    ] {
        lint(text, &["x86_64", "s390x"]);
    }
    let long = format!("-w /{} -p wa\n", "x".repeat(7000));
    assert_eq!(lint(&long, &[])[0].code, "line_too_long");
}
