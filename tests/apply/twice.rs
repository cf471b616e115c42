//! A rule that the kernel holds twice, because somebody has loaded it with `-A` and then with `-a`.

use serde_json::json;

use audit_rules::kernel::model::Fault;

use crate::faults::timeout;
use crate::host::Host;

const RULE: &str = "-w /etc/passwd -p wa -k identity";
const DROP_IN: &str = "/etc/audit/rules.d/30-identity.rules";

#[test]
fn undo_restores_once_what_the_kernel_held_twice_and_says_so() {
    let others = ["-w /etc/group -p wa -k group", "-w /etc/hosts -p wa -k hosts"];
    // The kernel appends no copy of a rule that it holds.
    for kernel in
        [[others[0], RULE, others[1], RULE], [others[0], others[1], RULE, RULE], [RULE, others[0], others[1], RULE]]
    {
        let mut host = Host::new();
        host.write(DROP_IN, format!("{RULE}\n"));
        host.tell_paths();
        host.load(&kernel);
        let gone = host.answer(&json!({"state": "absent", "name": "30-identity"}));
        assert_eq!((&gone["outcome"], host.listed()), (&json!("applied"), others.map(str::to_owned).to_vec()));

        let back = host.answer(&gone["undo"]);
        assert_eq!(back["outcome"], json!("applied"), "{back:#}");
        let said = format!("`{RULE}` is restored once: the kernel held it twice, and takes no second copy");
        assert_eq!(back["warnings"], json!([said]));
        let mut once = Vec::new();
        for rule in kernel {
            if !once.contains(&rule) {
                once.push(rule);
            }
        }
        assert_eq!(host.listed(), once, "in the place of the first copy, which decides");
        assert_eq!(host.host_file(DROP_IN), format!("{RULE}\n"));
        assert_eq!(host.answer(&gone["undo"])["outcome"], json!("unchanged"));
    }
}

#[test]
fn undo_leaves_both_copies_where_the_change_was_about_something_else() {
    let mut host = Host::new();
    host.tell_paths();
    host.load(&[RULE, "-w /etc/group -p wa -k group", RULE]);
    let before = host.listed();
    let report = host.answer(&json!({"name": "40-hosts", "rules": ["-w /etc/hosts -p wa -k hosts"]}));
    let back = host.answer(&report["undo"]);
    assert_eq!((&back["outcome"], &back["warnings"], host.listed()), (&json!("applied"), &json!([]), before));
}

#[test]
fn a_failed_run_restores_once_what_the_kernel_held_twice() {
    let said = format!("`{RULE}` is restored once: the kernel held it twice, and takes no second copy");
    let others = ["-w /etc/group -p wa -k group", "-w /etc/hosts -p wa -k hosts"];
    let (mut warned, mut is_through) = (0, false);
    for nth in 1..40 {
        let mut host = Host::new();
        host.write(DROP_IN, format!("{RULE}\n"));
        host.tell_paths();
        host.load(&[others[0], RULE, others[1], RULE]);
        let before = host.listed();
        host.kernel.fault(Fault::Fail { call: None, nth, error: timeout() });
        let report = host.answer(&json!({"state": "absent", "name": "30-identity"}));
        host.kernel.mend();
        if report["failed"] == json!(false) {
            is_through = true;
            continue;
        }
        assert_ne!(report["outcome"], json!("stranded"), "{nth}: {report:#}");
        assert_eq!(host.host_file(DROP_IN), format!("{RULE}\n"), "{nth}");
        if report["warnings"].as_array().unwrap().contains(&json!(said)) {
            assert_eq!(report["outcome"], json!("rolled_back"), "{nth}: {report:#}");
            assert_eq!(host.listed(), [others[0], RULE, others[1]], "{nth}: in the place of the first copy");
            warned += 1;
        } else {
            assert_eq!(host.listed(), before, "{nth}: {report:#}");
        }
    }
    assert!(is_through && warned > 0, "{warned}");
}

