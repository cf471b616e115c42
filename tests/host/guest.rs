//! The guest: what is asked of it, and what its own programs say.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};

pub const AUDIT_RULES: &str = env!("CARGO_BIN_EXE_audit_rules");
/// Messages of linux/audit.h, whose names strace does not know: it calls them `nlmsg_type=0x3f3`, up to 5.10 `type=0x3f3`.
const MESSAGES: [(u16, &str); 7] = [
    (1000, "AUDIT_GET"),
    (1001, "AUDIT_SET"),
    (1011, "AUDIT_ADD_RULE"),
    (1012, "AUDIT_DEL_RULE"),
    (1013, "AUDIT_LIST_RULES"),
    (1018, "AUDIT_SET_FEATURE"),
    (1019, "AUDIT_GET_FEATURE"),
];
pub const RULES_D: &str = "/etc/audit/rules.d";
/// A listing that may be too much for auditctl's socket.
const MANY: usize = 80;
/// How often auditctl may fail to list the rules.
const TRIES: usize = 20;
static TURN: Mutex<()> = Mutex::new(());

/// A guest for one test at a time.
pub struct Guest {
    _turn: MutexGuard<'static, ()>,
}

/// A guest in the plain state, with no rules, Debian's own first drop-in and what augenrules made of it.
pub fn plain() -> Guest {
    let guest = in_state("1");
    said("auditctl", &["-D"]);
    // Debian's drop-in says nothing of the rate.
    said("auditctl", &["-r", "0"]);
    for entry in fs::read_dir(RULES_D).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    guest.write("audit.rules", "-D\n-b 8192\n--backlog_wait_time 60000\n-f 1\n");
    said("augenrules", &["--load"]);
    assert_eq!(guest.listed(), [""; 0]);
    guest
}

/// The guest in a state of the lab.
pub fn in_state(state: &str) -> Guest {
    let lab = std::env::var("AUDIT_RULES_LAB").unwrap_or_default();
    assert_eq!(lab, state, "this test empties its host: only a guest of the lab is for that, in its own state");
    Guest { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) }
}

/// Whether this is the kernel on which everything is tried: that of Debian 13 for `x86_64`. All of it would take every other
/// guest minutes, which get a sample.
pub fn is_thorough() -> bool {
    said("uname", &["-r"]).starts_with("6.12.") && cfg!(target_arch = "x86_64")
}

impl Drop for Guest {
    /// Leaves the kernel to the next test as that may expect it: without rules and switched off, but for a locked one.
    fn drop(&mut self) {
        let _ = Command::new("auditctl").arg("-D").output();
        let _ = Command::new("auditctl").args(["-e", "0"]).output();
    }
}

impl Guest {
    /// Gives a request to the executable; the report, whose failure the exit status repeats.
    pub fn request(&self, request: &Json) -> Json {
        report(&started(&mut Command::new(AUDIT_RULES), request).wait_with_output().unwrap())
    }

    /// A request that is carried out and changes something.
    pub fn change(&self, request: &Json) -> Json {
        let report = self.request(request);
        assert_eq!((&report["changed"], &report["outcome"]), (&json!(true), &json!("applied")), "{report:#}");
        report
    }

    /// A request that finds its work done.
    pub fn nothing_to_do(&self, request: &Json) -> Json {
        let report = self.request(request);
        assert_eq!((&report["changed"], &report["outcome"]), (&json!(false), &json!("unchanged")), "{report:#}");
        report
    }

    /// What a request does, by its system calls of the given kinds; the report too.
    pub fn traced(&self, kinds: &str, request: &Json) -> (Json, Vec<String>) {
        let trace = "/tmp/trace";
        let mut strace = Command::new("strace");
        strace.args(["-f", "--seccomp-bpf", "-s", "64", "-e", &format!("trace={kinds}"), "-o", trace, AUDIT_RULES]);
        let report = report(&started(&mut strace, request).wait_with_output().unwrap());
        let mut calls = fs::read_to_string(trace).unwrap();
        for (number, name) in MESSAGES {
            calls = calls.replace(&format!("type={number:#x} "), &format!("type={name} "));
        }
        (report, calls.lines().map(str::to_owned).collect())
    }

