//! What holds for every host and every request: tried on small random ones, each made from its seed alone.

use std::fs;

use audit_rules::kernel::model::{Done, Foreign};
use audit_rules::rule::{Machine, Rule};
use serde_json::{Value as Json, json};

use crate::host::Host;
use crate::scenarios::gaps;

/// How many hosts are tried.
const HOSTS: u64 = 1000;

/// Lines that drop-ins and requests are made of. Several say the same rule; on aarch64 one loses all its system calls,
/// and one some of them.
const LINES: [&str; 18] = [
    "-w /etc/passwd -p wa -k identity",
    "-a always,exit -F path=/etc/passwd -F perm=wa -F key=identity",
    "-w /etc/ssh/ -p wa -k ssh",
    "-w /etc/ssh -p wa -k ssh",
    "-w /etc/shadow -p rwxa -k identity",
    "-a always,exit -F arch=b64 -S execve -F euid=0 -F key=root",
    "-a always,exit -F arch=b64 -S execve -F key=any",
    "-a never,exit -F arch=b64 -S execve -F auid=1000 -F key=quiet",
    "-a never,exit -F arch=b64 -S execve -F auid=74",
    "-A always,exit -F arch=b64 -S ptrace -k first",
    "-A never,exit -F arch=b64 -S ptrace -F uid=0",
    "-a always,exit -F arch=b64 -S open,creat -k emptied",
    "-a always,exit -F arch=b64 -S unlink,unlinkat -F auid>=1000 -F auid!=unset -k delete",
    "-a always,exclude -F msgtype=CWD",
    "-a never,user -F uid=74",
    "-a always,exit -F arch=b64 -F dir=/etc/ssh -F perm=wa -k dir",
    "-w /no/such/place -p wa -k missing",
    "-a always,exit -F arch=b64 -S execve -F auid=nobody-here -k missing",
];

/// Lines that only the kernel ever holds.
const FOREIGN: [&str; 4] = [
    "-w /etc/hosts -p wa -k foreign",
    "-a never,exit -F arch=b64 -S kill -F key=foreign",
    "-a always,exclude -F msgtype=PATH",
    "-a always,exit -F arch=b64 -S kill -F key=agent-1",
];

/// Marsaglia's xorshift: the same numbers from the same seed everywhere.
pub struct Numbers(u64);

impl Numbers {
    /// Those of a seed.
    pub fn of(seed: u64) -> Self {
        let mut numbers = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            numbers.below(2);
        }
        numbers
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % end as u64).unwrap()
    }

    pub fn one_in(&mut self, end: usize) -> bool {
        self.below(end) == 0
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Up to so many lines, in any order; some twice.
    fn lines(&mut self, most: usize) -> Vec<&'static str> {
        (0..self.below(most + 1)).map(|_| *self.one(&LINES)).collect()
    }

    fn host(&mut self) -> Host {
        let mut host = Host::new();
        if self.one_in(3) {
            host.machine = Machine::from_uname("aarch64").unwrap();
        }
        for name in ["10-base.rules", "30-own.rules", "50-other.rules"] {
            if self.one_in(2) {
                let mut text = self.lines(5).join("\n");
                for more in
                    ["-D\n", "-b 8192\n", "# Managed by audit_rules; changes made here are overwritten.\n", "-i\n"]
                {
                    if self.one_in(6) {
                        text.insert_str(0, more);
                    }
                }
                // Only the last file: another one would run into the next.
                text.push_str(if name == "50-other.rules" && self.one_in(3) { "" } else { "\n" });
                host.write(&format!("/etc/audit/rules.d/{name}"), text);
            }
        }
        if self.one_in(4) {
            host.write("/etc/audit/audit.rules", "## old\n");
        }
        host.tell_paths();
        for _ in 0..self.below(8) {
            let line = if self.one_in(3) { self.one(&FOREIGN) } else { self.one(&LINES) };
            let Some(rule) = host.statement(line.as_bytes()).and_then(|statement| statement.rule) else { continue };
            if !line.contains("/no/such") {
                let rule = host.settled(rule).rule;
                if !host.kernel.loaded().contains(&rule.clone().as_listed()) || self.one_in(8) {
                    host.kernel.suffer(&Foreign::Append(rule));
                }
            }
        }
        host
    }

    fn request(&mut self) -> Json {
        let mut request = match self.below(7) {
            0..=2 => json!({"state": "present", "name": "30-own", "rules": self.lines(6)}),
            3 => json!({"state": "absent", "name": "30-own"}),
            4 => json!({"state": "absent", "name": "30-own", "rules": self.lines(3)}),
            5 if self.one_in(2) => json!({"state": "loaded"}),
            5 => json!({"state": "loaded", "purge": true, "keep": ["agent-*"], "allow_empty": true}),
            _ => {
                json!({"state": "exact", "name": "30-own", "rules": self.lines(5), "keep": ["agent-*", "50-*"], "allow_empty": true})
            }
        };
        let declares = matches!(request["state"].as_str(), Some("present" | "exact"));
        if declares && (request["rules"] == json!([]) || self.one_in(4)) {
            request["control"] = json!({"backlog_limit": *self.one(&[64, 320, 8192]), "failure": self.below(2)});
        }
        request["ordering"] = json!(self.one(&["relevant", "strict", "ignore"]));
        request["compile"] = json!(self.one(&["auto", "never", "always"]));
        request["target"] = json!(self.one(&["auto", "auto", "auto", "filesystem", "runtime"]));
        request["expedite"] = json!(self.one(&["auto", "never", "always"]));
        request["perm_syscalls"] = json!(self.one(&["all", "4.2"]));
        if request["state"] != json!("absent") {
            request["on_missing"] = json!("skip");
        }
        request
    }
}

