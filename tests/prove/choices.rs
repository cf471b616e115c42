//! What is done for a rule to record something, and that no file comes to harm by it.

use audit_rules::auditctl::{self, Accounts, Context, Line, UnknownSyscalls};
use audit_rules::prove::{CALLS, FileFacts, Host, Trial, Unprovoked, choose};
use audit_rules::rule::{Machine, Rule};
use audit_rules::trigger::{Argument, Entry, NOBODY};

const MACHINE: &str = "x86_64";

fn rule(line: &str) -> Rule {
    let machine = Machine::from_uname(MACHINE).unwrap();
    let accounts = Accounts::default();
    let unknown_syscalls = UnknownSyscalls::Fail;
    let context = Context { machine: &machine, accounts: &accounts, unknown_syscalls, installed: None };
    match auditctl::parse(line.as_bytes(), &context) {
        Ok(Line::Statement(statement)) => statement.rule.unwrap_or_else(|| panic!("{line}")).rule,
        other => panic!("{line}: {other:?}"),
    }
}

fn file(mode: u32) -> FileFacts {
    FileFacts { mode, uid: 0, gid: 0, inode: 12, device: (253, 1) }
}

/// A host where these stand.
fn chosen(line: &str, files: &[(&str, FileFacts)]) -> Result<Vec<Vec<Trial>>, Unprovoked> {
    let look = |path: &[u8]| {
        let found = files.iter().find(|(known, _)| known.as_bytes() == path).map(|(_, facts)| *facts);
        let of_system = match path {
            b"/" | b"/etc" | b"/usr/bin" | b"/proc" | b"/proc/self" => Some(file(0o040_755)),
            b"/proc/kmsg" => Some(file(0o100_400)),
            b"/proc/version" => Some(file(0o100_444)),
            b"/proc/self/exe" => Some(file(0o100_755)),
            _ => None,
        };
        found.or(of_system)
    };
    let machine = Machine::from_uname(MACHINE).unwrap();
    let host = Host { machine, auid: Some(1000), executable: Some(b"/usr/bin/audit_rules"), look: &look };
    choose(&rule(line), &host).map(|choice| choice.attempts.into_iter().map(|attempt| attempt.trials).collect())
}

/// `CALL PATH auid uid euid` of the first trial of each attempt.
fn told(line: &str, files: &[(&str, FileFacts)]) -> String {
    let told = |trials: &Vec<Trial>| {
        let trial = &trials[0];
        let path = trial.call.path().map(|path| format!(" {}", String::from_utf8_lossy(path))).unwrap_or_default();
        let auid = trial.actor.auid.map_or_else(|| "own".to_owned(), |auid| auid.to_string());
        format!("{}{path} {auid} {} {}", trial.name, trial.actor.users.0, trial.actor.users.1)
    };
    match chosen(line, files) {
        Ok(attempts) => attempts.iter().map(told).collect::<Vec<_>>().join("; "),
        Err(why) => format!("{why:?}"),
    }
}

#[test]
fn each_kind_of_rule_has_its_calls_and_who_makes_them() {
    let program = file(0o104_755);
    let rows = [
        ("-a always,exit -S all", "getpid own 65534 65534"),
        (
            "-a always,exit -F arch=b64 -S chmod,chown",
            "chmod /proc/self/audit_rules own 65534 65534; chown /proc/self/audit_rules own 65534 65534",
        ),
        ("-a always,exit -F arch=b64 -S sethostname -F auid>=1000 -F auid!=unset", "sethostname own 65534 65534"),
        ("-a always,exit -F arch=b64 -S sethostname -F auid=0", "sethostname 0 65534 65534"),
        ("-a always,exit -F arch=b64 -S sethostname -F auid=unset", "sethostname 4294967295 65534 65534"),
        (
            "-a always,exit -F arch=b64 -S sethostname -F auid!=1000 -F auid!=65534 -F auid!=unset",
            "sethostname 1001 65534 65534",
        ),
        ("-a always,exit -F arch=b64 -S sethostname -F uid=33 -F euid=33", "sethostname own 33 33"),
        ("-a always,exit -F arch=b64 -S sethostname -F uid=5 -F uid=6", "Conditions"),
        ("-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0", "execve /proc/self/audit_rules own 65534 0"),
        (
            "-a always,exit -F arch=b64 -S execve -C gid!=egid -F egid=0",
            "execve /proc/self/audit_rules own 65534 65534",
        ),
        ("-a always,exit -F arch=b64 -S execve -F euid=0", "execve /proc/self/audit_rules own 65534 0"),
        ("-a always,exit -F arch=b64 -S execve", "execve /proc/self/exe own 65534 65534"),
        ("-a always,exit -F arch=b64 -S clock_settime -F a0=0x0", "clock_settime own 65534 65534"),
        ("-a always,exit -F arch=b64 -S clock_settime -F a1=0x5", "Conditions"),
        ("-a always,exit -F arch=b64 -S openat -F a2&0100", "openat /proc/self/audit_rules own 65534 65534"),
        ("-a always,exit -F arch=b64 -S vhangup", "NoCall"),
        ("-a always,exit -F arch=b64 -S chmod,vhangup", "chmod /proc/self/audit_rules own 65534 65534"),
        ("-w /etc/passwd -p wa", "openat /etc/passwd own 65534 65534; setxattr /etc/passwd own 65534 65534"),
        ("-a always,exit -F path=/usr/bin/su -F perm=x", "execve /usr/bin/su own 65534 65534"),
        (
            "-a always,exit -F path=/etc/nothing -F perm=w",
            "NoFile([47, 101, 116, 99, 47, 110, 111, 116, 104, 105, 110, 103])",
        ),
        ("-a always,exit -F dir=/etc -F perm=w", "openat /etc own 65534 65534"),
        ("-a always,exit -F arch=b64 -S unlink -F dir=/etc", "unlink /etc/.audit_rules-free-name own 65534 65534"),
        (
            "-a always,exit -F arch=b64 -S openat -F exe=/usr/bin/audit_rules",
            "openat /proc/self/audit_rules own 65534 65534",
        ),
        ("-a always,exit -F arch=b64 -S openat -F exe=/usr/bin/vi", "Conditions"),
        ("-a never,exit -S all", "Never"),
        ("-a always,task", "List"),
        ("-a always,exclude -F msgtype=CWD", "List"),
        ("-a always,user -F uid=0", "List"),
    ];
    for (line, wanted) in rows {
        let files = [("/etc/passwd", file(0o100_644)), ("/usr/bin/su", program)];
        assert_eq!(told(line, &files), wanted, "{line}");
    }
}

