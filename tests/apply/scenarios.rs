//! Every folder of `tests/scenarios`, and what holds for every request whatever it asks for.

use std::collections::BTreeMap;
use std::fmt::Write;

use audit_rules::kernel::Status;
use audit_rules::kernel::model::{Done, Model, Sent};
use audit_rules::rule::Rule;
use serde_json::{Value as Json, json};

use crate::case::Case;
use crate::files;
use crate::host::Host;

/// Runs a part of the tests over all folders and names all that disagree.
pub fn each_case(part: impl Fn(&Case, &mut Vec<String>)) {
    let cases = Case::all();
    assert!(cases.len() >= 40, "{} folders", cases.len());
    let mut wrong = String::new();
    for case in &cases {
        let mut complaints = Vec::new();
        part(case, &mut complaints);
        for complaint in complaints {
            write!(wrong, "\n{}: {complaint}", case.name).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn changing(before: Sent, after: Sent) -> u32 {
    after.changing() - before.changing()
}

/// The request with the keys of another one.
fn with(request: &Json, key: &str, value: Json) -> Json {
    let mut request = request.clone();
    request.as_object_mut().unwrap().insert(key.to_owned(), value);
    request
}

/// The report without what hangs on the process that made it: the snapshot is opaque, and owners differ.
fn stable(report: &Json, host: &Host) -> Json {
    let mut report = report.clone();
    if let Some(undo) = report.get_mut("undo") {
        *undo = json!("(a request)");
    }
    // Owners are in it.
    if let Some(plan_id) = report.get_mut("plan_id") {
        *plan_id = json!("(a plan)");
    }
    let (uid, gid) = host.own_ids();
    for file in report.pointer_mut("/filesystem/files").and_then(Json::as_array_mut).into_iter().flatten() {
        assert_eq!((&file["uid"], &file["gid"]), (&json!(uid), &json!(gid)));
        (file["uid"], file["gid"]) = (json!(0), json!(0));
    }
    let text = report.to_string().replace(&format!("owner {uid}:{gid}"), "owner 0:0");
    serde_json::from_str(&text).unwrap()
}

/// The rules of the kernel as text, and the settings that are not as at boot.
fn kernel_text(host: &Host) -> String {
    let settings = |status: Status| -> BTreeMap<&str, Option<u32>> {
        BTreeMap::from([
            ("enabled", Some(status.enabled)),
            ("failure", Some(status.failure)),
            ("backlog_limit", Some(status.backlog_limit)),
            ("rate_limit", Some(status.rate_limit)),
            ("backlog_wait_time", status.backlog_wait_time),
        ])
    };
    let (now, boot) = (settings(host.kernel.state()), settings(Model::new().state()));
    let mut text = String::new();
    for (name, value) in now.iter().filter(|(name, value)| boot[*name] != **value) {
        writeln!(text, "# {name} {}", value.unwrap_or_default()).unwrap();
    }
    if host.kernel.feature_state() != Model::new().feature_state() {
        writeln!(text, "# {:?}", host.kernel.feature_state()).unwrap();
    }
    host.listed().iter().for_each(|rule| writeln!(text, "{rule}").unwrap());
    text
}

#[test]
fn every_folder_ends_as_it_says() {
    each_case(|case, complaints| {
        let mut held = Vec::new();
        let (host, _) = case.walk(|host, request| {
            let report = host.answer(request);
            held.push(format!("{:#}\n", stable(&report, host)));
            report
        });
        for (at, report) in held.iter().enumerate() {
            files::hold(&case.expected_report(at), Some(report.as_bytes()), complaints);
        }
        let kernel = kernel_text(&host);
        files::hold(&case.folder.join("expected.kernel"), Some(kernel.as_bytes()), complaints);
        let (tree, folder) = (host.tree(), case.folder.join("expected"));
        let mut modes = String::new();
        let mut found = Vec::new();
        for (path, bytes, mode) in
            tree.files("/").filter(|(path, ..)| path.contains("/audit/") || path.contains(".rules"))
        {
            writeln!(modes, "{mode:04o} {path}").unwrap();
            found.push(folder.join(&path[1..]));
            files::hold(&folder.join(&path[1..]), Some(bytes), complaints);
        }
        files::hold(&case.folder.join("expected.modes"), Some(modes.as_bytes()), complaints);
        for path in files::below(&folder).iter().filter(|path| !found.contains(path)) {
            files::hold(path, None, complaints);
        }
    });
}

fn errors_of(report: &mut Json) -> &mut [Json] {
    report["errors"].as_array_mut().map_or(&mut [], Vec::as_mut_slice)
}

#[test]
fn check_mode_plans_what_a_run_does_and_touches_nothing() {
    each_case(|case, complaints| {
        case.walk(|host, request| {
            let before = (host.tree(), host.fingerprint(), host.kernel.sent());
            let planned = host.answer(&with(request, "check_mode", json!(true)));
            if host.tree() != before.0 {
                complaints.push(format!("check mode touched {:?}", host.tree().difference(&before.0)));
            }
            if host.fingerprint() != before.1 || changing(before.2, host.kernel.sent()) != 0 {
                complaints.push(format!("check mode sent {:?}", host.kernel.done()));
            }
            let report = host.answer(request);
            for part in ["plan", "pending", "changed", "failed", "errors", "diff", "reboot_required"] {
                let mut planned = planned.clone();
                for (error, real) in errors_of(&mut planned).iter_mut().zip(errors_of(&mut report.clone())) {
                    // Its hint knows of earlier tasks; all else is the same.
                    if error["hint"].as_str().is_some_and(|hint| hint.contains("check_mode_skip")) {
                        error["hint"] = real["hint"].clone();
                        error["sentence"] = real["sentence"].clone();
                    }
                }
                if planned[part] != report[part] {
                    complaints
                        .push(format!("{part} in check mode\n{:#}\nin the run\n{:#}", planned[part], report[part]));
                }
            }
            if planned.get("undo").is_some() {
                complaints.push("check mode offers to take back what it did not do".to_owned());
            }
            report
        });
    });
}

#[test]
fn a_second_and_a_third_run_change_nothing() {
    each_case(|case, complaints| {
        case.walk(|host, request| {
            let report = host.answer(request);
            if report["failed"] == json!(true) || report["outcome"] == json!("planned") {
                return report;
            }
            for run in ["second", "third"] {
                let (tree, sent) = (host.tree(), host.kernel.sent());
                let again = host.answer(request);
                if again["changed"] != json!(false) || again["failed"] != json!(false) {
                    complaints.push(format!("the {run} run says {again:#}"));
                }
                if again["pending"] != report["pending"] || again["reboot_required"] != report["reboot_required"] {
                    complaints.push(format!("the {run} run waits for {:#}", again["pending"]));
                }
                if changing(sent, host.kernel.sent()) != 0 {
                    complaints.push(format!("the {run} run sent {:?}", host.kernel.done()));
                }
                // The lock file of another root comes and goes.
                let mut touched = host.tree().difference(&tree);
                touched.retain(|path| path != "/run/audit_rules");
                if !touched.is_empty() {
                    complaints.push(format!("the {run} run touched {touched:?}"));
                }
            }
            report
        });
    });
}

#[test]
fn undo_gives_the_host_back_byte_for_byte() {
    let mut undone = std::cell::Cell::new(0);
    each_case(|case, complaints| {
        case.walk(|host, request| {
            let before = host.fingerprint();
            let report = host.answer(request);
            let Some(undo) = report.get("undo") else {
                if report["changed"] == json!(true) && report["outcome"] != json!("planned") {
                    complaints.push("a change without a way back".to_owned());
                }
                return report;
            };
            let mut twin = host.twin();
            let back = twin.answer(undo);
            let mut after = twin.fingerprint();
            if twin.kernel.state().is_locked() {
                after.rules.clone_from(&before.rules);
                after.status = before.status;
            }
            if host.kernel.feature_state() != before.features {
                after.features = before.features;
            }
            after.files.forget_empty_directories_beyond(&before.files);
            let difference = before.difference(&after, host);
            if back["failed"] != json!(false) || !difference.is_empty() {
                complaints.push(format!("not given back: {difference:?}\n{back:#}"));
            }
            undone.set(undone.get() + 1);
            report
        });
    });
    assert!(*undone.get_mut() >= 30, "{}", undone.get());
}

/// What is wrong with a sequence of changes, watched by somebody who looks at the list all the time.
pub fn gaps(before: &[Rule], done: &[Done], after: &[Rule]) -> Vec<String> {
    let stays = |rule: &Rule| before.contains(rule) && after.contains(rule);
    let mut wrong = Vec::new();
    let mut unloaded = false;
    for (at, step) in done.iter().enumerate() {
        match step {
            Done::Unload { rule, .. } => {
                let next = done[at + 1..].iter().find(|step| !matches!(step, Done::Unload { .. }));
                let returns = matches!(next, Some(Done::Append { rule: back, .. } | Done::Prepend { rule: back, .. })
                    if back.clone().as_listed() == rule.clone().as_listed());
                let copies = before.iter().filter(|held| **held == rule.clone().as_listed()).count();
                if stays(&rule.clone().as_listed()) && !returns && copies < 2 {
                    wrong.push(format!("{rule:?} was gone for a while"));
                }
                unloaded |= !returns;
            }
            Done::Append { rule, .. } | Done::Prepend { rule, .. } if unloaded => {
                wrong.push(format!("{rule:?} was loaded after an unload"));
            }
            _ => {}
        }
    }
    wrong
}

#[test]
fn no_rule_that_stays_is_ever_gone_and_loads_come_before_unloads() {
    each_case(|case, complaints| {
        case.walk(|host, request| {
            let (before, done) = (host.kernel.loaded(), host.kernel.done().len());
            let report = host.answer(request);
            let after = host.kernel.loaded();
            complaints.extend(gaps(&before, &host.kernel.done()[done..], &after));
            report
        });
    });
}
