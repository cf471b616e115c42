//! Every scenario that changes something, with every system call on files going wrong in turn.
//!
//! Whatever goes wrong: what `faults` asks for holds, and no file of ours stays on its way.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use audit_rules::rules_d::fault::{self, Fault};
use rustix::io::Errno;
use serde_json::{Value as Json, json};

use crate::faults::{Trial, each_trial, judge};
use crate::host::Host;

/// How many runs may read a watch of a directory as one of a file, because the look at its path failed: so does auditctl.
const UNSEEN: u32 = 40;

/// How each call can go wrong. What only looks can fail; what changes something can also be refused for want of room
/// or right, come too late, or be acknowledged for nothing.
fn faults_of(call: &str) -> &'static [Fault] {
    use Fault::{Fail, Ignore};
    match call {
        "write" => &[Fail(Errno::IO), Fail(Errno::NOSPC), Ignore],
        fault::CREATE => &[Fail(Errno::IO), Fail(Errno::NOSPC), Fail(Errno::ROFS), Fail(Errno::EXIST)],
        "renameat" => &[Fail(Errno::IO), Fail(Errno::NOSPC), Fail(Errno::ROFS), Fail(Errno::NOENT), Ignore],
        "unlinkat" => &[Fail(Errno::IO), Fail(Errno::ROFS), Fail(Errno::NOENT), Ignore],
        "mkdirat" => &[Fail(Errno::IO), Fail(Errno::NOSPC), Fail(Errno::EXIST), Ignore],
        "fchmod" | "fchown" | "fsetxattr" => &[Fail(Errno::IO), Fail(Errno::ROFS), Ignore],
        "fsync" => &[Fail(Errno::IO), Fail(Errno::NOSPC)],
        "read" => &[Fail(Errno::IO), Fail(Errno::INTR)],
        _ => &[Fail(Errno::IO)],
    }
}

/// The calls on files of a run in which nothing goes wrong.
fn calls(trial: &Trial<'_>) -> Vec<&'static str> {
    let mut twin = trial.twin();
    fault::mend();
    twin.answer(trial.request);
    fault::mend()
}

/// A run of which some calls on files go wrong: the host after it, and the report.
fn run(trial: &Trial<'_>, arm: impl FnOnce()) -> (Host, Json) {
    let mut host = trial.twin();
    arm();
    let report = host.answer(trial.request);
    fault::mend();
    (host, report)
}

/// Whether a run that succeeded differs from what is wanted in watches only, since one of their paths could not be looked at.
fn is_of_an_unseen_path(trial: &Trial<'_>, call: &str, host: &Host, report: &Json) -> bool {
    let is_watch = |name: &String| name.starts_with("-w ") || name.ends_with("/30-identity.rules");
    ["statat", "openat", "fstat"].contains(&call)
        && report["failed"] == json!(false)
        && trial.short_of_wish(host).iter().all(is_watch)
}

/// Holds every run of which one of the calls that are meant goes wrong to its report, and to the next run: the runs of
/// each request, or of each second one and so on.
#[allow(clippy::print_stderr, reason = "says how much was tried")]
fn each_call(every: u32, is_meant: fn(&str) -> bool) -> BTreeMap<&'static str, u32> {
    let tried = RefCell::new(BTreeMap::<&str, u32>::new());
    let (trials, failed, unseen) = (Cell::new(0), Cell::new(0), Cell::new(0));
    each_trial(|trial, complaints| {
        if trials.replace(trials.get() + 1) % every != 0 {
            return;
        }
        for (nth, call) in (1..).zip(calls(trial)).filter(|(_, call)| is_meant(call)) {
            for fault in faults_of(call) {
                let (host, report) = run(trial, || fault::at(nth, *fault));
                *tried.borrow_mut().entry(call).or_default() += 1;
                let wrong = judge(trial, &host, &report);
                let is_failure = report["failed"] == json!(true);
                let is_unseen = wrong.is_some() && is_of_an_unseen_path(trial, call, &host, &report);
                failed.set(failed.get() + u32::from(is_failure));
                unseen.set(unseen.get() + u32::from(is_unseen));
                // The next run has something to do where this one came to nothing, or to something else.
                let after = json!({"failed": is_failure || is_unseen});
                let heals = || if is_failure || is_unseen { trial.heals(host, &after) } else { None };
                let wrong = wrong.filter(|_| !is_unseen).or_else(heals);
                complaints.extend(wrong.map(|wrong| format!("{call}, call {nth}, {fault:?}: {wrong}")));
            }
        }
    });
    let tried = tried.into_inner();
    let all: u32 = tried.values().sum();
    let (failed, unseen) = (failed.get(), unseen.get());
    let requests = trials.get().div_ceil(every);
    eprintln!(
        "ran: {all} faults of files in {requests} requests, {failed} of them failed, {unseen} with a path not seen: {tried:?}"
    );
    assert!(failed > all / 2, "{failed} of {all}");
    assert!(requests >= 30, "{requests}");
    assert!(unseen <= UNSEEN, "{unseen}");
    tried
}

