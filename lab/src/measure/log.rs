//! A large audit log, counted by rule, against the real aureport and ausearch. No kernel is needed for that.

use super::{median, peak, report, timed};
use crate::cache::{self, Temporary};
use crate::{command, executables};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

/// The least size of the log, in bytes.
const SIZE: u64 = 1 << 30;
/// How many rules and keys there are.
const RULES: u64 = 16;
const REPETITIONS: usize = 3;

/// Measures and gives the rows.
///
/// # Errors
/// When a program is missing or fails, the log cannot be written, or not every event is counted by its rule.
pub fn all() -> Result<Value, String> {
    for program in ["aureport", "ausearch"] {
        command::find(program).ok_or_else(|| format!("no {program}"))?;
    }
    let product = executables::beside_this_one("audit_rules")?;
    let work = Temporary::directory()?;
    let log = work.0.join("audit.log");
    let events = write_log(&log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
    let rules: Vec<String> = (0..RULES)
        .map(|number| {
            format!(
                "-a always,exit -F arch=b64 -S openat -F auid>=1000 -F path=/etc/{number} -F perm=r -F key=key-{number}"
            )
        })
        .collect();
    cache::make(&work.0.join("etc/audit/rules.d"))?;
    cache::write(&work.0.join("etc/audit/rules.d/50-log.rules"), (rules.join("\n") + "\n").as_bytes())?;
    let request = work.0.join("events.json");
    let asked = json!({"operation": "events", "root": work.0, "files": [{"name": "/audit.log"}], "limit": 0});
    cache::write(&request, asked.to_string().as_bytes())?;
    check(&product, &request, events)?;
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..REPETITIONS {
        times[0].push(timed(Command::new(&product).arg(&request))?);
        times[1].push(timed(Command::new("aureport").args(["-k", "--summary", "-if"]).arg(&log))?);
        times[2].push(timed(Command::new("ausearch").args(["--raw", "-if"]).arg(&log))?);
    }
    let [ours, keys, raw] = times.map(median);
    let what = "1 GiB of log, counted by rule";
    Ok(json!({"kernel": "log files", "rows": [
        {"id": "log-keys", "what": format!("{what}, against `aureport -k --summary`"), "unit": "ms", "ours": ours, "theirs": keys},
        {"id": "log-raw", "what": format!("{what}, against `ausearch --raw`"), "unit": "ms", "ours": ours, "theirs": raw},
        {"id": "log-memory", "what": "peak memory of that, against `aureport`", "unit": "KiB",
         "ours": peak(&product, &[request.into_os_string()])?,
         "theirs": peak(Path::new("aureport"), &["-k".into(), "--summary".into(), "-if".into(), log.into_os_string()])?},
    ]}))
}

/// Whether every event is counted by its rule: what counts less is not to be compared.
fn check(product: &Path, request: &Path, events: u64) -> Result<(), String> {
    let report = report(product, request)?;
    let by_rule = report["by_rule"].as_array().map(Vec::as_slice).unwrap_or_default();
    let counted: u64 = by_rule.iter().filter_map(|rule| rule["events"].as_u64()).sum();
    if counted == events { Ok(()) } else { Err(format!("{counted} of {events} events are counted: {}", report["msg"])) }
}

/// Writes events as auditd does, until the log is large enough; gives how many.
fn write_log(path: &Path) -> std::io::Result<u64> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut events, mut written, mut text) = (0_u64, 0, String::new());
    while written < SIZE {
        text.clear();
        event(&mut text, events);
        file.write_all(text.as_bytes())?;
        written += text.len() as u64;
        events += 1;
    }
    file.flush()?;
    Ok(events)
}

fn event(text: &mut String, number: u64) {
    let stamp = format!("msg=audit({}.{:03}:{}):", 1_790_000_000 + number / 200, number % 200 * 5, number + 1);
    let (pid, rule) = (2000 + number % 5000, number % RULES);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "type=SYSCALL {stamp} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffd0a2b1c40 a2=0 a3=0 items=1 \
         ppid=1000 pid={pid} auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm=\"cat\" \
         exe=\"/usr/bin/cat\" subj=unconfined key=\"key-{rule}\"\n\
         type=CWD {stamp} cwd=\"/root\"\n\
         type=PATH {stamp} item=0 name=\"/etc/{rule}\" inode={pid} dev=08:01 mode=0100644 ouid=0 ogid=0 rdev=00:00 \
         nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\n\
         type=PROCTITLE {stamp} proctitle=636174002F6574632F706173737764\n"
    );
}
