//! The kernel's count of lost records is set back to zero, and told.

use audit_rules::kernel::model::{Call, Fault};
use audit_rules::kernel::{Errno, KernelError};
use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";

/// A host whose kernel lost seven records.
fn host() -> Host {
    let mut host = Host::new();
    host.kernel = host.kernel.clone().with_status(|status| status.lost = 7);
    host
}

fn present(more: &Json) -> Json {
    let mut request = json!({"name": "30-identity", "rules": [PASSWD], "reset_lost": true});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[test]
fn the_report_has_the_count_that_was_reset_which_is_no_change() {
    let mut host = host();
    let report = host.answer(&present(&json!({})));
    assert_eq!((&report["outcome"], &report["reset_lost"]), (&json!("applied"), &json!(7)), "{report:#}");
    assert_eq!(host.kernel.state().lost, 0);
    host.kernel = host.kernel.clone().with_status(|status| status.lost = 3);
    let report = host.answer(&present(&json!({})));
    assert_eq!((&report["changed"], &report["reset_lost"]), (&json!(false), &json!(3)), "{report:#}");
    assert_eq!(host.answer(&present(&json!({})))["reset_lost"], json!(0));
    let report = host.answer(&json!({"state": "loaded"}));
    assert_eq!(report.get("reset_lost"), None, "{report:#}");
}

#[test]
fn check_mode_resets_nothing_and_neither_does_a_run_that_failed() {
    let mut host = host();
    let report = host.answer(&present(&json!({"check_mode": true})));
    assert_eq!((&report["outcome"], report.get("reset_lost")), (&json!("planned"), None), "{report:#}");
    let error = KernelError::Refused { request: "AUDIT_ADD_RULE", errno: Errno::ENOMEM };
    host.kernel.fault(Fault::Fail { call: Some(Call::Change), nth: 1, error });
    let report = host.answer(&present(&json!({})));
    assert_eq!((&report["failed"], report.get("reset_lost")), (&json!(true), None), "{report:#}");
    assert_eq!(host.kernel.state().lost, 7);
}

#[test]
fn a_kernel_that_cannot_reset_its_count_is_an_error_before_anything_is_changed() {
    let mut host = host();
    host.kernel = host.kernel.clone().with_status(|status| status.feature_bitmap = Some(0x5f));
    for more in [json!({}), json!({"check_mode": true})] {
        let report = host.answer(&present(&more));
        assert_eq!((kinds(&report), &report["errors"][0]["pointer"]), (vec!["unsupported"], &json!("/reset_lost")));
    }
    let report = host.answer(&present(&json!({"root": "/"})));
    assert_eq!(kinds(&report), ["unsupported"]);
    assert!(host.listed().is_empty() && !host.path("/etc/audit/rules.d/30-identity.rules").exists());
    host.directory("/image");
    assert_eq!(kinds(&host.answer(&present(&json!({"root": "/image"})))), ["no_kernel"]);
}

#[test]
fn a_locked_kernel_resets_its_count_while_the_rules_wait_for_the_next_boot() {
    let mut host = host();
    host.kernel = host.kernel.clone().with_status(|status| status.enabled = 2);
    let report = host.answer(&present(&json!({})));
    assert_eq!((&report["outcome"], &report["reset_lost"]), (&json!("staged"), &json!(7)), "{report:#}");
}

#[test]
fn a_refused_reset_is_a_warning() {
    let mut host = host();
    let error = KernelError::Refused { request: "AUDIT_SET", errno: Errno::EPERM };
    host.kernel.fault(Fault::Fail { call: Some(Call::ResetLost), nth: 1, error });
    let report = host.answer(&present(&json!({})));
    assert_eq!((&report["outcome"], report.get("reset_lost")), (&json!("applied"), None), "{report:#}");
    assert!(report["warnings"].to_string().contains("the count of lost records was not reset"), "{report:#}");
}
