//! Files that somebody laid out to mislead a run, or that nobody expects. Each is a clear error before any change, or
//! the run does its work; and nothing is written outside the plan's list of paths.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;

use nix::sys::stat::Mode;
use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};
use crate::scenarios::each_case;

const OWN: &str = "/etc/audit/rules.d/30-own.rules";
const OTHER: &str = "/etc/audit/rules.d/20-other.rules";
const MERGED: &str = "/etc/audit/audit.rules";
const PRECIOUS: &str = "/var/precious";

fn request() -> Json {
    json!({"name": "30-own", "rules": ["-w /etc/passwd -p wa -k identity"], "control": {"backlog_limit": 8192}})
}

/// A host with a drop-in of ours, one of somebody else, and a merged file.
fn host() -> Host {
    let mut host = Host::new();
    host.write(OWN, "-w /etc/shadow -p wa -k old\n");
    host.write(OTHER, "-w /etc/hosts -p wa -k hosts\n");
    host.write(MERGED, "-w /etc/hosts -p wa -k hosts\n");
    host.write(PRECIOUS, "-w /etc/group -p wa -k precious\n");
    host.directory("/run/audit_rules");
    host.mode("/run/audit_rules", 0o700);
    host.tell_paths();
    host.load(&["-w /etc/shadow -p wa -k old", "-w /etc/hosts -p wa -k hosts"]);
    host
}

/// Moves what stands at a path to `/var/moved` and puts a link there.
fn link_away(host: &Host, path: &str) {
    fs::rename(host.path(path), host.path("/var/moved")).unwrap();
    std::os::unix::fs::symlink("/var/moved", host.path(path)).unwrap();
}

/// Puts a link to a file of value in place of what stands there.
fn link_to_precious(host: &Host, path: &str) {
    let _ = fs::remove_file(host.path(path));
    std::os::unix::fs::symlink(PRECIOUS, host.path(path)).unwrap();
}

/// Puts a further name of a file of value in place of what stands there.
fn hard_link(host: &Host, path: &str) {
    let _ = fs::remove_file(host.path(path));
    fs::hard_link(host.path(PRECIOUS), host.path(path)).unwrap();
}

