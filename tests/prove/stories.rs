//! `operation: prove`, on the model of the kernel and what is heard of it.

use std::time::Duration;

use audit_rules::kernel::Errno;
use audit_rules::kernel::model::{Played, Sound};
use audit_rules::trigger::{Failed, Made};
use serde_json::{Value as Json, json};

use crate::project::host::{FIRST_PID, Host};

const BEGIN: u64 = 1_795_946_400;
const RULES: [&str; 3] = [
    "-a always,exit -F arch=b64 -S sethostname -F key=name",
    "-a always,exit -F arch=b64 -S init_module -F key=module",
    "-a always,exit -F arch=b64 -S settimeofday -F key=time",
];
/// The numbers of their calls.
const CALLS: [u32; 3] = [170, 175, 164];

/// What the kernel sends of the call that is made for a rule.
fn event(serial: usize, at: usize, key: &str) -> Vec<Sound> {
    let (pid, call) = (FIRST_PID + u32::try_from(at).unwrap(), CALLS[at]);
    let stamp = format!("audit({BEGIN}.100:{serial}): ");
    let text = format!(
        "{stamp}arch=c000003e syscall={call} success=no exit=-1 a0=0 a1=0 a2=0 a3=0 items=0 ppid=1 pid={pid} auid=1000 \
         uid=65534 gid=65534 euid=65534 suid=65534 fsuid=65534 egid=65534 sgid=65534 fsgid=65534 tty=(none) ses=2 \
         comm=\"exe\" exe=\"/usr/bin/audit_rules\" key=\"{key}\""
    );
    vec![Sound::Record(1300, text), Sound::Record(1320, stamp)]
}

fn host(rules: &[&str], sounds: Vec<Sound>) -> Host {
    let mut host = Host::new();
    let applied = answer(&mut host, &json!({"name": "30-x", "rules": rules}));
    assert_eq!(applied["outcome"], json!("applied"), "{applied:#}");
    // Nothing else is heard before all calls are made.
    let joined =
        Sound::Record(1335, format!("audit({BEGIN}.000:0): pid=1 uid=0 auid=1000 ses=2 nl-mcgrp=1 op=connect res=1"));
    let sounds = [joined, Sound::Pause(Duration::from_millis(5))].into_iter().chain(sounds);
    host.listener = Some(Played::new(sounds, Duration::from_millis(BEGIN * 1000 + 107)));
    host
}

fn answer(host: &mut Host, request: &Json) -> Json {
    serde_json::to_value(host.answer(&request.to_string())).unwrap()
}

