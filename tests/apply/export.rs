//! What `gather` gives as a request to apply changes nothing on its host, or it says so.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::host::Host;

/// The words with which a warning says that the request is not all of the host, or would change something.
const NOT_ALL: [&str; 7] = [
    "is not in the request",
    "are not in the request",
    "the request is refused",
    "applied here, the request would",
    "not taken over",
    "which a request cannot give",
    "no drop-in that a request could declare",
];

fn export(host: &mut Host, more: &Json) -> Json {
    let mut request = json!({"operation": "gather", "export": true});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let before = host.fingerprint();
    let report = host.answer(&request);
    assert_eq!(host.fingerprint(), before, "gathering changed something");
    report
}

fn remarks(report: &Json) -> Vec<&str> {
    let warnings = report["warnings"].as_array().unwrap().iter().filter_map(Json::as_str);
    warnings.filter(|warning| NOT_ALL.iter().any(|words| warning.contains(words))).collect()
}

/// Applies the request of a report as it is.
fn apply(host: &mut Host, report: &Json) -> Json {
    assert!(report["request"].is_object(), "{report:#}");
    host.answer(&report["request"])
}

/// The names and bytes of the drop-ins, and their modes.
fn drop_ins(host: &Host) -> Vec<(String, Vec<u8>, u32)> {
    use std::os::unix::fs::PermissionsExt;
    let files = fs::read_dir(host.path("/etc/audit/rules.d")).unwrap().map(Result::unwrap);
    let mut held: Vec<_> = files
        .map(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            (name, fs::read(file.path()).unwrap(), file.metadata().unwrap().permissions().mode() & 0o7777)
        })
        .collect();
    held.sort();
    held
}

/// The directories below a directory of this project, sorted.
fn directories(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// The sets of rules files that this project has: those of the policies, what augenrules merges oddly, what boots were tried with.
fn sets() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sets: Vec<PathBuf> =
        directories(&root.join("policies")).iter().flat_map(|policy| directories(policy)).collect();
    for tests in ["tests/merge", "tests/boot"] {
        sets.extend(
            directories(&root.join(tests)).into_iter().map(|test| test.join("rules.d")).filter(|path| path.is_dir()),
        );
    }
    sets
}

#[test]
fn every_set_of_files_comes_back_as_a_request_that_changes_nothing_or_the_report_says_so() {
    let (mut quiet, mut said) = (0, 0);
    for set in sets() {
        let mut host = Host::new();
        for (at, file) in fs::read_dir(&set).unwrap().map(Result::unwrap).enumerate() {
            let path = format!("/etc/audit/rules.d/{}", file.file_name().to_str().unwrap());
            host.write(&path, fs::read(file.path()).unwrap());
            host.mode(&path, [0o600, 0o644, 0o640, 0o400][at % 4]);
        }
        let mut report = export(&mut host, &json!({}));
        if report.get("request").is_none() {
            assert!(!remarks(&report).is_empty(), "{}: {report:#}", set.display());
            continue;
        }
        said += usize::from(!is_quiet(&mut host, &report, &set));
        // What this host lacks is left out, and the rest is loaded; then there is nothing more to do.
        report["request"]["on_missing"] = json!("skip");
        report["request"]["lock_anyway"] = json!(true);
        if apply(&mut host, &report)["failed"] == json!(false) {
            let report = export(&mut host, &json!({}));
            assert!(is_quiet(&mut host, &report, &set), "{}: {report:#}", set.display());
            quiet += 1;
        }
    }
    assert!(quiet > 60 && said > 60, "{quiet} quiet, {said} said");
}

/// Whether the request of a report changes nothing; that is so where the report does not say otherwise.
fn is_quiet(host: &mut Host, report: &Json, set: &Path) -> bool {
    let mut host = host.twin();
    let before = host.fingerprint();
    let applied = apply(&mut host, report);
    let is_quiet = applied["changed"] == json!(false) && applied["failed"] == json!(false);
    let says = remarks(report).iter().any(|said| said.contains("refused") || said.contains("would change"));
    assert_eq!(is_quiet, !says, "{}: {report:#}\n{applied:#}", set.display());
    assert!(!is_quiet || host.fingerprint() == before, "{}", set.display());
    is_quiet
}

