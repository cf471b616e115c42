//! What is needed to boot one kernel: fetched once, then taken from the cache.

use crate::apt::Apt;
use crate::machine::Machine;
use crate::suite::{self, Suite};
use crate::{cache, kernel, userland};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The files of one kernel.
#[derive(Clone, Debug)]
pub struct Stock {
    /// The kernel's suite.
    pub suite: &'static str,
    /// The kernel's package, with its version.
    pub version: String,
    /// The kernel itself.
    pub kernel: PathBuf,
    /// The archive with the first file system.
    pub userland: PathBuf,
}

/// Until then `take` does not ask the mirror again.
const FRESH: Duration = Duration::from_secs(7 * 24 * 3600);

/// Gets the newest kernel and userland of a suite.
///
/// # Errors
/// When the mirror cannot be reached or lacks something.
pub fn fetch(name: &str, machine: &Machine) -> Result<Stock, String> {
    let suite = suite::named(name)?;
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
    cache::write(&record_path(suite, machine)?, record.as_bytes())?;
    Ok(Stock { suite: suite.name, version, kernel, userland })
}

/// Takes a suite's files from the cache; fetches them where they are missing or a week old.
///
/// # Errors
/// When they are not in the cache and cannot be fetched.
pub fn take(name: &str, machine: &Machine) -> Result<Stock, String> {
    let suite = suite::named(name)?;
    let path = record_path(suite, machine)?;
    let cached = recorded(suite, &path);
    let age = fs::metadata(&path).and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    if let (Some(stock), Some(true)) = (&cached, age.map(|age| age < FRESH)) {
        return Ok(stock.clone());
    }
    match (fetch(name, machine), cached) {
        (Err(reason), Some(stock)) => {
            eprintln!("lab: taking {} from the cache, since no newer one can be had: {reason}", stock.version);
            Ok(stock)
        }
        (fetched, _) => fetched,
    }
}

fn record_path(suite: &Suite, machine: &Machine) -> Result<PathBuf, String> {
    let directory = cache::directory()?.join("current");
    cache::make(&directory)?;
    Ok(directory.join(format!("{}-{}", suite.name, machine.debian)))
}

fn recorded(suite: &Suite, path: &std::path::Path) -> Option<Stock> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let version = lines.next()?.to_owned();
    lines.next().filter(|layout| *layout == userland::layout())?;
    let kernel = PathBuf::from(lines.next()?);
    let userland = PathBuf::from(lines.next()?);
    (kernel.is_file() && userland.is_file()).then_some(Stock { suite: suite.name, version, kernel, userland })
}
