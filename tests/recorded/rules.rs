//! Which rule recorded an event, and what a policy would make of it.

use audit_rules::auditctl::{self, Accounts, Context, Line, UnknownSyscalls};
use audit_rules::events::{Attribution, DecidingRules, Facts, Replay, Replayed, Unattributed};
use audit_rules::matching::Need;
use audit_rules::records::{Assembler, Record, RecordedEvent};
use audit_rules::rule::{FieldNumber, Machine, Rule};

/// Rules of lines, as the kernel of a host on which no watched path is a directory has them.
pub fn rules(lines: &[&str]) -> DecidingRules {
    let machine = Machine::from_uname("x86_64").unwrap();
    let accounts = Accounts::default();
    let context =
        Context { machine: &machine, accounts: &accounts, unknown_syscalls: UnknownSyscalls::Fail, installed: None };
    let rule = |line: &&str| -> Rule {
        match auditctl::parse(line.as_bytes(), &context) {
            Ok(Line::Statement(statement)) => statement.rule.unwrap().rule,
            other => panic!("{line}: {other:?}"),
        }
    };
    DecidingRules::new(lines.iter().map(rule).collect())
}

/// The one event of these lines.
pub fn event(lines: &[&str]) -> RecordedEvent {
    let mut assembler = Assembler::new();
    for line in lines {
        assembler.add(&Record::of_line(line.as_bytes()).unwrap());
    }
    assembler.finish();
    let event = assembler.next_event().unwrap();
    assert!(assembler.next_event().is_none());
    event
}

/// The records of opening a file for writing, by a user, with this key; `path` as the call named it.
pub fn opening(path: &str, exit: i32, key: &str) -> RecordedEvent {
    let success = if exit < 0 { "no" } else { "yes" };
    let call = format!(
        "type=SYSCALL msg=audit(50.007:31): arch=c000003e syscall=257 success={success} exit={exit} a0=ffffff9c \
         a1=55d0 a2=241 a3=1b6 items=1 ppid=70 pid=71 auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 \
         egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=3 comm=\"sh\" exe=\"/usr/bin/dash\" subj=u:r:t:s0-s1:c2 key={key}"
    );
    let file = format!(
        "type=PATH msg=audit(50.007:31): item=0 name=\"{path}\" inode=77 dev=fd:01 mode=0100644 ouid=0 ogid=5 rdev=00:00 \
         nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"
    );
    event(&[&call, "type=CWD msg=audit(50.007:31): cwd=\"/etc\"", &file])
}

fn by(lines: &[&str], event: &RecordedEvent) -> Result<usize, Unattributed> {
    match rules(lines).attribute(&Facts::of(event)) {
        Attribution::Rule(at) => Ok(at),
        Attribution::None(why) => Err(why),
    }
}

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const GROUP: &str = "-w /etc/group -p wa -k identity";
const ETC: &str = "-a always,exit -F arch=b64 -F dir=/etc -F perm=wa -F key=etc";
const DENIED: &str = "-a always,exit -F arch=b64 -S open,openat -F exit=-EACCES -F auid>=1000 -F auid!=unset -k access";
const REFUSED: &str = "-a always,exit -F arch=b64 -S open,openat -F exit=-EPERM -F auid>=1000 -F auid!=unset -k access";

#[test]
fn the_rule_that_decides_is_the_one_whose_key_was_recorded() {
    let written = opening("/etc/passwd", 3, "\"identity\"");
    assert_eq!(by(&[GROUP, PASSWD, ETC], &written), Ok(1));
    // A name that counts from the directory of the process.
    assert_eq!(by(&[GROUP, PASSWD], &opening("passwd", 3, "\"identity\"")), Ok(1));
    assert_eq!(by(&[GROUP, PASSWD], &opening("../etc/./passwd", 3, "\"identity\"")), Ok(1));
    assert_eq!(by(&[DENIED, REFUSED], &opening("/etc/x", -1, "\"access\"")), Ok(1));
    assert_eq!(by(&[DENIED, REFUSED], &opening("/etc/x", -13, "\"access\"")), Ok(0));
    let without_key = opening("/etc/passwd", 3, "(null)");
    assert_eq!(by(&["-w /etc/passwd -p w", PASSWD], &without_key), Ok(0));
    let both = opening("/etc/passwd", 3, "6964656E7469747901657463");
    assert_eq!(by(&[PASSWD, "-w /etc/passwd -p w -k identity -k etc"], &both), Ok(1));
}

