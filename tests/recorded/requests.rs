//! `operation: events`, through the same door as a request.

use std::fs;

use audit_rules::events_on;
use audit_rules::intent::EventsIntent;
use audit_rules::rule::Machine;
use audit_rules::rules_d::Standing;
use audit_rules::world::World;
use serde_json::{Value as Json, json};

use crate::project::host::Host;

/// A day in the life of a small host: a user logs in, writes a file, is kept out of one, and starts a program.
pub const LOG: &str = include_str!("day.log");

const RULES: [&str; 3] = [
    "-w /etc/passwd -p wa -k identity",
    "-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F auid>=1000 -F auid!=unset -k access",
    "-a always,exit -F arch=b64 -S execve -F euid=0 -F auid>=1000 -F auid!=unset -k as-root",
];

pub fn answer(host: &mut Host, request: &Json) -> Json {
    serde_json::to_value(host.answer(&request.to_string())).unwrap()
}

/// The answer about the day above, with these further keys.
fn of_day(more: &Json) -> Json {
    let mut request = json!({"operation": "events", "files": [{"name": "day.log", "text": LOG}]});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer(&mut Host::new(), &request)
}

fn serials(report: &Json) -> Vec<u64> {
    report["events"].as_array().unwrap().iter().map(|event| event["serial"].as_u64().unwrap()).collect()
}

#[test]
fn everything_is_told_in_words_of_people() {
    let report = of_day(&json!({}));
    assert_eq!(report["changed"], json!(false));
    let events = report["events"].as_array().unwrap();
    let written = &events[1];
    assert_eq!(
        written["paths"][0],
        json!({"path": "/etc/passwd", "nametype": "NORMAL", "inode": 2211, "device": "fd:01", "mode": "file 0644", "uid": 0, "gid": 0})
    );
    for (key, value) in [
        ("time", json!("2026-11-29T10:00:05.250Z")),
        ("type", json!("SYSCALL")),
        ("syscall", json!("openat")),
        ("arch", json!("x86_64")),
        ("success", json!(true)),
        ("exit", json!(3)),
        ("arguments", json!({"a2": "O_WRONLY|O_CREAT|O_TRUNC"})),
        ("auid", json!(1000)),
        ("names", json!({"auid": "ada", "uid": "root", "euid": "root"})),
        ("cwd", json!("/root")),
        ("command", json!("vi /etc/passwd")),
        ("keys", json!(["identity"])),
    ] {
        assert_eq!(written[key], value, "{key}");
    }
    let denied = &events[2];
    assert_eq!((&denied["exit"], &denied["error"]), (&json!(-13), &json!("EACCES")));
    // A file without a name has its number.
    assert_eq!(events[4]["paths"][0]["inode"], json!(5150));
    assert_eq!(events[4]["paths"][0].get("path"), None);
    assert_eq!(events[3]["command"], json!("id -u"));
    assert_eq!(events[0]["fields"]["acct"], json!("ada"));
    assert_eq!(events[5]["sockaddr"], json!({"family": "inet", "address": "192.0.2.7", "port": 443}));
}

#[test]
fn a_program_says_nothing_of_who_it_is_that_the_kernel_does_not() {
    let line = "type=USER_LOGIN msg=audit(5.000:7): pid=2222 uid=0 auid=1003 ses=926 msg='op=login acct=root auid=0 ses=1 \
                pid=1 uid=5 key=\"identity\" exe=\"/usr/sbin/sshd\" res=failed'\n";
    for (keep, expected) in [(json!({"auid": "1003"}), 1), (json!({"auid": "0"}), 0), (json!({"key": "identity"}), 0)] {
        let request = json!({"operation": "events", "files": [{"name": "a", "text": line}], "match": [{"keep": keep}]});
        let report = answer(&mut Host::new(), &request);
        assert_eq!(report["counters"]["kept"], json!(expected), "{report:#}");
        for event in report["events"].as_array().unwrap() {
            let told = ["auid", "session", "pid", "uid", "exe", "success"].map(|name| event[name].clone());
            assert_eq!(json!(told), json!([1003, 926, 2222, 0, "/usr/sbin/sshd", false]), "{event:#}");
            assert_eq!(event.get("keys").unwrap_or(&json!([])), &json!([]));
        }
    }
}

