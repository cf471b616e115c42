//! What this host lacks now and the next boot must not stumble over.

use std::fs;

use serde_json::json;

use super::guest::{kinds, plain, present, said};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const MISSING: &str = "-a always,exit -F dir=/opt/app -F perm=wa -F key=app";

#[test]
#[ignore = "needs a guest: make test"]
fn a_skipped_line_is_loaded_as_soon_as_its_directory_exists() {
    let guest = plain();
    let mut request = present("30-app", &[MISSING, PASSWD]);
    let refused = guest.request(&request);
    assert_eq!((kinds(&refused), guest.listed().len()), (vec!["missing_path"], 0));
    request["on_missing"] = json!("skip");
    let report = guest.change(&request);
    assert_eq!(report["rules"]["skipped"].as_array().map(Vec::len), Some(1));
    assert_eq!(guest.listed(), [PASSWD]);
    let answer = said("augenrules", &["--load"]);
    assert!(!answer.contains("rror"), "{answer}");
    assert_eq!(guest.listed(), [PASSWD]);
    guest.nothing_to_do(&request);
    fs::create_dir_all("/opt/app").unwrap();
    let report = guest.change(&request);
    assert_eq!(report["rules"]["skipped"], json!([]));
    assert_eq!(guest.listed().len(), 2);
    let loaded = guest.listed_as_set();
    assert!(guest.boot_is_current());
    said("augenrules", &["--load"]);
    assert_eq!(guest.listed_as_set(), loaded);
    guest.nothing_to_do(&request);
    fs::remove_dir_all("/opt").unwrap();
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_rule_of_two_drop_ins_does_not_stop_the_boot_load() {
    let guest = plain();
    guest.change(&present("20-first", &[PASSWD]));
    let last = "-w /etc/group -p wa -k identity";
    let request = present("30-second", &[PASSWD, last]);
    let report = guest.change(&request);
    assert_eq!(report["rules"]["deduplicated"].as_array().map(Vec::len), Some(1));
    let answer = said("augenrules", &["--load"]);
    assert!(!answer.contains("exists"), "{answer}");
    assert_eq!(guest.listed(), [PASSWD, last]);
    guest.nothing_to_do(&request);
    guest.change(&json!({"state": "absent", "name": "30-second"}));
    assert_eq!(guest.listed(), [PASSWD]);
}
