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

#[test]
fn rules_are_loaded_and_nothing_is_recorded_where_auditing_is_off() {
    let off = || {
        let mut host = host(&["-D", RULE]);
        host.kernel = host.kernel.clone().with_status(|status| status.enabled = 0);
        host
    };
    let said = "auditing is off (enabled 0)";
    let report = off().answer(&json!({"operation": "gather", "expect": [RULE]}));
    assert!(warnings(&report)[0].starts_with(said), "{report:#}");
    let evidence = &report["expect"]["rules"][0];
    assert_eq!((&evidence["running"], &evidence["recording"]), (&json!(true), &json!(false)), "{report:#}");
    for request in
        [json!({"state": "loaded"}), json!({"name": "20-b", "rules": ["-w /etc/group -p wa"], "check_mode": true})]
    {
        let report = off().answer(&request);
        assert!(warnings(&report)[0].starts_with(said), "{report:#}");
    }
    let report = off().answer(&json!({"name": "99-on", "control": {"enabled": "on"}}));
    assert_eq!(warnings(&report), [""; 0], "it is switched on");
    let mut on = host(&["-D", RULE]);
    let report = on.answer(&json!({"operation": "gather", "expect": [RULE]}));
    assert_eq!((warnings(&report).len(), report["expect"]["rules"][0].get("recording")), (0, None));
    let mut empty = Host::new();
    empty.kernel = empty.kernel.clone().with_status(|status| status.enabled = 0);
    assert_eq!(warnings(&empty.answer(&json!({"operation": "gather"}))), [""; 0], "there is no rule to record by");
}

#[test]
fn a_kernel_that_was_not_started_with_audit_on_is_warned_of_where_it_has_rules() {
    let rows = [
        ("quiet", false),
        ("audit=1 quiet", true),
        ("audit=0 audit=on", true),
        ("audit=1 audit=OFF", false),
        ("audit=what", true),
        ("noaudit=1", false),
    ];
    for (command_line, covers) in rows {
        let mut host = host(&[RULE]);
        host.write("/proc/cmdline", format!("root=/dev/vda {command_line}\n"));
        let report = host.answer(&json!({"operation": "gather"}));
        assert_eq!(report["status"]["covers_early_processes"], json!(covers), "{command_line}");
        let said = "the kernel was started without audit=1: processes from before auditing was first switched on make no records \
                    of system calls";
        let expected: &[&str] = if covers { &[] } else { &[said] };
        assert_eq!(warnings(&report), expected);
        let applied = host.answer(&json!({"name": "30-policy", "rules": [RULE]}));
        assert_eq!(warnings(&applied), expected, "{applied:#}");
    }
    assert_eq!(host(&[RULE]).answer(&json!({"operation": "gather"}))["status"].get("covers_early_processes"), None);
}

