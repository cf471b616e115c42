//! Boots throw-away virtual machines with real kernels. `lab help` lists its verbs.

mod apt;
mod bench;
mod boot;
mod cache;
mod command;
mod console;
mod cpio;
mod cross;
mod demonstration;
mod disk;
mod executables;
mod guest;
mod images;
mod kernel;
mod machine;
mod matrix;
mod measure;
mod payload;
mod results;
mod scan;
mod step;
mod suite;
mod toolchain;
mod trial;
mod userland;

use guest::{GuestFile, Job};
use images::Choice;
use payload::Order;
use serde_json::Value;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
lab: throw-away virtual machines with real kernels, from Debian's packages

  lab fetch KERNEL...              get the newest kernel and userland of these suites into the cache
  lab run --kernel KERNEL --script FILE [--append WORDS] [--file HOST:GUEST[:MODE]]... [--env NAME=VALUE]...
          [--timeout SECONDS]      boot a guest, run a script in it, show its output, exit with its status
  lab test --kernel KERNEL... --test NAME... [--program FILE]
                                   run integration tests of the project in guests, one guest per kernel and state
  lab build --arch ARCH...         the static release executable for these machines, in target/cross/ARCH/audit_rules,
                                   with Debian's rustc and cross compilers, of which nothing is installed
  lab msrv                         check that the workspace compiles with the oldest rustc that Cargo.toml promises
  lab matrix [--kernel KERNEL...] --test NAME... [--program FILE]
                                   the same on every kernel that Debian's packages give; writes docs/kernels.md
  lab boot --kernel KERNEL... [--case NAME...] [--program FILE]
                                   reboot a Debian with systemd and auditd once for each folder of tests/boot, and compare
                                   what each boot loaded with what was predicted
  lab step                         what such a guest does at each boot: boot calls it
  lab demo --kernel KERNEL         show the main job in a guest
  lab bench --kernel KERNEL...     compare with auditctl and augenrules in guests, and on this host where that is safe;
                                   writes docs/performance.md
  lab measure REPETITIONS          the comparison on the running kernel, whose rules it replaces: bench calls it
  lab flood EVENTS RATE            ask for the parent process so often, at so many a second: measure calls it
  lab json POINTER FILE            print the part of a JSON file that a JSON pointer names

KERNEL is bullseye (5.10), bookworm (6.1), trixie (6.12), trixie-backports, sid or experimental; with /ARCH after it,
one for another machine. ARCH is x86_64, aarch64 or s390x.
FILE is the executable for guests of this host's machine; else it is the one beside the lab. For other machines the release
executable is built. A directory given to --file is taken with all that is in it. The cache is .lab in the project, or
AUDIT_RULES_LAB_CACHE; packages come from the host's own Debian mirror, or AUDIT_RULES_LAB_MIRROR.
";

