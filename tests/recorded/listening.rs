//! Events from the kernel, as they come.

use std::time::Duration;

use audit_rules::kernel::model::{Played, Sound};
use audit_rules::kernel::{Errno, KernelError};
use serde_json::{Value as Json, json};

use crate::project::host::Host;
use crate::requests::answer;

/// Seconds since 1970.
const BEGIN: u64 = 1_795_946_400;
const RULES: [&str; 2] = ["-w /etc/passwd -p wa -k identity", "-w /etc/group -p wa -k group"];

fn record(serial: u32, number: u16, fields: &str) -> Sound {
    Sound::Record(number, format!("audit({BEGIN}.100:{serial}): {fields}"))
}

/// A file that was opened for writing, whole.
fn write(serial: u32, path: &str, key: &str) -> Vec<Sound> {
    let call = format!(
        "arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=241 a3=1b6 items=1 ppid=1 pid=7 auid=1000 uid=0 \
         gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=2 comm=\"vi\" exe=\"/usr/bin/vi\" key=\"{key}\""
    );
    let file = format!("item=0 name=\"{path}\" inode=12 dev=fd:01 mode=0100644 ouid=0 ogid=0 nametype=NORMAL");
    vec![
        record(serial, 1300, &call),
        record(serial, 1307, "cwd=\"/\""),
        record(serial, 1302, &file),
        record(serial, 1327, "proctitle=7669"),
        record(serial, 1320, ""),
    ]
}

fn host(sounds: impl IntoIterator<Item = Sound>) -> Host {
    let mut host = Host::new();
    let applied = answer(&mut host, &json!({"name": "30-x", "rules": RULES}));
    assert_eq!(applied["outcome"], json!("applied"), "{applied:#}");
    host.listener = Some(Played::new(sounds, Duration::from_millis(BEGIN * 1000 + 107)));
    host
}

fn listened(host: &mut Host, more: &Json) -> Json {
    let mut request = json!({"operation": "events"});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer(host, &request)
}

fn pause(milliseconds: u64) -> Sound {
    Sound::Pause(Duration::from_millis(milliseconds))
}

#[test]
fn what_the_kernel_sends_is_told_with_the_rule_that_recorded_it() {
    let sounds = [write(501, "/etc/passwd", "identity"), vec![pause(300)], write(502, "/etc/group", "group")].concat();
    let mut host = host(sounds);
    let report = listened(&mut host, &json!({}));
    assert_eq!((&report["changed"], &report["msg"]), (&json!(false), &json!("2 of 2 events kept")), "{report:#}");
    let rules: Vec<&Json> = report["events"].as_array().unwrap().iter().map(|event| &event["rule"]["rule"]).collect();
    assert_eq!(rules, RULES);
    assert_eq!(report["by_key"][0]["key"], json!("group"));
    let listening = &report["listening"];
    assert_eq!(listening["milliseconds"], json!(10_000));
    assert_eq!(listening["latency"], json!({"p50_ms": 7, "p99_ms": 307}));
    assert_eq!((&listening["enabled"], &listening["kernel_lost"]), (&json!(1), &json!({"before": 0, "after": 0})));
    assert_eq!(report.get("logs"), None);
}

#[test]
fn listening_ends_after_its_time_or_enough_events_and_not_before() {
    let two =
        || [write(501, "/etc/passwd", "identity"), vec![pause(4_000)], write(502, "/etc/group", "group")].concat();
    let rows = [
        (json!({"seconds": 3}), 1, 3_000),
        (json!({"seconds": 30}), 2, 30_000),
        (json!({"count": 1}), 1, 0),
        (json!({"count": 1, "match": [{"keep": {"key": "group"}}]}), 1, 4_000),
    ];
    for (more, kept, milliseconds) in rows {
        let report = listened(&mut host(two()), &more);
        let told = (&report["counters"]["kept"], &report["listening"]["milliseconds"]);
        assert_eq!(told, (&json!(kept), &json!(milliseconds)), "{more}: {report:#}");
    }
}

#[test]
fn an_event_whose_end_does_not_come_is_told_after_a_while_and_no_own_listening_is() {
    let mut sounds = write(501, "/etc/passwd", "identity");
    sounds.truncate(3);
    let pid = std::process::id();
    sounds.push(record(502, 1335, &format!("pid={pid} uid=0 auid=0 tty=pts0 ses=1 nl-mcgrp=1 op=connect res=1")));
    sounds.push(record(
        502,
        1300,
        &format!("arch=c000003e syscall=49 success=yes exit=0 pid={pid} exe=\"/x\" key=(null)"),
    ));
    sounds.push(record(503, 1335, "pid=1 uid=0 auid=0 tty=pts0 ses=1 nl-mcgrp=1 op=connect res=1"));
    sounds.push(Sound::Record(1300, "no stamp".to_owned()));
    let report = listened(&mut host(sounds), &json!({"seconds": 5}));
    let serials: Vec<&Json> = report["events"].as_array().unwrap().iter().map(|event| &event["serial"]).collect();
    assert_eq!(serials, [&json!(501), &json!(503)], "{report:#}");
    let own = &report["listening"];
    assert_eq!((&own["own_events"], &own["own_records"]), (&json!(1), &json!(2)));
    assert_eq!(report["counters"]["records"], json!(4), "{report:#}");
    assert_eq!((&report["counters"]["malformed"], &report["malformed"][0]["file"]), (&json!(1), &json!("kernel")));
}

#[test]
fn what_was_lost_on_the_way_is_counted_and_told() {
    let sounds = [vec![Sound::Loss, Sound::Loss], write(501, "/etc/passwd", "identity")].concat();
    let report = listened(&mut host(sounds), &json!({}));
    assert_eq!(report["listening"]["socket_drops"], json!(2));
    assert_eq!(report["msg"], json!("1 of 1 event kept; 2 lost on the way here"));
}

#[test]
fn a_kernel_that_is_off_is_told_and_one_that_fails_ends_the_run() {
    let mut off = host([]);
    off.kernel = off.kernel.clone().with_status(|status| status.enabled = 0);
    let report = listened(&mut off, &json!({"seconds": 1}));
    assert!(report["warnings"][0].as_str().unwrap().starts_with("auditing is off"), "{report:#}");
    let error = KernelError::Transport { call: "recvmsg", errno: Errno::EBADF };
    let report = listened(&mut host([Sound::Failure(error)]), &json!({}));
    assert_eq!((&report["failed"], &report["changed"]), (&json!(true), &json!(false)), "{report:#}");
}

#[test]
fn what_only_a_log_has_is_refused_beside_the_kernel() {
    let rows = [
        (json!({"source": "kernel", "since": "2026-11-29T00:00:00Z"}), "/since"),
        (json!({"source": "kernel", "files": [{"name": "a", "text": ""}]}), "/files"),
        (json!({"source": "log", "seconds": 3}), "/seconds"),
        (json!({"until": 5, "seconds": 3}), "/seconds"),
        (json!({"seconds": 3601}), "/seconds"),
        (json!({"seconds": 0}), "/seconds"),
    ];
    for (more, pointer) in rows {
        let mut host = host([]);
        let report = listened(&mut host, &more);
        assert_eq!(report["errors"][0]["pointer"], json!(pointer), "{more}: {report:#}");
    }
}
