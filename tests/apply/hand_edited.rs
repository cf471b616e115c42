//! Lines of `audit.rules` that no drop-in has: none of them goes without a word.

use std::fs;

use serde_json::{Value as Json, json};

use crate::boots::{AUDITCTL, AUGENRULES, with_unit};
use crate::host::{Host, kinds};

const COMPILED: &str = "/etc/audit/audit.rules";
const OWN: &str = "/etc/audit/rules.d/10-own.rules";
const ADOPTED: &str = "/etc/audit/rules.d/00-adopted.rules";
const A: &str = "-w /etc/passwd -p wa -k identity";
const B: &str = "-w /etc/shadow -p wa -k shadow";
const C: &str = "-w /etc/group -p wa -k group";
/// What only `audit.rules` has, below what the drop-in has too.
const EDITED: &str =
    "# by hand\n-D\n-b 8192\n-w /etc/passwd -k identity -p aw\n-w /etc/shadow -p wa -k shadow\n\n-e 1\n";
const ONLY: [(&str, usize); 3] = [("-D", 2), (B, 5), ("-e 1", 7)];

/// A host with a drop-in, and `audit.rules` with more than that.
fn host() -> Host {
    let mut host = Host::new();
    host.write(OWN, format!("-b 8192\n{A}\n"));
    host.write(COMPILED, EDITED);
    host.tell_paths();
    host.load(&[A, B]);
    host
}

/// A host whose policy is `audit.rules`: there is no drop-in.
fn without_drop_ins(has_directory: bool) -> Host {
    let mut host = Host::new();
    if !has_directory {
        fs::remove_dir(host.path("/etc/audit/rules.d")).unwrap();
    }
    host.write(COMPILED, EDITED);
    host.tell_paths();
    host.load(&[A, B]);
    host
}

fn request(more: Json) -> Json {
    let mut request = json!({"name": "30-group", "rules": [C]});
    let Json::Object(more) = more else { panic!("keys: {more}") };
    request.as_object_mut().unwrap().extend(more);
    request
}

fn file(host: &Host, path: &str) -> Option<String> {
    fs::read_to_string(host.path(path)).ok()
}

fn warnings(report: &Json) -> Vec<&str> {
    report["warnings"].as_array().unwrap().iter().map(|said| said.as_str().unwrap()).collect()
}

/// The lines that an error or warning names, with their numbers.
fn lost(report: &Json) -> Vec<(&str, usize)> {
    let errors = report["errors"].as_array().into_iter().flatten();
    let of_compiled = errors.filter(|error| error["kind"] == "only_in_audit_rules" && error["file"] == COMPILED);
    let line = |error: &Json| usize::try_from(error["line"].as_u64().unwrap()).unwrap();
    of_compiled.map(|error| (error["rule"].as_str().unwrap(), line(error))).collect()
}

fn each(end: &str) -> Vec<String> {
    let said = |(line, number): &(&str, usize)| format!("{COMPILED}:{number}: `{line}` stands in no drop-in: {end}");
    ONLY.iter().map(said).collect()
}

#[test]
fn where_augenrules_loads_at_boot_a_warning_names_every_line_that_it_drops() {
    let said = each("augenrules drops it at the next boot");
    let mut host = with_unit(host(), AUGENRULES);
    assert_eq!(warnings(&host.answer(&json!({"operation": "gather"}))), said);
    let planned = host.answer(&request(json!({"check_mode": true})));
    assert_eq!(
        (&planned["outcome"], warnings(&planned)),
        (&json!("planned"), said.iter().map(String::as_str).collect())
    );
    let report = host.answer(&request(json!({})));
    assert_eq!((&report["outcome"], warnings(&report)), (&json!("applied"), said.iter().map(String::as_str).collect()));
    assert!(!file(&host, COMPILED).unwrap().contains("shadow"));
    assert!(warnings(&host.answer(&request(json!({})))).is_empty(), "now they are gone");
}

