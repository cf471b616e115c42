//! Only the plan is carried out that somebody has seen.

use std::fs;

use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const GROUP: &str = "-w /etc/group -p wa -k identity";

fn present(rules: &[&str], more: &Json) -> Json {
    let mut request = json!({"name": "30-identity", "rules": rules});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

/// What check mode plans, by its name.
fn planned(host: &mut Host, rules: &[&str]) -> String {
    let report = host.answer(&present(rules, &json!({"check_mode": true})));
    report["plan_id"].as_str().unwrap_or_else(|| panic!("{report:#}")).to_owned()
}

#[test]
fn a_plan_that_is_still_the_same_is_carried_out_once() {
    let mut host = Host::new();
    let plan_id = planned(&mut host, &[PASSWD]);
    assert_eq!(planned(&mut host, &[PASSWD]), plan_id);
    let report = host.answer(&present(&[PASSWD], &json!({"plan_id": plan_id, "check_mode": true})));
    assert_eq!((&report["outcome"], &report["plan_id"]), (&json!("planned"), &json!(plan_id)), "{report:#}");
    let report = host.answer(&present(&[PASSWD], &json!({"plan_id": plan_id})));
    assert_eq!((&report["outcome"], report.get("plan_id")), (&json!("applied"), None), "{report:#}");
    let report = host.answer(&present(&[PASSWD], &json!({"plan_id": plan_id})));
    assert_eq!(kinds(&report), ["plan_changed"], "{report:#}");
}

#[test]
fn what_changed_since_is_named_and_nothing_is_done() {
    for (change, named) in [
        ("kernel", "the kernel changed"),
        ("files", "the files changed"),
        ("request", "what the request asks for changed"),
    ] {
        for check_mode in [false, true] {
            let mut host = Host::new();
            let plan_id = planned(&mut host, &[PASSWD]);
            let mut rules = vec![PASSWD];
            match change {
                "kernel" => host.load(&["-w /etc/shadow -p wa -k other"]),
                "files" => {
                    host.write("/etc/audit/rules.d/10-other.rules", "-w /etc/hosts -p wa -k other\n");
                }
                _ => rules.push(GROUP),
            }
            let before = host.listed();
            let report = host.answer(&present(&rules, &json!({"plan_id": plan_id, "check_mode": check_mode})));
            let error = &report["errors"][0];
            assert_eq!((&error["kind"], &error["pointer"]), (&json!("plan_changed"), &json!("/plan_id")), "{report:#}");
            assert!(error["message"].as_str().unwrap().ends_with(named), "{report:#}");
            assert_eq!(host.listed(), before);
            assert!(!host.path("/etc/audit/rules.d/30-identity.rules").exists());
        }
    }
}

#[test]
fn what_is_no_plan_id_is_an_error_with_its_place() {
    let mut host = Host::new();
    for said in ["", "x", "0123456789abcdef", "0123456789abcdef-0123456789abcdef-0123456789abcdeg"] {
        let report = host.answer(&present(&[PASSWD], &json!({"plan_id": said})));
        assert_eq!(
            (kinds(&report), &report["errors"][0]["pointer"]),
            (vec!["bad_value"], &json!("/plan_id")),
            "{said}"
        );
    }
}

#[test]
fn an_owner_or_a_mode_that_changed_is_another_plan() {
    let mut host = Host::new();
    host.answer(&present(&[PASSWD], &json!({})));
    let plan_id = planned(&mut host, &[PASSWD, GROUP]);
    let path = host.path("/etc/audit/rules.d/30-identity.rules");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let report = host.answer(&present(&[PASSWD, GROUP], &json!({"plan_id": plan_id})));
    assert_eq!(kinds(&report), ["plan_changed"], "{report:#}");
}
