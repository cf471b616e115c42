//! The order of the system calls by which a file comes to be: what a crash between any two of them leaves is whole.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use audit_rules::rules_d::{Backup, Journal, JournalFile, Lock, NewFile, RUN_DIR, Stage, fault};

use crate::{RULES_D, Scene, owner};

const CHANGING: [&str; 8] = [fault::CREATE, "fchmod", "fchown", "fsetxattr", "write", "fsync", "renameat", "unlinkat"];

/// The calls of some work that change something, in their order.
fn calls(work: impl FnOnce()) -> Vec<&'static str> {
    fault::mend();
    work();
    fault::mend().into_iter().filter(|call| CHANGING.contains(call)).collect()
}

#[test]
fn a_file_has_its_mode_before_its_bytes_and_is_on_disk_before_it_has_its_name() {
    let scene = Scene::new();
    let (directory, (uid, gid)) = (scene.rules_d(), owner());
    let made = calls(|| {
        let mut stage = Stage::new();
        let wanted = NewFile::new(b"-w /a\n", 0o640, uid, gid);
        stage.put(&directory, OsStr::new("a.rules"), &wanted, Backup::None).unwrap();
        stage.publish().unwrap();
    });
    // What is unlinked is the temporary name, which is gone by then; the last call has the directory on disk.
    assert_eq!(made, [fault::CREATE, "fchmod", "write", "fsync", "renameat", "unlinkat", "fsync"]);
}

#[test]
fn a_file_on_its_way_is_never_open_to_others() {
    let scene = Scene::new();
    let (directory, (uid, gid)) = (scene.rules_d(), owner());
    let put = || {
        let mut stage = Stage::new();
        let wanted = NewFile::new(b"-w /a\n", 0o640, uid, gid);
        stage.put(&directory, OsStr::new("a.rules"), &wanted, Backup::None).unwrap();
        stage.publish().unwrap();
    };
    fault::mend();
    put();
    let made = fault::mend();
    let place = u32::try_from(made.iter().position(|call| *call == "fchmod").unwrap()).unwrap() + 1;
    let (modes, rules_d) = (Rc::new(RefCell::new(Vec::new())), scene.path(RULES_D));
    let seen = Rc::clone(&modes);
    fault::before(place, move || {
        let entries = fs::read_dir(rules_d).unwrap().map(|entry| entry.unwrap());
        let hidden = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
        seen.borrow_mut().extend(hidden.map(|entry| entry.metadata().unwrap().mode() & 0o7777));
    });
    put();
    fault::mend();
    assert_eq!(*modes.borrow(), [0o600]);
}

#[test]
fn all_files_are_on_disk_before_the_first_is_seen_and_all_names_before_the_run_goes_on() {
    let scene = Scene::new();
    scene.file("etc/audit/rules.d/gone.rules", "-w /gone\n").file("etc/audit/audit.rules", "old\n");
    let (rules_d, audit) = (scene.rules_d(), scene.root().directory(Path::new("/etc/audit")).unwrap());
    let (uid, gid) = owner();
    let made = calls(|| {
        let mut stage = Stage::new();
        let wanted = NewFile::new(b"-w /a\n", 0o640, uid, gid);
        stage.put(&rules_d, OsStr::new("a.rules"), &wanted, Backup::None).unwrap();
        stage.remove(&rules_d, OsStr::new("gone.rules"), Backup::None).unwrap();
        stage.put(&audit, OsStr::new("audit.rules"), &wanted, Backup::Previous).unwrap();
        stage.publish().unwrap();
    });
    let first = made.iter().position(|call| *call == "renameat").unwrap();
    let last = made.iter().rposition(|call| ["renameat", "unlinkat"].contains(call)).unwrap();
    let count = |calls: &[&str], name: &str| calls.iter().filter(|call| **call == name).count();
    assert_eq!(
        (count(&made[..first], "write"), count(&made[..first], "fsync")),
        (3, 3),
        "two files and a copy: {made:?}"
    );
    assert_eq!(made[last + 1..], ["fsync", "fsync"], "both directories: {made:?}");
    assert_eq!(count(&made[first..last], "write"), 0, "{made:?}");
}

#[test]
fn a_journal_is_on_disk_before_the_run_goes_on_and_gone_from_it_after_the_run() {
    let scene = Scene::new();
    scene.directory("run");
    let mut directory = scene.root().directory(Path::new(RUN_DIR)).unwrap();
    let _lock = Lock::take(&mut directory, Duration::ZERO).unwrap();
    let file = JournalFile::new(&directory);
    let journal: Journal = Journal {
        pid: 1,
        boot_id: "b".to_owned(),
        started: 2,
        paths: vec![RULES_D.to_owned()],
        rcu_expedited: Some(0),
        change: None,
    };
    let made = calls(|| file.write(&journal).unwrap());
    assert_eq!(made, [fault::CREATE, "fchmod", "write", "fsync", "renameat", "unlinkat", "fsync"]);
    assert_eq!(calls(|| file.remove().unwrap()), ["unlinkat", "fsync"]);
}
