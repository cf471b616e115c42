use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use audit_rules::rules_d::{Backup, FileError, Found, Left, Links, NewFile, Problem, Root, Stage};
use nix::sys::stat::Mode;

use crate::{RULES_D, Scene, owner};

fn put(scene: &Scene, name: &str) -> Result<(), FileError> {
    let directory = scene.root().directory(Path::new(RULES_D))?;
    let (uid, gid) = owner();
    let mut stage = Stage::new();
    stage.put(&directory, OsStr::new(name), &NewFile::new(b"-w /new\n", 0o640, uid, gid), Backup::None)?;
    stage.publish().map(|_| ()).map_err(|error| error.error)
}

#[test]
fn a_symbolic_link_at_any_component_is_refused_and_named() {
    for component in ["etc", "etc/audit", "etc/audit/rules.d"] {
        let scene = Scene::new();
        let moved = scene.path("moved");
        fs::rename(scene.path(component), &moved).unwrap();
        scene.link(component, &moved);
        let error = scene.root().directory(Path::new(RULES_D)).unwrap_err();
        assert_eq!(error.problem, Problem::SymlinkInPath { component: scene.path(component) });
        assert_eq!(error.kind(), "symlink_in_path");
        assert!(error.message().contains(scene.path(component).to_str().unwrap()), "{}", error.message());
    }
}

#[test]
fn a_symbolic_link_in_place_of_a_drop_in_is_neither_read_nor_written_through() {
    let scene = Scene::new();
    scene.file("etc/passwd", "root:x:0:0\n").link("etc/audit/rules.d/99-x.rules", "/etc/passwd");
    let relative = Scene::new();
    relative.file("etc/passwd", "root:x:0:0\n").link("etc/audit/rules.d/99-x.rules", "../../passwd");
    for scene in [scene, relative] {
        let component = scene.path("etc/audit/rules.d/99-x.rules");
        let problem = Problem::SymlinkInPath { component };
        assert_eq!(scene.rules_d().read(&scene.root(), Links::Refused).unwrap_err()[0].problem, problem);
        assert_eq!(put(&scene, "99-x.rules").unwrap_err().problem, problem);
        assert_eq!(scene.bytes_of("etc/passwd"), b"root:x:0:0\n");
        assert_eq!(scene.names(RULES_D), ["99-x.rules"]);
    }
}

#[test]
fn a_directory_that_others_may_write_to_is_refused_and_named() {
    for component in ["etc", "etc/audit", "etc/audit/rules.d"] {
        for mode in [0o777, 0o770, 0o1777, 0o757] {
            let scene = Scene::new();
            scene.mode(component, mode);
            let error = put(&scene, "a.rules").unwrap_err();
            assert_eq!(error.problem, Problem::WritableByOthers { component: scene.path(component), mode });
            assert_eq!(error.kind(), "directory_writable_by_others");
            assert_eq!(scene.names(RULES_D), [""; 0]);
        }
    }
}

#[test]
fn such_a_directory_can_still_be_read() {
    let scene = Scene::new();
    scene.file("etc/audit/rules.d/a.rules", "-w /a\n").mode(RULES_D, 0o777);
    assert_eq!(scene.rules_d().read(&scene.root(), Links::Refused).unwrap().drop_ins.len(), 1);
}

#[test]
fn a_file_in_place_of_a_directory_is_refused() {
    let scene = Scene::new();
    scene.file("etc/file", "");
    let error = scene.root().directory(Path::new("/etc/file/rules.d")).unwrap_err();
    assert_eq!(error.problem, Problem::NotADirectory { component: scene.path("etc/file"), found: Found::File });
}

#[test]
fn a_fifo_blocks_neither_a_reader_nor_a_writer() {
    let scene = Scene::new();
    nix::unistd::mkfifo(&scene.path("etc/audit/rules.d/f.rules"), Mode::S_IRWXU).unwrap();
    let problem = Problem::NotARegularFile { found: Found::Fifo };
    let read = scene.rules_d().read(&scene.root(), Links::Refused).unwrap_err();
    assert_eq!(read.iter().map(|error| &error.problem).collect::<Vec<_>>(), [&problem]);
    assert_eq!(put(&scene, "f.rules").unwrap_err().problem, problem);
}

#[test]
fn every_bad_drop_in_is_reported_at_once() {
    let scene = Scene::new();
    scene.file("etc/target", "").link("etc/audit/rules.d/2.rules", "/etc/target");
    nix::unistd::mkfifo(&scene.path("etc/audit/rules.d/1.rules"), Mode::S_IRWXU).unwrap();
    std::os::unix::net::UnixListener::bind(scene.path("etc/audit/rules.d/3.rules")).unwrap();
    scene.file("etc/audit/rules.d/4.rules", "-w /a\n");
    let errors = scene.rules_d().read(&scene.root(), Links::Refused).unwrap_err();
    let kinds: Vec<_> = errors.iter().map(FileError::kind).collect();
    assert_eq!(kinds, ["not_a_regular_file", "symlink_in_path", "not_a_regular_file"]);
}

