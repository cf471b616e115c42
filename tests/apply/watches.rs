//! Loaded rules that no longer watch what their paths name: they are named, and loaded anew.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use audit_rules::kernel::Errno;
use audit_rules::kernel::model::{Fault, Foreign};
use audit_rules::rules_d::Elsewhere;
use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const NOTE: &str = "/run/audit_rules/watched";
const OWN: &str = "/etc/audit/rules.d/30-app.rules";
const TREE: &str = "-w /srv/app/data -p wa -k tree";
const FILE: &str = "-w /srv/app/data/file -p wa -k file";
const EXE: &str = "-a always,exit -F arch=b64 -S execve -F exe=/srv/app/data/tool -F key=tool";
const OTHER: &str = "-w /etc/passwd -p wa -k identity";
const RULES: [&str; 4] = [OTHER, TREE, FILE, EXE];

/// A host with directories that can be replaced.
fn host() -> Host {
    let mut host = Host::new();
    host.write("/srv/app/data/file", "");
    host.write("/srv/app/data/tool", "");
    host.tell_paths();
    host
}

fn present() -> Json {
    json!({"name": "30-app", "rules": RULES})
}

/// A host on which a run of ours loaded the rules.
fn converged() -> Host {
    let mut host = host();
    assert_eq!(host.answer(&present())["outcome"], json!("applied"));
    assert_eq!(host.answer(&present())["changed"], json!(false));
    host
}

/// Another directory stands at this path now, as after a mount.
fn lead_elsewhere(host: &mut Host, path: &str) {
    let aside = format!("{path}.covered");
    fs::rename(host.path(path), host.path(&aside)).unwrap();
    for entry in host.tree().0.into_iter().filter(|(entry, _)| entry.starts_with(&format!("{aside}/"))) {
        let inside = entry.0.replacen(&aside, path, 1);
        if host.path(&entry.0).is_dir() { host.directory(&inside) } else { host.write(&inside, "") }
    }
    host.kernel.suffer(&Foreign::LeadElsewhere(path.as_bytes().to_vec()));
}

/// What was mounted there is gone again.
fn lead_back(host: &mut Host, path: &str) {
    fs::remove_dir_all(host.path(path)).unwrap();
    fs::rename(host.path(&format!("{path}.covered")), host.path(path)).unwrap();
}

fn gather(host: &mut Host) -> Json {
    host.answer(&json!({"operation": "gather"}))
}

/// The rules that `gather` calls silent, each with its line and cause.
fn silent(host: &mut Host) -> Vec<(String, u64, String)> {
    let gathered = gather(host);
    let found = gathered["drift"]["silent"].as_array().unwrap().clone();
    assert_eq!(gathered["in_sync"], json!(found.is_empty()), "{gathered:#}");
    let text = |entry: &Json, key: &str| entry[key].as_str().unwrap().to_owned();
    assert!(found.iter().all(|entry| entry["file"] == json!(OWN) && entry["next_boot"] == json!(true)), "{found:#?}");
    found.iter().map(|entry| (text(entry, "rule"), entry["line"].as_u64().unwrap(), text(entry, "cause"))).collect()
}

fn three_silent() -> Vec<(String, u64, String)> {
    [(TREE, 3), (FILE, 4), (EXE, 5)]
        .map(|(rule, line)| (rule.to_owned(), line, "watches_elsewhere".to_owned()))
        .to_vec()
}

/// The steps on rules, each as `do rule because`.
fn steps(report: &Json) -> Vec<String> {
    let steps = report["plan"]["kernel"].as_array().unwrap();
    let text = |step: &Json, key: &str| step[key].as_str().unwrap().to_owned();
    steps.iter().map(|step| ["do", "rule", "because"].map(|key| text(step, key)).join(" ")).collect()
}

