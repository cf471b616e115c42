//! Rules that several drop-ins ask for: whichever drop-in goes or lets go of one, what any of them still asks for and the
//! host can hold is loaded, and the next boot loads it too. What the kernel holds of a line that could not be loaded anew,
//! or that two files without a newline between them have run together, stays loaded.

use std::collections::BTreeMap;

use audit_rules::rule::Rule;
use serde_json::{Value as Json, json};

use crate::host::Host;
use crate::properties::Numbers;
use crate::scenarios::gaps;

const HISTORIES: u64 = 60;
const STEPS: usize = 10;

/// Few lines, so that drop-ins share them; some say the same rule in other words. `/srv/app` comes into being on the way.
const LINES: [&str; 9] = [
    "-w /etc/shadow -p wa -k identity",
    "-a always,exit -F path=/etc/shadow -F perm=wa -F key=identity",
    "-w /etc/passwd -p wa -k identity",
    "-w /etc/ssh -p wa -k ssh",
    "-w /etc/ssh/ -p wa -k ssh",
    "-a always,exit -F arch=b64 -S execve -F euid=0 -k root",
    "-a never,exit -F arch=b64 -S execve -F auid=74",
    "-w /srv/app/conf -p wa -k app",
    "-a always,exit -F arch=b64 -S open,unlinkat -k files",
];
/// Lines that are set aside, each for another reason, and what leads round in a circle from the middle on: `/srv/round`.
const SET_ASIDE: [&str; 7] = [
    "-w /srv/round/conf -p wa -k round",
    "-a always,exit -F path=/srv/round/conf -F perm=wa -F key=round",
    "-a always,exit -F dir=/srv/nowhere -F perm=wa -F key=gone",
    "-a always,exit -F arch=b64 -S execve -F uid=nobody-here -k who",
    "-a always,exit -F arch=b64 -S open,rename -k old",
    "-a always,io_uring -S openat -F uid=0 -k ring",
    "-a always,exit -F arch=b64 -S fchmodat2 -k mode",
];
const NAMES: [&str; 4] = ["20-a", "30-b", "40-c", "50-d"];
/// Files that somebody writes by hand, and that no request names.
const FOREIGN: [&str; 5] = ["10-hand", "25-hand", "35-hand", "36-hand", "60-hand"];

/// What each drop-in asks for.
type Asked = BTreeMap<String, Vec<String>>;

fn line(numbers: &mut Numbers) -> String {
    let set_aside = numbers.one_in(4);
    (if set_aside { *numbers.one(&SET_ASIDE) } else { *numbers.one(&LINES) }).to_owned()
}

fn lines(numbers: &mut Numbers) -> Vec<String> {
    let mut lines: Vec<String> = (0..=numbers.below(4)).map(|_| line(numbers)).collect();
    lines.insert(numbers.below(lines.len() + 1), "# some words".to_owned());
    lines
}

/// The rule of a line here, as the kernel lists it; none where this host cannot hold it.
fn rule(host: &Host, line: &str) -> Option<Rule> {
    let lacks = |path: &str| line.contains(path) && !host.path(path).is_dir();
    if lacks("/srv/app") || lacks("/srv/round") || lacks("/srv/nowhere") {
        return None;
    }
    rule_whatever_stands_there(host, line)
}

/// The rule of a line, whether or not its path is there; none where it names what this host never has.
fn rule_whatever_stands_there(host: &Host, line: &str) -> Option<Rule> {
    let is_aarch64 = host.machine.name == "aarch64";
    let line = if is_aarch64 { line.replace("open,unlinkat", "unlinkat") } else { line.to_owned() };
    if is_aarch64 && line.contains("open,rename") {
        return None;
    }
    let found = host.statement(line.as_bytes())?.rule?;
    Some(host.settled(found).rule.as_listed())
}

