//! `gather`, requirement by requirement: FR, NFR and TC are the numbers of the document that asked for both sources of
//! audit rules after one question.

use audit_rules::kernel::access::Absence;
use audit_rules::kernel::model::{Call, Fault, Foreign, Sent};
use audit_rules::kernel::{Errno, KernelError};
use audit_rules::rule::Machine;
use audit_rules::rules_d::fault;
use serde_json::{Value as Json, json};

use crate::host::{Host, Reach, kinds};

const FILE: &str = "/etc/audit/rules.d/30-policy.rules";
const A: &str = "-w /etc/passwd -p wa -k identity";
const B: &str = "-a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=time-change";
const C: &str = "-a always,exit -F arch=b64 -S sethostname,setdomainname -F key=system-locale";
const DENIED: &str = "the kernel does not let this process manage audit: it lacks CAP_AUDIT_CONTROL: EPERM \
                      (Operation not permitted)";
const UNREADABLE: &str = "/etc/audit/rules.d/50-directory.rules is a directory, not a regular file";

fn gather(more: Json) -> Json {
    let mut request = json!({"operation": "gather"});
    let Json::Object(more) = more else { panic!("keys: {more}") };
    request.as_object_mut().unwrap().extend(more);
    request
}

/// A host whose files and kernel hold these rules.
fn host(files: &[&str], kernel: &[&str]) -> Host {
    let mut host = Host::new();
    host.write(FILE, files.join("\n") + "\n");
    host.tell_paths();
    host.load(kernel);
    host
}

/// The same host with a drop-in that cannot be read.
fn with_unreadable_files(host: Host) -> Host {
    std::os::unix::fs::symlink("/etc/ssh", host.path("/etc/audit/rules.d/50-directory.rules")).unwrap();
    host
}

fn with_reach(mut host: Host, reach: Reach) -> Host {
    host.reach = reach;
    host
}

