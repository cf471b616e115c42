//! What a run touches besides the files of its plan, by its system calls: nothing.

use std::fs;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::guest::{AUDIT_RULES, RULES_D, present, report, started};
use super::traps::{clear, host};

/// Calls that change files, start programs or speak to somebody; a machine that lacks one does without.
const CALLS: &str = "?open,?creat,openat,?openat2,?rename,?renameat,renameat2,?link,linkat,?symlink,symlinkat,?unlink,unlinkat,\
    ?mkdir,mkdirat,?rmdir,?mknod,mknodat,truncate,ftruncate,fallocate,?chmod,fchmodat,?chown,?lchown,fchownat,utimensat,\
    setxattr,lsetxattr,removexattr,execve,execveat,?fork,?vfork,clone,?clone3,socket,connect,sendto,mount,kill,tgkill";

/// The directory, as strace tells it of a descriptor, and the name after it: `3</etc/audit>, "name"`.
fn places(line: &str) -> Vec<(&str, &str)> {
    let descriptors = line.split('<').skip(1).filter_map(|rest| rest.split_once(">, \""));
    descriptors.filter_map(|(directory, rest)| Some((directory, rest.split_once('"')?.0))).collect()
}

/// Whether a call is one that this run may make.
fn is_planned(line: &str, names: &[&str]) -> bool {
    let call = line.split_whitespace().nth(1).unwrap_or_default();
    let own = ["/etc/audit", RULES_D, "/run/audit_rules"];
    let is_own = |(directory, name): (&str, &str)| {
        own.contains(&directory) && (name.starts_with(".audit_rules-") || names.contains(&name))
    };
    let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"].iter().any(|flag| line.contains(flag));
    match call.split('(').next().unwrap_or_default() {
        "open" | "openat" if !writes => true,
        "openat" => line.contains("/sys/kernel/rcu_expedited\", O_WRONLY") || places(line).into_iter().all(is_own),
        "renameat" | "renameat2" | "unlinkat" => !places(line).is_empty() && places(line).into_iter().all(is_own),
        "mkdirat" => line.contains("</run>, \"audit_rules\", 0700"),
        "socket" => line.contains("AF_NETLINK") && line.contains("NETLINK_AUDIT"),
        "sendto" => line.contains("nl_pid=0") || line.contains("{nlmsg_len=") || line.contains("{{len="),
        "execve" => line.contains("/audit_rules\""),
        "+++" => true,
        _ => false,
    }
}

/// The report, and the calls of a run that it may not make.
fn stray(request: &Json, names: &[&str]) -> (Json, usize, Vec<String>) {
    let trace = "/tmp/trace.reach";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "--seccomp-bpf", "-o", trace, "-e", &format!("trace={CALLS}"), AUDIT_RULES]);
    let report = report(&started(&mut strace, request).wait_with_output().unwrap());
    let calls = fs::read_to_string(trace).unwrap();
    let stray = calls.lines().filter(|line| !is_planned(line, names)).map(str::to_owned).collect();
    (report, calls.lines().count(), stray)
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_run_touches_no_file_but_those_of_its_plan_and_starts_nothing() {
    clear();
    let _guest = host();
    let own = ["lock", "journal", "waiting", "watched", "30-own.rules", "audit.rules", "audit.rules.prev"];
    let mut change = present("30-own", &["-w /etc/passwd -p wa -k identity"]);
    change["expedite"] = json!("always");
    change["control"] = json!({"rate_limit": 500});
    let refused = present("30-own", &["-w /etc/passwd -p wa -k identity", "-a always,exit -S no_such_call_at_all"]);
    let requests = [
        (change.clone(), "applied"),
        (change, "unchanged"),
        (refused, "failed"),
        (json!({"state": "absent", "name": "30-own"}), "applied"),
    ];
    for (request, outcome) in requests {
        let (report, count, stray) = stray(&request, &own);
        assert_eq!(report["outcome"], json!(outcome), "{report:#}");
        assert!(count > 1, "{outcome}");
        assert!(stray.is_empty(), "{outcome}: {stray:#?}");
    }
    let (report, _, stray) = stray(&json!({"operation": "gather"}), &[]);
    assert_eq!(report["failed"], json!(false), "{report:#}");
    assert!(stray.is_empty(), "gather: {stray:#?}");
}
