//! Every scenario that changes something, with something going wrong at every moment.
//!
//! Whatever goes wrong: the host is as before and the report says so, or it is as declared and the report says so, or
//! the report is `stranded` and names everything in which the host differs.

use audit_rules::kernel::model::{Done, Fault, Foreign, Sent};
use audit_rules::kernel::{KernelError, Setting};
use serde_json::{Value as Json, json};

use crate::fingerprint::Fingerprint;
use crate::host::Host;
use crate::scenarios::each_case;
use crate::tree::Tree;

/// One request on one host, and how it goes when nothing goes wrong.
pub struct Trial<'a> {
    pub host: &'a Host,
    /// What stands on the host.
    pub tree: Tree,
    pub request: &'a Json,
    pub before: Fingerprint,
    pub wanted: Fingerprint,
    pub sent: Sent,
    pub done: Vec<Done>,
}

impl Trial<'_> {
    /// More than the calls of a run: each of these questions and changes is one call at most.
    pub fn calls(&self) -> u32 {
        self.sent.get + self.sent.list + self.changes() + self.sent.set + 3
    }

    pub fn changes(&self) -> u32 {
        self.sent.add + self.sent.delete
    }

    /// The host once more.
    pub fn twin(&self) -> Host {
        self.host.twin_with(&self.tree)
    }

    /// A run with this fault: the host after it, and the report.
    pub fn run(&self, fault: Fault) -> (Host, Json) {
        let mut host = self.twin();
        host.kernel.fault(fault);
        let report = host.answer(self.request);
        (host, report)
    }

    /// In what a host differs from what was wanted; where the order was left open, it may be another one.
    pub fn short_of_wish(&self, host: &Host) -> Vec<String> {
        self.short_of_wish_as(&host.fingerprint(), host)
    }

    fn short_of_wish_as(&self, now: &Fingerprint, host: &Host) -> Vec<String> {
        let mut difference = self.wanted.difference(now, host);
        difference.retain(|name| name != "order" || self.request["ordering"] == json!("strict"));
        difference
    }

    /// Another run when all is well again ends as declared.
    pub fn heals(&self, mut host: Host, report: &Json) -> Option<String> {
        if self.request["state"] == json!("restored") {
            return None;
        }
        host.kernel.mend();
        let again = host.answer(self.request);
        let difference = self.short_of_wish(&host);
        let done_before = report["failed"] == json!(false);
        let fine = again["failed"] == json!(false)
            && difference.is_empty()
            && !(done_before && again["changed"] == json!(true));
        (!fine).then(|| format!("the next run leaves {difference:?}: {}", again["msg"]))
    }
}

/// Tries every folder's requests that change something.
pub fn each_trial(part: impl Fn(&Trial<'_>, &mut Vec<String>)) {
    let tried = std::cell::Cell::new(0);
    each_case(|case, complaints| {
        case.walk(|host, request| {
            let tree = host.tree();
            let mut twin = host.twin_with(&tree);
            let before = twin.fingerprint();
            let report = twin.answer(request);
            if report["changed"] == json!(true) && report["outcome"] != json!("planned") {
                let (wanted, sent, done) = (twin.fingerprint(), twin.kernel.sent(), twin.kernel.done().to_vec());
                tried.set(tried.get() + 1);
                part(&Trial { host, tree, request, before, wanted, sent, done }, complaints);
            }
            host.answer(request)
        });
    });
    assert!(tried.get() >= 50, "{} requests", tried.get());
}

/// What is wrong with a report, where nobody else changed the host.
pub fn judge(trial: &Trial<'_>, host: &Host, report: &Json) -> Option<String> {
    let now = host.fingerprint();
    let from_before = trial.before.difference(&now, host);
    let warnings = report["warnings"].to_string();
    let untold = |mut difference: Vec<String>| {
        difference.retain(|name| name != "rcu_expedited" || !warnings.contains(name.as_str()));
        difference
    };
    let (from_before, from_wished) = (untold(from_before), untold(trial.short_of_wish_as(&now, host)));
    let outcome = report["outcome"].as_str().unwrap();
    let errors = report["errors"].to_string();
    let wrong = match outcome {
        "failed" | "rolled_back" => (!from_before.is_empty()).then(|| format!("{from_before:?} differs from before")),
        "stranded" if errors.contains("the kernel cannot be read") => {
            let files = trial.before.files.difference(&now.files);
            unnamed(&files, report).map(|name| format!("{name} differs from before and is not named"))
        }
        "stranded" if from_before.is_empty() => Some("the host is as before".to_owned()),
        "stranded" => unnamed(&from_before, report).map(|name| format!("{name} differs from before and is not named")),
        _ => (!from_wished.is_empty()).then(|| format!("{from_wished:?} differs from what was declared")),
    };
    let failed = matches!(outcome, "failed" | "rolled_back" | "stranded");
    if report["failed"] != json!(failed) || (failed && report["errors"].as_array().is_none_or(Vec::is_empty)) {
        return Some(format!("{outcome} with failed {} and errors {errors}", report["failed"]));
    }
    wrong.map(|wrong| format!("{outcome}, but {wrong}: {}", report["msg"]))
}

/// The first of these differences that a report does not speak of.
fn unnamed<'a>(differences: &'a [String], report: &Json) -> Option<&'a String> {
    let errors = report["errors"].as_array().into_iter().flatten();
    let named: Vec<&str> =
        errors.filter(|error| error["kind"] == "stranded").filter_map(|error| error["message"].as_str()).collect();
    differences.iter().find(|difference| !named.iter().any(|message| message.contains(difference.as_str())))
}

pub fn timeout() -> KernelError {
    KernelError::Timeout { request: "AUDIT_GET", milliseconds: 2000 }
}

