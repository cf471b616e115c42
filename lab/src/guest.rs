//! Booting a guest and reading its verdict.

use crate::cache::{self, Temporary};
use crate::console::{Console, Event};
use crate::cpio::Archive;
use crate::images::{Choice, Images};
use crate::{command, userland};
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// A file of the host for the guest.
#[derive(Clone, Debug)]
pub struct GuestFile {
    /// Where it lies on the host.
    pub host: PathBuf,
    /// Where the guest finds it.
    pub guest: String,
    /// Its permission bits in the guest; those of the host's file when not given.
    pub mode: Option<u32>,
}

/// What a guest shall do.
#[derive(Clone, Debug)]
pub struct Job {
    /// The kernel and the userland.
    pub images: Images,
    /// More words for the kernel's command line.
    pub append: String,
    /// Files for the guest.
    pub files: Vec<GuestFile>,
    /// Links for the guest: path and target.
    pub links: Vec<(String, String)>,
    /// Environment of the script.
    pub environment: Vec<(String, String)>,
    /// The script, run by the guest's `/bin/sh`.
    pub script: Vec<u8>,
    /// How long the script may take.
    pub timeout: Duration,
}

/// What is told of a guest while it runs.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// A line of the script.
    Line(&'a str),
    /// The guest was lost: what it said does not count, and it is started again.
    Lost,
}

/// Prints what a guest says, as it says it.
pub fn print(said: Said) {
    match said {
        Said::Line(line) => println!("{line}"),
        Said::Lost => println!("\nThe virtual machine was lost, and is started again.\n"),
    }
}

/// Keeps what a guest says until its end.
pub fn keep(lines: &mut Vec<String>, said: Said) {
    match said {
        Said::Line(line) => lines.push((*line).to_owned()),
        Said::Lost => lines.clear(),
    }
}

/// How long a guest may take until its script begins.
const BOOT: Duration = Duration::from_secs(90);
const INIT: &[u8] = include_bytes!("../guest/init");
const ATTEMPTS: u32 = 3;
const MEMORY_MIB: &str = "512";
/// How many lines of a dead guest are shown.
const LAST_LINES: usize = 30;

/// Makes sure that the emulators for these kernels are there.
///
/// # Errors
/// With what is missing and how to get it.
pub fn require(kernels: &[Choice]) -> Result<(), String> {
    let emulators: Vec<_> = kernels.iter().map(|kernel| (kernel.machine.qemu, kernel.machine.qemu_package)).collect();
    command::require(&emulators)
}

/// Runs a job and gives the script's exit status. A guest that dies or hangs without its end marker says nothing
/// about what it ran: it is started again. A script that ends is never run again.
///
/// # Errors
/// When no attempt came to an end.
pub fn run(job: &Job, hear: &mut dyn FnMut(Said)) -> Result<i32, String> {
    let mut reasons = Vec::new();
    for attempt in 1..=ATTEMPTS {
        match attempt_once(job, hear)? {
            Verdict::Ended(status) => return Ok(status),
            Verdict::Lost(reason) => {
                eprintln!("lab: guest {}, attempt {attempt} of {ATTEMPTS}: {reason}", job.images.choice);
                reasons.push(reason.lines().next().unwrap_or_default().to_owned());
                if attempt < ATTEMPTS {
                    hear(Said::Lost);
                }
            }
        }
    }
    Err(format!("the guest {} never reached its end marker: {}", job.images.choice, reasons.join("; ")))
}

enum Verdict {
    Ended(i32),
    Lost(String),
}

