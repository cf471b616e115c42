//! What single lines mean, row by row: what is accepted and what is refused, and why.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod language {
    pub mod host;
}

use audit_rules::auditctl::{self, Context, Control, Line, RuleLine, UnknownSyscalls, Verb};
use audit_rules::rule::verdict::kernel_verdict;
use audit_rules::rule::{Field, FieldNumber, List, Machine, Mask, Op, Rule};
use language::host;

fn parse_on(machine: &str, unknown_syscalls: UnknownSyscalls, line: &str) -> Result<Line, auditctl::LineError> {
    let machine = Machine::from_uname(machine).unwrap();
    let context = Context { machine: &machine, unknown_syscalls, ..host::context() };
    auditctl::parse(line.as_bytes(), &context)
}

fn parse(line: &str) -> Result<Line, auditctl::LineError> {
    parse_on("x86_64", UnknownSyscalls::Fail, line)
}

fn rule_line(line: &str) -> RuleLine {
    match parse(line) {
        Ok(Line::Statement(statement)) => statement.rule.unwrap_or_else(|| panic!("{line}: no rule")),
        Ok(other) => panic!("{line}: {other:?}"),
        Err(error) => panic!("{line}: {}", error.message()),
    }
}

fn rule(line: &str) -> Rule {
    rule_line(line).rule
}

/// The kind of the error and its hint.
fn refusal(line: &str) -> (&'static str, Option<String>) {
    match parse(line) {
        Ok(line) => panic!("{line:?} was accepted"),
        Err(error) => (
            error.kind(),
            error
                .hint()
                .map(|hint| hint.to_string().trim_start_matches("did you mean ").trim_end_matches('?').to_owned()),
        ),
    }
}

fn refused(rows: &[(&str, &str)]) {
    for (line, kind) in rows {
        assert_eq!(refusal(line).0, *kind, "{line}");
    }
}

fn accepted(lines: &[&str]) {
    for line in lines {
        rule(line);
    }
}

fn mask(line: &str) -> Vec<u32> {
    rule(line).syscalls.numbers().collect()
}

const OPEN_B64: &str = "-a always,exit -F arch=b64 -S open";

#[test]
fn list_and_action_come_in_either_order_and_nothing_else_passes() {
    assert_eq!(rule("-a exit,always -S open"), rule("-a always,exit -S open"));
    assert_eq!(rule("-a EXIT,always -S open"), rule("-a always,exit -S open"));
    assert_eq!(rule("-a task,never").syscalls, Mask::NONE);
    assert_eq!(rule("-a always,exit").syscalls, Mask::all());
    refused(&[
        ("-a always,bogus -S open", "unknown_list"),
        ("-a bogus,always -S open", "unknown_list"),
        ("-a always,entry -S open", "unknown_list"),
        ("-a exit,Always -S open", "unknown_action"),
        ("-a exit -S open", "bad_list_and_action"),
        ("-a exit,always,exit -S open", "bad_list_and_action"),
        ("-a possible,exit -S open", "unknown_action"),
        ("-a always,exit -a always,exit -S open", "multiple_rules"),
        ("-a always,exit -A always,exit -S open", "multiple_rules"),
        ("-d always,exit -A always,exit -S open", "multiple_rules"),
        ("-S open", "missing_list"),
        ("-F uid=0 -a always,exit", "missing_list"),
        ("-S open -a always,task", "syscall_not_on_list"),
        ("-a always,task -S open", "syscall_not_on_list"),
        ("-a always,user -S open", "syscall_not_on_list"),
        ("-a always,exclude -S open", "syscall_not_on_list"),
        ("-a always,filesystem -S open", "syscall_not_on_list"),
    ]);
    assert_eq!(mask("-S open -a always,exclude"), [2]);
}

#[test]
fn the_action_possible_sends_nothing() {
    let Ok(Line::Statement(statement)) = parse("-a exit,possible -S open") else { panic!("refused") };
    assert!(statement.rule.is_none() && statement.controls.is_empty());
}

