//! What fuzzing found worth keeping (`fuzz/corpus`), replayed with the same properties and no fuzzer.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "reads the corpus; a test may end in a panic"
)]

#[path = "../fuzz/properties/mod.rs"]
mod properties;

use std::fs;
use std::io::Write;
use std::path::Path;

/// Holds every input of a target to its properties; a panic names the input.
fn replay(target: &str, hold: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "{} has {} inputs", folder.display(), paths.len());
    let failing = paths.iter().filter(|path| {
        let bytes = fs::read(path).unwrap();
        std::panic::catch_unwind(|| hold(&bytes)).is_err()
    });
    let failing: Vec<_> = failing.collect();
    assert!(failing.is_empty(), "{failing:?}");
}

#[test]
fn every_request_is_answered() {
    replay("request", properties::request::hold);
}

#[test]
fn every_line_is_refused_or_reads_back() {
    replay("rule_line", properties::rule_line::hold);
}

#[test]
fn every_payload_is_refused_or_encodes_to_the_same() {
    replay("wire", properties::wire::hold);
}

#[test]
fn every_merge_keeps_what_it_was_given() {
    replay("merge", properties::merge::hold);
}

#[test]
fn every_merge_is_that_of_the_installed_script() {
    match properties::merge_script::witness() {
        Ok(_) => replay("merge_script", properties::merge_script::hold),
        // Not through a macro of the test harness, which keeps it to itself.
        Err(missing) => {
            let _ = writeln!(std::io::stderr(), "not run: the merge beside the installed script, since {missing}");
        }
    }
}
