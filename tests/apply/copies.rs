//! Copies of files that a run keeps: the report names each that it made.

use serde_json::{Value as Json, json};

use crate::host::Host;

const OWN: &str = "/etc/audit/rules.d/30-own.rules";

fn host() -> Host {
    let mut host = Host::new();
    host.write(OWN, "-w /etc/shadow -p wa -k old\n");
    host.tell_paths();
    host
}

/// What a file below the root of a host holds.
fn held(host: &Host, path: &Json) -> String {
    let path = path.as_str().unwrap_or_else(|| panic!("no path: {path}"));
    std::fs::read_to_string(host.root().join(path.trim_start_matches('/'))).unwrap()
}

/// The step of a report on a file.
fn step<'a>(report: &'a Json, path: &str) -> &'a Json {
    let steps = report["plan"]["files"].as_array().unwrap();
    steps.iter().find(|step| step["path"] == json!(path)).unwrap_or_else(|| panic!("{report:#}"))
}

#[test]
fn the_report_names_the_copy_of_the_file_that_was_changed() {
    let request = |more: Json| {
        let mut request = json!({"name": "30-own", "rules": ["-w /etc/passwd -p wa -k identity"], "backup": true});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    };
    let mut host = host();
    let planned = host.answer(&request(json!({"check_mode": true})));
    assert_eq!((planned.get("backup_file"), step(&planned, OWN).get("backup")), (None, None), "{planned:#}");
    let report = host.answer(&request(json!({})));
    assert_eq!(held(&host, &report["backup_file"]), "-w /etc/shadow -p wa -k old\n", "{report:#}");
    assert_eq!(step(&report, OWN)["backup"], report["backup_file"]);
    let again = host.answer(&request(json!({})));
    assert_eq!((again["outcome"].as_str(), again.get("backup_file")), (Some("unchanged"), None));

    let mut host = self::host();
    let report = host.answer(&request(json!({"backup": false})));
    assert_eq!((report.get("backup_file"), step(&report, OWN).get("backup")), (None, None), "{report:#}");

    let mut host = Host::new();
    let report = host.answer(&request(json!({})));
    assert_eq!((report.get("backup_file"), step(&report, OWN).get("backup")), (None, None), "nothing was there before");
}

#[test]
fn several_copies_are_named_with_their_files() {
    let mut host = host();
    host.write("/etc/audit/rules.d/40-other.rules", "-w /etc/group -p wa -k old\n");
    let request = json!({"state": "loaded", "backup": true, "drop_ins": {
        "30-own": {"rules": ["-w /etc/passwd -p wa -k identity"]}, "40-other": {"state": "absent"},
    }});
    let report = host.answer(&request);
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    assert_eq!(report.get("backup_file"), None);
    assert_eq!(held(&host, &step(&report, OWN)["backup"]), "-w /etc/shadow -p wa -k old\n");
    let other = step(&report, "/etc/audit/rules.d/40-other.rules");
    assert_eq!(held(&host, &other["backup"]), "-w /etc/group -p wa -k old\n");
}
