//! A loaded rule by which nothing is recorded is no evidence.

use serde_json::{Value as Json, json};

use crate::host::Host;

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const MOUNT: &str = "-a always,exit -F arch=b64 -S mount -F key=mounts";

/// A host that holds both rules, and what it is asked.
fn host() -> (Host, Json) {
    let mut host = Host::new();
    host.kernel = host.kernel.clone().with_status(|status| status.enabled = 1);
    host.answer(&json!({"name": "30-own", "rules": [PASSWD, MOUNT]}));
    (host, json!({"operation": "gather", "expect": {"name": "30-own", "rules": [PASSWD, MOUNT]}}))
}

/// Which of the two are suppressed, and whether all is in sync.
fn told(report: &Json) -> (Vec<bool>, Option<bool>) {
    let rules = report["expect"]["rules"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    for rule in rules {
        assert_eq!(rule["in_sync"] == json!(false), rule.get("suppressed").is_some(), "{rule:#}");
    }
    (rules.iter().map(|rule| rule["suppressed"] == json!(true)).collect(), report["in_sync"].as_bool())
}

#[test]
fn a_rule_that_another_one_keeps_from_recording_is_not_held() {
    for (other, expected) in [
        ("-A exit,never -S all", [true, true]),
        ("-a exit,never -S all", [false, false]),
        ("-a never,task", [true, true]),
        ("-a always,exclude -F msgtype=SYSCALL", [true, true]),
        ("-a always,exclude -F msgtype=CWD", [false, false]),
        ("-A exit,never -F path=/etc/passwd", [true, false]),
        ("-A exit,never -F path=/etc/shadow", [false, false]),
        ("-A exit,never -F arch=b64 -S mount", [false, true]),
        ("-A exit,never -F arch=b64 -S mount -F auid=1000", [false, false]),
        ("-A exit,always -F arch=b64 -S mount -F key=other", [false, false]),
    ] {
        let (mut host, request) = host();
        let before = host.listed();
        host.put(other);
        assert_eq!(host.listed().len(), before.len() + 1, "{other}");
        let report = host.answer(&request);
        assert_eq!(told(&report), (expected.to_vec(), Some(!expected.contains(&true))), "{other}: {report:#}");
    }
}

#[test]
fn where_auditing_is_off_nothing_is_held() {
    let (mut host, request) = host();
    assert_eq!(host.answer(&request)["in_sync"], json!(true));
    host.kernel = host.kernel.clone().with_status(|status| status.enabled = 0);
    let report = host.answer(&request);
    assert_eq!(report["in_sync"], json!(false), "{report:#}");
    for rule in report["expect"]["rules"].as_array().unwrap() {
        assert_eq!((&rule["recording"], &rule["in_sync"]), (&json!(false), &json!(false)), "{rule:#}");
    }
}

#[test]
fn what_is_not_known_does_not_count_as_held() {
    let (mut host, mut request) = host();
    request["source"] = json!("filesystem");
    let report = host.answer(&request);
    assert_eq!(report["expect"]["rules"][0]["in_sync"], Json::Null, "{report:#}");
    assert!(report["msg"].as_str().unwrap().contains("0 of 2 expected rules held, 2 open"), "{report:#}");
}
