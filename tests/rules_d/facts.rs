use std::path::{Path, PathBuf};

use audit_rules::augenrules::{Awk, Generation, Script};
use audit_rules::rule::path::{LinkTarget, PathFact};
use audit_rules::rules_d::{Accounts, Root};

use crate::Scene;

const NOT_A_DIRECTORY: i32 = 20;
const LOOP: i32 = 40;

#[test]
fn a_path_is_told_as_auditctl_and_the_kernel_would_see_it_in_the_image() {
    let scene = Scene::new();
    scene.directory("srv/data").file("srv/file", "");
    scene.link("srv/to-dir", "/srv/data").link("srv/to-file", "file").link("srv/to-nothing", "/nope");
    scene.link("srv/loop", "/srv/loop").link("srv/up", "../../../srv/data").link("opt", "/srv");
    // Exists on the host, not in the image.
    scene.link("srv/outside", "/proc/self");
    let symlink = |target| PathFact::Symlink { target };
    let missing = |parent_exists| PathFact::Missing { parent_exists };
    let unresolved = |errno| PathFact::Unresolved { errno };
    let rows = [
        ("/", PathFact::Directory),
        ("/srv", PathFact::Directory),
        ("/srv/", PathFact::Directory),
        ("/srv/file", PathFact::Other),
        ("/srv/to-dir", symlink(LinkTarget::Directory)),
        ("/srv/to-dir/", symlink(LinkTarget::Directory)),
        ("/srv/to-file", symlink(LinkTarget::Other)),
        ("/srv/to-nothing", symlink(LinkTarget::Missing)),
        ("/srv/loop", symlink(LinkTarget::Missing)),
        ("/srv/up", symlink(LinkTarget::Directory)),
        ("/srv/outside", symlink(LinkTarget::Missing)),
        ("/opt/file", PathFact::Other),
        ("/opt/to-dir/x", missing(true)),
        ("/srv/none", missing(true)),
        ("/none", missing(true)),
        ("/none/", missing(true)),
        ("/none/x", missing(false)),
        ("/srv/file/x", unresolved(NOT_A_DIRECTORY)),
        ("/srv/file/x/y", unresolved(NOT_A_DIRECTORY)),
        ("/srv/file/", unresolved(NOT_A_DIRECTORY)),
        ("/srv/to-file/x", unresolved(NOT_A_DIRECTORY)),
        ("/srv/to-file/", unresolved(NOT_A_DIRECTORY)),
        ("/srv/to-nothing/", missing(true)),
        ("/srv/to-nothing/x", missing(false)),
        ("/srv/loop/", unresolved(LOOP)),
        ("/srv/loop/x", unresolved(LOOP)),
        ("/srv/loop/x/y", unresolved(LOOP)),
    ];
    let paths: Vec<&Path> = rows.iter().map(|(path, _)| Path::new(path)).collect();
    let facts = scene.root().lookup_all(&paths);
    for ((path, expected), fact) in rows.iter().zip(facts) {
        assert_eq!(fact, *expected, "{path}");
    }
}

#[test]
fn the_host_itself_is_asked_directly() {
    let host = Root::open(Path::new("/")).unwrap();
    assert!(host.is_host());
    assert_eq!(host.lookup(Path::new("/proc")), PathFact::Directory);
    assert!(host.lookup(Path::new("/proc/self")).is_directory());
    assert_eq!(host.lookup(Path::new("/dev/null")), PathFact::Other);
    assert_eq!(host.lookup(Path::new("/proc/nope/nope")), PathFact::Missing { parent_exists: false });
}