/// Every rule of the files in a report.
fn in_files(report: &Json) -> Vec<&str> {
    let files = report["filesystem"]["files"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    files.iter().flat_map(|file| texts(&file["rules"])).collect()
}

fn texts(rules: &Json) -> Vec<&str> {
    rules.as_array().unwrap_or_else(|| panic!("{rules:#}")).iter().map(|rule| rule["rule"].as_str().unwrap()).collect()
}

fn message(report: &Json) -> &str {
    report["msg"].as_str().unwrap()
}

fn failed(report: &Json) -> bool {
    report["failed"].as_bool().unwrap()
}

/// The rules without what only one of the sources can say.
fn bare(rules: &Json) -> Vec<Json> {
    let mut rules = rules.as_array().unwrap().clone();
    for rule in &mut rules {
        let rule = rule.as_object_mut().unwrap();
        rule.retain(|key, _| !["line", "running", "next_boot", "origin"].contains(&key.as_str()));
    }
    rules
}

#[test]
fn fr_1_whether_the_kernel_can_be_asked_is_found_out_and_reported() {
    let rows = [
        (Reach::Managed, true, None),
        (Reach::Absent(Absence::NoAuditInKernel), false, Some("no audit subsystem")),
        (Reach::Absent(Absence::ContainerPidNamespace), false, Some("container")),
        (Reach::Absent(Absence::NotInitialUserNamespace), false, Some("user namespace")),
        (Reach::Absent(Absence::AuditOff), false, Some("no requests")),
    ];
    for (reach, managed, reason) in rows {
        let report = with_reach(host(&[A], &[A]), reach).answer(&gather(json!({})));
        assert_eq!((failed(&report), &report["runtime"]["managed"]), (false, &json!(managed)), "{reach:?}");
        let found = report["runtime"]["reason"].as_str();
        assert_eq!(found.is_some(), reason.is_some(), "{reach:?}: {found:?}");
        assert!(found.unwrap_or_default().contains(reason.unwrap_or_default()), "{reach:?}: {found:?}");
        assert_eq!(in_files(&report), [A]);
    }
}

#[test]
fn fr_2_both_sources_are_read_by_one_parser() {
    let rules = [
        A,
        B,
        "-a always,exit -F arch=b32 -S open,openat -F exit=-EACCES -F auid>=1000 -F auid!=-1 -F key=a -F key=b",
        "-a always,exit -F arch=b64 -S execve -C uid!=euid -F key=emulation",
        "-a always,exit -F arch=b64 -S personality -F a0&=0x200 -F a1&0x1 -F key=bits",
        "-a never,exclude -F msgtype=CWD",
        "-a never,user -F uid=1000",
        "-a never,task",
        "-a never,filesystem -F fstype=tracefs",
        "-w /etc/ssh -p rwxa",
    ];
    let mut host = host(&[&["# a comment", "", "   "], &rules[..]].concat(), &rules);
    let report = host.answer(&gather(json!({})));
    assert_eq!(bare(&report["filesystem"]["files"][0]["rules"]).len(), rules.len());
    let mut files = bare(&report["filesystem"]["files"][0]["rules"]);
    let mut kernel = bare(&report["runtime"]["rules"]);
    for rules in [&mut files, &mut kernel] {
        rules.sort_by_key(|rule| rule["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(files, kernel);
    assert_eq!(report["in_sync"], json!(true));
}

#[test]
fn fr_3_one_answer_has_both_sources_apart() {
    let report = host(&[A, B], &[B, C]).answer(&gather(json!({})));
    assert_eq!(in_files(&report), [A, B]);
    assert_eq!(texts(&report["runtime"]["rules"]), [B, C]);
    let origins: Vec<&Json> =
        report["runtime"]["rules"].as_array().unwrap().iter().map(|rule| &rule["origin"]).collect();
    assert_eq!(origins, [&json!(format!("{FILE}:2")), &json!("runtime only")]);
}

#[test]
fn fr_4_source_is_one_of_three_and_both_unless_said() {
    let sound = |more: Json| host(&[A], &[A]).answer(&gather(more));
    assert_eq!(sound(json!({})), sound(json!({"source": "both"})));
    let files = sound(json!({"source": "filesystem"}));
    assert_eq!((in_files(&files), files["runtime"].get("rules")), (vec![A], None));
    let kernel = sound(json!({"source": "runtime"}));
    assert_eq!((kernel.get("filesystem"), texts(&kernel["runtime"]["rules"])), (None, vec![A]));
    let other = sound(json!({"source": "kernel"}));
    assert_eq!(kinds(&other), ["bad_value"]);
    for choice in ["both", "filesystem", "runtime"] {
        assert!(other["errors"][0]["message"].as_str().unwrap().contains(choice), "{other:#}");
    }
}

/// Capability, source, files, kernel: what comes of it, and which sources are blamed.
#[test]
fn fr_5_the_eight_rows_of_the_table() {
    let live = |files: bool, kernel: bool| {
        let host = host(&[A], &[A]);
        let host = if files { host } else { with_unreadable_files(host) };
        if kernel { host } else { with_reach(host, Reach::Denied) }
    };
    let image = || with_reach(host(&[A], &[]), Reach::Absent(Absence::NoAuditInKernel));
    let rows: [(Host, &str, Option<&str>); 8] = [
        (live(true, true), "both", None),
        (live(true, false), "both", Some("runtime: ")),
        (live(false, true), "both", Some("filesystem: ")),
        (live(false, false), "both", Some("filesystem and runtime: [filesystem: ")),
        (live(true, false), "filesystem", None),
        (live(false, true), "runtime", None),
        (image(), "both", None),
        (image(), "runtime", Some("runtime: ")),
    ];
    for (row, (mut host, source, blamed)) in rows.into_iter().enumerate() {
        let report = host.answer(&gather(json!({"source": source})));
        assert_eq!(failed(&report), blamed.is_some(), "row {row}: {report:#}");
        if let Some(blamed) = blamed {
            let expected = format!("Failed to load audit rules from {blamed}");
            assert!(message(&report).starts_with(&expected), "row {row}: {}", message(&report));
        }
    }
}

#[test]
fn fr_5_what_is_configured_and_not_active_fails_and_so_does_the_reverse() {
    let strict = |files: &[&str], kernel: &[&str]| host(files, kernel).answer(&gather(json!({"on_drift": "fail"})));
    let both = strict(&[A, B], &[B, C]);
    assert!(failed(&both));
    assert_eq!(kinds(&both), ["not_in_sync", "not_in_sync"]);
    assert_eq!(texts(&both["drift"]["missing_in_runtime"]), [A]);
    assert_eq!(texts(&both["drift"]["missing_in_filesystem"]), [C]);
    assert!(!failed(&strict(&[A, B], &[A, B])));
}

#[test]
fn fr_6_a_failure_is_data_and_leaves_the_shape_as_it_is() {
    let files = || host(&[A], &[A]);
    let rows = [
        (files(), None),
        (with_unreadable_files(files()), Some(format!("Failed to load audit rules from filesystem: {UNREADABLE}"))),
        (with_reach(files(), Reach::Denied), Some(format!("Failed to load audit rules from runtime: {DENIED}"))),
        (
            with_reach(with_unreadable_files(files()), Reach::Denied),
            Some(format!(
                "Failed to load audit rules from filesystem and runtime: [filesystem: {UNREADABLE}, runtime: {DENIED}]"
            )),
        ),
        (with_reach(files(), Reach::Absent(Absence::NoAuditInKernel)), None),
    ];
    for (scenario, (mut host, expected)) in ["A", "B", "C", "D", "E"].iter().zip(rows) {
        let report = host.answer(&gather(json!({})));
        assert_eq!((failed(&report), &report["changed"]), (expected.is_some(), &json!(false)), "{scenario}");
        let outcome = if expected.is_some() { "failed" } else { "unchanged" };
        assert_eq!(report["outcome"], json!(outcome), "{scenario}");
        if let Some(expected) = expected {
            assert_eq!(message(&report), expected, "{scenario}");
        }
    }
}

#[test]
fn fr_6_no_kernel_no_privilege_no_answer_and_nonsense_are_told_apart() {
    let runtime = gather(json!({"source": "runtime"}));
    let absent = Reach::Absent(Absence::NoAuditInKernel);
    assert_eq!(kinds(&with_reach(host(&[], &[]), absent).answer(&runtime)), ["no_kernel"]);
    assert_eq!(kinds(&with_reach(host(&[], &[]), Reach::Denied).answer(&runtime)), ["permission"]);
    let silent = KernelError::Timeout { request: "AUDIT_LIST_RULES", milliseconds: 2000 };
    let nonsense = KernelError::Malformed { request: "AUDIT_LIST_RULES", what: "a rule", length: 17 };
    for (error, kind) in [(silent, "kernel_timeout"), (nonsense, "kernel_malformed_reply")] {
        let mut host = host(&[A], &[A]);
        host.kernel.fault(Fault::Fail { call: Some(Call::Rules), nth: 1, error });
        assert_eq!(kinds(&host.answer(&runtime)), [kind]);
    }
    let gone = KernelError::Refused { request: "AUDIT_GET", errno: Errno::EINVAL };
    let mut host = host(&[A], &[A]);
    host.kernel.fault(Fault::FailFrom { nth: 1, error: gone });
    let report = host.answer(&runtime);
    assert!(message(&report).ends_with("the kernel refused AUDIT_GET: EINVAL (Invalid argument)"), "{report:#}");
}

#[test]
fn fr_7_settings_watches_and_system_calls_are_told_apart() {
    let report = host(&["-D", "-b 8192", A, B, "-e 1"], &[A, B]).answer(&gather(json!({})));
    let file = &report["filesystem"]["files"][0];
    let controls: Vec<&Json> = file["controls"].as_array().unwrap().iter().map(|control| &control["text"]).collect();
    assert_eq!(controls, ["-D", "-b 8192", "-e 1"]);
    let kinds: Vec<&Json> = file["rules"].as_array().unwrap().iter().map(|rule| &rule["kind"]).collect();
    assert_eq!(kinds, ["file", "syscall"]);
    assert_eq!(file["rules"][0]["path"], json!("/etc/passwd"));
    assert_eq!(file["rules"][0]["permissions"], json!("wa"));
    assert_eq!(file["rules"][0]["keys"], json!(["identity"]));
    assert_eq!(file["rules"][1]["syscalls"], json!(["adjtimex", "settimeofday"]));
}

#[test]
fn fr_7_conditions_and_comparisons_are_taken_apart_whatever_their_operator() {
    let line = "-a always,exit -F arch=b64 -S open,openat -S creat -F a0&=0x200 -F a1&1 -F auid>=1000 -F pid<5 -F \
                uid<=7 -F gid>3 -F exit!=-EACCES -F success=0 -C uid!=euid -F key=first -k second";
    let report = host(&[line], &[]).answer(&gather(json!({})));
    let rule = &report["filesystem"]["files"][0]["rules"][0];
    let fields: Vec<String> = rule["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| format!("{} {} {}", field["field"], field["op"], field["value"]).replace('"', ""))
        .collect();
    let expected =
        ["a0 &= 0x200", "a1 & 0x1", "auid >= 1000", "pid < 5", "uid <= 7", "gid > 3", "exit != -EACCES", "success = 0"];
    assert_eq!(fields, expected);
    assert_eq!(rule["comparisons"], json!([{"left": "uid", "op": "!=", "right": "euid"}]));
    assert_eq!(rule["syscalls"], json!(["open", "creat", "openat"]), "each by itself, as the kernel orders them");
    assert_eq!(rule["keys"], json!(["first", "second"]), "all of them, however they are given");
    assert_eq!((&rule["action"], &rule["list"], &rule["arch"]), (&json!("always"), &json!("exit"), &json!("b64")));
}

#[test]
fn fr_7_each_source_is_read_once_and_nothing_is_changed() {
    let mut host = host(&[A, B], &[B, C]);
    let tree = host.tree();
    host.answer(&gather(json!({})));
    let sent = host.kernel.sent();
    assert_eq!((sent.list, sent.get, sent.changing()), (1, 2, 0));
    assert_eq!(host.tree().difference(&tree), [""; 0]);
}

#[test]
fn fr_7_each_drop_in_is_opened_once() {
    let opened = |more: usize| {
        let mut host = host(&[A, B], &[B, C]);
        for number in 0..more {
            host.write(&format!("/etc/audit/rules.d/{number}-more.rules"), format!("{C}-{number}\n"));
        }
        fault::mend();
        let report = host.answer(&gather(json!({})));
        assert_eq!(report["filesystem"]["files"].as_array().unwrap().len(), 1 + more);
        fault::mend().into_iter().filter(|call| *call == "openat").count()
    };
    assert_eq!(opened(7) - opened(0), 7);
}

#[test]
fn fr_7_all_bad_lines_are_reported_and_each_text_once_with_all_its_places() {
    let mut host = host(&["-a exit", A, "-a always,exit -S opne", "-a exit"], &[A]);
    host.write("/etc/audit/rules.d/40-more.rules", "-a exit\n");
    let report = host.answer(&gather(json!({})));
    assert!(!failed(&report), "{report:#}");
    let errors = report["filesystem"]["errors"].as_array().unwrap();
    let found: Vec<(&str, usize)> = errors
        .iter()
        .map(|error| (error["kind"].as_str().unwrap(), error["places"].as_array().unwrap().len()))
        .collect();
    assert_eq!(found, [("bad_list_and_action", 3), ("unknown_syscall", 1)]);
    assert_eq!(errors[0]["places"][2], json!("/etc/audit/rules.d/40-more.rules:1"));
}

#[test]
fn fr_8_as_sets_the_sources_agree_in_any_order() {
    let report = host(&[A, B, C], &[C, A, B]).answer(&gather(json!({"ordering": "ignore"})));
    assert_eq!(report["in_sync"], json!(true));
    let never = "-a never,exit -F arch=b64 -S adjtimex -F auid=1000 -F key=quiet";
    let ordered = |ordering: &str| host(&[never, B], &[B, never]).answer(&gather(json!({"ordering": ordering})));
    assert_eq!(ordered("ignore")["in_sync"], json!(true));
    assert_eq!(ordered("relevant")["in_sync"], json!(false), "the order decides what is recorded");
    assert_eq!(ordered("relevant")["drift"]["order"].as_array().unwrap().len(), 1);
}

#[test]
fn nfr_1_the_files_alone_cost_no_question_to_the_kernel() {
    let mut host = host(&[A], &[A]);
    let report = host.answer(&gather(json!({"source": "filesystem"})));
    assert_eq!((failed(&report), host.kernel.sent()), (false, Sent::default()));
    host.write("/srv/image/etc/audit/rules.d/a.rules", B);
    let report = host.answer(&gather(json!({"root": "/srv/image"})));
    assert_eq!((in_files(&report), host.kernel.sent()), (vec![B], Sent::default()));
}

#[test]
fn nfr_2_an_id_is_that_of_the_meaning_and_not_of_file_order_or_spelling() {
    let spellings = [
        ["-w /etc/passwd -p wa -k identity", "-a always,exit -F arch=b64 -S adjtimex -S settimeofday -k time-change"],
        [
            "-a exit,always -F path=/etc/passwd -F perm=aw -F key=identity",
            "-a always,exit -F arch=x86_64 -S settimeofday,adjtimex -F key=time-change",
        ],
    ];
    let ids = |lines: &[&str]| -> Vec<String> {
        let report = host(lines, &[]).answer(&gather(json!({})));
        let rules = report["filesystem"]["files"][0]["rules"].as_array().unwrap().clone();
        let mut ids: Vec<String> = rules.iter().map(|rule| rule["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let [first, second] = spellings;
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(ids(&first), ids(&[first[1], first[0]]));
    assert_ne!(ids(&[A]), ids(&["-w /etc/passwd -p wa -k other"]));
}

#[test]
fn nfr_2_the_masks_of_all_versions_of_auditctl_have_one_id() {
    let line = "-a always,exit -F arch=b64 -F path=/usr/bin/su -F perm=x -F key=privileged";
    let id = |masks: usize, files: &[&str]| {
        let mut host = host(files, &[]);
        let line = host.rule_line(line);
        let mut rule = line.rule.clone();
        rule.syscalls = line.masks()[masks].clone();
        host.kernel.suffer(&Foreign::Append(rule));
        let report = host.answer(&gather(json!({})));
        report["runtime"]["rules"][0]["id"].as_str().unwrap().to_owned()
    };
    let masks = host(&[], &[]).rule_line(line).masks().len();
    assert!(masks > 2, "{masks}");
    for mask in 0..masks {
        assert_eq!(id(mask, &[line]), id(0, &[]), "asked for, mask {mask}");
        assert_eq!(id(mask, &[]), id(0, &[]), "runtime only, mask {mask}");
    }
}

#[test]
fn tc_1_what_is_not_live_has_files_only() {
    let mut host = with_reach(host(&[A], &[]), Reach::Absent(Absence::ContainerPidNamespace));
    let report = host.answer(&gather(json!({})));
    assert_eq!((failed(&report), in_files(&report)), (false, vec![A]));
    assert_eq!(host.kernel.sent(), Sent::default(), "no attempt to ask the kernel");
    assert_eq!((report.get("drift"), report.get("in_sync")), (None, None));
}

#[test]
fn the_files_alone_tell_that_the_next_boot_does_not_load_them() {
    let ask = |files: &[&str]| {
        let image = json!({"source": "filesystem", "on_drift": "fail"});
        host(files, &[]).answer(&gather(image))
    };
    let whole = ask(&[A, B]);
    assert_eq!((failed(&whole), whole.get("in_sync")), (false, None), "the kernel might still differ");
    let stops = ask(&[A, "-a always,exit -S opne", B, "-r 100"]);
    assert_eq!((failed(&stops), &stops["in_sync"]), (true, &json!(false)), "{stops:#}");
    assert_eq!(
        message(&stops),
        "drift: 2 of 3 rules not loaded at the next boot; rate_limit not as in the files; the next boot stops at /etc/audit/rules.d/30-policy.rules:2"
    );
    assert_eq!(kinds(&stops), ["not_in_sync", "not_in_sync"], "{stops:#}");
    let said = stops["errors"][1]["message"].as_str().unwrap();
    assert!(said.contains("100 in the files, unset at the next boot"), "{said}");
}

#[test]
fn tc_2_both_sources_match() {
    let report = host(&[A, B], &[A, B]).answer(&gather(json!({"on_drift": "fail"})));
    assert_eq!((failed(&report), &report["in_sync"]), (false, &json!(true)));
    assert_eq!(message(&report), "2 of 2 rules loaded, next boot the same");
}

#[test]
fn tc_3_the_runtime_lacks_rules() {
    let mut host = host(&[A, B], &[B]);
    let report = host.answer(&gather(json!({"on_drift": "fail"})));
    assert!(failed(&report));
    assert_eq!(message(&report), "drift: 1 of 2 rules not loaded");
    assert_eq!(texts(&report["drift"]["missing_in_runtime"]), [A]);
    let files = host.answer(&gather(json!({"on_drift": "fail", "source": "filesystem"})));
    assert_eq!((failed(&files), in_files(&files)), (false, vec![A, B]));
    let kernel = host.answer(&gather(json!({"on_drift": "fail", "source": "runtime"})));
    assert_eq!((failed(&kernel), texts(&kernel["runtime"]["rules"])), (false, vec![B]));
    let lenient = host.answer(&gather(json!({})));
    assert_eq!((failed(&lenient), &lenient["in_sync"]), (false, &json!(false)));
}

#[test]
fn tc_4_the_filesystem_lacks_rules() {
    let report = host(&[A], &[A, B]).answer(&gather(json!({"on_drift": "fail"})));
    assert!(failed(&report));
    assert_eq!(message(&report), "drift: 1 of 2 rules in no file");
    assert_eq!(report["drift"]["missing_in_filesystem"][0]["cause"], json!("loaded_by_hand"));
}

#[test]
fn tc_5_permission_denied_with_files_still_readable() {
    let mut host = with_reach(host(&[A, B], &[A]), Reach::Denied);
    let report = host.answer(&gather(json!({})));
    assert!(failed(&report));
    assert_eq!(message(&report), format!("Failed to load audit rules from runtime: {DENIED}"));
    assert_eq!((&report["errors"][0]["kind"], &report["errors"][0]["errno"]), (&json!("permission"), &json!("EPERM")));
    assert!(report["errors"][0]["hint"].as_str().unwrap().contains("root"));
    assert_eq!(in_files(&report), [A, B], "the source that was read is in the report");
    assert_eq!((report.get("runtime"), report.get("status")), (None, None));
    let files = host.answer(&gather(json!({"source": "filesystem"})));
    assert_eq!((failed(&files), in_files(&files)), (false, vec![A, B]));
}

#[test]
fn tc_6_malformed_runtime_data_is_not_used_in_part() {
    let mut host = host(&[A, B], &[A, B]);
    let error = KernelError::Malformed { request: "AUDIT_LIST_RULES", what: "a rule", length: 1039 };
    host.kernel.fault(Fault::Fail { call: Some(Call::Rules), nth: 1, error });
    let report = host.answer(&gather(json!({})));
    assert!(failed(&report));
    let details = "the kernel's answer to AUDIT_LIST_RULES is malformed: 1039 bytes are not a rule";
    assert_eq!(message(&report), format!("Failed to load audit rules from runtime: {details}"));
    for part in ["runtime", "status", "features", "managers", "drift", "in_sync"] {
        assert_eq!(report.get(part), None, "{part}");
    }
    assert_eq!(in_files(&report), [A, B]);
}

#[test]
fn tc_7_the_source_that_is_asked_for_is_the_one_that_is_read() {
    let mut live = host(&[A], &[B]);
    let both = live.answer(&gather(json!({"source": "both"})));
    assert_eq!((in_files(&both), texts(&both["runtime"]["rules"])), (vec![A], vec![B]));
    assert_eq!(live.answer(&gather(json!({"source": "filesystem"})))["runtime"]["reason"], json!("source: filesystem"));
    let kernel = live.answer(&gather(json!({"source": "runtime"})));
    assert_eq!((kernel.get("filesystem"), kernel.get("next_boot")), (None, None));
    let request = gather(json!({"source": "runtime"}));
    let image = with_reach(host(&[A], &[]), Reach::Absent(Absence::NoAuditInKernel)).answer(&request);
    assert!(failed(&image) && message(&image).starts_with("Failed to load audit rules from runtime: "), "{image:#}");
}

#[test]
fn tc_8_sets_are_compared_and_not_lists() {
    let report = host(&[A, B, C], &[C, A, B]).answer(&gather(json!({"on_drift": "fail"})));
    assert_eq!((failed(&report), &report["in_sync"]), (false, &json!(true)));
    assert_eq!(report["drift"]["order"], json!([]));
}

#[test]
fn tc_9_a_question_asks_each_source_once_and_answers_at_once_do_not_disturb_each_other() {
    let answers: Vec<Json> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut host = host(&[A, B], &[B]);
                    let report = host.answer(&gather(json!({})));
                    (report, host.kernel.sent())
                })
            })
            .collect();
        let answered = asked.into_iter().map(|thread| thread.join().unwrap());
        answered.inspect(|(_, sent)| assert_eq!(sent.list, 1)).map(|(report, _)| report).collect()
    });
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_later_line_that_unlocks_wins_over_an_early_one_that_locks() {
    let mut host = host(&["-e 2", A], &[A]);
    host.write("/etc/audit/rules.d/99-local.rules", "-e 1\n");
    let report = host.answer(&gather(json!({})));
    let enabled = &report["settings"]["enabled"];
    assert_eq!(enabled["next_boot"], json!(1));
    assert_eq!(enabled["decided_by"], json!("/etc/audit/rules.d/99-local.rules:1"));
    assert_eq!(enabled["overruled"], json!([{"value": 2, "at": format!("{FILE}:1")}]));
}

#[test]
fn a_rule_of_another_machine_is_read_as_that_machine_reads_it() {
    let mut host = host(&["-i", "-a always,exit -F arch=b64 -S open,openat -k access"], &[]);
    host.machine = Machine::from_uname("aarch64").unwrap();
    let report = host.answer(&gather(json!({})));
    assert_eq!(report["drift"]["missing_in_runtime"][0]["cause"], json!("no_such_syscall"));
}

#[test]
fn check_mode_and_diff_make_no_difference() {
    let answer = |more: Json| host(&[A, B], &[B, C]).answer(&gather(more));
    for more in [json!({"check_mode": true}), json!({"_ansible_check_mode": true, "_ansible_diff": true})] {
        assert_eq!(answer(more), answer(json!({})));
    }
}

/// Whether the file system of the tests tells when a directory was made.
fn tells_birth(host: &Host) -> bool {
    std::fs::metadata(host.path("/etc")).unwrap().created().is_ok()
}

#[test]
fn a_rule_whose_directory_was_made_anew_since_the_boot_was_dropped_by_the_kernel() {
    let mut host =
        host(&["-w /srv/data/file -p wa -k data", "-a always,exit -F dir=/srv/data -F perm=wa -F key=data"], &[]);
    host.directory("/srv/data");
    let mut causes = |boot: u64| -> Vec<String> {
        host.write("/proc/stat", format!("cpu  1 2 3\nintr 4\nbtime {boot}\nprocesses 5\n"));
        let report = host.answer(&gather(json!({})));
        let drift = report["drift"]["missing_in_runtime"].as_array().unwrap().clone();
        drift.iter().map(|entry| entry["cause"].as_str().unwrap().to_owned()).collect()
    };
    let (long_ago, later) = (causes(1000), causes(4_000_000_000));
    assert_eq!(later, ["not_loaded", "not_loaded"], "older than the boot");
    let expected = if tells_birth(&host) { "dropped_by_kernel" } else { "not_loaded" };
    assert_eq!(long_ago, [expected, expected]);
}

/// Line by line of what is expected: on disk, running, next boot, in sync.
fn evidence(rules: &Json) -> Vec<(bool, Option<bool>, bool, Option<bool>)> {
    let rules = rules.as_array().unwrap_or_else(|| panic!("{rules:#}")).iter();
    let row = |rule: &Json| {
        let flag = |key: &str| rule[key].as_bool();
        (flag("on_disk").unwrap(), flag("running"), flag("next_boot").unwrap(), flag("in_sync"))
    };
    rules.map(row).collect()
}

const HELD: (bool, Option<bool>, bool, Option<bool>) = (true, Some(true), true, Some(true));

#[test]
fn a_wanted_rules_is_answered_rule_by_rule() {
    let report = host(&[A, B], &[A, C]).answer(&gather(json!({"expect": [A, B, C]})));
    let expected = [HELD, (true, Some(false), true, Some(false)), (false, Some(true), false, Some(false))];
    assert_eq!(evidence(&report["expect"]["rules"]), expected, "{report:#}");
    assert_eq!((report["in_sync"].as_bool(), failed(&report)), (Some(false), false));
    assert_eq!(message(&report), "1 of 3 expected rules held; 1 of 2 rules loaded, 1 in no file, next boot loads 2");
    let places: Vec<_> = report["expect"]["rules"].as_array().unwrap().iter().map(|rule| &rule["pointer"]).collect();
    assert_eq!(places, ["/expect/0", "/expect/1", "/expect/2"]);
    assert_eq!(report["expect"]["rules"][1]["line"], json!(2));
    // What nobody wanted for does not count.
    let report = host(&[A, B], &[A, B, C]).answer(&gather(json!({"expect": A})));
    assert_eq!(
        (evidence(&report["expect"]["rules"]), report["in_sync"].as_bool()),
        (vec![HELD], Some(true)),
        "{report:#}"
    );
}

#[test]
fn what_was_applied_is_held_in_every_spelling() {
    let mut host = Host::new();
    let apply = json!({"name": "30-a", "rules": [{"path": "/etc/passwd", "permissions": "wa", "key": "identity"},
        {"arch": ["b64", "b32"], "syscalls": ["settimeofday"], "key": "time"}], "control": {"backlog_limit": 8192}});
    assert!(!failed(&host.answer(&apply)));
    let spelled = "-w /etc/passwd -p aw -k identity\n-a exit,always -F arch=b64 -S settimeofday -k time\n-a always,exit -F arch=b32 -S settimeofday -k time\n-b 8192\n";
    for forms in [
        apply.clone(),
        json!(spelled),
        json!({"state": "exact", "name": "30-a", "rules": spelled}),
        json!({"state": "loaded", "purge": true}),
        json!({"drop_ins": {"30-a": apply_of(&apply), "40-b": {"state": "absent"}}}),
    ] {
        let report = host.answer(&gather(json!({"expect": forms, "on_drift": "fail"})));
        assert_eq!((report["in_sync"].as_bool(), failed(&report)), (Some(true), false), "{forms}: {report:#}");
        assert!(!report["expect"]["rules"].as_array().unwrap().is_empty());
    }
    let other =
        host.answer(&gather(json!({"expect": {"name": "30-a", "control": {"backlog_limit": 64}}, "on_drift": "fail"})));
    assert_eq!((kinds(&other), other["in_sync"].as_bool()), (vec!["not_in_sync"], Some(false)), "{other:#}");
}

fn apply_of(request: &Json) -> Json {
    json!({"rules": request["rules"], "control": request["control"]})
}

#[test]
fn an_exact_wanted_rules_names_what_else_is_there() {
    let exact = |more: Json| {
        let mut forms = json!({"state": "exact", "name": "30-policy", "rules": [A]});
        forms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut host = host(&[A], &[A, C]);
        host.write("/etc/audit/rules.d/50-other.rules", format!("{B}\n"));
        host.answer(&gather(json!({"expect": forms})))
    };
    let report = exact(json!({}));
    let unexpected: Vec<_> = report["expect"]["unexpected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["rule"].as_str().unwrap())
        .collect();
    assert_eq!((unexpected, report["in_sync"].as_bool()), (vec![B, C], Some(false)), "{report:#}");
    let report = exact(json!({"keep": ["50-*", "system-*"]}));
    assert_eq!((&report["expect"]["unexpected"], report["in_sync"].as_bool()), (&json!([]), Some(true)), "{report:#}");
    let gone = host(&[A], &[A]).answer(&gather(json!({"expect": {"drop_ins": {"30-policy": {"state": "absent"}}}})));
    assert_eq!(gone["expect"]["unexpected"], json!([{"file": "30-policy.rules"}]));
}

#[test]
fn what_a_host_lacks_is_skipped_where_the_wanted_rules_says_so() {
    let rules = ["-w /no/such/dir/file -p wa", A];
    for (on_missing, in_sync) in [("skip", true), ("fail", false)] {
        let forms = json!({"name": "30-policy", "rules": rules, "on_missing": on_missing});
        let report = host(&[A], &[A]).answer(&gather(json!({"expect": forms})));
        assert_eq!(report["in_sync"].as_bool(), Some(in_sync), "{report:#}");
        let said = if in_sync { "skipped" } else { "why" };
        assert!(report["expect"]["rules"][0][said].as_str().unwrap().contains("/no/such/dir"), "{report:#}");
    }
}

#[test]
fn without_the_kernel_a_wanted_rules_is_denied_but_not_confirmed() {
    let ask = |forms: &[&str]| host(&[A], &[A]).answer(&gather(json!({"source": "filesystem", "expect": forms})));
    let (held, missing) = (ask(&[A]), ask(&[A, B]));
    assert_eq!((held.get("in_sync"), missing["in_sync"].as_bool()), (None, Some(false)), "{held:#}");
    assert_eq!(kinds(&host(&[A], &[A]).answer(&gather(json!({"source": "runtime", "expect": A})))), ["key_not_used"]);
}

#[test]
fn labels_of_controls_group_the_evidence() {
    let file = ["# control: cis-1, cis-2", A, "# why", B, "", C];
    let report = host(&file, &[A, C]).answer(&gather(json!({})));
    let controls = &report["labels"];
    assert_eq!(controls.as_object().unwrap().keys().collect::<Vec<_>>(), ["cis-1", "cis-2"], "{report:#}");
    assert_eq!(evidence(&controls["cis-1"]["rules"]), [HELD, (true, Some(false), true, Some(false))]);
    assert_eq!(
        (controls["cis-2"]["in_sync"].as_bool(), controls["cis-1"]["rules"][1]["line"].as_u64()),
        (Some(false), Some(4))
    );

    let forms = json!([{"path": "/etc/passwd", "permissions": "wa", "key": "identity", "labels": "stig-7"}, B, "# Controls: stig-8", "# control: stig-9", C]);
    let report = host(&[A, C], &[A, C]).answer(&gather(json!({"expect": forms})));
    let found: Vec<_> = report["labels"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(id, control)| (id.as_str(), control["in_sync"].as_bool()))
        .collect();
    assert_eq!(found, [("stig-7", Some(true)), ("stig-8", Some(true)), ("stig-9", Some(true))], "{report:#}");
    assert_eq!(host(&[A], &[A]).answer(&gather(json!({}))).get("labels"), None);
}

#[test]
fn what_is_wrong_with_a_wanted_rules_is_said_with_its_place() {
    let rows = [
        (json!(["-a always,exit -S opne"]), "unknown_syscall", "/expect/0"),
        (json!({"rules": [A]}), "missing_key", "/expect"),
        (json!({"name": "a", "rules": ["-w etc"]}), "relative_path", "/expect/rules/0"),
        (json!({"state": "absent", "name": "a", "rules": [A]}), "bad_value", "/expect/state"),
        (json!({"operation": "gather"}), "bad_value", "/expect/operation"),
        (json!({"name": "a", "rulez": []}), "unknown_key", "/expect/rulez"),
    ];
    for (forms, kind, pointer) in rows {
        let report = host(&[A], &[A]).answer(&gather(json!({"expect": forms})));
        assert_eq!(kinds(&report), [kind], "{report:#}");
        assert_eq!(report["errors"][0]["pointer"], json!(pointer), "{report:#}");
    }
    assert_eq!(kinds(&host(&[A], &[A]).answer(&json!({"name": "a", "rules": [A], "expect": [A]}))), ["key_not_used"]);
}
