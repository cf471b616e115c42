//! How many instructions standard requests take, so that speed does not rot unseen. Counts are stable where times are
//! not; times are in the benchmark.
//!
//! `expected.json` beside this file says what they took, with which compiler and for which target: other compilers and
//! targets give other counts, so that elsewhere this test says that it did not run. `UPDATE_EXPECTED=1` writes it anew.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays out files, starts programs; a test may end in a panic and says what it leaves out"
)]

mod requests;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use requests::{STANDARD, Standard};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// How much more than expected a request may take, in percent.
const MORE: u64 = 10;

/// The instructions of one run, as valgrind counts them. No variable of the environment reaches the run.
fn instructions(arguments: &[&Path]) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(env!("CARGO_BIN_EXE_audit_rules"))
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
    let count = said.lines().find_map(|line| line.split_once("refs:"));
    let count = count.and_then(|(_, count)| count.trim().replace(',', "").parse().ok());
    count.unwrap_or_else(|| panic!("no count: {said}"))
}

/// Lays out a standard request's root and gives its count.
fn count(standard: &Standard) -> u64 {
    let Some(lay_out) = standard.lay_out else { return instructions(&[Path::new("--version")]) };
    let place = TempDir::new().unwrap();
    let root = place.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let file = place.path().join("request.json");
    std::fs::write(&file, lay_out(&root).to_string()).unwrap();
    instructions(&[&file])
}

/// The compiler of this build and its target, on which counts depend.
fn compiler() -> Option<String> {
    let cargo = PathBuf::from(std::env::var_os("CARGO")?);
    let rustc = Some(cargo.with_file_name("rustc")).filter(|path| path.exists()).unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    let library = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
    Some(format!("{}, {} {library}", version.trim(), std::env::consts::ARCH))
}

/// Says what ran and what did not, past what the test runner keeps to itself.
fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

fn has_valgrind() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

#[test]
fn no_standard_request_takes_a_tenth_more_instructions_than_it_did() {
    if !has_valgrind() {
        say("not run: instruction counts: no valgrind (apt-get install valgrind)");
        return;
    }
    let Some(compiler) = compiler() else {
        say("not run: instruction counts: rustc does not say its version");
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/instructions/expected.json");
    let updates = std::env::var_os("UPDATE_EXPECTED").is_some();
    let expected: Json = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Err(_) if updates => Json::Null,
        Err(error) => panic!("{}: {error}", path.display()),
    };
    if !updates && expected["compiler"] != json!(compiler) {
        say(&format!(
            "not run: instruction counts: they are known of {}, and this is {compiler}",
            expected["compiler"]
        ));
        return;
    }
    let counts: BTreeMap<&str, u64> = STANDARD.iter().map(|standard| (standard.name, count(standard))).collect();
    if updates {
        let text = format!("{:#}\n", json!({"compiler": compiler, "instructions": counts}));
        std::fs::write(&path, text).unwrap();
        return;
    }
    let judged = counts.iter().map(|(name, count)| (*name, *count, expected["instructions"][name].as_u64()));
    let too_many: Vec<String> = judged
        .filter(|(_, count, expected)| expected.is_none_or(|expected| *count > expected + expected * MORE / 100))
        .map(|(name, count, expected)| format!("{name}: {count}, and it took {}", expected.unwrap_or_default()))
        .collect();
    assert!(too_many.is_empty(), "more instructions than before:\n{}", too_many.join("\n"));
    say(&format!("ran: instruction counts: {counts:?}"));
}
