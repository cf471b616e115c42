//! The record that a change leaves in the audit log.

use audit_rules::kernel::access::Absence;
use audit_rules::kernel::model::{Call, Fault, Model};
use audit_rules::kernel::{Errno, KernelError};
use serde_json::{Value as Json, json};

use crate::host::{Host, Reach};
use crate::mortal::{Death, killed};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const GROUP: &str = "-w /etc/group -p wa -k identity";
const END: &str = "exe=\"/usr/libexec/audit_rules\" hostname=? addr=? terminal=?";

fn present(rules: &[&str]) -> Json {
    json!({"name": "30-identity", "rules": rules})
}

fn with_enabled(enabled: u32) -> Host {
    let mut host = Host::new();
    host.kernel = Model::new().with_status(|status| status.enabled = enabled);
    host
}

/// What the record of a change says, without the end that all have.
fn told(report: &Json) -> String {
    let text = report["record"].as_str().unwrap_or_default();
    let (before, after) = text.split_once(&format!(" {END}")).unwrap_or_else(|| panic!("{text:?}: {report:#}"));
    format!("{}{after}", before.strip_prefix("op=apply-audit-rules ").unwrap())
}

#[test]
fn each_change_leaves_one_record_with_drop_ins_counts_and_outcome() {
    let mut host = Host::new();
    host.write("/etc/audit/audit.rules", "");
    let mut records = Vec::new();
    let rows = [
        (
            present(&[PASSWD, GROUP]),
            "state=present drop-ins=\"30-identity\" rules-loaded=2 rules-unloaded=0 settings=0 files=2 outcome=applied res=success",
        ),
        (
            json!({"drop_ins": {"40-b": {"rules": ["-w /etc/hosts -p wa -k b"]}, "50-c": {"rules": [], "control": {"rate_limit": 7}}},
                "allow_empty": true}),
            "state=present drop-ins=\"40-b,50-c\" rules-loaded=1 rules-unloaded=0 settings=1 files=3 outcome=applied res=success",
        ),
        (
            json!({"state": "absent", "name": "40-b"}),
            "state=absent drop-ins=\"40-b\" rules-loaded=0 rules-unloaded=1 settings=0 files=2 outcome=applied res=success",
        ),
    ];
    let mut last = Json::Null;
    for (request, expected) in rows {
        last = host.answer(&request);
        assert_eq!(told(&last), expected);
        records.push(last["record"].as_str().unwrap().to_owned());
        assert_eq!(host.kernel.records(), records);
    }
    let undone = host.answer(&last["undo"]);
    assert_eq!(
        told(&undone),
        "state=restored drop-ins=\"40-b\" rules-loaded=1 rules-unloaded=0 settings=0 files=2 outcome=applied res=success"
    );
}

#[test]
fn nothing_is_recorded_where_nothing_is_changed_or_nobody_wants_it() {
    let mut host = Host::new();
    host.answer(&present(&[PASSWD]));
    let mut check = present(&[GROUP]);
    check["check_mode"] = json!(true);
    let mut quiet = present(&[GROUP]);
    quiet["record"] = json!(false);
    let mut files = present(&[]);
    files["allow_empty"] = json!(true);
    files["target"] = json!("filesystem");
    let refused = present(&["-w relative -p wa"]);
    for request in [present(&[PASSWD]), check, quiet, files, refused, json!({"operation": "gather"})] {
        let report = host.answer(&request);
        assert_eq!((report.get("record"), host.kernel.records().len()), (None, 1), "{request}: {report:#}");
    }
    let mut off = with_enabled(0);
    let mut absent = Host::new();
    absent.reach = Reach::Absent(Absence::NoAuditInKernel);
    for host in [&mut off, &mut absent] {
        let report = host.answer(&present(&[PASSWD]));
        assert_eq!((report.get("record"), &report["changed"]), (None, &json!(true)), "{report:#}");
        assert_eq!(host.kernel.records(), [""; 0]);
    }
}

#[test]
fn a_locked_kernel_takes_the_record_of_what_waits_for_the_boot() {
    let mut host = with_enabled(2);
    let report = host.answer(&present(&[PASSWD]));
    assert_eq!(
        told(&report),
        "state=present drop-ins=\"30-identity\" rules-loaded=0 rules-unloaded=0 settings=0 files=1 outcome=staged res=success"
    );
    assert_eq!(host.kernel.records().len(), 1);
}

#[test]
fn a_change_that_was_taken_back_is_recorded_as_failed() {
    let mut host = Host::new();
    host.kernel.fault(Fault::Refuse { nth: 2, errno: Errno::ENOMEM });
    let report = host.answer(&present(&[PASSWD, GROUP]));
    assert_eq!(report["outcome"], json!("rolled_back"), "{report:#}");
    assert_eq!(
        told(&report),
        "state=present drop-ins=\"30-identity\" rules-loaded=2 rules-unloaded=0 settings=0 files=1 outcome=rolled_back res=failed"
    );
}

#[test]
fn a_kernel_that_refuses_the_record_changes_nothing_but_a_warning() {
    let report = Host::new().answer(&present(&[PASSWD]));
    let mut host = Host::new();
    let error = KernelError::Refused { request: "AUDIT_USYS_CONFIG", errno: Errno::EPERM };
    host.kernel.fault(Fault::Fail { call: Some(Call::Record), nth: 1, error });
    let mut refused = host.answer(&present(&[PASSWD]));
    let warnings = refused["warnings"].as_array_mut().unwrap();
    let warning = warnings.pop().unwrap();
    let warning = warning.as_str().unwrap();
    assert!(
        warning.starts_with("the audit log has no record of the change: ") && warning.contains("EPERM"),
        "{warning}"
    );
    refused["record"] = report["record"].clone();
    assert_eq!(refused, report);
}

#[test]
fn a_run_that_only_takes_back_what_a_killed_one_did_is_recorded() {
    let mut host = Host::new();
    host.answer(&present(&[PASSWD]));
    let mut late = 0;
    for nth in 1.. {
        let mut twin = host.twin();
        let Some(()) = killed(&mut twin, &present(&[PASSWD, GROUP]), Death::Kernel(nth)) else { break };
        let before = twin.kernel.records().len();
        let report = twin.answer(&present(&[PASSWD]));
        let recorded = twin.kernel.records().len() - before;
        assert_eq!(recorded, usize::from(report["changed"] == json!(true)), "killed at {nth}: {report:#}");
        late += recorded;
    }
    assert!(late > 0, "no killed run left anything");
}
