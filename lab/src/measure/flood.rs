//! A flood of events on the running kernel while the product listens: whether each of them is kept, or counted where it went.

use super::{release, report_of};
use crate::cache::{self, Temporary};
use crate::{command, executables};
use serde_json::{Value, json};
use std::os::unix::process::parent_id;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Events for each second of the flood.
const RATE: u64 = 50_000;
/// How long it lasts.
const SECONDS: u64 = 5;
/// How many events are made at once, before the time is looked at.
const AT_ONCE: u64 = 250;
/// How long is listened, in seconds: the flood may take longer where the kernel makes it wait.
const LISTENING: u64 = SECONDS * 4;
const BACKLOG: &str = "8192";

/// Measures and gives the rows. The kernel gets a rule, a backlog and a state, which go again.
///
/// # Errors
/// When a program fails, or a record is neither heard nor counted as lost or dropped.
pub fn all() -> Result<Value, String> {
    let before = command::text(Command::new("auditctl").arg("-s"))?;
    let setting = |name: &str| {
        let line = before.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(str::to_owned).ok_or_else(|| format!("auditctl -s says no {name}"))
    };
    let (enabled, backlog) = (setting("enabled")?, setting("backlog_limit")?);
    let result = measured();
    for arguments in [&["-D"][..], &["-e", &enabled], &["-b", &backlog]] {
        command::output(Command::new("auditctl").args(arguments))?;
    }
    Ok(json!({"kernel": release(), "rows": result?}))
}

fn measured() -> Result<Vec<Value>, String> {
    let this = std::env::current_exe().map_err(|error| format!("cannot find this executable: {error}"))?;
    let exe = format!("exe={}", this.display());
    command::output(Command::new("auditctl").args(["-b", BACKLOG]))?;
    let rule = ["-a", "always,exit", "-F", "arch=b64", "-S", "getppid", "-F", &exe, "-F", "key=flood"];
    command::output(Command::new("auditctl").args(rule))?;
    command::output(Command::new("auditctl").args(["-e", "1"]))?;
    // Of the records that belong to all this.
    sleep(Duration::from_secs(1));
    let work = Temporary::in_tmp()?;
    let request = work.0.join("events.json");
    let asked = json!({"operation": "events", "source": "kernel", "seconds": LISTENING, "limit": 0, "count": RATE * SECONDS,
                       "match": [{"keep": {"key": "flood"}}]});
    cache::write(&request, asked.to_string().as_bytes())?;
    let product = executables::beside_this_one("audit_rules")?;
    let listener = Command::new(&product).arg(&request).stdout(Stdio::piped()).spawn();
    let listener = listener.map_err(|error| format!("cannot run {}: {error}", product.display()))?;
    sleep(Duration::from_secs(1));
    // A process that was there before auditing was on makes no records.
    let text = command::text(Command::new(&this).args(["flood", &(RATE * SECONDS).to_string(), &RATE.to_string()]))?;
    let seconds: f64 = text.trim().parse().map_err(|_| format!("no time: {text}"))?;
    let output = listener.wait_with_output().map_err(|error| format!("no report: {error}"))?;
    let report = report_of(&output.stdout)?;
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let lost = number("/listening/kernel_lost/after") - number("/listening/kernel_lost/before");
    let dropped = number("/listening/socket_drops");
    let (made, kept) = (RATE * SECONDS, number("/counters/kept"));
    // An event whose first record is lost counts once; each record that is dropped, and each further one that is lost.
    if kept > made || (made - kept) > lost + dropped {
        return Err(format!("{kept} of {made} events were kept, and {lost} are said to be lost, {dropped} dropped"));
    }
    let what = format!("{made} events from the kernel in {seconds:.1} s: kept, of those that were made");
    Ok(vec![
        json!({"id": "flood", "what": what, "unit": "events", "ours": kept, "theirs": made}),
        json!({"id": "flood-latency", "what": "99 of 100 of their records came within", "unit": "ms",
               "ours": number("/listening/latency/p99_ms")}),
    ])
}

/// Asks for the parent so many times, at so many a second at most, and says how many seconds that took.
pub fn make(events: u64, rate: u64) -> String {
    let begin = Instant::now();
    for made in 0..events {
        if made % AT_ONCE == 0 {
            let due = Duration::from_millis(made * 1000 / rate.max(1));
            sleep(due.saturating_sub(begin.elapsed()));
        }
        let _ = parent_id();
    }
    begin.elapsed().as_secs_f64().to_string()
}