#[test]
fn verbs_are_told_apart() {
    assert_eq!(rule_line("-a always,exit -S open").verb, Verb::Append);
    assert_eq!(rule_line("-A always,exit -S open").verb, Verb::Prepend);
    assert_eq!(rule_line("-d always,exit -S open").verb, Verb::Delete);
    assert_eq!(rule_line("-w /etc/passwd").verb, Verb::Append);
    assert_eq!(rule_line("-W /etc/passwd").verb, Verb::Delete);
    assert_eq!(rule_line("-a always,exit -W /etc/passwd").verb, Verb::Append);
}

#[test]
fn a_watch_is_all_calls_a_path_and_permissions_and_its_kind_waits_for_the_host() {
    let watch = rule_line("-w /etc/ -p wa -k k");
    assert_eq!(watch.watched_path(), Some(b"/etc".as_slice()));
    assert_eq!(watch.rule.syscalls, Mask::all());
    assert_eq!(watch.rule.fields[0], Field::with_text(FieldNumber::PATH, Op::EQUAL, *b"/etc"));
    assert_eq!(watch.clone().with_watch_kind(true).rule.fields[0].number, FieldNumber::DIR);
    assert_eq!(watch.clone().with_watch_kind(false).rule, watch.rule);
    let plain = rule_line("-a always,exit -F path=/etc/passwd -F perm=wa");
    assert_eq!(plain.clone().with_watch_kind(true), plain);
    assert_eq!(rule("-w /etc/passwd -p wa -k k"), rule("-a always,exit -F path=/etc/passwd -F perm=wa -k k"));
    let perms = |line: &str| -> Vec<u32> {
        rule(line).fields.iter().filter(|f| f.number == FieldNumber::PERM).filter_map(|f| f.value.number()).collect()
    };
    assert_eq!(perms("-w /etc/passwd"), [15]);
    assert_eq!(perms("-w /etc/passwd -p r -p w"), [2]);
    assert_eq!(perms("-w /etc/passwd -F perm=w"), [15, 2]);
    assert_eq!(perms("-w /etc/passwd -p RwW"), [6]);
    refused(&[
        ("-p wa -w /etc/passwd", "permission_without_watch"),
        ("-a always,exit -p wa", "permission_without_watch"),
        ("-w /etc/passwd -p q", "bad_permission"),
        ("-w /etc/passwd -p rwxar", "bad_permission"),
        ("-k x -w /etc/passwd", "key_without_rule"),
        ("-w etc", "relative_path"),
        ("-w \"/etc/passwd\"", "relative_path"),
        ("-w /etc/passwd -F arch=b64", "arch_after_syscall"),
        ("-a always,exit -w /etc/passwd", "watch_not_first"),
        ("-S open -w /etc/passwd", "watch_not_first"),
        ("-w /etc/passwd -w /etc/shadow", "watch_not_first"),
        ("-w /etc/passwd -a never,exit", "watch_not_first"),
        ("-w /etc/passwd -a task,never", "syscall_not_on_list"),
    ]);
    assert_eq!(rule("-w /etc/passwd -a exit,never").action.name(), Some("never"));
}