#[test]
fn on_another_host_the_request_makes_the_same_files_byte_for_byte() {
    let mut host = Host::new();
    let identity = "## Who may log in\n\n# control: cis-6.3.3.8\n-w /etc/passwd -p wa -k identity\n";
    host.write("/etc/audit/rules.d/30-identity.rules", identity);
    host.mode("/etc/audit/rules.d/30-identity.rules", 0o600);
    host.write(
        "/etc/audit/rules.d/40-time.rules",
        "-a always,exit -F arch=b64 -S adjtimex,settimeofday -k time\n-b 8192\n",
    );
    host.mode("/etc/audit/rules.d/40-time.rules", 0o644);
    host.answer(&json!({"name": "50-ours", "rules": ["-w /etc/shadow -p wa -k identity"]}));
    host.answer(&json!({"state": "loaded"}));
    let report = export(&mut host, &json!({}));
    assert_eq!(remarks(&report), Vec::<&str>::new(), "{report:#}");
    assert_eq!(report["request"]["drop_ins"]["30-identity"], json!({"rules": identity, "mode": "0600"}), "{report:#}");
    let again = apply(&mut host, &report);
    assert_eq!((&again["changed"], &again["outcome"]), (&json!(false), &json!("unchanged")), "{again:#}");
    let mut other = Host::new();
    let applied = apply(&mut other, &report);
    assert_eq!(applied["outcome"], json!("applied"), "{applied:#}");
    assert_eq!(drop_ins(&other), drop_ins(&host));
    let sorted = |host: &Host| host.listed().into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sorted(&other), sorted(&host));
}

#[test]
fn a_line_that_waits_for_its_path_goes_on_waiting() {
    let mut host = Host::new();
    let rules = ["-w /etc/passwd -p wa -k identity", "-w /opt/app/secret -p wa -k app"];
    host.answer(&json!({"name": "30-a", "rules": rules, "on_missing": "skip"}));
    let report = export(&mut host, &json!({}));
    assert_eq!(remarks(&report), Vec::<&str>::new(), "{report:#}");
    assert_eq!(report["request"]["on_missing"], json!("skip"));
    assert_eq!(apply(&mut host, &report)["changed"], json!(false));
    host.directory("/opt/app");
    host.write("/opt/app/secret", "");
    host.tell_paths();
    let report = export(&mut host, &json!({}));
    assert_eq!(remarks(&report).len(), 1, "{report:#}");
    assert_eq!(apply(&mut host, &report)["changed"], json!(true));
}

#[test]
fn what_a_request_cannot_say_is_named() {
    type LayOut = fn(&mut Host);
    let rows: [(LayOut, &str); 8] = [
        (|host| host.load(&["-w /etc/hosts -p wa -k hand"]), "1 loaded rule stands in no file"),
        (|host| host.load(&["-w /etc/hosts -p wa", "-w /etc/group -p wa"]), "2 loaded rules stand in no file"),
        (|host| host.write("/etc/audit/rules.d/2 b.rules", "-w /etc/hosts\n"), "2 b.rules is not in the request"),
        (
            |host| host.write("/etc/audit/rules.d/20-b.rules", b"# \xff\n"),
            "20-b.rules is not in the request: it is no UTF-8",
        ),
        (|host| host.mode("/etc/audit/rules.d/10-a.rules", 0o666), "10-a.rules has mode 0666"),
        (
            |host| host.write("/etc/audit/rules.d/20-b.rules", "-w /etc/hosts -p q\n"),
            "the request is refused as it stands",
        ),
        (
            |host| host.write("/etc/audit/rules.d/20-b.rules", "-w /nowhere/x -p w\n"),
            "the request is refused as it stands",
        ),
        (
            |host| host.write("/etc/audit/rules.d/20-b.rules", "-w /etc/hosts -p w\n"),
            "applied here, the request would change",
        ),
    ];
    for (lay_out, words) in rows {
        let mut host = Host::new();
        host.answer(&json!({"name": "10-a", "rules": ["-w /etc/passwd -p wa -k identity"]}));
        lay_out(&mut host);
        let report = export(&mut host, &json!({}));
        assert!(remarks(&report).iter().any(|said| said.contains(words)), "{words}: {report:#}");
        assert_eq!(report["failed"], json!(false), "{report:#}");
    }
    let report = export(&mut Host::new(), &json!({}));
    assert_eq!((remarks(&report).len(), report.get("request")), (1, None), "{report:#}");
}

