use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use audit_rules::rules_d::{
    Backup, Directory, Journal, JournalFile, JournalFound, Lock, NewFile, Problem, RUN_DIR, Root, Stage, boot_id,
};

use crate::{RULES_D, Scene, owner};

fn run_directory(scene: &Scene) -> Directory {
    scene.root().directory(Path::new(RUN_DIR)).unwrap()
}

/// Another process that holds the lock, until it is killed.
struct Holder(Child);

impl Holder {
    fn of(path: &Path) -> Self {
        let child = Command::new("flock").args(["--exclusive", "--no-fork"]).arg(path).args(["sleep", "60"]).spawn();
        let holder = Self(child.unwrap());
        let start = Instant::now();
        while Command::new("flock").arg("--nonblock").arg(path).arg("true").status().unwrap().success() {
            assert!(start.elapsed() < Duration::from_secs(10), "the other process never took the lock");
            sleep(Duration::from_millis(5));
        }
        holder
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_lock_lies_in_a_directory_that_only_its_owner_may_enter() {
    let scene = Scene::new();
    scene.directory("run");
    let lock = Lock::take(&mut run_directory(&scene), Duration::ZERO).unwrap();
    assert_eq!(lock.path(), scene.path("run/audit_rules/lock"));
    assert_eq!(scene.mode_of("run/audit_rules"), 0o700);
    assert_eq!(scene.mode_of("run/audit_rules/lock"), 0o600);
}

#[test]
fn a_second_run_waits_no_longer_than_it_is_told_and_says_how_long() {
    let scene = Scene::new();
    scene.directory("run");
    let mut run = run_directory(&scene);
    let held = Lock::take(&mut run, Duration::ZERO).unwrap();
    for wait in [Duration::ZERO, Duration::from_millis(60)] {
        let error = Lock::take(&mut run_directory(&scene), wait).unwrap_err();
        assert_eq!(error.kind(), "busy");
        let Problem::Busy { waited } = error.problem else { panic!("{error:?}") };
        assert!(waited >= wait);
    }
    drop(held);
    Lock::take(&mut run, Duration::ZERO).unwrap();
}

#[test]
fn another_process_is_kept_out_and_let_in_when_the_first_is_killed() {
    let scene = Scene::new();
    scene.directory("run");
    drop(Lock::take(&mut run_directory(&scene), Duration::ZERO).unwrap());
    let holder = Holder::of(&scene.path("run/audit_rules/lock"));
    assert_eq!(Lock::take(&mut run_directory(&scene), Duration::ZERO).unwrap_err().kind(), "busy");
    let waiter = {
        let mut run = run_directory(&scene);
        std::thread::spawn(move || Lock::take(&mut run, Duration::from_secs(30)))
    };
    drop(holder);
    assert!(waiter.join().unwrap().is_ok());
}

#[test]
fn another_root_is_locked_by_a_file_beside_the_hosts_lock() {
    let scene = Scene::new();
    scene.directory("run").directory("image").directory("other");
    let root = |inside: &str| Root::open(&scene.path(inside)).unwrap();
    let lock = Lock::take_other(&scene.root(), &root("image"), Duration::ZERO).unwrap();
    assert_eq!(lock.path().parent().unwrap(), scene.path("run/audit_rules"));
    assert_eq!(Lock::take_other(&scene.root(), &root("image"), Duration::ZERO).unwrap_err().kind(), "busy");
    Lock::take_other(&scene.root(), &root("other"), Duration::ZERO).unwrap();
    Lock::take(&mut run_directory(&scene), Duration::ZERO).unwrap();
    drop(lock);
    Lock::take_other(&scene.root(), &root("image"), Duration::ZERO).unwrap();
}

#[test]
fn the_file_of_another_root_goes_with_its_lock_and_two_are_never_inside() {
    let scene = Scene::new();
    scene.directory("run").directory("image");
    let take = |wait| Lock::take_other(&scene.root(), &Root::open(&scene.path("image")).unwrap(), wait);
    let lock = take(Duration::ZERO).unwrap();
    let path = lock.path().to_owned();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(lock);
    assert_eq!(scene.names("run/audit_rules"), [""; 0]);
    // Another one removes the file while it is waited for, and a third makes it anew.
    let first = std::fs::File::create(&path).unwrap();
    rustix::fs::flock(&first, rustix::fs::FlockOperation::LockExclusive).unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| take(Duration::from_secs(30)).unwrap().path().exists());
        sleep(Duration::from_millis(50));
        std::fs::remove_file(&path).unwrap();
        drop(first);
        assert!(waiter.join().unwrap(), "it holds the file of this name");
    });
    let inside = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let lock = take(Duration::from_secs(60)).unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "somebody else holds it too");
                    std::thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(lock);
                }
            });
        }
    });
    assert_eq!(scene.names("run/audit_rules"), [""; 0]);
}

