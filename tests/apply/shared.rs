//! Rules that several drop-ins ask for: whichever drop-in goes or lets go of one, what any of them still asks for and the
//! host can hold is loaded, and the next boot loads it too.

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
const NAMES: [&str; 4] = ["20-a", "30-b", "40-c", "50-d"];

/// What each drop-in asks for.
type Asked = BTreeMap<String, Vec<String>>;

fn lines(numbers: &mut Numbers) -> Vec<String> {
    let mut lines: Vec<String> = (0..=numbers.below(4)).map(|_| (*numbers.one(&LINES)).to_owned()).collect();
    lines.insert(numbers.below(lines.len() + 1), "# some words".to_owned());
    lines
}

/// The rule of a line here, as the kernel lists it; none where this host cannot hold it.
fn rule(host: &Host, line: &str) -> Option<Rule> {
    let line = if host.machine.name == "aarch64" { line.replace("open,", "") } else { line.to_owned() };
    let found = host.statement(line.as_bytes())?.rule?;
    let has_path = !line.contains("/srv/app") || host.path("/srv/app").is_dir();
    has_path.then(|| host.settled(found).rule.as_listed())
}

fn rules(host: &Host, lines: &[String]) -> Vec<Rule> {
    lines.iter().filter_map(|line| rule(host, line)).collect()
}

/// A change, and what the drop-ins ask for behind it.
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
            let unwanted = vec![(*numbers.one(&LINES)).to_owned()];
            let gone = rules(host, &unwanted);
            if let Some(lines) = after.get_mut(name) {
                lines.retain(|line| rule(host, line).map_or(line != &unwanted[0], |rule| !gone.contains(&rule)));
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
    }
    (request, after)
}

struct History {
    host: Host,
    asked: Asked,
    seed: u64,
    complaints: Vec<String>,
}

impl History {
    /// Makes a request; gives the report.
    fn ask(&mut self, request: &Json, after: Asked) -> Json {
        let (before, done) = (self.host.kernel.loaded(), self.host.kernel.done().len());
        let report = self.host.answer(request);
        let mut wrong = Vec::new();
        if report["failed"] == json!(true) {
            wrong.push(format!("it failed: {}", report["msg"]));
        }
        let loaded = self.host.kernel.loaded();
        wrong.extend(gaps(&before, &self.host.kernel.done()[done..], &loaded));
        self.asked = after;
        let gathered = self.host.answer(&json!({"operation": "gather"}));
        let at_boot = gathered["next_boot"]["rules"].as_array().unwrap().clone();
        for (name, line) in self.asked.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (name, line))) {
            let Some(rule) = rule(&self.host, line) else { continue };
            if !loaded.contains(&rule) {
                wrong.push(format!("{name} asks for `{line}`, which is not loaded"));
            }
            let text = audit_rules::auditctl::canonical_lossy(&rule, &self.host.machine);
            if !at_boot.contains(&json!(text)) {
                wrong.push(format!("{name} asks for `{line}`, which the next boot does not load"));
            }
        }
        if gathered["in_sync"] != json!(true) {
            wrong.push(format!("not in sync: {} {}", gathered["msg"], gathered["warnings"]));
        }
        let told =
            wrong.into_iter().map(|wrong| format!("seed {}: {wrong}\n  {request}\n  {:?}", self.seed, self.asked));
        self.complaints.extend(told);
        report
    }
}

fn history(seed: u64) -> Vec<String> {
    let mut numbers = Numbers::of(seed);
    let mut host = Host::new();
    if numbers.one_in(3) {
        host.machine = audit_rules::rule::Machine::from_uname("aarch64").unwrap();
    }
    host.tell_paths();
    let mut history = History { host, asked: Asked::new(), seed, complaints: Vec::new() };
    for step in 0..STEPS {
        if step == STEPS / 2 {
            history.host.directory("/srv/app");
            history.host.tell_paths();
            history.ask(&json!({"state": "loaded"}), history.asked.clone());
        }
        let (request, after) = change(&mut numbers, &history.host, &history.asked);
        let before = history.asked.clone();
        let report = history.ask(&request, after);
        if let Some(undo) = report.get("undo").filter(|_| numbers.one_in(4)) {
            history.ask(undo, before);
        }
        if !history.complaints.is_empty() {
            break;
        }
    }
    history.complaints
}

#[test]
fn what_any_drop_in_asks_for_stays_loaded_whichever_other_one_lets_go() {
    let complaints: Vec<String> = (1..=HISTORIES).flat_map(history).collect();
    let first = &complaints[..complaints.len().min(8)];
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), first.join("\n"));
}