/// A change, and what the drop-ins ask for after it.
fn change(numbers: &mut Numbers, host: &Host, asked: &Asked) -> (Json, Asked) {
    let mut after = asked.clone();
    let name = *numbers.one(&NAMES);
    let request = match numbers.below(9) {
        0..=3 => {
            let lines = lines(numbers);
            after.insert(name.to_owned(), lines.clone());
            json!({"state": "present", "name": name, "rules": lines})
        }
        4 | 5 => {
            after.remove(name);
            json!({"state": "absent", "name": name})
        }
        6 => {
            let unwanted = vec![line(numbers)];
            let gone: Vec<Rule> = unwanted.iter().filter_map(|line| rule_whatever_stands_there(host, line)).collect();
            if let Some(lines) = after.get_mut(name) {
                let means = |line: &String| rule_whatever_stands_there(host, line);
                lines.retain(|line| means(line).map_or(line != &unwanted[0], |rule| !gone.contains(&rule)));
            }
            json!({"state": "absent", "name": name, "rules": unwanted})
        }
        7 => {
            let (other, lines) = (*numbers.one(&NAMES), lines(numbers));
            after.remove(name);
            after.insert(other.to_owned(), lines.clone());
            let mut drop_ins = json!({name: {"state": "absent"}});
            drop_ins[other] = json!({"rules": lines});
            json!({"state": *numbers.one(&["present", "loaded"]), "drop_ins": drop_ins})
        }
        _ => {
            let lines = lines(numbers);
            after.retain(|other, _| other.starts_with("30") || other.starts_with("50"));
            after.insert(name.to_owned(), lines.clone());
            json!({"state": "exact", "name": name, "rules": lines, "keep": ["30-*", "50-*"]})
        }
    };
    let mut request = request;
    if request["state"] != json!("absent") {
        request["on_missing"] = json!("skip");
        request["unknown_syscalls"] = json!("skip");
        // All lines may be left out here.
        request["allow_empty"] = json!(true);
    }
    (request, after)
}

struct History {
    host: Host,
    asked: Asked,
    seed: u64,
    complaints: Vec<String>,
    /// What the kernel held before the last request.
    before: Vec<Rule>,
    /// Whether files come and go that no request names.
    has_foreign: bool,
}

impl History {
    fn is_foreign(name: &str) -> bool {
        FOREIGN.contains(&name)
    }

