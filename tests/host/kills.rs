//! A run that is killed at each of its system calls, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use audit_rules::kernel::{Change, Kernel, Netlink, Setting};
use audit_rules::rule::Rule;
use nix::sys::signal::Signal;
use serde_json::{Value as Json, json};

use super::guest::{Guest, RULES_D, is_thorough, mode, plain, present, said};
use super::tracer;

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const GROUP: &str = "-w /etc/group -p wa -k identity";
const HOSTS: &str = "-w /etc/hosts -p wa -k names";
const LOCALE: &str = "-a always,exit -F arch=b64 -S sethostname,setdomainname -F key=system-locale";
const CLOCK: &str = "-a always,exit -F arch=b64 -S settimeofday -F key=clock";
const DIRECTORIES: [&str; 3] = ["/etc/audit", RULES_D, "/run/audit_rules"];
const JOURNAL: &str = "/run/audit_rules/journal";
/// What a run that came to a good end notes last; without it the next run notes it.
const WATCHED: &str = "/run/audit_rules/watched";
const EXPEDITED: &str = "/sys/kernel/rcu_expedited";
/// Before its first change and after its last a run only reads; of the calls there every so many is tried, and as many
/// of those between that only read, such as the loops that receive the kernel's answers.
const SAMPLE: usize = 12;
/// On all kernels but one, so many of the calls that may change something; all of them would take a guest minutes.
const ELSEWHERE: usize = 6;
const READING: [&str; 12] = [
    "recvmsg",
    "recvfrom",
    "poll",
    "ppoll",
    "read",
    "getdents64",
    "clock_gettime",
    "brk",
    "close",
    "fstat",
    "statx",
    "newfstatat",
];

/// Each by its path, with its mode and its text.
type Files = BTreeMap<String, (u32, String)>;

/// What a host holds, as far as a run may change it.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    files: Files,
    rules: BTreeSet<Rule>,
    rate_limit: u32,
}

impl Held {
    /// Asks the kernel without auditctl: every start of a program takes its time in an emulator.
    fn now() -> Self {
        let mut kernel = kernel();
        let listed = kernel.rules().unwrap();
        let rules: BTreeSet<Rule> = listed.iter().cloned().collect();
        assert_eq!(rules.len(), listed.len(), "no rule is there twice: {listed:#?}");
        Self { files: files(), rules, rate_limit: kernel.status().unwrap().rate_limit }
    }

    /// A text that is the same for states that differ in nothing but the names of temporary files.
    fn without_process_numbers(&self, left_note: bool) -> String {
        let mut temporaries: Vec<String> = Vec::new();
        for (path, (mode, text)) in self.files.iter().filter(|(path, _)| is_temporary(path)) {
            let directory = Path::new(path).parent().unwrap().display();
            // The journal has the number and the time in it.
            let text = if text.starts_with('{') { "a note" } else { text };
            temporaries.push(format!("{directory} {mode:o} {text}"));
        }
        let expedited = fs::read_to_string(EXPEDITED).unwrap();
        let settled = Self { files: without_temporaries(&self.files), ..self.clone() };
        format!("{settled:?} {temporaries:?} {left_note} {expedited}")
    }
}

fn kernel() -> Netlink {
    Netlink::open().unwrap()
}

