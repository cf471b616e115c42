//! Rules that are proven: something is done for each, without harm, and the kernel records it or does not.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command};

use audit_rules::prove::CALLS;
use audit_rules::rule::Machine;
use audit_rules::tables::syscalls;
use serde_json::{Value as Json, json};

use super::events::until;
use super::guest::{Guest, is_thorough, plain, present, said};

/// A login uid that nobody has: rules for it record nothing but what is done for them.
const AUID: u32 = 54_321;
const PLACE: &str = "/srv/prove";
/// How many system calls have to be proven at least.
const FEWEST: usize = 60;

/// The guest with these rules in a drop-in, and auditing on.
fn with(rules: &[String]) -> Guest {
    let guest = plain();
    guest.change(&present("30-prove", rules));
    said("auditctl", &["-e", "1"]);
    guest
}

fn verdicts(report: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let proofs = report["proofs"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    proofs.iter().map(|proof| (text(&proof["keys"][0]), text(&proof["verdict"]))).collect()
}

fn verdict<'a>(report: &'a Json, key: &str) -> &'a Json {
    let proofs = report["proofs"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    proofs.iter().find(|proof| proof["keys"][0] == key).unwrap_or_else(|| panic!("{key}: {report:#}"))
}

fn machine() -> Machine {
    Machine::from_uname(said("uname", &["-m"]).trim()).unwrap()
}

/// A rule for each system call that can be made without harm, for this machine's programs of one word length.
fn rules_of_calls(word: &str) -> Vec<String> {
    let machine = machine();
    let arch = if word == "b64" { machine.b64 } else { machine.b32 }.unwrap();
    let names = CALLS.iter().map(|call| call.name).filter(|name| syscalls::number(arch, name).is_some());
    names.map(|name| format!("-a always,exit -F arch={word} -S {name} -F auid={AUID} -k {name}")).collect()
}

