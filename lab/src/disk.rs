//! Disks for guests that boot more than once: a whole Debian with systemd, auditd and `OpenSCAP`, and one with files of ours.

use crate::cache::{self, Temporary};
use crate::command;
use crate::suite::{self, Suite};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The scanner takes a machine without `linux-base`, which every kernel of Debian brings, for one without a kernel.
const PACKAGES: &str = "auditd,linux-base,openscap-scanner,systemd-sysv";
const CONFIGURE: &str = "lab/guest/disk";
/// What is left out: nobody reads it in a guest.
const LEFT_OUT: [&str; 4] = ["man", "doc", "locale", "info"];
/// Until then a disk is taken as it is.
const FRESH: Duration = Duration::from_secs(7 * 24 * 3600);

/// The disk of a suite's Debian: from the cache, or built where there is none or an old one.
///
/// # Errors
/// When it is not in the cache and cannot be built.
pub fn take(suite: &Suite) -> Result<PathBuf, String> {
    let configure = cache::project().join(CONFIGURE);
    let mut state = DefaultHasher::new();
    (PACKAGES, LEFT_OUT, cache::read(&configure)?).hash(&mut state);
    let directory = cache::directory()?.join("disks");
    cache::make(&directory)?;
    let disk = directory.join(format!("{}-{:016x}.img", suite.name, state.finish()));
    let age = fs::metadata(&disk).and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    if age.is_some_and(|age| age < FRESH) {
        return Ok(disk);
    }
    match build(suite, &configure, &disk) {
        Err(reason) if disk.is_file() => {
            eprintln!("lab: taking the disk of {} from the cache, since no newer one can be had: {reason}", suite.name);
            Ok(disk)
        }
        built => built.map(|()| disk),
    }
}

fn build(suite: &Suite, configure: &Path, disk: &Path) -> Result<(), String> {
    eprintln!("lab: building a disk with the {} of {}", PACKAGES.replace(',', " and "), suite.name);
    command::require(&[("mmdebstrap", "mmdebstrap"), ("mke2fs", "e2fsprogs")])?;
    if !command::is_root() {
        command::require(&[("newuidmap", "uidmap")])?;
    }
    let directory = Temporary::directory()?;
    let (tar, tree) = (directory.0.join("tree.tar"), directory.0.join("tree"));
    let mode = if command::is_root() { "root" } else { "unshare" };
    let sources = directory.0.join("sources.list");
    cache::write(&sources, suite::sources(&suite.without_security(), true).as_bytes())?;
    command::output(
        Command::new("mmdebstrap")
            .args([&format!("--mode={mode}"), "--variant=minbase", "--format=tar"])
            .arg(format!("--include={PACKAGES}"))
            // A mirror that is behind does for a test; signatures are still looked at.
            .arg("--aptopt=Acquire::Check-Valid-Until \"false\"")
            .args(["--aptopt=Acquire::Languages \"none\"", "--dpkgopt=force-unsafe-io"])
            .args(LEFT_OUT.map(|name| format!("--dpkgopt=path-exclude=/usr/share/{name}/*")))
            .arg(format!("--customize-hook='{}' \"$1\"", configure.display()))
            .arg(suite.name)
            .arg(&tar)
            .arg(&sources),
    )?;
    cache::make(&tree)?;
    let image = directory.0.join("disk.img");
    let unpack = ["--extract", "--numeric-owner", "--preserve-permissions", "--exclude=./dev/*"];
    let packed =
        command::output(as_owner("tar").args(unpack).arg("-C").arg(&tree).arg("-f").arg(&tar)).and_then(|_| {
            let options = ["-q", "-t", "ext4", "-m", "0", "-O", "^has_journal", "-d"];
            command::output(as_owner("mke2fs").args(options).arg(&tree).arg(&image).arg("600M"))
        });
    // Files of other users of the guest, which only who made them can remove.
    let removed = command::output(as_owner("rm").arg("-rf").arg(&tree));
    packed.and(removed)?;
    fs::rename(&image, disk).map_err(|error| format!("cannot put {} in place: {error}", disk.display()))
}

/// A disk with what is in a directory.
///
/// # Errors
/// When it cannot be made.
pub fn of_directory(directory: &Path, disk: &Path) -> Result<(), String> {
    command::require(&[("mke2fs", "e2fsprogs")])?;
    let options = ["-q", "-t", "ext4", "-m", "0", "-O", "^has_journal", "-E", "root_owner=0:0", "-d"];
    command::output(Command::new("mke2fs").args(options).arg(directory).arg(disk).arg("256M")).map(drop)
}

/// A program that runs as root, or as somebody who looks like root and may own the files of other users.
fn as_owner(program: &str) -> Command {
    let path = command::find(program).unwrap_or_else(|| program.into());
    if command::is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--map-auto", "--setuid=0", "--setgid=0"]).arg(path);
    command
}
