//! Privileged programs in a tree of every trap.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use audit_rules::rules_d::fault::{self, Fault};
use audit_rules::rules_d::{DoubtfulMount, Programs, Root, Storage, Unread};
use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::Scene;

/// `cap_net_raw=ep`.
const NET_RAW: [u8; 20] = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

impl Scene {
    fn tree(&self, inside: &str) -> &Self {
        fs::create_dir_all(self.path(inside)).unwrap();
        self
    }

    /// A file with this mode, and the directories on the way to it.
    fn program(&self, inside: impl AsRef<OsStr>, mode: u32) -> &Self {
        let path = self.place.path().join(Path::new(inside.as_ref()).strip_prefix("/").unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn capabilities(&self, inside: &str, value: &[u8]) -> &Self {
        self.program(inside, 0o755);
        rustix::fs::setxattr(self.path(inside), "security.capability", value, XattrFlags::empty()).unwrap();
        self
    }

    fn walked(&self) -> Result<Programs, Unread> {
        self.walked_without(&|_| false)
    }

    fn walked_without(&self, is_left_out: &dyn Fn(&[u8]) -> bool) -> Result<Programs, Unread> {
        Root::open(self.place.path()).unwrap().programs(Storage::LeftOut, is_left_out, &mut |_| {})
    }

    fn programs(&self) -> Vec<String> {
        self.walked().unwrap().paths.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect()
    }

    fn mounted(&self, arguments: &[&str], inside: &str) -> Mounted<'_> {
        self.tree(inside);
        super::hostile::mount(arguments, &self.path(inside));
        Mounted(self, inside.to_owned())
    }
}

/// Is unmounted in the end.
struct Mounted<'s>(&'s Scene, String);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path(&self.1)).status();
    }
}

#[test]
fn setuid_and_setgid_files_are_found_in_the_order_of_bytes_and_nothing_else_is() {
    let scene = Scene::new();
    scene.program("/usr/bin/su", 0o4755).program("/usr/bin/wall", 0o2755).program("/usr/bin/both", 0o6711);
    scene.program("/usr/bin/ls", 0o755).program("/usr/bin/notes", 0o644).program("/usr/bin/sticky", 0o1755);
    scene.program("/usr/bin/not_executable", 0o4644).program("/usr/bin-2/x", 0o4755).program("/top", 0o4755);
    scene.tree("/usr/setgid").mode("/usr/setgid", 0o2755);
    fs::hard_link(scene.path("/usr/bin/su"), scene.path("/usr/hard")).unwrap();
    scene.link("/usr/bin/link", "su").link("/usr/loop", ".").link("/usr/up", "../..").link("/out", "/usr/bin");
    assert!(Command::new("mkfifo").arg(scene.path("/usr/bin/fifo")).status().unwrap().success());
    scene.mode("/usr/bin/fifo", 0o4755);
    let _socket = UnixListener::bind(scene.path("/usr/bin/socket")).unwrap();
    scene.mode("/usr/bin/socket", 0o4755);
    let expected = [
        "/top",
        "/usr/bin-2/x",
        "/usr/bin/both",
        "/usr/bin/not_executable",
        "/usr/bin/su",
        "/usr/bin/wall",
        "/usr/hard",
    ];
    assert_eq!(scene.programs(), expected);
}

