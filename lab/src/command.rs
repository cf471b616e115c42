//! Running other programs, and getting those that are missing.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

/// Runs a command and gives its standard output.
///
/// # Errors
/// When it cannot be started or fails: with the command and the end of what it said.
pub fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let name = shown(command);
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("cannot run {name}: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(8).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(format!("{name} failed ({}):\n{}", output.status, last.join("\n")))
}

/// The same as text.
///
/// # Errors
/// As [`output`].
pub fn text(command: &mut Command) -> Result<String, String> {
    output(command).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs `first | second`.
///
/// # Errors
/// When one of them fails.
pub fn pipe(first: &mut Command, second: &mut Command) -> Result<(), String> {
    let name = shown(first);
    let cannot = |error| format!("cannot run {name}: {error}");
    let mut child = first.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(cannot)?;
    let Some(stream) = child.stdout.take() else { return Err(format!("{name} has no output")) };
    let target = shown(second);
    let second = second.stdin(stream).output().map_err(|error| format!("cannot run {target}: {error}"));
    let first = child.wait().map_err(cannot)?;
    let second = second?;
    if first.success() && second.status.success() {
        return Ok(());
    }
    Err(format!("{name} | {target} failed: {}", String::from_utf8_lossy(&second.stderr)))
}

/// Where a program is found, in `PATH` or the directories for administration.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

/// Whether this process belongs to root.
#[must_use]
pub fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or_default();
    uids.split_whitespace().nth(1) == Some("0")
}

/// Makes sure that programs are there: those missing are installed from the host's own packages where root runs the
/// lab, and named with their package where it does not.
///
/// # Errors
/// With what is missing and how to get it.
pub fn require(programs: &[(&str, &str)]) -> Result<(), String> {
    let missing = || programs.iter().filter(|(program, _)| find(program).is_none());
    let packages: Vec<&str> = missing().map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing().map(|(program, _)| *program).collect();
    let how = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !is_root() || find("apt-get").is_none() {
        return Err(format!("missing: {}. On Debian or Ubuntu, root gets it with\n  {how}", names.join(", ")));
    }
    eprintln!("lab: {} missing, running {how}", names.join(", "));
    let install = || {
        output(
            Command::new("apt-get")
                .args(["install", "--yes", "--quiet", "--no-install-recommends"])
                .args(&packages)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    // A fresh machine has no package lists yet, an old one lists versions that its mirror has dropped.
    if install().is_err() {
        output(Command::new("apt-get").args(["update", "--quiet"]))?;
        install().map_err(|error| format!("{} missing, and could not be installed: {error}", names.join(", ")))?;
    }
    match missing().next() {
        None => Ok(()),
        Some((program, package)) => Err(format!("{package} is installed but holds no {program}")),
    }
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
