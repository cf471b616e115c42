//! What others do to the kernel's rules, found and repaired.

use std::fs;

use serde_json::json;

use super::guest::{expected, plain, present, said, steps};

const RULES: [&str; 4] = [
    "-w /etc/passwd -p wa -k identity",
    "-a always,exit -F arch=b64 -S sethostname,setdomainname -F key=system-locale",
    "-a always,exit -S all -F path=/etc/shadow -F auid>=1000 -F auid!=-1 -F key=shadow",
    "-w /etc/group -p wa -k identity",
];

#[test]
#[ignore = "needs a guest: make test"]
fn all_rules_deleted_by_hand_come_back() {
    let guest = plain();
    let request = present("30-identity", &RULES);
    guest.change(&request);
    assert_eq!(guest.listed(), RULES);
    said("auditctl", &["-D"]);
    assert_eq!(guest.listed(), [""; 0]);
    let report = guest.change(&request);
    assert_eq!(report["plan"]["files"], json!([]));
    assert_eq!(guest.listed(), RULES);
}

#[test]
#[ignore = "needs a guest: make test"]
fn of_one_rule_deleted_by_hand_only_that_one_is_loaded() {
    let guest = plain();
    let request = present("30-identity", &RULES);
    guest.change(&request);
    said(
        "auditctl",
        &["-d", "always,exit", "-F", "arch=b64", "-S", "sethostname,setdomainname", "-F", "key=system-locale"],
    );
    assert_eq!(guest.listed().len(), 3);
    let report = guest.change(&request);
    assert_eq!(steps(&report), expected(&[("load", RULES[1])]));
    assert_eq!(guest.listed_as_set(), {
        let mut rules = RULES;
        rules.sort_unstable();
        rules
    });
    guest.nothing_to_do(&request);
}

#[test]
#[ignore = "needs a guest: make test"]
fn in_strict_order_a_rule_goes_back_to_its_place() {
    let guest = plain();
    let mut request = present("30-identity", &RULES);
    request["ordering"] = json!("strict");
    guest.change(&request);
    said("auditctl", &["-W", "/etc/passwd", "-p", "wa", "-k", "identity"]);
    guest.change(&request);
    assert_eq!(guest.listed(), RULES);
    guest.nothing_to_do(&request);
}

#[test]
#[ignore = "needs a guest: make test"]
fn rules_that_the_guests_own_auditctl_loaded_are_no_drift() {
    let guest = plain();
    let request = present("30-identity", &RULES);
    guest.change(&request);
    let listed = guest.listed();
    said("auditctl", &["-D"]);
    said("augenrules", &["--load"]);
    assert_eq!(guest.listed(), listed);
    guest.nothing_to_do(&request);
    guest.nothing_to_do(&json!({"state": "loaded", "purge": true}));
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_watched_directory_that_went_away_is_watched_again() {
    let guest = plain();
    let tree = "/srv/watched";
    fs::create_dir_all(tree).unwrap();
    let request = present("30-tree", &["-w /srv/watched -p wa -k tree", RULES[0]]);
    guest.change(&request);
    guest.nothing_to_do(&request);
    fs::remove_dir(tree).unwrap();
    assert_eq!(guest.listed(), [RULES[0]], "the kernel takes the rule out with its directory");
    fs::create_dir(tree).unwrap();
    let report = guest.change(&request);
    assert_eq!(steps(&report).len(), 1, "{report:#}");
    assert_eq!(guest.listed().len(), 2);
    guest.nothing_to_do(&request);
    fs::remove_dir_all("/srv").unwrap();
}