#[test]
fn system_calls_are_named_numbered_and_joined() {
    assert_eq!(mask("-a always,exit -S open,openat -S close"), [2, 3, 257]);
    assert_eq!(mask("-a always,exit -S ,open,"), [2]);
    assert_eq!(mask("-a always,exit -S OPEN"), [2]);
    assert_eq!(mask("-a always,exit -S 010 -S 0x3"), [3, 8]);
    assert_eq!(mask("-a always,exit -S ,"), [0; 0]);
    assert_eq!(rule("-a always,exit -S all -S open").syscalls, Mask::all());
    assert_eq!(mask("-a always,exit -F arch=b32 -S open"), [5]);
    assert_eq!(mask("-a always,exit -F arch=b64 -F arch=b32 -S open"), [5]);
    assert_eq!(mask("-a always,io_uring -S all"), [9, 10, 13, 16, 17, 18, 19, 28, 34, 35, 36]);
    assert_eq!(mask("-a always,io_uring -S mkdirat"), [37]);
    refused(&[
        ("-S open -F arch=b64 -a always,exit", "missing_list"),
        ("-a always,exit -S open -F arch=b64", "arch_after_syscall"),
        ("-a always,exit -F arch=b64 -F perm=x -F arch=b32", "arch_after_syscall"),
        ("-a always,exit -S All", "unknown_syscall"),
        ("-a always,exit -S -1", "unknown_syscall"),
        ("-a always,exit -S 2048", "bad_syscall_number"),
        ("-a always,exit -S 2032", "bad_syscall_number"),
        ("-a always,exit -S 5abc", "bad_syscall_number"),
        ("-a always,io_uring -S execve", "unknown_operation"),
    ]);
}

#[test]
fn a_misspelled_name_gets_the_nearest_as_hint() {
    let rows = [
        ("-a always,exit -S opne", "unknown_syscall", Some("open")),
        ("-a always,exit -S pwrite64", "unknown_syscall", Some("pwrite")),
        ("-a always,exit -S socketcall", "unknown_syscall", None),
        ("-a always,exit -S frobnicate", "unknown_syscall", None),
        ("-a always,exti -S open", "unknown_list", Some("exit")),
        ("-a always,exit -F audi=0", "unknown_field", Some("auid")),
        ("-a always,exit -F exit=-EPRM", "unknown_errno", Some("EPERM")),
        ("-a always,exclude -F msgtype=CDW", "unknown_record_type", Some("CWD")),
        ("-a always,exit -F filetype=fiel", "unknown_file_type", Some("file")),
        ("-a never,filesystem -F fstype=tracfs", "unknown_filesystem_type", Some("tracefs")),
        ("-a always,io_uring -S opanat", "unknown_operation", Some("openat")),
        ("-a always,exit -F success=yes", "bad_value", Some("1")),
        ("-a always,exit -F saddr_fam=inet", "bad_value", Some("2")),
        ("-a always,exit -F perm!=wa", "bad_operator", Some("use =")),
        ("-a always,task -F perm=wa", "field_not_on_list", Some("use it on exit, exclude")),
    ];
    for (line, kind, hint) in rows {
        assert_eq!(refusal(line), (kind, hint.map(str::to_owned)), "{line}");
    }
}

#[test]
fn habits_from_elsewhere_are_named() {
    let rows = [
        ("-a\talways,exit -S open", "a tab"),
        ("-a always,exit -S open\t-k x", "a tab"),
        ("-a always,exit -S open -F \"auid>=1000\"", "quotation"),
        ("-a always,exit -S open -F auid&gt;=1000", "web page"),
        ("-w /etc/passwd # the users", "line of its own"),
        ("-w /etc/passwd -k k\r", "Unix line ends"),
    ];
    for (line, hint) in rows {
        assert!(refusal(line).1.is_some_and(|given| given.contains(hint)), "{line}");
    }
}

