//! Hosts that are odd and no trap: a run does its work there, with auditctl as witness, and touches nothing else.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use rustix::fs::IFlags;
use serde_json::json;

use super::guest::{AUDIT_RULES, Guest, RULES_D, kinds, mode, report, started};
use super::traps::{MERGED, OTHER, OWN, RUN, chattr, clear, host, other_file_system, request, tree, wanted};

/// The request does its work, in these files and no others; a second run finds it done.
fn works(guest: &Guest, why: &str) {
    let before = tree();
    guest.change(&request());
    assert_eq!(guest.listed_as_set(), wanted(), "{why}");
    let after = tree();
    let paths = before.keys().chain(after.keys().filter(|path| !before.contains_key(*path)));
    let touched: Vec<&str> = paths.filter(|path| before.get(*path) != after.get(*path)).map(String::as_str).collect();
    // The old merged file is kept, as augenrules does.
    let planned = [MERGED, OWN, "/etc/audit/audit.rules.prev"];
    assert!(touched.contains(&OWN) && touched.iter().all(|path| planned.contains(path)), "{why}: {touched:?}");
    let changed = tree();
    guest.nothing_to_do(&request());
    assert_eq!(tree(), changed, "{why}");
}

#[test]
#[ignore = "needs a guest: make test"]
fn drop_ins_may_lie_on_another_file_system_than_the_merged_file() {
    clear();
    let guest = host();
    other_file_system(RULES_D, "mode=0750");
    let device = |path: &str| fs::metadata(path).unwrap().dev();
    assert_ne!(device(RULES_D), device("/etc/audit"));
    works(&guest, "rules.d on another file system");
    assert!(guest.boot_is_current());
    assert_eq!((device(OWN), device(MERGED)), (device(RULES_D), device("/etc/audit")));
    clear();
}

#[test]
#[ignore = "needs a guest: make test"]
fn the_umask_makes_no_file_wider_or_narrower_and_none_is_ever_wider() {
    for umask in ["000", "077", "777"] {
        clear();
        let guest = host();
        let _ = fs::remove_dir_all(RUN);
        let trace = "/tmp/trace.umask";
        let mut command = Command::new("sh");
        let script =
            "umask $1; exec strace -f --seccomp-bpf -o $2 -e trace=openat,mkdirat,fchmod,rename,renameat,renameat2 $3";
        command.args(["-c", script, "sh", umask, trace, AUDIT_RULES]);
        let answer = report(&started(&mut command, &request()).wait_with_output().unwrap());
        assert_eq!(answer["outcome"], json!("applied"), "{umask}: {answer:#}");
        assert_eq!(guest.listed_as_set(), wanted(), "{umask}");
        let modes = [OWN, MERGED, RUN, "/run/audit_rules/lock"].map(|path| format!("{:o}", mode(path)));
        assert_eq!(modes, ["640", "640", "700", if umask == "777" { "0" } else { "600" }], "{umask}");
        let calls = fs::read_to_string(trace).unwrap();
        let created: Vec<&str> = calls.lines().filter(|line| line.contains("O_CREAT")).collect();
        assert!(created.len() >= 4, "journal, lock, drop-in, merged file: {calls}");
        for line in created {
            assert!(line.contains(", 0600)"), "{umask}: {line}");
        }
        for line in calls.lines().filter(|line| line.contains("mkdirat(")) {
            assert!(line.contains(", 0700)"), "{umask}: {line}");
        }
        guest.nothing_to_do(&request());
    }
    clear();
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_second_name_of_a_file_keeps_what_it_held() {
    for place in [OWN, MERGED, OTHER, "/run/audit_rules/lock"] {
        clear();
        let guest = host();
        let second = format!("{place}.second");
        fs::hard_link(place, &second).unwrap();
        let (held, inode) = (fs::read(&second).unwrap(), fs::metadata(&second).unwrap().ino());
        let before = mode(&second);
        guest.change(&request());
        assert_eq!(guest.listed_as_set(), wanted(), "{place}");
        let data = fs::metadata(&second).unwrap();
        assert_eq!((fs::read(&second).unwrap(), data.ino(), mode(&second)), (held, inode, before), "{place}");
        let stays = place != OWN && place != MERGED;
        assert_eq!(fs::metadata(place).unwrap().ino() == inode, stays, "{place}");
        fs::remove_file(&second).unwrap();
    }
    clear();
}

#[test]
#[ignore = "needs a guest: make test"]
fn what_others_left_beside_our_file_is_neither_touched_nor_in_the_way() {
    let lays: [(&str, fn()); 6] = [
        ("bytes of no text in a comment", || {
            fs::write(OTHER, b"# \xff\xfe \0 \r\n-w /etc/hosts -p wa -k names\n").unwrap();
        }),
        ("a comment of 1 MiB", || {
            let comment = [vec![b'#'; 1 << 20], b"\n-w /etc/hosts -p wa -k names\n".to_vec()].concat();
            fs::write(OTHER, comment).unwrap();
        }),
        ("a directory with the name of a drop-in", || fs::create_dir("/etc/audit/rules.d/10-odd.rules").unwrap()),
        ("a temporary file of a killed run", || fs::write("/etc/audit/rules.d/.audit_rules-1-0.tmp", "-D\n").unwrap()),
        ("a hidden drop-in", || fs::write("/etc/audit/rules.d/.hidden.rules", "-D\n").unwrap()),
        ("an immutable drop-in", || {
            chattr(OTHER, IFlags::IMMUTABLE, true);
        }),
    ];
    for (why, lay) in lays {
        clear();
        let guest = host();
        lay();
        let stale = Path::new("/etc/audit/rules.d/.audit_rules-1-0.tmp");
        if stale.exists() {
            guest.change(&request());
            assert!(!stale.exists(), "{why}");
            assert_eq!(guest.listed_as_set(), wanted(), "{why}");
        } else {
            works(&guest, why);
        }
    }
    clear();
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_line_that_nobody_can_load_is_named_with_its_place_and_changes_nothing() {
    let long = [b"-w /".to_vec(), vec![b'x'; 1 << 20], b" -k x\n".to_vec()].concat();
    // auditctl reads a line as far as its first NUL: what stands before it is no rule here.
    let lines: [(&str, Vec<u8>); 2] = [("line_too_long", long), ("bad_byte", b"-w /etc/x\xff -p\0x -k x\n".to_vec())];
    for (kind, line) in lines {
        clear();
        let guest = host();
        fs::write(OTHER, [b"-w /etc/hosts -p wa -k names\n".to_vec(), line].concat()).unwrap();
        let (before, listed) = (tree(), guest.listed());
        let refused = guest.request(&json!({"state": "loaded", "purge": true}));
        assert_eq!(kinds(&refused), [kind], "{refused:#}");
        let error = &refused["errors"][0];
        assert_eq!((&error["line"], error["file"].as_str()), (&json!(2), Some(OTHER)), "{refused:#}");
        assert_eq!((tree(), guest.listed()), (before, listed), "{kind}");
        // The drop-in of somebody else is no reason not to write ours.
        let answer = guest.request(&request());
        assert_eq!(answer["failed"], json!(false), "{answer:#}");
        assert_eq!(guest.listed_as_set(), wanted(), "{kind}");
    }
    clear();
}