#[test]
fn the_rules_that_the_host_holds_are_named_with_their_places() {
    let mut host = Host::new();
    let applied = answer(&mut host, &json!({"name": "30-x", "rules": RULES}));
    assert_eq!(applied["outcome"], json!("applied"), "{applied:#}");
    fs::write(host.root().join("var/log/audit/audit.log"), LOG).unwrap();
    fs::write(host.root().join("etc/passwd"), "root:x:0:0::/:/bin/sh\nada:x:1000:1000::/:/bin/sh\n").unwrap();
    let request = json!({"operation": "events", "source": "log", "limit": 2, "match": [{"keep": {"auid": "ada"}}]});
    let report = answer(&mut host, &request);
    let by_rule: Vec<(&Json, &Json, &Json)> =
        report["by_rule"].as_array().unwrap().iter().map(|one| (&one["events"], &one["file"], &one["line"])).collect();
    let file = json!("/etc/audit/rules.d/30-x.rules");
    assert_eq!(by_rule, [(&json!(1), &file, &json!(2)), (&json!(1), &file, &json!(3)), (&json!(1), &file, &json!(4))]);
    let why = |name: &str| {
        let all = report["unattributed"].as_array().unwrap();
        all.iter().find(|one| one["why"] == name).map_or(0, |one| one["events"].as_u64().unwrap())
    };
    assert_eq!((why("of_no_rule"), why("no_such_key"), why("none_matches")), (1, 2, 0), "{report:#}");
    assert_eq!(report["events"][1]["rule"]["keys"], json!(["identity"]));
    assert_eq!(report["events"].as_array().unwrap().len(), 2);
    assert_eq!(report["counters"]["kept"], json!(6));
    let noisy = &report["noise"][0];
    assert_eq!((&noisy["keys"][0], &noisy["records"], &noisy["share"]), (&json!("as-root"), &json!(6), &json!(28)));
    assert_eq!(report["logs"][0]["file"], json!("/var/log/audit/audit.log"));
}

