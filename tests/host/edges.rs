//! Kernels that take no change: locked until the next boot, or without audit.

use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::guest::{Guest, RULES_D, in_state, kinds, present, said};
use super::records::Records;

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const GROUP: &str = "-w /etc/group -p wa -k identity";

fn staged(guest: &Guest, request: &Json, changed: bool, load: &[&str], unload: &[&str]) {
    let listed = guest.listed();
    let report = guest.request(request);
    let told = ["outcome", "changed", "reboot_required"].map(|key| report[key].clone());
    assert_eq!(told, [json!("staged"), json!(changed), json!(true)], "{report:#}");
    assert_eq!(report["pending"], json!({"load": load, "unload": unload, "control": []}), "{report:#}");
    assert_eq!(report["runtime"]["locked"], json!(true));
    assert_eq!(guest.listed(), listed);
}

#[test]
#[ignore = "needs a guest that it may lock: make test"]
fn a_kernel_locked_by_a_request_takes_changes_at_the_next_boot_only() {
    let guest = in_state("locked");
    said("augenrules", &["--load"]);
    let first = json!({"name": "30-identity", "rules": [PASSWD, GROUP], "control": {"enabled": "locked"}});
    let (report, calls) = guest.traced("sendto", &first);
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    let last_of = |word: &str| calls.iter().rposition(|call| call.contains(word)).unwrap();
    assert!(last_of("AUDIT_ADD_RULE") < last_of("AUDIT_SET"), "{calls:#?}");
    assert_eq!(guest.setting("enabled"), "2");
    assert_eq!(guest.listed(), [PASSWD, GROUP]);
    guest.nothing_to_do(&first);
    let proven = guest.request(&json!({"operation": "prove"}));
    assert_eq!(proven["verdicts"], json!({"records": 2}), "{proven:#}");

    let hosts = "-w /etc/hosts -p wa -k names";
    let second = json!({"name": "30-identity", "rules": [PASSWD, hosts], "control": {"enabled": "locked"}});
    let files = guest.files();
    let mut insists = second.clone();
    insists["on_locked"] = json!("fail");
    let refused = guest.request(&insists);
    assert_eq!((kinds(&refused), &refused["changed"]), (vec!["locked"], &json!(false)));
    assert_eq!(guest.files(), files);

    let records = Records::listen();
    staged(&guest, &second, true, &[hosts], &[GROUP]);
    records.until(|_, text| text.contains("op=apply-audit-rules") && text.contains("outcome=staged"));
    let text = fs::read_to_string(Path::new(RULES_D).join("30-identity.rules")).unwrap();
    assert!(text.contains(hosts) && !text.contains(GROUP), "{text}");
    staged(&guest, &second, false, &[hosts], &[GROUP]);
    let files = guest.files();
    staged(&guest, &second, false, &[hosts], &[GROUP]);
    assert_eq!(guest.files(), files);

    let back = guest.request(&first);
    assert_eq!((&back["failed"], &back["changed"]), (&json!(false), &json!(true)), "{back:#}");
    assert_eq!((&back["reboot_required"], guest.listed()), (&json!(false), vec![PASSWD.to_owned(), GROUP.to_owned()]));
}

#[test]
#[ignore = "needs a guest booted with audit=0: make test"]
fn audit_off_at_boot_leaves_the_files_and_says_why() {
    let guest = in_state("audit_off");
    let mut request = present("30-identity", &[PASSWD]);
    let report = guest.change(&request);
    assert_eq!(report["runtime"]["managed"], json!(false));
    assert!(report["runtime"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{report:#}");
    assert!(
        fs::read_to_string(Path::new(RULES_D).join("30-identity.rules")).unwrap().ends_with(&format!("{PASSWD}\n"))
    );
    guest.nothing_to_do(&request);
    request["target"] = json!("both");
    let insists = guest.request(&request);
    assert_eq!((kinds(&insists), &insists["changed"]), (vec!["no_kernel"], &json!(false)));
}