fn main() -> ExitCode {
    let mut words: VecDeque<String> = std::env::args().skip(1).collect();
    let verb = words.pop_front().unwrap_or_default();
    let outcome = match verb.as_str() {
        "fetch" => fetch(&words),
        "run" => run(words),
        "test" => test(words),
        "build" => build(words),
        "msrv" => cross::oldest(),
        "matrix" => matrix(words),
        "boot" => boot(words),
        "step" => step::run(),
        "demo" => demo(&words),
        "bench" => bench(words),
        "measure" => measure(&words),
        "flood" => flood(&words),
        "json" => json(&words),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(0)
        }
        _ => Err(format!("no verb {verb:?}\n{USAGE}")),
    };
    match outcome {
        Ok(status) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        Err(reason) => {
            eprintln!("lab: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn fetch(names: &VecDeque<String>) -> Result<i32, String> {
    for name in names {
        let images = images::fetch(Choice::read(name)?)?;
        println!("{}: {} with {}", images.choice, images.version, images.userland.display());
    }
    Ok(0)
}

fn run(mut words: VecDeque<String>) -> Result<i32, String> {
    let mut kernel = None;
    let mut script = None;
    let (mut append, mut files, mut variables) = (String::new(), Vec::new(), Vec::new());
    let mut timeout = Duration::from_secs(120);
    while let Some(word) = words.pop_front() {
        let value = words.pop_front().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--kernel" => kernel = Some(Choice::read(&value)?),
            "--script" => script = Some(value),
            "--append" => append = value,
            "--file" => files.push(guest_file(&value)?),
            "--env" => variables.push(environment(&value)?),
            "--timeout" => timeout = seconds(&value)?,
            _ => return Err(format!("no option {word}\n{USAGE}")),
        }
    }
    let (Some(kernel), Some(script)) = (kernel, script) else {
        return Err(format!("lab run needs --kernel and --script\n{USAGE}"));
    };
    guest::require(&[kernel])?;
    let script = cache::read(Path::new(&script))?;
    let images = images::take(kernel)?;
    let job = Job { images, append, files, links: Vec::new(), environment: variables, script, timeout };
    guest::run(&job, &mut guest::print)
}

fn build(mut words: VecDeque<String>) -> Result<i32, String> {
    let mut machines = Vec::new();
    while let Some(word) = words.pop_front() {
        match (word.as_str(), words.pop_front()) {
            ("--arch", Some(name)) => machines.push(machine::named(&name)?),
            _ => return Err(format!("lab build takes --arch ARCH, not {word}\n{USAGE}")),
        }
    }
    if machines.is_empty() {
        return Err(format!("lab build needs --arch\n{USAGE}"));
    }
    cross::build(&machines)
}

fn demo(words: &VecDeque<String>) -> Result<i32, String> {
    match (words.front().map(String::as_str), words.get(1)) {
        (Some("--kernel"), Some(kernel)) => demonstration::run(Choice::read(kernel)?),
        _ => Err(format!("lab demo needs --kernel\n{USAGE}")),
    }
}

fn test(mut words: VecDeque<String>) -> Result<i32, String> {
    let kernels = options(&mut words, "--kernel", Choice::read)?;
    let order = order(words)?;
    if kernels.is_empty() {
        return Err(format!("lab test needs --kernel\n{USAGE}"));
    }
    trial::run(&kernels, &order)
}

fn boot(mut words: VecDeque<String>) -> Result<i32, String> {
    let kernels = options(&mut words, "--kernel", Choice::read)?;
    let cases = options(&mut words, "--case", |name| Ok(name.to_owned()))?;
    let program = options(&mut words, "--program", |path| Ok(PathBuf::from(path)))?.pop();
    match words.front() {
        Some(word) => Err(format!("no option {word}\n{USAGE}")),
        None if kernels.is_empty() => Err(format!("lab boot needs --kernel\n{USAGE}")),
        None => boot::run(&kernels, &cases, program.as_deref()),
    }
}

fn matrix(mut words: VecDeque<String>) -> Result<i32, String> {
    let kernels = options(&mut words, "--kernel", Choice::read)?;
    matrix::run(&kernels, &order(words)?)
}

/// Reads what shall be tried.
fn order(mut words: VecDeque<String>) -> Result<Order, String> {
    let tests = options(&mut words, "--test", |name| Ok(name.to_owned()))?;
    let program = options(&mut words, "--program", |path| Ok(path.into()))?.pop();
    match words.front() {
        Some(word) => Err(format!("no option {word}\n{USAGE}")),
        None if tests.is_empty() => Err(format!("no --test\n{USAGE}")),
        None => Ok(Order { tests, program }),
    }
}

/// Takes an option's values out of the words.
fn options<T>(
    words: &mut VecDeque<String>,
    option: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut values = Vec::new();
    while let Some(at) = words.iter().position(|word| word == option) {
        let value = words.remove(at + 1).ok_or_else(|| format!("{option} needs a value"))?;
        words.remove(at);
        values.push(read(&value)?);
    }
    Ok(values)
}

fn bench(mut words: VecDeque<String>) -> Result<i32, String> {
    let mut kernels = Vec::new();
    while let Some(word) = words.pop_front() {
        match (word.as_str(), words.pop_front()) {
            ("--kernel", Some(kernel)) => kernels.push(Choice::read(&kernel)?),
            _ => return Err(format!("lab bench takes --kernel KERNEL, not {word}\n{USAGE}")),
        }
    }
    bench::run(&kernels)
}

fn measure(words: &VecDeque<String>) -> Result<i32, String> {
    let repetitions = words.front().and_then(|word| word.parse().ok());
    let repetitions = repetitions.ok_or_else(|| format!("lab measure needs a number of repetitions\n{USAGE}"))?;
    println!("{}{}", bench::MARK, measure::all(repetitions)?);
    Ok(0)
}

fn flood(words: &VecDeque<String>) -> Result<i32, String> {
    let number = |at: usize| words.get(at).and_then(|word| word.parse().ok());
    let (Some(events), Some(rate)) = (number(0), number(1)) else {
        return Err(format!("lab flood needs a number of events, and how many a second\n{USAGE}"));
    };
    println!("{}", measure::flood::make(events, rate));
    Ok(0)
}

/// Reads `HOST:GUEST[:MODE]`, the mode in octal.
fn guest_file(text: &str) -> Result<GuestFile, String> {
    let wrong = || format!("--file takes HOST:GUEST[:MODE], not {text}");
    let mut parts = text.split(':');
    let host = parts.next().filter(|part| !part.is_empty()).ok_or_else(wrong)?;
    let guest = parts.next().filter(|part| part.starts_with('/')).ok_or_else(wrong)?;
    let mode = parts.next().map(|mode| u32::from_str_radix(mode, 8)).transpose().map_err(|_| wrong())?;
    Ok(GuestFile { host: host.into(), guest: guest.to_owned(), mode })
}

fn environment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("--env takes NAME=VALUE, not {text}"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| format!("--timeout takes whole seconds, not {text}"))
}

fn json(words: &VecDeque<String>) -> Result<i32, String> {
    let (Some(pointer), Some(path)) = (words.front(), words.get(1)) else {
        return Err(format!("lab json needs a pointer and a file\n{USAGE}"));
    };
    let value = read_json(path)?;
    let part = value.pointer(pointer).ok_or_else(|| format!("{path} holds nothing at {pointer}"))?;
    match part {
        Value::String(text) => println!("{text}"),
        other => println!("{other:#}"),
    }
    Ok(0)
}

fn read_json(path: &str) -> Result<Value, String> {
    let bytes = cache::read(Path::new(path))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{path} is not JSON: {error}"))
}
