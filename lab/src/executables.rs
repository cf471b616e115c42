//! The project's own executables, built so that they run in any guest: without shared libraries.

use crate::cache;
use crate::command;
use serde_json::Value;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An executable that cargo built.
#[derive(Clone, Debug)]
pub struct Executable {
    /// The name of its target.
    pub name: String,
    /// Whether it is a test.
    pub test: bool,
    /// Where it lies.
    pub path: PathBuf,
}

/// What builds for this host: `rustc 1.85.0`.
///
/// # Errors
/// When rustc cannot be asked.
pub fn compiler() -> Result<String, String> {
    let said = command::text(Command::new("rustc").arg("--version").current_dir(cache::project()))?;
    Ok(said.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

/// The target of static builds: musl where the toolchain has it, else glibc.
///
/// # Errors
/// When rustc cannot be asked.
fn target() -> Result<String, String> {
    if let Ok(target) = env::var("AUDIT_RULES_TARGET") {
        return Ok(target);
    }
    let sysroot = command::text(Command::new("rustc").args(["--print", "sysroot"]))?;
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib");
    let architecture = env::consts::ARCH;
    let musl = format!("{architecture}-unknown-linux-musl");
    Ok(if libraries.join(&musl).join("lib").is_dir() { musl } else { format!("{architecture}-unknown-linux-gnu") })
}

/// How cargo is called: for which target, with which rustc.
pub struct Cargo {
    target: String,
    configuration: Vec<String>,
    environment: Vec<(String, OsString)>,
}

impl Cargo {
    /// Builds for the target of static builds, with the rustc that cargo takes.
    ///
    /// # Errors
    /// When rustc cannot be asked.
    pub fn of_this_host() -> Result<Self, String> {
        Ok(Self::with_target(&target()?))
    }

    /// Builds without shared libraries for a target.
    #[must_use]
    pub fn with_target(target: &str) -> Self {
        let flags = variable(target, "RUSTFLAGS");
        let value = env::var_os(&flags).unwrap_or_else(|| usual_flags().into());
        Self { target: target.to_owned(), configuration: Vec::new(), environment: vec![(flags, value)] }
    }

    /// Sets a variable of cargo's environment.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    /// Sets a value of cargo's configuration that has no variable: `key=value`.
    pub fn configure(&mut self, value: &str) {
        self.configuration.extend(["--config".to_owned(), value.to_owned()]);
    }

    /// Runs cargo, and gives the executables that it built.
    ///
    /// # Errors
    /// When it fails.
    pub fn run<A: AsRef<str>>(&self, arguments: &[A]) -> Result<Vec<Executable>, String> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(arguments.iter().map(AsRef::as_ref))
            .args(&self.configuration)
            .args(["--target", &self.target, "--message-format=json-render-diagnostics"])
            .current_dir(cache::project())
            // These would beat the target's own flags.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if !output.status.success() {
            let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
            return Err(format!("cargo {} failed for {}", arguments.join(" "), self.target));
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(executable).collect())
    }
}

/// The Makefile's flags for rustc, so that nothing is built twice: no shared libraries, and no path of this machine.
fn usual_flags() -> String {
    let named = env::var("CARGO_HOME").ok().filter(|home| !home.is_empty());
    let home = named.unwrap_or_else(|| env::var("HOME").unwrap_or_default() + "/.cargo");
    format!("-C target-feature=+crt-static --remap-path-prefix={home}=/cargo")
}

/// The variable of cargo's environment that sets something for one target.
#[must_use]
pub fn variable(target: &str, what: &str) -> String {
    format!("CARGO_TARGET_{}_{what}", target.to_uppercase().replace('-', "_"))
}

/// Builds the release executable.
///
/// # Errors
/// When the build fails.
pub fn release(cargo: &Cargo) -> Result<Executable, String> {
    let built = cargo.run(&["build", "--release", "--bin", "audit_rules"])?;
    built.into_iter().next().ok_or_else(|| "cargo built no executable".to_owned())
}

/// Builds integration tests, and the executables that they call.
///
/// # Errors
/// When the build fails, or a test does not exist.
pub fn tests(cargo: &Cargo, names: &[String]) -> Result<Vec<Executable>, String> {
    let mut arguments = vec!["test".to_owned(), "--no-run".to_owned(), "--workspace".to_owned()];
    arguments.extend(names.iter().flat_map(|name| ["--test".to_owned(), name.clone()]));
    let built = cargo.run(&arguments)?;
    for name in names {
        if !built.iter().any(|executable| executable.test && executable.name == *name) {
            return Err(format!("cargo built no test named {name}"));
        }
    }
    Ok(built)
}

/// An executable of the project that was built together with this one, for use in a guest.
///
/// # Errors
/// When it is not there, or needs shared libraries that a guest does not have.
pub fn beside_this_one(name: &str) -> Result<PathBuf, String> {
    if cfg!(not(target_feature = "crt-static")) {
        return Err("this lab was built with shared libraries, which no guest has: use `make`".to_owned());
    }
    let this = env::current_exe().map_err(|error| format!("cannot find this executable: {error}"))?;
    let path = this.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(format!("{} is not built: use `make`", path.display())) }
}

/// Reads one of cargo's messages.
fn executable(message: &str) -> Option<Executable> {
    let message: Value = serde_json::from_str(message).ok()?;
    let path = message["executable"].as_str()?;
    Some(Executable {
        name: message["target"]["name"].as_str()?.to_owned(),
        test: message["profile"]["test"].as_bool()?,
        path: path.into(),
    })
}

/// A copy without what only a debugger needs, where the host has the tool for it: a guest keeps all of it in memory.
///
/// # Errors
/// When the copy cannot be written.
pub fn light_copy(executable: &Path, target: &Path) -> Result<(), String> {
    let stripped = Command::new("strip").args(["--strip-debug", "-o"]).arg(target).arg(executable).status();
    if stripped.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let copied = std::fs::copy(executable, target);
    copied.map(drop).map_err(|error| format!("cannot copy {}: {error}", executable.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_about_executables_count() {
        let line = r#"{"reason":"compiler-artifact","target":{"name":"kernel_contract"},"profile":{"test":true},"executable":"/t/x"}"#;
        let found = executable(line).unwrap();
        assert_eq!((found.name.as_str(), found.test), ("kernel_contract", true));
        assert!(executable(r#"{"reason":"compiler-artifact","executable":null}"#).is_none());
        assert!(executable("   Compiling x").is_none());
    }
}