/// Holds a trial with each of these faults to its report, and to the next run.
pub fn hold(trial: &Trial<'_>, faults: impl IntoIterator<Item = Fault>, complaints: &mut Vec<String>) {
    for fault in faults {
        let (host, report) = trial.run(fault.clone());
        let wrong = judge(trial, &host, &report).or_else(|| trial.heals(host, &report));
        complaints.extend(wrong.map(|wrong| format!("{fault:?}: {wrong}")));
    }
}

#[test]
fn a_call_that_fails_is_taken_back_or_made_good() {
    each_trial(|trial, complaints| {
        let faults = (1..=trial.calls()).map(|nth| Fault::Fail { call: None, nth, error: timeout() });
        hold(trial, faults, complaints);
    });
}

#[test]
fn a_kernel_that_is_gone_for_good_is_never_said_to_be_well() {
    each_trial(|trial, complaints| {
        hold(trial, (1..=trial.calls()).map(|nth| Fault::FailFrom { nth, error: timeout() }), complaints);
    });
}

#[test]
fn an_acknowledgement_is_never_taken_for_the_deed() {
    each_trial(|trial, complaints| {
        hold(trial, (1..=trial.changes()).map(|nth| Fault::Ignore { nth }), complaints);
        hold(trial, (1..=trial.sent.set).map(|nth| Fault::IgnoreSetting { nth }), complaints);
    });
}

#[test]
fn a_step_that_somebody_else_took_first_is_no_failure() {
    each_trial(|trial, complaints| {
        let changes = trial.done.iter().filter(|done| !matches!(done, Done::Set { .. } | Done::Expedited(_)));
        let faults = (1..).zip(changes).map(|(nth, done)| {
            let foreign = match done {
                Done::Unload { rule, .. } => Foreign::Unload(rule.clone()),
                Done::Append { rule, .. } | Done::Prepend { rule, .. } => Foreign::Append(rule.clone()),
                Done::Set { .. } | Done::Expedited(_) => unreachable!("not a change"),
            };
            Fault::BeforeChange { nth, foreign }
        });
        for fault in faults {
            let (host, report) = trial.run(fault.clone());
            if report["failed"] != json!(false) {
                complaints.push(format!("{fault:?}: {}", report["msg"]));
            }
            complaints.extend(judge(trial, &host, &report).map(|wrong| format!("{fault:?}: {wrong}")));
        }
    });
}

#[test]
fn a_flush_in_the_middle_is_made_good() {
    each_trial(|trial, complaints| {
        for nth in 1..=trial.changes() {
            let (mut host, report) = trial.run(Fault::BeforeChange { nth, foreign: Foreign::Flush });
            if report["failed"] == json!(true) {
                complaints.extend(judge(trial, &host, &report).map(|wrong| format!("flush at {nth}: {wrong}")));
                continue;
            }
            let files = trial.wanted.files.difference(&host.fingerprint().files);
            let missing = report["rules"]["missing"].as_array().map_or(0, Vec::len);
            let again =
                if trial.request["state"] == json!("restored") { json!(null) } else { host.answer(trial.request) };
            if !files.is_empty() || missing > 0 || again["changed"] == json!(true) {
                complaints.push(format!("flush at {nth}: {files:?}, {}, then {}", report["msg"], again["msg"]));
            }
        }
    });
}

#[test]
fn a_kernel_that_is_locked_in_the_middle_is_told_as_it_is() {
    each_trial(|trial, complaints| {
        for nth in 1..=trial.calls() {
            let foreign = Foreign::Set(Setting::Enabled(2));
            let (host, report) = trial.run(Fault::BeforeCall { call: None, nth, foreign });
            let mut trial = trial.copy();
            if host.kernel.state().is_locked() {
                trial.wanted.status.enabled = 2;
                if !trial.sets_enabled() {
                    trial.before.status.enabled = 2;
                }
            }
            let plan = &report["plan"];
            if report["outcome"] == json!("staged") && plan["kernel"] == json!([]) && plan["control"] == json!([]) {
                let (status, files) = (trial.wanted.status, trial.wanted.files);
                trial.wanted = Fingerprint { files, ..trial.before.clone() };
                trial.wanted.status.enabled = status.enabled;
            }
            complaints.extend(judge(&trial, &host, &report).map(|wrong| format!("locked at {nth}: {wrong}")));
        }
    });
}

impl Trial<'_> {
    fn sets_enabled(&self) -> bool {
        self.done.iter().any(|done| matches!(done, Done::Set { setting: Setting::Enabled(_), .. }))
    }

    fn copy(&self) -> Trial<'_> {
        let (before, wanted) = (self.before.clone(), self.wanted.clone());
        let tree = self.tree.clone();
        Trial { host: self.host, tree, request: self.request, before, wanted, sent: self.sent, done: self.done.clone() }
    }
}

#[test]
fn a_signal_is_obeyed_and_everything_taken_back() {
    let rolled_back = std::cell::Cell::new(0);
    each_trial(|trial, complaints| {
        for look in 1..=trial.changes() {
            let mut host = trial.twin();
            host.interrupted_at = Some(look);
            let report = host.answer(trial.request);
            let wrong = judge(trial, &host, &report)
                .or_else(|| (report["outcome"] == json!("stranded")).then(|| report["errors"].to_string()));
            rolled_back.set(rolled_back.get() + u32::from(report["outcome"] == json!("rolled_back")));
            host.interrupted_at = None;
            complaints
                .extend(wrong.or_else(|| trial.heals(host, &report)).map(|wrong| format!("signal at {look}: {wrong}")));
        }
    });
    assert!(rolled_back.get() >= 50, "{}", rolled_back.get());
}
