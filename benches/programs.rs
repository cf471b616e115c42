//! How long it takes to find the privileged programs among a million files: `cargo bench --bench programs`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "lays files out, and prints what it measures"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use audit_rules::rules_d::{Root, Storage};

const DIRECTORIES: u32 = 20_000;
const FILES: u32 = 50;
const ROUNDS: u32 = 5;
/// What it may take with every tenth file executable, as programs are among others, where the kernel knows the files already, in seconds.
const MOST: f64 = 5.0;

/// Directories in a hundred others; `executable` of ten files can be executed, so that they may have capabilities, and one of
/// all is setuid.
fn tree(root: &Path, executable: u32) {
    for at in 0..DIRECTORIES {
        let directory = root.join(format!("{}/{at}", at % 100));
        fs::create_dir_all(&directory).unwrap();
        for number in 0..FILES {
            let file = fs::File::create(directory.join(format!("file-{number}"))).unwrap();
            let mode = if number % 10 < executable { 0o755 } else { 0o644 };
            file.set_permissions(fs::Permissions::from_mode(mode)).unwrap();
        }
    }
    fs::set_permissions(root.join("99/99/file-9"), fs::Permissions::from_mode(0o4755)).unwrap();
}

fn main() {
    // A file system in memory, where there is one.
    let shared = Path::new("/dev/shm");
    let place = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() }.unwrap();
    let mut usual: f64 = 0.0;
    for executable in [1, 10] {
        let tree_root = place.path().join(executable.to_string());
        tree(&tree_root, executable);
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let found = Root::open(&tree_root).unwrap().programs(Storage::LeftOut, &|_| false, &mut |_| {}).unwrap();
            best = best.min(start.elapsed().as_secs_f64());
            assert_eq!(found.paths, [b"/99/99/file-9".to_vec()]);
        }
        println!("{} files, {executable} of 10 executable: {best:.2} s", DIRECTORIES * FILES);
        fs::remove_dir_all(tree_root).unwrap();
        usual = if executable == 1 { best } else { usual };
    }
    assert!(usual < MOST, "more than {MOST} s");
}