    /// Makes a request; gives the report. `held` is what the kernel held when the drop-ins were last as `after`.
    fn ask(&mut self, request: &Json, after: Asked, held: Option<Vec<Rule>>) -> Json {
        let (before, done) = (self.host.kernel.loaded(), self.host.kernel.done().len());
        let report = self.host.answer(request);
        let mut wrong = Vec::new();
        if report["failed"] == json!(true) {
            // Nothing to load can be made of two lines of others that a missing newline made one.
            let errors = report["errors"].as_array().unwrap();
            if !errors.iter().all(|error| error["kind"] == json!("files_run_together"))
                || self.host.kernel.loaded() != before
            {
                wrong.push(format!("it failed: {}", report["msg"]));
            }
        } else {
            self.asked = after;
        }
        let loaded = self.host.kernel.loaded();
        wrong.extend(gaps(&before, &self.host.kernel.done()[done..], &loaded));
        let gathered = self.host.answer(&json!({"operation": "gather"}));
        let at_boot = gathered["next_boot"]["rules"].as_array().unwrap().clone();
        let errors = gathered["filesystem"]["errors"].as_array().unwrap();
        // What others wrote, and what came to be a circle under a line, may stop the boot load.
        let may_stop = self.has_foreign || !errors.is_empty();
        if let Some(error) = errors.iter().find(|error| !self.has_foreign && !error.to_string().contains("/srv/round"))
        {
            wrong.push(format!("a line of ours fails: {error}"));
        }
        let held = held.unwrap_or_else(|| before.clone());
        let mut holds_unloadable = false;
        for (name, line) in self.asked.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (name, line))) {
            let Some(means) = rule_whatever_stands_there(&self.host, line) else { continue };
            let is_loaded = loaded.contains(&means);
            if held.contains(&means) && !is_loaded {
                wrong.push(format!("{name} asks for `{line}`, which was unloaded"));
            }
            let Some(rule) = rule(&self.host, line) else {
                holds_unloadable |= is_loaded;
                continue;
            };
            // Lines of others that run together may have kept out what could be loaded from the middle on.
            let comes_late = self.has_foreign && line.contains("/srv/app") && !held.contains(&means);
            if report["failed"] == json!(true) || Self::is_foreign(name) || comes_late {
                continue;
            }
            if !is_loaded {
                wrong.push(format!("{name} asks for `{line}`, which is not loaded"));
            }
            let text = audit_rules::auditctl::canonical_lossy(&rule, &self.host.machine);
            if !may_stop && !at_boot.contains(&json!(text)) {
                wrong.push(format!("{name} asks for `{line}`, which the next boot does not load"));
            }
        }
        if !may_stop && !holds_unloadable && gathered["in_sync"] != json!(true) {
            wrong.push(format!("not in sync: {} {}", gathered["msg"], gathered["warnings"]));
        }
        let told =
            wrong.into_iter().map(|wrong| format!("seed {}: {wrong}\n  {request}\n  {:?}", self.seed, self.asked));
        self.complaints.extend(told);
        self.before = before;
        report
    }

    /// Somebody writes a file by hand, often without its last newline, or takes one away.
    fn write_by_hand(&mut self, numbers: &mut Numbers) {
        let name = *numbers.one(&FOREIGN);
        let path = format!("/etc/audit/rules.d/{name}.rules");
        if numbers.one_in(4) {
            if self.asked.remove(name).is_some() {
                std::fs::remove_file(self.host.path(&path)).unwrap();
            }
            return;
        }
        let lines = lines(numbers);
        let end = if numbers.one_in(2) { "\n" } else { "" };
        self.host.write(&path, lines.join("\n") + end);
        self.host.tell_paths();
        self.asked.insert(name.to_owned(), lines);
    }

    /// `/srv/app` comes into being, and `/srv/round` leads round in a circle, with the kernel's rules on it as they were.
    fn change_paths(&mut self) {
        self.host.directory("/srv/app");
        std::fs::remove_dir(self.host.path("/srv/round")).unwrap();
        std::os::unix::fs::symlink("back", self.host.path("/srv/round")).unwrap();
        std::os::unix::fs::symlink("round", self.host.path("/srv/back")).unwrap();
        self.host.tell_paths();
    }
}

fn history(seed: u64, has_foreign: bool) -> Vec<String> {
    let mut numbers = Numbers::of(seed);
    let mut host = Host::new();
    if numbers.one_in(3) {
        host.machine = audit_rules::rule::Machine::from_uname("aarch64").unwrap();
    }
    host.directory("/srv/round");
    host.tell_paths();
    let mut history =
        History { host, asked: Asked::new(), seed, complaints: Vec::new(), before: Vec::new(), has_foreign };
    for step in 0..STEPS {
        if step == STEPS / 2 {
            history.change_paths();
            let loaded = json!({"state": "loaded", "on_missing": "skip", "unknown_syscalls": "skip"});
            history.ask(&loaded, history.asked.clone(), None);
        }
        if has_foreign && numbers.one_in(2) {
            history.write_by_hand(&mut numbers);
        }
        let (request, after) = change(&mut numbers, &history.host, &history.asked);
        let before = history.asked.clone();
        let report = history.ask(&request, after, None);
        if let Some(undo) = report.get("undo").filter(|_| numbers.one_in(4)) {
            let held = history.before.clone();
            history.ask(undo, before, Some(held));
        }
        if !history.complaints.is_empty() {
            break;
        }
    }
    history.complaints
}

#[test]
fn what_any_drop_in_asks_for_stays_loaded_whichever_other_one_lets_go() {
    let alone = (1..=HISTORIES).flat_map(|seed| history(seed, false));
    let beside_others = (1..=HISTORIES).flat_map(|seed| history(1000 + seed, true));
    let complaints: Vec<String> = alone.chain(beside_others).collect();
    let first = &complaints[..complaints.len().min(8)];
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), first.join("\n"));
}