#[test]
fn values_read_as_auditctl_reads_them_and_are_never_cut() {
    let value = |field: &str, list: &str| {
        let line = format!("-a always,{list} -F {field}");
        rule(&line).fields[0].value.number().unwrap()
    };
    let rows = [
        ("auid=unset", "exit", u32::MAX),
        ("auid=-1", "exit", u32::MAX),
        ("loginuid=4294967295", "exit", u32::MAX),
        ("uid=root", "exit", 0),
        ("uid=www-data", "exit", 33),
        ("gid=adm", "exit", 4),
        ("uid=010", "exit", 8),
        ("exit=EPERM", "exit", 1),
        ("exit=-EPERM", "exit", u32::MAX),
        ("exit=-eperm", "exit", u32::MAX),
        ("exit=-13", "exit", 13_u32.wrapping_neg()),
        ("a0=-1", "exit", u32::MAX),
        ("a0=0xffffffff", "exit", u32::MAX),
        ("filetype=FILE", "exit", 0x8000),
        ("sessionid=unset", "exit", u32::MAX),
        ("saddr_fam=45", "exit", 45),
        ("msgtype=cwd", "exclude", 1307),
        ("msgtype=UNKNOWN[1307]", "exclude", 1307),
        ("msgtype=1307", "user", 1307),
        ("fstype=tracefs", "filesystem", 0x7472_6163),
        ("perm=XX", "exit", 1),
        ("field_compare=25", "exit", 25),
    ];
    for (field, list, expected) in rows {
        assert_eq!(value(field, list), expected, "{field}");
    }
    refused(&[
        ("-a always,exit -F gid=-1", "impossible_name"),
        ("-a always,exit -F gid=unset", "unknown_group"),
        ("-a always,exit -F uid=nobody-here", "unknown_user"),
        ("-a always,exit -F uid=4294967296", "bad_value"),
        ("-a always,exit -F inode=-1", "bad_value"),
        ("-a always,exit -F pid=-1", "bad_value"),
        ("-a always,exit -F a0=0x1FFFFFFFF", "bad_value"),
        ("-a always,exit -F success=no", "bad_value"),
        ("-a always,exit -F sessionid=foo", "bad_value"),
        ("-a always,exit -F saddr_fam=46", "bad_value"),
        ("-a always,exit -F filetype=0100000", "unknown_file_type"),
        ("-a always,exit -F field_compare=26", "bad_value"),
        ("-a never,filesystem -F fstype=0xffffffff", "unknown_filesystem_type"),
        ("-a always,exclude -F msgtype=NOSUCH", "unknown_record_type"),
        ("-a always,exit -F arch=mips64 -S open", "unknown_arch"),
        ("-a always,exit -F arch=40000003 -S open", "unknown_arch"),
        ("-a always,exit -F uid", "missing_operator"),
        ("-a always,exit -F uid=", "missing_value"),
        ("-a always,exit -F =0", "missing_field"),
        ("-a always,exit -F uid<>5", "unknown_field"),
        ("-a always,exit -F uid==5", "impossible_name"),
        ("-a always,exit -F path=/tmp/a!=b", "unknown_field"),
    ]);
    assert_eq!(rule("-a always,exit -F path=/tmp/a=b").fields[0].text(), Some(b"/tmp/a=b".as_slice()));
}

#[test]
fn each_restriction_to_lists_has_one_that_passes_and_one_that_does_not() {
    accepted(&[
        "-a always,exit -F ppid=1",
        "-a always,exit -F obj_type=etc_t",
        "-a always,user -F msgtype=USER_CMD",
        "-a always,user -F sessionid=1",
        "-a always,exclude -F perm=x",
        "-a always,exit -F inode!=5",
        "-a never,filesystem -F fstype=debugfs",
        "-a always,task -F a0=1",
        "-a always,io_uring -F uid=0",
        "-a always,exit -C uid!=euid",
    ]);
    refused(&[
        ("-a always,user -F ppid=1", "field_not_on_list"),
        ("-a always,exclude -F obj_type=etc_t", "field_not_on_list"),
        ("-a always,exit -F msgtype=USER_CMD", "field_not_on_list"),
        ("-a always,task -F sessionid=1", "field_not_on_list"),
        ("-a always,user -F perm=x", "field_not_on_list"),
        ("-a always,io_uring -F path=/x", "field_not_on_list"),
        ("-a always,exit -F fstype=debugfs", "field_not_on_list"),
        ("-a always,exit -F inode>5", "bad_operator"),
        ("-a always,exit -F exe>/bin/ls", "bad_operator"),
        ("-a always,exit -F arch>=b64", "bad_operator"),
        ("-a always,user -C uid!=euid", "field_not_on_list"),
        ("-C uid!=euid -a always,exit", "field_not_on_list"),
        ("-a always,exit -C uid=gid", "not_comparable"),
        ("-a always,exit -C uid=uid", "not_comparable"),
        ("-a always,exit -C uid>euid", "bad_operator"),
        ("-a always,exit -C uid=nosuch", "unknown_field"),
    ]);
    assert_eq!(rule("-a always,exit -C obj_uid!=uid"), rule("-a always,exit -C uid!=obj_uid"));
}

