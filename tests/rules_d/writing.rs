use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use audit_rules::rules_d::{Backup, Directory, Links, Lock, NewFile, Published, Stage, effective_mode};

use crate::{RULES_D, Scene, owner};

fn wanted(bytes: &[u8], mode: u32) -> NewFile<'_> {
    let (uid, gid) = owner();
    NewFile::new(bytes, mode, uid, gid)
}

fn put(directory: &Directory, name: &str, wanted: &NewFile<'_>, backup: Backup) -> Published {
    let mut stage = Stage::new();
    stage.put(directory, OsStr::new(name), wanted, backup).unwrap();
    stage.publish().unwrap()
}

#[test]
fn a_new_file_has_exactly_its_bytes_and_mode_whatever_the_umask() {
    for umask in [0o000, 0o022, 0o077] {
        let scene = Scene::new();
        let before = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(umask));
        let published = put(&scene.rules_d(), "a.rules", &wanted(b"-w /a\n", 0o640), Backup::None);
        nix::sys::stat::umask(before);
        assert_eq!(published.paths, [scene.path("etc/audit/rules.d/a.rules")]);
        assert_eq!(scene.bytes_of("etc/audit/rules.d/a.rules"), b"-w /a\n");
        assert_eq!(scene.mode_of("etc/audit/rules.d/a.rules"), 0o640);
        assert_eq!(scene.names(RULES_D), ["a.rules"]);
    }
}

#[test]
fn a_replaced_file_is_a_new_inode_so_that_no_reader_sees_half_of_it() {
    let scene = Scene::new();
    scene.file("etc/audit/rules.d/a.rules", "-w /old\n");
    let old = fs::metadata(scene.path("etc/audit/rules.d/a.rules")).unwrap().ino();
    put(&scene.rules_d(), "a.rules", &wanted(b"-w /new\n", 0o600), Backup::None);
    let new = fs::metadata(scene.path("etc/audit/rules.d/a.rules")).unwrap();
    assert_ne!(new.ino(), old);
    assert_eq!(new.mode() & 0o7777, 0o600);
    assert_eq!(scene.bytes_of("etc/audit/rules.d/a.rules"), b"-w /new\n");
}

#[test]
fn an_existing_mode_is_never_widened() {
    let rows = [
        (0o640, None, 0o640),
        (0o640, Some(0o600), 0o600),
        (0o640, Some(0o666), 0o640),
        (0o600, Some(0o640), 0o600),
        (0o640, Some(0o440), 0o440),
        (0o640, Some(0o604), 0o600),
    ];
    for (wanted, existing, effective) in rows {
        assert_eq!(effective_mode(wanted, existing), effective, "{wanted:o} over {existing:?}");
    }
}

#[test]
fn nothing_is_seen_before_publishing_and_nothing_stays_of_a_dropped_stage() {
    let scene = Scene::new();
    scene.file("etc/audit/rules.d/a.rules", "-w /old\n").file("etc/audit/rules.d/gone.rules", "-w /gone\n");
    let directory = scene.rules_d();
    let mut stage = Stage::new();
    stage.put(&directory, OsStr::new("a.rules"), &wanted(b"-w /new\n", 0o640), Backup::Dated).unwrap();
    stage.put(&directory, OsStr::new("b.rules"), &wanted(b"-w /b\n", 0o640), Backup::None).unwrap();
    stage.remove(&directory, OsStr::new("gone.rules"), Backup::None).unwrap();

    assert_eq!(scene.names(RULES_D).len(), 5, "three temporaries beside the two files");
    let listing = directory.read(&scene.root(), Links::Refused).unwrap();
    let visible: Vec<_> = listing.drop_ins.iter().map(|drop_in| drop_in.state.bytes.as_slice()).collect();
    assert_eq!(visible, [b"-w /old\n".as_slice(), b"-w /gone\n"]);

    drop(stage);
    assert_eq!(scene.names(RULES_D), ["a.rules", "gone.rules"]);
}

