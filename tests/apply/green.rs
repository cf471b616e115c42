//! What a green answer must not hide: lines that the boot passes over, settings that do not survive, auditing that is off.

use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const RULE: &str = "-w /etc/passwd -p wa -k identity";
const MISSING: &str = "-w /nope/x -p wa -k a";
const FILE: &str = "/etc/audit/rules.d/10-a.rules";

/// A host whose kernel holds all that these lines can bring.
fn host(lines: &[&str]) -> Host {
    let mut host = Host::new();
    host.write(FILE, lines.join("\n") + "\n");
    host.tell_paths();
    host.load(&[RULE]);
    host
}

fn warnings(report: &Json) -> Vec<&str> {
    report["warnings"].as_array().unwrap().iter().map(|said| said.as_str().unwrap()).collect()
}

fn gather(host: &mut Host, source: &str) -> Json {
    host.answer(&json!({"operation": "gather", "on_drift": "fail", "source": source}))
}

#[test]
fn lines_that_the_boot_passes_over_are_drift_and_each_is_named() {
    for switch in ["-c", "-i"] {
        let lines = ["-D", switch, MISSING, "-a always,exit -F arch=b64 -S nosuch -k b", "-r many", RULE];
        for source in ["both", "filesystem"] {
            let mut host = host(&lines);
            let report = gather(&mut host, source);
            assert_eq!((&report["failed"], &report["in_sync"]), (&json!(true), &json!(false)), "{report:#}");
            assert_eq!(kinds(&report).len(), 3, "{report:#}");
            for number in [3, 4, 5] {
                let place = format!("goes on after {FILE}:{number}");
                assert_eq!(warnings(&report).iter().filter(|said| said.contains(&place)).count(), 1, "{report:#}");
            }
        }
        let mut host = host(&lines);
        let report = host.answer(&json!({"state": "loaded"}));
        assert_eq!((&report["failed"], warnings(&report).len()), (&json!(false), 3), "{report:#}");
        let mut expect = json!({"operation": "gather", "on_drift": "fail", "expect": [RULE]});
        assert_eq!(host.answer(&expect)["in_sync"], json!(true), "what is expected is there");
        expect["expect"] = json!([MISSING]);
        assert_eq!(host.answer(&expect)["in_sync"], json!(false));
    }
}

#[test]
fn what_costs_nothing_at_boot_is_no_drift() {
    let mut host = host(&["-c", RULE, RULE, "-W /etc/group -p wa -k none"]);
    let report = gather(&mut host, "both");
    assert_eq!((&report["failed"], &report["in_sync"]), (&json!(false), &json!(true)), "{report:#}");
}

/// A host as Debian makes it: its file sorts after those that begin with a number.
fn debian() -> Host {
    let host = Host::new();
    host.write("/etc/audit/rules.d/audit.rules", "-D\n-b 8192\n--backlog_wait_time 60000\n-f 1\n");
    host
}

#[test]
fn a_setting_that_a_later_file_overrules_is_named_in_every_state() {
    let said = "backlog_limit 16384 does not survive the next boot: /etc/audit/rules.d/audit.rules:2 sets 8192";
    let control = json!({"backlog_limit": 16384});
    let requests = [
        json!({"name": "99-finalize", "control": control}),
        json!({"name": "99-finalize", "control": control, "target": "filesystem"}),
        json!({"state": "exact", "name": "99-finalize", "control": control, "keep": ["audit"]}),
        json!({"name": "99-finalize", "rules": ["-b 16384"], "check_mode": true}),
        json!({"drop_ins": {"10-a": {"control": control}, "20-b": {"rules": [RULE]}}}),
    ];
    for request in requests {
        assert_eq!(warnings(&debian().answer(&request)), [said], "{request}");
    }
    let mut host = debian();
    let request = json!({"state": "loaded", "drop_ins": {"99-finalize": {"control": control}}});
    let own = said.replace("16384 does", "16384 (/etc/audit/rules.d/99-finalize.rules:2) does");
    assert_eq!(warnings(&host.answer(&request)), [own.as_str()]);
    assert_eq!(warnings(&host.answer(&json!({"state": "loaded"}))), [own.as_str()], "the files say it themselves");
    // What sorts last wins.
    let request = json!({"name": "zz-finalize", "control": control});
    assert!(warnings(&debian().answer(&request)).is_empty());
}

#[test]
fn of_several_drop_ins_of_one_request_the_one_that_loses_is_named() {
    let mut host = Host::new();
    let drop_ins = json!({"10-a": {"control": {"backlog_limit": 100}}, "20-b": {"control": {"backlog_limit": 200}}});
    let report = host.answer(&json!({"drop_ins": drop_ins}));
    let said = "backlog_limit 100 does not survive the next boot: /etc/audit/rules.d/20-b.rules:2 sets 200";
    assert_eq!(warnings(&report), [said]);
}
