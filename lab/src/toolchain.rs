//! Debian's rustc with the standard libraries and linkers of other architectures, unpacked below the cache: nothing is
//! installed on the host.

use crate::apt::{Apt, Package};
use crate::cache::{self, Temporary};
use crate::command;
use crate::machine::{self, Machine};
use crate::suite::Suite;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The main suite alone: that of the security mirror has a newer rustc, but not for every architecture. Older programs
/// run on newer hosts, not the other way round, hence Debian 12.
const SUITE: Suite = Suite { name: "toolchain", main: &["bookworm"], security: None, series: "rustc 1.85" };

/// What is in those packages and no build of Rust needs: most of their size.
const LEFT_OUT: [&str; 6] = ["./usr/share", "*/lto-dump*", "*lto-dump-*", "*/cc1", "*/lto1", "*-gcov*"];

/// A rustc that builds for this host and for others.
#[derive(Debug)]
pub struct Toolchain {
    root: PathBuf,
    host: &'static Machine,
    /// What `rustc --version` begins with: `rustc 1.85.0`.
    pub version: String,
}

/// Takes a toolchain from the cache that builds for these machines; fetches it where there is none.
///
/// # Errors
/// When it cannot be fetched, or does not run here.
pub fn take(host: &'static Machine, targets: &[&Machine]) -> Result<Toolchain, String> {
    let foreign: Vec<&Machine> = targets.iter().filter(|target| target.name != host.name).copied().collect();
    let root = match cached(host, &foreign)? {
        Some(root) => root,
        None => fetch(host, &foreign)?,
    };
    let mut toolchain = Toolchain { root, host, version: String::new() };
    toolchain.write_starters(&foreign)?;
    let said = command::text(Command::new(toolchain.rustc()).arg("--version"))
        .map_err(|error| format!("Debian's rustc does not run on this host: {error}"))?;
    toolchain.version = said.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    Ok(toolchain)
}

impl Toolchain {
    /// What cargo is to take for rustc.
    #[must_use]
    pub fn rustc(&self) -> PathBuf {
        self.root.join("rustc")
    }

    /// What links for a machine.
    #[must_use]
    pub fn linker(&self, machine: &Machine) -> PathBuf {
        self.root.join(format!("linker-{}", machine.name))
    }

    /// The version as cargo's manifest would name it: `1.85`.
    #[must_use]
    pub fn release(&self) -> String {
        let number = self.version.split_whitespace().nth(1).unwrap_or_default();
        number.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
    }

    /// Writes the scripts that start rustc and the linkers. Libraries of the toolchain are for its own programs alone:
    /// the host's compiler has its own, perhaps newer ones of the same names.
    fn write_starters(&self, foreign: &[&Machine]) -> Result<(), String> {
        let libraries = self.root.join("usr/lib").join(self.host.multiarch);
        let with = format!("LD_LIBRARY_PATH='{}' exec", libraries.display());
        let inside = |program: &Path| format!("{with} '{}' \"$@\"", self.root.join(program).display());
        write_script(&self.rustc(), &inside(Path::new("usr/bin/rustc")))?;
        write_script(&self.linker(self.host), "unset LD_LIBRARY_PATH; exec cc \"$@\"")?;
        for machine in foreign {
            let compiler = fs::read_link(self.root.join("compilers").join(machine.name));
            let compiler = compiler.map_err(|error| format!("no compiler for {}: {error}", machine.name))?;
            write_script(&self.linker(machine), &inside(&compiler))?;
        }
        Ok(())
    }
}

fn write_script(path: &Path, line: &str) -> Result<(), String> {
    let text = format!("#!/bin/sh\n{line}\n");
    // Cargo asks a rustc that was touched again who it is.
    if fs::read_to_string(path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    cache::write(path, text.as_bytes())?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("cannot make {} executable: {error}", path.display()))
}

/// A toolchain in the cache that has a compiler for each of these machines.
fn cached(host: &Machine, foreign: &[&Machine]) -> Result<Option<PathBuf>, String> {
    let entries = fs::read_dir(directory(host)?).into_iter().flatten().flatten();
    let mut roots: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    roots.sort();
    let complete = |root: &PathBuf| {
        let has = |machine: &&Machine| root.join("compilers").join(machine.name).is_symlink();
        root.join("usr/bin/rustc").is_file() && foreign.iter().all(has)
    };
    Ok(roots.into_iter().rev().find(complete))
}

fn directory(host: &Machine) -> Result<PathBuf, String> {
    let directory = cache::directory()?.join("toolchains").join(host.debian);
    cache::make(&directory)?;
    Ok(directory)
}

