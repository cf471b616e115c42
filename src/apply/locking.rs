//! The lock that keeps two runs on one root directory apart.

use std::path::Path;
use std::time::Duration;

use super::file;
use crate::error::Problem;
use crate::intent::ApplyIntent;
use crate::rules_d::{Directory, Lock, RUN_DIR, Root};
use crate::world::World;

/// The directory of the lock and the journal of the running host; none for another one. The root directory of the running
/// host may be seen from a container: its runs use the lock of the host's own.
pub(super) fn run_directory(
    intent: &ApplyIntent,
    world: &World<'_>,
    root: &Root,
) -> Result<Option<Directory>, Vec<Problem>> {
    let is_hosts = world.standing.host_root.is_some() && root.id().ok() == world.standing.host_root;
    if !intent.place.is_live() && !is_hosts {
        return Ok(None);
    }
    match root.directory(Path::new(RUN_DIR)) {
        // Check mode needs no privilege of its own: without it, it does not know what a locked kernel waits for.
        Err(_) if intent.check_mode => Ok(None),
        found => found.map(Some).map_err(file),
    }
}

pub(super) fn lock(
    intent: &ApplyIntent,
    world: &World<'_>,
    run_dir: Option<&mut Directory>,
    root: &Root,
) -> Result<Lock, Vec<Problem>> {
    let wait = Duration::from_secs(intent.lock_timeout.into());
    match run_dir {
        Some(run_dir) => Lock::take(run_dir, wait).map_err(file),
        None => Lock::take_other(&Root::open(&world.root).map_err(file)?, root, wait).map_err(file),
    }
}
