//! The guest's first file system: busybox, and a suite's own audit programs with their libraries.

use crate::apt::{Apt, Package};
use crate::cache::{self, Temporary};
use crate::command;
use crate::cpio::Archive;
use crate::machine::Machine;
use crate::suite::Suite;
use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: [&str; 7] = ["auditd", "base-passwd", "busybox-static", "dash", "mawk", "strace", "util-linux"];

/// What is taken from those packages; libraries follow from what these need.
const PROGRAMS: [&str; 10] = [
    "bin/busybox",
    "bin/dash",
    "usr/bin/ausyscall",
    "usr/bin/mawk",
    "usr/bin/setpriv",
    "usr/bin/strace",
    "sbin/auditctl",
    "sbin/auditd",
    "sbin/augenrules",
    "sbin/ausearch",
];
const DATA: [(&str, &str, u32); 5] = [
    ("usr/share/base-passwd/passwd.master", "etc/passwd", 0o644),
    ("usr/share/base-passwd/group.master", "etc/group", 0o644),
    ("etc/audit/auditd.conf", "etc/audit/auditd.conf", 0o640),
    ("etc/audit/rules.d/audit.rules", "usr/share/lab/audit.rules", 0o640),
    ("etc/libaudit.conf", "etc/libaudit.conf", 0o640),
];
/// Counts up when [`archive`] changes in a way that the tables above do not show.
const LAYOUT: u32 = 1;

/// Tells apart what different versions of the lab pack from the same packages.
#[must_use]
pub fn layout() -> String {
    let mut state = DefaultHasher::new();
    (LAYOUT, PACKAGES, PROGRAMS, DATA).hash(&mut state);
    format!("{:016x}", state.finish())
}

/// The packages of a suite's userland, as they are now.
///
/// # Errors
/// When the suite lacks one.
pub fn newest(apt: &Apt) -> Result<Vec<Package>, String> {
    let mut names = apt.with_dependencies(&PACKAGES)?;
    names.retain(|name| {
        PACKAGES.contains(&name.as_str()) || ["lib", "zlib"].iter().any(|start| name.starts_with(start))
    });
    names.sort();
    apt.resolve(&names)
}

/// Packs the userland into the cache, unless it is there already, and gives the archive's path.
///
/// # Errors
/// When it cannot be downloaded or lacks a program.
pub fn pack(apt: &Apt, packages: &[Package], suite: &Suite, machine: &Machine) -> Result<PathBuf, String> {
    let mut state = DefaultHasher::new();
    (packages.iter().map(|package| &package.file).collect::<Vec<_>>(), layout()).hash(&mut state);
    let name = format!("{}-{}-{:016x}.cpio", suite.name, machine.debian, state.finish());
    let target = cache::directory()?.join("userlands").join(name);
    if target.is_file() {
        return Ok(target);
    }
    if let Some(parent) = target.parent() {
        cache::make(parent)?;
    }
    let auditd = packages.iter().find(|package| package.wanted == "auditd").map_or("auditd", |found| &found.file);
    eprintln!("lab: fetching {auditd} and {} more packages for {}", packages.len() - 1, suite.name);
    let tree = Temporary::directory()?;
    for part in ["bin", "sbin", "lib", "lib64"] {
        cache::make(&tree.0.join("usr").join(part))?;
        symlink(format!("usr/{part}"), tree.0.join(part)).map_err(|error| format!("cannot link {part}: {error}"))?;
    }
    apt.unpack(packages, &tree.0)?;
    cache::write(&target, &archive(&tree.0, machine)?)?;
    Ok(target)
}

fn archive(tree: &Path, machine: &Machine) -> Result<Vec<u8>, String> {
    let mut archive = Archive::default();
    archive.merged_usr();
    archive.directory_with_mode("etc/audit", 0o750);
    for directory in ["dev", "proc", "sys", "run", "root", "home", "mnt", "etc/audit/plugins.d", "var/log/audit"] {
        archive.directory(directory);
    }
    archive.directory_with_mode("etc/audit/rules.d", 0o750);
    archive.directory_with_mode("tmp", 0o1777);
    archive.directory_with_mode("var/tmp", 0o1777);
    archive.symlink("var/run", "/run");
    // The kernel opens this before init runs, to give init its standard output.
    archive.character_device("dev/console", 0o600, (5, 1));
    archive.file("etc/hostname", 0o644, b"guest\n");
    archive.file("etc/hosts", 0o644, b"127.0.0.1 localhost guest\n");
    archive.symlink("bin/sh", "dash");
    archive.symlink("usr/bin/awk", "mawk");
    for path in PROGRAMS {
        archive.file(path, 0o755, &cache::read(&tree.join(path))?);
    }
    for (from, to, mode) in DATA {
        if let Ok(content) = fs::read(tree.join(from)) {
            archive.file(to, mode, &content);
        }
    }
    for (path, content) in libraries(tree, machine)? {
        archive.file(&path, 0o755, &content);
    }
    Ok(archive.finish())
}

/// The libraries that the programs need, and those need in turn.
fn libraries(tree: &Path, machine: &Machine) -> Result<Vec<(String, Vec<u8>)>, String> {
    let directory = format!("usr/lib/{}", machine.multiarch);
    let mut open: Vec<PathBuf> = PROGRAMS.iter().map(|path| tree.join(path)).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        let bytes = cache::read(&path)?;
        if !bytes.starts_with(b"\x7fELF") {
            continue;
        }
        let text =
            command::text(Command::new("readelf").args(["--dynamic", "--program-headers", "--wide"]).arg(&path))?;
        for name in needed(&text) {
            let name = name.trim_start_matches('/').to_owned();
            if !seen.insert(name.clone()) {
                continue;
            }
            let guest = if name.contains('/') { name } else { format!("{directory}/{name}") };
            let host = resolved(tree, &guest);
            found.push((guest, cache::read(&host)?));
            open.push(host);
        }
    }
    // Before glibc 2.34 user names were looked up by a library that no program names.
    let names = format!("{directory}/libnss_files.so.2");
    if let Ok(content) = fs::read(resolved(tree, &names)) {
        found.push((names, content));
    }
    found.sort();
    Ok(found)
}

/// The libraries and the loader that `readelf` names.
fn needed(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let library = line.split_once("Shared library: [");
        let loader = line.split_once("Requesting program interpreter: ");
        library.or(loader)?.1.split(']').next()
    })
}

/// Follows a link inside the tree, also one that begins with a slash.
fn resolved(tree: &Path, path: &str) -> PathBuf {
    let mut path = tree.join(path);
    for _ in 0..8 {
        let Ok(target) = fs::read_link(&path) else { break };
        path = match target.strip_prefix("/") {
            Ok(inside) => tree.join(inside),
            Err(_) => path.parent().unwrap_or(tree).join(target),
        };
    }
    path
}

/// The permission bits of a file on the host.
#[must_use]
pub fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).map_or(0o644, |metadata| metadata.permissions().mode() & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_loader_are_read_from_readelf() {
        let text = " 0x0001 (NEEDED)  Shared library: [libc.so.6]\n   [Requesting program interpreter: /lib64/ld-linux-x86-64.so.2]\n 0x1 (SONAME) [x]";
        assert_eq!(needed(text).collect::<Vec<_>>(), ["libc.so.6", "/lib64/ld-linux-x86-64.so.2"]);
    }
}
