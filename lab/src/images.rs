//! What is needed to boot one kernel: fetched once, then taken from the cache.

use crate::apt::Apt;
use crate::machine::{self, Machine};
use crate::suite::{self, Suite};
use crate::{cache, kernel, userland};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `--kernel` names: a suite's kernel, for a machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The kernel's suite.
    pub suite: &'static Suite,
    /// The machine that it runs on.
    pub machine: &'static Machine,
}

impl Choice {
    /// Reads `SUITE` or `SUITE/ARCH`.
    ///
    /// # Errors
    /// With the names that exist.
    pub fn read(text: &str) -> Result<Self, String> {
        let (suite, machine) = match text.split_once('/') {
            Some((suite, name)) => (suite, machine::named(name)?),
            None => (text, machine::of_this_host()?),
        };
        Ok(Self { suite: suite::named(suite)?, machine })
    }

    /// What else the cache calls it.
    fn label(&self) -> String {
        format!("{}-{}", self.suite.name, self.machine.debian)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.suite.name, self.machine.name)
    }
}

/// The files of one kernel.
#[derive(Clone, Debug)]
pub struct Images {
    /// The kernel's suite and machine.
    pub choice: Choice,
    /// The kernel's package, with its version.
    pub version: String,
    /// The kernel itself.
    pub kernel: PathBuf,
    /// The archive with the first file system.
    pub userland: PathBuf,
}

/// Until then `take` does not ask the mirror again.
const FRESH: Duration = Duration::from_secs(7 * 24 * 3600);

/// Gets the newest kernel and userland. A mirror of security updates may be halfway through its own update, or keep
/// less than the lists say: then the suite does without.
///
/// # Errors
/// When the mirror cannot be reached or lacks something.
pub fn fetch(choice: Choice) -> Result<Images, String> {
    let reason = match fetch_from(choice, choice.suite) {
        Err(reason) if choice.suite.security.is_some() => reason,
        fetched => return fetched,
    };
    let images = fetch_from(choice, &choice.suite.without_security())
        .map_err(|other| format!("{other}; and with security updates: {reason}"))?;
    eprintln!("lab: {choice}: {}, without security updates, since {reason}", images.version);
    Ok(images)
}

fn fetch_from(choice: Choice, suite: &Suite) -> Result<Images, String> {
    let machine = choice.machine;
    // Without one of them a kernel stays compressed, which only costs time: ask for them only where that is free.
    if crate::command::is_root() {
        crate::command::require(&[("xz", "xz-utils"), ("zstd", "zstd")])?;
    }
    crate::command::require(&[("readelf", "binutils")])?;
    let apt = Apt::update(suite, &[machine.debian])?;
    let kernel_package = kernel::newest(&apt, machine)?;
    let kernel = kernel::unpack(&apt, &kernel_package, suite)?;
    let userland_packages = userland::newest(&apt)?;
    let userland = userland::pack(&apt, &userland_packages, suite, machine)?;
    let version = kernel_package.file.trim_end_matches(".deb").to_owned();
    let record = format!("{version}\n{}\n{}\n{}\n", userland::layout(), kernel.display(), userland.display());
    cache::write(&record_path(choice)?, record.as_bytes())?;
    Ok(Images { choice, version, kernel, userland })
}

/// Takes the files from the cache; fetches them where they are missing or a week old.
///
/// # Errors
/// When they are not in the cache and cannot be fetched.
pub fn take(choice: Choice) -> Result<Images, String> {
    let path = record_path(choice)?;
    let cached = recorded(choice, &path);
    let age = fs::metadata(&path).and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    if let (Some(images), Some(true)) = (&cached, age.map(|age| age < FRESH)) {
        return Ok(images.clone());
    }
    match (fetch(choice), cached) {
        (Err(reason), Some(images)) => {
            eprintln!("lab: taking {} from the cache, since no newer one can be had: {reason}", images.version);
            Ok(images)
        }
        (fetched, _) => fetched,
    }
}

fn record_path(choice: Choice) -> Result<PathBuf, String> {
    let directory = cache::directory()?.join("current");
    cache::make(&directory)?;
    Ok(directory.join(choice.label()))
}

fn recorded(choice: Choice, path: &Path) -> Option<Images> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let version = lines.next()?.to_owned();
    lines.next().filter(|layout| *layout == userland::layout())?;
    let kernel = PathBuf::from(lines.next()?);
    let userland = PathBuf::from(lines.next()?);
    (kernel.is_file() && userland.is_file()).then_some(Images { choice, version, kernel, userland })
}