#[test]
fn names_of_any_bytes_are_found_as_they_are() {
    let scene = Scene::new();
    let names: [&[u8]; 5] = [b"/a b", b"/line\nbreak", b"/not \xff utf-8", b"/tab\t", "/ü".as_bytes()];
    for name in names {
        scene.program(OsStr::from_bytes(name), 0o4755);
        scene.program(OsStr::from_bytes(&[name, b".d/x".as_slice()].concat()), 0o4755);
    }
    let found = scene.walked().unwrap().paths;
    let mut expected: Vec<Vec<u8>> = names.iter().map(|name| name.to_vec()).collect();
    expected.extend(names.iter().map(|name| [name, b".d/x".as_slice()].concat()));
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn storage_and_what_is_excluded_is_left_out_with_all_below_it() {
    let scene = Scene::new();
    scene.program("/var/lib/docker/overlay2/0/diff/bin/su", 0o4755).program("/var/lib/docker-ce/su", 0o4755);
    scene.program("/sysroot/usr/bin/su", 0o4755).program("/var/tmp/dracut.ab/su", 0o4755);
    scene.program("/home/a/.local/share/containers/storage/su", 0o4755).program("/home/a/su", 0o4755);
    scene.program("/opt/a/su", 0o4755).program("/opt/b", 0o4755).program("/usr/bin/su", 0o4755);
    assert_eq!(scene.programs(), ["/home/a/su", "/opt/a/su", "/opt/b", "/usr/bin/su", "/var/lib/docker-ce/su"]);
    let without = scene.walked_without(&|path| matches!(path, b"/opt/a" | b"/usr/bin/su" | b"/home")).unwrap();
    assert_eq!(without.paths, [b"/opt/b".to_vec(), b"/var/lib/docker-ce/su".to_vec()]);
}

#[test]
fn a_tree_of_3000_levels_is_walked_to_its_end_and_back_with_few_open_files() {
    let scene = Scene::new();
    let mut directory = fs::File::open(scene.path("/")).unwrap();
    for level in 0..3000 {
        rustix::fs::mkdirat(&directory, "d", 0o755.into()).unwrap();
        if level % 100 == 99 {
            let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
            let file = rustix::fs::openat(&directory, "su", flags, 0o755.into()).unwrap();
            rustix::fs::fchmod(&file, 0o4755.into()).unwrap();
            rustix::fs::mkdirat(&directory, "e", 0o755.into()).unwrap();
        }
        directory = rustix::fs::openat(&directory, "d", rustix::fs::OFlags::RDONLY, 0o755.into()).unwrap().into();
    }
    let mut most = 0;
    let root = Root::open(scene.place.path()).unwrap();
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    let found = root.programs(Storage::LeftOut, &|_| false, &mut |_| most = most.max(open())).unwrap();
    let lengths: Vec<usize> = found.paths.iter().map(Vec::len).collect();
    assert_eq!(found.paths.len(), 30);
    assert_eq!((lengths.iter().min(), lengths.iter().max()), (Some(&(99 * 2 + 3)), Some(&(2999 * 2 + 3))));
    // Other tests of this process have files open too.
    assert!(most < before + 64 + 100, "{most} open files, {before} before");
    // The standard library removes such a tree by one path.
    assert!(Command::new("rm").arg("-rf").arg(scene.path("/d")).status().unwrap().success());
}

#[test]
fn whichever_call_fails_the_list_is_never_a_shorter_one() {
    let scene = Scene::new();
    scene
        .program("/usr/bin/su", 0o4755)
        .program("/usr/bin/ls", 0o755)
        .program("/usr/sbin/x", 0o2755)
        .program("/a", 0o755);
    fault::before(u32::MAX, || {});
    let whole = scene.walked().unwrap();
    let calls = fault::mend();
    let mut failures = 0;
    for nth in 2..=u32::try_from(calls.len()).unwrap() {
        fault::at(nth, Fault::Fail(Errno::IO));
        let answer = scene.walked();
        fault::mend();
        match answer {
            Ok(found) => assert_eq!(found, whole, "call {nth}, {}", calls[nth as usize - 1]),
            Err(unread) => {
                failures += 1;
                assert_eq!(unread.errors[0].errno(), Some(nix::errno::Errno::EIO), "{unread:?}");
            }
        }
    }
    assert!(failures > 20, "{failures} of {calls:?}");
}

#[test]
fn an_older_kernel_tells_of_mounts_in_proc_and_the_list_is_the_same() {
    let scene = Scene::new();
    scene.program("/usr/bin/su", 0o4755).program("/a", 0o755);
    let whole = scene.walked().unwrap();
    fault::from(1, &["statx"], Fault::Fail(Errno::NOSYS));
    let found = scene.walked();
    let calls = fault::mend();
    assert_eq!(found.unwrap(), whole);
    assert!(calls.iter().filter(|call| **call == "open").count() > 4, "{calls:?}");
}

#[test]
fn a_directory_that_is_moved_while_what_is_below_it_is_read_is_an_error() {
    let scene = Scene::new();
    let way = |levels: usize| "/d".repeat(levels);
    scene.tree(&way(200)).tree("/elsewhere").program(format!("{}/su", way(50)), 0o4755);
    let mut levels = 0;
    let root = Root::open(scene.place.path()).unwrap();
    let unread = root.programs(Storage::LeftOut, &|_| false, &mut |_| {
        let is_at_end = fs::metadata(scene.path("/elsewhere/d")).is_err() && levels > 190;
        if is_at_end {
            fs::rename(scene.path(&way(60)), scene.path("/elsewhere/d")).unwrap();
        }
        levels += 1;
    });
    let errors = unread.unwrap_err().errors;
    let told: Vec<_> = errors.iter().map(|error| (error.kind(), error.path.clone())).collect();
    assert_eq!(told, [("moved_meanwhile", scene.path(&way(59)))]);
}

#[test]
fn each_directory_that_cannot_be_read_is_an_error_of_its_own_and_very_many_are_counted() {
    let scene = Scene::new();
    (0..1100).for_each(|at| {
        scene.tree(&format!("/d/{at}"));
    });
    let root = Root::open(&scene.path("/d")).unwrap();
    fault::before(u32::MAX, || {});
    root.programs(Storage::LeftOut, &|_| false, &mut |_| {}).unwrap();
    let calls = fault::mend();
    let own = calls.iter().position(|call| *call == "getdents").unwrap();
    fault::from(u32::try_from(own + 2).unwrap(), &["getdents"], Fault::Fail(Errno::ACCESS));
    let unread = root.programs(Storage::LeftOut, &|_| false, &mut |_| {}).unwrap_err();
    fault::mend();
    assert_eq!((unread.errors.len(), unread.more), (1000, 100));
    let paths: BTreeSet<_> = unread.errors.iter().map(|error| error.path.clone()).collect();
    assert_eq!((paths.len(), unread.errors[0].kind()), (1000, "unreadable"));
}

#[test]
fn directories_that_are_renamed_or_replaced_by_links_meanwhile_lead_nowhere_else() {
    let outside = Scene::new();
    outside.program("/su", 0o4755).program("/deep/er/su", 0o4755);
    let scene = Scene::new();
    for at in 0..40 {
        scene.program(format!("/tree/{at}/in/side/su"), 0o4755).program(format!("/tree/{at}/x"), 0o755);
    }
    scene.program("/still/su", 0o4755);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (tree, away) = (scene.path("/tree"), scene.path("/away"));
            while !is_over.load(Ordering::Relaxed) {
                for at in 0..40 {
                    let (from, to) = (tree.join(at.to_string()), away.with_extension(at.to_string()));
                    fs::rename(&from, &to).unwrap();
                    std::os::unix::fs::symlink(outside.place.path(), &from).unwrap();
                    fs::remove_file(&from).unwrap();
                    fs::rename(&to, &from).unwrap();
                }
            }
        });
        for _ in 0..200 {
            let found = scene.walked().unwrap_or_else(|unread| panic!("{unread:?}")).paths;
            let found: BTreeSet<String> = found.into_iter().map(|path| String::from_utf8(path).unwrap()).collect();
            assert!(found.contains("/still/su"));
            let is_own = |path: &String| path == "/still/su" || path.ends_with("/in/side/su");
            assert!(found.iter().all(is_own), "{found:?}");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
#[ignore = "needs root"]
fn capabilities_make_a_program_and_devices_are_none() {
    let scene = Scene::new();
    let mut inheritable = NET_RAW;
    inheritable[4..12].copy_from_slice(&[0, 0, 0, 0, 0, 32, 0, 0]);
    scene.capabilities("/usr/bin/ping", &NET_RAW).capabilities("/usr/bin/inheritable", &inheritable);
    scene.capabilities("/usr/bin/data", &NET_RAW).mode("/usr/bin/data", 0o644);
    let device = scene.path("/usr/bin/null");
    assert!(Command::new("mknod").arg(device).args(["c", "1", "3"]).status().unwrap().success());
    scene.mode("/usr/bin/null", 0o4777);
    assert_eq!(scene.programs(), ["/usr/bin/ping"]);
}

#[test]
#[ignore = "needs root and a mount namespace of its own: unshare -m"]
fn mounts_are_walked_by_their_type_and_options() {
    let scene = Scene::new();
    scene.program("/usr/bin/su", 0o4755).program("/layers/low/x", 0o4755).tree("/layers/up").tree("/layers/work");
    scene.program("/data/hidden", 0o4755);
    let tmpfs = |options: &str, inside: &str| {
        let mounted = scene.mounted(&["-t", "tmpfs", "-o", options, "tmpfs"], inside);
        scene.program(format!("{inside}/su"), 0o4755);
        mounted
    };
    let _local = tmpfs("mode=0755", "/data");
    let _nosuid = tmpfs("nosuid", "/nosuid");
    let _below = tmpfs("mode=0755", "/nosuid/below");
    let _noexec = tmpfs("noexec", "/noexec");
    let _blank = tmpfs("mode=0755", "/with blank");
    let _storage = tmpfs("mode=0755", "/var/lib/kubelet/pods/1");
    let _under = tmpfs("mode=0755", "/twice");
    scene.program("/twice/under", 0o4755);
    let _over = tmpfs("mode=0755", "/twice");
    let _hidden = tmpfs("mode=0755", "/over/x");
    let _hiding = tmpfs("mode=0755", "/over");
    scene.program("/over/x/shown", 0o4755);
    let _proc = scene.mounted(&["-t", "proc", "proc"], "/proc");
    let layers = ["lowerdir=", "upperdir=", "workdir="].iter().zip(["low", "up", "work"]);
    let layers: Vec<String> =
        layers.map(|(option, name)| format!("{option}{}", scene.path(&format!("/layers/{name}")).display())).collect();
    let overlay = |inside| scene.mounted(&["-t", "overlay", "-o", &layers.join(","), "overlay"], inside);
    let usual = [
        "/data/su",
        "/layers/low/x",
        "/noexec/su",
        "/nosuid/below/su",
        "/nosuid/su",
        "/over/su",
        "/over/x/shown",
        "/twice/su",
        "/usr/bin/su",
        "/with blank/su",
    ];
    let elsewhere = overlay("/merged");
    let found = scene.walked().unwrap();
    assert_eq!(scene.programs(), usual);
    assert_eq!(found.doubtful, [DoubtfulMount { at: "/merged".into(), kind: "overlay".to_owned() }]);
    drop(elsewhere);
    let _usr = overlay("/usr");
    let with_usr = usual.map(|path| if path == "/usr/bin/su" { "/usr/x" } else { path });
    assert_eq!(scene.programs(), with_usr);
    assert_eq!(scene.walked().unwrap().doubtful, []);
}

#[test]
#[ignore = "needs root and a mount namespace of its own: unshare -m"]
fn a_root_directory_on_any_mount_is_walked_and_bind_mounts_give_their_paths_too() {
    let scene = Scene::new();
    let root = scene.mounted(&["-t", "tmpfs", "-o", "nosuid,noexec,mode=0755", "tmpfs"], "/image");
    scene.program("/image/usr/bin/su", 0o4755).program("/image/usr/bin/ls", 0o755).tree("/image/bound");
    scene.program("/image/one", 0o755).program("/elsewhere/x", 0o4755);
    let (usr, su) = (scene.path("/image/usr"), scene.path("/image/usr/bin/su"));
    let bound = scene.mounted(&["--bind", usr.to_str().unwrap()], "/image/bound");
    // A bind mount of its own has the options of what it is made of.
    assert!(
        Command::new("mount")
            .args(["-o", "remount,bind,suid,exec"])
            .arg(scene.path("/image/bound"))
            .status()
            .unwrap()
            .success()
    );
    super::hostile::mount(&["--bind", su.to_str().unwrap()], &scene.path("/image/one"));
    assert!(
        Command::new("mount")
            .args(["-o", "remount,bind,suid,exec"])
            .arg(scene.path("/image/one"))
            .status()
            .unwrap()
            .success()
    );
    let one = Mounted(&scene, "/image/one".to_owned());
    let found = Root::open(&scene.path("/image")).unwrap().programs(Storage::LeftOut, &|_| false, &mut |_| {}).unwrap();
    let found: Vec<&str> = found.paths.iter().map(|path| std::str::from_utf8(path).unwrap()).collect();
    assert_eq!(found, ["/bound/bin/su", "/one", "/usr/bin/su"]);
    drop((one, bound, root));
}

#[test]
#[ignore = "needs root and a mount namespace of its own: unshare -m"]
fn what_is_mounted_while_the_walk_goes_on_is_walked_too() {
    let scene = Scene::new();
    scene.program("/usr/bin/su", 0o4755).tree("/data");
    let mut mounted = None;
    let root = Root::open(scene.place.path()).unwrap();
    let found = root.programs(Storage::LeftOut, &|_| false, &mut |_| {
        mounted.get_or_insert_with(|| {
            let mounted = scene.mounted(&["-t", "tmpfs", "-o", "mode=0755", "tmpfs"], "/data");
            scene.program("/data/su", 0o4755);
            mounted
        });
    });
    assert_eq!(found.unwrap().paths, [b"/data/su".to_vec(), b"/usr/bin/su".to_vec()]);
}
