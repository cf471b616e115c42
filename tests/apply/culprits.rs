//! Who made a difference: what ties a record to it, and how far that tells.

use serde_json::{Value as Json, json};

use crate::host::Host;

const FILE: &str = "/etc/audit/rules.d/30-identity.rules";
const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const GROUP: &str = "-w /etc/group -p wa -k identity";
const AUDITCTL: &str = "/usr/sbin/auditctl";

/// An event: a change, its process, and the command line of that.
fn event(second: u32, change: &str, exe: &str, command: &str) -> String {
    let stamp = format!("msg=audit({second}.000:{second}):");
    let title: String =
        command.bytes().map(|byte| if byte == b' ' { "00".to_owned() } else { format!("{byte:02X}") }).collect();
    format!(
        "type=CONFIG_CHANGE {stamp} auid=1000 ses=7 {change}\n\
         type=SYSCALL {stamp} arch=c000003e syscall=44 success=yes exit=60 items=0 ppid=1 pid={second} auid=1000 uid=0 \
         tty=pts0 ses=7 comm=\"x\" exe=\"{exe}\" key=(null)\n\
         type=PROCTITLE {stamp} proctitle={title}\n"
    )
}

fn loads(second: u32, key: &str, exe: &str, command: &str) -> String {
    event(second, &format!("op=add_rule key={key} list=4 res=1"), exe, command)
}

fn unloads(second: u32, key: &str, exe: &str, command: &str) -> String {
    event(second, &format!("op=remove_rule key={key} list=4 res=1"), exe, command)
}

/// What `gather` says on a host whose files and kernel hold these rules, with this log.
fn gathered(files: &[&str], kernel: &[&str], log: &str) -> Json {
    let mut host = Host::new();
    host.write(FILE, files.join("\n") + "\n");
    host.tell_paths();
    host.load(kernel);
    host.answer(&json!({"operation": "gather", "culprit": true, "files": [{"name": "a", "text": log}]}))
}

/// Certainty, evidence, second and candidates of one culprit.
fn told(culprit: &Json) -> (&str, &str, u64, u64) {
    let text = |name: &str| culprit[name].as_str().unwrap_or_default();
    (
        text("certainty"),
        text("evidence"),
        culprit["pid"].as_u64().unwrap_or_default(),
        culprit["candidates"].as_u64().unwrap_or(1),
    )
}

const NOBODY: (&str, &str, u64, u64) = ("", "", 0, 1);