#[test]
fn files_are_read_alike_from_the_host_and_from_an_image_through_links_and_nothing_but_files() {
    let scene = Scene::new();
    let text = "text\n".repeat(40_000);
    scene.directory("srv/directory").file("srv/file", &text).file("srv/empty", "");
    scene.link("srv/up", "../srv/file").link("srv/twice", "up").link("srv/loop", "loop").link("srv/gone", "nowhere");
    nix::unistd::mkfifo(&scene.path("srv/fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let (host, image) = (Root::open(Path::new("/")).unwrap(), scene.root());
    let rows = [
        ("srv/file", Ok(Some(text.len()))),
        ("srv/up", Ok(Some(text.len()))),
        ("srv/twice", Ok(Some(text.len()))),
        ("srv/empty", Ok(Some(0))),
        ("srv/loop", Ok(None)),
        ("srv/gone", Ok(None)),
        ("srv/file/below", Ok(None)),
        ("srv/directory", Err("not_a_regular_file")),
        ("srv/fifo", Err("not_a_regular_file")),
    ];
    for (path, expected) in rows {
        let inside = Path::new("/").join(path);
        for found in [image.system_file(&inside), host.system_file(&scene.path(path))] {
            let found = found.map(|bytes| bytes.map(|bytes| bytes.len())).map_err(|error| error.kind());
            assert_eq!(found, expected, "{path}");
        }
    }
    // Their size says nothing.
    let mounts = host.system_file(Path::new("/proc/self/mountinfo")).unwrap().unwrap();
    assert!(mounts.ends_with(b"\n"));
}

#[test]
fn accounts_are_those_of_the_image_and_may_be_missing() {
    let scene = Scene::new();
    assert_eq!(scene.root().accounts(), Ok(Accounts::default()));
    scene.file("etc/passwd.real", "a:x:7:7::/:\n").link("etc/passwd", "/etc/passwd.real").file("etc/group", "g:x:8:\n");
    let accounts = Accounts { passwd: b"a:x:7:7::/:\n".to_vec(), group: b"g:x:8:\n".to_vec() };
    assert_eq!(scene.root().accounts(), Ok(accounts));
}

#[test]
fn accounts_that_are_no_file_are_an_error() {
    let scene = Scene::new();
    scene.directory("etc/passwd");
    assert_eq!(scene.root().accounts().unwrap_err().kind(), "not_a_regular_file");
}

#[test]
fn the_installed_script_and_awk_are_found_after_links_inside_the_image() {
    let rows = [
        ("for rules in $(/bin/ls -1v $D)", "/usr/bin/mawk", Generation::V3_0, Awk::Mawk),
        ("for rules in $(ls -1v $D)\nsub(/\\r$/, \"\")", "gawk", Generation::V3_1_1, Awk::Gawk),
        ("done | sort -zV | xargs -0r cat", "../../bin/busybox", Generation::V4_2, Awk::Busybox),
    ];
    for (text, program, generation, awk) in rows {
        let scene = Scene::new();
        scene.directory("usr/sbin").directory("usr/bin").directory("etc/alternatives");
        scene.link("sbin", "usr/sbin").link("bin", "/usr/bin").file("usr/sbin/augenrules", text);
        for name in ["mawk", "gawk", "busybox"] {
            scene.file(&format!("usr/bin/{name}"), "");
        }
        if program.starts_with('/') {
            scene.link("usr/bin/awk", "/etc/alternatives/awk").link("etc/alternatives/awk", program);
        } else {
            scene.link("usr/bin/awk", program);
        }
        let loader = scene.root().boot_loader().unwrap();
        assert_eq!(loader.script, Script { generation, awk });
        assert_eq!(loader.path, Some(PathBuf::from("/sbin/augenrules")));
    }
}

#[test]
fn without_a_script_the_newest_and_the_distribution_s_awk_are_assumed() {
    let rows = [
        ("ID=debian\n", Awk::Mawk),
        ("NAME=x\nID=ubuntu\nID_LIKE=debian\n", Awk::Mawk),
        ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Awk::Mawk),
        ("ID=alpine\n", Awk::Busybox),
        ("ID=\"rhel\"\nID_LIKE=\"fedora\"\n", Awk::Gawk),
        ("", Awk::Gawk),
    ];
    for (release, awk) in rows {
        let scene = Scene::new();
        scene.directory("usr/lib").file("usr/lib/os-release", release).link("etc/os-release", "../usr/lib/os-release");
        let loader = scene.root().boot_loader().unwrap();
        assert_eq!((loader.path, loader.script), (None, Script::newest(awk)));
    }
}
