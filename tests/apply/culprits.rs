//! Who made a difference: what ties a record to it, and how far that tells.

use std::fmt::Write as _;

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

/// Who loaded the first rule that no file holds is told so; gives the report.
fn loader_is(why: &str, kernel: &[&str], log: &str, expected: (&str, &str, u64, u64)) -> Json {
    let report = gathered(&[], kernel, log);
    let found = &report["drift"]["missing_in_filesystem"][0]["culprit"];
    assert_eq!(told(found), expected, "{why}: {report:#}");
    report
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
        let report = loader_is(why, &kernel, &log, expected);
        let warns = report["warnings"].to_string().contains("who changed");
        assert_eq!(warns, expected == NOBODY, "{why}: {}", report["warnings"]);
    }
}

#[test]
fn what_was_undone_since_or_cannot_be_read_is_less_certain() {
    let hand = "-w /etc/hosts -p wa -k hosts";
    for (why, kernel, log, expected) in [
        (
            "auditctl names it, and somebody unloaded that rule later",
            vec![hand],
            loads(1, "\"hosts\"", AUDITCTL, "auditctl -w /etc/hosts -p wa -k hosts")
                + &unloads(2, "\"hosts\"", AUDITCTL, "auditctl -W /etc/hosts -p wa -k hosts"),
            ("possible", "command", 1, 1),
        ),
        (
            "auditctl names it, and all rules were unloaded later",
            vec![hand],
            loads(1, "\"hosts\"", AUDITCTL, "auditctl -w /etc/hosts -p wa -k hosts")
                + &unloads(2, "\"hosts\"", AUDITCTL, "auditctl -D"),
            ("possible", "command", 1, 1),
        ),
        (
            "auditctl names it, and another rule with that key was unloaded later",
            vec![hand],
            loads(1, "\"hosts\"", AUDITCTL, "auditctl -w /etc/hosts -p wa -k hosts")
                + &unloads(2, "\"hosts\"", AUDITCTL, "auditctl -W /etc/sudoers -p wa -k hosts"),
            ("certain", "command", 1, 1),
        ),
        (
            "a program of that name names it",
            vec![hand],
            loads(1, "\"hosts\"", "/tmp/auditctl", "auditctl -w /etc/hosts -p wa -k hosts"),
            ("likely", "key", 1, 1),
        ),
        (
            "auditctl names it to unload it, and a rule was loaded",
            vec![hand],
            loads(1, "\"hosts\"", AUDITCTL, "auditctl -W /etc/hosts -p wa -k hosts"),
            ("possible", "key", 1, 1),
        ),
        (
            "the log was cut before the command line",
            vec![hand],
            loads(1, "\"hosts\"", AUDITCTL, "auditctl").lines().take(2).collect::<Vec<_>>().join("\n"),
            ("possible", "key", 1, 1),
        ),
    ] {
        loader_is(why, &kernel, &log, expected);
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
fn a_rule_whose_operators_auditctl_wrote_over_is_told_as_far_as_its_command_line_goes() {
    let call = "-a always,exit -F arch=b64 -S chmod -F auid>=1000 -F key=modes";
    let loads = |second: u32, command: &str| loads(second, "\"modes\"", AUDITCTL, command);
    let shown = "auditctl -a always,exit -F arch b64 -S chmod -F auid  1000 -F key=modes";
    for (why, kernel, log, expected) in [
        ("it fits one rule", vec![call], loads(1, shown), ("likely", "command", 1, 1)),
        (
            "it fits two",
            vec![call, "-a always,exit -F arch=b64 -S chmod -F auid!=1000 -F key=modes"],
            loads(1, shown),
            ("possible", "command", 1, 1),
        ),
        ("it names another call", vec![call], loads(1, &shown.replace("chmod", "chown")), NOBODY),
        ("its operator is shorter", vec![call], loads(1, &shown.replace("auid  1000", "auid 1000")), NOBODY),
        (
            "it is newer than one that names another",
            vec![call],
            loads(1, shown) + &loads(2, &shown.replace("1000", "500")),
            ("likely", "command", 1, 1),
        ),
    ] {
        loader_is(why, &kernel, &log, expected);
    }
}

#[test]
fn what_may_be_missing_in_the_log_makes_everything_less_certain() {
    let hand = "-w /etc/hosts -p wa -k hosts";
    let found = loads(5, "\"hosts\"", AUDITCTL, "auditctl -w /etc/hosts -p wa -k hosts");
    let exclude = |op: &str| event(6, &format!("op={op} key=(null) list=5 res=1"), AUDITCTL, "auditctl");
    let auditd =
        |second: u32, kind: &str| format!("type={kind} msg=audit({second}.000:900): op=x auid=0 pid=1 res=success\n");
    for (why, kernel, log, expected) in [
        ("nothing is", vec![], found.clone(), "certain"),
        (
            "auditing was switched on later",
            vec![],
            found.clone() + &event(6, "op=set audit_enabled=1 old=0 res=1", "/x", "x"),
            "likely",
        ),
        ("a rule dropped records later", vec![], found.clone() + &exclude("add_rule"), "likely"),
        ("a rule stopped to drop records later", vec![], found.clone() + &exclude("remove_rule"), "likely"),
        (
            "a rule dropped records before",
            vec![],
            exclude("add_rule").replace("(6.000:6)", "(4.000:4)") + &found,
            "certain",
        ),
        (
            "a rule drops records of changes",
            vec!["-a always,exclude -F msgtype=CONFIG_CHANGE"],
            found.clone(),
            "likely",
        ),
        ("a rule drops records of one program", vec!["-a always,exclude -F auid=0"], found.clone(), "likely"),
        ("a rule drops other records", vec!["-a always,exclude -F msgtype=CWD"], found.clone(), "certain"),
        ("auditd started later", vec![], found.clone() + &auditd(6, "DAEMON_START"), "likely"),
        ("auditd ended later", vec![], found.clone() + &auditd(6, "DAEMON_END"), "likely"),
        ("auditd started before", vec![], auditd(4, "DAEMON_START") + &found, "certain"),
        (
            "a crash left a hole",
            vec![],
            found.clone() + "\0\0\0type=CONFIG_CHANGE msg=audit(6.000:6): op=x\n",
            "likely",
        ),
        (
            "the clock was set",
            vec![],
            found.clone() + &loads(4, "\"hosts\"", "/x", "x").replace(":4)", ":6)"),
            "possible",
        ),
    ] {
        let report = gathered(&[], &[vec![hand], kernel].concat(), &log);
        let entries = report["drift"]["missing_in_filesystem"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["rule"] == json!(hand)).unwrap();
        assert_eq!(entry["culprit"]["certainty"], json!(expected), "{why}: {report:#}");
        let warns = report["warnings"].to_string().contains("lines that are no records (1)");
        assert_eq!(warns, why == "a crash left a hole", "{}", report["warnings"]);
    }
}

#[test]
fn where_a_file_of_the_log_cannot_be_read_to_its_end_everything_is_less_certain() {
    let hand = "-w /etc/hosts -p wa -k hosts";
    let mut log = loads(5, "\"hosts\"", AUDITCTL, "auditctl -w /etc/hosts -p wa -k hosts");
    for second in 10..9000 {
        writeln!(log, "type=USER_CMD msg=audit({second}.000:{second}): pid={} uid=0", second * 7919 % 32768).unwrap();
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, log.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for (length, expected) in [(packed.len(), "certain"), (packed.len() / 2, "likely")] {
        let mut host = Host::new();
        host.write("/var/log/audit/audit.log.1.gz", &packed[..length]);
        host.load(&[hand]);
        let files = json!([{"name": "/var/log/audit/audit.log.1.gz"}]);
        let report = host.answer(&json!({"operation": "gather", "culprit": true, "files": files}));
        let found = &report["drift"]["missing_in_filesystem"][0]["culprit"];
        assert_eq!(found["certainty"], json!(expected), "{report:#}");
        let warns = report["warnings"].to_string().contains("cannot be read to its end");
        assert_eq!(warns, expected == "likely", "{}", report["warnings"]);
    }
}

#[test]
fn records_of_other_hosts_are_left_out_and_told() {
    let hand = "-w /etc/hosts -p wa -k hosts";
    let of = |node: &str, second: u32| -> String {
        let lines = loads(second, "\"hosts\"", "/x", "x");
        let lines: Vec<String> = lines.lines().map(|line| format!("node={node} {line}\n")).collect();
        lines.concat()
    };
    for (host, log, expected) in [
        ("web1", of("web1", 1), ("likely", "key", 1, 1)),
        ("web1.example", of("WEB1", 1), ("likely", "key", 1, 1)),
        ("web1.example", of("web1.example", 1) + &of("web2.example", 2), ("likely", "key", 1, 1)),
        ("web1.example", of("web1.other", 1), NOBODY),
        ("web1", of("10.0.0.5", 1), NOBODY),
    ] {
        let mut host_files = Host::new();
        host_files.write("/proc/sys/kernel/hostname", format!("{host}\n"));
        host_files.load(&[hand]);
        let request = json!({"operation": "gather", "culprit": true, "files": [{"name": "a", "text": log}]});
        let report = host_files.answer(&request);
        assert_eq!(told(&report["drift"]["missing_in_filesystem"][0]["culprit"]), expected, "{host}: {report:#}");
        let warns = report["warnings"].to_string().contains(&format!("left out of account, and this host is {host}"));
        assert_eq!(warns, expected == NOBODY || log.contains("web2"), "{}", report["warnings"]);
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