#[test]
fn a_rule_whose_path_leads_elsewhere_is_named_and_loaded_anew_in_its_place_by_every_state_that_asks_for_it() {
    let exact = json!({"state": "exact", "name": "30-app", "rules": RULES});
    for request in [present(), json!({"state": "loaded"}), exact] {
        let mut host = converged();
        assert_eq!(silent(&mut host), []);
        lead_elsewhere(&mut host, "/srv/app");
        assert_eq!(silent(&mut host), three_silent());
        let failed = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
        assert_eq!(kinds(&failed), ["not_in_sync"; 3], "{failed:#}");
        assert!(failed["msg"].as_str().unwrap().contains("3 of 4 rules silent"), "{failed:#}");

        let note = host.host_file(NOTE);
        let mut check = request.clone();
        check["check_mode"] = json!(true);
        let planned = host.answer(&check);
        let expected = [TREE, FILE, EXE].map(|rule| [format!("unload {rule} silent"), format!("load {rule} silent")]);
        assert_eq!(steps(&planned), expected.concat(), "{planned:#}");
        assert_eq!((&planned["changed"], &planned["outcome"]), (&json!(true), &json!("planned")));
        assert_eq!((host.kernel.silent().len(), host.host_file(NOTE)), (3, note), "check mode changes nothing");

        let report = host.answer(&request);
        assert_eq!((&report["changed"], &report["outcome"]), (&json!(true), &json!("applied")), "{report:#}");
        assert_eq!(report["plan"], planned["plan"]);
        assert!(report["msg"].as_str().unwrap().contains("3 silent rules loaded anew"), "{report:#}");
        assert_eq!((host.kernel.silent(), host.listed()), (vec![], RULES.map(str::to_owned).to_vec()));
        assert_eq!(silent(&mut host), []);
        let again = host.answer(&request);
        assert_eq!((&again["changed"], steps(&again)), (&json!(false), vec![]), "{again:#}");
    }
}

#[test]
fn a_rule_whose_directory_itself_is_covered_is_silent_and_is_so_again_once_that_is_uncovered() {
    let mut host = converged();
    lead_elsewhere(&mut host, "/srv/app/data");
    assert_eq!(silent(&mut host), three_silent());
    host.answer(&present());
    assert_eq!(silent(&mut host), []);
    lead_back(&mut host, "/srv/app/data");
    host.kernel.suffer(&Foreign::LeadElsewhere(b"/srv/app/data".to_vec()));
    assert_eq!(silent(&mut host), three_silent());
    host.answer(&present());
    assert_eq!((silent(&mut host), host.kernel.silent()), (vec![], vec![]));
}

#[test]
fn a_rule_that_is_uncovered_before_anyone_loaded_it_anew_watches_again_and_stays() {
    let mut host = converged();
    lead_elsewhere(&mut host, "/srv/app");
    lead_back(&mut host, "/srv/app");
    assert_eq!(silent(&mut host), []);
    assert_eq!(host.answer(&present())["changed"], json!(false));
}

#[test]
fn a_file_that_is_replaced_by_rename_is_still_watched() {
    let mut host = converged();
    host.write("/srv/app/data/new", "");
    fs::rename(host.path("/srv/app/data/new"), host.path("/srv/app/data/file")).unwrap();
    assert_eq!(silent(&mut host), []);
    assert_eq!(host.answer(&present())["changed"], json!(false));
}

#[test]
fn what_has_to_stand_after_a_rule_that_is_loaded_anew_follows_it() {
    let rules = [TREE, "-a never,exit -F path=/srv/app/data/file -F perm=wa", "-w /etc/hosts -p wa -k hosts"];
    let request = json!({"name": "30-app", "rules": rules});
    let mut host = host();
    host.answer(&request);
    let before = host.listed();
    host.write("/srv/app/data/file", "");
    lead_elsewhere(&mut host, "/srv");
    let report = host.answer(&request);
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    assert_eq!((host.listed(), host.kernel.silent()), (before, vec![]));
}