#[test]
fn a_rule_that_files_add_again_with_prepend_stops_no_boot_load() {
    let mut host = Host::new();
    let (added, again) =
        ("-a always,exit -F arch=b64 -S mount -F key=m", "-A always,exit -F arch=b64 -S mount -F key=m");
    host.write(DROP_IN, format!("{added}\n{again}\n{again}\n{RULE}\n"));
    host.tell_paths();
    let gathered = host.answer(&json!({"operation": "gather"}));
    assert_eq!(gathered["next_boot"], json!({"rules": [added, RULE]}), "{gathered:#}");
    assert_eq!(gathered["filesystem"]["errors"], json!([]));
    let rules = &gathered["filesystem"]["files"][0]["rules"];
    assert!(rules.as_array().unwrap().iter().all(|rule| rule["next_boot"] == json!(true)), "{rules:#}");
    assert_eq!(gathered["drift"]["missing_in_runtime"].as_array().unwrap().len(), 2, "each rule once: {gathered:#}");

    // What the boot makes of it is no drift, and neither is each rule once.
    host.load(&[added, again, again, RULE]);
    assert_eq!(host.kernel.loaded().len(), 4);
    let gathered = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    assert_eq!((&gathered["in_sync"], &gathered["failed"]), (&json!(true), &json!(false)), "{gathered:#}");
    // A further copy is.
    host.load(&[again]);
    let gathered = host.answer(&json!({"operation": "gather"}));
    let drift = &gathered["drift"]["missing_in_filesystem"];
    assert_eq!((drift.as_array().unwrap().len(), &drift[0]["cause"]), (1, &json!("loaded_twice")), "{gathered:#}");
}

#[test]
fn a_rule_appended_again_stops_the_boot_load_whichever_way_the_first_was_added() {
    for first in ["-a", "-A"] {
        let mut host = Host::new();
        let rule = "always,exit -F arch=b64 -S mount -F key=m";
        host.write(DROP_IN, format!("{first} {rule}\n-a {rule}\n{RULE}\n"));
        host.tell_paths();
        let gathered = host.answer(&json!({"operation": "gather"}));
        assert_eq!(gathered["next_boot"]["rules"], json!([format!("-a {rule}")]), "{first}: {gathered:#}");
        assert_eq!(gathered["in_sync"], json!(false));
    }
}

#[test]
fn a_copy_after_the_stop_of_the_boot_load_leaves_its_rule_to_the_line_before() {
    let mut host = Host::new();
    let (added, again) =
        ("-a always,exit -F arch=b64 -S mount -F key=m", "-A always,exit -F arch=b64 -S mount -F key=m");
    host.write(DROP_IN, format!("{added}\n-w /nowhere/x -p wa\n{again}\n-w /etc/hosts -p wa -k hosts\n"));
    host.tell_paths();
    let gathered = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    assert_eq!(gathered["next_boot"]["rules"], json!([added]), "{gathered:#}");
    let lines: Vec<_> = gathered["drift"]["missing_in_runtime"].as_array().unwrap().iter().collect();
    let told = |at: usize| (lines[at]["line"].clone(), lines[at]["next_boot"].clone());
    assert_eq!((lines.len(), told(0), told(2)), (3, (json!(1), json!(true)), (json!(4), json!(false))), "{gathered:#}");
}

#[test]
fn loaded_takes_a_copy_for_a_duplicate_and_fails_where_that_is_asked() {
    let mut host = Host::new();
    let (added, again) =
        ("-a always,exit -F arch=b64 -S mount -F key=m", "-A always,exit -F arch=b64 -S mount -F key=m");
    host.write(DROP_IN, format!("{added}\n{again}\n"));
    host.tell_paths();
    let report = host.answer(&json!({"state": "loaded", "on_duplicate": "fail"}));
    assert_eq!(crate::host::kinds(&report), ["duplicate_rule"], "{report:#}");
    let report = host.answer(&json!({"state": "loaded"}));
    assert_eq!(report["rules"]["deduplicated"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!((&report["outcome"], host.listed()), (&json!("applied"), vec![added.to_owned()]));
    assert_eq!(host.answer(&json!({"state": "loaded"}))["outcome"], json!("unchanged"));
}