#[test]
fn several_files_are_published_in_their_order() {
    let scene = Scene::new();
    scene.file("etc/audit/rules.d/gone.rules", "-w /gone\n").file("etc/audit/audit.rules", "old\n");
    let (rules_d, audit) = (scene.rules_d(), scene.root().directory(Path::new("/etc/audit")).unwrap());
    let mut stage = Stage::new();
    stage.put(&rules_d, OsStr::new("b.rules"), &wanted(b"-w /b\n", 0o640), Backup::None).unwrap();
    stage.remove(&rules_d, OsStr::new("gone.rules"), Backup::None).unwrap();
    stage.put(&audit, OsStr::new("audit.rules"), &wanted(b"new\n", 0o640), Backup::Previous).unwrap();
    let published = stage.publish().unwrap();
    let paths = ["etc/audit/rules.d/b.rules", "etc/audit/rules.d/gone.rules", "etc/audit/audit.rules"];
    assert_eq!(published.paths, paths.map(|path| scene.path(path)));
    assert_eq!(scene.names(RULES_D), ["b.rules"]);
    assert_eq!(scene.names("etc/audit"), ["audit.rules", "audit.rules.prev", "rules.d"]);
    assert_eq!(scene.bytes_of("etc/audit/audit.rules.prev"), b"old\n");
    assert_eq!(scene.mode_of("etc/audit/audit.rules.prev") & 0o137, 0);
}

#[test]
fn publishing_that_stops_half_way_says_what_is_done_and_leaves_no_temporary() {
    let scene = Scene::new();
    let directory = scene.rules_d();
    let mut stage = Stage::new();
    for name in ["a.rules", "b.rules", "c.rules"] {
        stage.put(&directory, OsStr::new(name), &wanted(b"-w /x\n", 0o640), Backup::None).unwrap();
    }
    // Renaming a file over a directory fails; the directory came after staging.
    scene.directory("etc/audit/rules.d/b.rules");
    let error = stage.publish().unwrap_err();
    assert_eq!(error.published.paths, [scene.path("etc/audit/rules.d/a.rules")]);
    assert_eq!(error.error.path, scene.path("etc/audit/rules.d/b.rules"));
    assert!(error.error.message().contains("untouched"), "{}", error.error.message());
    assert_eq!(scene.names(RULES_D), ["a.rules", "b.rules"]);
}

