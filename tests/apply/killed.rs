//! Every scenario that changes something, killed at every call that changes something, and what the next run makes of it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use audit_rules::kernel::model::Foreign;
use audit_rules::rules_d::{Standing, fault};
use serde_json::{Value as Json, json};

use crate::faults::{Trial, each_trial};
use crate::fingerprint::Fingerprint;
use crate::host::Host;
use crate::mortal::{Death, killed};

const JOURNAL: &str = "/run/audit_rules/journal";
const KINDS: [&str; 6] = ["same", "other", "files", "gather", "present", "absent"];
const RULE: &str = "-a always,exit -F arch=b64 -S sethostname -F key=next";

/// The moments at which a run may be killed: every call of the kernel, and those on files that are seen from outside.
fn deaths(trial: &Trial<'_>) -> Vec<Death> {
    let mut twin = trial.twin();
    fault::mend();
    twin.answer(trial.request);
    let calls = fault::mend();
    let changes = (1..).zip(calls).filter(|(_, call)| ["renameat", "unlinkat"].contains(call));
    let files = changes.flat_map(|(nth, _)| [Death::File(nth), Death::File(nth + 1)]);
    (1..=trial.calls() + 4).map(Death::Kernel).chain(files).collect()
}

/// In what a host differs from a state, but for what a sentence of the report names and for copies that are there to stay.
fn unnamed(from: &Fingerprint, host: &Host, said: &str) -> Vec<String> {
    let mut now = host.fingerprint();
    now.files.forget_empty_directories_beyond(&from.files);
    let mut difference = from.difference(&now, host);
    difference.retain(|name| !said.contains(name.as_str()) && !name.ends_with('~'));
    difference
}

/// The host is as before the killed run, or as it wanted, or what differs is named.
fn settled(trial: &Trial<'_>, host: &Host, said: &str) -> Option<String> {
    let (before, wanted) = (unnamed(&trial.before, host, said), unnamed(&trial.wanted, host, said));
    (!before.is_empty() && !wanted.is_empty())
        .then(|| format!("neither as before ({before:?}) nor as declared ({wanted:?}): {said}"))
}

fn says_interrupted(report: &Json) -> bool {
    report["warnings"].to_string().contains("was interrupted while it changed")
}

/// What is wrong with the next run of this kind after a kill.
fn next(kind: &str, trial: &Trial<'_>, host: &mut Host) -> Option<String> {
    let had_journal = host.path(JOURNAL).exists();
    let killed = host.fingerprint();
    let nothing = json!({"state": "absent", "name": "zz-nothing", "compile": "never"});
    let request = match kind {
        "same" => trial.request.clone(),
        "other" => nothing.clone(),
        "files" => json!({"state": "absent", "name": "zz-nothing", "target": "filesystem", "compile": "never"}),
        "gather" => json!({"operation": "gather"}),
        "present" => json!({"name": "zz-next", "rules": [RULE], "compile": "never"}),
        _ => json!({"state": "absent", "name": trial.request["name"].as_str()?}),
    };
    let mut report = host.answer(&request);
    // A program that another test starts in this moment has the descriptors of all of them for an instant, and with that of the
    // lock the run looks as if it were still at work.
    if kind == "gather" && had_journal && !says_interrupted(&report) {
        std::thread::sleep(std::time::Duration::from_millis(200));
        report = host.answer(&request);
    }
    let said = report["warnings"].to_string();
    if crate::host::kinds(&report) == ["permission"] {
        return None;
    }
    if had_journal != says_interrupted(&report) {
        return Some(format!("{kind} found a journal: {had_journal}, and says {said}"));
    }
    let is_live = host.reach == crate::host::Reach::Managed && !host.kernel.state().is_locked();
    let is_of_kernel = trial.request["target"] != json!("filesystem");
    match kind {
        "files" | "gather" => {
            let changed = killed.difference(&host.fingerprint(), host);
            if is_live && is_of_kernel && (host.path(JOURNAL).exists() != had_journal || !changed.is_empty()) {
                return Some(format!("{kind} changed {changed:?}, or the journal: {said}"));
            }
            if kind == "gather" && had_journal && report["in_sync"] != json!(false) {
                return Some(format!("gather with a journal says in_sync {}", report["in_sync"]));
            }
            next("other", trial, host)
        }
        "other" => settled(trial, host, &said),
        "present" => {
            let loaded = host.listed().iter().any(|rule| rule == RULE);
            if report["failed"] == json!(true) || (is_live && !loaded) {
                return Some(format!("a new drop-in came to {}", report["msg"]));
            }
            host.answer(&json!({"state": "absent", "name": "zz-next", "compile": "never"}));
            settled(trial, host, &said)
        }
        "same" => {
            let short = trial.short_of_wish(host);
            let short: Vec<&String> = short.iter().filter(|name| !name.ends_with('~')).collect();
            if report["failed"] == json!(true) || !short.is_empty() || (is_live && host.path(JOURNAL).exists()) {
                return Some(format!("the same request leaves {short:?}: {}", report["msg"]));
            }
            let undo = report.get("undo")?;
            if !is_live || trial.request["state"] == json!("restored") {
                return None;
            }
            let back = host.answer(undo);
            let mut difference = unnamed(&trial.before, host, "");
            difference.retain(|name| name != "loginuid_immutable");
            (back["failed"] == json!(true) || !difference.is_empty())
                .then(|| format!("its undo leaves {difference:?}: {}", back["msg"]))
        }
        // Locked at the one end and not at the other, it is as it was killed.
        _ if trial.wanted.status.is_locked() => None,
        _ => {
            let mut ends = Vec::new();
            let mut twin = trial.twin();
            twin.answer(&request);
            ends.push(twin.fingerprint());
            let mut twin = trial.twin();
            twin.answer(trial.request);
            twin.answer(&request);
            ends.push(twin.fingerprint());
            let short: Vec<_> = ends.iter().map(|end| unnamed(end, host, &said)).collect();
            (report["failed"] != json!(true) && short.iter().all(|short| !short.is_empty()))
                .then(|| format!("absent leaves {short:?}: {said}"))
        }
    }
}

