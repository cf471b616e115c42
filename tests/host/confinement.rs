//! Runs that the kernel does not let manage audit: without the capability, and in a container's namespaces.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use super::guest::{AUDIT_RULES, Guest, RULES_D, kinds, plain, present, report, said, started};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const FOREIGN: &str = "-w /etc/hosts -p wa -k foreign";
/// Root without one capability. It is taken from the bounding set, since root gets back on exec what that holds.
const WITHOUT_CAPABILITY: [&str; 5] = ["setpriv", "--inh-caps", "-audit_control", "--bounding-set", "-audit_control"];
/// Root of a namespace of its own, as in a container without privilege.
const USER_NAMESPACE: [&str; 3] = ["unshare", "-U", "-r"];
/// The first process of a namespace of its own, as in a container with privilege.
const PID_NAMESPACE: [&str; 3] = ["unshare", "-p", "-f"];

/// A guest whose kernel holds a rule that no drop-in holds.
fn guarded() -> Guest {
    let guest = plain();
    said("auditctl", &["-w", "/etc/hosts", "-p", "wa", "-k", "foreign"]);
    assert_eq!(guest.listed(), [FOREIGN]);
    guest
}

/// Gives a request to the executable inside a confinement.
fn confined(confinement: &[&str], request: &Json) -> Json {
    let (program, arguments) = confinement.split_first().unwrap();
    let mut command = Command::new(program);
    report(&started(command.args(arguments).arg(AUDIT_RULES), request).wait_with_output().unwrap())
}

/// What a shell says inside a confinement.
fn shell(confinement: &[&str], line: &str) -> String {
    let (program, arguments) = confinement.split_first().unwrap();
    let mut command = Command::new(program);
    let output = command.args(arguments).args(["sh", "-c", line]).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn with(request: &Json, key: &str, value: Json) -> Json {
    let mut request = request.clone();
    request[key] = value;
    request
}

/// Files are managed, and the report says why the kernel is not; who insists on the kernel changes nothing.
fn manages_files_alone(confinement: &[&str], why: &str) {
    let guest = guarded();
    let request = present("30-identity", &[PASSWD]);
    let files = guest.files();
    for target in ["both", "runtime"] {
        let refused = confined(confinement, &with(&request, "target", json!(target)));
        assert_eq!((kinds(&refused), &refused["changed"]), (vec!["no_kernel"], &json!(false)), "{target}");
        assert_eq!(refused["errors"][0]["message"], json!(why), "{refused:#}");
        assert_eq!(guest.files(), files, "{target}");
    }
    let planned = confined(confinement, &with(&request, "check_mode", json!(true)));
    assert_eq!((&planned["outcome"], guest.files()), (&json!("planned"), files), "{planned:#}");
    for outcome in ["applied", "unchanged"] {
        let report = confined(confinement, &request);
        assert_eq!(report["outcome"], json!(outcome), "{report:#}");
        assert_eq!(report["runtime"]["managed"], json!(false), "{report:#}");
        assert_eq!(report["runtime"]["reason"], json!(why), "{report:#}");
        assert_eq!(report["plan"]["kernel"], json!([]), "{report:#}");
    }
    let text = fs::read_to_string(Path::new(RULES_D).join("30-identity.rules")).unwrap();
    assert!(text.ends_with(&format!("{PASSWD}\n")), "{text}");
    assert_eq!(guest.listed(), [FOREIGN]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn without_the_capability_a_request_fails_and_touches_nothing() {
    let guest = guarded();
    let effective = shell(&WITHOUT_CAPABILITY, "sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status");
    let effective = u64::from_str_radix(&effective, 16).unwrap();
    // CAP_AUDIT_CONTROL is number 30 of linux/capability.h, CAP_CHOWN number 0.
    assert_eq!((effective >> 30 & 1, effective & 1), (0, 1), "{effective:x}");
    let request = present("30-identity", &[PASSWD]);
    let (files, listed) = (guest.files(), guest.listed());
    for target in ["auto", "both", "runtime"] {
        for check_mode in [true, false] {
            let request = with(&with(&request, "target", json!(target)), "check_mode", json!(check_mode));
            let report = confined(&WITHOUT_CAPABILITY, &request);
            let told = (kinds(&report), report["changed"].clone(), report["outcome"].clone());
            assert_eq!(told, (vec!["permission"], json!(false), json!("failed")), "{report:#}");
            let error = &report["errors"][0];
            let message = "the kernel does not let this process manage audit: it lacks CAP_AUDIT_CONTROL";
            assert_eq!((&error["message"], &error["errno"]), (&json!(message), &json!("EPERM")), "{report:#}");
            assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("become")), "{report:#}");
            assert_eq!((guest.files(), guest.listed()), (files.clone(), listed.clone()), "{request}");
        }
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn without_the_capability_files_alone_are_managed_where_that_is_asked_for() {
    let guest = guarded();
    let request = with(&present("30-identity", &[PASSWD]), "target", json!("filesystem"));
    let report = confined(&WITHOUT_CAPABILITY, &request);
    assert_eq!((&report["outcome"], &report["changed"]), (&json!("applied"), &json!(true)), "{report:#}");
    guest.nothing_to_do(&request);
    assert_eq!(guest.listed(), [FOREIGN]);
}

#[test]
#[ignore = "needs a guest: make test"]
fn in_a_user_namespace_only_files_are_managed() {
    assert_ne!(shell(&USER_NAMESPACE, "readlink /proc/self/ns/user"), shell(&["env"], "readlink /proc/self/ns/user"));
    let why = "this process is not in the host's user namespace, and the kernel answers audit requests from there only";
    manages_files_alone(&USER_NAMESPACE, why);
}

#[test]
#[ignore = "needs a guest: make test"]
fn in_a_pid_namespace_only_files_are_managed() {
    assert_eq!(shell(&PID_NAMESPACE, "echo $$"), "1");
    let why =
        "this process is in a container's process namespace, and the kernel lets only the host's own manage audit";
    manages_files_alone(&PID_NAMESPACE, why);
}