/// The emulator, killed when this goes out of scope.
pub struct Emulator(pub Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn attempt_once(job: &Job, hear: &mut dyn FnMut(Said)) -> Result<Verdict, String> {
    let machine = job.images.choice.machine;
    let nonce = cache::nonce();
    let directory = Temporary::directory()?;
    let initrd = directory.0.join("initrd");
    let mut content = cache::read(&job.images.userland)?;
    content.extend(job_archive(job)?);
    cache::write(&initrd, &content)?;
    drop(content);

    let append = format!(
        "console={} quiet loglevel=1 panic=-1 oops=panic cryptomgr.notests random.trust_cpu=on lab.nonce={nonce} {}",
        machine.console, job.append
    );
    let mut child = Command::new(machine.qemu)
        .args(machine.qemu_arguments)
        .args(["-accel", "tcg", "-m", MEMORY_MIB, "-smp", "1", "-nodefaults", "-display", "none", "-no-reboot"])
        .args(["-serial", "stdio"])
        .arg("-kernel")
        .arg(&job.images.kernel)
        .arg("-initrd")
        .arg(&initrd)
        .args(["-append", append.trim_end()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", machine.qemu))?;
    let streams = (child.stdout.take(), child.stderr.take());
    let emulator = Emulator(child);
    let (Some(stdout), Some(stderr)) = streams else { return Err("QEMU has no output".to_owned()) };
    let complaints = std::thread::spawn(move || text_of(stderr));
    let verdict = listen(&lines_of(stdout), &mut Console::new(&nonce), job.timeout, hear);
    drop(emulator);
    Ok(match verdict {
        Verdict::Lost(reason) => {
            let complaints = complaints.join().unwrap_or_default();
            Verdict::Lost(if complaints.is_empty() { reason } else { format!("{reason}\n{complaints}") })
        }
        ended @ Verdict::Ended(_) => ended,
    })
}

fn listen(lines: &Receiver<String>, console: &mut Console, timeout: Duration, hear: &mut dyn FnMut(Said)) -> Verdict {
    let mut deadline = Instant::now() + BOOT;
    let mut last: Vec<String> = Vec::new();
    loop {
        let text = match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(text) => text,
            Err(reason) => {
                let what = match reason {
                    RecvTimeoutError::Timeout if console.running() => format!("no end after {} s", timeout.as_secs()),
                    RecvTimeoutError::Timeout => format!("not up after {} s", BOOT.as_secs()),
                    RecvTimeoutError::Disconnected => "died without its end marker".to_owned(),
                };
                // The lines of the script were told already.
                let from = last.len().saturating_sub(LAST_LINES);
                let last = last[from..].iter().fold(String::new(), |text, line| text + "\n  " + line);
                return Verdict::Lost(what + &last);
            }
        };
        match console.read(&text) {
            Event::Boot(text) => last.push(text.to_owned()),
            Event::Began => {
                deadline = Instant::now() + timeout;
                last.clear();
            }
            Event::Line(text) => hear(Said::Line(text)),
            Event::Ended(rest, status) => {
                if !rest.is_empty() {
                    hear(Said::Line(rest));
                }
                return Verdict::Ended(status);
            }
        }
    }
}

/// The lines of a stream, as they come.
pub fn lines_of(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut pending: Vec<u8> = Vec::new();
        let mut buffer = [0; 8192];
        while let Ok(count) = stream.read(&mut buffer) {
            pending.extend_from_slice(&buffer[..count]);
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                let text = String::from_utf8_lossy(&line[..end]).trim_end_matches('\r').to_owned();
                if sender.send(text).is_err() {
                    return;
                }
            }
            if count == 0 {
                // What a dying guest said last may lack its newline; nobody listening is no harm.
                let _ = sender.send(String::from_utf8_lossy(&pending).into_owned());
                return;
            }
        }
    });
    receiver
}

fn text_of(mut stream: impl Read) -> String {
    let mut text = String::new();
    // Only shown to explain a failure.
    let _ = stream.read_to_string(&mut text);
    text.trim().to_owned()
}

/// The second archive: the first process, the script and its files.
fn job_archive(job: &Job) -> Result<Vec<u8>, String> {
    let mut archive = Archive::default();
    archive.file("init", 0o755, INIT);
    archive.file("lab/script", 0o755, &job.script);
    let quoted = job.environment.iter().map(|(name, value)| format!("{name}='{}'\n", value.replace('\'', r"'\''")));
    archive.file("lab/environment", 0o644, quoted.collect::<String>().as_bytes());
    for file in &job.files {
        pack(&mut archive, file)?;
    }
    for (path, target) in &job.links {
        archive.symlink(path, target);
    }
    Ok(archive.finish())
}

fn pack(archive: &mut Archive, file: &GuestFile) -> Result<(), String> {
    if !file.host.is_dir() {
        let mode = file.mode.unwrap_or_else(|| userland::mode_of(&file.host));
        archive.file(&file.guest, mode, &cache::read(&file.host)?);
        return Ok(());
    }
    archive.directory(&file.guest);
    let entries = fs::read_dir(&file.host).map_err(|error| format!("cannot list {}: {error}", file.host.display()))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let guest = format!("{}/{}", file.guest.trim_end_matches('/'), name.to_string_lossy());
        pack(archive, &GuestFile { host: file.host.join(&name), guest, mode: file.mode })?;
    }
    Ok(())
}