#[test]
fn calls_of_32_bit_are_made_as_such_and_on_no_machine_that_lacks_them() {
    let attempts = chosen("-a always,exit -F arch=b32 -S settimeofday,stime", &[]).unwrap();
    let entries: Vec<_> =
        attempts.iter().map(|trials| (trials[0].name, trials[0].call.entry, trials[0].call.number)).collect();
    assert_eq!(entries, [("stime", Entry::Compat, 25), ("settimeofday", Entry::Compat, 79)]);
}

/// What a call could do to a file that it is allowed to do it to, told apart from how [`choose`] sees it.
fn harms(trial: &Trial, facts: &FileFacts) -> bool {
    let actor = &trial.actor;
    let is_owner = facts.uid == actor.users.1;
    let may_write = is_owner || facts.mode & 0o002 != 0 || facts.gid == actor.groups.1 && facts.mode & 0o020 != 0;
    let read_bit = if is_owner {
        0o400
    } else if facts.gid == actor.groups.1 {
        0o040
    } else {
        0o004
    };
    let may_read = actor.searches || facts.mode & read_bit != 0;
    let number = |at: usize| match trial.call.arguments.get(at) {
        Some(Argument::Number(number)) => *number,
        _ => 0,
    };
    let is_regular = facts.mode & 0o170_000 == 0o100_000;
    let opens = |flags: i64| {
        let (makes, writes) = (flags & 0o1100 != 0, flags & 3 != 0);
        // Devices and pipes: being opened is enough.
        let is_passive = is_regular || facts.mode & 0o170_000 == 0o040_000;
        may_write && (makes || writes && facts.mode & 0o111 != 0 && is_regular)
            || !is_passive && if writes { may_write } else { may_read }
    };
    if trial.call.arguments.contains(&Argument::Descriptor) && opens(0) {
        return true;
    }
    match trial.name {
        "open" => opens(number(1)),
        "openat" => opens(number(2)),
        "openat2" => opens(0),
        name if name.contains("chown") || name.contains("chmod") => is_owner,
        name if name.contains("utime")
            || name.starts_with("futimes")
            || name.starts_with("trunc")
            || name == "creat" =>
        {
            may_write
        }
        "execve" | "execveat" => !is_regular && facts.mode & 0o170_000 != 0o040_000,
        _ => false,
    }
}

#[test]
fn whatever_a_rule_asks_for_no_call_is_chosen_that_could_change_its_file() {
    let kinds = [0o100_000, 0o040_000, 0o010_000, 0o020_000, 0o140_000];
    let modes = [0o644, 0o600, 0o666, 0o755, 0o777, 0o4755, 0o664, 0o000];
    let owners = [(0, 0), (NOBODY, 0), (0, NOBODY), (1000, 1000)];
    let names: Vec<&str> = CALLS.iter().map(|call| call.name).collect();
    let machine = Machine::from_uname(MACHINE).unwrap();
    let known = |name: &&&str| audit_rules::tables::syscalls::number(machine.native, name).is_some();
    let all = names.iter().filter(known).copied().collect::<Vec<_>>().join(",");
    let conditions = [
        "",
        " -F euid=0",
        " -F uid=0 -F euid=0",
        " -F euid=1000 -F gid=1000",
        " -F a1&0100",
        " -F a2&01000",
        " -F exit=-EACCES",
        " -F success=1",
    ];
    let mut trials = 0;
    for (kind, mode) in kinds.into_iter().flat_map(|kind| modes.map(|mode| (kind, mode))) {
        for (uid, gid) in owners {
            let facts = FileFacts { mode: kind | mode, uid, gid, ..file(0) };
            for condition in conditions {
                let by_letters = format!("-a always,exit -F path=/etc/x -F perm=rwxa{condition}");
                let by_calls = format!("-a always,exit -F arch=b64 -S {all} -F path=/etc/x{condition}");
                for line in [by_letters, by_calls] {
                    let Ok(attempts) = chosen(&line, &[("/etc/x", facts)]) else { continue };
                    for trial in attempts.iter().flatten().filter(|trial| trial.call.path() == Some(b"/etc/x")) {
                        trials += 1;
                        assert!(!harms(trial, &facts), "{line}: {facts:?}: {trial:?}");
                    }
                }
            }
        }
    }
    assert!(trials > 1000, "{trials}");
}
