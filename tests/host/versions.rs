//! Rules that some version of auditctl loaded are no drift, whatever it makes of the letters of `perm=`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value as Json, json};

use super::guest::{Guest, plain, present, said, steps};

/// How many rules the policy has.
const RULES: usize = 120;
const PERMISSIONS: [&str; 6] = ["wa", "rwxa", "x", "w", "a", "r"];

/// A policy as people have it: a third watches, a third with `perm=` after `arch=`, a third system calls.
fn policy() -> Vec<String> {
    (0..RULES).map(line).collect()
}

fn line(n: usize) -> String {
    let perm = PERMISSIONS[n / 3 % PERMISSIONS.len()];
    match n % 3 {
        0 => format!("-w /etc/policy-{n} -p {perm} -k watch-{n}"),
        1 => format!("-a always,exit -F arch=b64 -F path=/etc/policy-{n} -F perm={perm} -F auid>=1000 -F key=path-{n}"),
        _ => {
            format!("-a always,exit -F arch=b64 -S fchmod,fchmodat,fchownat -F auid>=1000 -F auid!=-1 -F key=calls-{n}")
        }
    }
}

/// The policy as a version of auditctl loads it that puts these system calls after the letters of `perm=`.
fn narrowed(calls: &dyn Fn(char) -> Vec<String>) -> Vec<String> {
    let after_arch = "-F arch=b64 -F path=";
    let lines = policy().into_iter().enumerate().map(|(n, line)| {
        let letters = PERMISSIONS[n / 3 % PERMISSIONS.len()].chars();
        let mut names: Vec<String> = letters.flat_map(calls).collect();
        names.sort();
        names.dedup();
        line.replace(after_arch, &format!("-F arch=b64 -S {} -F path=", names.join(",")))
    });
    lines.collect()
}

/// Has the guest's auditctl load lines in place of all that is loaded; gives what it says.
fn load(lines: &[String]) -> String {
    let path = "/tmp/versions.rules";
    fs::write(path, format!("-D\n{}\n", lines.join("\n"))).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    said("auditctl", &["-R", path])
}

/// Has the kernel hold what another version of auditctl would have loaded. That of the guest may not know the calls; then
/// it is done by our own hand.
fn load_as_another(guest: &Guest, lines: &[String]) {
    let answer = load(lines);
    if guest.listed().len() != RULES {
        assert!(answer.contains("Syscall name unknown"), "{answer}");
        said("auditctl", &["-D"]);
        let report = guest.request(&json!({"name": "99-versions", "rules": lines, "target": "runtime"}));
        assert_eq!(report["failed"], json!(false), "{report:#}");
    }
    assert_eq!(guest.listed().len(), RULES);
}

/// The guest with auditing on: a kernel that records nothing would be drift by itself.
fn recording() -> Guest {
    let guest = plain();
    said("auditctl", &["-e", "1"]);
    guest
}

fn is_no_drift(guest: &Guest, request: &Json, whose: &str) {
    let mut planned = request.clone();
    planned["check_mode"] = json!(true);
    let report = guest.request(&planned);
    assert_eq!(report["changed"], json!(false), "{whose}: {report:#}");
    guest.nothing_to_do(request);
    guest.nothing_to_do(&json!({"state": "loaded", "purge": true}));
    let gathered = guest.request(&json!({"operation": "gather"}));
    assert_eq!(gathered["in_sync"], json!(true), "{whose}: {:#}", gathered["drift"]);
}

/// The tables of auditctl's versions: what stands after a letter.
fn tables() -> Json {
    serde_json::from_str(include_str!("../reference/perm-syscalls.json")).unwrap()
}

fn texts(value: &Json) -> Vec<String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    value.as_array().unwrap_or_else(|| panic!("no list: {value}")).iter().map(text).collect()
}

#[test]
#[ignore = "needs a guest: make test"]
fn what_any_version_of_auditctl_makes_of_permissions_is_no_drift() {
    let guest = recording();
    let machine = said("uname", &["-m"]).trim().to_owned();
    let request = present("30-policy", &policy());
    let report = guest.change(&request);
    assert_eq!(report["rules"]["loaded"], json!(RULES));
    is_no_drift(&guest, &request, "our own");

    let tables = tables();
    let mut tried = 0;
    // Up to 4.0.3 auditctl refuses a rule whose permission stands for a system call that the machine lacks.
    let is_refused = machine == "aarch64" || machine == "riscv64";
    if !is_refused {
        let answer = load(&policy());
        assert_eq!(guest.listed().len(), RULES, "{answer}");
        is_no_drift(&guest, &request, "the guest's own auditctl");
        let era = tables["eras"].as_array().unwrap().iter().find(|era| era["versions"].to_string().contains("3.1.5"));
        let names = era.unwrap()["names"].clone();
        load_as_another(&guest, &narrowed(&|letter| texts(&names[letter.to_string()])));
        is_no_drift(&guest, &request, "3.1.5 and 4.0");
        tried += 2;
    }
    let newest = &tables["masks_4_2_2"][&machine];
    assert!(newest.is_object(), "no table for {machine}");
    load_as_another(&guest, &narrowed(&|letter| texts(&newest[letter.to_string()])));
    is_no_drift(&guest, &request, "4.2");
    assert!(tried == 2 || is_refused);
}

#[test]
#[ignore = "needs a guest: make test"]
fn one_system_call_taken_out_by_hand_is_drift() {
    let guest = recording();
    let request = present("30-policy", &policy());
    guest.change(&request);
    let loaded = guest.listed_as_set();
    let narrow_call = "-a always,exit -F arch=b64 -S fchmod,fchmodat -F auid>=1000 -F auid!=-1 -F key=calls-59";
    let narrow_path =
        "-a always,exit -F arch=b64 -S fchown -F path=/etc/policy-1 -F perm=wa -F auid>=1000 -F key=path-1";
    // From 3.1.3 on auditctl puts its own table after `perm=`, whatever it is told.
    let narrows = !said("auditctl", &["-v"]).contains(" 3.0");
    for (n, narrow) in [(59, narrow_call), (1, narrow_path)].into_iter().take(if narrows { 1 } else { 2 }) {
        let right = line(n);
        let delete = right.replacen("-a ", "-d ", 1);
        said("auditctl", &delete.split(' ').collect::<Vec<_>>());
        said("auditctl", &narrow.split(' ').collect::<Vec<_>>());
        assert_eq!(guest.listed().len(), RULES, "the guest holds {narrow} in the place of {right}");
        assert_ne!(guest.listed_as_set(), loaded);
        let gathered = guest.request(&json!({"operation": "gather"}));
        assert_eq!(gathered["in_sync"], json!(false));
        assert_eq!(gathered["drift"]["missing_in_runtime"][0]["line"], json!(n + 2), "{:#}", gathered["drift"]);
        let mut exact = json!({"state": "loaded", "purge": true});
        let report = guest.change(&exact);
        assert_eq!(steps(&report).len(), 2, "{report:#}");
        assert_eq!(guest.listed_as_set(), loaded);
        exact["check_mode"] = json!(true);
        guest.nothing_to_do(&exact);
        is_no_drift(&guest, &request, "repaired");
    }
}
