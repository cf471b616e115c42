//! Root directories of requests: who has a say on the way to them, which of them is the running host's, and their locks.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use audit_rules::rules_d::FileId;
use rustix::fs::FlockOperation;
use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

fn request(root: &str) -> Json {
    json!({"root": root, "name": "30-own", "rules": ["-w /etc/passwd -p wa -k identity"], "lock_timeout": 1})
}

/// A host with an image below a home directory, whose rules.d stands.
fn host() -> Host {
    let host = Host::new();
    for directory in ["/home/alice/img/etc/audit/rules.d", "/srv"] {
        host.directory(directory);
    }
    host.write("/home/alice/img/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    host
}

fn id(path: &Path) -> FileId {
    let found = fs::metadata(path).unwrap();
    FileId { device: found.dev(), inode: found.ino() }
}

fn locked(path: &Path) -> fs::File {
    let file = fs::File::open(path).unwrap();
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    file
}

/// The answer is this error, and neither the files nor the kernel were touched.
fn is_refused(host: &mut Host, request: &Json, kind: &str) {
    host.load(&["-w /etc/hosts -p wa -k foreign"]);
    let (tree, fingerprint) = (host.tree().without_run(), host.fingerprint());
    let report = host.answer(request);
    assert_eq!((kinds(&report), &report["changed"]), (vec![kind], &json!(false)), "{report:#}");
    assert_eq!(host.tree().without_run(), tree);
    assert_eq!(fingerprint.difference(&host.fingerprint(), host), [""; 0]);
}

#[test]
fn a_link_on_the_way_to_a_root_is_refused_whoever_owns_it() {
    for (link, target) in [
        ("/home/alice/img", "/"),
        ("/home/alice/img", "/srv"),
        ("/home/alice", "/srv"),
        ("/home/alice/img", "../../srv"),
    ] {
        let mut host = host();
        fs::remove_dir_all(host.path(link)).unwrap();
        let target = if target == "/" { host.root().to_owned() } else { target.into() };
        symlink(target, host.path(link)).unwrap();
        for request in
            [request("/home/alice/img"), json!({"root": "/home/alice/img", "name": "10-a", "state": "absent"})]
        {
            is_refused(&mut host, &request, "symlink_in_path");
        }
    }
}

#[test]
fn a_root_below_a_directory_that_others_may_write_is_refused_unless_its_names_are_kept() {
    for (mode, outcome) in [(0o777, "failed"), (0o775, "failed"), (0o1777, "applied"), (0o755, "applied")] {
        let mut host = host();
        host.mode("/home/alice", mode);
        let report = host.answer(&request("/home/alice/img"));
        assert_eq!(report["outcome"], json!(outcome), "{mode:o}: {report:#}");
    }
    let mut host = host();
    host.mode("/home/alice/img", 0o1777);
    is_refused(&mut host, &request("/home/alice/img"), "directory_writable_by_others");
}

#[test]
fn a_root_below_a_directory_of_another_user_is_refused() {
    let mut host = host();
    let given = chown(host.path("/home/alice"), Some(1000), None);
    if !nix::unistd::geteuid().is_root() {
        // Only root can give a directory away, and so only root meets one here.
        assert!(given.is_err());
        return;
    }
    given.unwrap();
    is_refused(&mut host, &request("/home/alice/img"), "directory_owned_by_others");
    chown(host.path("/home/alice"), Some(0), None).unwrap();
    assert_eq!(host.answer(&request("/home/alice/img"))["outcome"], json!("applied"));
}

#[test]
fn a_root_that_is_the_root_directory_of_the_host_by_another_path_is_refused() {
    let mut host = host();
    symlink(host.root(), host.path("/srv/img")).unwrap();
    let gather = json!({"operation": "gather", "root": "/srv/img"});
    let report = host.answer(&gather);
    assert!(report["failed"] == json!(true) && report.to_string().contains("root_is_the_host"), "{report:#}");
    for root in ["//", "/.", "/./"] {
        let report = host.answer(&json!({"operation": "gather", "root": root}));
        assert_eq!(report["runtime"]["managed"], json!(true), "{root}: {report:#}");
    }
    fs::remove_file(host.path("/srv/img")).unwrap();
    symlink(host.path("/home/alice/img"), host.path("/srv/img")).unwrap();
    assert_eq!(host.answer(&gather)["failed"], json!(false), "who only looks may follow a link");
}

#[test]
fn an_image_is_locked_beside_the_hosts_lock_and_not_where_its_owner_can_hold_it() {
    let mut host = host();
    let _alice = locked(&host.path("/home/alice/img"));
    assert_eq!(host.answer(&request("/home/alice/img"))["outcome"], json!("applied"));
    let FileId { device, inode } = id(&host.path("/home/alice/img"));
    let path = host.path(&format!("/run/audit_rules/lock.{device:x}.{inode:x}"));
    assert!(!path.exists(), "the file goes with the lock");
    fs::write(&path, "").unwrap();
    let held = locked(&path);
    assert_eq!(kinds(&host.answer(&request("/home/alice/img"))), ["busy"]);
    host.directory("/srv/img/etc");
    assert_eq!(host.answer(&request("/srv/img"))["outcome"], json!("applied"), "another image is another lock");
    assert_eq!(host.answer(&request("/"))["outcome"], json!("applied"), "and so is the host");
    drop(held);
    assert_eq!(host.answer(&request("/home/alice/img"))["outcome"], json!("unchanged"));
    assert!(!path.exists(), "the file goes with the lock");
}

#[test]
fn who_may_not_write_below_run_locks_the_image_itself() {
    let mut host = host();
    host.mode("/run", 0o555);
    if nix::unistd::geteuid().is_root() {
        chown(host.path("/run"), Some(1000), None).unwrap();
    }
    assert_eq!(host.answer(&request("/home/alice/img"))["outcome"], json!("applied"));
    let held = locked(&host.path("/home/alice/img"));
    assert_eq!(kinds(&host.answer(&request("/home/alice/img"))), ["busy"]);
    drop(held);
}

#[test]
fn a_root_that_is_the_hosts_seen_from_a_container_has_the_hosts_lock() {
    let mut host = host();
    host.directory("/home/alice/img/run");
    host.standing.host_root = Some(id(&host.path("/home/alice/img")));
    assert_eq!(host.answer(&request("/home/alice/img"))["outcome"], json!("applied"));
    let held = locked(&host.path("/home/alice/img/run/audit_rules/lock"));
    assert_eq!(kinds(&host.answer(&request("/home/alice/img"))), ["busy"]);
    drop(held);
}

#[test]
fn the_wait_for_another_run_is_as_long_as_the_request_says() {
    let mut host = host();
    assert_eq!(host.answer(&request("/"))["outcome"], json!("applied"));
    let _held = locked(&host.path("/run/audit_rules/lock"));
    for seconds in [0, 1] {
        let start = Instant::now();
        let mut request = request("/");
        request["lock_timeout"] = json!(seconds);
        assert_eq!(kinds(&host.answer(&request)), ["busy"]);
        let waited = start.elapsed();
        assert!(waited >= Duration::from_secs(seconds) && waited < Duration::from_secs(seconds + 2), "{waited:?}");
    }
}

#[test]
fn the_lock_of_an_image_is_free_again_when_its_holder_is_killed() {
    let mut host = host();
    assert_eq!(host.answer(&request("/home/alice/img"))["outcome"], json!("applied"));
    let FileId { device, inode } = id(&host.path("/home/alice/img"));
    let path = host.path(&format!("/run/audit_rules/lock.{device:x}.{inode:x}"));
    let holder = Command::new("flock").args(["--exclusive", "--no-fork"]).arg(&path).args(["sleep", "60"]).spawn();
    let mut holder = holder.unwrap();
    let start = Instant::now();
    let is_free = || {
        fs::File::open(&path)
            .is_ok_and(|file| rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive).is_ok())
    };
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(10), "the other process never made the file");
    }
    while is_free() {
        assert!(start.elapsed() < Duration::from_secs(10), "the other process never took the lock");
    }
    assert_eq!(kinds(&host.answer(&request("/home/alice/img"))), ["busy"]);
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(host.answer(&request("/home/alice/img"))["outcome"], json!("unchanged"));
}

#[test]
fn a_loop_of_links_in_a_home_directory_is_a_missing_path() {
    let mut host = Host::new();
    host.directory("/home/alice");
    symlink("ssh", host.path("/home/alice/ssh")).unwrap();
    let mut request = json!({
        "name": "30-keys",
        "rules": ["-w /home/alice/ssh/authorized_keys -p wa -k keys", "-w /etc/passwd -p wa -k identity"],
    });
    let failed = host.answer(&request);
    assert_eq!((kinds(&failed), &failed["errors"][0]["errno"]), (vec!["missing_path"], &json!("ELOOP")), "{failed:#}");
    request["on_missing"] = json!("skip");
    let report = host.answer(&request);
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    assert_eq!(host.listed(), ["-w /etc/passwd -p wa -k identity"]);
    let written = fs::read_to_string(host.path("/etc/audit/rules.d/30-keys.rules")).unwrap();
    assert!(written.contains("# audit_rules: /home/alice/ssh/authorized_keys cannot be resolved"), "{written}");
    fs::remove_file(host.path("/home/alice/ssh")).unwrap();
    host.directory("/home/alice/ssh");
    host.tell_paths();
    let mended = host.answer(&request);
    assert_eq!(host.listed().len(), 2, "{mended:#}");
}
