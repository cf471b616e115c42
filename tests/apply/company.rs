//! Others at work on the same host: runs that hold the lock, and those who know of no lock.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use audit_rules::kernel::Setting;
use audit_rules::kernel::model::{Call, Fault, Foreign};
use audit_rules::rules_d::fault;
use rustix::fs::FlockOperation;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::faults::{Trial, each_trial, judge};
use crate::host::{Host, kinds};

/// How long a run waits for the lock, and how much longer it may take on a busy machine.
const PATIENCE: std::ops::Range<Duration> = Duration::from_secs(10)..Duration::from_secs(20);

/// A rule that needs no file on an image.
const RULE: &str = "-a always,exit -F arch=b64 -S sethostname";

fn request() -> Json {
    json!({"name": "30-own", "rules": ["-w /etc/passwd -p wa -k identity"]})
}

fn locked(path: &Path) -> fs::File {
    let file = fs::File::open(path).unwrap();
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    file
}

/// The executable at work on an image.
fn started(image: &Path, name: &str, rules: &[String]) -> Child {
    let request = json!({"root": image, "name": name, "rules": rules, "compile": "always"});
    let mut child = Command::new(env!("CARGO_BIN_EXE_audit_rules"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    child
}

fn ended(child: Child) -> Json {
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_lock_that_is_never_given_up_ends_the_run_as_busy() {
    let mut host = Host::new();
    host.directory("/run/audit_rules");
    host.mode("/run/audit_rules", 0o700);
    host.write("/run/audit_rules/lock", "");
    let held = locked(&host.path("/run/audit_rules/lock"));
    let before = host.fingerprint();
    let start = Instant::now();
    let report = host.answer(&request());
    assert!(PATIENCE.contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!((kinds(&report), &report["outcome"]), (vec!["busy"], &json!("failed")), "{report:#}");
    assert!(report["msg"].as_str().unwrap().contains("waited 10."), "{report:#}");
    assert!(report["errors"][0]["hint"].is_string(), "{report:#}");
    assert_eq!(before.difference(&host.fingerprint(), &host), [""; 0]);
    let mut checked = request();
    checked["check_mode"] = json!(true);
    assert_eq!(host.answer(&checked)["outcome"], json!("planned"), "check mode changes nothing and needs no lock");
    drop(held);
    assert_eq!(host.answer(&request())["outcome"], json!("applied"));
}

#[test]
fn what_a_killed_run_left_half_way_is_taken_away_everywhere() {
    let mut host = Host::new();
    let left =
        ["/etc/audit/rules.d", "/etc/audit", "/run/audit_rules"].map(|place| format!("{place}/.audit_rules-1-7.tmp"));
    host.directory("/run/audit_rules");
    host.mode("/run/audit_rules", 0o700);
    for path in &left {
        host.write(path, "half");
    }
    assert_eq!(host.answer(&request())["outcome"], json!("applied"));
    let stays: Vec<&String> = left.iter().filter(|path| host.path(path).exists()).collect();
    assert_eq!(stays, [""; 0]);
}

#[test]
fn runs_that_start_on_an_empty_image_at_once_lose_nothing_of_each_other() {
    for round in 0..5 {
        let image = TempDir::new().unwrap();
        let names = ["a", "b", "c", "d"];
        let rule = |name: &str| format!("{RULE} -F key={name}");
        let children = names.map(|name| started(image.path(), name, &[rule(name)]));
        for child in children {
            let report = ended(child);
            assert_eq!(report["outcome"], json!("applied"), "{report:#}");
        }
        let merged = fs::read_to_string(image.path().join("etc/audit/audit.rules")).unwrap();
        let lost: Vec<&str> = names.into_iter().filter(|name| !merged.contains(&rule(name))).collect();
        assert_eq!(lost, [""; 0], "round {round}: {merged}");
        assert_eq!(fs::read_dir(image.path().join("etc/audit/rules.d")).unwrap().count(), names.len());
    }
}

#[test]
fn somebody_who_flushes_before_every_look_is_given_up_on() {
    let given_up = std::cell::Cell::new(0);
    each_trial(|trial, complaints| {
        let mut host = trial.twin();
        for nth in 2..60 {
            host.kernel.fault(Fault::BeforeCall { call: Some(Call::Rules), nth, foreign: Foreign::Flush });
        }
        let report = host.answer(trial.request);
        let looks = host.kernel.sent().list;
        if looks > 12 {
            complaints.push(format!("looked {looks} times"));
        }
        let missing = report["rules"]["missing"].as_array().map_or(0, Vec::len);
        if report["failed"] == json!(true) {
            given_up.set(given_up.get() + 1);
            complaints.extend(judge(trial, &host, &report));
        } else if missing > 0 && report["runtime"]["locked"] == json!(false) {
            complaints.push(format!("{missing} rules are missing: {}", report["msg"]));
        }
    });
    assert!(given_up.get() >= 20, "{}", given_up.get());
}

#[test]
fn somebody_who_flushes_twice_is_made_good() {
    let mut host = Host::new();
    for nth in 2..4 {
        host.kernel.fault(Fault::BeforeCall { call: Some(Call::Rules), nth, foreign: Foreign::Flush });
    }
    let report = host.answer(&request());
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    assert_eq!((host.listed().len(), host.kernel.sent().list), (1, 4));
}

/// What is wrong with a report beside somebody who acted once, or over and over, while the run was at work.
fn untrue(trial: &Trial<'_>, host: &Host, report: &Json) -> Option<String> {
    let outcome = report["outcome"].as_str().unwrap();
    let missing = report["rules"]["missing"].as_array().map_or(0, Vec::len);
    let order = &report["rules"]["out_of_order"];
    let is_locked = host.kernel.state().is_locked();
    match outcome {
        "applied" | "unchanged" if missing > 0 => Some(format!("{outcome} with {missing} rules missing")),
        "applied" if !order.is_null() && trial.request["ordering"] == json!("strict") => {
            Some(format!("applied with {order} out of order"))
        }
        "rolled_back" if is_locked != trial.before.status.is_locked() => Some("rolled back, and locked".to_owned()),
        "stranded" if kinds(report)[0] == "locked_incomplete" => {
            let pending = &report["pending"];
            let loads = pending["load"].as_array().map_or(0, Vec::len);
            let says = report["reboot_required"] == json!(true) || trial.request["target"] == json!("runtime");
            let files = trial.wanted.files.difference(&host.fingerprint().files);
            (!says || loads < missing || !files.is_empty() || !is_locked)
                .then(|| format!("locked with {missing} missing, {files:?}: {pending}"))
        }
        _ => None,
    }
}

#[test]
fn no_run_beside_a_hostile_neighbour_says_applied_and_lacks_a_rule() {
    let (once, over_and_over, locked) = (Cell::new(0), Cell::new(0), Cell::new(0));
    each_trial(|trial, complaints| {
        let victim = trial.wanted.rules.last().cloned();
        let foreign = [Some(Foreign::Flush), victim.map(Foreign::Unload)].into_iter().flatten();
        for foreign in foreign {
            for nth in 2..=trial.calls() + 4 {
                let act = |nth: u32| Fault::BeforeCall { call: None, nth, foreign: foreign.clone() };
                let (host, report) = trial.run(act(nth));
                once.set(once.get() + u32::from(report["outcome"] == json!("applied")));
                locked.set(locked.get() + u32::from(kinds(&report).first() == Some(&"locked_incomplete")));
                complaints.extend(untrue(trial, &host, &report).map(|wrong| format!("{foreign:?} at {nth}: {wrong}")));
                let mut host = trial.twin();
                (nth..nth + 80).for_each(|nth| host.kernel.fault(act(nth)));
                let report = host.answer(trial.request);
                over_and_over.set(over_and_over.get() + u32::from(report["failed"] == json!(true)));
                locked.set(locked.get() + u32::from(kinds(&report).first() == Some(&"locked_incomplete")));
                let wrong = untrue(trial, &host, &report);
                complaints.extend(wrong.map(|wrong| format!("{foreign:?} from {nth} on: {wrong}")));
            }
        }
    });
    let tried = (once.get(), over_and_over.get(), locked.get());
    assert!(tried.0 > 300 && tried.1 > 100 && tried.2 > 0, "{tried:?}");
}

#[test]
fn settings_that_somebody_else_changes_meanwhile_are_set_again() {
    let wants = json!({"name": "30-own", "rules": [RULE], "control": {"backlog_limit": 8192, "failure": 0}});
    let mut twin = Host::new();
    twin.answer(&wants);
    let calls = twin.kernel.sent().get + twin.kernel.sent().list + twin.kernel.sent().set + 2;
    for nth in 3..calls {
        for foreign in [Setting::BacklogLimit(64), Setting::Failure(1)] {
            let mut host = Host::new();
            host.kernel.fault(Fault::BeforeCall { call: None, nth, foreign: Foreign::Set(foreign) });
            let report = host.answer(&wants);
            assert_eq!(report["outcome"], json!("applied"), "{foreign:?} at {nth}: {report:#}");
        }
    }
}

#[test]
fn a_flush_between_the_last_look_and_the_lock_is_stranded_with_what_the_boot_brings() {
    let mut host = Host::new();
    let wants = json!({"name": "99-lock", "rules": [RULE], "control": {"enabled": "locked"}});
    let sets = {
        let mut twin = Host::new();
        assert_eq!(twin.answer(&wants)["outcome"], json!("applied"));
        twin.kernel.sent().set
    };
    host.kernel.fault(Fault::BeforeCall { call: Some(Call::Set), nth: sets, foreign: Foreign::Flush });
    let report = host.answer(&wants);
    assert_eq!((kinds(&report)[0], &report["outcome"]), ("locked_incomplete", &json!("stranded")), "{report:#}");
    assert_eq!(report["pending"]["load"], json!([RULE]), "{report:#}");
    assert_eq!(report["reboot_required"], json!(true));
    assert!(host.path("/etc/audit/rules.d/99-lock.rules").exists(), "the boot finds it");
    host.kernel.mend();
    host.kernel.reboot();
    assert_eq!(host.answer(&json!({"state": "loaded"}))["outcome"], json!("applied"));
    assert_eq!(host.listed(), [RULE]);
}

#[test]
fn somebody_who_flushes_and_locks_is_named_as_such() {
    let mut host = Host::new();
    for foreign in [Foreign::Flush, Foreign::Set(Setting::Enabled(2))] {
        host.kernel.fault(Fault::BeforeCall { call: Some(Call::Status), nth: 2, foreign });
    }
    let report = host.answer(&request());
    assert_eq!((kinds(&report), &report["outcome"]), (vec!["locked"], &json!("rolled_back")), "{report:#}");
    assert_eq!((host.listed().len(), host.kernel.sent().changing()), (0, 1), "nothing was sent to a locked kernel");
}

#[test]
fn somebody_who_loads_a_new_rule_before_every_look_is_given_up_on_where_it_matters() {
    let mut host = Host::new();
    host.load(&["-w /etc/hosts -p wa -k foreign"]);
    let purge = json!({"state": "exact", "name": "30-own", "rules": ["-w /etc/passwd -p wa -k identity"]});
    for nth in 2..60 {
        let rule = host.rule_line(&format!("-a always,exit -F arch=b64 -S open -F pid={nth} -F key=other")).rule;
        host.kernel.fault(Fault::BeforeCall { call: Some(Call::Rules), nth, foreign: Foreign::Append(rule) });
    }
    let mut twin = host.twin();
    let present = host.answer(&request());
    assert_eq!(present["outcome"], json!("applied"), "foreign rules are no matter: {present:#}");
    for nth in 2..60 {
        let rule = twin.rule_line(&format!("-a always,exit -F arch=b64 -S open -F pid={nth} -F key=other")).rule;
        twin.kernel.fault(Fault::BeforeCall { call: Some(Call::Rules), nth, foreign: Foreign::Append(rule) });
    }
    let report = twin.answer(&purge);
    assert!(twin.kernel.sent().list <= 12, "{:?}", twin.kernel.sent());
    assert_eq!(kinds(&report).first(), Some(&"not_as_declared"), "{report:#}");
    assert!(report["errors"][0]["message"].as_str().unwrap().contains("after 3 attempts"), "{report:#}");
    assert_eq!(report["failed"], json!(true));
}

#[test]
fn a_writer_of_rules_d_at_any_moment_is_noticed_or_served() {
    const OWN: &str = "/etc/audit/rules.d/30-own.rules";
    const THEIRS: &str = "# theirs\n-w /etc/group -p wa -k theirs\n";
    let fresh = || {
        let mut host = Host::new();
        host.write(OWN, "-w /etc/shadow -p wa -k old\n");
        host.tell_paths();
        host.load(&["-w /etc/shadow -p wa -k old"]);
        host
    };
    let mut twin = fresh();
    fault::mend();
    twin.answer(&request());
    let calls = fault::mend();
    let (mut noticed, mut served) = (0, 0);
    for nth in 1..=u32::try_from(calls.len()).unwrap() {
        let mut host = fresh();
        let before = host.fingerprint();
        let place = host.path(OWN);
        fault::before(nth, move || fs::write(place, THEIRS).unwrap());
        let report = host.answer(&request());
        fault::mend();
        let now = fs::read_to_string(host.path(OWN)).unwrap();
        match report["outcome"].as_str().unwrap() {
            // Before our look at the file or after the last one it is as if they had come before or after us.
            "applied" => {
                assert!(now == THEIRS || now.ends_with("-k identity\n"), "{nth}: {now}");
                assert_eq!(report["rules"]["missing"], json!([]), "{nth}");
                served += 1;
            }
            "stranded" => {
                assert_eq!(before.difference(&host.fingerprint(), &host), [OWN], "{nth}: {report:#}");
                assert!(report["errors"].to_string().contains(OWN), "{nth}: {report:#}");
                noticed += 1;
            }
            "rolled_back" => {
                assert_eq!(before.difference(&host.fingerprint(), &host), [""; 0], "{nth}: {report:#}");
                noticed += 1;
            }
            other => panic!("{nth}: {other}: {report:#}"),
        }
        assert_eq!(host.answer(&request())["failed"], json!(false), "{nth}");
    }
    assert!(noticed >= 10 && served >= 10, "{noticed} noticed, {served} served");
}

#[test]
fn an_audit_rules_compiled_as_it_was_before_the_run_is_compiled_once_more() {
    const COMPILED: &str = "/etc/audit/audit.rules";
    let mut asked = request();
    asked["compile"] = json!("always");
    let fresh = || {
        let mut host = Host::new();
        host.answer(&json!({"name": "20-first", "rules": ["-w /etc/group -p wa -k first"], "compile": "always"}));
        host
    };
    let mut twin = fresh();
    fault::mend();
    twin.answer(&asked);
    let calls = fault::mend();
    let merged = fs::read_to_string(twin.path(COMPILED)).unwrap();
    let mut again = 0;
    for nth in 1..=u32::try_from(calls.len()).unwrap() {
        let mut host = fresh();
        let place = host.path(COMPILED);
        let old = fs::read(&place).unwrap();
        let was_written = Rc::new(Cell::new(false));
        let (seen, new) = (Rc::clone(&was_written), merged.clone());
        fault::before(nth, move || {
            seen.set(fs::read(&place).unwrap() == new.as_bytes());
            fs::write(place, old).unwrap();
        });
        let report = host.answer(&asked);
        fault::mend();
        assert_eq!(report["outcome"], json!("applied"), "{nth}: {report:#}");
        // After the last look nobody makes it good any more.
        let is_whole = fs::read_to_string(host.path(COMPILED)).unwrap() == merged;
        assert!(is_whole || was_written.get(), "{nth}");
        again += u32::from(is_whole && was_written.get());
    }
    assert!(again > 0, "nothing was compiled again");
}
