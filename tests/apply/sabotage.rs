//! Files that go wrong while a run is at work: others change them between staging and publishing, or there is no room.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const OWN: &str = "/etc/audit/rules.d/30-own.rules";
const OLD: &str = "-w /etc/shadow -p wa -k old\n";

fn request() -> Json {
    json!({"name": "30-own", "rules": ["-w /etc/passwd -p wa -k identity"], "control": {"backlog_limit": 8192}})
}

/// A host whose drop-in and kernel hold an old rule.
fn host() -> Host {
    let mut host = Host::new();
    host.write(OWN, OLD);
    host.tell_paths();
    host.load(&[OLD.trim_end(), "-w /etc/hosts -p wa -k foreign"]);
    host
}

/// Runs the request while somebody does this to the files, after they were staged.
fn sabotaged(host: &mut Host, sabotage: fn(&Path)) -> Json {
    host.sabotage = Some(sabotage);
    let report = host.answer(&request());
    host.sabotage = None;
    report
}

fn rules_d(root: &Path) -> PathBuf {
    root.join("etc/audit/rules.d")
}

/// Every file that is staged: hidden, not yet a drop-in.
fn staged(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(rules_d(root)).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with('.')).collect()
}

#[test]
fn a_staged_file_that_is_taken_away_takes_the_rules_back_with_it() {
    let mut host = host();
    let before = host.fingerprint();
    let report = sabotaged(&mut host, |root| {
        assert_eq!(staged(root).len(), 1, "staged before the first change");
        for path in staged(root) {
            fs::remove_file(path).unwrap();
        }
    });
    assert_eq!(report["outcome"], json!("rolled_back"), "{report:#}");
    assert_eq!(before.difference(&host.fingerprint(), &host), [""; 0]);
    assert_eq!(host.answer(&request())["outcome"], json!("applied"));
}

#[test]
fn a_directory_that_appears_in_the_place_of_the_file_is_named() {
    let mut host = host();
    let before = host.fingerprint();
    let report = sabotaged(&mut host, |root| {
        let place = rules_d(root).join("30-own.rules");
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
    });
    assert_eq!((&report["outcome"], &report["failed"]), (&json!("stranded"), &json!(true)), "{report:#}");
    assert_eq!(before.difference(&host.fingerprint(), &host), [OWN]);
    let named = report["errors"].as_array().unwrap().iter().filter(|error| error["kind"] == "stranded");
    let named: Vec<&str> = named.filter_map(|error| error["message"].as_str()).collect();
    assert!(matches!(named.as_slice(), [one] if one.contains(OWN)), "{named:?}");
}

#[test]
fn a_directory_that_is_taken_away_is_told_as_it_is() {
    let mut host = host();
    let before = host.fingerprint();
    let report = sabotaged(&mut host, |root| fs::remove_dir_all(rules_d(root)).unwrap());
    assert_eq!(report["failed"], json!(true), "{report:#}");
    let difference = before.difference(&host.fingerprint(), &host);
    match report["outcome"].as_str().unwrap() {
        "rolled_back" => assert_eq!(difference, [""; 0], "{report:#}"),
        "stranded" => {
            assert!(difference.iter().any(|path| path == OWN), "{difference:?}");
            assert!(report["errors"].to_string().contains(OWN), "{report:#}");
            assert!(difference.iter().all(|path| path.starts_with("/etc/audit/rules.d")), "{difference:?}");
        }
        other => panic!("{other}: {report:#}"),
    }
}

#[test]
fn what_somebody_else_wrote_meanwhile_stays_and_is_named() {
    let mut host = host();
    let before = host.fingerprint();
    let report = sabotaged(&mut host, |root| fs::write(rules_d(root).join("30-own.rules"), "# somebody\n").unwrap());
    assert_eq!(kinds(&report), ["changed_meanwhile", "stranded"], "{report:#}");
    assert_eq!(before.difference(&host.fingerprint(), &host), [OWN], "the kernel is as before");
    assert_eq!(fs::read_to_string(host.path(OWN)).unwrap(), "# somebody\n");
    assert_eq!(host.answer(&request())["outcome"], json!("applied"));
}

/// Mounts a file system of one page on `rules.d` while it lives.
struct Full(PathBuf);

impl Full {
    fn mounted(place: PathBuf) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4k,mode=0755", "none"]).arg(&place).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(place))
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "says that nothing was tried")]
fn a_full_disk_is_found_before_the_kernel_is_touched() {
    let mut host = host();
    let Some(_full) = Full::mounted(rules_d(host.root())) else {
        eprintln!("not run: no file system can be mounted here");
        return;
    };
    fs::write(rules_d(host.root()).join("10-large.rules"), [b'#'; 4096]).unwrap();
    let before = host.fingerprint();
    let report = host.answer(&request());
    assert_eq!(report["failed"], json!(true), "{report:#}");
    assert_eq!(report["errors"][0]["errno"], json!("ENOSPC"), "{report:#}");
    assert_eq!(before.difference(&host.fingerprint(), &host), [""; 0]);
    assert_eq!(host.kernel.sent().changing(), 0);
    assert!(staged(host.root()).is_empty());
}