#[test]
fn a_policy_says_what_it_would_keep_lose_and_rename() {
    let policy =
        ["-w /etc/passwd -p wa -k accounts", RULES[1], "-a always,exit -F arch=b64 -S fchmod -F gid=44 -k mode"];
    let report = of_day(&json!({"rules": policy}));
    assert_eq!(
        report["replay"]["kept"].as_u64().unwrap() + report["replay"]["lost"].as_u64().unwrap(),
        3,
        "{report:#}"
    );
    let replayed: Vec<(&Json, &Json)> = report["replay"]["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (&event["serial"], &event["replayed"]))
        .collect();
    assert_eq!(
        replayed,
        [
            (&json!(502), &json!("other_key")),
            (&json!(504), &json!("lost")),
            (&json!(505), &json!("undecided")),
            (&json!(506), &json!("lost"))
        ]
    );
    assert_eq!(report["replay"]["needs"], json!([{"needs": "path", "events": 1}, {"needs": "groups", "events": 1}]));
    assert_eq!(report["by_rule"][0]["pointer"], json!("/rules/0"));
    assert_eq!(report.get("unattributed"), None);
}

#[test]
fn drop_ins_and_policies_of_benchmarks_are_policies_too() {
    let drop_ins = json!({"40-b": {"rules": [RULES[0]]}, "30-a": {"rules": ["-a never,exit -F arch=b64 -F dir=/etc"]}});
    let report = of_day(&json!({"drop_ins": drop_ins}));
    assert_eq!(report["replay"]["kept"], json!(0));
    assert_eq!(report["replay"]["lost"], json!(5), "{report:#}");
    let report = of_day(&json!({"policy": {"name": "stig", "product": "rhel9"}}));
    assert_eq!(report["failed"], json!(false), "{report:#}");
    assert_eq!(report["policy"][0]["name"], json!("stig"));
    assert!(report["events"][1]["rule"]["file"].is_string(), "{report:#}");
}

#[test]
fn filters_times_and_counts_choose() {
    for (more, expected) in [
        (json!({"match": [{"keep": {"key": "identity"}}]}), vec![502]),
        (json!({"match": [{"drop": {"exe": "/usr/*"}}]}), vec![506]),
        (
            json!({"match": [{"drop": {"success": false}}, {"keep": {"auid": 0}}, {"keep": {"auid": 1000}}]}),
            vec![501, 502, 504, 505, 506],
        ),
        (json!({"match": [{"keep": {"type": "user_login"}}]}), vec![501]),
        (json!({"match": [{"keep": {"path": "/etc/*", "syscall": "openat"}}]}), vec![502, 503]),
        (json!({"since": "2026-11-29T10:00:06Z"}), vec![503, 504, 505, 506]),
        (json!({"since": 1_795_946_406_u32, "until": "2026-11-29T11:00:06.999+01:00"}), vec![503]),
        (json!({"count": 2}), vec![501, 502]),
        (json!({"limit": 0}), vec![]),
    ] {
        let report = of_day(&more);
        assert_eq!(serials(&report), expected, "{more}: {report:#}");
    }
}

#[test]
fn records_come_back_as_they_came() {
    let report = of_day(&json!({"records": true}));
    let events = report["events"].as_array().unwrap();
    let mut lines: Vec<&str> =
        events.iter().flat_map(|e| e["records"].as_array().unwrap()).map(|line| line.as_str().unwrap()).collect();
    let mut came: Vec<&str> =
        LOG.lines().filter(|line| line.starts_with("type=") && !line.contains("type=EOE")).collect();
    lines.sort_unstable();
    came.sort_unstable();
    assert_eq!(lines, came);
}

#[test]
fn a_damaged_line_is_counted_and_shown_and_ends_nothing() {
    let text =
        format!("garbage\n{LOG}\ntype=PATH msg=audit(x): item=0\ntype=NEW_THING msg=audit(1.000:1): a=b\ntype=PA");
    let report = of_day(&json!({"files": [{"name": "a", "text": text}]}));
    assert_eq!(report["counters"]["malformed"], json!(3));
    let shown: Vec<(&Json, &Json)> =
        report["malformed"].as_array().unwrap().iter().map(|one| (&one["line"], &one["defect"])).collect();
    assert_eq!(shown[0], (&json!(1), &json!("no_type")));
    assert_eq!([shown[1].1, shown[2].1], [&json!("no_stamp"), &json!("unknown_type")]);
    assert_eq!(serials(&report).len(), 6);
}

#[test]
fn every_event_goes_to_the_output_when_it_is_whole() {
    let mut host = Host::new();
    let request = |more: &Json| {
        let mut request = json!({"operation": "events", "files": [{"name": "day.log", "text": LOG}], "limit": 1, "output": "/srv/out"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    };
    let path = host.root().join("srv/out");
    assert_eq!(answer(&mut host, &request(&json!({"check_mode": true})))["failed"], json!(false));
    assert!(!path.exists());
    let report = answer(&mut host, &request(&json!({})));
    assert_eq!((&report["failed"], &report["changed"]), (&json!(false), &json!(false)), "{report:#}");
    let lines = |text: String| -> Vec<Json> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let written = lines(fs::read_to_string(&path).unwrap());
    assert_eq!(written.len(), 6);
    assert_eq!(written[0], report["events"][0]);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    answer(&mut host, &request(&json!({"format": "pauditd"})));
    let written = lines(fs::read_to_string(&path).unwrap());
    assert_eq!(written[1]["sequence"], json!(502));
    assert_eq!(written[1]["timestamp"], json!("1795946405.250"));
    assert_eq!(written[1]["rule_key"], json!("identity"));
    assert_eq!(written[1]["messages"][1], json!({"type": 1307, "data": "cwd=\"/root\""}));
    // Nothing stays of an output that cannot be put in its place.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    for place in ["/srv/out", "/srv/none/out", "/out"] {
        let report = answer(&mut host, &request(&json!({"output": place})));
        assert_eq!(report["errors"][0]["pointer"], json!("/output"), "{report:#}");
        // Looking tells that too.
        assert_eq!(answer(&mut host, &request(&json!({"output": place, "check_mode": true}))), report);
    }
    assert_eq!(fs::read_dir(host.root().join("srv")).unwrap().count(), 2);
}

#[test]
fn what_the_caller_says_of_the_events_is_in_the_report_and_in_each_line_of_the_output() {
    let mut host = Host::new();
    let said = json!({"environment": "production", "rack": "b12"});
    for format in ["report", "jsonl", "pauditd"] {
        let files = json!([{"name": "day.log", "text": LOG}]);
        let request = json!({"operation": "events", "files": files, "output": "/srv/out", "format": format, "extra_attributes": said});
        assert_eq!(answer(&mut host, &request)["extra_attributes"], said, "{format}");
        let written = fs::read_to_string(host.root().join("srv/out")).unwrap();
        assert_eq!(written.lines().count(), 6);
        for line in written.lines() {
            let event: Json = serde_json::from_str(line).unwrap();
            assert_eq!(event["extra_attributes"], said, "{format}: {line}");
        }
    }
    let report = of_day(&json!({"extra_attributes": {"a": "x".repeat(20_000)}}));
    assert_eq!(report["errors"][0]["pointer"], json!("/extra_attributes"), "{report:#}");
    let report = of_day(&json!({"extra_attributes": {"a": 1}}));
    assert_eq!(report["errors"][0]["pointer"], json!("/extra_attributes/a"), "{report:#}");
}

#[test]
fn a_signal_ends_the_reading_and_what_was_read_is_told() {
    let machine = Machine::from_uname("x86_64").unwrap();
    let line = "type=USER_LOGIN msg=audit(1795946400.100:501): pid=640 uid=0\n";
    let request = json!({"operation": "events", "rules": [], "files": [{"name": "a", "text": line.repeat(10_000)}]});
    let request = audit_rules::request::decode(request.to_string().as_bytes()).unwrap();
    let intent = EventsIntent::of(&request, &machine).unwrap();
    let root = tempfile::TempDir::new().unwrap();
    let mut interrupted = || Some("SIGTERM");
    let world = World {
        root: root.path().to_owned(),
        access: None,
        kernel: None,
        standing: Standing::default(),
        machine,
        executable: None,
        interrupted: &mut interrupted,
    };
    let report = serde_json::to_value(events_on(&intent, world, None, None).unwrap()).unwrap();
    let records = report["counters"]["records"].as_u64().unwrap();
    assert!((1..10_000).contains(&records), "{records}");
    assert_eq!(report["warnings"], json!(["stopped by SIGTERM: what was read until then is told"]));
}

#[test]
fn what_was_typed_at_a_terminal_has_a_key_of_pauditds_own() {
    let mut host = Host::new();
    let text = "type=TTY msg=audit(9.000:1): tty pid=7 uid=0 auid=5 ses=1 major=4 minor=1 comm=\"sh\" data=6C730D\n";
    let files = json!([{"name": "a", "text": text}]);
    let report =
        answer(&mut host, &json!({"operation": "events", "files": files, "output": "/srv/out", "format": "pauditd"}));
    assert_eq!(report["events"][0]["fields"]["data"], json!("ls\r"));
    let written: Json = serde_json::from_str(&fs::read_to_string(host.root().join("srv/out")).unwrap()).unwrap();
    assert_eq!(written["rule_key"], json!("tty"));
}

#[test]
fn mistakes_are_named_all_at_once_with_their_places() {
    let report = of_day(&json!({
        "since": "yesterday", "until": "2026-02-30T00:00:00Z", "output": "srv/x", "rules": ["-w /etc/passwd -p q"],
        "match": [{}, {"keep": {"syscall": "opne"}}, {"drop": {"type": "SYSCAL", "path": "[a"}}],
    }));
    let errors: Vec<(&str, &str)> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["kind"].as_str().unwrap(), error["pointer"].as_str().unwrap_or_default()))
        .collect();
    for expected in [
        ("bad_value", "/since"),
        ("bad_value", "/until"),
        ("bad_path", "/output"),
        ("missing_key", "/match/0"),
        ("bad_value", "/match/1/keep/syscall"),
        ("bad_value", "/match/2/drop/type"),
        ("bad_value", "/match/2/drop/path"),
    ] {
        assert!(errors.contains(&expected), "{expected:?} in {errors:?}");
    }
    assert_eq!(errors.iter().filter(|(_, pointer)| *pointer == "/rules/0").count(), 1, "{errors:?}");
    for (more, kind, pointer) in [
        (json!({"source": "runtime"}), "bad_value", "/source"),
        (json!({"format": "sarif", "output": "/srv/x"}), "bad_value", "/format"),
        (json!({"since": 20, "until": "1970-01-01T00:00:19.999Z"}), "bad_value", "/until"),
        (json!({"format": "jsonl"}), "missing_key", ""),
        (json!({"match": [{"keep": {"auid": "nobody-knows"}}]}), "unknown_owner", "/match/0/keep/auid"),
        (json!({"files": [{"name": "/no/such.log"}]}), "unreadable", "/files/0/name"),
        (json!({"files": [], "source": "log"}), "no_log_files", ""),
    ] {
        let report = of_day(&more);
        let error = &report["errors"][0];
        assert_eq!(
            (&error["kind"], error["pointer"].as_str().unwrap_or_default()),
            (&json!(kind), pointer),
            "{report:#}"
        );
    }
}
