//! The product against the real auditctl and augenrules, on the running kernel and in `/etc/audit`: replaces what is
//! loaded there, so it is called in a guest, or on a host without rules with a private `/etc/audit`.

use crate::cache::{self, Temporary};
use crate::{command, executables};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub mod flood;
pub mod log;

const RULES_DIRECTORY: &str = "/etc/audit/rules.d";
const COMPILED: &str = "/etc/audit/audit.rules";
const DROP_IN: &str = "90-bench";
/// How the names of many drop-ins end.
const MANY: &str = "-many-bench.rules";
/// Makes grace periods of the kernel's RCU short (Linux `Documentation/RCU/stallwarn.rst`): used between the
/// measurements, never in one.
const EXPEDITED: &str = "/sys/kernel/rcu_expedited";

/// The real auditctl is slow in some of these; its time varies little.
const SLOW_REPETITIONS: usize = 3;

/// Measures everything and gives the rows.
///
/// # Errors
/// When rules are loaded already, or a measured program fails.
pub fn all(repetitions: usize) -> Result<Value, String> {
    let bench = Bench::prepare()?;
    let rows = [
        bench.start_up(repetitions)?,
        bench.size()?,
        bench.first_load(repetitions)?,
        bench.nothing_to_do(repetitions)?,
        bench.one_change(repetitions.min(SLOW_REPETITIONS))?,
        bench.replacement(repetitions.min(SLOW_REPETITIONS))?,
        bench.peak_memory()?,
        bench.gathering(repetitions)?,
        bench.gathering_memory()?,
    ];
    let auditctl = command::text(Command::new("auditctl").arg("-v"))?;
    Ok(json!({"kernel": release(), "auditctl": auditctl.trim(), "rows": rows}))
}

/// The release of the running kernel.
fn release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

struct Bench {
    product: PathBuf,
    work: Temporary,
}

impl Drop for Bench {
    fn drop(&mut self) {
        // The measurement is over either way; what remains is what it loaded.
        let _ = Self::clear();
    }
}

impl Bench {
    fn prepare() -> Result<Self, String> {
        let listed = command::text(Command::new("auditctl").arg("-l"))?;
        if listed.trim() != "No rules" {
            return Err("this kernel has audit rules loaded; they would be lost".to_owned());
        }
        cache::make(Path::new(RULES_DIRECTORY))?;
        Ok(Self { product: executables::beside_this_one("audit_rules")?, work: Temporary::in_tmp()? })
    }