    /// The kernel's rules, as auditctl tells them. Where its socket overflows, on a slow machine and with many rules, auditctl
    /// fails, or loses some and says nothing. It makes none up: the longest listing has lost least.
    pub fn listed(&self) -> Vec<String> {
        let listed = || {
            let text = said("auditctl", &["-l"]);
            let lines: Vec<_> = text.lines().filter(|line| *line != "No rules").map(str::to_owned).collect();
            (!text.contains("No buffer space available")).then_some(lines)
        };
        let first = std::iter::repeat_with(listed).take(TRIES).flatten().next();
        let first = first.unwrap_or_else(|| panic!("auditctl's socket overflows {TRIES} times"));
        let more = if first.len() < MANY { 0 } else { 3 };
        let longer = |longest: Vec<_>, next: Vec<_>| if next.len() > longest.len() { next } else { longest };
        std::iter::repeat_with(listed).take(more).flatten().fold(first, longer)
    }

    /// The same, sorted.
    pub fn listed_as_set(&self) -> Vec<String> {
        let mut listed = self.listed();
        listed.sort();
        listed
    }

    /// A setting of the kernel, as `auditctl -s` tells it.
    pub fn setting(&self, name: &str) -> String {
        let text = said("auditctl", &["-s"]);
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(first, _)| *first == name).map(|(_, value)| value.trim().to_owned());
        found.unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    /// Whether the boot load has what the drop-ins say.
    pub fn boot_is_current(&self) -> bool {
        let text = said("augenrules", &["--check"]);
        assert!(text.contains("No change") || text.contains("have changed"), "{text}");
        text.contains("No change")
    }

    /// Writes a drop-in past the executable.
    pub fn write(&self, name: &str, text: &str) {
        let path = Path::new(RULES_D).join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    }

    /// Every file below /etc/audit with its mode and text, but for the copy that augenrules too keeps of the last
    /// audit.rules.
    pub fn files(&self) -> BTreeMap<String, (u32, String)> {
        let mut files = BTreeMap::new();
        for directory in ["/etc/audit", RULES_D] {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() && path != Path::new("/etc/audit/audit.rules.prev") {
                    files.insert(path.display().to_string(), (mode(&path), fs::read_to_string(&path).unwrap()));
                }
            }
        }
        files
    }

    /// Whether grace periods of the kernel are as they were at boot.
    pub fn grace_periods_are_normal(&self) -> bool {
        fs::read_to_string("/sys/kernel/rcu_expedited").unwrap().trim() == "0"
    }
}

/// The permission bits of a file.
pub fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Starts a program that takes the request on standard input.
pub fn started(command: &mut Command, request: &Json) -> Child {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    child
}

/// The one document on standard output.
pub fn report(output: &Output) -> Json {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    let failed = report["failed"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(failed)), "{report:#}");
    report
}

/// What a program of the guest says.
pub fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A drop-in with these rules.
pub fn present<R: AsRef<str>>(name: &str, rules: &[R]) -> Json {
    let rules: Vec<&str> = rules.iter().map(AsRef::as_ref).collect();
    json!({"name": name, "rules": rules})
}

/// The steps of a report on the kernel's rules: what is done, and the rule.
pub fn steps(report: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let steps = report["plan"]["kernel"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    steps.iter().map(|step| (text(&step["do"]), text(&step["rule"]))).collect()
}

/// The same, to compare with.
pub fn expected(steps: &[(&str, &str)]) -> Vec<(String, String)> {
    steps.iter().map(|(what, rule)| ((*what).to_owned(), (*rule).to_owned())).collect()
}

/// The kinds of a report's errors.
pub fn kinds(report: &Json) -> Vec<&str> {
    let errors = report["errors"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    errors.iter().map(|error| error["kind"].as_str().unwrap()).collect()
}

/// A rule for each number, told apart by its key.
pub fn many(count: usize, key: &str) -> Vec<String> {
    (0..count).map(|n| format!("-a always,exit -F arch=b64 -S getpid -F key={key}-{n}")).collect()
}
