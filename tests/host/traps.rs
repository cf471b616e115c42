//! Files that somebody laid out to mislead a run, on real file systems and with the real kernel: each is a clear error
//! before any change.

use std::collections::BTreeMap;
use std::fs::{self, File, FileType, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use serde_json::{Value as Json, json};

use super::guest::{AUDIT_RULES, Guest, RULES_D, plain, present, report, said, started};

pub const OWN: &str = "/etc/audit/rules.d/30-own.rules";
pub const OTHER: &str = "/etc/audit/rules.d/20-other.rules";
pub const MERGED: &str = "/etc/audit/audit.rules";
pub const RUN: &str = "/run/audit_rules";
const PRECIOUS: &str = "/var/tmp/precious";
const OLD: &str = "-w /etc/shadow -p wa -k old";
const HOSTS: &str = "-w /etc/hosts -p wa -k names";
const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
/// Rules that nobody would find again if they were written through a link.
const TEXT: &str = "-w /etc/group -p wa -k precious\n";

/// A guest with a drop-in of ours and one of somebody else, both loaded.
pub fn host() -> Guest {
    let guest = plain();
    guest.write("20-other.rules", &format!("{HOSTS}\n"));
    fs::write(PRECIOUS, TEXT).unwrap();
    said("auditctl", &["-w", "/etc/hosts", "-p", "wa", "-k", "names"]);
    guest.change(&present("30-own", &[OLD]));
    guest
}

pub fn request() -> Json {
    present("30-own", &[PASSWD])
}

/// What the kernel holds after [`request`], as auditctl tells it.
pub fn wanted() -> Vec<String> {
    vec![HOSTS.to_owned(), PASSWD.to_owned()]
}

/// Every file of the host that a run might touch: its kind, mode, inode, time of its last change, and text.
pub fn tree() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec!["/etc/audit".to_owned(), "/var/tmp".to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            let (path, data) = (entry.path().display().to_string(), entry.metadata().unwrap());
            let text = if data.is_file() && data.len() < 4 << 20 { fs::read(&path).unwrap() } else { Vec::new() };
            let (mode, inode, changed) = (data.mode(), data.ino(), (data.ctime(), data.ctime_nsec()));
            let link = fs::read_link(&path).ok();
            // The time of a directory also changes by a temporary file that came and went.
            let changed = if data.is_dir() { String::new() } else { format!("{changed:?}") };
            found.insert(
                path.clone(),
                format!("{mode:o} {inode} {changed} {link:?} {}", String::from_utf8_lossy(&text)),
            );
            if data.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

pub fn umount(place: &str) -> bool {
    Command::new("umount").arg(place).output().unwrap().status.success()
}

/// Mounts something, or turns a mount over.
pub fn mount(arguments: &[&str], place: &str) {
    let output = Command::new("mount").args(arguments).arg(place).output().unwrap();
    assert!(output.status.success(), "mount {arguments:?} {place}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Another file system in place of a directory, with the same files.
pub fn other_file_system(place: &str, options: &str) {
    let entries = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = entries.filter(|path| path.is_file()).map(|path| (fs::read(&path).unwrap(), path)).collect();
    mount(&["-t", "tmpfs", "-o", options, "tmpfs"], place);
    for (text, path) in files {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    }
}

/// Changes the flags of an inode; whether its file system has such.
pub fn chattr(path: &str, flags: IFlags, on: bool) -> bool {
    let change = || {
        let data = fs::symlink_metadata(path)?;
        if !data.is_file() && !data.is_dir() {
            return Err(std::io::ErrorKind::Unsupported.into());
        }
        let file = File::open(path)?;
        let mut now = ioctl_getflags(&file)?;
        now.set(flags, on);
        ioctl_setflags(&file, now).map_err(std::io::Error::from)
    };
    change().is_ok()
}

/// Takes away what a trap left.
pub fn clear() {
    for place in [RULES_D, "/etc/audit", RUN] {
        while umount(place) {}
    }
    for place in ["/etc", "/etc/audit", RULES_D, RUN] {
        if Path::new(place).is_symlink() {
            fs::remove_file(place).unwrap();
            fs::rename(moved(place), place).unwrap();
        }
    }
    for place in [OWN, OTHER, MERGED, RULES_D, "/etc/audit"] {
        chattr(place, IFlags::IMMUTABLE | IFlags::APPEND, false);
    }
    chown("/etc/audit", Some(0), None).unwrap();
    for place in ["/etc/audit", RULES_D] {
        fs::set_permissions(place, Permissions::from_mode(0o750)).unwrap();
    }
    let _ = fs::remove_dir_all(RUN);
    for entry in fs::read_dir(RULES_D).unwrap().chain(fs::read_dir("/etc/audit").unwrap()) {
        let path = entry.unwrap().path();
        let kept = ["/etc/audit/rules.d", "/etc/audit/plugins.d", "/etc/audit/auditd.conf"];
        if kept.iter().all(|kept| path != Path::new(kept)) {
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
    }
}

/// Where a directory is moved to: on the same file system.
fn moved(place: &str) -> &'static str {
    if place.starts_with("/run") { "/run/moved" } else { "/var/tmp/moved" }
}

/// Moves a directory away and puts a link to it in its place.
fn link_away(place: &str) {
    fs::rename(place, moved(place)).unwrap();
    symlink(moved(place), place).unwrap();
}

fn instead(place: &str, lay: impl FnOnce(&str)) {
    let _ = fs::remove_file(place);
    lay(place);
}

fn link(place: &str) {
    instead(place, |place| symlink(PRECIOUS, place).unwrap());
}

fn fifo(place: &str) {
    instead(place, |place| drop(said("mkfifo", &[place])));
    assert!(kind(place).is_fifo());
}

fn device(place: &str) {
    instead(place, |place| drop(said("mknod", &[place, "c", "1", "5"])));
    assert!(kind(place).is_char_device());
}

fn socket(place: &str) {
    instead(place, |place| drop(UnixListener::bind(place).unwrap()));
    assert!(kind(place).is_socket());
}

fn kind(place: &str) -> FileType {
    fs::symlink_metadata(place).unwrap().file_type()
}

fn directory(place: &str) {
    instead(place, |place| fs::create_dir(place).unwrap());
}

fn sparse(place: &str) {
    File::options().write(true).open(place).unwrap().set_len(1 << 30).unwrap();
}

fn open_to_all(place: &str) {
    fs::set_permissions(place, Permissions::from_mode(0o777)).unwrap();
}

fn of_another_user(place: &str) {
    chown(place, Some(1), None).unwrap();
}

fn mounted_read_only(place: &str) {
    other_file_system(place, "mode=0750");
    mount(&["-o", "remount,ro"], place);
}

fn bound_read_only(place: &str) {
    mount(&["-o", "bind", place], place);
    mount(&["-o", "remount,bind,ro"], place);
}

/// Without a page left for another file.
fn full(place: &str) {
    other_file_system(place, "size=64k,mode=0750");
    let _ = fs::write(format!("{place}/ballast"), vec![0; 1 << 20]);
}

fn immutable(place: &str) {
    chattr(place, IFlags::IMMUTABLE, true);
}

fn append_only(place: &str) {
    chattr(place, IFlags::APPEND, true);
}

type Trap = (&'static str, fn(&str), &'static str);

const SYMLINK: &str = "symlink_in_path";
const NO_FILE: &str = "not_a_regular_file";
const OPEN: &str = "directory_writable_by_others";
const READ_ONLY: &str = "read_only_file_system";
const LOCKED_INODE: &str = "target_immutable_inode";

/// Where, what somebody did there, and the kind of the error.
const TRAPS: [Trap; 38] = [
    ("/etc", link_away, SYMLINK),
    ("/etc/audit", link_away, SYMLINK),
    (RULES_D, link_away, SYMLINK),
    (RUN, link_away, SYMLINK),
    (OWN, link, SYMLINK),
    (OTHER, link, SYMLINK),
    (MERGED, link, SYMLINK),
    ("/run/audit_rules/lock", link, SYMLINK),
    ("/run/audit_rules/journal", link, SYMLINK),
    (OWN, fifo, NO_FILE),
    (OTHER, fifo, NO_FILE),
    (MERGED, fifo, NO_FILE),
    ("/run/audit_rules/journal", fifo, NO_FILE),
    (OWN, device, NO_FILE),
    (OTHER, device, NO_FILE),
    (MERGED, device, NO_FILE),
    (OWN, socket, NO_FILE),
    (OTHER, socket, NO_FILE),
    (MERGED, socket, NO_FILE),
    (OWN, directory, NO_FILE),
    (MERGED, directory, NO_FILE),
    ("/etc/audit", open_to_all, OPEN),
    (RULES_D, open_to_all, OPEN),
    (RUN, open_to_all, OPEN),
    ("/etc/audit", of_another_user, "directory_owned_by_others"),
    (OWN, sparse, "too_large"),
    (OTHER, sparse, "too_large"),
    (MERGED, sparse, "too_large"),
    (RULES_D, mounted_read_only, READ_ONLY),
    (RULES_D, bound_read_only, READ_ONLY),
    ("/etc/audit", bound_read_only, READ_ONLY),
    (RULES_D, full, "no_space"),
    (RUN, full, "no_space"),
    (OWN, immutable, LOCKED_INODE),
    (MERGED, immutable, LOCKED_INODE),
    (RULES_D, immutable, LOCKED_INODE),
    (OWN, append_only, LOCKED_INODE),
    (RULES_D, append_only, LOCKED_INODE),
];

/// What is wrong with a run over a trap.
fn complaint(guest: &Guest, (place, _, kind): Trap, check_mode: bool) -> Option<String> {
    let (before, listed) = (tree(), guest.listed());
    let mut request = request();
    request["check_mode"] = json!(check_mode);
    let report = report(&started(&mut Command::new(AUDIT_RULES), &request).wait_with_output().unwrap());
    let (after, errors) = (tree(), &report["errors"]);
    // Check mode takes no lock, writes nothing, and so meets neither.
    let is_unseen = check_mode && (place.starts_with(RUN) || kind == "no_space");
    let told =
        errors[0]["kind"] == json!(kind) && errors.to_string().contains(place) && report["changed"] == json!(false);
    let outcome = if is_unseen { "planned" } else { "failed" };
    let is_early =
        report["outcome"] == json!(outcome) || (kind == "no_space" && report["outcome"] == json!("rolled_back"));
    if !is_early || !(told || is_unseen) {
        return Some(format!("{report:#}"));
    }
    if guest.listed() != listed {
        return Some(format!("the rules differ: {:?}", guest.listed()));
    }
    let paths = before.keys().chain(after.keys());
    let touched: Vec<_> = paths.filter(|path| before.get(*path) != after.get(*path)).collect();
    (!touched.is_empty()).then(|| format!("touched: {touched:?}"))
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_trap_is_named_before_anything_is_changed() {
    let (mut complaints, mut unable) = (Vec::new(), 0);
    clear();
    let guest = host();
    let files = guest.files();
    for trap in TRAPS {
        let (place, lay, kind) = trap;
        clear();
        // The kernel needs nothing: no run may change it.
        for (path, (mode, text)) in &files {
            fs::write(path, text).unwrap();
            fs::set_permissions(path, Permissions::from_mode(*mode)).unwrap();
        }
        fs::create_dir_all(RUN).unwrap();
        if kind == LOCKED_INODE && !chattr(place, IFlags::NOATIME, true) {
            unable += 1;
            continue;
        }
        lay(place);
        for check_mode in [true, false] {
            let found = complaint(&guest, trap, check_mode);
            complaints.extend(found.map(|found| format!("{place}, {kind}, check mode {check_mode}: {found}")));
        }
        if fs::read_to_string(PRECIOUS).unwrap() != TEXT {
            complaints.push(format!("{place}, {kind}: written through"));
        }
    }
    clear();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    if unable > 0 {
        let told = format!(
            "\nnot run: {unable} of {} traps, file systems of this kernel have no immutable files in memory\n",
            TRAPS.len()
        );
        std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
    }
    assert!(unable <= 5);
}
