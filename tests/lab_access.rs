//! What the running kernel says to those who may not manage its audit rules: only in a guest that `make test` boots.

use std::os::unix::process::CommandExt;
use std::process::Command;

use audit_rules::kernel::Errno;
use audit_rules::kernel::access::{self, Absence, Access, Denial};

/// Tells a process of its own what access it shall find.
const EXPECTED: &str = "AUDIT_RULES_LAB_ACCESS";

#[test]
#[ignore = "needs a guest booted with audit=0: make test"]
fn audit_off_at_boot_leaves_only_files_to_manage() {
    let (access, kernel) = access::open(None).unwrap();
    assert_eq!(access, Access::Absent(Absence::NoAuditInKernel, Errno::EPROTONOSUPPORT));
    assert!(kernel.is_none());
}

#[test]
#[ignore = "needs a guest: make test"]
fn namespaces_and_capabilities_decide_who_may_manage_rules() {
    if let Ok(expected) = std::env::var(EXPECTED) {
        let (access, _) = access::open(None).unwrap();
        assert_eq!(format!("{access:?}"), expected);
        return;
    }
    assert!(matches!(access::open(None).unwrap().0, Access::Managed(_)));
    let nobody = 65534;
    let cases: [(&[&str], u32, Access); 3] = [
        (&["-U"], 0, Access::Absent(Absence::NotInitialUserNamespace, Errno::ECONNREFUSED)),
        (&["-p", "-f"], 0, Access::Absent(Absence::ContainerPidNamespace, Errno::EPERM)),
        (&[], nobody, Access::Denied(Denial::MissingCapability, Errno::EPERM)),
    ];
    let this = std::env::current_exe().unwrap();
    for (namespaces, user, expected) in cases {
        let output = Command::new("unshare")
            .args(namespaces)
            .arg(&this)
            .uid(user)
            .args(["--exact", "--ignored", "namespaces_and_capabilities_decide_who_may_manage_rules"])
            .env(EXPECTED, format!("{expected:?}"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{namespaces:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
