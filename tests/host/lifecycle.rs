//! A drop-in comes, stays, changes, goes and comes back.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::json;

use super::guest::{RULES_D, expected, kinds, mode, plain, present, said, steps};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const GROUP: &str = "-w /etc/group -p wa -k identity";
const LOCALE: &str = "-a always,exit -F arch=b64 -S sethostname,setdomainname -F key=system-locale";

#[test]
#[ignore = "needs a guest: make test"]
fn what_is_present_is_loaded_in_order_and_comes_back_at_boot() {
    let guest = plain();
    let report = guest.change(&present("30-identity", &[PASSWD, LOCALE, GROUP]));
    assert_eq!(report["rules"]["loaded"], json!(3));
    assert_eq!(guest.listed(), [PASSWD, LOCALE, GROUP]);
    let path = Path::new(RULES_D).join("30-identity.rules");
    assert_eq!(mode(&path), 0o640);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.ends_with(&format!("{PASSWD}\n{LOCALE}\n{GROUP}\n")), "{text}");
    assert!(guest.boot_is_current());
    said("augenrules", &["--load"]);
    assert_eq!(guest.listed(), [PASSWD, LOCALE, GROUP]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_second_run_sends_and_writes_nothing() {
    let guest = plain();
    let request = present("30-identity", &[PASSWD, LOCALE]);
    guest.change(&request);
    let stamps = || {
        guest
            .files()
            .keys()
            .map(|path| fs::metadata(path).unwrap())
            .map(|m| (m.ino(), m.mtime_nsec()))
            .collect::<Vec<_>>()
    };
    let before = stamps();
    let (report, calls) = guest.traced("network,%file,write,ftruncate,fsync,fdatasync", &request);
    assert_eq!((&report["changed"], &report["outcome"]), (&json!(false), &json!("unchanged")), "{report:#}");
    assert_eq!(report.get("undo"), None);
    assert_eq!(stamps(), before);
    let sent: Vec<&String> = calls.iter().filter(|call| call.contains("sendto(")).collect();
    assert!(sent.iter().any(|call| call.contains("AUDIT_LIST_RULES")), "{calls:#?}");
    for call in calls {
        let asks = ["AUDIT_GET", "AUDIT_GET_FEATURE", "AUDIT_LIST_RULES"];
        let changes = [
            "AUDIT_ADD_RULE",
            "AUDIT_DEL_RULE",
            "AUDIT_SET",
            "rename(",
            "renameat",
            "unlink",
            "fsync",
            "O_WRONLY",
            "O_RDWR",
        ];
        assert!(!changes.iter().any(|word| call.contains(word)), "{call}");
        assert!(!call.contains("sendto(") || asks.iter().any(|word| call.contains(word)), "{call}");
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn check_mode_plans_what_is_then_done_and_touches_nothing() {
    let guest = plain();
    let mut request = present("30-identity", &[PASSWD, LOCALE]);
    let files = guest.files();
    request["check_mode"] = json!(true);
    let planned = guest.request(&request);
    assert_eq!((&planned["changed"], &planned["outcome"]), (&json!(true), &json!("planned")));
    assert_eq!((guest.listed().len(), guest.files()), (0, files));
    request["check_mode"] = json!(false);
    assert_eq!(guest.change(&request)["plan"], planned["plan"]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_changed_key_is_one_load_and_then_one_unload() {
    let guest = plain();
    guest.change(&present("30-identity", &[PASSWD, GROUP]));
    let changed = "-w /etc/group -p wa -k accounts";
    let (report, calls) = guest.traced("sendto", &present("30-identity", &[PASSWD, changed]));
    assert_eq!(steps(&report), expected(&[("load", changed), ("unload", GROUP)]), "{report:#}");
    let sent = |word: &str| -> Vec<usize> { (0..calls.len()).filter(|at| calls[*at].contains(word)).collect() };
    let (loads, unloads) = (sent("AUDIT_ADD_RULE"), sent("AUDIT_DEL_RULE"));
    assert_eq!((loads.len(), unloads.len()), (1, 1), "{calls:#?}");
    assert!(loads < unloads, "{calls:#?}");
    assert_eq!(guest.listed(), [PASSWD, changed]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn undo_brings_back_every_rule_and_every_byte() {
    let guest = plain();
    guest.write("10-by-hand.rules", "# Mine\n-w /etc/hosts -p wa -k names\n");
    said("augenrules", &["--load"]);
    said("auditctl", &["-w", "/etc/hostname", "-p", "wa", "-k", "foreign"]);
    guest.change(&present("30-identity", &[PASSWD, GROUP]));
    let (rules, files) = (guest.listed(), guest.files());
    let requests = [
        present("30-identity", &[LOCALE, PASSWD]),
        json!({"state": "absent", "name": "30-identity"}),
        json!({"state": "exact", "name": "40-policy", "rules": [LOCALE]}),
        json!({"state": "present", "name": "40-policy", "rules": [LOCALE], "control": {"backlog_limit": 4096, "rate_limit": 500}}),
        json!({"state": "loaded", "purge": true}),
    ];
    for request in requests {
        let report = guest.change(&request);
        let undone = guest.request(&report["undo"]);
        assert_eq!((&undone["failed"], &undone["changed"]), (&json!(false), &json!(true)), "{request} {undone:#}");
        assert_eq!(guest.listed(), rules, "{request}");
        assert_eq!(guest.files(), files, "{request}");
        assert_eq!((guest.setting("backlog_limit"), guest.setting("rate_limit")), ("8192".to_owned(), "0".to_owned()));
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn undo_of_a_host_that_changed_since_is_refused() {
    let guest = plain();
    let report = guest.change(&present("30-identity", &[PASSWD, GROUP]));
    said("auditctl", &["-W", "/etc/group", "-p", "wa", "-k", "identity"]);
    let refused = guest.request(&report["undo"]);
    assert_eq!((kinds(&refused), &refused["changed"]), (vec!["host_changed"], &json!(false)));
    assert_eq!(guest.listed(), [PASSWD]);
    let mut forced = report["undo"].clone();
    forced["force"] = json!(true);
    guest.change(&forced);
    assert_eq!(guest.listed(), [""; 0]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn what_is_absent_leaves_kernel_files_and_next_boot() {
    let guest = plain();
    guest.change(&present("30-identity", &[PASSWD, GROUP]));
    guest.change(&present("40-locale", &[LOCALE]));
    let absent = json!({"state": "absent", "name": "30-identity"});
    guest.change(&absent);
    guest.nothing_to_do(&absent);
    assert_eq!(guest.listed(), [LOCALE]);
    assert!(!Path::new(RULES_D).join("30-identity.rules").exists());
    assert!(guest.boot_is_current());
}