#[test]
fn the_rule_of_another_drop_in_is_left_alone_by_a_request_for_one_and_loaded_anew_by_one_for_all() {
    let mut host = converged();
    lead_elsewhere(&mut host, "/srv/app");
    let other = json!({"name": "40-other", "rules": ["-w /etc/shadow -p wa -k shadow"]});
    let report = host.answer(&other);
    assert_eq!(steps(&report).len(), 1, "{report:#}");
    assert_eq!(host.kernel.silent().len(), 3);
    assert_eq!(silent(&mut host).len(), 3, "the run that left them so does not hide them");
    host.answer(&json!({"state": "loaded"}));
    assert_eq!(silent(&mut host), []);
}

#[test]
fn nothing_is_claimed_of_a_rule_that_no_run_saw_and_the_first_run_that_sees_it_notes_it() {
    let mut host = host();
    host.write(OWN, format!("## own\n{}\n", RULES.join("\n")));
    host.load(&RULES);
    lead_elsewhere(&mut host, "/srv/app");
    assert_eq!(silent(&mut host), [], "nobody knows what was there when it was loaded");
    let report = host.answer(&json!({"state": "loaded"}));
    assert_eq!(report["changed"], json!(false), "{report:#}");
    lead_elsewhere(&mut host, "/srv/app/data");
    assert_eq!(silent(&mut host), three_silent());
    host.answer(&json!({"state": "loaded"}));
    assert_eq!((silent(&mut host), host.kernel.silent()), (vec![], vec![]));
}

#[test]
fn a_note_that_may_not_be_believed_says_nothing() {
    type Row<'a> = (&'a str, &'a dyn Fn(&Host));
    let replace = |host: &Host, from: &str, to: &str| {
        let text = host.host_file(NOTE);
        assert!(text.contains(from), "{text}");
        host.write(NOTE, text.replace(from, to));
    };
    let boot = audit_rules::rules_d::boot_id().unwrap();
    let rows: [Row<'_>; 6] = [
        ("gone", &|host| fs::remove_file(host.path(NOTE)).unwrap()),
        ("of another boot", &|host| replace(host, &boot, "another")),
        ("of another form", &|host| replace(host, "watched 1", "watched 9")),
        ("torn", &|host| host.write(NOTE, &host.host_file(NOTE)[..40])),
        ("writable by others", &|host| host.mode(NOTE, 0o666)),
        ("no file", &|host| {
            fs::remove_file(host.path(NOTE)).unwrap();
            fs::create_dir(host.path(NOTE)).unwrap();
        }),
    ];
    for (name, spoil) in rows {
        let mut host = converged();
        spoil(&host);
        lead_elsewhere(&mut host, "/srv/app");
        assert_eq!(silent(&mut host), [], "{name}");
        let report = host.answer(&present());
        assert_eq!((&report["changed"], &report["failed"]), (&json!(false), &json!(false)), "{name}: {report:#}");
    }
}

#[test]
fn a_note_that_cannot_be_written_is_a_warning_and_the_next_run_loads_the_rule_once_more() {
    let mut host = host();
    host.directory("/run/audit_rules");
    host.mode("/run/audit_rules", 0o700);
    host.directory(NOTE);
    let report = host.answer(&present());
    assert_eq!((&report["outcome"], &report["failed"]), (&json!("applied"), &json!(false)), "{report:#}");
    assert!(report["warnings"].to_string().contains(NOTE), "{report:#}");
    assert_eq!(silent(&mut host), []);
}

#[test]
fn a_run_that_fails_leaves_the_rule_silent_and_named() {
    let mut host = converged();
    lead_elsewhere(&mut host, "/srv/app");
    let more = json!({"name": "30-app", "rules": [OTHER, TREE, FILE, EXE, "-w /etc/shadow -p wa -k shadow"]});
    assert_eq!(host.kernel.sent().changing(), 4, "the next change is the fifth");
    host.kernel.fault(Fault::Refuse { nth: 5, errno: Errno::ENOMEM });
    let report = host.answer(&more);
    assert_eq!(report["outcome"], json!("rolled_back"), "{report:#}");
    host.kernel.mend();
    assert_eq!(host.listed(), RULES);
    assert_eq!(silent(&mut host), three_silent());
    host.answer(&present());
    assert_eq!((silent(&mut host), host.kernel.silent()), (vec![], vec![]));
}

