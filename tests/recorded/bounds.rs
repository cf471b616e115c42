//! However large a log is, and whatever it holds, reading it takes little memory.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// How much address space reading a log may take, in MiB, the program itself among it.
const MOST: u32 = 64;

/// The answer about a file, with so much address space and two minutes of processor time.
fn within(mebibytes: u32, file: &Path) -> Json {
    let request =
        json!({"operation": "events", "files": [{"name": file}], "rules": ["-w /etc/passwd -p wa -k k0"], "limit": 3});
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -t 120; ulimit -v {}; exec \"$0\" -", mebibytes << 10)])
        .arg(env!("CARGO_BIN_EXE_audit_rules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {:?}", output.status))
}

/// One event after the other, of four records each; every one has a key of its own.
fn write_events(events: u64, log: &mut dyn std::io::Write) {
    let mut text = String::new();
    for number in 0..events {
        let stamp = format!("msg=audit({}.000:{number})", 1_700_000_000 + number / 100);
        text.clear();
        write!(
            text,
            "type=SYSCALL {stamp}: arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=0 a2=1 a3=0 items=1 ppid=1 \
             pid=2 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 comm=\"x\" \
             exe=\"/usr/bin/x{number}\" subj=unconfined key=\"k{number}\"\ntype=CWD {stamp}: cwd=\"/\"\ntype=PATH {stamp}: \
             item=0 name=\"/etc/passwd\" inode={number} dev=fd:01 mode=0100644 ouid=0 ogid=0 nametype=NORMAL\n\
             type=PROCTITLE {stamp}: proctitle=\"x\"\n"
        )
        .unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }
}

#[test]
fn a_large_log_is_read_with_little_memory() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("audit.log");
    let mut log = BufWriter::new(fs::File::create(&path).unwrap());
    write_events(350_000, &mut log);
    drop(log);
    assert!(fs::metadata(&path).unwrap().len() > u64::from(2 * MOST) << 20);
    let report = within(MOST, &path);
    assert_eq!(report["counters"]["kept"], json!(350_000), "{}", report["msg"]);
    assert_eq!((&report["replay"]["kept"], &report["replay"]["other_key"]), (&json!(1), &json!(349_999)));
    assert_eq!(report["counters"]["gaps"], json!(0));
    assert_eq!(report["omitted"]["/by_key"].as_u64().map(|more| more > 0), Some(true));
}

#[test]
fn a_small_file_that_unpacks_to_a_large_log_is_read_with_little_memory() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("audit.log.1.gz");
    let mut log = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    write_events(150_000, &mut log);
    log.finish().unwrap();
    assert_eq!(within(MOST, &path)["counters"]["kept"], json!(150_000));
}

#[test]
fn a_gibibyte_without_a_line_end_is_one_damaged_line() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("audit.log");
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let mut log = fs::OpenOptions::new().append(true).open(&path).unwrap();
    log.write_all(b"\ntype=USER_LOGIN msg=audit(1.000:1): pid=1\n").unwrap();
    let report = within(MOST, &path);
    assert_eq!(report["malformed"][0]["defect"], json!("too_long"));
    assert_eq!((&report["counters"]["malformed"], &report["counters"]["kept"]), (&json!(1), &json!(1)));
}

#[test]
fn records_that_belong_to_nothing_need_no_memory() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("audit.log");
    let mut log = BufWriter::new(fs::File::create(&path).unwrap());
    for number in 0..1_000_000 {
        writeln!(log, "type=PATH msg=audit(1700000000.000:{number}): item=0 name=\"/x\" inode=1").unwrap();
    }
    drop(log);
    let report = within(MOST, &path);
    assert_eq!(report["counters"]["incomplete"], json!(1_000_000));
    // No rule made them, as far as anybody can tell.
    assert_eq!(report["replay"], json!({"kept": 0, "lost": 0, "other_key": 0, "undecided": 0}));
}