#[test]
fn a_dated_backup_holds_the_old_bytes_and_mode_and_is_no_drop_in() {
    let scene = Scene::new();
    scene.file("etc/audit/rules.d/a.rules", "-w /old\n").mode("etc/audit/rules.d/a.rules", 0o600);
    let published = put(&scene.rules_d(), "a.rules", &wanted(b"-w /new\n", 0o600), Backup::Dated);
    let [(original, copy)] = published.backups.as_slice() else { panic!("{published:?}") };
    assert_eq!(original, &scene.path("etc/audit/rules.d/a.rules"));
    let name = copy.file_name().unwrap().to_str().unwrap();
    let prefix = format!("a.rules.{}.", std::process::id());
    let date = name.strip_prefix(&prefix).unwrap();
    let shape: String = date.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert_eq!(shape, "0000-00-00@00:00:00~");
    assert_eq!(fs::read(copy).unwrap(), b"-w /old\n");
    assert_eq!(fs::metadata(copy).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(scene.rules_d().read(&scene.root(), Links::Refused).unwrap().drop_ins.len(), 1);
}

#[test]
#[ignore = "needs root, and a temporary directory on a file system with extended attributes"]
fn a_replaced_file_keeps_its_selinux_label() {
    let scene = Scene::new();
    let path = scene.path("etc/audit/rules.d/a.rules");
    let label = b"system_u:object_r:auditd_etc_t:s0\0";
    scene.file("etc/audit/rules.d/a.rules", "-w /old\n");
    rustix::fs::setxattr(&path, "security.selinux", label, rustix::fs::XattrFlags::empty()).unwrap();
    put(&scene.rules_d(), "a.rules", &wanted(b"-w /new\n", 0o640), Backup::None);
    let mut kept = vec![0; 256];
    let length = rustix::fs::getxattr(&path, "security.selinux", kept.as_mut_slice()).unwrap();
    assert_eq!(&kept[..length], label);
}

#[test]
#[ignore = "needs root"]
fn a_file_gets_the_owner_and_group_that_it_is_given() {
    let scene = Scene::new();
    scene.file("etc/audit/rules.d/a.rules", "-w /old\n");
    put(&scene.rules_d(), "a.rules", &NewFile::new(b"-w /new\n", 0o640, 12, 34), Backup::None);
    let file = fs::metadata(scene.path("etc/audit/rules.d/a.rules")).unwrap();
    assert_eq!((file.uid(), file.gid(), file.mode() & 0o7777), (12, 34, 0o640));
}

#[test]
fn there_is_no_backup_of_a_file_that_was_not_there() {
    let scene = Scene::new();
    let published = put(&scene.rules_d(), "a.rules", &wanted(b"", 0o640), Backup::Dated);
    assert_eq!(published.backups, []);
    assert_eq!(scene.names(RULES_D), ["a.rules"]);
}

#[test]
fn missing_directories_are_created_closed_to_others_and_can_be_taken_back() {
    let scene = Scene::new();
    let mut directory = scene.root().directory(Path::new("/etc/new/deep/rules.d")).unwrap();
    let paths = ["etc/new", "etc/new/deep", "etc/new/deep/rules.d"];
    assert_eq!(directory.missing(), paths.map(|path| scene.path(path)));
    let umask = nix::sys::stat::umask(nix::sys::stat::Mode::empty());
    directory.create().unwrap();
    nix::sys::stat::umask(umask);
    assert!(directory.exists() && directory.missing().is_empty());
    for path in paths {
        assert_eq!(scene.mode_of(path), 0o750);
    }
    put(&directory, "a.rules", &wanted(b"-w /a\n", 0o640), Backup::None);
    assert_eq!(scene.names("etc/new/deep/rules.d"), ["a.rules"]);

    fs::remove_file(scene.path("etc/new/deep/rules.d/a.rules")).unwrap();
    directory.discard().unwrap();
    assert_eq!(scene.names("etc"), ["audit"]);
}

#[test]
fn a_write_into_a_missing_directory_is_an_error() {
    let scene = Scene::new();
    let directory = scene.root().directory(Path::new("/etc/new")).unwrap();
    let mut stage = Stage::new();
    let error = stage.put(&directory, OsStr::new("a.rules"), &wanted(b"", 0o640), Backup::None).unwrap_err();
    assert_eq!(error.kind(), "no_directory");
}

#[test]
fn what_a_killed_run_left_is_taken_away_by_the_next_and_nothing_else() {
    let scene = Scene::new();
    for name in [".audit_rules-77-0.tmp", ".audit_rules-77-1.tmp", ".other.tmp", ".audit_rules-x", "a.rules"] {
        scene.file(&format!("etc/audit/rules.d/{name}"), "");
    }
    scene.directory("etc/audit/rules.d/.audit_rules-77-2.tmp");
    let directory = scene.rules_d();
    let lock = Lock::take_other(&scene.root(), &scene.root(), Duration::ZERO).unwrap();
    assert_eq!(directory.remove_stale(&lock).unwrap().len(), 2);
    assert_eq!(scene.names(RULES_D), [".audit_rules-77-2.tmp", ".audit_rules-x", ".other.tmp", "a.rules"]);
}

#[test]
fn a_name_that_a_killed_run_left_does_not_stand_in_the_way_and_is_not_written_to() {
    let scene = Scene::new();
    scene.file("precious", "-w /of/value -p wa -k precious\n");
    let left = |number| format!("etc/audit/rules.d/.audit_rules-{}-{number}.tmp", std::process::id());
    for number in 0..200 {
        match number % 3 {
            0 => scene.link(&left(number), scene.path("precious")),
            1 => scene.link(&left(number), scene.path("missing")),
            _ => scene.file(&left(number), "-w /left/by/a/killed/run -k left\n"),
        };
    }
    put(&scene.rules_d(), "a.rules", &wanted(b"-w /a\n", 0o640), Backup::None);
    assert_eq!(scene.bytes_of("etc/audit/rules.d/a.rules"), b"-w /a\n");
    assert_eq!(scene.bytes_of("precious"), b"-w /of/value -p wa -k precious\n");
    assert!(!scene.path("missing").exists());
    for number in (2..200).step_by(3) {
        assert_eq!(scene.bytes_of(&left(number)), b"-w /left/by/a/killed/run -k left\n");
    }
}
