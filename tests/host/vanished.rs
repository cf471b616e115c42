//! Rules that the kernel dropped with what they watch, and one that it cannot drop.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::guest::{Guest, plain, present, said, steps};

const PASSWD: &str = "-w /etc/passwd -p wa -k identity";
const TREE: &str = "/srv/vanishing";
/// What is made within two minutes of the start may be older than the boot load.
const BOOT: f64 = 125.0;

/// A tree that is gone when this goes out of scope.
struct Tree;

impl Tree {
    fn new() -> Self {
        fs::create_dir_all(format!("{TREE}/mounted")).unwrap();
        fs::create_dir_all(format!("{TREE}/directory")).unwrap();
        fs::create_dir_all(format!("{TREE}/parent")).unwrap();
        mount();
        Self
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        unmount();
        // The kernel lets a rule go where its directory is there.
        let _ = fs::create_dir_all(format!("{TREE}/mounted/data"));
        let _ = Command::new("auditctl").arg("-D").output();
        let _ = fs::remove_dir_all(TREE);
    }
}

fn mount() {
    assert!(
        Command::new("mount").args(["-t", "tmpfs", "none", &format!("{TREE}/mounted")]).status().unwrap().success()
    );
    fs::create_dir(format!("{TREE}/mounted/data")).unwrap();
}

fn unmount() {
    let _ = Command::new("umount").arg(format!("{TREE}/mounted")).output();
}

/// What `gather` says of the rules that are not loaded: each with its cause and the reason in words.
fn missing(guest: &Guest) -> Vec<(String, String, String)> {
    let gathered = guest.request(&json!({"operation": "gather"}));
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let entries = gathered["drift"]["missing_in_runtime"].as_array().unwrap().clone();
    entries.iter().map(|entry| (text(&entry["rule"]), text(&entry["cause"]), text(&entry["why"]))).collect()
}

#[test]
#[ignore = "needs a guest: make test"]
fn rules_that_the_kernel_dropped_are_named_as_such_and_loaded_again() {
    let guest = plain();
    let uptime: f64 = fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
    sleep(Duration::from_secs_f64((BOOT - uptime).max(0.0)));
    let _tree = Tree::new();
    let rules = [
        PASSWD.to_owned(),
        format!("-w {TREE}/directory -p wa -k directory"),
        format!("-w {TREE}/parent/file -p wa -k parent"),
        format!("-w {TREE}/mounted/data -p wa -k mounted"),
    ];
    let request = present("30-vanishing", &rules);
    guest.change(&request);
    guest.nothing_to_do(&request);

    fs::remove_dir(format!("{TREE}/directory")).unwrap();
    fs::rename(format!("{TREE}/parent"), format!("{TREE}/renamed")).unwrap();
    unmount();
    assert_eq!(guest.listed(), [PASSWD], "the kernel drops the three");
    let gone = missing(&guest);
    // A watch of a directory that is gone is one of a file that may come; the next lacks its directory, and at that line
    // the boot load stops.
    let causes: Vec<&str> = gone.iter().map(|(_, cause, _)| cause.as_str()).collect();
    // Only a file system that tells when a directory was made lets its rules be known as dropped; before Linux 6.0 one
    // in memory does not.
    let dropped = if fs::metadata(TREE).unwrap().created().is_ok() { "dropped_by_kernel" } else { "not_loaded" };
    assert_eq!(causes, [dropped, "missing_path", "after_stop"], "{gone:#?}");
    assert!(gone[1].2.contains(TREE) && (dropped == "not_loaded" || gone[0].2.contains(TREE)), "{gone:#?}");

    fs::create_dir(format!("{TREE}/directory")).unwrap();
    fs::create_dir(format!("{TREE}/parent")).unwrap();
    mount();
    assert_eq!(guest.listed(), [PASSWD], "nothing brings them back by itself");
    let gone = missing(&guest);
    assert_eq!(gone.len(), 3, "{gone:#?}");
    let is_told = |why: &str| dropped == "not_loaded" || why.contains(TREE);
    assert!(gone.iter().all(|(_, cause, why)| cause == dropped && is_told(why)), "{gone:#?}");
    let report = guest.change(&request);
    assert_eq!(steps(&report).len(), 3, "{report:#}");
    assert_eq!(guest.listed().len(), 4);
    guest.nothing_to_do(&request);
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_rule_on_a_program_whose_directory_is_gone_keeps_no_run_from_its_end() {
    let guest = plain();
    let tree = Tree::new();
    let stuck = format!("-a always,exit -F arch=b64 -S execve -F exe={TREE}/mounted/data/program -F key=stuck");
    let request = present("30-stuck", &[stuck.as_str()]);
    guest.change(&request);
    unmount();
    assert_eq!(guest.listed().len(), 1, "the kernel keeps it");
    said("auditctl", &["-D"]);
    assert_eq!(guest.listed().len(), 1, "and does not let it go");

    let other = present("40-other", &[PASSWD]);
    guest.change(&other);
    guest.nothing_to_do(&other);
    let absent = json!({"state": "absent", "name": "30-stuck"});
    let says_so = |report: &Json| {
        assert_eq!((&report["failed"], guest.listed().len()), (&json!(false), 2), "{report:#}");
        report["warnings"].to_string().contains("cannot be unloaded until")
    };
    assert!(says_so(&guest.change(&absent)));
    let purge = json!({"state": "loaded", "purge": true});
    let report = guest.nothing_to_do(&purge);
    assert!(says_so(&report), "{report:#}");

    mount();
    guest.change(&purge);
    assert_eq!(guest.listed(), [PASSWD]);
    drop(tree);
}