#[test]
fn where_the_policy_says_otherwise_than_the_record_nothing_is_made_up() {
    let written = opening("/etc/passwd", 3, "\"identity\"");
    assert_eq!(by(&[], &written), Err(Unattributed::NoSuchKey));
    assert_eq!(by(&[ETC], &written), Err(Unattributed::NoSuchKey));
    // The key is known, for calls that were not made.
    assert_eq!(by(&["-a always,exit -F arch=b64 -S mount -k identity"], &written), Err(Unattributed::NoneMatches));
    assert_eq!(
        by(&["-a always,exit -F arch=b64 -S openat -F auid=5 -k identity"], &written),
        Err(Unattributed::NoneMatches)
    );
    // A rule that never records did not record it.
    assert_eq!(by(&["-a never,exit -F arch=b64 -S openat -k identity"], &written), Err(Unattributed::NoSuchKey));
}

/// `/run/passwd` may be another name of the file: the record has the key of one of these.
#[test]
fn a_file_may_have_another_name_and_then_the_key_says_which_rule_it_was() {
    let written = opening("/run/passwd", 3, "\"identity\"");
    assert_eq!(by(&[PASSWD], &written), Ok(0));
    assert_eq!(by(&[PASSWD, DENIED, ETC], &written), Ok(0));
    assert_eq!(by(&[PASSWD, GROUP], &written), Err(Unattributed::Several));
}

#[test]
fn a_name_in_a_directory_that_nothing_tells_leaves_the_path_open() {
    let call = "type=SYSCALL msg=audit(9.000:1): arch=c000003e syscall=257 success=yes exit=3 a0=5 a1=0 a2=1 a3=0 items=1 \
                pid=7 auid=0 uid=0 exe=\"/x\" key=\"etc\"";
    let file = "type=PATH msg=audit(9.000:1): item=0 name=\"shadow\" inode=5 dev=fd:01 mode=0100600 ouid=0 ogid=0 nametype=NORMAL";
    let opened = event(&[call, "type=CWD msg=audit(9.000:1): cwd=\"/\"", file]);
    assert_eq!(by(&[PASSWD, ETC], &opened), Ok(1));
    let facts = Facts::of(&opened);
    assert_eq!(facts.files[0].path(facts.cwd, &facts.process), None);
}

#[test]
fn what_no_rule_made_is_attributed_to_none() {
    let login = event(&["type=USER_LOGIN msg=audit(1.000:1): pid=1 uid=0 msg='op=login res=success'"]);
    let call = "type=SYSCALL msg=audit(9.000:1): arch=c000003e syscall=2 success=no exit=-13 a0=0 a1=0 items=0 pid=7 \
                auid=1000 uid=1000 exe=\"/x\" key=";
    let refused = "type=AVC msg=audit(9.000:1): avc:  denied  { read } for  pid=7 tclass=file";
    let denied = event(&[refused, &format!("{call}(null)")]);
    let loaded = event(&[
        "type=CONFIG_CHANGE msg=audit(9.000:1): op=add_rule key=\"access\" list=4 res=1",
        &format!("{call}(null)"),
    ]);
    for event in [&login, &denied, &loaded] {
        assert_eq!(by(&[DENIED], event), Err(Unattributed::OfNoRule));
    }
    // A key says that a rule matched as well.
    assert_eq!(by(&[DENIED], &event(&[refused, &format!("{call}\"access\"")])), Ok(0));
}

#[test]
fn an_operation_of_io_uring_is_of_its_own_list() {
    let operation = event(&[
        "type=URINGOP msg=audit(9.000:1): uring_op=18 success=yes exit=0 items=0 ppid=1 pid=7 uid=0 gid=0 euid=0 suid=0 \
         fsuid=0 egid=0 sgid=0 fsgid=0 subj=kernel key=\"ring\"",
    ]);
    assert_eq!(by(&["-a always,exit -S all -k ring", "-a always,io_uring -S openat -k ring"], &operation), Ok(1));
    assert_eq!(by(&["-a always,io_uring -S openat2 -k ring"], &operation), Err(Unattributed::NoneMatches));
}

