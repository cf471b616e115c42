//! More records than can be kept, each of which is counted where it went.

use std::fs;
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value as Json, json};

use super::events::{listening, unread, until};
use super::guest::{Guest, is_thorough, plain, present, report, said};

/// Writes byte for byte, so many times as it is told.
const DD: &str = "/usr/bin/dd";
/// What a receive buffer holds, and more than it does.
const FEW: u64 = 3000;
const MANY: u64 = 80_000;
/// Of an event: SYSCALL, PROCTITLE, EOE.
const RECORDS: u64 = 3;

/// What became of the records of a flood.
#[derive(Debug)]
struct Told {
    /// Heard.
    heard: u64,
    /// Events of the flood.
    kept: u64,
    /// Lost by the kernel.
    kernel_lost: u64,
    /// Lost since the receive buffer was full.
    drops: u64,
}

fn told(listener: Child) -> Told {
    kill(Pid::from_raw(listener.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    let report = report(&listener.wait_with_output().unwrap());
    assert_eq!(report["counters"]["malformed"], json!(0), "{report:#}");
    let number = |value: &Json| value.as_u64().unwrap_or_else(|| panic!("{report:#}"));
    let listening = &report["listening"];
    Told {
        heard: number(&report["counters"]["records"]),
        kept: number(&report["counters"]["kept"]),
        kernel_lost: number(&listening["kernel_lost"]["after"]) - number(&listening["kernel_lost"]["before"]),
        drops: number(&listening["socket_drops"]),
    }
}

/// Has so many events made while somebody listens, who is stopped meanwhile or not.
fn flood(guest: &Guest, events: u64, is_stopped: bool) -> Told {
    let request = json!({"operation": "events", "seconds": 300, "limit": 0, "match": [{"keep": {"key": "flood"}}]});
    let listener = listening(&request);
    let pid = Pid::from_raw(listener.id().try_into().unwrap());
    if is_stopped {
        kill(pid, Signal::SIGSTOP).unwrap();
    }
    let count = format!("count={events}");
    let made = Command::new(DD).args(["if=/dev/zero", "of=/dev/null", "bs=1", "status=none", &count]).status();
    assert!(made.unwrap().success());
    // The kernel hands its backlog over first.
    until(|| guest.setting("backlog") == "0", "the backlog stays");
    if is_stopped {
        kill(pid, Signal::SIGCONT).unwrap();
    }
    until(|| unread() == Some(0), "the listener does not read");
    told(listener)
}

#[test]
#[ignore = "needs a guest: make test"]
fn what_is_kept_what_the_kernel_loses_and_what_the_socket_drops_is_what_was_made() {
    let guest = plain();
    // The guest's dd is busybox, under whose own name the kernel knows it.
    let program = fs::canonicalize(DD).unwrap();
    let rule = format!("-a always,exit -F arch=b64 -S write -F exe={} -F key=flood", program.display());
    guest.change(&present("30-flood", &[rule]));
    said("auditctl", &["-e", "1"]);
    let all = flood(&guest, FEW, false);
    assert_eq!((all.kept, all.heard, all.kernel_lost, all.drops), (FEW, RECORDS * FEW, 0, 0));

    said("auditctl", &["-r", "100"]);
    let lost = flood(&guest, FEW, false);
    said("auditctl", &["-r", "0"]);
    assert!(lost.kernel_lost > 0 && lost.drops == 0, "{lost:?}");
    assert_eq!(lost.heard + lost.kernel_lost, RECORDS * FEW, "heard and lost");

    if !is_thorough() {
        return;
    }
    let dropped = flood(&guest, MANY, true);
    assert!(dropped.drops > 0 && dropped.kernel_lost == 0, "{dropped:?}");
    assert_eq!(dropped.heard + dropped.drops, RECORDS * MANY, "heard and dropped");
}
