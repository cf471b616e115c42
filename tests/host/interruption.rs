//! Runs that are stopped, and runs that meet.

use std::process::Command;

use serde_json::json;

use super::guest::{AUDIT_RULES, kinds, many, plain, present, report, started};

/// How often a run sends a kind of message.
fn count(calls: &[String], word: &str) -> usize {
    calls.iter().filter(|call| call.contains(word)).count()
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_run_that_is_told_to_stop_takes_its_change_back() {
    let guest = plain();
    let rules = many(80, "old");
    let before = present("30-many", &rules);
    guest.change(&before);
    let files = guest.files();
    let mut request = present("30-many", &many(80, "new"));
    request["expedite"] = json!("never");
    let (done, calls) = guest.traced("sendto", &request);
    assert_eq!(done["outcome"], json!("applied"));
    guest.change(&done["undo"]);
    assert_eq!(guest.listed(), rules);
    let unloads = count(&calls, "AUDIT_DEL_RULE");
    assert!(unloads > 20, "{unloads} messages that unload");
    let first = calls.iter().position(|call| call.contains("AUDIT_DEL_RULE")).unwrap();
    for signal in ["SIGTERM", "SIGINT", "SIGHUP"] {
        let mut strace = Command::new("strace");
        let inject = format!("inject=sendto:signal={signal}:when={}", first + unloads / 2);
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto", "-e", &inject, AUDIT_RULES]);
        let stopped = report(&started(&mut strace, &request).wait_with_output().unwrap());
        assert_eq!((kinds(&stopped), &stopped["outcome"]), (vec!["interrupted"], &json!("rolled_back")), "{signal}");
        assert_eq!((&stopped["changed"], &stopped["failed"]), (&json!(false), &json!(true)));
        assert_eq!((guest.listed_as_set(), guest.files()), (sorted(&rules), files.clone()), "{signal}");
        guest.nothing_to_do(&before);
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn what_a_killed_run_left_the_next_run_finishes() {
    let guest = plain();
    guest.change(&present("30-many", &many(100, "old")));
    let rules = many(100, "new");
    let mut request = present("30-many", &rules);
    request["expedite"] = json!("always");
    let (done, calls) = guest.traced("sendto", &request);
    guest.change(&done["undo"]);
    let first = calls.iter().position(|call| call.contains("AUDIT_DEL_RULE")).unwrap();
    // strace counts from one: the first of these is in the middle of the unloading.
    for at in [first + 2, first] {
        let mut strace = Command::new("strace");
        let inject = format!("inject=sendto:signal=SIGKILL:when={at}");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto", "-e", &inject, AUDIT_RULES]);
        let killed = started(&mut strace, &request).wait_with_output().unwrap();
        assert!(killed.stdout.is_empty(), "{}", String::from_utf8_lossy(&killed.stdout));
        let finished = guest.change(&request);
        assert_ne!(finished["warnings"], json!([]), "it says that it finishes the work of another run");
        assert_eq!(guest.listed_as_set(), sorted(&rules));
        assert!(guest.grace_periods_are_normal());
        guest.nothing_to_do(&request);
        guest.change(&present("30-many", &many(100, "old")));
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn runs_at_the_same_time_take_turns() {
    let guest = plain();
    let names = ["30-one", "40-two", "50-three"];
    let requests = names.map(|name| present(name, &many(50, name)));
    let running: Vec<_> = requests.iter().map(|request| started(&mut Command::new(AUDIT_RULES), request)).collect();
    for child in running {
        let report = report(&child.wait_with_output().unwrap());
        assert_eq!((&report["outcome"], &report["rules"]["loaded"]), (&json!("applied"), &json!(50)), "{report:#}");
    }
    let all: Vec<String> = names.iter().flat_map(|name| many(50, name)).collect();
    assert_eq!(guest.listed_as_set(), sorted(&all));
    for request in requests {
        guest.nothing_to_do(&request);
    }
    assert!(guest.boot_is_current());
}

fn sorted(rules: &[String]) -> Vec<String> {
    let mut rules = rules.to_vec();
    rules.sort();
    rules
}
