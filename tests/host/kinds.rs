//! Kinds of rules and settings that only a real kernel can judge.

use std::fs;

use serde_json::json;

use super::guest::{kinds, plain, present, said};

#[test]
#[ignore = "needs a guest: make test"]
fn every_kind_of_rule_is_what_the_guests_auditctl_would_load() {
    let guest = plain();
    fs::create_dir_all("/srv/tree").unwrap();
    let rules = [
        "-w /etc/ -p wa -k directory",
        "-w /srv/tree -p rwxa -k directory",
        "-a always,exit -F dir=/etc/audit -F perm=wa -F key=dir",
        "-a always,exit -F path=/etc/shadow -F perm=r -F auid>=1000 -F auid!=unset -k shadow",
        "-a always,exit -F arch=b64 -S execve -F exe=/usr/bin/strace -k traced",
        "-a always,exit -F arch=b64 -S execve -C uid!=euid -F auid!=-1 -k emulation",
        "-a always,exit -F arch=b32 -S open,openat -F exit=-EACCES -F success=0 -k access",
        "-a always,exit -F arch=b64 -S all -F pid=1 -k init",
        "-a always,exit -F arch=b64 -S connect -F saddr_fam=2 -k network",
        "-a always,exit -F arch=b64 -S mount -F a0!=0 -F a1&=4 -k mount",
        "-a never,exclude -F msgtype=CWD",
        "-a never,user -F uid=0",
        "-a never,filesystem -F fstype=debugfs",
        "-A exit,always -F arch=b64 -S fchmod -k first",
    ];
    let request = present("30-kinds", &rules);
    guest.change(&request);
    guest.nothing_to_do(&request);
    let listed = guest.listed();
    assert_eq!(listed.len(), rules.len(), "{listed:#?}");
    let answer = said("augenrules", &["--load"]);
    assert!(!answer.contains("rror"), "{answer}");
    assert_eq!(guest.listed(), listed);
    guest.nothing_to_do(&request);
    guest.change(&json!({"state": "absent", "name": "30-kinds"}));
    assert_eq!(guest.listed(), [""; 0]);
    fs::remove_dir_all("/srv").unwrap();
}

#[test]
#[ignore = "needs a guest: make test"]
fn an_io_uring_rule_is_loaded_where_the_kernel_has_that_list() {
    let guest = plain();
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().unwrap_or_default());
    let kernel = (numbers.next().unwrap(), numbers.next().unwrap());
    let mut request = present("30-ring", &["-a always,io_uring -S openat,unlinkat -k ring"]);
    // Not every auditctl that comes with such a kernel knows the list.
    request["compile"] = json!("never");
    if kernel >= (5, 16) {
        guest.change(&request);
        guest.nothing_to_do(&request);
        assert_eq!(guest.listed().len(), 1);
        guest.change(&json!({"state": "absent", "name": "30-ring"}));
        assert_eq!(guest.listed(), [""; 0]);
    } else {
        assert_eq!(guest.request(&request)["failed"], json!(true));
        assert_eq!(guest.listed(), [""; 0]);
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_rule_that_the_kernel_refuses_is_found_before_anything_changes() {
    let guest = plain();
    guest.change(&present("10-before", &["-w /etc/hosts -p wa -k names"]));
    let (rules, files) = (guest.listed(), guest.files());
    for refused in [&["-F", "pid&1"][..], &["-F", "uid=-1"], &["-F", "path=/etc/audit/"], &["-F", "dir!=/etc"]] {
        let line = format!("-a always,exit {}", refused.join(" "));
        let report = guest.request(&present("30-refused", &["-w /etc/passwd -p wa -k identity", &line]));
        assert_eq!((&report["failed"], &report["changed"]), (&json!(true), &json!(false)), "{line}");
        assert_eq!(kinds(&report), ["kernel_refuses"], "{report:#}");
        assert_eq!((guest.listed(), guest.files()), (rules.clone(), files.clone()), "{line}");
        let witness = said("auditctl", &[&["-a", "always,exit"], refused].concat());
        assert!(witness.contains("rror"), "auditctl takes {line}: {witness}");
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn settings_are_read_back_by_auditctl() {
    let guest = plain();
    let settings = ["enabled", "failure", "backlog_limit", "backlog_wait_time", "rate_limit"];
    let now = || settings.map(|name| guest.setting(name));
    let before = now();
    let request = json!({"name": "10-settings", "control": {
        "enabled": "off", "failure": "silent", "backlog_limit": 4321, "backlog_wait_time": 123, "rate_limit": 1000,
    }});
    let report = guest.change(&request);
    assert_eq!(now(), ["0", "0", "4321", "123", "1000"]);
    guest.nothing_to_do(&request);
    guest.change(&report["undo"]);
    assert_eq!(now(), before);
}