#[test]
fn nothing_of_a_killed_run_is_left_without_being_named_whatever_comes_next() {
    let (tried, turn) = (RefCell::new(BTreeMap::<&str, u32>::new()), Cell::new(0));
    each_trial(|trial, complaints| {
        // Watches whose paths are told to the model by the host, and images that have no journal, are others' concern.
        if trial.request.get("root").is_some() || trial.request.get("rules_dir").is_some() {
            return;
        }
        if trial.host.standing != Standing::default() {
            return;
        }
        for death in deaths(trial) {
            // Each kill is followed by one kind of run, in turn; all kinds follow kills at all moments.
            let kind = KINDS[turn.replace(turn.get() + 1) % KINDS.len()];
            let mut host = trial.twin();
            if killed(&mut host, trial.request, death).is_none() {
                continue;
            }
            *tried.borrow_mut().entry(kind).or_default() += 1;
            let wrong = next(kind, trial, &mut host);
            complaints.extend(wrong.map(|wrong| format!("killed at {death:?}: {wrong}")));
        }
    });
    let tried = tried.into_inner();
    assert!(tried.len() == KINDS.len() && tried.values().all(|count| *count > 50), "{tried:?}");
}

const OWN: &str = "/etc/audit/rules.d/30-own.rules";
const ALWAYS: &str = "-a always,exit -F arch=b64 -S execve -F key=run";
const NEVER: &str = "-A never,exit -F arch=b64 -S execve -F auid=1000";

fn policy(rules: &[&str]) -> Json {
    json!({"name": "30-own", "rules": rules})
}

/// A host with one rule, and a run that was to put a `never` rule before it, killed between kernel and files.
fn between_kernel_and_files() -> Host {
    let mut host = Host::new();
    host.answer(&policy(&[ALWAYS]));
    for nth in 1.. {
        let mut twin = host.twin();
        killed(&mut twin, &policy(&[NEVER, ALWAYS]), Death::File(nth)).unwrap();
        if twin.listed().len() == 2 {
            return twin;
        }
    }
    unreachable!("the loop has no end")
}

#[test]
fn the_old_request_takes_back_what_a_killed_one_had_put_first() {
    let mut host = between_kernel_and_files();
    let gathered = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    let foreign = &gathered["drift"]["missing_in_filesystem"];
    assert_eq!(foreign[0]["cause"], json!("interrupted_run"), "{gathered:#}");
    assert_eq!((&gathered["failed"], &gathered["in_sync"]), (&json!(true), &json!(false)));
    let report = host.answer(&policy(&[ALWAYS]));
    assert_eq!(host.listed(), [ALWAYS]);
    let said = report["warnings"].to_string();
    assert!(said.contains("took its change back: unloaded `-a never,exit"), "{said}");
    assert!(!said.contains("finished the work"), "{said}");
    assert_eq!((&report["changed"], &report["outcome"]), (&json!(true), &json!("applied")), "{report:#}");
    assert_eq!(host.answer(&policy(&[ALWAYS]))["changed"], json!(false));
}

#[test]
fn check_mode_shows_what_the_run_takes_back_first_and_leaves_it() {
    for request in [policy(&[ALWAYS]), json!({"name": "90-other", "rules": [RULE]}), json!({"state": "loaded"})] {
        let mut host = between_kernel_and_files();
        let before = (host.listed(), host.tree());
        let mut check = request.clone();
        (check["check_mode"], check["diff"]) = (json!(true), json!(true));
        let checked = host.answer(&check);
        assert_eq!((&checked["outcome"], &checked["changed"]), (&json!("planned"), &json!(true)), "{checked:#}");
        let never = canonical(NEVER);
        let said = format!("check mode leaves that as it is; the run takes it back first: to unload `{never}`");
        assert!(checked["warnings"][0].as_str().unwrap().ends_with(&said), "{checked:#}");
        let diff = checked["diff"]["prepared"].as_str().unwrap();
        assert!(diff.contains(&format!("-{never}\n")), "{diff}");
        assert_eq!((host.listed(), host.tree()), before);

        // The run does just that, and then what check mode planned.
        let report = host.answer(&request);
        assert!(report["warnings"].to_string().contains("took its change back: unloaded `-a never,exit"), "{report:#}");
        assert_eq!((&report["plan"], &report["changed"]), (&checked["plan"], &json!(true)), "{report:#}");
        assert!(!host.listed().contains(&never));
        let again = host.answer(&check);
        assert_eq!((&again["changed"], &again["warnings"]), (&json!(false), &json!([])), "{again:#}");
    }
}

