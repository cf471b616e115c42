//! What a guest does at each of its boots: tells what the boot loaded, puts the next case in place, has it predicted.

use crate::{cache, command, scan};
use serde_json::{Map, Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the disk of ours is mounted.
const LAB: &str = "/lab";
/// How many cases were put in place so far.
const COUNT: &str = "/var/lib/lab-step";
const AUDIT: &str = "/etc/audit";
/// The serial port that has nothing but what is said here.
const PORT: &str = "/dev/ttyS1";

/// One step; the machine is restarted at its end, or switched off when there is no further case.
///
/// # Errors
/// When something of the guest cannot be read, written or started. It is said on the port, too.
pub fn run() -> Result<i32, String> {
    let mut said = Map::new();
    let outcome = one(&mut said);
    if let Err(reason) = &outcome {
        said.insert("trouble".to_owned(), json!(reason));
    }
    let mut port = fs::OpenOptions::new().write(true).open(PORT).map_err(|error| format!("no {PORT}: {error}"))?;
    let line = format!("{}\n", Value::Object(said));
    port.write_all(line.as_bytes()).map_err(|error| format!("cannot write to {PORT}: {error}"))?;
    let again = outcome?;
    command::output(&mut Command::new("sync"))?;
    command::output(Command::new("systemctl").args(["--force", "--force"]).arg(if again {
        "reboot"
    } else {
        "poweroff"
    }))?;
    Ok(0)
}

/// Does the step and tells it; whether there is a further case.
fn one(said: &mut Map<String, Value>) -> Result<bool, String> {
    let cases = cases()?;
    let done: usize = fs::read_to_string(COUNT).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    said.insert("boot".to_owned(), json!(done));
    said.insert("listed".to_owned(), json!(heard("auditctl", &["-l"])?));
    said.insert("status".to_owned(), json!(heard("auditctl", &["-s"])?));
    if let Some(last) = done.checked_sub(1).and_then(|at| cases.get(at)) {
        said.insert("again".to_owned(), requested(last)?);
        said.insert("scan".to_owned(), scan::scanned(last)?);
    }
    let Some(next) = cases.get(done) else { return Ok(false) };
    let rules_d = next.join("rules.d");
    if rules_d.is_dir() {
        put(&rules_d)?;
    }
    said.insert("name".to_owned(), json!(next.file_name().map(|name| name.to_string_lossy())));
    said.insert("report".to_owned(), requested(next)?);
    let gathered = answered(&program(), br#"{"operation": "gather"}"#)?;
    for part in ["next_boot", "settings", "pending", "reboot_required", "errors"] {
        said.insert(part.to_owned(), gathered[part].clone());
    }
    fs::write(COUNT, (done + 1).to_string()).map_err(|error| format!("cannot write {COUNT}: {error}"))?;
    Ok(true)
}

fn cases() -> Result<Vec<PathBuf>, String> {
    let directory = Path::new(LAB).join("cases");
    let entries = fs::read_dir(&directory).map_err(|error| format!("no {}: {error}", directory.display()))?;
    let mut cases: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    cases.sort();
    Ok(cases)
}

/// Makes the drop-ins those of a case, and leaves nothing that was merged before.
fn put(rules_d: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot put {} in place: {error}", rules_d.display());
    for name in ["audit.rules", "audit.rules.prev"] {
        let _ = fs::remove_file(Path::new(AUDIT).join(name));
    }
    let target = Path::new(AUDIT).join("rules.d");
    fs::remove_dir_all(&target).map_err(failed)?;
    fs::create_dir(&target).map_err(failed)?;
    for entry in fs::read_dir(rules_d).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        fs::write(target.join(entry.file_name()), cache::read(&entry.path())?).map_err(failed)?;
    }
    Ok(())
}

/// The report on a case's request; null where it has none.
fn requested(case: &Path) -> Result<Value, String> {
    let request = case.join("request.json");
    if request.is_file() { answered(&program(), &cache::read(&request)?) } else { Ok(Value::Null) }
}

/// The executable of the guest.
fn program() -> PathBuf {
    Path::new(LAB).join("bin/audit_rules")
}

/// What the executable answers to a request.
///
/// # Errors
/// When it cannot be run, or gives no report.
pub fn answered(program: &Path, request: &[u8]) -> Result<Value, String> {
    let failed = |error: std::io::Error| format!("cannot run {}: {error}", program.display());
    let mut command = Command::new(program);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(request).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{} gave no report: {error}", program.display()))
}

/// The lines that a program says. A carriage return at the end of one belongs to it.
fn heard(program: &str, arguments: &[&str]) -> Result<Vec<String>, String> {
    let text = command::text(Command::new(program).args(arguments))?;
    Ok(text.split_terminator('\n').map(str::to_owned).collect())
}