fn fifo(host: &Host, path: &str) {
    let _ = fs::remove_file(host.path(path));
    nix::unistd::mkfifo(&host.path(path), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
}

fn socket(host: &Host, path: &str) {
    let _ = fs::remove_file(host.path(path));
    // The name of a socket has 108 bytes at most, that of a temporary directory may have more.
    let place = tempfile::TempDir::new_in("/tmp").unwrap();
    UnixListener::bind(place.path().join("s")).unwrap();
    if fs::rename(place.path().join("s"), host.path(path)).is_err() {
        fifo(host, path);
    }
}

type Trap = (&'static str, fn(&Host, &str), &'static str);

const SYMLINK: &str = "symlink_in_path";
const NO_FILE: &str = "not_a_regular_file";
const OPEN: &str = "directory_writable_by_others";

/// Where, what somebody did there, and the kind of the error.
const REFUSED: [Trap; 31] = [
    ("/etc", link_away, SYMLINK),
    ("/etc/audit", link_away, SYMLINK),
    ("/etc/audit/rules.d", link_away, SYMLINK),
    (OWN, link_to_precious, SYMLINK),
    (OTHER, link_to_precious, SYMLINK),
    (MERGED, link_to_precious, SYMLINK),
    ("/run", link_away, SYMLINK),
    ("/run/audit_rules", link_away, SYMLINK),
    ("/run/audit_rules/lock", link_to_precious, SYMLINK),
    ("/run/audit_rules/journal", link_to_precious, SYMLINK),
    (OWN, fifo, NO_FILE),
    (OTHER, fifo, NO_FILE),
    (MERGED, fifo, NO_FILE),
    ("/run/audit_rules/journal", fifo, NO_FILE),
    ("/etc/passwd", fifo, NO_FILE),
    ("/etc/group", fifo, NO_FILE),
    ("/usr/sbin/augenrules", fifo, NO_FILE),
    (OWN, socket, NO_FILE),
    (OTHER, socket, NO_FILE),
    (MERGED, socket, NO_FILE),
    ("/etc", |host, path| host.mode(path, 0o777), OPEN),
    ("/etc/audit", |host, path| host.mode(path, 0o775), OPEN),
    ("/etc/audit/rules.d", |host, path| host.mode(path, 0o1777), OPEN),
    ("/run", |host, path| host.mode(path, 0o777), OPEN),
    ("/run/audit_rules", |host, path| host.mode(path, 0o770), OPEN),
    ("/run/audit_rules", |host, path| (fs::remove_dir(host.path(path)), host.write(path, "")).1, "not_a_directory"),
    (
        "/etc/audit/rules.d",
        |host, path| (fs::remove_dir_all(host.path(path)), host.write(path, "")).1,
        "not_a_directory",
    ),
    (
        OWN,
        |host, path| fs::File::options().write(true).open(host.path(path)).unwrap().set_len(1 << 30).unwrap(),
        "too_large",
    ),
    (
        OTHER,
        |host, path| fs::File::options().write(true).open(host.path(path)).unwrap().set_len(1 << 30).unwrap(),
        "too_large",
    ),
    (
        MERGED,
        |host, path| fs::File::options().write(true).open(host.path(path)).unwrap().set_len(1 << 30).unwrap(),
        "too_large",
    ),
    (
        "/etc/passwd",
        |host, path| fs::File::options().write(true).open(host.path(path)).unwrap().set_len(1 << 30).unwrap(),
        "too_large",
    ),
];

#[test]
fn a_trap_is_named_before_anything_is_changed() {
    for (place, lay, kind) in REFUSED {
        let mut host = host();
        if place.starts_with("/usr/sbin") {
            host.directory("/usr/sbin");
        }
        lay(&host, place);
        let large = kind == "too_large";
        let before = if large { None } else { Some(host.tree().without_run()) };
        let mut checked = request();
        checked["check_mode"] = json!(true);
        for request in [checked, request()] {
            let report = host.answer(&request);
            let unseen = request["check_mode"] == json!(true) && place.starts_with("/run");
            if !unseen {
                assert_eq!(
                    (kinds(&report).first(), &report["outcome"]),
                    (Some(&kind), &json!("failed")),
                    "{place}: {report:#}"
                );
                assert!(report["errors"].to_string().contains(place), "{place}: {report:#}");
            }
            assert_eq!(host.kernel.sent().changing(), 0, "{place}");
            if let Some(before) = &before {
                let now = host.tree().without_run();
                assert_eq!(before.difference(&now), [""; 0], "{place}");
            }
        }
        assert_eq!(fs::read(host.path(PRECIOUS)).unwrap(), b"-w /etc/group -p wa -k precious\n", "{place}");
    }
}

fn strange_names(host: &Host, directory: &str) {
    let long = format!("{}.rules", "x".repeat(249));
    let names: [&[u8]; 14] = [
        b"-rf.rules",
        b"*.rules",
        b"a\nb.rules",
        b"\xff\xfe.rules",
        b"\xc3\xa9.rules",
        b" lead.rules",
        b"~.rules",
        b"$(reboot).rules",
        b"00000000000000000000000000000000001.rules",
        b"99999999999999999999999999.rules",
        b"1e3.rules",
        b".hidden.rules",
        b".rules",
        long.as_bytes(),
    ];
    for name in names {
        fs::write(host.path(directory).join(OsStr::from_bytes(name)), "# nothing\n").unwrap();
    }
}

type Oddity = (&'static str, fn(&Host, &str));

/// Where, and what somebody did there, that must not matter.
const HARMLESS: [Oddity; 12] = [
    (OWN, hard_link),
    (OTHER, hard_link),
    (MERGED, hard_link),
    ("/run/audit_rules/lock", hard_link),
    ("/run/audit_rules/journal", hard_link),
    ("/run/audit_rules/waiting", fifo),
    ("/etc/audit/rules.d/pipe", fifo),
    ("/etc/audit/rules.d/.audit_rules-1-1.tmp", fifo),
    ("/etc/audit/rules.d", strange_names),
    (OTHER, |host, path| host.write(path, b"# \xff\xfe \0 \r\n\n\0\n")),
    (OTHER, |host, path| host.write(path, vec![b'#'; 1 << 20])),
    ("/etc/passwd", |host, path| host.write(path, b"\0\xff:::\nroot:x:0:0\n:::::\n\n")),
];

#[test]
fn what_is_odd_and_no_trap_is_no_matter() {
    for (place, lay) in HARMLESS {
        let mut host = host();
        lay(&host, place);
        let before = host.tree().contents();
        let mut request = request();
        // Lines that another drop-in no longer has may go.
        request["compile"] = json!("always");
        let report = host.answer(&request);
        assert_eq!((&report["outcome"], &report["failed"]), (&json!("applied"), &json!(false)), "{place}: {report:#}");
        let touched = before.difference(&host.tree().contents());
        assert_eq!(touched, [MERGED, OWN], "{place}");
        assert_eq!(host.answer(&request)["changed"], json!(false), "{place}");
        assert_eq!(fs::read(host.path(PRECIOUS)).unwrap(), b"-w /etc/group -p wa -k precious\n", "{place}");
    }
}

#[test]
fn lines_of_a_mebibyte_and_of_no_text_are_errors_with_their_place() {
    let long = format!("-w /{} -k x", "x".repeat(1 << 20));
    let mut host = host();
    host.write(OTHER, format!("-w /etc/hosts -p wa -k hosts\n{long}\n"));
    let loaded = host.answer(&json!({"state": "loaded"}));
    assert_eq!(kinds(&loaded), ["line_too_long"], "{}", loaded["msg"]);
    assert_eq!((&loaded["failed"], &loaded["errors"][0]["line"]), (&json!(true), &json!(2)), "{}", loaded["msg"]);
    assert!(loaded["errors"][0]["file"].as_str().is_some_and(|file| file.ends_with("20-other.rules")));
    let given = host.answer(&json!({"name": "30-own", "rules": [long]}));
    assert_eq!(kinds(&given), ["line_too_long"], "{}", given["msg"]);
    assert_eq!(host.kernel.sent().changing(), 0);
    host.write(OTHER, b"-w /etc/hosts -p wa -k hosts\n-w /etc/x\xff -p\0x -k x\n");
    let loaded = host.answer(&json!({"state": "loaded"}));
    assert_eq!((kinds(&loaded), &loaded["errors"][0]["line"]), (vec!["bad_byte"], &json!(2)), "{}", loaded["msg"]);
    // auditctl reads a line as far as its first NUL, and so the boot loads what stands before it.
    host.write(OTHER, b"-w /etc/hosts -p wa -k hosts\n-w /etc/\xff\0x -k x\n");
    let loaded = host.answer(&json!({"state": "loaded"}));
    assert_eq!(loaded["outcome"], json!("applied"), "{loaded:#}");
    assert!(host.kernel.loaded().iter().any(|rule| rule.fields.iter().any(|field| field.text() == Some(b"/etc/\xff"))));
}

#[test]
fn nothing_is_written_outside_the_list_of_the_plan() {
    let written = std::cell::Cell::new(0);
    each_case(|case, complaints| {
        case.walk(|host, request| {
            let before = host.tree().contents();
            let report = host.answer(request);
            let after = host.tree().contents();
            let root = request["root"].as_str().unwrap_or_default().trim_end_matches('/');
            let planned: Vec<String> = report["plan"]["files"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|step| format!("{root}{}", step["path"].as_str().unwrap()))
                .collect();
            for path in before.difference(&after) {
                let above = planned.iter().any(|planned| planned.starts_with(&format!("{path}/")));
                let new_directory = above && !before.0.contains_key(&path);
                if !planned.contains(&path) && !new_directory {
                    complaints.push(format!("{path} was touched, and the plan has {planned:?}"));
                }
                written.set(written.get() + 1);
            }
            report
        });
    });
    assert!(written.get() >= 50, "{}", written.get());
}