#[test]
fn the_one_who_loaded_a_rule_is_as_certain_as_the_records_make_it() {
    let hand = "-w /etc/hosts -p wa -k hosts";
    let bare = "-w /etc/hosts -p wa";
    let off = event(9, "op=set audit_enabled=0 old=1 res=1", AUDITCTL, "auditctl -e 0");
    for (why, kernel, log, expected) in [
        ("only this rule has the key", vec![hand], loads(1, "\"hosts\"", "/x", "x"), ("likely", "key", 1, 1)),
        (
            "auditctl names it",
            vec![hand],
            loads(1, "\"hosts\"", AUDITCTL, "auditctl -w /etc/hosts -p wa -k hosts"),
            ("certain", "command", 1, 1),
        ),
        (
            "another program names it, whose arguments mean something else",
            vec![hand],
            loads(1, "\"hosts\"", "/x", "auditctl -w /etc/hosts -p wa -k hosts"),
            ("likely", "key", 1, 1),
        ),
        (
            "auditctl names another rule with that key",
            vec![hand],
            loads(1, "\"hosts\"", AUDITCTL, "auditctl -w /etc/sudoers -p wa -k hosts"),
            NOBODY,
        ),
        (
            "two rules have the key",
            vec![hand, "-w /etc/sudoers -p wa -k hosts"],
            loads(1, "\"hosts\"", "/x", "x"),
            ("possible", "key", 1, 2),
        ),
        (
            "a rule with that key was unloaded later",
            vec![hand],
            loads(1, "\"hosts\"", "/x", "x") + &unloads(2, "\"hosts\"", "/x", "x"),
            ("possible", "key", 1, 1),
        ),
        (
            "the newest one counts",
            vec![hand],
            loads(1, "\"hosts\"", "/x", "x") + &loads(2, "\"hosts\"", "/y", "y"),
            ("likely", "key", 2, 1),
        ),
        ("auditing was off later", vec![hand], loads(1, "\"hosts\"", "/x", "x") + &off, ("possible", "key", 1, 1)),
        (
            "auditing was off later, and auditctl names it",
            vec![hand],
            loads(1, "\"hosts\"", AUDITCTL, "auditctl -w /etc/hosts -p wa -k hosts") + &off,
            ("likely", "command", 1, 1),
        ),
        ("it has no key", vec![bare], loads(1, "(null)", "/x", "x"), ("possible", "list", 1, 1)),
        (
            "it has no key, and auditctl names it",
            vec![bare],
            loads(1, "(null)", AUDITCTL, "auditctl -w /etc/hosts -p wa"),
            ("certain", "command", 1, 1),
        ),
        ("the key is another one", vec![hand], loads(1, "\"host\"", "/x", "x"), NOBODY),
        ("the change was refused", vec![hand], event(1, "op=add_rule key=\"hosts\" list=4 res=0", "/x", "x"), NOBODY),
        ("the list is another one", vec![hand], event(1, "op=add_rule key=\"hosts\" list=1 res=1", "/x", "x"), NOBODY),
        ("it was unloaded", vec![hand], unloads(1, "\"hosts\"", "/x", "x"), NOBODY),
    ] {
        let report = gathered(&[], &kernel, &log);
        let found = &report["drift"]["missing_in_filesystem"][0]["culprit"];
        assert_eq!(told(found), expected, "{why}: {report:#}");
        let warns = report["warnings"].to_string().contains("who changed");
        assert_eq!(warns, expected == NOBODY, "{why}: {}", report["warnings"]);
    }
}

#[test]
fn the_one_who_unloaded_a_rule_is_as_certain_as_the_records_make_it() {
    let command = "auditctl -W /etc/passwd -p wa -k identity";
    for (why, files, log, expected) in [
        ("only this rule has the key", vec![PASSWD], unloads(1, "\"identity\"", "/x", "x"), ("likely", "key", 1, 1)),
        (
            "a loaded rule has the key too",
            vec![PASSWD, GROUP],
            unloads(1, "\"identity\"", "/x", "x"),
            ("possible", "key", 1, 2),
        ),
        (
            "auditctl names it",
            vec![PASSWD, GROUP],
            unloads(1, "\"identity\"", AUDITCTL, command) + &unloads(2, "\"other\"", "/x", "x"),
            ("certain", "command", 1, 1),
        ),
        (
            "the kernel dropped it with its directory",
            vec![PASSWD, GROUP],
            event(1, "op=autoremove_rule path=\"/etc/passwd\" key=\"identity\" list=4 res=1", "/usr/bin/mv", "mv"),
            ("certain", "record", 1, 1),
        ),
        (
            "the kernel dropped another one",
            vec![PASSWD],
            event(1, "op=autoremove_rule path=\"/etc/x\" key=\"identity\" list=4 res=1", "/usr/bin/mv", "mv"),
            NOBODY,
        ),
    ] {
        let kernel: &[&str] = if files.len() > 1 { &[GROUP] } else { &[] };
        let report = gathered(&files, kernel, &log);
        let found = &report["drift"]["missing_in_runtime"][0]["culprit"];
        assert_eq!(told(found), expected, "{why}: {report:#}");
    }
}