    fn start_up(&self, repetitions: usize) -> Result<Value, String> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..repetitions * 3 {
            ours.push(timed(Command::new(&self.product).arg("--version"))?);
            theirs.push(timed(Command::new("auditctl").arg("-v"))?);
        }
        Ok(row("start-up", "start and `--version`, against `auditctl -v`", ours, theirs))
    }

    fn size(&self) -> Result<Value, String> {
        let bytes = fs::metadata(&self.product).map_err(|error| format!("no size: {error}"))?.len();
        Ok(json!({"id": "size", "what": "size of the static executable", "unit": "KiB", "ours": bytes / 1024}))
    }

    fn first_load(&self, repetitions: usize) -> Result<Value, String> {
        let wish = self.wish("first", &rules(1000, 0))?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..repetitions {
            Self::clear()?;
            ours.push(self.apply(&wish)?);
            loaded(1000)?;
            Self::clear()?;
            theirs.push(timed(Command::new("auditctl").arg("-R").arg(&wish.rules))?);
            loaded(1000)?;
        }
        Ok(row("first-load", "first load of 1,000 rules, against `auditctl -R`", ours, theirs))
    }

    fn nothing_to_do(&self, repetitions: usize) -> Result<Value, String> {
        Self::clear()?;
        let wish = self.wish("same", &rules(1000, 0))?;
        self.apply(&wish)?;
        let report = report(&self.product, &wish.request)?;
        if report["changed"] != Value::Bool(false) {
            return Err(format!("a second run changed something: {}", report["msg"]));
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..repetitions {
            ours.push(self.apply(&wish)?);
            theirs.push(timed(Command::new("auditctl").arg("-l"))?);
        }
        Ok(row("no-op", "nothing to do on 1,000 rules, against `auditctl -l`", ours, theirs))
    }

    fn one_change(&self, repetitions: usize) -> Result<Value, String> {
        Self::clear()?;
        // What makes `augenrules --load` start from nothing, as in the file that distributions ship.
        cache::write(&Path::new(RULES_DIRECTORY).join("00-first.rules"), b"-D\n")?;
        let first = self.wish("before", &rules(200, 0))?;
        let mut changed = rules(200, 0);
        changed[100] = rule(5000);
        let second = self.wish("after", &changed)?;
        self.apply(&first)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..repetitions {
            ours.push(self.apply(&second)?);
            loaded(200)?;
            fs::copy(&first.rules, Path::new(RULES_DIRECTORY).join(format!("{DROP_IN}.rules")))
                .map_err(|error| format!("cannot write the drop-in: {error}"))?;
            theirs.push(timed(Command::new("augenrules").arg("--load"))?);
            loaded(200)?;
        }
        Ok(row("one-change", "one change among 200 rules, against `augenrules --load`", ours, theirs))
    }

    fn replacement(&self, repetitions: usize) -> Result<Value, String> {
        Self::clear()?;
        let first = self.wish("old", &rules(1000, 0))?;
        let second = self.wish("new", &rules(1000, 10_000))?;
        self.apply(&first)?;
        let mut ours = Vec::new();
        for round in 0..repetitions {
            ours.push(self.apply(if round % 2 == 0 { &second } else { &first })?);
            loaded(1000)?;
        }
        let start = Instant::now();
        command::output(Command::new("auditctl").arg("-D"))?;
        command::output(Command::new("auditctl").arg("-R").arg(&first.rules))?;
        let theirs = vec![start.elapsed()];
        Ok(row("replacement", "replacing 1,000 rules by others, against `auditctl -D` and `-R`", ours, theirs))
    }

    fn peak_memory(&self) -> Result<Value, String> {
        let wish = self.wish("memory", &rules(1000, 20_000))?;
        let listing = vec!["-l".into()];
        let arguments = vec![wish.request.into_os_string()];
        let mut ours = 0;
        let mut theirs = 0;
        // The first run loads, the others have nothing to do: the highest counts.
        for _ in 0..5 {
            ours = ours.max(peak(&self.product, &arguments)?);
            theirs = theirs.max(peak(Path::new("auditctl"), &listing)?);
        }
        let what = "peak memory with 1,000 rules, against `auditctl -l`";
        Ok(json!({"id": "memory", "what": what, "unit": "KiB", "ours": ours, "theirs": theirs}))
    }

    /// 5,000 rules in the kernel, and the same in 200 drop-ins.
    fn lay_out_many(&self) -> Result<PathBuf, String> {
        const DROP_INS: usize = 200;
        Self::clear()?;
        let all = rules(5000, 100_000);
        for (number, rules) in all.chunks(all.len() / DROP_INS).enumerate() {
            let path = Path::new(RULES_DIRECTORY).join(format!("{number:03}{MANY}"));
            cache::write(&path, (rules.join("\n") + "\n").as_bytes())?;
        }
        let wish = self.wish("many", &all)?;
        command::output(Command::new("auditctl").arg("-R").arg(&wish.rules))?;
        loaded(all.len())?;
        let request = self.work.0.join("gather.json");
        cache::write(&request, br#"{"operation": "gather", "kernel": "host"}"#)?;
        Ok(request)
    }

    fn gathering(&self, repetitions: usize) -> Result<Value, String> {
        let request = self.lay_out_many()?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..repetitions {
            ours.push(timed(Command::new(&self.product).arg(&request))?);
            theirs.push(timed(Command::new("auditctl").arg("-l"))?);
        }
        Ok(row("gather", "gathering 5,000 rules and 200 drop-ins, against `auditctl -l`", ours, theirs))
    }

    /// Of what [`Bench::gathering`] laid out.
    fn gathering_memory(&self) -> Result<Value, String> {
        let (ours, theirs) = ([self.work.0.join("gather.json").into_os_string()], ["-l".into()]);
        let (ours, theirs) = (peak(&self.product, &ours)?, peak(Path::new("auditctl"), &theirs)?);
        let what = "peak memory of that gathering, against `auditctl -l`";
        Ok(json!({"id": "gather-memory", "what": what, "unit": "KiB", "ours": ours, "theirs": theirs}))
    }

    fn apply(&self, wish: &Wish) -> Result<Duration, String> {
        timed(Command::new(&self.product).arg(&wish.request))
    }

    fn wish(&self, name: &str, rules: &[String]) -> Result<Wish, String> {
        let text = rules.join("\n") + "\n";
        let request = json!({"name": DROP_IN, "rules": text, "kernel": "host"});
        let wish = Wish {
            request: self.work.0.join(format!("{name}.json")),
            rules: self.work.0.join(format!("{name}.rules")),
        };
        cache::write(&wish.request, request.to_string().as_bytes())?;
        cache::write(&wish.rules, text.as_bytes())?;
        Ok(wish)
    }

    /// Back to a host without rules and drop-ins.
    fn clear() -> Result<(), String> {
        let expedited = Expedited::set();
        let outcome = command::output(Command::new("auditctl").arg("-D"));
        drop(expedited);
        for name in [DROP_IN, "00-first"] {
            // It need not be there.
            let _ = fs::remove_file(Path::new(RULES_DIRECTORY).join(format!("{name}.rules")));
        }
        for entry in fs::read_dir(RULES_DIRECTORY).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().ends_with(MANY) {
                let _ = fs::remove_file(entry.path());
            }
        }
        let _ = fs::remove_file(COMPILED);
        outcome.map(drop)
    }
}