/// Every file of the guest but those of `/proc`, `/sys`, `/dev` and `/run`: what stands there, but for when it was read.
fn tree() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut ahead = vec![Path::new("/").to_owned()];
    while let Some(path) = ahead.pop() {
        let Ok(stat) = fs::symlink_metadata(&path) else { continue };
        let name = path.to_string_lossy().into_owned();
        let (times, owner) =
            ((stat.mtime(), stat.mtime_nsec(), stat.ctime(), stat.ctime_nsec()), (stat.uid(), stat.gid()));
        let facts = format!("{:o} {owner:?} {} {} {} {times:?}", stat.mode(), stat.ino(), stat.nlink(), stat.size());
        found.insert(name.clone(), facts);
        let is_left_out = ["/proc", "/sys", "/dev", "/run", "/tmp"].contains(&name.as_str());
        if stat.is_dir() && !is_left_out {
            ahead.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found
}

/// What else a system call could change.
fn system() -> Vec<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let files = ["/proc/self/mountinfo", "/proc/swaps", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"];
    let mut found: Vec<String> = files.into_iter().map(read).collect();
    found.push(read("/proc/modules").lines().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>().join(" "));
    found.push(read("/proc/sysvipc/shm") + &read("/proc/sysvipc/msg") + &read("/proc/sysvipc/sem"));
    found.push(said("auditctl", &["-l"]));
    found
}

#[test]
#[ignore = "needs a guest: make test"]
fn each_system_call_that_can_be_made_without_harm_is_recorded_and_changes_nothing() {
    let words: &[&str] = if machine().name == "x86_64" { &["b64", "b32"] } else { &["b64"] };
    for word in words {
        let rules = rules_of_calls(word);
        assert!(rules.len() > FEWEST, "{}", rules.len());
        let guest = with(&rules);
        // Half a minute in an emulated guest: one of them has all.
        let keys: Vec<&str> = CALLS
            .iter()
            .map(|call| call.name)
            .filter(|name| rules.iter().any(|rule| rule.ends_with(&format!(" {name}"))))
            .collect();
        let keys = if is_thorough() { keys } else { keys.into_iter().take(FEWEST).collect() };
        let (before, around) = (tree(), system());
        let report = guest.request(&json!({"operation": "prove", "keys": keys}));
        let after = tree();
        let changed: Vec<_> = before.iter().filter(|(path, facts)| after.get(*path) != Some(facts)).collect();
        assert_eq!(changed, [], "{word}");
        assert_eq!((before.len(), around), (after.len(), system()), "{word}");
        let others: Vec<_> = verdicts(&report).into_iter().filter(|(_, verdict)| verdict != "records").collect();
        assert_eq!((others, &report["failed"]), (Vec::new(), &json!(false)), "{word}: {}", report["errors"]);
    }
}

/// Lets the user 65534 do everything with a file, by an access list (`linux/posix_acl_xattr.h`); the mode shows nothing of it.
/// False where the file system has none.
fn grants(place: &Path, name: &str) -> bool {
    let entries: [(u16, u16, u32); 5] =
        [(1, 7, u32::MAX), (2, 7, 65_534), (4, 5, u32::MAX), (0x10, 7, u32::MAX), (0x20, 5, u32::MAX)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend([tag.to_le_bytes(), permissions.to_le_bytes()].concat());
        list.extend(id.to_le_bytes());
    }
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(place.join(name), "system.posix_acl_access", &list, flags).is_ok()
}

/// Files of every kind that a watch may be about.
fn files() {
    let _ = fs::remove_dir_all(PLACE);
    fs::create_dir_all(format!("{PLACE}/closed")).unwrap();
    let make = |name: &str, mode: u32| {
        let path = format!("{PLACE}/{name}");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for (name, mode) in
        [("secret", 0o600), ("open", 0o666), ("closed/inside", 0o644), ("script", 0o777), ("named", 0o600)]
    {
        make(name, mode);
    }
    fs::copy("/bin/true", format!("{PLACE}/program")).unwrap();
    fs::set_permissions(format!("{PLACE}/program"), fs::Permissions::from_mode(0o4755)).unwrap();
    fs::set_permissions(format!("{PLACE}/closed"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::create_dir(format!("{PLACE}/granting")).unwrap();
    make("granting/file", 0o644);
    make("granted", 0o644);
    let as_it_stands = grants(Path::new(PLACE), "granted") && grants(Path::new(PLACE), "granting");
    assert!(as_it_stands || said("uname", &["-r"]).starts_with("5."), "no access lists");
    symlink(format!("{PLACE}/secret"), format!("{PLACE}/link")).unwrap();
    assert!(Command::new("mkfifo").arg(format!("{PLACE}/pipe")).status().unwrap().success());
    assert!(Command::new("mkdir").args(["-m", "1777", &format!("{PLACE}/shared")]).status().unwrap().success());
}

#[test]
#[ignore = "needs a guest: make test"]
fn watches_of_every_kind_and_on_every_kind_of_file_are_proven_and_leave_the_file_as_it_is() {
    files();
    let names =
        ["secret", "open", "closed/inside", "program", "closed", "shared", "script", "granted", "granting/file"];
    let mut rules: Vec<String> = Vec::new();
    for name in names {
        for letter in ["r", "w", "x", "a"] {
            rules.push(format!("-w {PLACE}/{name} -p {letter} -k {}-{letter}", name.replace('/', "-")));
        }
    }
    rules.push(format!("-w {PLACE}/pipe -p a -k pipe-a"));
    rules.push(format!("-w {PLACE}/pipe -p r -k pipe-r"));
    rules.push(format!(
        "-a always,exit -F arch=b64 -S unlinkat,renameat,mkdirat -F dir={PLACE} -F auid={AUID} -k entries"
    ));
    rules
        .push(format!("-a always,exit -F arch=b64 -S fchmodat,fchownat -F path={PLACE}/named -F auid={AUID} -k named"));
    let guest = with(&rules);
    let before = tree();
    let report = guest.request(&json!({"operation": "prove"}));
    assert_eq!(before, tree());
    let not: Vec<_> = verdicts(&report).into_iter().filter(|(_, verdict)| verdict != "records").collect();
    assert_eq!(not, [], "{}", report["errors"]);
    assert!(!report["failed"].as_bool().unwrap());
    let all = "creat,truncate,unlink,rename,rmdir,mkdir,utimensat,fchmodat";
    let harmful = ["granted", "granting", "granting/file", "open", "shared"]
        .map(|name| format!("-a always,exit -F arch=b64 -S {all} -F path={PLACE}/{name} -F auid={AUID} -k harm"));
    if machine().name == "x86_64" {
        guest.change(&present("30-prove", &harmful));
        let before = tree();
        let report = guest.request(&json!({"operation": "prove"}));
        assert_eq!(before, tree(), "{report:#}");
    }
    let record = &verdict(&report, "secret-w")["record"];
    assert_eq!((&record["keys"], &record["success"]), (&json!(["secret-w"]), &json!(false)), "{record:#}");
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_rule_behind_another_one_is_shadowed_and_that_one_is_named() {
    let rules = [
        format!("-a never,exit -F arch=b64 -S sethostname -F auid={AUID}"),
        format!("-a always,exit -F arch=b64 -S setdomainname -F auid={AUID} -k first"),
        "-a always,exit -F arch=b64 -S setdomainname -F auid>=1000 -F auid!=unset -k second".to_owned(),
        format!("-a always,exit -F arch=b64 -S sethostname -F auid={AUID} -k hidden"),
        format!("-a always,exit -F arch=b64 -S init_module -F auid={AUID} -k free"),
    ];
    let guest = with(&rules);
    let report = guest.request(&json!({"operation": "prove"}));
    let hidden = verdict(&report, "hidden");
    assert_eq!((&hidden["verdict"], &hidden["by"]["line"]), (&json!("shadowed"), &json!(2)), "{hidden:#}");
    assert_eq!(verdict(&report, "free")["verdict"], json!("records"));
    assert_eq!(report["failed"], json!(true));
    // The process takes another login uid where it can: the rule in front does not match that.
    assert_eq!(verdict(&report, "second")["verdict"], json!("records"), "{report:#}");
    guest.change(&present("30-prove", &["-a never,task".to_owned(), rules[4].clone()]));
    let report = guest.request(&json!({"operation": "prove", "keys": ["free"]}));
    let free = verdict(&report, "free");
    assert_eq!((&free["verdict"], &free["by"]["list"]), (&json!("shadowed"), &json!("task")), "{report:#}");
}

#[test]
#[ignore = "needs a guest: make test"]
fn what_cannot_be_found_out_is_never_green_and_never_called_silent() {
    let rule = format!("-a always,exit -F arch=b64 -S sethostname -F auid={AUID} -k one");
    let guest = with(std::slice::from_ref(&rule));
    let prove = json!({"operation": "prove", "seconds": 1});
    said("auditctl", &["-e", "0"]);
    let off = guest.request(&prove);
    assert_eq!((&verdict(&off, "one")["verdict"], &off["failed"]), (&json!("inconclusive"), &json!(true)), "{off:#}");
    said("auditctl", &["-e", "1"]);
    assert_eq!(verdict(&guest.request(&prove), "one")["verdict"], json!("records"));
    // The kernel drops nearly everything: what is not heard may be lost.
    let mut noise = flood();
    said("auditctl", &["-a", "always,exit", "-F", "arch=b64", "-S", "getppid"]);
    said("auditctl", &["-r", "1"]);
    for _ in 0..3 {
        let found = guest.request(&prove);
        let word = verdict(&found, "one")["verdict"].clone();
        assert!(word == "inconclusive" || word == "records", "{found:#}");
    }
    said("auditctl", &["-r", "0"]);
    let flooded = verdict(&guest.request(&prove), "one")["verdict"].clone();
    assert!(flooded == "records" || flooded == "inconclusive", "{flooded}");
    noise.kill().unwrap();
    noise.wait().unwrap();
    guest.change(&json!({"name": "30-prove", "state": "absent"}));
    let lines = json!({"operation": "prove", "rules": [rule]});
    let gone = guest.request(&lines);
    assert_eq!(verdict(&gone, "one")["verdict"], json!("not_loaded"), "{gone:#}");
    let unknown = guest.request(&json!({"operation": "prove", "keys": ["one"]}));
    assert_eq!(unknown["errors"][0]["kind"], json!("no_rule_with_key"), "{unknown:#}");
}

/// A process that asks for its parent all the time.
fn flood() -> Child {
    Command::new("sh").args(["-c", "while :; do for i in 1 2 3 4 5 6 7 8 9; do (:); done; done"]).spawn().unwrap()
}

#[test]
#[ignore = "needs a guest: make test"]
fn beside_auditd_rules_are_proven_alike() {
    let guest =
        with(&[format!("-a always,exit -F arch=b64 -S sethostname,openat -F auid={AUID} -F success=0 -k beside")]);
    let mut auditd = Command::new("auditd").args(["-n"]).spawn().unwrap();
    until(|| guest.setting("pid") != "0", "auditd does not begin");
    said("auditctl", &["-e", "1"]);
    let report = guest.request(&json!({"operation": "prove", "name": "30-prove"}));
    auditd.kill().unwrap();
    auditd.wait().unwrap();
    assert_eq!(verdict(&report, "beside")["verdict"], json!("records"), "{report:#}");
}

#[test]
#[ignore = "needs a guest: make test"]
fn in_check_mode_it_is_told_what_would_be_done_and_nothing_is() {
    let guest = with(&[format!("-a always,exit -F arch=b64 -S sethostname -F auid={AUID} -k one")]);
    let (report, calls) = guest.traced("ptrace,execve,setresuid", &json!({"operation": "prove", "check_mode": true}));
    assert_eq!((&report["changed"], &report["failed"]), (&json!(false), &json!(false)));
    let one = verdict(&report, "one");
    assert_eq!((&one["provoked"][0]["syscall"], one.get("verdict")), (&json!("sethostname"), None), "{report:#}");
    let others = calls.iter().filter(|call| !call.contains("execve") && !call.contains("+++"));
    assert_eq!(others.count(), 0, "{calls:#?}");
}