#[test]
fn what_was_recorded_before_the_boot_does_not_count_and_a_log_that_begins_later_is_told() {
    let hand = "-w /etc/hosts -p wa -k hosts";
    let warnings = |seconds: u32, log: &str| {
        let mut host = Host::new();
        host.write("/proc/stat", format!("btime {seconds}\n"));
        host.load(&[hand]);
        let report =
            host.answer(&json!({"operation": "gather", "culprit": true, "files": [{"name": "a", "text": log}]}));
        assert_eq!(report["drift"]["missing_in_filesystem"][0].get("culprit"), None, "{report:#}");
        report["warnings"].to_string()
    };
    let begins = |time: &str| format!("the audit log goes back to {time} only, and has no record of it");
    let of_before = loads(1000, "\"hosts\"", "/x", "x");
    assert!(warnings(5000, &of_before).contains("read back to 1970-01-01T00:16:40.000Z"));
    let of_later = loads(9000, "\"other\"", "/x", "x");
    assert!(warnings(5000, &of_later).contains(&begins("1970-01-01T02:30:00.000Z")));
    assert!(warnings(5000, "").contains("the audit log has no record of it"));
}

#[test]
fn a_log_that_is_not_there_or_cannot_be_read_is_a_warning() {
    let mut host = Host::new();
    host.load(&["-w /etc/hosts -p wa -k hosts"]);
    let mut warned = |more: Json| {
        let mut request = json!({"operation": "gather", "culprit": true});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let report = host.answer(&request);
        assert_eq!(report["failed"], json!(false), "{report:#}");
        assert_eq!(report.get("logs"), None);
        report["warnings"].to_string()
    };
    assert!(warned(json!({})).contains("who made the differences is not known: there is no audit log"));
    assert!(warned(json!({"files": [{"name": "/etc"}]})).contains("/etc is a directory"));
    assert!(warned(json!({"root": "/etc"})).contains("only where both are read"));
}

#[test]
fn older_files_are_read_only_while_something_is_unknown_that_they_may_tell() {
    let hand = "-w /etc/hosts -p wa -k hosts";
    let files = |text: &[&str]| {
        let files: Vec<Json> =
            text.iter().zip(["c", "b", "a"]).map(|(text, name)| json!({"name": name, "text": text})).collect();
        json!({"operation": "gather", "culprit": true, "files": files})
    };
    let (other, found) = (loads(5000, "\"other\"", "/x", "x"), loads(5001, "\"hosts\"", "/x", "x"));
    for (btime, text, expected) in [
        (0, [&*other, &*other, &*found], vec!["a"]),
        (0, [&*other, &*found, &*other], vec!["b", "a"]),
        (0, [&*other, &*other, &*other], vec!["c", "b", "a"]),
        (9000, [&*other, &*other, &*other], vec!["a"]),
    ] {
        let mut host = Host::new();
        host.write("/proc/stat", format!("btime {btime}\n"));
        host.load(&[hand]);
        let report = host.answer(&files(&text));
        let read: Vec<&str> =
            report["logs"].as_array().unwrap().iter().map(|log| log["file"].as_str().unwrap()).collect();
        assert_eq!(read, expected);
    }
}

#[test]
fn a_setting_names_who_gave_it_the_value_that_it_has() {
    let set = |second: u32, new: u32, old: u32| {
        event(second, &format!("op=set audit_failure={new} old={old} res=1"), AUDITCTL, "auditctl -f")
    };
    for (why, log, expected) in [
        ("it has this value", set(1, 1, 0), ("certain", "record", 1, 1)),
        ("it was set once more, which changed nothing", set(1, 1, 0) + &set(2, 1, 1), ("certain", "record", 1, 1)),
        ("it has another value, which nobody recorded", set(1, 2, 1), ("possible", "record", 1, 1)),
        ("it is another setting", event(1, "op=set audit_rate_limit=1 old=0 res=1", "/x", "x"), NOBODY),
    ] {
        let report = gathered(&["-f 2"], &[], &log);
        assert_eq!(told(&report["settings"]["failure"]["culprit"]), expected, "{why}: {report:#}");
    }
    let report = gathered(&["-f 1"], &[], &set(1, 1, 0));
    assert_eq!(report["settings"]["failure"].get("culprit"), None, "nothing differs");
}