const CHANGING: [&str; 8] =
    [fault::CREATE, "write", "fchmod", "fchown", "fsetxattr", "renameat", "unlinkat", "mkdirat"];

#[test]
fn a_change_of_a_file_that_goes_wrong_is_taken_back_or_made_good() {
    let tried = each_call(1, |call| CHANGING.contains(&call) || call == "fsync");
    for call in [fault::CREATE, "write", "fchmod", "fsync", "renameat", "unlinkat", "mkdirat"] {
        assert!(tried.get(call).is_some_and(|count| *count >= 10), "{call}: {tried:?}");
    }
    assert!(tried.values().sum::<u32>() >= 1_000, "{tried:?}");
}

#[test]
fn a_file_system_that_turns_read_only_is_told_as_it_is() {
    let (tried, stranded) = (Cell::new(0), Cell::new(0));
    each_trial(|trial, complaints| {
        for (nth, call) in (1..).zip(calls(trial)).filter(|(_, call)| CHANGING.contains(call)) {
            let (host, report) = run(trial, || fault::from(nth, &CHANGING, Fault::Fail(Errno::ROFS)));
            tried.set(tried.get() + 1);
            stranded.set(stranded.get() + u32::from(report["outcome"] == json!("stranded")));
            let wrong = judge(trial, &host, &report);
            // What was loaded for an old drop-in that cannot be brought back is a stranger to the next run.
            let heals = || if report["outcome"] == json!("stranded") { None } else { trial.heals(host, &report) };
            let wrong = wrong.or_else(heals);
            complaints.extend(wrong.map(|wrong| format!("from {call}, call {nth}, on: {wrong}")));
        }
    });
    assert!(tried.get() >= 1_000, "{}", tried.get());
    assert!(stranded.get() >= 100, "{}", stranded.get());
}

#[test]
fn a_dated_copy_goes_with_the_change_that_failed() {
    let request = json!({"name": "30-own", "rules": ["-w /etc/passwd -p wa -k identity"], "backup": true});
    let host = || {
        let mut host = Host::new();
        host.write("/etc/audit/rules.d/30-own.rules", "-w /etc/shadow -p wa -k old\n");
        host.tell_paths();
        host
    };
    let mut twin = host();
    fault::mend();
    assert_eq!(twin.answer(&request)["outcome"], json!("applied"));
    let calls = fault::mend();
    assert_eq!(calls.iter().filter(|call| **call == "renameat").count(), 4, "journal, copy, drop-in, note");
    for (nth, call) in (1..).zip(calls) {
        for fault in faults_of(call) {
            let mut host = host();
            let before = host.fingerprint();
            fault::at(nth, *fault);
            let report = host.answer(&request);
            fault::mend();
            if report["failed"] == json!(true) {
                assert_eq!(report.get("backup_file"), None, "{call}, {nth}, {fault:?}: {report:#}");
                assert_eq!(
                    before.difference(&host.fingerprint(), &host),
                    [""; 0],
                    "{call}, {nth}, {fault:?}: {report:#}"
                );
            }
        }
    }
}

#[test]
fn a_look_at_a_file_that_fails_is_an_error_or_no_matter() {
    let tried = each_call(2, |call| !CHANGING.contains(&call) && call != "fsync");
    for call in ["openat", "statat", "fstat", "fstatvfs", "statx", "read", "getdents", "flock"] {
        assert!(tried.get(call).is_some_and(|count| *count >= 10), "{call}: {tried:?}");
    }
    assert!(tried.values().sum::<u32>() >= 5_000, "{tried:?}");
}