/// Fetches what builds for every machine that the lab knows, so that one toolchain does for all.
fn fetch(host: &'static Machine, needed: &[&Machine]) -> Result<PathBuf, String> {
    let foreign: Vec<&Machine> = machine::MACHINES.iter().filter(|machine| machine.name != host.name).collect();
    let mut architectures = vec![host.debian];
    architectures.extend(foreign.iter().map(|machine| machine.debian));
    let apt = Apt::update(&SUITE, &architectures)?;
    let version = apt.show(&format!("rustc-web:{}", host.debian))?.field("Version").to_owned();
    let mut wanted = rustc(&apt, host, &version)?;
    let mut compilers = Vec::new();
    for machine in foreign {
        match standard_library(&apt, machine, &version).and_then(|library| Ok((library, compiler(&apt, machine)?))) {
            Ok((library, (compiler, packages))) => {
                wanted.push(library);
                wanted.extend(packages);
                compilers.push((machine.name, compiler));
            }
            Err(reason) if needed.contains(&machine) => return Err(reason),
            Err(reason) => eprintln!("lab: no toolchain for {}: {reason}", machine.name),
        }
    }
    let packages: Vec<Package> = apt.resolve(&wanted)?;
    let names: Vec<&str> = compilers.iter().map(|(name, _)| *name).collect();
    eprintln!("lab: fetching rustc {version} for {} and {}: {} packages", host.name, names.join(", "), packages.len());
    // Renamed when it is complete, so that another lab never sees half of it.
    let tree = Temporary::directory()?;
    apt.unpack_without(&packages, &tree.0, &LEFT_OUT)?;
    let links = tree.0.join("compilers");
    cache::make(&links)?;
    for (name, compiler) in &compilers {
        let linked = std::os::unix::fs::symlink(compiler, links.join(name));
        linked.map_err(|error| format!("cannot link the compiler for {name}: {error}"))?;
    }
    let root = directory(host)?.join(format!("{version}+{}", names.join("+")));
    match fs::rename(&tree.0, &root) {
        Err(_) if root.is_dir() => Ok(root),
        moved => moved.map(|()| root).map_err(|error| format!("cannot keep the toolchain: {error}")),
    }
}

/// The packages of rustc itself, and of the libraries that it needs and a host need not have.
fn rustc(apt: &Apt, host: &Machine, version: &str) -> Result<Vec<String>, String> {
    let development = standard_library(apt, host, version)?;
    let control = apt.show(&development)?;
    let (runtime, _) =
        control.dependency("libstd-rust-web-").ok_or_else(|| format!("{development} names no libstd-rust-web"))?;
    let control = apt.show(runtime)?;
    let (llvm, _) = control.dependency("libllvm").ok_or_else(|| format!("{runtime} names no libllvm"))?;
    let mut wanted = libraries(apt, llvm)?;
    wanted.extend([format!("rustc-web={version}"), format!("{runtime}={version}"), development]);
    Ok(wanted)
}

/// The standard library of a machine, of the version that the compiler has.
fn standard_library(apt: &Apt, machine: &Machine, version: &str) -> Result<String, String> {
    let name = format!("libstd-rust-web-dev:{}", machine.debian);
    let found = apt.show(&name)?.field("Version").to_owned();
    if found == version {
        return Ok(format!("{name}={version}"));
    }
    Err(format!("Debian has rustc-web {version}, but {name} {found}: no build for {}", machine.name))
}

/// A C compiler that links for a machine: where it lies, and its packages.
fn compiler(apt: &Apt, machine: &Machine) -> Result<(String, Vec<String>), String> {
    let gnu = machine.multiarch.replace('_', "-");
    let meta = apt.show(&format!("gcc-{gnu}"))?;
    let (gcc, _) = meta.dependency("gcc-").ok_or_else(|| format!("gcc-{gnu} names no gcc"))?;
    let control = apt.show(gcc)?;
    let (support, _) = control.dependency("libgcc-").ok_or_else(|| format!("{gcc} names no libgcc"))?;
    let release = gcc.trim_start_matches("gcc-").split('-').next().unwrap_or_default();
    let binutils = format!("binutils-{gnu}");
    let mut packages = libraries(apt, &binutils)?;
    packages.extend([gcc.to_owned(), support.to_owned(), binutils, format!("libc6-dev-{}-cross", machine.debian)]);
    Ok((format!("usr/bin/{}-gcc-{release}", machine.multiarch), packages))
}

/// The libraries of a package, but for those that every host has, in versions that fit its own libc.
fn libraries(apt: &Apt, package: &str) -> Result<Vec<String>, String> {
    const OF_THE_HOST: [&str; 4] = ["libc6", "libgcc-s1", "libstdc++6", "libcrypt1"];
    let mut names = apt.with_dependencies(&[package])?;
    names.retain(|name| {
        let library = name.starts_with("lib") || name.starts_with("zlib");
        library && !name.contains(':') && !OF_THE_HOST.contains(&name.as_str())
    });
    Ok(names)
}
