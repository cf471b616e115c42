//! Every scenario that changes something, with a kernel that refuses, or whose answers are lost.
//!
//! Whatever it answers: what `faults` asks for holds, and a report on a failure names the answer.

use std::cell::Cell;

use audit_rules::kernel::model::{Call, Done, Fault};
use audit_rules::kernel::{Errno, KernelError};
use serde_json::json;

use crate::faults::{Trial, each_trial, hold, judge};

/// What a kernel, or a security module in it, may answer to a change.
const ERRNOS: [Errno; 9] = [
    Errno::ENOMEM,
    Errno::EINVAL,
    Errno::EPERM,
    Errno::ENOSPC,
    Errno::EIO,
    Errno::EROFS,
    Errno::ENOBUFS,
    Errno::EEXIST,
    Errno::ENOENT,
];

/// Whether an answer says that somebody else has done the change already: the read-back has the last word then.
fn means_done(done: &Done, errno: Errno) -> bool {
    match done {
        Done::Append { .. } | Done::Prepend { .. } => errno == Errno::EEXIST,
        Done::Unload { .. } => errno == Errno::ENOENT,
        Done::Set { .. } | Done::Expedited(_) => false,
    }
}

/// Holds a trial with a refusal to its report. A failure names the answer; only one that means that the change is done
/// already may end well. Those that are told apart by their name alone leave the same to the next run: once is enough.
fn hold_refusal(trial: &Trial<'_>, fault: &Fault, errno: Errno, may_end_well: bool, complaints: &mut Vec<String>) {
    let (host, report) = trial.run(fault.clone());
    let failed = report["failed"] == json!(true);
    let is_named = report["errors"].to_string().contains(&format!("{errno:?}"));
    // Nothing stands in the way back of one refusal.
    let wrong = judge(trial, &host, &report)
        .or_else(|| (report["outcome"] == json!("stranded")).then(|| format!("{}", report["errors"])))
        .or_else(|| (!failed && !may_end_well).then(|| format!("{}", report["msg"])))
        .or_else(|| (failed && !is_named && !may_end_well).then(|| format!("not named: {}", report["errors"])))
        .or_else(|| if may_end_well || errno == ERRNOS[0] { trial.heals(host, &report) } else { None });
    complaints.extend(wrong.map(|wrong| format!("{fault:?}: {wrong}")));
}

#[test]
fn a_change_that_is_refused_is_taken_back_whatever_the_reason() {
    let tried = Cell::new(0);
    each_trial(|trial, complaints| {
        let changes = trial.done.iter().filter(|done| !matches!(done, Done::Set { .. } | Done::Expedited(_)));
        for (nth, done) in (1..).zip(changes) {
            for errno in ERRNOS {
                tried.set(tried.get() + 1);
                hold_refusal(trial, &Fault::Refuse { nth, errno }, errno, means_done(done, errno), complaints);
            }
        }
    });
    assert!(tried.get() >= 1_000, "{}", tried.get());
}

#[test]
fn a_kernel_that_refuses_every_change_from_some_moment_on_is_told_as_it_is() {
    let stranded = Cell::new(0);
    each_trial(|trial, complaints| {
        for nth in 1..=trial.changes() {
            for errno in [Errno::ENOMEM, Errno::EPERM, Errno::EEXIST, Errno::ENOENT] {
                let fault = Fault::RefuseFrom { nth, errno };
                let (host, report) = trial.run(fault.clone());
                stranded.set(stranded.get() + u32::from(report["outcome"] == json!("stranded")));
                let wrong = judge(trial, &host, &report).or_else(|| trial.heals(host, &report));
                complaints.extend(wrong.map(|wrong| format!("{fault:?}: {wrong}")));
            }
        }
    });
    assert!(stranded.get() >= 20, "{}", stranded.get());
}

#[test]
fn a_setting_that_is_refused_takes_the_change_back() {
    let tried = Cell::new(0);
    each_trial(|trial, complaints| {
        for nth in 1..=trial.sent.set {
            for errno in ERRNOS {
                let error = KernelError::Refused { request: "AUDIT_SET", errno };
                tried.set(tried.get() + 1);
                hold_refusal(trial, &Fault::Fail { call: Some(Call::Set), nth, error }, errno, false, complaints);
            }
        }
    });
    assert!(tried.get() >= 100, "{}", tried.get());
}

#[test]
fn a_question_that_is_refused_or_lost_is_taken_back_or_made_good() {
    each_trial(|trial, complaints| {
        for errno in [Errno::ENOBUFS, Errno::EINVAL, Errno::EPERM] {
            let faults = (1..=trial.sent.list).flat_map(|nth| {
                let refused = KernelError::Refused { request: "AUDIT_LIST_RULES", errno };
                let lost = KernelError::Transport { call: "recvmsg", errno };
                [(Call::Rules, refused.clone()), (Call::Status, refused), (Call::Features, lost)]
                    .map(|(call, error)| Fault::Fail { call: Some(call), nth, error })
            });
            hold(trial, faults, complaints);
        }
        let short = KernelError::ListLost { attempts: 5 };
        let lists = (1..=trial.sent.list).map(|nth| Fault::Fail { call: Some(Call::Rules), nth, error: short.clone() });
        hold(trial, lists, complaints);
    });
}

#[test]
fn a_change_whose_answer_is_lost_is_taken_back_or_made_good() {
    let tried = Cell::new(0);
    each_trial(|trial, complaints| {
        let error = KernelError::Transport { call: "recvmsg", errno: Errno::ENOBUFS };
        for (call, count) in [(Call::Change, trial.changes()), (Call::Set, trial.sent.set), (Call::SetRcu, 2)] {
            let faults = (1..=count).map(|nth| Fault::Unanswered { call, nth, error: error.clone() });
            tried.set(tried.get() + count);
            hold(trial, faults, complaints);
        }
    });
    assert!(tried.get() >= 200, "{}", tried.get());
}