#[test]
fn a_device_is_not_opened() {
    let devices = Root::open(Path::new("/")).unwrap().directory(Path::new("/dev")).unwrap();
    let error = devices.state(OsStr::new("null")).unwrap_err();
    assert_eq!(error.problem, Problem::NotARegularFile { found: Found::CharacterDevice });
}

#[test]
fn a_file_larger_than_the_limit_is_refused() {
    let scene = Scene::new();
    let file = fs::File::create(scene.path("etc/audit/rules.d/a.rules")).unwrap();
    file.set_len(audit_rules::rules_d::MAX_FILE + 1).unwrap();
    let error = scene.rules_d().read(&scene.root(), Links::Refused).unwrap_err().remove(0);
    assert_eq!((error.kind(), error.path), ("too_large", scene.path("etc/audit/rules.d/a.rules")));
}

#[test]
fn a_directory_in_place_of_a_drop_in_is_not_replaced() {
    let scene = Scene::new();
    scene.directory("etc/audit/rules.d/a.rules");
    assert_eq!(put(&scene, "a.rules").unwrap_err().problem, Problem::NotARegularFile { found: Found::Directory });
}

#[test]
#[ignore = "needs root, and a temporary directory on a file system that knows chattr"]
fn an_immutable_or_append_only_inode_is_refused_before_any_change() {
    for (attribute, append_only) in [("i", false), ("a", true)] {
        for inside in ["etc/audit/rules.d", "etc/audit/rules.d/a.rules"] {
            let scene = Scene::new();
            scene.file("etc/audit/rules.d/a.rules", "-w /old\n");
            let component = scene.path(inside);
            chattr(&format!("+{attribute}"), &component);
            let result = put(&scene, "a.rules");
            chattr(&format!("-{attribute}"), &component);
            let error = result.unwrap_err();
            assert_eq!(error.problem, Problem::ImmutableInode { component, append_only });
            assert_eq!((error.kind(), error.left), ("target_immutable_inode", Left::Old));
            assert_eq!(scene.bytes_of("etc/audit/rules.d/a.rules"), b"-w /old\n");
            assert_eq!(scene.names(RULES_D), ["a.rules"]);
        }
    }
}

#[test]
#[ignore = "needs root"]
fn a_directory_of_another_user_is_refused() {
    let scene = Scene::new();
    std::os::unix::fs::chown(scene.path("etc/audit"), Some(1234), None).unwrap();
    let error = put(&scene, "a.rules").unwrap_err();
    assert_eq!(error.problem, Problem::ForeignOwner { component: scene.path("etc/audit"), uid: 1234 });
}

#[test]
#[ignore = "needs root and a mount namespace of its own: unshare -m"]
fn a_read_only_file_system_is_refused_before_any_change() {
    let scene = Scene::new();
    mount(&["-t", "tmpfs", "-o", "ro,mode=0750", "tmpfs"], &scene.path(RULES_D));
    let looked = scene.rules_d().obstacles(&[]);
    let result = put(&scene, "a.rules");
    assert!(Command::new("umount").arg(scene.path(RULES_D)).status().unwrap().success());
    assert_eq!(looked.iter().map(|error| &error.problem).collect::<Vec<_>>(), [&Problem::ReadOnlyFileSystem]);
    assert_eq!(result.unwrap_err().problem, Problem::ReadOnlyFileSystem);
}

#[test]
#[ignore = "needs root and a mount namespace of its own: unshare -m"]
fn a_full_disk_leaves_the_old_file_and_no_temporary() {
    let scene = Scene::new();
    mount(&["-t", "tmpfs", "-o", "size=64k,mode=0750", "tmpfs"], &scene.path(RULES_D));
    scene.file("etc/audit/rules.d/a.rules", "-w /old\n");
    let (uid, gid) = owner();
    let directory = scene.rules_d();
    let bytes = vec![b'#'; 1 << 20];
    let mut stage = Stage::new();
    let name = OsStr::new("a.rules");
    let error = stage.put(&directory, name, &NewFile::new(&bytes, 0o640, uid, gid), Backup::None).unwrap_err();
    let left = (scene.names(RULES_D), scene.bytes_of("etc/audit/rules.d/a.rules"));
    drop(stage);
    drop(directory);
    assert!(Command::new("umount").arg(scene.path(RULES_D)).status().unwrap().success());
    assert_eq!((error.kind(), error.left), ("no_space", Left::Old));
    assert_eq!(left, (vec!["a.rules".to_owned()], b"-w /old\n".to_vec()));
}

fn chattr(change: &str, path: &Path) {
    assert!(Command::new("chattr").arg(change).arg(path).status().unwrap().success(), "chattr {change} failed");
}

pub fn mount(arguments: &[&str], place: &Path) {
    assert!(Command::new("mount").args(arguments).arg(place).status().unwrap().success(), "mount failed");
}