#[test]
fn files_that_no_boot_loader_reads_for_their_names_are_named_with_the_reason() {
    let mut host = host(&[RULE]);
    let directory = "/etc/audit/rules.d";
    for name in [".rules", ".50-x.rules", "x.rules.bak", "50-x.conf", "x.RULES", "50-y"] {
        host.write(&format!("{directory}/{name}"), "# c\n -w /etc/group -p wa\n");
    }
    // Without rules in them, or copies that are meant to be none.
    for name in ["README", "50-z.conf"] {
        host.write(&format!("{directory}/{name}"), "How these files are made\n- by hand\n\n");
    }
    host.write(&format!("{directory}/10-a.rules.77.2026-01-01@10:00:00~"), format!("{RULE}\n"));
    host.write(&format!("{directory}/.audit_rules-1-1.tmp"), format!("{RULE}\n"));
    let report = host.answer(&json!({"operation": "gather"}));
    let row = |name: &str, why: &str| format!("augenrules reads nothing from {directory}/{name}: {why}");
    let (dot, ending) = ("its name begins with a dot", "its name does not end in .rules");
    let mut expected = vec![row(".50-x.rules", dot), row(".rules", dot)];
    expected.extend(["50-x.conf", "50-y", "x.RULES", "x.rules.bak"].map(|name| row(name, ending)));
    let mut found = warnings(&report);
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_file_that_others_may_write_is_named_by_every_operation_and_is_drift() {
    for (path, mode) in [(FILE, 0o660), (FILE, 0o602), ("/etc/audit/audit.rules", 0o662)] {
        let mut host = host(&[RULE]);
        host.write("/etc/audit/audit.rules", format!("{RULE}\n"));
        host.mode(path, mode);
        let said = format!("others than root may write {path}: its mode is {mode:04o}");
        let report = gather(&mut host, "both");
        assert_eq!((&report["failed"], &report["in_sync"]), (&json!(true), &json!(false)), "{report:#}");
        assert!(report["msg"].as_str().unwrap().ends_with(&format!("others may write {path}")), "{report:#}");
        assert_eq!(warnings(&report), [said.as_str()]);
        let expect = host.answer(&json!({"operation": "gather", "on_drift": "fail", "expect": [RULE]}));
        assert_eq!(expect["failed"], json!(path == FILE), "only files that hold what is expected count: {expect:#}");
        for request in [
            json!({"state": "loaded", "compile": "never"}),
            json!({"name": "20-b", "rules": ["-w /etc/group -p wa"], "compile": "never"}),
            json!({"state": "absent", "name": "20-b", "compile": "never"}),
            json!({"name": "30-c", "rules": ["-w /etc/hosts -p wa"], "compile": "never", "check_mode": true}),
        ] {
            let report = host.answer(&request);
            assert_eq!((&report["failed"], warnings(&report)), (&json!(false), vec![said.as_str()]), "{report:#}");
        }
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "says that it did not run")]
fn a_drop_in_of_another_user_becomes_ours_when_it_is_written() {
    let mut host = host(&[RULE]);
    let own = host.own_ids();
    if own.0 != 0 {
        eprintln!("not run: only root can give a file away");
        return;
    }
    std::os::unix::fs::chown(host.path(FILE), Some(1000), Some(74)).unwrap();
    let said = format!("others than root may write {FILE}: it belongs to user 1000");
    assert_eq!(warnings(&gather(&mut host, "both")), [said.as_str()]);
    let request = json!({"name": "10-a", "rules": [RULE]});
    let report = host.answer(&request);
    assert_eq!((&report["outcome"], warnings(&report).len()), (&json!("applied"), 0), "{report:#}");
    let found = std::fs::metadata(host.path(FILE)).unwrap();
    let owner = (std::os::unix::fs::MetadataExt::uid(&found), std::os::unix::fs::MetadataExt::gid(&found));
    assert_eq!(owner, (0, 74), "the group may read it still");
    // Who asks for an owner gets it, and is told.
    let mut request = request.clone();
    request["owner"] = json!(1000);
    assert_eq!(warnings(&host.answer(&request)), [said.as_str()]);
}

#[test]
fn a_line_that_a_comment_without_a_newline_swallows_is_drift_with_its_place() {
    let (swallowed, after) = ("-w /etc/group -p wa -k group", "-w /etc/hosts -p wa -k hosts");
    for is_loaded in [false, true] {
        for source in ["both", "filesystem"] {
            let mut host = Host::new();
            host.write(FILE, format!("{RULE}\n# the end"));
            host.write("/etc/audit/rules.d/20-b.rules", format!("{swallowed}\n{after}\n"));
            host.tell_paths();
            let loaded = [RULE, after, swallowed];
            host.load(&loaded[..if is_loaded { 3 } else { 2 }]);
            let report = gather(&mut host, source);
            assert_eq!((&report["failed"], &report["in_sync"]), (&json!(true), &json!(false)), "{report:#}");
            let errors = report["errors"].as_array().unwrap();
            assert!(!errors.is_empty(), "{report:#}");
            for error in errors {
                let place = (error["file"].as_str().unwrap(), &error["line"], error["rule"].as_str().unwrap());
                assert_eq!(place, ("/etc/audit/rules.d/20-b.rules", &json!(1), swallowed), "{report:#}");
                assert!(error["message"].as_str().unwrap().contains(&format!("{FILE}:2")), "{report:#}");
            }
            assert!(warnings(&report).iter().any(|said| said.contains("is a part of it")), "{report:#}");
            assert_eq!(report["filesystem"]["errors"][0]["kind"], json!("in_a_comment"), "{report:#}");
            let expect = json!({"operation": "gather", "source": source, "expect": [swallowed]});
            assert_eq!(host.answer(&expect)["in_sync"], json!(false));
        }
    }
    // Loaded from elsewhere too it is not lost; a setting in a comment is.
    for (first, second, failed) in [("# end", format!("{RULE}\n"), false), ("# end", "-r 100\n".to_owned(), true)] {
        let mut host = Host::new();
        host.write(FILE, format!("{RULE}\n{first}"));
        host.write("/etc/audit/rules.d/20-b.rules", &second);
        host.tell_paths();
        host.load(&[RULE]);
        let report = gather(&mut host, "both");
        assert_eq!(report["failed"], json!(failed), "{report:#}");
        assert_eq!(report["msg"].as_str().unwrap().contains("1 line part of a comment"), failed, "{report:#}");
    }
}

#[test]
fn a_path_of_q_that_is_not_there_stops_the_boot_load_like_that_of_a_rule() {
    for line in ["-q /etc,/nope", "-q /nope,/etc", "-q /etc/passwd/x,/etc", "-q /etc,/nope stray"] {
        let mut host = host(&[line, RULE]);
        let report = gather(&mut host, "both");
        assert_eq!((&report["failed"], &report["in_sync"]), (&json!(true), &json!(false)), "{report:#}");
        let said = format!("the boot load stops at {FILE}:1 (`{line}`: ");
        assert!(warnings(&report).iter().any(|warning| warning.starts_with(&said)), "{report:#}");
        assert_eq!(report["next_boot"]["rules"], json!([]), "{report:#}");
    }
    let mut passed = self::host(&["-i", "-q /etc,/nope", RULE]);
    let report = passed.answer(&json!({"operation": "gather"}));
    assert_eq!(report["next_boot"]["rules"], json!([RULE]), "the load goes on: {report:#}");
    assert!(warnings(&report)[0].starts_with(&format!("the boot load goes on after {FILE}:2")), "{report:#}");

    let mut request = json!({"name": "20-b", "rules": ["-q /etc,/nope", "-w /etc/group -p wa -k b"]});
    let mut host = Host::new();
    let before = host.fingerprint();
    let report = host.answer(&request);
    assert_eq!((kinds(&report), host.fingerprint() == before), (vec!["missing_path"], true), "{report:#}");
    request["on_missing"] = json!("skip");
    let report = host.answer(&request);
    assert_eq!(report["rules"]["skipped"].as_array().map(Vec::len), Some(1), "{report:#}");
    let report = gather(&mut host, "both");
    assert_eq!((&report["failed"], &report["in_sync"]), (&json!(false), &json!(true)), "{report:#}");
    host.directory("/nope");
    assert_eq!(host.answer(&request)["rules"]["skipped"], json!([]));
    assert!(host.host_file("/etc/audit/rules.d/20-b.rules").contains("\n-q /etc,/nope\n"));
}

#[test]
fn a_rule_that_keeps_files_of_a_file_system_out_of_all_events_is_a_blocker() {
    let said = "keeps the names of all files on such a file system out of every event";
    let ext4 = "-a never,filesystem -F fstype=0xef53";
    let rows = [
        (ext4, true),
        ("-a never,filesystem -F fstype!=tracefs", true),
        ("-a never,filesystem -F fstype!=0x1", true),
        ("-a never,filesystem -F fstype=tracefs", false),
        ("-a never,filesystem -F fstype=debugfs", false),
        ("-a always,filesystem -F fstype=0xef53", false),
    ];
    for (line, blocks) in rows {
        let warned = |report: &Json| warnings(report).iter().any(|warning| warning.contains(said));
        let mut in_file = host(&[line, RULE]);
        let mut in_kernel = host(&[RULE]);
        in_kernel.load(&[line]);
        for host in [&mut in_file, &mut in_kernel] {
            let report = host.answer(&json!({"operation": "gather"}));
            assert_eq!(warned(&report), blocks, "{line}: {report:#}");
            let report = host.answer(&json!({"name": "20-b", "rules": ["-w /etc/group -p wa"], "check_mode": true}));
            assert_eq!(warned(&report), blocks, "{line}: {report:#}");
        }
    }
}

#[test]
fn settings_are_those_that_the_auditctl_of_the_boot_sets() {
    let rows = [
        ("-r 5x", "rate_limit", 5),
        ("-b 100k", "backlog_limit", 100),
        ("--backlog_wait_time 7x", "backlog_wait_time", 7),
        ("-b 100 foo", "backlog_limit", 100),
    ];
    for (line, name, value) in rows {
        let mut host = host(&["-b 64", line]);
        let report = host.answer(&json!({"operation": "gather"}));
        let setting = &report["settings"][name];
        assert_eq!((&setting["next_boot"], &setting["on_disk"]), (&json!(value), &json!(value)), "{line}: {report:#}");
        assert_eq!(setting["decided_by"], json!(format!("{FILE}:2")), "{line}: {report:#}");
        assert_eq!(report["in_sync"], json!(false), "{line}: {report:#}");
        let digest = |line: &str| {
            let mut host = self::host(&["-b 64", line]);
            host.answer(&json!({"operation": "gather", "source": "filesystem"}))["digest"].clone()
        };
        let plain = line.trim_end_matches(['x', 'k']).replace(" foo", "");
        assert_eq!((digest(line), digest(line) == digest("-b 64")), (digest(&plain), false), "{line}");
        let expect = host.answer(&json!({"operation": "gather", "source": "filesystem", "expect": [plain]}));
        assert_eq!(expect["expect"]["settings"][0]["next_boot"], json!(value), "{line}: {expect:#}");
    }
}

#[test]
fn nothing_is_said_of_auditing_that_is_off_where_the_last_rule_goes() {
    let mut host = host(&[RULE]);
    host.kernel = host.kernel.clone().with_status(|status| status.enabled = 0);
    let request = json!({"state": "absent", "name": "10-a"});
    for check_mode in [true, false] {
        let mut request = request.clone();
        request["check_mode"] = json!(check_mode);
        assert_eq!(warnings(&host.answer(&request)), [""; 0]);
    }
    assert!(host.listed().is_empty());
}

#[test]
fn an_exact_policy_of_which_nothing_is_left_here_is_an_error_unless_that_is_meant() {
    let others = "-a always,exit -F arch=b64 -S waitpid -k x";
    for (line, skipped) in [(MISSING, true), (others, true), ("-D", false), ("-q /etc,/etc", false)] {
        for several in [false, true] {
            let mut host = host(&[RULE]);
            let before = host.fingerprint();
            let mut request = if several {
                json!({"state": "exact", "drop_ins": {"20-b": {"rules": [line]}}, "on_missing": "skip"})
            } else {
                json!({"state": "exact", "name": "20-b", "rules": [line], "on_missing": "skip"})
            };
            for check_mode in [true, false] {
                request["check_mode"] = json!(check_mode);
                let report = host.answer(&request);
                assert_eq!(kinds(&report), ["empty_policy"], "{report:#}");
                let error = &report["errors"][0];
                assert_eq!(error["pointer"], json!(if several { "/drop_ins" } else { "/rules" }));
                assert!(error["hint"].as_str().unwrap().contains("allow_empty"), "{report:#}");
                assert_eq!(
                    error["message"].as_str().unwrap().contains("lacks what 1 of its lines"),
                    skipped,
                    "{report:#}"
                );
                assert!(host.fingerprint() == before, "nothing is changed");
            }
            request["allow_empty"] = json!(true);
            let report = host.answer(&request);
            assert_eq!((&report["failed"], host.listed().len()), (&json!(false), 0), "{report:#}");
        }
    }
    // What earlier tasks make is not there yet, and the run itself will say so if it is missing.
    let mut host = host(&[RULE]);
    let mut request = json!({"state": "exact", "name": "20-b", "rules": [MISSING], "on_missing": "check_mode_skip", "check_mode": true});
    assert_eq!(host.answer(&request)["failed"], json!(false));
    request["check_mode"] = json!(false);
    assert_eq!(kinds(&host.answer(&request)), ["missing_path"]);
}

#[test]
fn an_expectation_of_nothing_is_an_error_and_one_that_is_all_left_out_is_not_held() {
    let empty = [
        json!([]),
        json!(""),
        json!(["# x"]),
        json!("# x\n\n"),
        json!(["-D"]),
        json!(["-q /etc,/etc"]),
        json!(["-W /etc/passwd -p wa"]),
        json!({"name": "a", "rules": ["-D"]}),
        json!({"state": "exact", "name": "a", "rules": ["-D"]}),
    ];
    for expect in empty {
        let report = host(&[RULE]).answer(&json!({"operation": "gather", "expect": expect}));
        assert_eq!(kinds(&report), ["nothing_expected"], "{expect}: {report:#}");
    }
    let comments = json!({"name": "a", "rules": ["# x"]});
    for (expect, kind) in [(comments, "nothing_expected"), (json!({"name": "a", "rules": []}), "nothing_declared")] {
        let report = host(&[RULE]).answer(&json!({"operation": "gather", "expect": expect}));
        assert_eq!(kinds(&report), [kind], "{expect}: {report:#}");
    }
    for (line, more) in
        [(MISSING, json!({"on_missing": "skip"})), ("-a always,exit -F arch=b64 -S waitpid -k x", json!({}))]
    {
        let mut expect = json!({"name": "a", "rules": [line]});
        expect.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut request = json!({"operation": "gather", "on_drift": "fail", "expect": expect});
        for source in ["both", "filesystem"] {
            request["source"] = json!(source);
            let report = host(&[RULE]).answer(&request);
            assert_eq!((&report["in_sync"], &report["failed"]), (&json!(false), &json!(true)), "{report:#}");
            assert_eq!(report["errors"].as_array().unwrap().len(), 1, "{report:#}");
        }
        request["expect"]["rules"] = json!([line, RULE]);
        assert_eq!(host(&[RULE]).answer(&request)["expect"]["rules"][0]["in_sync"], json!(true), "one may be left out");
        request["expect"] = json!({"state": "exact", "name": "a", "rules": [], "allow_empty": true});
        assert_eq!(Host::new().answer(&request)["failed"], json!(false), "a host may be meant to hold nothing");
    }
}
