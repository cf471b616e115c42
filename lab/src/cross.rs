//! The project built with the oldest rustc that must do, for this machine and for others.

use crate::cache;
use crate::executables::{self, Cargo, Executable};
use crate::machine::{self, Machine};
use crate::toolchain::{self, Toolchain};
use std::fs;
use std::path::{Path, PathBuf};

/// Builds the release executable of each machine and tells where it lies and how large it is.
///
/// # Errors
/// When the toolchain cannot be had, or a build fails.
pub fn build(machines: &[&Machine]) -> Result<i32, String> {
    let toolchain = toolchain::take(machine::of_this_host()?, machines)?;
    for machine in machines {
        let path = release(&toolchain, machine)?.path;
        let size = fs::metadata(&path).map_or(0, |data| data.len());
        println!("{}: {} KiB, {}", path.display(), size.div_ceil(1024), toolchain.version);
    }
    Ok(0)
}

/// Checks that all of the workspace compiles with the rustc that `Cargo.toml` names as the oldest.
///
/// # Errors
/// When it does not, or that rustc cannot be had.
pub fn oldest() -> Result<i32, String> {
    let host = machine::of_this_host()?;
    let toolchain = toolchain::take(host, &[])?;
    let manifest = cache::project().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| format!("cannot read {}: {error}", manifest.display()))?;
    let promised = promised(&text).ok_or("Cargo.toml names no rust-version")?;
    if toolchain.release() != promised {
        return Err(format!("Cargo.toml promises Rust {promised}, but Debian now has {}", toolchain.version));
    }
    cargo(&toolchain, host)?.run(&["check", "--workspace", "--all-targets"])?;
    println!("The workspace compiles with {}.", toolchain.version);
    Ok(0)
}

/// The release executable for a machine, at the place where others look for it.
///
/// # Errors
/// When the build fails.
pub fn release(toolchain: &Toolchain, machine: &Machine) -> Result<Executable, String> {
    let built = executables::release(&cargo(toolchain, machine)?)?;
    let directory = directory().join(machine.name);
    cache::make(&directory)?;
    let target = directory.join(&built.name);
    let bytes = cache::read(&built.path)?;
    // Its date says when it last changed, for those that copy it on.
    if fs::read(&target).is_ok_and(|found| found == bytes) {
        return Ok(Executable { path: target, ..built });
    }
    cache::write(&target, &bytes)?;
    let executable = fs::metadata(&built.path).and_then(|data| fs::set_permissions(&target, data.permissions()));
    executable.map_err(|error| format!("cannot make {} executable: {error}", target.display()))?;
    Ok(Executable { path: target, ..built })
}

/// Integration tests for a machine, and the executables that they call: without what only a debugger needs, since a
/// guest keeps all of it in memory.
///
/// # Errors
/// When the build fails, or a test does not exist.
pub fn tests(toolchain: &Toolchain, machine: &Machine, names: &[String]) -> Result<Vec<Executable>, String> {
    executables::tests(&light(toolchain, machine)?, names)
}

/// The lab for a machine: the demonstration shows reports with it.
///
/// # Errors
/// When the build fails.
pub fn lab(toolchain: &Toolchain, machine: &Machine) -> Result<PathBuf, String> {
    let built = light(toolchain, machine)?.run(&["build", "--package", "lab"])?;
    built.into_iter().next().map(|executable| executable.path).ok_or_else(|| "cargo built no lab".to_owned())
}

fn light(toolchain: &Toolchain, machine: &Machine) -> Result<Cargo, String> {
    let mut cargo = cargo(toolchain, machine)?;
    cargo.set("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo.set("CARGO_PROFILE_DEV_STRIP", "debuginfo");
    // Emulation is slow; the project's own code, the tests' too, is most of what runs.
    cargo.configure("profile.dev.package.audit_rules.opt-level=1");
    Ok(cargo)
}

fn cargo(toolchain: &Toolchain, machine: &Machine) -> Result<Cargo, String> {
    let mut cargo = Cargo::with_target(&machine.target());
    cargo.set("RUSTC", toolchain.rustc());
    let mut linkers = vec![machine, machine::of_this_host()?];
    linkers.dedup_by_key(|machine| machine.name);
    for machine in linkers {
        cargo.set(&executables::variable(&machine.target(), "LINKER"), toolchain.linker(machine));
    }
    cargo.set("CARGO_TARGET_DIR", directory().join("build"));
    Ok(cargo)
}

/// Where all of this is kept, apart from what the host's own rustc builds.
fn directory() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    cache::project().join(Path::new(&target)).join("cross")
}

fn promised(manifest: &str) -> Option<String> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "))?;
    Some(line.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_rustc_is_read_from_the_manifest() {
        assert_eq!(promised("[package]\nrust-version = \"1.85\"\n"), Some("1.85".to_owned()));
        assert_eq!(promised("[package]\n"), None);
    }
}
