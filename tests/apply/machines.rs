//! Rules of other machines: images of them, and word lengths that a machine lacks.

use audit_rules::rule::Machine;
use serde_json::{Value as Json, json};

use crate::host::Host;

const B64: &str = "-a always,exit -F arch=b64 -S fchmod -F auid>=1000 -F auid!=unset -k perm_mod";
const B32: &str = "-a always,exit -F arch=b32 -S fchmod -F auid>=1000 -F auid!=unset -k perm_mod";

fn of(machine: &str) -> Host {
    let mut host = Host::new();
    host.machine = Machine::from_uname(machine).unwrap();
    host
}

/// The kinds and pointers of a report's errors.
fn errors(report: &Json) -> Vec<(&str, &str)> {
    let errors = report["errors"].as_array().map_or(&[][..], Vec::as_slice).iter();
    errors.map(|error| (error["kind"].as_str().unwrap(), error["pointer"].as_str().unwrap_or_default())).collect()
}

#[test]
fn a_rule_for_a_word_length_that_the_machine_lacks_is_left_out() {
    for (machine, lacks, holds) in [("ppc64le", B32, B64), ("i686", B64, B32), ("armv7l", B64, B32)] {
        let mut host = of(machine);
        let report = host.answer(&json!({"name": "a", "rules": [B64, B32]}));
        assert_eq!(report["failed"], json!(false), "{machine}: {report:#}");
        let skipped: Vec<_> =
            report["rules"]["skipped"].as_array().unwrap().iter().map(|one| (&one["kind"], &one["rule"])).collect();
        assert_eq!(skipped, [(&json!("no_such_arch"), &json!(lacks))], "{machine}");
        let text = std::fs::read_to_string(host.root().join("etc/audit/rules.d/a.rules")).unwrap();
        let aside =
            |line: &str| line.starts_with("# audit_rules: arch: this machine runs no ") && line.ends_with(lacks);
        assert!(text.lines().any(|line| line == holds) && text.lines().any(aside), "{machine}: {text}");
        assert_eq!(host.kernel.loaded().len(), 1, "{machine}");
        assert_eq!(host.answer(&json!({"name": "a", "rules": [B64, B32]}))["changed"], json!(false), "{machine}");

        let fails = json!({"name": "b", "rules": [B64, B32], "unknown_syscalls": "fail"});
        let report = of(machine).answer(&fails);
        assert_eq!(errors(&report).first().map(|(kind, _)| *kind), Some("no_such_arch"), "{machine}: {report:#}");
        assert_eq!(report["errors"][0]["rule"], json!(lacks));

        let expect = |unknown| json!({"name": "a", "rules": [B64, B32], "unknown_syscalls": unknown});
        let gathered = host.answer(&json!({"operation": "gather", "expect": expect("skip"), "on_drift": "fail"}));
        assert_eq!((&gathered["failed"], &gathered["in_sync"]), (&json!(false), &json!(true)), "{gathered:#}");
        let gathered = host.answer(&json!({"operation": "gather", "expect": expect("fail")}));
        assert_eq!(gathered["in_sync"], json!(false), "{gathered:#}");
    }
}

#[test]
fn what_is_wrong_on_every_machine_is_wrong_where_the_word_length_is_missing_too() {
    let line = B32.replace("fchmod", "fchmodd");
    let report = of("ppc64le").answer(&json!({"name": "a", "rules": [line]}));
    assert_eq!(errors(&report), [("unknown_syscall", "/rules/0")], "{report:#}");
}

#[test]
fn a_line_for_a_missing_word_length_is_named_as_the_cause_of_a_boot_that_stops() {
    let mut host = of("ppc64le");
    host.write("/etc/audit/rules.d/50-a.rules", format!("{B64}\n{B32}\n{B64} -k more\n"));
    let report = host.answer(&json!({"operation": "gather"}));
    let causes: Vec<_> =
        report["drift"]["missing_in_runtime"].as_array().unwrap().iter().map(|one| &one["cause"]).collect();
    assert!(causes.contains(&&json!("no_such_arch")), "{report:#}");
}

