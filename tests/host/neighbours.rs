//! Runs beside the guest's own `augenrules --load`, which knows of no lock: it empties the kernel and loads it anew.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use serde_json::{Value as Json, json};

use super::guest::{Guest, kinds, many, plain, said};

/// How many runs stand beside the loop.
const RUNS: u32 = 30;

/// Carries these runs out beside a loop of `augenrules --load`, and gives how often that loaded.
fn beside_augenrules(runs: impl FnOnce()) -> u32 {
    let (stop, turns) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                said("augenrules", &["--load"]);
                turns.fetch_add(1, Ordering::Relaxed);
            }
        });
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(runs));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
    turns.into_inner()
}

/// The request of a run: other rules and another setting than those of the run before.
fn request(run: u32) -> Json {
    json!({"name": "30-own", "rules": many(6, &format!("own-{run}")), "control": {"backlog_limit": 8192 + run}})
}

/// What a report may say beside such a neighbour.
fn judge(report: &Json) -> &'static str {
    let rules = &report["rules"];
    match report["outcome"].as_str().unwrap() {
        "applied" | "unchanged" => {
            assert_eq!((&rules["missing"], &rules["loaded"]), (&json!([]), &rules["desired"]), "{report:#}");
            "applied"
        }
        // A plain word for it, and the files as before.
        "rolled_back" => "rolled_back",
        other => panic!("{other}: {report:#}"),
    }
}

fn ends_well(guest: &Guest) {
    // Its last turn may have read an older file, and loaded after the last run what that said: rules that no drop-in holds any
    // more, and which a run leaves alone.
    said("augenrules", &["--load"]);
    let last = request(RUNS + 1);
    guest.change(&last);
    let mut rules = [many(6, "base"), many(6, &format!("own-{}", RUNS + 1))].concat();
    rules.sort();
    assert_eq!(guest.listed_as_set(), rules);
    assert_eq!(guest.setting("backlog_limit"), (8193 + RUNS).to_string());
    guest.nothing_to_do(&last);
    assert!(guest.boot_is_current());
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_run_beside_augenrules_is_applied_with_all_of_its_rules_or_gives_up_and_is_never_stranded() {
    let guest = plain();
    guest.write("20-base.rules", &format!("{}\n", many(6, "base").join("\n")));
    said("augenrules", &["--load"]);
    let (mut applied, mut given_up) = (0, Vec::new());
    let turns = beside_augenrules(|| {
        for run in 0..RUNS {
            let report = guest.request(&request(run));
            if judge(&report) == "applied" {
                applied += 1;
            } else {
                given_up.push(kinds(&report).join(" "));
            }
        }
    });
    // For whoever looks at what the test prints.
    let _ = writeln!(
        std::io::stderr(),
        "{RUNS} runs beside {turns} loads of augenrules: {applied} applied, {} given up on: {given_up:?}",
        given_up.len()
    );
    assert!(turns > 5 && applied > 0, "{turns} loads, {applied} applied");
    ends_well(&guest);
}
