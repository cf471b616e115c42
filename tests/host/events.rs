//! What is recorded, heard of the kernel while it happens.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::guest::{AUDIT_RULES, plain, present, report, said, started};

const PLACE: &str = "/srv/events";

fn shell(line: &str) {
    let status = Command::new("sh").args(["-c", line]).current_dir(PLACE).status().unwrap();
    assert!(status.success(), "{line}");
}

/// The executable with a request for events, once it listens.
pub fn listening(request: &Json) -> Child {
    let child = started(&mut Command::new(AUDIT_RULES), request);
    until(|| unread().is_some(), "nobody listens");
    child
}

/// How much the listener has not read yet, in bytes; none where nobody listens.
pub fn unread() -> Option<u64> {
    let sockets = fs::read_to_string("/proc/net/netlink").unwrap();
    let mut columns = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listener = columns.find(|columns| columns.get(1) == Some(&"9") && columns.get(3) == Some(&"00000001"))?;
    listener.get(4)?.parse().ok()
}

/// Waits until something is so.
pub fn until(is_so: impl Fn() -> bool, otherwise: &str) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < until, "{otherwise}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn what_happens_while_somebody_listens_is_told_with_the_rule_that_recorded_it() {
    let guest = plain();
    let _ = fs::remove_dir_all(PLACE);
    fs::create_dir_all(PLACE).unwrap();
    fs::write(Path::new(PLACE).join("secret"), "").unwrap();
    let rules = [
        format!("-w {PLACE}/secret -p wa -k events-write"),
        format!("-a always,exit -F arch=b64 -S mkdir,mkdirat -F dir={PLACE} -F key=events-make"),
        format!("-a never,exit -F arch=b64 -S rmdir,unlinkat,unlink -F dir={PLACE} -F key=events-never"),
    ];
    guest.change(&present("30-events", &rules.each_ref().map(String::as_str)));
    said("auditctl", &["-e", "1"]);
    let request = json!({
        "operation": "events", "seconds": 60, "count": 2, "records": true,
        "match": [{"keep": {"key": "events-*"}}],
    });
    let child = listening(&request);
    shell("mkdir made; rmdir made; printf x >> secret");
    let report = report(&child.wait_with_output().unwrap());
    assert_eq!(report["failed"], json!(false), "{report:#}");
    let told: Vec<(&Json, &Json)> =
        report["events"].as_array().unwrap().iter().map(|event| (&event["keys"][0], &event["rule"]["line"])).collect();
    assert_eq!(told, [(&json!("events-make"), &json!(3)), (&json!("events-write"), &json!(2))], "{report:#}");
    let written = &report["events"][1];
    assert_eq!((&written["success"], &written["cwd"]), (&json!(true), &json!(PLACE)), "{written:#}");
    let paths = written["paths"].as_array().unwrap();
    assert!(paths.iter().any(|file| file["path"] == json!(format!("{PLACE}/secret"))), "{written:#}");
    assert!(written["records"].as_array().unwrap().len() >= 3, "{written:#}");
    assert_eq!(report["listening"]["enabled"], json!(1));
    assert_eq!(report["counters"]["malformed"], json!(0), "{report:#}");
}

#[test]
#[ignore = "needs a guest: make test"]
fn of_many_events_none_is_missing_that_is_not_counted_as_lost() {
    const MADE: u64 = 1500;
    let guest = plain();
    let _ = fs::remove_dir_all(PLACE);
    fs::create_dir_all(PLACE).unwrap();
    fs::write(Path::new(PLACE).join("secret"), "").unwrap();
    guest.change(&present("30-events", &[&format!("-w {PLACE}/secret -p wa -k events-many")]));
    said("auditctl", &["-e", "1"]);
    let request = json!({
        "operation": "events", "seconds": 120, "count": MADE + 1, "limit": 0,
        "match": [{"keep": {"key": "events-many"}}],
    });
    let child = listening(&request);
    shell(&format!("i=0; while [ $i -lt {MADE} ]; do : >> secret; i=$((i + 1)); done"));
    std::thread::sleep(Duration::from_secs(1));
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(child.id().try_into().unwrap()),
        nix::sys::signal::Signal::SIGTERM,
    )
    .unwrap();
    let report = report(&child.wait_with_output().unwrap());
    let listening = &report["listening"];
    let number = |value: &Json| value.as_u64().unwrap();
    let lost = number(&listening["kernel_lost"]["after"]) - number(&listening["kernel_lost"]["before"])
        + number(&listening["socket_drops"]);
    let kept = number(&report["counters"]["kept"]);
    assert!(kept <= MADE && MADE - kept <= lost, "{report:#}");
    assert_eq!(report["by_rule"][0]["events"], report["counters"]["kept"], "{report:#}");
}
