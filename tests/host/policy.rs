//! Whole policies: what else is loaded, in which order, and how much of it.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::guest::{Guest, RULES_D, many, plain, present, said, steps};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const LOCALE: &str = "-a always,exit -F arch=b64 -S sethostname,setdomainname -F key=system-locale";
const FOREIGN: &str = "-w /etc/hosts -p wa -k foreign";
const KEPT: &str = "-w /etc/hostname -p wa -k vendor-names";

/// A guest with a rule of a drop-in, and two that no drop-in holds.
fn with_foreign_rules() -> Guest {
    let guest = plain();
    guest.write("20-vendor.rules", &format!("{PASSWD}\n"));
    said("augenrules", &["--load"]);
    for (path, key) in [("/etc/hosts", "foreign"), ("/etc/hostname", "vendor-names")] {
        said("auditctl", &["-w", path, "-p", "wa", "-k", key]);
    }
    assert_eq!(guest.listed(), [PASSWD, FOREIGN, KEPT]);
    guest
}

#[test]
#[ignore = "needs a guest: make test"]
fn foreign_rules_stay_until_a_request_purges() {
    let guest = with_foreign_rules();
    let report = guest.change(&present("30-locale", &[LOCALE]));
    assert_eq!(report["rules"]["foreign"], json!(2));
    assert_eq!(guest.listed_as_set().len(), 4);
    guest.change(&json!({"state": "loaded", "purge": true, "keep": ["vendor-*"]}));
    assert_eq!(guest.listed(), [PASSWD, KEPT, LOCALE]);
    guest.change(&json!({"state": "loaded", "purge": true}));
    assert_eq!(guest.listed(), [PASSWD, LOCALE]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn an_exact_policy_is_all_there_is() {
    let guest = with_foreign_rules();
    let mut request =
        json!({"state": "exact", "name": "10-policy", "rules": [LOCALE], "keep": ["20-vendor", "vendor-*"]});
    guest.change(&request);
    let mut listed = vec![LOCALE, PASSWD, KEPT];
    listed.sort_unstable();
    assert_eq!(guest.listed_as_set(), listed);
    assert!(Path::new(RULES_D).join("20-vendor.rules").exists());
    guest.nothing_to_do(&request);
    request["keep"] = json!([]);
    guest.change(&request);
    assert_eq!(guest.listed(), [LOCALE]);
    let drop_ins: Vec<_> = fs::read_dir(RULES_D).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(drop_ins, ["10-policy.rules"]);
    guest.nothing_to_do(&request);
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_never_rule_of_an_earlier_drop_in_comes_before_the_always_rules() {
    let guest = plain();
    guest.change(&present("30-locale", &[LOCALE, PASSWD]));
    let never = "-a never,exit -F arch=b64 -S sethostname -F uid=0";
    let request = present("10-quiet", &[never]);
    guest.change(&request);
    assert_eq!(guest.listed()[0], never);
    guest.nothing_to_do(&request);
    let listed = guest.listed();
    said("augenrules", &["--load"]);
    assert_eq!(guest.listed(), listed);
}

#[test]
#[ignore = "needs a guest: make test"]
fn the_example_of_a_whole_benchmark_is_what_augenrules_loads() {
    let guest = plain();
    let request: Json = serde_json::from_str(include_str!("../../examples/cis-like.json")).unwrap();
    let report = guest.change(&request);
    let loaded = guest.listed();
    assert_eq!(report["rules"]["loaded"], json!(loaded.len()));
    assert!(loaded.len() > 30, "{loaded:#?}");
    assert!(guest.boot_is_current());
    guest.nothing_to_do(&request);
    let answer = said("augenrules", &["--load"]);
    assert!(!answer.contains("rror"), "{answer}");
    assert_eq!(guest.listed(), loaded);
    guest.nothing_to_do(&request);
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_thousand_rules_are_loaded_repaired_and_replaced() {
    let guest = plain();
    let rules = many(1000, "one");
    let request = present("30-many", &rules);
    guest.change(&request);
    assert_eq!(guest.listed(), rules);
    guest.nothing_to_do(&request);
    said("auditctl", &["-d", "always,exit", "-F", "arch=b64", "-S", "getpid", "-F", "key=one-500"]);
    assert_eq!(steps(&guest.change(&request)).len(), 1);
    assert_eq!(guest.listed().len(), 1000);
    let mut replaced = present("30-many", &many(1000, "two"));
    replaced["expedite"] = json!("always");
    let report = guest.change(&replaced);
    assert_eq!(report["runtime"]["expedited"], json!(true));
    assert!(guest.grace_periods_are_normal());
    assert_eq!(guest.listed(), many(1000, "two"));
}