#[test]
fn where_the_boot_loads_that_file_or_nothing_tells_nothing_is_lost_without_a_word() {
    for mut host in [host(), with_unit(host(), AUDITCTL)] {
        let before = host.fingerprint();
        for more in [json!({}), json!({"check_mode": true}), json!({"state": "loaded", "name": null, "rules": null})] {
            let report = host.answer(&request(more));
            assert_eq!((kinds(&report).len(), lost(&report)), (3, ONLY.to_vec()), "{report:#}");
            let hint = report["errors"][0]["hint"].as_str().unwrap();
            assert!(
                ["adopt: true", "compile: never", "compile: always"].iter().all(|way| hint.contains(way)),
                "{hint}"
            );
        }
        let after = host.fingerprint();
        assert_eq!(before.difference(&after, &host), [""; 0]);
        // The kernel alone is another matter.
        assert_eq!(host.answer(&request(json!({"target": "runtime"})))["outcome"], json!("applied"));
    }
}

#[test]
fn each_way_out_does_what_it_says() {
    let mut never = host();
    let report = never.answer(&request(json!({"compile": "never"})));
    assert_eq!((&report["outcome"], file(&never, COMPILED).as_deref()), (&json!("applied"), Some(EDITED)));
    assert_eq!(warnings(&report), each("augenrules would drop it"));

    let mut always = host();
    let report = always.answer(&request(json!({"compile": "always"})));
    assert_eq!((&report["outcome"], warnings(&report).len()), (&json!("applied"), 3), "{report:#}");
    assert!(!file(&always, COMPILED).unwrap().contains(B));

    for mut host in [host(), with_unit(host(), AUDITCTL), with_unit(host(), AUGENRULES)] {
        let before = host.fingerprint();
        let report = host.answer(&request(json!({"adopt": true})));
        assert_eq!((&report["outcome"], warnings(&report)), (&json!("applied"), Vec::new()), "{report:#}");
        let adopted = "# Taken over from audit.rules by audit_rules.\n-D\n-w /etc/shadow -p wa -k shadow\n-e 1\n";
        assert_eq!(file(&host, ADOPTED).as_deref(), Some(adopted));
        let compiled = file(&host, COMPILED).unwrap();
        assert!(["-D", "-b 8192", A, B, C, "-e 1"].iter().all(|line| compiled.contains(line)), "{compiled}");
        assert_eq!(host.answer(&request(json!({"adopt": true})))["outcome"], json!("unchanged"));
        assert_eq!(host.answer(&report["undo"])["outcome"], json!("applied"));
        fs::remove_file(host.path("/etc/audit/audit.rules.prev")).unwrap();
        let after = host.fingerprint();
        assert_eq!(before.difference(&after, &host), [""; 0]);
    }
}

#[test]
fn adopting_twice_adds_to_what_was_taken_over_before() {
    let mut host = host();
    host.write(ADOPTED, "-w /etc/hosts -p wa -k hosts");
    let report = host.answer(&request(json!({"adopt": true})));
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    let expected = format!("-w /etc/hosts -p wa -k hosts\n-D\n{B}\n-e 1\n");
    assert_eq!(file(&host, ADOPTED).as_deref(), Some(expected.as_str()));
}

#[test]
fn what_does_not_go_together_with_adopting_is_an_error() {
    let wrong = [
        json!({"state": "exact"}),
        json!({"target": "runtime"}),
        json!({"name": "00-adopted"}),
        json!({"name": "00-adopted.rules"}),
        json!({"operation": "gather", "name": null, "rules": null}),
    ];
    for more in wrong {
        let mut request = request(more);
        request["adopt"] = json!(true);
        assert_eq!(kinds(&host().answer(&request)), ["key_not_used"], "{request}");
    }
}

