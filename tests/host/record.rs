//! The record of a change, as those who listen to the kernel get it.

use serde_json::json;

use super::guest::{plain, present, said};
use super::records::Records;

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const GROUP: &str = "-w /etc/group -p wa -k identity";
/// Record types of linux/audit.h.
const USER: u16 = 1005;
const USYS_CONFIG: u16 = 1111;
const CONFIG_CHANGE: u16 = 1305;

#[test]
#[ignore = "needs a guest: make test"]
fn a_change_is_in_the_audit_log_once_after_the_rules_that_it_loaded_unless_nobody_wants_it() {
    let guest = plain();
    said("auditctl", &["-e", "1"]);
    let records = Records::listen();
    let report = guest.change(&present("30-identity", &[PASSWD]));
    let text = report["record"].as_str().unwrap();
    assert!(text.contains("drop-ins=\"30-identity\" rules-loaded=1") && text.ends_with("res=success"), "{text}");
    let all = records.until(|kind, _| kind == USYS_CONFIG);
    let (_, record) = all.last().unwrap();
    assert!(record.contains(" auid=") && record.ends_with(&format!("msg='{text}'")), "{record}");
    assert!(all.iter().any(|(kind, text)| *kind == CONFIG_CHANGE && text.contains("op=add_rule")), "{all:#?}");

    let mut request = present("30-identity", &[PASSWD, GROUP]);
    request["record"] = json!(false);
    let report = guest.change(&request);
    assert_eq!(report.get("record"), None);
    guest.nothing_to_do(&present("30-identity", &[PASSWD, GROUP]));
    said("auditctl", &["-m", "last"]);
    let all = records.until(|kind, text| kind == USER && text.contains("last"));
    assert!(all.iter().all(|(kind, _)| *kind != USYS_CONFIG), "{all:#?}");
}
