//! Hosts that would record nothing: auditing is off, or the files that hold the policy are gone.

use audit_rules::kernel::model::Model;
use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const RULE: &str = "-w /etc/passwd -p wa -k identity";
const SAID: &str =
    "auditing is off (enabled 0): the rules are loaded, and nothing is recorded until auditd or `-e 1` switches it on";

/// A host whose kernel is switched off, with these lines in its drop-in and its rule loaded.
fn switched_off(lines: &str) -> Host {
    let mut host = Host::new();
    host.kernel = Model::new().with_status(|status| status.enabled = 0);
    host.write("/etc/audit/rules.d/30-identity.rules", lines);
    host.tell_paths();
    host.load(&[RULE]);
    host
}

fn is_said(report: &Json) -> bool {
    report["warnings"].as_array().unwrap().contains(&json!(SAID))
}

#[test]
fn a_host_that_is_switched_off_though_no_file_says_so_is_not_in_sync() {
    let mut host = switched_off(&format!("{RULE}\n"));
    let report = host.answer(&json!({"operation": "gather"}));
    assert!(is_said(&report), "{report:#}");
    assert_eq!((&report["in_sync"], &report["drift"]["settings"]), (&json!(false), &json!(["enabled"])), "{report:#}");
    assert_eq!(report["msg"], json!("1 of 1 rule loaded, auditing is off, next boot loads 1"));
    let failed = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    assert_eq!((&failed["failed"], kinds(&failed)), (&json!(true), vec!["not_in_sync"]));
    let why = "enabled: auditing is off while rules are loaded, and no file says so: nothing is recorded";
    assert_eq!((&failed["msg"], &failed["errors"][0]["message"]), (&json!("drift: auditing is off"), &json!(why)));
    // The rules are as they were asked for, and the run says what that is worth.
    let report = host.answer(&json!({"state": "loaded"}));
    assert!(is_said(&report) && report["outcome"] == json!("unchanged"), "{report:#}");
}

#[test]
fn a_host_that_is_switched_off_by_its_files_is_as_they_say_and_that_is_said() {
    let mut host = switched_off(&format!("{RULE}\n-e 0\n"));
    let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    assert!(is_said(&report), "{report:#}");
    assert_eq!((&report["in_sync"], &report["failed"]), (&json!(true), &json!(false)), "{report:#}");
    // Files that say the opposite are no such files.
    let report = switched_off(&format!("{RULE}\n-e 1\n")).answer(&json!({"operation": "gather"}));
    assert_eq!((&report["in_sync"], &report["drift"]["settings"]), (&json!(false), &json!(["enabled"])), "{report:#}");
}

#[test]
fn a_host_without_rules_may_be_switched_off() {
    let mut host = Host::new();
    host.kernel = Model::new().with_status(|status| status.enabled = 0);
    let report = host.answer(&json!({"operation": "gather"}));
    assert_eq!((&report["in_sync"], is_said(&report)), (&json!(true), false), "{report:#}");
}

#[test]
fn loaded_purges_all_of_a_host_whose_files_are_gone_only_where_that_is_said_to_be_meant() {
    for lines in [None, Some("# nothing\n"), Some("-D\n")] {
        let mut host = Host::new();
        if let Some(lines) = lines {
            host.write("/etc/audit/rules.d/30-identity.rules", lines);
        }
        host.load(&[RULE]);
        let mut request = json!({"state": "loaded", "purge": true});
        for check in [true, false] {
            request["check_mode"] = json!(check);
            let report = host.answer(&request);
            assert_eq!(kinds(&report), ["empty_policy"], "{lines:?}: {report:#}");
            assert_eq!(report["errors"][0]["pointer"], json!("/purge"));
            assert_eq!(report["errors"][0]["hint"], json!("where that is meant: allow_empty: true"));
            assert_eq!(host.listed(), [RULE]);
        }
        request["allow_empty"] = json!(true);
        let report = host.answer(&request);
        assert_eq!((&report["outcome"], host.kernel.loaded().len()), (&json!("applied"), 0), "{lines:?}: {report:#}");
    }
}

#[test]
fn loaded_purges_where_the_files_say_anything() {
    // A setting is a policy; so is a rule that waits for its path, and audit.rules without a drop-in.
    for (path, lines, request) in [
        ("/etc/audit/rules.d/30-a.rules", "-b 8192\n", json!({})),
        ("/etc/audit/rules.d/30-a.rules", "-w /nowhere/x -p wa\n", json!({"on_missing": "skip"})),
        ("/etc/audit/audit.rules", "-w /etc/group -p wa\n", json!({})),
    ] {
        let mut host = Host::new();
        host.write(path, lines);
        host.tell_paths();
        host.load(&[RULE]);
        let mut whole = json!({"state": "loaded", "purge": true});
        whole.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
        let report = host.answer(&whole);
        assert_eq!(report["failed"], json!(false), "{lines}: {report:#}");
        assert!(!host.listed().contains(&RULE.to_owned()));
    }
}
