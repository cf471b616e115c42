//! The note that a run leaves while it works, and what the next run makes of that of a killed one.

use std::fs;
use std::path::Path;

use audit_rules::kernel::Rcu;
use audit_rules::rules_d::boot_id;
use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const OWN: &str = "/etc/audit/rules.d/30-own.rules";
const JOURNAL: &str = "/run/audit_rules/journal";
const SEEN: &str = "/var/seen";
const OLD: &str = "-w /etc/shadow -p wa -k old";

fn request(expedite: &str) -> Json {
    json!({"name": "30-own", "rules": ["-w /etc/passwd -p wa -k identity"], "expedite": expedite})
}

/// A host whose drop-in and kernel hold an old rule.
fn host() -> Host {
    let mut host = Host::new();
    host.write(OWN, format!("{OLD}\n"));
    host.tell_paths();
    host.load(&[OLD]);
    host
}

/// A host with the note of a killed run, whose grace periods are short now.
fn interrupted(boot: &str, writable: bool) -> Host {
    let mut host = host();
    host.directory("/run/audit_rules");
    host.mode("/run/audit_rules", 0o700);
    let note = json!({
        "format": "audit_rules journal 2", "pid": 4711, "boot_id": boot, "started": 1, "paths": [OWN],
        "rcu_expedited": 0
    });
    host.write(JOURNAL, note.to_string());
    host.kernel = host.kernel.clone().with_rcu(Rcu { expedited: Some(1), normal: Some(0), writable });
    host
}

fn expedited(host: &Host) -> Option<u32> {
    host.kernel.rcu_state().expedited
}

#[test]
fn the_note_is_there_before_the_first_change_and_says_what_is_to_be_put_back() {
    let keep = |root: &Path| {
        fs::copy(root.join("run/audit_rules/journal"), root.join("var/seen")).unwrap();
    };
    for (request, to_put_back) in [
        (request("auto"), json!(0)),
        (request("always"), json!(0)),
        (request("never"), json!(null)),
        (json!({"name": "40-more", "rules": ["-w /etc/group -p wa -k more"], "expedite": "always"}), json!(0)),
    ] {
        let mut host = host();
        host.sabotage = Some(keep);
        let report = host.answer(&request);
        assert_eq!(report["outcome"], json!("applied"), "{report:#}");
        let note: Json = serde_json::from_slice(&fs::read(host.path(SEEN)).unwrap()).unwrap();
        assert_eq!((&note["pid"], &note["boot_id"]), (&json!(std::process::id()), &json!(boot_id())));
        assert_eq!(note["rcu_expedited"], to_put_back, "{request:#}");
        let path = format!("/etc/audit/rules.d/{}.rules", request["name"].as_str().unwrap());
        assert_eq!(note["paths"], json!([path]));
        assert!(!host.path(JOURNAL).exists());
        assert_eq!(expedited(&host), Some(0));
    }
}

#[test]
fn the_next_run_puts_grace_periods_back_and_says_whose_work_it_finished() {
    let mut host = interrupted(&boot_id().unwrap(), true);
    let report = host.answer(&request("auto"));
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    assert!(report["warnings"].to_string().contains("4711"), "{report:#}");
    assert_eq!((expedited(&host), host.path(JOURNAL).exists()), (Some(0), false));
    let again = host.answer(&request("auto"));
    assert_eq!((&again["changed"], &again["warnings"]), (&json!(false), &json!([])), "{again:#}");
}

#[test]
fn a_note_of_an_earlier_boot_is_of_no_matter() {
    let mut host = interrupted("00000000-0000-0000-0000-000000000000", true);
    let report = host.answer(&request("auto"));
    assert_eq!((&report["outcome"], &report["warnings"]), (&json!("applied"), &json!([])), "{report:#}");
    assert_eq!((expedited(&host), host.path(JOURNAL).exists()), (Some(1), false), "somebody set it in this boot");
}

#[test]
fn check_mode_finishes_nothing_and_leaves_the_note_to_the_next_run() {
    let mut host = interrupted(&boot_id().unwrap(), true);
    let mut checked = request("auto");
    checked["check_mode"] = json!(true);
    assert_eq!(host.answer(&checked)["outcome"], json!("planned"));
    assert_eq!((expedited(&host), host.path(JOURNAL).exists()), (Some(1), true));
}

#[test]
fn a_run_that_cannot_put_grace_periods_back_fails_and_leaves_the_note() {
    let mut host = interrupted(&boot_id().unwrap(), false);
    let before = host.fingerprint();
    let report = host.answer(&request("auto"));
    assert_eq!(report["outcome"], json!("failed"), "{report:#}");
    assert!(report["errors"].to_string().contains("rcu_expedited"), "{report:#}");
    assert_eq!(kinds(&report).len(), 1);
    assert_eq!(before.difference(&host.fingerprint(), &host), [""; 0]);
    assert_eq!((host.kernel.sent().changing(), host.path(JOURNAL).exists()), (0, true));
}

#[test]
fn the_dated_copies_of_a_killed_run_are_named_and_stay() {
    let copy = "/etc/audit/rules.d/30-own.rules.4711.2026-01-02@03:04:05~";
    let mut host = interrupted(&boot_id().unwrap(), true);
    host.write(copy, "-w /etc/issue -p wa -k older\n");
    host.write("/etc/audit/rules.d/30-own.rules.4712.2026-01-02@03:04:05~", String::new());
    let named = |report: &Json| report.to_string().matches(copy).count();
    let gathered = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    assert!(named(&gathered) > 0, "{gathered:#}");
    let report = host.answer(&request("auto"));
    assert!(
        report["warnings"][0].as_str().unwrap().ends_with(&format!("; of what it replaced it left {copy}")),
        "{report:#}"
    );
    assert!(host.path(copy).exists());
}
