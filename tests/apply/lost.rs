//! Rules that other lines of the boot load take away again, or keep out by a lock.

use serde_json::json;

use crate::host::{Host, kinds};

const P: &str = "-w /etc/passwd -p wa -k id";
const G: &str = "-w /etc/group -p wa -k id";

fn host(other: &str) -> Host {
    let host = Host::new();
    host.write("/etc/audit/rules.d/50-other.rules", other);
    host
}

fn warnings(report: &serde_json::Value) -> Vec<&str> {
    report["warnings"].as_array().unwrap().iter().map(|said| said.as_str().unwrap()).collect()
}

#[test]
fn a_declared_rule_that_a_later_line_takes_away_is_an_error_with_that_line() {
    for (line, number) in [
        ("-W /etc/passwd -p wa -k id", 1),
        ("-D -k id", 1),
        ("# c\n-d always,exit -F path=/etc/passwd -F perm=wa -F key=id", 2),
    ] {
        let mut host = host(&format!("{line}\n"));
        for request in [
            json!({"name": "10-a", "rules": [P]}),
            json!({"state": "exact", "name": "10-a", "rules": [P], "keep": ["50-*"]}),
        ] {
            let report = host.answer(&request);
            assert_eq!(kinds(&report), ["deleted_again"], "{line}: {report:#}");
            let by = format!("/etc/audit/rules.d/50-other.rules:{number} (`");
            assert!(report["errors"][0]["message"].as_str().unwrap().starts_with(&by), "{line}: {report:#}");
            assert_eq!((host.kernel.sent().changing(), host.kernel.loaded().len()), (0, 0), "{line}");
        }
    }
    // The same within one request; a line that augenrules moves to the front takes nothing away.
    let mut alone = Host::new();
    assert_eq!(
        kinds(&alone.answer(&json!({"name": "10-a", "rules": format!("{P}\n-D -k id\n")}))),
        ["not_declarative", "deleted_again"]
    );
    let report = alone.answer(&json!({"name": "10-a", "rules": format!("{P}\n-D\n")}));
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
}

#[test]
fn gather_and_loaded_name_a_rule_that_a_later_line_takes_away() {
    let mut host = host(&format!("{P}\n{G}\n-W /etc/passwd -p wa -k id\n"));
    let said = "`-w /etc/passwd -p wa -k id` (/etc/audit/rules.d/50-other.rules:1) is taken away again by \
                /etc/audit/rules.d/50-other.rules:3 at boot";
    assert!(warnings(&host.answer(&json!({"state": "loaded"}))).contains(&said));
    assert!(warnings(&host.answer(&json!({"operation": "gather"}))).contains(&said));
}

#[test]
fn what_stands_after_a_lock_is_not_loaded_at_boot() {
    for (other, loads) in [
        (format!("-r 5 -e 2\n{P}\n{G}\n"), 0),
        (format!("{P} -e 2\n{G}\n"), 0),
        (format!("{P}\n-r 5 -e 2\n{G}\n"), 1),
        (format!("-i\n{P}\n-r 5 -e 2\n{G}\n"), 1),
        (format!("{P}\n{G}\n-r 5 -e 2\n"), 2),
        (format!("{P}\n{G}\n-e 2\n"), 2),
    ] {
        let mut host = host(&other);
        host.load(&[P, G]);
        let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
        assert_eq!(report["next_boot"]["rules"].as_array().unwrap().len(), loads, "{other}: {report:#}");
        // The lock itself is a setting that only the boot makes.
        let is_told = report["in_sync"] == json!(false) && (loads == 2 || !warnings(&report).is_empty());
        assert!(is_told, "{other}: {report:#}");
    }
}

#[test]
fn a_rule_declared_after_a_lock_is_an_error_and_one_before_it_is_not() {
    let mut host = host("-r 5 -e 2\n");
    let report = host.answer(&json!({"name": "60-a", "rules": [P]}));
    assert_eq!(kinds(&report), ["after_lock"], "{report:#}");
    assert_eq!(host.answer(&json!({"name": "40-a", "rules": [P]}))["outcome"], json!("applied"));
}

#[test]
fn a_drop_in_that_comes_down_from_rules_to_comments_is_an_error_unless_that_is_meant() {
    let mut host = Host::new();
    assert_eq!(host.answer(&json!({"name": "20-b", "rules": ["# nothing yet"]}))["outcome"], json!("applied"));
    host.answer(&json!({"name": "20-b", "rules": [P, G]}));
    let report = host.answer(&json!({"name": "20-b", "rules": ["# nothing"]}));
    assert_eq!((kinds(&report), host.kernel.loaded().len()), (vec!["nothing_wished"], 2), "{report:#}");
    assert_eq!(report["errors"][0]["pointer"], json!("/rules"));
    let report = host.answer(&json!({"name": "20-b", "rules": ["# nothing"], "allow_empty": true}));
    assert_eq!((&report["outcome"], host.kernel.loaded().len()), (&json!("applied"), 0), "{report:#}");
}