/// The foreign rules among these, in their order.
fn foreign(rules: &[String]) -> Vec<&String> {
    rules.iter().filter(|rule| rule.contains("foreign") || rule.contains("agent-1") || rule.contains("=PATH")).collect()
}

/// What a random host and request are held to. Says how the run ended.
fn hold(seed: u64, complaints: &mut Vec<String>) -> String {
    let mut numbers = Numbers::of(seed);
    let mut host = numbers.host();
    let request = numbers.request();
    let mut complain = |what: String| complaints.push(format!("seed {seed}: {what}\n  {request}"));

    let before = host.fingerprint();
    let listed = host.listed();
    let mut checked = request.clone();
    checked["check_mode"] = json!(true);
    let planned = host.answer(&checked);
    if host.fingerprint() != before || host.kernel.sent().changing() != 0 {
        complain("check mode changed the host".to_owned());
    }
    let report = host.answer(&request);
    if report["failed"] == json!(true) {
        complain(format!("it failed: {}", report["msg"]));
        return "failed".to_owned();
    }
    if planned["plan"] != report["plan"] || planned["changed"] != report["changed"] {
        complain(format!("check mode planned {:#}\nthe run did {:#}", planned["plan"], report["plan"]));
    }
    if report["runtime"]["managed"] == json!(true) && report["rules"]["missing"] != json!([]) {
        complain(format!("missing: {}", report["rules"]["missing"]));
    }
    for wrong in gaps(&before.rules, host.kernel.done(), &host.kernel.loaded()) {
        complain(wrong);
    }
    let sent = host.kernel.done().iter().filter_map(|done| match done {
        Done::Append { rule, .. } | Done::Prepend { rule, .. } => Some(rule),
        _ => None,
    });
    let aarch64 = host.machine.name == "aarch64";
    if aarch64 && sent.clone().any(|rule| rule.key() == Some(b"emptied")) {
        complain("a rule was sent that lost all its system calls".to_owned());
    }
    let after = host.listed();
    let purges = request["purge"] == json!(true) || request["state"] == json!("exact");
    let stay: Vec<&String> = foreign(&listed).into_iter().filter(|rule| !purges || rule.contains("agent-1")).collect();
    if request["target"] != json!("filesystem") && foreign(&after) != stay {
        complain(format!("foreign rules were {:?} and are {:?}", foreign(&listed), foreign(&after)));
    }
    // What the kernel holds twice it took by a prepend, and cannot be made to hold twice again by appending.
    let twice = before.rules.iter().enumerate().any(|(at, rule)| before.rules[..at].contains(rule));
    if let Some(undo) = report.get("undo").filter(|_| !twice) {
        let mut twin = host.twin();
        let back = twin.answer(undo);
        let mut now = twin.fingerprint();
        now.files.forget_empty_directories_beyond(&before.files);
        // What the change had to load since another drop-in asks for it in a line that the boot does not come to stays.
        now.rules.retain(|rule| before.rules.contains(rule) || !is_asked_by_others(&twin, rule));
        let difference = before.difference(&now, &twin);
        if back["failed"] == json!(true) || !difference.is_empty() {
            complain(format!("undo leaves {difference:?}: {}", back["msg"]));
        }
    }
    let (tree, sent) = (host.tree(), host.kernel.sent());
    let again = host.answer(&request);
    if again["changed"] != json!(false) || host.tree() != tree || host.kernel.sent().changing() != sent.changing() {
        complain(format!("the second run: {}", again["msg"]));
    }
    report["outcome"].as_str().unwrap().to_owned()
}

/// Whether a drop-in that no request is about has a line with this rule.
fn is_asked_by_others(host: &Host, rule: &Rule) -> bool {
    let Ok(entries) = fs::read_dir(host.path("/etc/audit/rules.d")) else { return false };
    let others = entries.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with("30-own.rules"));
    let asks = |line: &str| {
        let statement = host.statement(line.as_bytes());
        let own = statement.and_then(|statement| statement.rule).map(|own| host.settled(own).rule.as_listed());
        own.as_ref() == Some(rule)
    };
    others.filter_map(|path| fs::read_to_string(path).ok()).any(|text| text.lines().any(asks))
}

#[test]
fn one_run_is_enough_and_can_be_taken_back_on_every_host() {
    let mut complaints = Vec::new();
    let outcomes: Vec<String> = (1..=HOSTS).map(|seed| hold(seed, &mut complaints)).collect();
    assert!(
        complaints.is_empty(),
        "{} complaints\n{}",
        complaints.len(),
        complaints[..complaints.len().min(12)].join("\n")
    );
    let applied = outcomes.iter().filter(|outcome| *outcome == "applied").count();
    assert!(applied * 2 > outcomes.len(), "{applied} of {HOSTS} changed something");
}
