//! Runs whose files are not those of the host whose kernel answers: in a mount namespace of their own, and in a chroot.

use std::fs;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::guest::{AUDIT_RULES, Guest, RULES_D, kinds, plain, present, report, said, started};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const FOREIGN: &str = "-w /etc/hosts -p wa -k foreign";
/// Another system, with the executable in it.
const IMAGE: &str = "/image";

/// A guest whose kernel holds a rule that no drop-in holds, and which has another system below [`IMAGE`].
fn guarded() -> Guest {
    let guest = plain();
    said("auditctl", &["-w", "/etc/hosts", "-p", "wa", "-k", "foreign"]);
    assert_eq!(guest.listed(), [FOREIGN]);
    let _ = fs::remove_dir_all(IMAGE);
    for directory in ["etc/audit/rules.d", "run", "proc", "usr/bin"] {
        fs::create_dir_all(format!("{IMAGE}/{directory}")).unwrap();
    }
    fs::write(format!("{IMAGE}/etc/passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
    fs::copy(AUDIT_RULES, format!("{IMAGE}/usr/bin/audit_rules")).unwrap();
    guest
}

fn within(command: &[&str], request: &Json) -> Json {
    let (program, arguments) = command.split_first().unwrap();
    report(&started(Command::new(program).args(arguments), request).wait_with_output().unwrap())
}

fn with(request: &Json, more: &Json) -> Json {
    let mut request = request.clone();
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

/// An exact policy would unload the host's rule.
fn exact() -> Json {
    with(&present("30-identity", &[PASSWD]), &json!({"state": "exact"}))
}

/// Files are managed, and the kernel is not touched; who insists on it gets the remedy.
fn leaves_the_kernel_alone(guest: &Guest, command: &[&str], why: &str) {
    for target in ["both", "runtime"] {
        let refused = within(command, &with(&exact(), &json!({"target": target})));
        assert_eq!((kinds(&refused), &refused["changed"]), (vec!["no_kernel"], &json!(false)), "{refused:#}");
        assert!(refused["errors"][0]["message"].as_str().unwrap().contains(why), "{refused:#}");
        assert!(refused["errors"][0]["hint"].as_str().unwrap().contains("kernel: host"), "{refused:#}");
    }
    let applied = within(command, &exact());
    assert_eq!(
        (&applied["outcome"], &applied["runtime"]["managed"]),
        (&json!("applied"), &json!(false)),
        "{applied:#}"
    );
    assert!(applied["runtime"]["reason"].as_str().unwrap().contains(why), "{applied:#}");
    assert_eq!(applied["warnings"].as_array().unwrap().len(), 1, "{applied:#}");
    assert_eq!(guest.listed(), [FOREIGN]);
    let gathered = within(command, &json!({"operation": "gather"}));
    assert_eq!(gathered["runtime"]["managed"], json!(false), "{gathered:#}");
}

/// Does something with `/proc` mounted in the image.
fn with_proc(work: impl FnOnce()) {
    said("mount", &["-t", "proc", "proc", "/image/proc"]);
    work();
    said("umount", &["/image/proc"]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn in_a_mount_namespace_only_files_are_managed_unless_the_kernel_is_meant() {
    let guest = guarded();
    let command = ["unshare", "--mount", AUDIT_RULES];
    leaves_the_kernel_alone(&guest, &command, "another mount namespace than process 1");
    let meant = within(&command, &with(&exact(), &json!({"kernel": "host"})));
    assert_eq!((&meant["outcome"], &meant["runtime"]["managed"]), (&json!("applied"), &json!(true)), "{meant:#}");
    assert_eq!(guest.listed(), [PASSWD]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn in_a_chroot_only_files_are_managed_with_proc_and_without() {
    let guest = guarded();
    let command = ["chroot", IMAGE, "/usr/bin/audit_rules"];
    leaves_the_kernel_alone(&guest, &command, "process 1 cannot be looked at");
    let _ = fs::remove_file(format!("{IMAGE}{RULES_D}/30-identity.rules"));
    with_proc(|| leaves_the_kernel_alone(&guest, &command, "is not that of process 1"));
    assert!(guest.files().iter().all(|file| !format!("{file:?}").contains("30-identity")));
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_chroot_that_has_the_hosts_root_manages_the_host() {
    let guest = guarded();
    fs::create_dir_all(format!("{IMAGE}/host")).unwrap();
    said("mount", &["--rbind", "/", "/image/host"]);
    with_proc(|| {
        let command = ["chroot", IMAGE, "/usr/bin/audit_rules"];
        let request =
            with(&present("30-identity", &[PASSWD]), &json!({"root": "/host", "kernel": "host", "target": "both"}));
        let applied = within(&command, &request);
        assert_eq!(applied["outcome"], json!("applied"), "{applied:#}");
        assert_eq!(guest.listed(), [FOREIGN, PASSWD]);
        guest.nothing_to_do(&present("30-identity", &[PASSWD]));
        let undone = within(&command, &applied["undo"]);
        assert_eq!(undone["outcome"], json!("applied"), "{undone:#}");
        assert_eq!(guest.listed(), [FOREIGN]);
        let other = within(&command, &with(&request, &json!({"root": "/usr"})));
        assert_eq!(kinds(&other), ["root_is_not_the_host"], "{other:#}");
    });
    // Busybox knows no --recursive.
    said("umount", &["-l", "/image/host"]);
}
