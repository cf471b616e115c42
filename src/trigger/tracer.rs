//! The tracer: it starts the process, has it do the call, and ends it.

use std::io::{BufRead, BufReader, IoSlice};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::memory::{Argument, SIZE};
use super::registers::{prepare, returned};
use super::{Actor, Call, Entry, Failed, Made};
use crate::rule::Machine;
use crate::tables::syscalls;

/// How long the process may take for anything.
const LONGEST: Duration = Duration::from_secs(2);
/// How often it is looked at.
const LOOK: Duration = Duration::from_micros(100);
/// `MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT`: below 2 GiB, where calls of 32 bit find it.
const LOW_MEMORY: u64 = 0x62;
/// `PROT_READ | PROT_WRITE`.
const READ_WRITE: u64 = 3;
/// `O_NONBLOCK | O_NOCTTY | O_CLOEXEC`, and for reading.
pub const TO_LOOK: i64 = 0o2_004_400;
/// Of `faccessat2`, which Linux has since 5.8.
const W_OK: i64 = 2;
const AT_EACCESS: i64 = 0x200;
/// `AT_FDCWD`.
const HERE: i64 = -100;

/// Has one call done by a process of its own, on this machine.
///
/// # Errors
/// Why it was not done.
pub fn make(actor: &Actor, call: &Call, machine: &Machine) -> Result<Made, Failed> {
    let number = |name| syscalls::number(machine.native, name).ok_or(Failed::NoEntry);
    let numbers = Numbers { mmap: number("mmap")?, openat: number("openat")?, faccessat2: number("faccessat2").ok() };
    let mut child = Command::new("/proc/self/exe")
        .args(actor.words(std::process::id()))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Failed::Start(Errno::from_raw(error.raw_os_error().unwrap_or_default())))?;
    let made = traced(&mut child, call, numbers);
    // Whatever happened, it does nothing more. One that has ended is gone, and its number may be that of another one.
    if made != Err(Failed::Ended) {
        end(&mut child);
    }
    made
}

/// Ends the process. Its tracer needs no right to send it signals; where it does not end in time, it does with its tracer.
fn end(child: &mut Child) {
    let process = Pid::from_raw(i32::try_from(child.id()).unwrap_or_default());
    if ptrace::kill(process).is_err() {
        let _ = child.kill();
    }
    let until = Instant::now() + LONGEST;
    while Instant::now() < until && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(LOOK);
    }
}

/// The numbers of the calls of this machine that help with the one that is wanted.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    mmap: u32,
    openat: u32,
    faccessat2: Option<u32>,
}

fn traced(child: &mut Child, call: &Call, numbers: Numbers) -> Result<Made, Failed> {
    let pid = child.id();
    let process = Pid::from_raw(i32::try_from(pid).unwrap_or_default());
    let mut said = String::new();
    if let Some(output) = child.stdout.take() {
        let _ = BufReader::new(output).read_line(&mut said);
    }
    let mut memory = match said.trim_end().split_once(' ') {
        Some(("ready", address)) => address.parse().map_err(|_| Failed::Trace(Errno::EINVAL))?,
        Some((errno, step)) => {
            return Err(Failed::Prepare(step.to_owned(), Errno::from_raw(errno.parse().unwrap_or_default())));
        }
        None => return Err(Failed::Start(Errno::ENOEXEC)),
    };
    match wait(process)? {
        WaitStatus::Stopped(_, Signal::SIGSTOP) => {}
        _ => return Err(Failed::Trace(Errno::ESRCH)),
    }
    ptrace::setoptions(process, Options::PTRACE_O_EXITKILL | Options::PTRACE_O_TRACESYSGOOD).map_err(Failed::Trace)?;
    let is_compat = call.entry == Entry::Compat;
    if is_compat {
        let arguments = [0, SIZE as u64, READ_WRITE, LOW_MEMORY, u64::MAX, 0];
        memory = u64::try_from(run(process, Entry::Native, numbers.mmap, arguments)?)
            .ok()
            .filter(|address| *address < 1 << 32)
            .ok_or(Failed::Trace(Errno::ENOMEM))?;
    }
    let bytes = call.memory.bytes(memory, is_compat);
    let place = RemoteIoVec { base: usize::try_from(memory).unwrap_or_default(), len: bytes.len() };
    process_vm_writev(process, &[IoSlice::new(&bytes)], &[place]).map_err(Failed::Trace)?;
    let mut descriptor = -1;
    if call.arguments.contains(&Argument::Descriptor) {
        let arguments = [Argument::Number(HERE), Argument::Path, Argument::Number(TO_LOOK)];
        descriptor = run(process, Entry::Native, numbers.openat, values(&arguments, pid, -1, memory))?;
        if descriptor < 0 {
            return Err(Failed::NoDescriptor(Errno::from_raw(i32::try_from(-descriptor).unwrap_or_default())));
        }
    }
    let guarded = [(call.guard.file, Argument::Path), (call.guard.directory, Argument::Directory)];
    for (_, what) in guarded.into_iter().filter(|(is_guarded, _)| *is_guarded) {
        let number = numbers.faccessat2.ok_or(Failed::Harm)?;
        let arguments = [HERE, W_OK, AT_EACCESS].map(Argument::Number);
        let arguments = [arguments[0], what, arguments[1], arguments[2]];
        let refused = run(process, Entry::Native, number, values(&arguments, pid, -1, memory))?;
        // EACCES, EPERM, EROFS: else the kernel does not know the call, or the file.
        if !matches!(refused, -13 | -1 | -30) {
            return Err(Failed::Harm);
        }
    }
    let exit = run(process, call.entry, call.number, values(&call.arguments, pid, descriptor, memory))?;
    Ok(Made { pid, exit: if is_compat { narrow(exit) } else { exit } })
}

/// An int of a call of 32 bit.
fn narrow(exit: i64) -> i64 {
    let [a, b, c, d, ..] = exit.to_le_bytes();
    i32::from_le_bytes([a, b, c, d]).into()
}

fn values(arguments: &[Argument], pid: u32, descriptor: i64, memory: u64) -> [u64; 6] {
    let mut values = [0; 6];
    for (value, argument) in values.iter_mut().zip(arguments) {
        *value = argument.value(pid, descriptor, memory);
    }
    values
}

/// Has a stopped process do one call; it stops again behind it.
fn run(process: Pid, entry: Entry, number: u32, arguments: [u64; 6]) -> Result<i64, Failed> {
    prepare(process, entry, number, arguments).map_err(Failed::Trace)?;
    for is_behind in [false, true] {
        ptrace::syscall(process, None).map_err(Failed::Trace)?;
        match wait(process)? {
            WaitStatus::PtraceSyscall(_) => {}
            // Nothing answers at `int 0x80`.
            WaitStatus::Stopped(_, Signal::SIGSEGV) if !is_behind => return Err(Failed::NoEntry),
            _ => return Err(Failed::Trace(Errno::ESRCH)),
        }
    }
    returned(process).map_err(Failed::Trace)
}

/// Waits until the process stops or ends.
fn wait(process: Pid) -> Result<WaitStatus, Failed> {
    let until = Instant::now() + LONGEST;
    loop {
        match waitpid(process, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) if Instant::now() < until => std::thread::sleep(LOOK),
            Ok(WaitStatus::StillAlive) => return Err(Failed::Blocks),
            Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => return Err(Failed::Ended),
            Ok(status) => return Ok(status),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Failed::Trace(errno)),
        }
    }
}