#[test]
fn a_link_in_place_of_the_lock_is_refused() {
    let scene = Scene::new();
    scene.directory("run/audit_rules").mode("run/audit_rules", 0o700);
    scene.file("precious", "x").link("run/audit_rules/lock", scene.path("precious"));
    assert_eq!(Lock::take(&mut run_directory(&scene), Duration::ZERO).unwrap_err().kind(), "symlink_in_path");
}

fn journal() -> Journal {
    Journal {
        pid: 42,
        boot_id: boot_id().unwrap(),
        started: 1_700_000_000,
        paths: vec!["/etc/audit/rules.d/30-identity.rules".into()],
        rcu_expedited: Some(0),
        change: Some(serde_json::json!({"version": 1})),
    }
}

#[test]
fn a_journal_is_read_back_as_it_was_written_until_it_is_removed() {
    let scene = Scene::new();
    scene.directory("run/audit_rules");
    let run = run_directory(&scene);
    let file = JournalFile::new(&run);
    assert_eq!(file.read(), Ok(JournalFound::Nothing));
    file.write(&journal()).unwrap();
    assert_eq!(file.read(), Ok(JournalFound::Whole(journal())));
    let later = Journal { rcu_expedited: None, ..journal() };
    file.write(&later).unwrap();
    assert_eq!(file.read(), Ok(JournalFound::Whole(later)));
    file.remove().unwrap();
    assert_eq!(file.read(), Ok(JournalFound::Nothing));
    file.remove().unwrap();
    assert_eq!(scene.names("run/audit_rules"), [""; 0]);
}

#[test]
fn a_torn_or_foreign_journal_is_data_and_no_error() {
    let scene = Scene::new();
    scene.directory("run/audit_rules");
    let run = run_directory(&scene);
    let file = JournalFile::new(&run);
    file.write(&journal()).unwrap();
    let whole = scene.bytes_of("run/audit_rules/journal");
    let foreign = br#"{"format":"other","pid":1,"boot_id":"","started":0,"paths":[],"rcu_expedited":null}"#;
    for bytes in [&whole[..whole.len() / 2], b"", b"\xff\xfe", b"[]", foreign] {
        scene.file("run/audit_rules/journal", bytes);
        assert!(matches!(file.read(), Ok(JournalFound::Unreadable(why)) if !why.is_empty()), "{bytes:?}");
    }
}

#[test]
fn the_journal_and_drop_ins_of_one_run_do_not_disturb_each_other() {
    let scene = Scene::new();
    scene.directory("run");
    let mut run = run_directory(&scene);
    let _lock = Lock::take(&mut run, Duration::ZERO).unwrap();
    let rules_d = scene.rules_d();
    let (uid, gid) = owner();
    let mut stage = Stage::new();
    stage.put(&rules_d, "a.rules".as_ref(), &NewFile::new(b"-w /a\n", 0o640, uid, gid), Backup::None).unwrap();
    JournalFile::new(&run).write(&journal()).unwrap();
    stage.publish().unwrap();
    JournalFile::new(&run).remove().unwrap();
    assert_eq!((scene.names(RULES_D), scene.names("run/audit_rules")), (vec!["a.rules".into()], vec!["lock".into()]));
}
