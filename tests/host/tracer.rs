//! The executable, held at each of its system calls.

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use serde_json::Value as Json;

use super::guest::AUDIT_RULES;

/// A run that has come to its end.
pub struct Ended {
    /// The numbers of its system calls, from the one that reads the request on; only of runs that were watched.
    pub calls: Vec<i64>,
    /// What it said; nothing where it was killed.
    pub stdout: Vec<u8>,
    /// The signal that ended it.
    pub killed_by: Option<Signal>,
}

impl Ended {
    /// The one document on standard output.
    pub fn report(&self) -> Json {
        serde_json::from_slice(&self.stdout).unwrap()
    }
}

/// Carries out a request, and sends a signal before the call of this number, counted from one.
pub fn run(request: &Json, signal: (Signal, usize)) -> Ended {
    traced(request, Some(signal), None)
}

/// Carries out a request, and looks at the host before each call.
pub fn run_watched(request: &Json, look: &mut dyn FnMut()) -> Ended {
    traced(request, None, Some(look))
}

fn traced(request: &Json, signal: Option<(Signal, usize)>, mut look: Option<&mut dyn FnMut()>) -> Ended {
    let mut child =
        Command::new(AUDIT_RULES).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    wait_until_it_reads(&mut child);
    ptrace::attach(pid).unwrap();
    assert_eq!(waitpid(pid, None), Ok(WaitStatus::Stopped(pid, Signal::SIGSTOP)));
    ptrace::setoptions(pid, ptrace::Options::PTRACE_O_TRACESYSGOOD | ptrace::Options::PTRACE_O_EXITKILL).unwrap();
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let (mut calls, mut count) = (Vec::new(), 0);
    let mut enters = true;
    let mut pass_on = None;
    let killed_by = loop {
        // It may be gone already, if it was killed.
        let _ = ptrace::syscall(pid, pass_on.take());
        match waitpid(pid, None).unwrap() {
            WaitStatus::PtraceSyscall(_) if enters => {
                enters = false;
                count += 1;
                if let Some(look) = &mut look {
                    look();
                    calls.push(number_of_call(pid));
                }
                if let Some((signal, _)) = signal.filter(|(_, at)| *at == count) {
                    kill(pid, signal).unwrap();
                }
            }
            WaitStatus::PtraceSyscall(_) => enters = true,
            WaitStatus::Stopped(_, signal) => pass_on = Some(signal),
            WaitStatus::Signaled(_, signal, _) => break Some(signal),
            WaitStatus::Exited(..) => break None,
            other => panic!("{other:?}"),
        }
    };
    let Output { stdout, stderr, .. } = rest(child);
    assert_eq!(String::from_utf8_lossy(&stderr), "");
    Ended { calls, stdout, killed_by }
}

/// What a program said that has ended and was waited for.
fn rest(mut child: Child) -> Output {
    let mut output = Output { status: std::process::ExitStatus::default(), stdout: Vec::new(), stderr: Vec::new() };
    std::io::Read::read_to_end(&mut child.stdout.take().unwrap(), &mut output.stdout).unwrap();
    std::io::Read::read_to_end(&mut child.stderr.take().unwrap(), &mut output.stderr).unwrap();
    output
}

/// Waits until the program sleeps over its empty standard input: from there on every run makes the same calls.
fn wait_until_it_reads(child: &mut Child) {
    let path = format!("/proc/{}/stat", child.id());
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let stat = fs::read_to_string(&path).unwrap();
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        if state == Some('S') {
            return;
        }
        assert!(Instant::now() < deadline, "{stat}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The number of the system call that a stopped program is about to make.
fn number_of_call(pid: Pid) -> i64 {
    let text = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap();
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(-1)
}