#[test]
fn without_a_drop_in_audit_rules_is_the_policy() {
    for has_directory in [true, false] {
        for mut host in [without_drop_ins(has_directory), with_unit(without_drop_ins(has_directory), AUDITCTL)] {
            let before = host.fingerprint();
            let absent = host.answer(&json!({"state": "absent", "name": "30-group"}));
            assert_eq!(absent["outcome"], json!("unchanged"), "{absent:#}");
            for more in
                [json!({}), json!({"purge": true}), json!({"target": "filesystem"}), json!({"compile": "always"})]
            {
                let mut request = json!({"state": "loaded"});
                request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                let report = host.answer(&request);
                let settings = [&report["plan"]["files"], &report["plan"]["kernel"]];
                assert_eq!(settings, [&json!([]), &json!([])], "{request}: {report:#}");
                assert_eq!(report["rules"]["desired"], json!(2), "{request}");
            }
            let mut after = host.fingerprint();
            // `loaded` sets what the file sets.
            after.status = before.status;
            assert_eq!(before.difference(&after, &host), [""; 0]);
            let gathered = host.answer(&json!({"operation": "gather"}));
            assert_eq!((&gathered["in_sync"], warnings(&gathered)), (&json!(true), Vec::new()), "{gathered:#}");
            let report = host.answer(&request(json!({})));
            assert_eq!(lost(&report).len(), 5, "the first drop-in takes the place of the file: {report:#}");
            let report = host.answer(&request(json!({"adopt": true})));
            assert_eq!(
                (&report["outcome"], report["plan"]["kernel"].as_array().unwrap().len()),
                (&json!("applied"), 1)
            );
            assert_eq!(host.answer(&json!({"operation": "gather"}))["in_sync"], json!(true));
        }
    }
}

#[test]
fn loaded_with_purge_unloads_what_audit_rules_does_not_have() {
    let mut host = without_drop_ins(true);
    host.load(&[C]);
    let report = host.answer(&json!({"state": "loaded", "purge": true}));
    assert_eq!(report["plan"]["kernel"][0]["rule"], json!(C), "{report:#}");
    assert_eq!(host.listed(), [A, B]);
}

#[test]
fn augenrules_drops_all_of_it_where_rules_d_is_empty_and_nothing_where_there_is_none() {
    let mut host = with_unit(without_drop_ins(true), AUGENRULES);
    let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    assert_eq!((&report["failed"], &report["in_sync"]), (&json!(true), &json!(false)), "{report:#}");
    assert_eq!(warnings(&report).len(), 5, "{report:#}");
    assert_eq!(report["drift"]["missing_at_boot"][0]["cause"], json!("not_in_rules_d"));
    assert_eq!(report["next_boot"]["rules"], json!([]));

    let mut host = with_unit(without_drop_ins(false), AUGENRULES);
    let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    assert_eq!(report["failed"], json!(true), "the settings are not yet set: {report:#}");
    host.answer(&json!({"state": "loaded"}));
    let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
    assert_eq!((&report["failed"], &report["in_sync"]), (&json!(false), &json!(true)), "{report:#}");
    // The first drop-in makes augenrules drop the rest.
    let report = host.answer(&request(json!({})));
    assert_eq!(lost(&report).len(), 5, "{report:#}");
    let report = host.answer(&request(json!({"compile": "never"})));
    assert_eq!(warnings(&report).len(), 5, "{report:#}");
}

#[test]
fn where_auditctl_loads_audit_rules_the_file_is_kept_in_step() {
    let mut host = with_unit(Host::new(), AUDITCTL);
    host.tell_paths();
    let report = host.answer(&request(json!({})));
    assert_eq!((&report["outcome"], warnings(&report)), (&json!("applied"), Vec::new()), "{report:#}");
    assert!(file(&host, COMPILED).unwrap().contains(C), "it is made, since the boot loads it");
    assert_eq!(host.answer(&json!({"operation": "gather"}))["in_sync"], json!(true));
    host.answer(&json!({"state": "absent", "name": "30-group"}));
    assert!(!file(&host, COMPILED).unwrap().contains(C));
}