#[test]
fn keys_are_joined_come_last_and_need_something_to_stand_after() {
    let key = |line: &str| rule(line).fields.last().unwrap().text().unwrap().to_vec();
    assert_eq!(key(&format!("{OPEN_B64} -k a -k b")), b"a\x01b");
    assert_eq!(key(&format!("{OPEN_B64} -F key=a -F uid=0 -k b")), b"a\x01b");
    assert_eq!(key("-a always,exit -F key=x -S open"), b"x");
    assert_eq!(key(&format!("{OPEN_B64} -k {}", "k".repeat(256))).len(), 256);
    assert_eq!(rule(&format!("{OPEN_B64} -F KEY=a -F uid=0")).fields[1].text(), Some(b"a".as_slice()));
    assert_eq!(rule(&format!("{OPEN_B64} -F key=")).fields.len(), 1);
    let long = format!("{OPEN_B64} -k {}", "k".repeat(257));
    let two_long = format!("{OPEN_B64} -k {} -k {}", "k".repeat(200), "k".repeat(56));
    refused(&[
        (&long, "key_too_long"),
        (&two_long, "key_too_long"),
        ("-a always,exit -S open -k a\u{1}b", "bad_key"),
        ("-a always,exit -S open -k a!=b", "bad_key"),
        ("-a always,exit -k x -S open", "key_without_rule"),
        ("-a always,exit -F uid=0 -k x", "key_without_rule"),
        ("-a task,never -F uid=0 -F key=x", "key_without_rule"),
        ("-a exclude,always -F msgtype=CWD -k x", "key_without_rule"),
        ("-a always,exit -S open -k", "missing_argument"),
    ]);
}

#[test]
fn at_most_63_fields_fit() {
    let line = |fields: usize| format!("{OPEN_B64}{}", " -F a0=1".repeat(fields - 1));
    assert_eq!(rule(&line(63)).fields.len(), 63);
    assert_eq!(refusal(&line(64)).0, "too_many_fields");
    assert_eq!(refusal(&format!("{} -k x", line(63))).0, "too_many_fields");
}

