//! Drop-ins, the lock and the journal on a real file system, below a temporary root directory.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "lays files out; a test may end in a panic"
)]

mod durability;
mod facts;
mod hostile;
mod lock;
mod logs;
mod programs;
mod reading;
mod running;
mod writing;

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use audit_rules::rules_d::{Directory, Root};
use tempfile::TempDir;

const RULES_D: &str = "/etc/audit/rules.d";

/// A root directory that goes away with the test.
struct Scene {
    place: TempDir,
}

impl Scene {
    /// With `/etc/audit/rules.d`, nobody but the owner may write.
    fn new() -> Self {
        // Closed whatever the umask, which one of the tests changes for all.
        let permissions = fs::Permissions::from_mode(0o700);
        let scene = Self { place: tempfile::Builder::new().permissions(permissions).tempdir().unwrap() };
        scene.directory(RULES_D);
        scene
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.place.path().join(inside.trim_start_matches('/'))
    }

    fn directory(&self, inside: &str) -> &Self {
        fs::DirBuilder::new().recursive(true).mode(0o750).create(self.path(inside)).unwrap();
        self
    }

    fn file(&self, inside: &str, bytes: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(inside), bytes).unwrap();
        self
    }

    fn link(&self, inside: &str, target: impl AsRef<Path>) -> &Self {
        std::os::unix::fs::symlink(target, self.path(inside)).unwrap();
        self
    }

    fn mode(&self, inside: &str, mode: u32) -> &Self {
        fs::set_permissions(self.path(inside), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn mode_of(&self, inside: &str) -> u32 {
        fs::symlink_metadata(self.path(inside)).unwrap().mode() & 0o7777
    }

    fn bytes_of(&self, inside: &str) -> Vec<u8> {
        fs::read(self.path(inside)).unwrap()
    }

    /// Every name in a directory, sorted.
    fn names(&self, inside: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(inside)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn root(&self) -> Root {
        Root::open(self.place.path()).unwrap()
    }

    fn rules_d(&self) -> Directory {
        self.root().directory(Path::new(RULES_D)).unwrap()
    }
}

fn owner() -> (u32, u32) {
    (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw())
}