#[test]
fn an_image_has_the_rules_of_its_own_machine() {
    let rules = ["-a always,exit -F arch=b64 -S open,openat -k access", B32];
    let request = |arch: &str| json!({"name": "a", "rules": rules, "root": "/image", "rules_dir": "/etc/audit/rules.d", "arch": arch});
    let written = |arch: &str| {
        let mut host = Host::new();
        for directory in ["/image", "/image/etc", "/image/etc/audit", "/image/etc/audit/rules.d"] {
            host.directory(directory);
        }
        host.write("/image/etc/passwd", "root:x:0:0::/:/bin/sh\n");
        host.write("/image/etc/group", "root:x:0:\n");
        let report = host.answer(&request(arch));
        assert_eq!(report["failed"], json!(false), "{arch}: {report:#}");
        let gathered = |arch: &str| json!({"operation": "gather", "root": "/image", "arch": arch, "expect": request(arch), "on_drift": "fail"});
        let gathered = host.answer(&gathered(arch));
        assert_eq!(gathered["failed"], json!(false), "{arch}: {gathered:#}");
        assert_eq!(gathered["expect"]["rules"][0]["next_boot"], json!(true), "{arch}: {gathered:#}");
        std::fs::read_to_string(host.root().join("image/etc/audit/rules.d/a.rules")).unwrap()
    };
    let x86 = written("x86_64");
    assert!(rules.iter().all(|rule| x86.lines().any(|line| line == *rule)), "{x86}");
    let arm = written("aarch64");
    assert!(!arm.lines().any(|line| !line.starts_with('#') && line.contains("open,")), "{arm}");
    assert!(arm.lines().any(|line| line == B32), "{arm}");
    let power = written("ppc64le");
    assert!(power.lines().any(|line| line == rules[0]) && !power.lines().any(|line| line == B32), "{power}");
}

#[test]
fn a_running_host_is_no_other_machine_than_it_is() {
    for (own, arch, kind) in [
        ("x86_64", "x86_64", None),
        ("x86_64", "X86_64", None),
        ("i686", "i386", None),
        ("x86_64", "aarch64", Some("other_machine")),
        ("x86_64", "i386", Some("other_machine")),
        ("x86_64", "nonsense", Some("unknown_arch")),
    ] {
        for request in [
            json!({"name": "a", "rules": ["-w /etc/passwd -p wa"], "arch": arch, "check_mode": true}),
            json!({"operation": "gather", "arch": arch}),
        ] {
            let report = of(own).answer(&request);
            let expected: Vec<_> = kind.iter().map(|kind| (*kind, "/arch")).collect();
            assert_eq!(errors(&report), expected, "{request}: {report:#}");
        }
    }
    let report = of("x86_64").answer(&json!({"name": "a", "rules": ["-w /etc/passwd -p wa"], "arch": "aarch46"}));
    assert_eq!(report["errors"][0]["hint"], json!("did you mean aarch64?"), "{report:#}");
}

#[test]
fn what_is_expected_is_expected_of_the_host_that_is_read() {
    let rules = json!(["-w /etc/passwd -p wa"]);
    for (key, value, kind) in [
        ("root", "/image", "bad_value"),
        ("rules_dir", "/etc/other", "bad_value"),
        ("arch", "aarch64", "other_machine"),
    ] {
        let request = json!({"operation": "gather", "expect": {"name": "a", "rules": rules, key: value}});
        let report = Host::new().answer(&request);
        assert_eq!(errors(&report), [(kind, &*format!("/expect/{key}"))], "{report:#}");
    }
    let same = json!({"operation": "gather", "expect": {"name": "a", "rules": rules, "root": "/", "arch": "x86_64"}});
    assert_eq!(errors(&Host::new().answer(&same)), []);
}

#[test]
fn explain_names_a_word_length_that_the_machine_lacks_as_such() {
    let request = json!({"operation": "explain", "arch": "ppc64le", "rules": [B64, B32]});
    let request = audit_rules::request::decode(request.to_string().as_bytes()).unwrap();
    let own = Machine::from_uname("x86_64").unwrap();
    let report = audit_rules::explained(&request, own, Host::new().root()).unwrap();
    let lines = serde_json::to_value(report).unwrap()["lines"].clone();
    assert_eq!((&lines[0]["accepted"], &lines[1]["accepted"]), (&json!(true), &json!(false)), "{lines:#}");
    assert_eq!(lines[1]["error"]["kind"], json!("no_such_arch"), "{lines:#}");
}
