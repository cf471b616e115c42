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
    assert_eq!((kinds(&report), host.kernel.loaded().len()), (vec!["nothing_declared"], 2), "{report:#}");
    assert_eq!(report["errors"][0]["pointer"], json!("/rules"));
    let report = host.answer(&json!({"name": "20-b", "rules": ["# nothing"], "allow_empty": true}));
    assert_eq!((&report["outcome"], host.kernel.loaded().len()), (&json!("applied"), 0), "{report:#}");
}

/// What the boot loads after a run, read from the files alone.
fn next_boot(host: &mut Host) -> serde_json::Value {
    host.answer(&json!({"operation": "gather", "source": "filesystem"}))["next_boot"]["rules"].clone()
}

/// A line at which the load stops, with a rule after it.
const STOP: &str = "-w /nowhere/x -p wa\n";

#[test]
fn a_rule_is_no_duplicate_of_one_that_the_boot_does_not_come_to() {
    for stop in [STOP, "-r 5 -e 2\n", "-i\n-r 5 -e 2\n"] {
        let mut host = host(&format!("{stop}{P}\n"));
        host.tell_paths();
        let report = host.answer(&json!({"name": "40-own", "rules": [P]}));
        assert_eq!(
            (&report["outcome"], &report["rules"]["deduplicated"]),
            (&json!("applied"), &json!([])),
            "{report:#}"
        );
        assert_eq!(next_boot(&mut host), json!([P]), "{report:#}");
        assert_eq!(host.answer(&json!({"name": "40-own", "rules": [P]}))["outcome"], json!("unchanged"));
        // Several in one change.
        let both = json!({"drop_ins": {"40-own": {"rules": [P]}, "45-more": {"rules": [P, G]}}});
        let report = host.answer(&both);
        assert_eq!(report["rules"]["deduplicated"].as_array().unwrap().len(), 1, "{report:#}");
        assert_eq!(next_boot(&mut host), json!([P, G]));
    }
}

#[test]
fn a_rule_after_the_stop_of_the_boot_load_is_a_duplicate_of_one_that_stands_there_too() {
    let mut host = host(&format!("{STOP}{P}\n"));
    host.tell_paths();
    let report = host.answer(&json!({"name": "60-own", "rules": [P]}));
    assert_eq!(
        report["rules"]["deduplicated"].as_array().unwrap().len(),
        1,
        "once the stop is gone both would be read"
    );
    assert!(warnings(&report).iter().any(|said| said.contains("1 line after it would not be loaded")), "{report:#}");
}

#[test]
fn a_shared_rule_goes_to_the_comment_before_the_stop_and_not_to_the_line_after_it() {
    let mut host = Host::new();
    host.answer(&json!({"name": "30-first", "rules": [P]}));
    host.answer(&json!({"name": "40-own", "rules": [P, G]}));
    host.write("/etc/audit/rules.d/50-other.rules", format!("{STOP}{P}\n"));
    host.tell_paths();
    assert_eq!(next_boot(&mut host), json!([P, G]));
    // A change of something else leaves it as it is.
    let hosts = "-w /etc/hosts -p wa -k hosts";
    host.answer(&json!({"name": "20-hosts", "rules": [hosts]}));
    assert!(host.host_file("/etc/audit/rules.d/40-own.rules").contains("the same rule as"));

    let report = host.answer(&json!({"state": "absent", "name": "30-first"}));
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    assert_eq!(next_boot(&mut host), json!([hosts, P, G]), "{}", host.host_file("/etc/audit/rules.d/40-own.rules"));
    assert!(host.listed().contains(&P.to_owned()));
    let back = host.answer(&report["undo"]);
    assert_eq!((&back["outcome"], next_boot(&mut host)), (&json!("applied"), json!([hosts, P, G])), "{back:#}");
}

#[test]
fn a_comment_whose_rule_only_a_line_after_the_stop_holds_is_drift_that_loaded_mends() {
    let mut host = host(&format!("{STOP}{P}\n"));
    host.write(
        "/etc/audit/rules.d/40-own.rules",
        format!("# audit_rules: the same rule as /etc/audit/rules.d/30-first.rules: {P}\n"),
    );
    host.tell_paths();
    host.load(&[P]);
    let report = host.answer(&json!({"operation": "gather"}));
    let causes: Vec<_> =
        report["drift"]["missing_at_boot"].as_array().unwrap().iter().map(|one| &one["cause"]).collect();
    assert!(causes.contains(&&json!("outdated_comment")), "{report:#}");
    // What somebody else asks for is no reason to write it.
    host.answer(&json!({"name": "20-group", "rules": [G]}));
    assert!(host.host_file("/etc/audit/rules.d/40-own.rules").starts_with("# audit_rules"));
    let report = host.answer(&json!({"state": "loaded", "on_missing": "skip"}));
    assert_eq!(report["failed"], json!(false), "{report:#}");
    assert_eq!(next_boot(&mut host), json!([G, P]));
}

#[test]
fn a_line_of_ours_after_the_stop_is_set_aside_for_the_one_before_it() {
    let mut host = Host::new();
    host.answer(&json!({"name": "50-later", "rules": [P, G]}));
    host.write("/etc/audit/rules.d/45-other.rules", STOP);
    host.tell_paths();
    let later = "/etc/audit/rules.d/50-later.rules";
    let before = host.host_file(later);
    let report = host.answer(&json!({"name": "40-own", "rules": [P]}));
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    let comment = format!("# audit_rules: the same rule as /etc/audit/rules.d/40-own.rules: {P}\n{G}\n");
    assert!(host.host_file(later).ends_with(&comment), "{}", host.host_file(later));
    assert_eq!(next_boot(&mut host), json!([P]));
    assert_eq!(host.answer(&json!({"name": "40-own", "rules": [P]}))["outcome"], json!("unchanged"));
    // Where the stop is gone, the boot loads all of it.
    std::fs::remove_file(host.path("/etc/audit/rules.d/45-other.rules")).unwrap();
    assert_eq!(next_boot(&mut host), json!([P, G]));
    let back = host.answer(&report["undo"]);
    assert_eq!((&back["outcome"], host.host_file(later)), (&json!("applied"), before), "{back:#}");
}