/// What shall be loaded: as a request, and as auditctl reads it.
struct Wish {
    request: PathBuf,
    rules: PathBuf,
}

/// The kernel's setting, put back when this goes out of scope.
struct Expedited(Option<String>);

impl Expedited {
    fn set() -> Self {
        let before = fs::read_to_string(EXPEDITED).ok();
        // Where it cannot be set, clearing takes longer.
        let set = before.is_some() && fs::write(EXPEDITED, "1").is_ok();
        Self(before.filter(|_| set))
    }
}

impl Drop for Expedited {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = fs::write(EXPEDITED, before);
        }
    }
}

/// A rule like no other of another number. Its system call is rare, so that it slows nothing that is measured.
fn rule(number: usize) -> String {
    format!("-a always,exit -F arch=b64 -S settimeofday -F auid={number} -F key=audit_rules_bench")
}

fn rules(count: usize, from: usize) -> Vec<String> {
    (from + 1..=from + count).map(rule).collect()
}

fn loaded(count: usize) -> Result<(), String> {
    let listed = command::text(Command::new("auditctl").arg("-l"))?;
    let found = listed.lines().filter(|line| line.contains("audit_rules_bench")).count();
    if found == count { Ok(()) } else { Err(format!("{found} rules are loaded instead of {count}")) }
}

/// What the product answers to a request.
fn report(product: &Path, request: &Path) -> Result<Value, String> {
    report_of(&command::output(Command::new(product).arg(request))?)
}

fn report_of(output: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(output).map_err(|error| format!("no report: {error}"))
}

/// Runs a command and gives the time from its start to its end.
fn timed(command: &mut Command) -> Result<Duration, String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status();
    let time = start.elapsed();
    match status {
        Ok(status) if status.success() => Ok(time),
        Ok(status) => Err(format!("{command:?} failed: {status}")),
        Err(error) => Err(format!("cannot run {command:?}: {error}")),
    }
}

/// The most memory that a program held, in KiB: its own high-water mark, read until it ends.
fn peak(program: &Path, arguments: &[std::ffi::OsString]) -> Result<u64, String> {
    let failed = |error| format!("cannot run {}: {error}", program.display());
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut highest = 0;
    loop {
        let text = fs::read_to_string(&status_file).unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = value.and_then(|value| value.split_whitespace().next()).and_then(|number| number.parse().ok());
        highest = highest.max(number.unwrap_or(0));
        if let Some(status) = child.try_wait().map_err(failed)? {
            return if status.success() { Ok(highest) } else { Err(format!("{} failed", program.display())) };
        }
    }
}

fn row(id: &str, what: &str, ours: Vec<Duration>, theirs: Vec<Duration>) -> Value {
    json!({"id": id, "what": what, "unit": "ms", "ours": median(ours), "theirs": median(theirs)})
}

/// The median in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_not_the_mean() {
        let times = [5, 1, 900].map(Duration::from_millis).to_vec();
        assert!((median(times) - 5.0).abs() < f64::EPSILON);
    }

    #[test]
    fn rules_of_different_numbers_differ() {
        let all = [rules(200, 0), rules(200, 10_000)].concat();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), 400);
    }
}