fn told(report: &Json) -> Vec<(&str, &str)> {
    let proofs = report["proofs"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    proofs
        .iter()
        .map(|proof| (proof["keys"][0].as_str().unwrap_or(""), proof["verdict"].as_str().unwrap_or("")))
        .collect()
}

#[test]
fn what_is_recorded_under_the_rules_key_proves_it_and_silence_fails_the_others() {
    let sounds = [event(1, 0, "name"), event(2, 2, "time")].concat();
    let report = answer(&mut host(&RULES, sounds), &json!({"operation": "prove"}));
    assert_eq!(told(&report), [("name", "records"), ("module", "silent"), ("time", "records")], "{report:#}");
    assert_eq!((&report["failed"], &report["changed"]), (&json!(true), &json!(false)));
    assert_eq!(report["verdicts"], json!({"records": 2, "silent": 1}));
    assert_eq!(report["errors"][0]["kind"], json!("not_proven"));
    assert_eq!(report["errors"][0]["line"], json!(3), "the place in the drop-in: {report:#}");
    let first = &report["proofs"][0];
    assert_eq!((&first["latency_ms"], &first["record"]["serial"]), (&json!(12), &json!(1)));
    assert_eq!((&first["provoked"][0]["exit"], &first["provoked"][0]["error"]), (&json!(-1), &json!("EPERM")));
}

#[test]
fn an_event_of_another_process_call_or_result_proves_nothing() {
    let [other_pid, other_call, other_result, other_user] =
        [("pid=4000", "pid=4001"), ("syscall=170", "syscall=171"), ("exit=-1", "exit=0"), ("euid=65534", "euid=0")];
    for (from, to) in [other_pid, other_call, other_result, other_user] {
        let replaced = |sound| match sound {
            Sound::Record(number, text) => {
                Sound::Record(number, text.replace(&format!(" {from} "), &format!(" {to} ")))
            }
            other => other,
        };
        let sounds = event(1, 0, "name").into_iter().map(replaced).collect();
        let report = answer(&mut host(&RULES[..1], sounds), &json!({"operation": "prove"}));
        assert_eq!(told(&report), [("name", "silent")], "{to}: {report:#}");
    }
}

#[test]
fn a_loss_makes_silence_inconclusive_and_leaves_what_was_recorded_proven() {
    let sounds = [vec![Sound::Loss], event(1, 0, "name")].concat();
    let report = answer(&mut host(&RULES[..2], sounds), &json!({"operation": "prove"}));
    assert_eq!(told(&report), [("name", "records"), ("module", "inconclusive")], "{report:#}");
    assert_eq!(report["failed"], json!(true));
}

#[test]
fn the_rule_that_took_the_event_is_named() {
    let rules = ["-a always,exit -F arch=b64 -S sethostname -F key=first", RULES[0]];
    let report = answer(
        &mut host(&rules, event(1, 1, "first").into_iter().map(as_first).collect()),
        &json!({"operation": "prove", "keys": ["name"]}),
    );
    assert_eq!(told(&report), [("name", "shadowed")], "{report:#}");
    assert_eq!(report["proofs"][0]["by"]["keys"], json!(["first"]));
    let rules = ["-a never,exit -F arch=b64 -S sethostname", RULES[0]];
    let report = answer(&mut host(&rules, Vec::new()), &json!({"operation": "prove", "keys": ["name"]}));
    assert_eq!(told(&report), [("name", "shadowed")], "{report:#}");
    assert_eq!(report["proofs"][0]["by"]["action"], json!("never"));
}

/// The same of the first process, whose call is that of the first rule.
fn as_first(sound: Sound) -> Sound {
    match sound {
        Sound::Record(number, text) => {
            Sound::Record(number, text.replace("pid=4001", "pid=4000").replace("syscall=175", "syscall=170"))
        }
        other => other,
    }
}

#[test]
fn a_call_that_cannot_be_made_or_ends_otherwise_proves_nothing_either_way() {
    let mut host = host(&RULES[..1], Vec::new());
    host.trigger = |_, _, _| Err(Failed::Prepare("set its login uid".to_owned(), Errno::EPERM));
    let report = answer(&mut host, &json!({"operation": "prove"}));
    assert_eq!(told(&report), [("name", "inconclusive")], "{report:#}");
    let why = report["proofs"][0]["why"].as_str().unwrap();
    assert!(why.contains("set its login uid: Operation not permitted"), "{why}");
    let report = answer(
        &mut self::host(&["-a always,exit -F arch=b64 -S sethostname -F exit=-EACCES -F key=name"], Vec::new()),
        &json!({"operation": "prove"}),
    );
    assert_eq!(told(&report), [("name", "not_provoked")], "{report:#}");
    assert_eq!(report["proofs"][0]["not_provoked"], json!(["sethostname"]));
}

#[test]
fn rules_are_meant_by_lines_drop_in_or_keys_and_one_that_is_missing_is_said_to_be() {
    let rows = [
        (
            json!({"rules": [RULES[2], "-w /etc/shadow -p r -k other"]}),
            vec![("time", "silent"), ("other", "not_loaded")],
        ),
        (json!({"name": "30-x"}), vec![("name", "silent"), ("module", "silent"), ("time", "silent")]),
        (json!({"keys": ["module", "time"]}), vec![("module", "silent"), ("time", "silent")]),
    ];
    for (more, wanted) in rows {
        let mut request = json!({"operation": "prove"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let report = answer(&mut host(&RULES, Vec::new()), &request);
        assert_eq!(told(&report), wanted, "{more}");
    }
    let rows = [
        (json!({"keys": ["time", "nothing"]}), "no_rule_with_key", "/keys/1"),
        (json!({"name": "31-x"}), "no_drop_in", "/name"),
        (json!({"name": "30-x", "keys": ["time"]}), "key_not_used", "/keys"),
        (json!({"rules": [RULES[0]], "name": "30-x"}), "key_not_used", "/name"),
        (json!({"root": "/srv"}), "key_not_used", "/root"),
    ];
    for (more, kind, pointer) in rows {
        let mut request = json!({"operation": "prove"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let report = answer(&mut host(&RULES, Vec::new()), &request);
        let error = &report["errors"][0];
        assert_eq!((&error["kind"], &error["pointer"]), (&json!(kind), &json!(pointer)), "{report:#}");
    }
}

#[test]
fn without_rules_or_with_auditing_off_nothing_is_green() {
    let mut empty = Host::new();
    empty.listener = Some(Played::new(Vec::new(), Duration::ZERO));
    let report = answer(&mut empty, &json!({"operation": "prove"}));
    assert_eq!((&report["failed"], &report["proofs"]), (&json!(true), &json!([])), "{report:#}");
    let mut off = host(&RULES[..1], Vec::new());
    let report = answer(&mut off, &json!({"name": "31-off", "control": {"enabled": "off"}}));
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    let report = answer(&mut off, &json!({"operation": "prove"}));
    assert_eq!(told(&report), [("name", "inconclusive")], "{report:#}");
    assert!(report["proofs"][0]["why"].as_str().unwrap().contains("auditing is off"));
}

#[test]
fn where_nothing_at_all_is_heard_silence_says_nothing() {
    let mut deaf = host(&RULES[..1], Vec::new());
    deaf.listener = Some(Played::new(Vec::new(), Duration::ZERO));
    let report = answer(&mut deaf, &json!({"operation": "prove"}));
    assert_eq!(told(&report), [("name", "inconclusive")], "{report:#}");
}

#[test]
fn another_process_is_tried_where_an_earlier_rule_is_about_the_first_one() {
    let rules = ["-a never,exit -F arch=b64 -S sethostname -F uid=65534 -F auid!=1000", RULES[0]];
    let mut host = host(&rules, Vec::new());
    host.trigger = |at, actor, _| {
        assert!(at > 0 || actor.auid == Some(1000), "{actor:?}");
        Ok(Made { pid: FIRST_PID, exit: -1 })
    };
    answer(&mut host, &json!({"operation": "prove", "keys": ["name"]}));
    let rules = ["-a never,exit -F arch=b64 -S sethostname -F success=0", RULES[0]];
    let report = answer(&mut self::host(&rules, Vec::new()), &json!({"operation": "prove", "keys": ["name"]}));
    assert_eq!(told(&report), [("name", "inconclusive")], "it takes refused calls alone: {report:#}");
}

#[test]
fn check_mode_tells_what_would_be_done_and_does_nothing() {
    let mut host = host(&RULES, Vec::new());
    host.trigger = |_, _, _| panic!("a call was made");
    let report = answer(&mut host, &json!({"operation": "prove", "check_mode": true}));
    assert_eq!((&report["failed"], &report["msg"]), (&json!(false), &json!("3 rules, of which 3 would be proven")));
    assert_eq!(report["proofs"][0]["provoked"][0]["syscall"], json!("sethostname"));
    assert_eq!((report["proofs"][0].get("verdict"), report.get("verdicts")), (None, None));
}