#[test]
fn foreign_rules_and_lines_of_audit_rules_are_taken_over_and_nothing_is_loaded_or_moved() {
    let mut host = Host::new();
    host.answer(&json!({"name": "10-a", "rules": ["-w /etc/passwd -p wa -k identity"]}));
    host.load(&["-w /etc/hosts -p wa -k hand", "-a always,exit -F arch=b64 -S mount -F auid>=1000 -F key=mounts"]);
    let report = export(&mut host, &json!({"adopt": true}));
    assert_eq!(remarks(&report), Vec::<&str>::new(), "{report:#}");
    let (before, kept) = (host.listed(), host.host_file("/etc/audit/rules.d/10-a.rules"));
    let applied = apply(&mut host, &report);
    assert_eq!((&applied["outcome"], &applied["plan"]["kernel"]), (&json!("applied"), &json!([])), "{applied:#}");
    assert_eq!((host.listed(), host.host_file("/etc/audit/rules.d/10-a.rules")), (before, kept));
    let gathered = host.answer(&json!({"operation": "gather"}));
    assert_eq!(gathered["drift"]["missing_in_filesystem"], json!([]), "{gathered:#}");
    assert_eq!(apply(&mut host, &report)["changed"], json!(false));
    let again = export(&mut host, &json!({"adopt": true}));
    assert_eq!(remarks(&again), Vec::<&str>::new());
    assert_eq!(apply(&mut host, &again)["changed"], json!(false));
}

#[test]
fn a_rule_whose_place_decides_what_is_recorded_is_not_moved_unsaid() {
    let mut host = Host::new();
    host.answer(&json!({"name": "10-a", "rules": ["-w /etc/passwd -p wa -k identity"]}));
    host.load(&["-a never,exit -F arch=b64 -S openat -F auid=1000"]);
    let report = export(&mut host, &json!({"adopt": true}));
    assert_eq!(remarks(&report).len(), 1, "{report:#}");
    assert!(remarks(&report)[0].contains("applied here, the request would change"), "{report:#}");
}

#[test]
fn a_policy_that_only_audit_rules_holds_becomes_a_drop_in() {
    let mut host = Host::new();
    host.write("/etc/audit/audit.rules", "-D\n-b 8192\n-w /etc/passwd -p wa -k identity\n");
    host.answer(&json!({"state": "loaded"}));
    let report = export(&mut host, &json!({"adopt": true}));
    assert_eq!(remarks(&report), Vec::<&str>::new(), "{report:#}");
    let before = host.listed();
    let applied = apply(&mut host, &report);
    assert_eq!((&applied["outcome"], &applied["plan"]["kernel"]), (&json!("applied"), &json!([])), "{applied:#}");
    assert_eq!(host.listed(), before);
}

#[test]
fn the_keys_need_each_other_and_the_files() {
    let mut host = Host::new();
    for request in [
        json!({"operation": "gather", "adopt": true}),
        json!({"operation": "gather", "export": true, "source": "runtime"}),
    ] {
        let report = host.answer(&request);
        assert_eq!(report["failed"], json!(true), "{report:#}");
    }
}

#[test]
fn each_drop_in_has_the_mode_that_it_is_given_and_no_looser_one() {
    let mut host = Host::new();
    let rules = ["-w /etc/passwd -p wa"];
    let request =
        json!({"drop_ins": {"10-a": {"rules": rules, "mode": "0600"}, "20-b": {"rules": ["-w /etc/group -p wa"]}}});
    assert_eq!(host.answer(&request)["outcome"], json!("applied"));
    let modes: Vec<u32> = drop_ins(&host).into_iter().map(|(_, _, mode)| mode).collect();
    assert_eq!(modes, [0o600, 0o640]);
    for mode in ["0660", "0602"] {
        let report = host.answer(&json!({"drop_ins": {"10-a": {"rules": rules, "mode": mode}}}));
        assert_eq!(report["errors"][0]["pointer"], json!("/drop_ins/10-a/mode"), "{report:#}");
    }
    let report = host.answer(&json!({"drop_ins": {"10-a": {"state": "absent", "mode": "0600"}}}));
    assert_eq!(report["errors"][0]["kind"], json!("key_not_used"), "{report:#}");
}