fn replayed(lines: &[&str], event: &RecordedEvent) -> Option<(Replayed, Option<usize>)> {
    let mut replay = Replay { rules: rules(lines) };
    replay.of(&Facts::of(event)).map(|would_be| (would_be.what, would_be.rule))
}

#[test]
fn a_policy_keeps_an_event_renames_it_loses_it_or_cannot_tell() {
    let written = opening("/etc/passwd", 3, "\"identity\"");
    for (policy, expected) in [
        (&[PASSWD][..], (Replayed::Kept, Some(0))),
        (&[ETC], (Replayed::OtherKey, Some(0))),
        (&[ETC, PASSWD], (Replayed::OtherKey, Some(0))),
        (&[], (Replayed::Lost, None)),
        (&[DENIED], (Replayed::Lost, None)),
        (&["-a never,exit -F arch=b64 -F dir=/etc", PASSWD], (Replayed::Lost, Some(0))),
        (&["-a never,task", PASSWD], (Replayed::Lost, Some(0))),
        (&[PASSWD, "-a always,exclude -F auid=1000"], (Replayed::Lost, Some(1))),
        // Whether the user is in this group, the record does not say.
        (&["-a never,exit -F arch=b64 -S openat -F gid=44", PASSWD], (Replayed::Undecided, None)),
        (&["-a always,exit -F arch=b64 -S openat -F gid=44 -k identity", PASSWD], (Replayed::Kept, None)),
    ] {
        assert_eq!(replayed(policy, &written), Some(expected), "{policy:?}");
    }
    let login = event(&["type=USER_LOGIN msg=audit(1.000:1): pid=1 uid=0 msg='op=login res=success'"]);
    assert_eq!(replayed(&[], &login), None);
}

#[test]
fn an_open_answer_says_what_it_depends_on() {
    let written = opening("/etc/passwd", 3, "\"identity\"");
    let mut replay = Replay { rules: rules(&["-a never,exit -F arch=b64 -S openat -F gid=44", PASSWD]) };
    let would_be = replay.of(&Facts::of(&written)).unwrap();
    assert_eq!(would_be.needs, [Need::Groups]);
    let mut replay = Replay { rules: rules(&["-a always,exit -F arch=b64 -S openat -F obj_type=etc_t -k identity"]) };
    let would_be = replay.of(&Facts::of(&written)).unwrap();
    assert_eq!((would_be.what, would_be.needs), (Replayed::Undecided, vec![Need::Field(FieldNumber(21))]));
}

/// Every property that a record tells, and that rules can ask for.
#[test]
fn a_question_has_all_that_the_records_tell() {
    let written = opening("/etc/passwd", 3, "\"k\"");
    for condition in [
        "pid=71",
        "ppid=70",
        "uid=1000",
        "euid=1000",
        "suid=1000",
        "fsuid=1000",
        "gid=1000",
        "egid=1000",
        "sgid=1000",
        "fsgid=1000",
        "auid=1000",
        "pers=0",
        "exit=3",
        "success=1",
        "a0=-100",
        "a1=0x55d0",
        "a2=0x241",
        "a3=438",
        "exe=/usr/bin/dash",
        "inode=77",
        "devmajor=0xfd",
        "devminor=1",
        "obj_uid=0",
        "obj_gid=5",
        "filetype=file",
        "perm=w",
        "path=/etc/passwd",
        "dir=/etc",
        "sessionid=3",
        "subj_user=u",
        "subj_role=r",
        "subj_type=t",
        "subj_sen=s0",
        "subj_clr=s1:c2",
        "auid=uid",
    ] {
        let flag = if condition == "auid=uid" { "-C" } else { "-F" };
        let rule = format!("-a always,exit -F arch=b64 -S openat {flag} {condition} -k k");
        assert_eq!(replayed(&[&rule], &written), Some((Replayed::Kept, Some(0))), "{condition}");
        let other = rule.replace('=', "!=").replace("arch!=", "arch=");
        let takes_it = !["exe", "perm", "path", "dir", "inode"].iter().any(|name| condition.starts_with(name));
        if takes_it {
            assert_eq!(replayed(&[&other], &written).unwrap().0, Replayed::Lost, "{other}");
        }
    }
}