/// Every file below /etc/audit and of our own in /run, but for the lock and the journal.
fn files() -> Files {
    let mut files = BTreeMap::new();
    for directory in DIRECTORIES {
        for entry in fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            let is_ours =
                path.is_file() && !path.ends_with("lock") && path != Path::new(JOURNAL) && path != Path::new(WATCHED);
            if is_ours {
                files.insert(path.display().to_string(), (mode(&path), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files
}

/// The number of a system call here, where there is such a call.
fn number_of(name: &str) -> Option<i64> {
    said("ausyscall", &[name, "--exact"]).trim().parse().ok()
}

/// Path, inode, size and the time of the last change.
type Stamp = (String, u64, u64, i64);

/// What tells a change of the files, without reading them.
fn stamps() -> Vec<Stamp> {
    let entries = DIRECTORIES.iter().flat_map(|directory| fs::read_dir(directory).into_iter().flatten().flatten());
    let mut stamps: Vec<_> = entries
        .filter_map(|entry| {
            let data = entry.metadata().ok()?;
            Some((entry.path().display().to_string(), data.ino(), data.len(), data.ctime_nsec()))
        })
        .collect();
    stamps.sort();
    stamps
}

/// What is tried: the host before, and the request.
struct Trial<'a> {
    guest: &'a Guest,
    name: &'static str,
    request: Json,
    before: Held,
    /// The rules before in the order of the kernel.
    loaded: Vec<Rule>,
    after: Held,
    /// The rules after the request, as auditctl tells them.
    told: Vec<String>,
    /// Whether every call is tried that may change something.
    is_thorough: bool,
}

impl<'a> Trial<'a> {
    fn new(guest: &'a Guest, name: &'static str, request: Json) -> Self {
        let (before, loaded) = (Held::now(), kernel().rules().unwrap());
        guest.change(&request);
        let (after, told) = (Held::now(), guest.listed_as_set());
        assert_ne!(before, after);
        Self { guest, name, request, before, loaded, after, told, is_thorough: is_thorough() }
    }

    /// Brings the host back to where it was before, past the executable; the kernel only where it may hold something
    /// else. The rules keep their order.
    fn restore(&self, held: Option<&Held>) {
        for path in files().keys().filter(|path| !self.before.files.contains_key(*path)) {
            fs::remove_file(path).unwrap();
        }
        for (path, (mode, text)) in &self.before.files {
            fs::write(path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
        }
        let before = &self.before;
        if held.is_some_and(|held| (&held.rules, held.rate_limit) == (&before.rules, before.rate_limit)) {
            fs::write(EXPEDITED, "0").unwrap();
            return;
        }
        let mut kernel = kernel();
        let rules = kernel.rules().unwrap();
        fs::write(EXPEDITED, "1").unwrap();
        let unloads: Vec<Change<'_>> = rules.iter().map(Change::Unload).collect();
        let loads: Vec<Change<'_>> = self.loaded.iter().map(Change::Append).collect();
        let answers = [kernel.change(&unloads).unwrap(), kernel.change(&loads).unwrap()].concat();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        kernel.set(Setting::RateLimit(before.rate_limit)).unwrap();
        fs::write(EXPEDITED, "0").unwrap();
    }

    /// Kills a run at each of its calls, and gives the number of kills.
    fn kill_everywhere(&self) -> usize {
        self.restore(None);
        let mut states = Vec::new();
        let whole = tracer::run_watched(&self.request, &mut || states.push(stamps()));
        assert_eq!(whole.report()["outcome"], json!("applied"));
        self.restore(None);
        assert_eq!(Held::now(), self.before);
        let (mut killed, mut finished) = (0, 0);
        let mut seen = BTreeSet::new();
        let (first, last) = changing(&states);
        let reading = READING.map(number_of);
        let changes =
            |at: usize| (first..=last + 1).contains(&at) && !reading.contains(&whole.calls.get(at - 1).copied());
        let every = if self.is_thorough { 1 } else { ELSEWHERE };
        let at_all = |at: &usize| (changes(*at) && at % every == 0) || at % SAMPLE == 0;
        let tried: Vec<usize> = (1..=whole.calls.len()).filter(at_all).collect();
        for at in tried.iter().copied() {
            let ended = tracer::run(&self.request, (Signal::SIGKILL, at));
            if ended.killed_by != Some(Signal::SIGKILL) {
                // This run made fewer calls than the one that was counted, and came to its end.
                let report = ended.report();
                assert_eq!((ended.killed_by, &report["outcome"]), (None, &json!("applied")), "{at}: {report:#}");
                self.restore(None);
                continue;
            }
            killed += 1;
            let call = whole.calls.get(at - 1).copied().unwrap_or_default();
            let place = format!("{}, killed before call {at} of {} (number {call})", self.name, whole.calls.len());
            let held = Held::now();
            let journal = fs::read_to_string(JOURNAL).ok();
            self.look(&place, &held, journal.is_some());
            // What the next run does rests on what it finds: once for each that differs in more than a process number.
            if seen.insert(held.without_process_numbers(journal.is_some())) || killed % 16 == 0 {
                finished += 1;
                self.finish(&place, &held, journal.is_some());
                self.restore(None);
            } else {
                let _ = fs::remove_file(JOURNAL);
                self.restore(Some(&held));
            }
        }
        let (all, of) = (tried.len(), whole.calls.len());
        let told = format!("\n{}: killed at {killed} of {of} system calls, finished {finished} times\n", self.name);
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        assert!(killed * 20 >= all * 19 && finished > 5, "{told}");
        killed
    }

    /// Asks a run to stop at every so many of its calls between its first change and its last, by one signal after the
    /// other: it reports that all is as before, or came too far for that and is done. Gives how many went back.
    fn stop_everywhere(&self) -> usize {
        self.restore(None);
        let mut states = Vec::new();
        let whole = tracer::run_watched(&self.request, &mut || states.push(stamps()));
        let (first, last) = changing(&states);
        let mut back = 0;
        for (turn, at) in (first..=last).step_by(if self.is_thorough { 5 } else { 20 }).enumerate() {
            self.restore(None);
            let signal = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP][turn % 3];
            let place = format!("{signal} before call {at} of {}", whole.calls.len());
            let ended = tracer::run(&self.request, (signal, at));
            assert_eq!(ended.killed_by, None, "{place}");
            let report = ended.report();
            let (held, is_back) = (Held::now(), report["outcome"] == json!("rolled_back"));
            let (outcome, wanted) = if is_back { ("rolled_back", &self.before) } else { ("applied", &self.after) };
            assert_eq!(report["outcome"], json!(outcome), "{place}: {report:#}");
            assert_eq!(&without_previous(&held), &without_previous(wanted), "{place}: {report:#}");
            assert!(!is_back || report["errors"][0]["kind"] == json!("interrupted"), "{place}: {report:#}");
            assert!(self.guest.grace_periods_are_normal() && !Path::new(JOURNAL).exists(), "{place}");
            back += usize::from(is_back);
        }
        back
    }

    /// What a killed run left is old or new, and the next run can know of it.
    fn look(&self, place: &str, held: &Held, left_note: bool) {
        let Self { guest, before, after, .. } = self;
        for (path, content) in held.files.iter().filter(|(path, _)| !is_temporary(path)) {
            let is_whole = [before, after].iter().any(|held| held.files.get(path) == Some(content));
            assert!(is_whole, "{place}: {path} is neither old nor new: {content:?}");
        }
        for (path, content) in before.files.iter().filter(|(path, content)| after.files.get(*path) == Some(*content)) {
            assert_eq!(held.files.get(path), Some(content), "{place}");
        }
        let kept: BTreeSet<_> = before.rules.intersection(&after.rules).collect();
        assert!(kept.iter().all(|rule| held.rules.contains(*rule)), "{place}: {held:#?}");
        assert!(held.rules.iter().all(|rule| before.rules.contains(rule) || after.rules.contains(rule)), "{place}");
        assert!([before, after].iter().any(|other| other.rate_limit == held.rate_limit), "{place}");
        assert!(left_note || guest.grace_periods_are_normal(), "{place}: nobody will put rcu_expedited back");
        let settled = Held { files: without_temporaries(&held.files), ..held.clone() };
        assert!(left_note || settled == *before || settled == *after, "{place}: nobody will know of {held:#?}");
    }

    /// The next run brings everything to the end, says so, and leaves nothing of the killed one.
    fn finish(&self, place: &str, held: &Held, left_note: bool) {
        let Self { guest, after, told, .. } = self;
        let report = guest.request(&self.request);
        let outcome = if *held == *after { "unchanged" } else { "applied" };
        assert!(report["outcome"] == json!(outcome) || report["failed"] == json!(false), "{place}: {report:#}");
        let says_so = report["warnings"].to_string().contains("was interrupted while it changed");
        assert_eq!(says_so, left_note, "{place}: {report:#}");
        assert!(guest.grace_periods_are_normal(), "{place}");
        assert!(!Path::new(JOURNAL).exists(), "{place}");
        assert_eq!(without_previous(&Held::now()), without_previous(after), "{place}");
        assert_eq!(&guest.listed_as_set(), told, "{place}");
    }
}

/// The calls between which a run changes the host: the first and the last change are the coming and the going of the
/// journal.
fn changing(states: &[Vec<Stamp>]) -> (usize, usize) {
    let first = states.iter().position(|state| *state != states[0]).unwrap();
    let last = states.iter().rposition(|state| *state != states[states.len() - 1]).unwrap() + 1;
    assert!(first < last);
    (first, last)
}

/// The same without the old file that is kept: a run that was killed or went back may have kept it already.
fn without_previous(held: &Held) -> Held {
    let mut held = held.clone();
    held.files.remove("/etc/audit/audit.rules.prev");
    held
}

fn is_temporary(path: &str) -> bool {
    path.contains("/.audit_rules-")
}

fn without_temporaries(files: &Files) -> Files {
    files
        .iter()
        .filter(|(path, _)| !is_temporary(path))
        .map(|(path, content)| (path.clone(), content.clone()))
        .collect()
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_run_killed_at_any_system_call_leaves_what_the_next_run_finishes() {
    let guest = plain();
    let mut old = present("30-killed", &[PASSWD, LOCALE, GROUP]);
    old["control"] = json!({"rate_limit": 400});
    guest.change(&old);
    let mut new = present("30-killed", &[PASSWD, HOSTS, CLOCK]);
    new["control"] = json!({"rate_limit": 500});
    new["expedite"] = json!("always");
    let mut killed = Trial::new(&guest, "replaced", new).kill_everywhere();

    let absent = json!({"state": "absent", "name": "30-killed", "expedite": "always"});
    killed += Trial::new(&guest, "absent", absent).kill_everywhere();

    guest.write("40-by-hand.rules", &format!("{HOSTS}\n"));
    said("auditctl", &["-a", "always,exit", "-F", "arch=b64", "-S", "ptrace", "-k", "foreign"]);
    let loaded = json!({"state": "loaded", "purge": true, "expedite": "always"});
    killed += Trial::new(&guest, "loaded with purge", loaded).kill_everywhere();
    let least = if is_thorough() { 200 } else { 50 };
    assert!(killed > least, "only {killed} kills");
    for directory in DIRECTORIES {
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        let hidden: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with('.')).collect();
        assert_eq!(hidden, [""; 0], "{directory}");
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_run_asked_to_stop_at_any_time_goes_back_or_is_done() {
    let guest = plain();
    guest.change(&present("30-stopped", &[PASSWD, LOCALE, GROUP]));
    let mut new = present("30-stopped", &[PASSWD, HOSTS, CLOCK]);
    new["control"] = json!({"rate_limit": 500});
    new["expedite"] = json!("always");
    let back = Trial::new(&guest, "stopped", new).stop_everywhere();
    assert!(back > 3, "only {back} runs went back");
}