#[test]
fn controls_are_read_with_their_limits() {
    let controls = |line: &str| match parse(line) {
        Ok(Line::Statement(statement)) => statement.controls,
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(controls("-b 8192 -f 1"), [Control::BacklogLimit(8192), Control::Failure(1)]);
    assert_eq!(controls("--back 0x10"), [Control::BacklogWaitTime(16)]);
    assert_eq!(controls("-D -k foo"), [Control::DeleteByKey(b"foo".to_vec())]);
    assert_eq!(controls("-s -i"), [Control::Status { interpret: true }]);
    assert_eq!(controls("-b 64 -a always,exit -S open"), [Control::BacklogLimit(64)]);
    assert!(controls("-a always,exit -S open").is_empty());
    refused(&[
        ("-e 3", "bad_setting"),
        ("-f on", "bad_setting"),
        ("-b 8192k", "bad_setting"),
        ("-b -5", "bad_setting"),
        ("-r 4294967296", "bad_setting"),
        ("-D -b 8192", "stands_alone"),
        ("-b 8192 -D", "stands_alone"),
        ("-D -k", "missing_argument"),
        ("-c -a always,exit -S open", "stands_alone"),
        ("-a always,exit -S open -t", "stands_alone"),
        ("-i -c", "stands_alone"),
        ("-l -i -k x", "stands_alone"),
        ("-q /mnt", "bad_setting"),
        ("-R /etc/audit/audit.rules", "nested_rules"),
        ("--reset", "ambiguous_option"),
        ("-w /etc/passwd stray", "stray_word"),
    ]);
}

#[test]
fn calls_of_other_machines_are_left_out_only_where_that_is_asked_for_and_never_all_of_them() {
    let skip = |machine: &str, line: &str| match parse_on(machine, UnknownSyscalls::Skip, line) {
        Ok(Line::Statement(statement)) => statement.rule.unwrap(),
        other => panic!("{other:?}"),
    };
    let line = "-a always,exit -F arch=b64 -S open,openat,chmod";
    assert_eq!(parse_on("aarch64", UnknownSyscalls::Fail, line).unwrap_err().kind(), "unknown_syscall");
    let some = skip("aarch64", line);
    let skipped: Vec<&str> = some.skipped_syscalls.iter().map(|skipped| skipped.name.as_str()).collect();
    assert_eq!((skipped, some.emptied), (vec!["open", "chmod"], false));
    assert_eq!(some.rule.syscalls.numbers().collect::<Vec<_>>(), [56]);
    let none = skip("aarch64", "-a always,exit -F arch=b64 -S open,chmod -F perm=wa");
    assert!(none.emptied && none.rule.syscalls.is_empty());
    assert!(!skip("x86_64", "-a always,exit -S ,").emptied);
    for line in ["-a always,exit -S opne", "-a always,exit -S pread64"] {
        assert_eq!(parse_on("x86_64", UnknownSyscalls::Skip, line).unwrap_err().kind(), "unknown_syscall", "{line}");
    }
}

#[test]
fn a_perm_after_a_known_table_has_the_masks_of_all_versions() {
    let masks = |line: &str| -> Vec<Vec<u32>> {
        rule_line(line)
            .masks()
            .iter()
            .map(|mask| if mask.is_all() { vec![] } else { mask.numbers().collect() })
            .collect()
    };
    assert_eq!(masks("-a always,exit -F arch=b64 -F perm=x"), [vec![], vec![59], vec![59, 322]]);
    assert_eq!(masks("-a always,exit -S open -F perm=x"), [vec![2], vec![2, 59], vec![2, 59, 322]]);
    assert_eq!(masks("-a always,exit -F perm=x -S open"), [vec![2]]);
    assert_eq!(masks("-a always,exit -F perm=x -F arch=b64"), [Vec::<u32>::new()]);
    assert_eq!(masks("-a always,exit -F arch=b64 -F path=/etc/passwd -p x"), [Vec::<u32>::new()]);
    assert_eq!(masks("-a always,exit -F arch=b64 -S all -F perm=x"), [Vec::<u32>::new()]);
    assert_eq!(rule_line("-a always,exit -S open -F perm=x").mask_4_2().numbers().collect::<Vec<_>>(), [2, 59, 322]);
}

#[test]
fn the_kernel_refuses_what_auditctl_sends_without_looking() {
    let errno = |line: &str| kernel_verdict(&rule(line)).err().map(|refusal| refusal.why.errno());
    for fields in [
        "-F uid&1",
        "-F pid&=1",
        "-F uid=-1",
        "-F gid=4294967295",
        "-F auid>=unset",
        "-F path!=/etc/passwd",
        "-F dir!=/etc",
        "-F path=/etc/",
        "-F path=/",
        "-F path=/etc/..",
        "-F path=etc",
        "-F path=/a -F dir=/b",
        "-F path=/a -F inode=5",
        "-F inode=5 -F inode=6",
        "-F exe=ls",
        "-F exe=/bin/",
        "-F exe=/bin/ls -F exe=/bin/cat",
        "-F KEY=a -F key=b",
        "-F subj_user>x",
        "-F saddr_fam&2",
    ] {
        assert_eq!(errno(&format!("{OPEN_B64} {fields}")), Some("EINVAL"), "{fields}");
    }
    assert_eq!(errno("-a never,filesystem -F uid=0"), Some("EINVAL"));
    assert_eq!(errno(&format!("{OPEN_B64} -F path=/{}", "n".repeat(256))), Some("ENAMETOOLONG"));
    assert_eq!(errno(&format!("{OPEN_B64} -F path={}", "/n".repeat(2048))), Some("ENAMETOOLONG"));
    for fields in
        ["-F devminor&8", "-F pers&8", "-F a0&=3", "-F auid!=unset", "-F dir=/etc/", "-F exe!=/bin/ls", "-F dir=/"]
    {
        assert_eq!(errno(&format!("{OPEN_B64} {fields}")), None, "{fields}");
    }
}

#[test]
fn what_loads_and_never_acts_is_noted() {
    let kinds = |line: &str| rule_line(line).notes.iter().map(auditctl::Note::kind).collect::<Vec<_>>();
    assert_eq!(kinds("-a always,exclude -F exe=/bin/ls -k x"), ["key_disables_list"]);
    assert_eq!(kinds("-a always,user -F euid=0"), ["field_disables_list"]);
    assert_eq!(kinds("-a always,exclude -F msgtype=CWD"), [""; 0]);
    assert_eq!(kinds("-a never,exclude -F msgtype=CWD"), ["action_ignored_on_exclude"]);
    assert_eq!(kinds("-a always,user"), ["no_fields_never_match"]);
    assert_eq!(kinds("-a always,filesystem -F fstype=tracefs"), ["always_on_filesystem"]);
    assert_eq!(kinds("-a always,exit -S ,"), ["empty_mask"]);
    assert_eq!(kinds("-a always,exit -S open"), ["syscalls_without_arch"]);
    assert_eq!(kinds("-a always,exit -F arch=b64 -S open"), [""; 0]);
    assert_eq!(kinds("-a always,task -F a0=1"), ["field_unknown_to_task"]);
    assert_eq!(kinds("-w /etc/*.conf"), ["wildcard_is_literal"]);
    assert_eq!(kinds("-w /etc/../etc/passwd"), ["path_not_normal"]);
    assert_eq!(kinds("-w /etc/passwd -p wa -k identity"), [""; 0]);
    assert_eq!(kinds(&format!("-w /etc/passwd -k {}", "k".repeat(32))), ["long_key"]);
}

#[test]
fn rules_that_only_the_wire_can_carry_print_and_what_can_be_said_reads_back() {
    let machine = host::context().machine;
    let reads_back = |line: &str| {
        let text = auditctl::canonical_lossy(&rule(line), machine);
        assert_eq!(rule(&text), rule(line), "{line} as {text}");
        text
    };
    assert_eq!(reads_back("-w /a\\ b\\\\c -k x\\ y"), "-w /a\\ b\\\\c -p rwxa -k x\\ y");
    assert_eq!(reads_back("-a never,exit -F path=/x -F perm=wa"), "-a never,exit -S all -F path=/x -F perm=wa");
    assert_eq!(
        reads_back("-a always,exit -F uid=0 -F arch=b64 -S open"),
        "-a always,exit -F uid=0 -F arch=b64 -S open"
    );
    assert_eq!(reads_back("-a always,exit -S ,"), "-a always,exit -S ,");
    assert_eq!(reads_back("-S open -a always,exclude -F uid=0"), "-S open -a always,exclude -F uid=0");
    assert_eq!(reads_back("-S all -a always,user -F uid=0 -F key=k"), "-S all -a always,user -F uid=0 -F key=k");
    assert_eq!(reads_back("-a always,exit -F arch=aarch64 -S openat"), "-a always,exit -F arch=aarch64 -S openat");
    assert_eq!(reads_back("-a always,exit -S open -F key!=k -F uid=0"), "-a always,exit -S open -F key!=k -F uid=0");
    assert_eq!(reads_back("-a always,exit -F exit=-EPERM"), "-a always,exit -S all -F exit=-EPERM");
    assert_eq!(reads_back("-a always,exit -F filetype=dir"), "-a always,exit -S all -F filetype=dir");
    assert_eq!(reads_back("-a always,user -F field_compare=3"), "-a always,user -F field_compare=3");
    let mut unknown = Rule::new(List::EXIT, audit_rules::rule::Action::ALWAYS, Mask::all());
    unknown.fields.push(Field::number(FieldNumber(999), Op::GREATER, 5));
    assert_eq!(auditctl::canonical_lossy(&unknown, machine), "-a always,exit -S all -F f999>5");
    unknown.fields[0] = Field::with_text(FieldNumber::PATH, Op::EQUAL, *b"/\xff");
    assert_eq!(auditctl::canonical(&unknown, machine), b"-a always,exit -S all -F path=/\xff");
}

#[test]
fn no_bytes_make_parsing_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    let words: [&[u8]; 24] = [
        b"-a",
        b"always,exit",
        b"-S",
        b"open,",
        b"-F",
        b"auid>=1000",
        b"key=\xff",
        b"-k",
        b"-w",
        b"/etc",
        b"-p",
        b"wa",
        b"-C",
        b"uid!=euid",
        b"--back",
        b"=",
        b"-D",
        b"\\",
        b"&=",
        b"arch=b64",
        b"perm=",
        b"--",
        b"-",
        b"\xc3\x28",
    ];
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut line = Vec::new();
        for _ in 0..random(9) {
            if random(6) == 0 {
                line.push(u8::try_from(random(256)).unwrap());
            } else {
                line.extend_from_slice(words[random(words.len())]);
                line.push(b' ');
            }
        }
        let first = auditctl::parse(&line, &host::context());
        assert_eq!(auditctl::parse(&line, &host::context()), first);
        match first {
            Ok(_) => accepted += 1,
            Err(error) => assert!(!error.message().is_empty() && error.column <= line.len(), "{line:?}"),
        }
    }
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn word_lengths_and_native_tables_are_the_machines_own() {
    let rows: [(&str, &str, Result<u32, &str>); 14] = [
        ("x86_64", "-F arch=b64 -S openat", Ok(257)),
        ("x86_64", "-F arch=b32 -S openat", Ok(295)),
        ("x86_64", "-S openat", Ok(257)),
        ("i686", "-S openat", Ok(295)),
        ("i686", "-F arch=b64 -S openat", Err("no_such_arch")),
        ("i686", "-F arch=x86_64 -S openat", Ok(257)),
        ("aarch64", "-F arch=b64 -S openat", Ok(56)),
        ("aarch64", "-F arch=b32 -S openat", Ok(322)),
        ("armv7l", "-S openat", Ok(322)),
        ("ppc64le", "-F arch=b64 -S openat", Ok(286)),
        ("ppc64le", "-F arch=b32 -S openat", Err("no_such_arch")),
        ("s390x", "-S openat", Ok(288)),
        ("riscv64", "-F arch=b64 -S openat", Ok(56)),
        ("riscv64", "-F arch=b64 -S open", Err("unknown_syscall")),
    ];
    for (machine, rest, expected) in rows {
        let read = match parse_on(machine, UnknownSyscalls::Fail, &format!("-a always,exit {rest}")) {
            Ok(Line::Statement(statement)) => Ok(statement.rule.unwrap().rule.syscalls.numbers().next().unwrap()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.kind()),
        };
        assert_eq!(read, expected, "{machine}: {rest}");
    }
    assert_eq!(Machine::from_uname("loongarch64"), None);
}