#[test]
fn check_mode_shows_the_files_that_the_run_puts_back_first() {
    let both =
        |rules: &[&str]| json!({"drop_ins": {"30-a": {"rules": rules}, "40-b": {"rules": ["-w /etc/hosts -p wa"]}}});
    let host = Host::new();
    let mut found = false;
    for nth in 1.. {
        let mut twin = host.twin();
        if killed(&mut twin, &both(&[ALWAYS]), Death::File(nth)).is_none() {
            break;
        }
        let is_half =
            twin.path("/etc/audit/rules.d/30-a.rules").exists() != twin.path("/etc/audit/rules.d/40-b.rules").exists();
        if !is_half {
            continue;
        }
        found = true;
        let request = json!({"state": "loaded", "check_mode": true, "diff": true});
        let checked = twin.answer(&request);
        let diff = checked["diff"]["prepared"].as_str().unwrap_or_default();
        assert!(
            diff.contains("--- before: /etc/audit/rules.d/") && diff.contains(&format!("-{ALWAYS}\n")),
            "{checked:#}"
        );
        assert!(checked["warnings"].to_string().contains("to put back /etc/audit/rules.d/"), "{checked:#}");
        let report = twin.answer(&json!({"state": "loaded"}));
        assert!(report["warnings"].to_string().contains("put back /etc/audit/rules.d/"), "{report:#}");
    }
    assert!(found);
}

/// A line as the kernel lists it.
fn canonical(line: &str) -> String {
    line.replacen("-A", "-a", 1)
}

#[test]
fn another_drop_in_never_says_that_it_finished_the_work() {
    let mut host = between_kernel_and_files();
    let report = host.answer(&json!({"name": "90-other", "rules": [RULE]}));
    let said = report["warnings"].to_string();
    assert!(said.contains(OWN) && said.contains("took its change back") && !said.contains("finished"), "{said}");
    assert_eq!(host.listed(), [ALWAYS, RULE]);
}

#[test]
fn an_undo_from_before_the_killed_run_still_goes_back() {
    let mut host = Host::new();
    let undo = host.answer(&policy(&[ALWAYS]))["undo"].clone();
    let before = {
        let mut clean = host.twin();
        clean.answer(&undo);
        clean.fingerprint()
    };
    for nth in 1..400 {
        let mut twin = host.twin();
        let Some(()) = killed(&mut twin, &policy(&[NEVER, ALWAYS]), Death::File(nth)) else { break };
        let is_whole = twin.host_file(OWN).contains("never");
        let report = twin.answer(&undo);
        if is_whole {
            continue;
        }
        assert_eq!(report["failed"], json!(false), "{nth}: {report:#}");
        let difference = before.difference(&twin.fingerprint(), &twin);
        assert_eq!(difference, [""; 0], "{nth}");
    }
}

#[test]
fn a_run_that_is_refused_says_what_it_took_back_before() {
    let mut host = between_kernel_and_files();
    let report = host.answer(&json!({"name": "90-other", "rules": ["-w /no/such/place/file -p wa -k k"]}));
    assert_eq!((&report["outcome"], &report["failed"]), (&json!("failed"), &json!(true)), "{report:#}");
    assert_eq!(report["changed"], json!(true));
    assert!(says_interrupted(&report), "{report:#}");
    assert_eq!(host.listed(), [ALWAYS]);
}

#[test]
fn a_rule_that_somebody_flushed_meanwhile_comes_back_where_the_files_ask_for_it() {
    let mut host = between_kernel_and_files();
    host.kernel.suffer(&Foreign::Flush);
    host.answer(&policy(&[ALWAYS]));
    assert_eq!(host.listed(), [ALWAYS]);
}

#[test]
fn a_journal_that_cannot_be_read_is_said_once_and_keeps_no_run_away() {
    for text in ["", "{}", "\u{0}", r#"{"format":"audit_rules journal 1","pid":1,"boot_id":"","started":0,"paths":[]}"#]
    {
        let mut host = Host::new();
        host.directory("/run/audit_rules");
        host.mode("/run/audit_rules", 0o700);
        host.write(JOURNAL, text);
        let report = host.answer(&policy(&[ALWAYS]));
        assert_eq!(report["outcome"], json!("applied"), "{report:#}");
        assert!(report["warnings"].to_string().contains("cannot be told"), "{report:#}");
        assert_eq!(host.answer(&policy(&[ALWAYS]))["warnings"], json!([]));
    }
}
