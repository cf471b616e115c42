//! Who changed rules and settings by hand, from the kernel's own records.

use std::fs;

use serde_json::{Value as Json, json};

use super::guest::{plain, present, said};
use super::records::Records;

const LOG: &str = "/var/log/audit/audit.log";
const CONFIG_CHANGE: u16 = 1305;
const SYSCALL: u16 = 1300;
const PROCTITLE: u16 = 1327;
const USYS_CONFIG: u16 = 1111;
const USER: u16 = 1005;

/// Writes a log as auditd does, of what was heard.
fn write_log(heard: &[(u16, String)]) {
    let named = |kind: u16| match kind {
        CONFIG_CHANGE => "CONFIG_CHANGE".to_owned(),
        SYSCALL => "SYSCALL".to_owned(),
        PROCTITLE => "PROCTITLE".to_owned(),
        USYS_CONFIG => "USYS_CONFIG".to_owned(),
        other => format!("UNKNOWN[{other}]"),
    };
    let lines: Vec<String> = heard.iter().map(|(kind, text)| format!("type={} msg={text}", named(*kind))).collect();
    fs::create_dir_all("/var/log/audit").unwrap();
    fs::write(LOG, lines.join("\n") + "\n").unwrap();
}

fn culprit<'a>(list: &'a Json, rule: &str) -> &'a Json {
    let entry = list.as_array().unwrap().iter().find(|entry| entry["rule"] == rule);
    &entry.unwrap_or_else(|| panic!("{rule}: {list:#}"))["culprit"]
}

#[test]
#[ignore = "needs a guest: make test"]
fn who_loaded_and_unloaded_rules_by_hand_is_read_from_the_kernels_records() {
    const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
    const GROUP: &str = "-w /etc/group -p wa -k identity";
    const HOSTS: &str = "-w /etc/hosts -p wa -k by-hand";
    const TREE: &str = "/srv/culprit";
    let guest = plain();
    let _ = fs::remove_dir_all(TREE);
    fs::create_dir_all(format!("{TREE}/inner")).unwrap();
    let tree = format!("-w {TREE}/inner -p wa -k tree");
    said("auditctl", &["-e", "1"]);
    let records = Records::listen();
    guest.change(&present("30-identity", &[PASSWD, GROUP, &tree]));
    said("auditctl", &["-w", "/etc/hosts", "-p", "wa", "-k", "by-hand"]);
    said("auditctl", &["-W", "/etc/group", "-p", "wa", "-k", "identity"]);
    guest.write("40-rate.rules", "-r 50\n");
    said("auditctl", &["-r", "70"]);
    fs::remove_dir(format!("{TREE}/inner")).unwrap();
    fs::create_dir(format!("{TREE}/inner")).unwrap();
    // The kernel drops the rule a while later.
    let mut heard = records.until(|kind, text| kind == CONFIG_CHANGE && text.contains("inner"));
    said("auditctl", &["-m", "last"]);
    heard.extend(records.until(|kind, text| kind == USER && text.contains("last")));
    write_log(&heard);
    let report = guest.request(&json!({"operation": "gather", "culprit": true}));
    let unloaded = culprit(&report["drift"]["missing_in_runtime"], GROUP);
    assert_eq!((&unloaded["certainty"], &unloaded["evidence"]), (&json!("certain"), &json!("command")), "{report:#}");
    assert!(unloaded["exe"].as_str().unwrap().ends_with("/auditctl"), "{unloaded:#}");
    let loaded = culprit(&report["drift"]["missing_in_filesystem"], HOSTS);
    assert_eq!((&loaded["certainty"], &loaded["op"]), (&json!("certain"), &json!("add_rule")), "{report:#}");
    let dropped = culprit(&report["drift"]["missing_in_runtime"], &tree);
    assert_eq!((&dropped["certainty"], &dropped["evidence"]), (&json!("certain"), &json!("record")), "{report:#}");
    let rate = &report["settings"]["rate_limit"]["culprit"];
    assert_eq!((&rate["certainty"], &rate["command"]), (&json!("certain"), &json!("auditctl -r 70")), "{report:#}");

    // A change of this program is told with its run.
    let records = Records::listen();
    guest.change(&json!({"state": "absent", "name": "30-identity"}));
    guest.write("30-identity.rules", &format!("{PASSWD}\n"));
    write_log(&records.until(|kind, _| kind == USYS_CONFIG));
    let report = guest.request(&json!({"operation": "gather", "culprit": true}));
    let own = culprit(&report["drift"]["missing_in_runtime"], PASSWD);
    assert_eq!((&own["evidence"], &own["run"]["drop_ins"]), (&json!("key"), &json!("30-identity")), "{report:#}");
    assert!(own["exe"].as_str().unwrap().ends_with("/audit_rules"), "{own:#}");
    fs::remove_file(LOG).unwrap();
    said("auditctl", &["-r", "0"]);
}