#[test]
fn an_image_and_a_run_in_another_mount_namespace_know_nothing_of_it_and_note_nothing() {
    let mut host = converged();
    lead_elsewhere(&mut host, "/srv/app");
    host.standing.elsewhere = Some(Elsewhere::MountNamespace);
    let noted = host.host_file(NOTE);
    let mut request = present();
    request["kernel"] = json!("host");
    let report = host.answer(&request);
    assert_eq!((&report["changed"], host.host_file(NOTE)), (&json!(false), noted), "{report:#}");

    let mut host = self::host();
    host.directory("/srv/image/etc/audit/rules.d");
    host.answer(&json!({"name": "30-app", "rules": [OTHER], "root": "/srv/image"}));
    assert_eq!(host.host_file(NOTE), "");
}

#[test]
fn a_locked_kernel_waits_for_the_boot_that_loads_the_rule_anew() {
    let mut host = converged();
    host.kernel = host.kernel.clone().with_status(|status| status.enabled = 2);
    lead_elsewhere(&mut host, "/srv/app");
    let loads = json!([TREE, FILE, EXE]);
    let gathered = gather(&mut host);
    assert_eq!((&gathered["pending"]["load"], &gathered["pending"]["unload"]), (&loads, &json!([])), "{gathered:#}");
    for _ in 0..2 {
        let report = host.answer(&present());
        assert_eq!((&report["outcome"], &report["changed"]), (&json!("staged"), &json!(false)), "{report:#}");
        assert_eq!((&report["pending"]["load"], &report["pending"]["unload"]), (&loads, &json!([])), "{report:#}");
        assert_eq!(report["reboot_required"], json!(true));
    }
    assert_eq!(host.kernel.silent().len(), 3);
}

#[test]
fn an_expected_rule_that_is_silent_is_not_held() {
    let mut host = converged();
    lead_elsewhere(&mut host, "/srv/app");
    let expect = json!({"operation": "gather", "on_drift": "fail", "expect": RULES});
    let gathered = host.answer(&expect);
    let rules = gathered["expect"]["rules"].as_array().unwrap();
    let found: Vec<_> = rules.iter().map(|rule| (rule["in_sync"].clone(), rule["silent"].clone())).collect();
    let held = (json!(true), Json::Null);
    let not_held = (json!(false), json!(true));
    assert_eq!(found, [held, not_held.clone(), not_held.clone(), not_held], "{gathered:#}");
    assert!(gathered["errors"].to_string().contains("silent"), "{gathered:#}");
}

#[test]
fn the_undo_of_a_run_that_loaded_rules_anew_finds_the_host_as_it_should_be() {
    let mut host = converged();
    lead_elsewhere(&mut host, "/srv/app");
    let report = host.answer(&present());
    let undone = host.answer(&report["undo"]);
    assert_eq!(undone["failed"], json!(false), "{undone:#}");
    assert_eq!((host.listed(), silent(&mut host)), (RULES.map(str::to_owned).to_vec(), vec![]));
}

#[test]
fn the_note_is_of_root_alone_and_goes_with_the_last_rule_that_has_a_path() {
    let mut host = converged();
    let mode = fs::metadata(host.path(NOTE)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o600);
    host.answer(&json!({"name": "30-app", "state": "absent"}));
    assert!(!host.path(NOTE).exists());
}

