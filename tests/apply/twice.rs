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