#[test]
fn a_rule_on_a_file_over_which_something_is_mounted_is_silent_and_no_load_helps() {
    let root = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
    let data = "30 21 8:2 /sub /srv/app rw - ext4 /dev/sdb1 rw\n";
    let rows = [
        ("", vec![]),
        ("40 21 8:1 /other /srv/app/data/file rw - ext4 /dev/sda1 rw\n", vec![FILE]),
        ("40 30 0:9 /file /srv/app/data/file rw - tmpfs none rw\n", vec![FILE]),
        ("40 30 8:2 /sub/data/file /srv/app/data/file rw - ext4 /dev/sdb1 rw\n", vec![]),
        ("40 30 8:2 /sub/data/file//deleted /srv/app/data/file rw - ext4 /dev/sdb1 rw\n", vec![FILE]),
        ("40 30 0:9 / /srv/app/data rw - tmpfs none rw\n", vec![]),
        ("40 30 0:9 / /srv/app/data\\040x/file rw - tmpfs none rw\n", vec![]),
        ("40 30 0:9 /tool /srv/app/data/tool rw - tmpfs none rw\n", vec![EXE]),
        ("torn", vec![]),
    ];
    for (line, expected) in rows {
        let mut host = converged();
        host.write("/proc/self/mountinfo", format!("{root}{data}{line}"));
        let found = silent(&mut host);
        assert_eq!(found.iter().map(|(rule, ..)| rule.as_str()).collect::<Vec<_>>(), expected, "{line}");
        assert!(found.iter().all(|(.., cause)| cause == "covered_by_mount"), "{found:?}");
        let report = host.answer(&present());
        assert_eq!((&report["changed"], &report["failed"]), (&json!(false), &json!(false)), "{line}: {report:#}");
        let warnings = report["warnings"].to_string();
        assert_eq!(warnings.contains("is mounted over"), !expected.is_empty(), "{line}: {warnings}");
    }
}

#[test]
fn a_rule_on_a_directory_below_which_something_was_mounted_since_is_silent_until_it_is_loaded_anew() {
    let before = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 21 0:9 / /srv/app/data/first rw - tmpfs none rw\n";
    // Whether it is silent after the mount; and once more, when that was taken away and made again.
    let rows = [
        ("", false, false),
        ("40 21 0:10 / /srv/app/data/sub rw - tmpfs none rw\n", true, true),
        ("40 21 8:1 /other /srv/app/data/sub rw - ext4 /dev/sda1 rw\n", true, false),
        ("40 21 8:1 /srv /srv/app/data/sub rw - ext4 /dev/sda1 rw\n", true, false),
        // What the kernel watches already is watched at another place too.
        ("40 21 8:1 /srv/app/data/a /srv/app/data/sub rw - ext4 /dev/sda1 rw\n", false, false),
        ("40 30 0:9 /a /srv/app/data/first/b rw - tmpfs none rw\n", false, false),
        ("40 21 0:10 / /srv/app/data-beside rw - tmpfs none rw\n", false, false),
        ("40 21 0:10 / /srv/other rw - tmpfs none rw\n", false, false),
    ];
    for (line, is_silent, once_more) in rows {
        let mut host = host();
        host.write("/proc/self/mountinfo", before);
        assert_eq!(host.answer(&present())["outcome"], json!("applied"));
        host.write("/proc/self/mountinfo", format!("{before}{line}"));
        let expected = is_silent.then(|| (TREE.to_owned(), 3, "mounted_below".to_owned()));
        assert_eq!(silent(&mut host), expected.into_iter().collect::<Vec<_>>(), "{line}");
        let report = host.answer(&json!({"state": "loaded"}));
        let anew = [format!("unload {TREE} silent"), format!("load {TREE} silent")];
        assert_eq!(steps(&report), if is_silent { anew.to_vec() } else { Vec::new() }, "{line}: {report:#}");
        assert_eq!((silent(&mut host), &host.answer(&present())["changed"]), (Vec::new(), &json!(false)), "{line}");
        // With a whole file system its watch goes.
        host.write("/proc/self/mountinfo", before);
        assert_eq!((silent(&mut host), &host.answer(&present())["changed"]), (Vec::new(), &json!(false)), "{line}");
        host.write("/proc/self/mountinfo", format!("{before}{line}"));
        assert_eq!(silent(&mut host).len(), usize::from(once_more), "{line}");
    }
}
