//! Runs that are killed, or asked to stop, at random moments.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value as Json, json};

use crate::image::{Image, Numbers, answer, duration, report, rule, say, settled, started};

/// How many runs are struck.
const KILLS: u32 = 250;
const SIGNALS: u32 = 150;

/// Two requests that take turns: each replaces all files that the other wrote.
fn requests(image: &Image) -> [Json; 2] {
    [1, 2].map(|turn| {
        let rules = |drop_in: &str| -> Vec<String> {
            (0..150).map(|at| rule(&format!("{drop_in}-{turn}-{}", at * turn))).collect()
        };
        let drop_ins: serde_json::Map<String, Json> =
            ["15-a", "25-b", "35-c"].iter().map(|name| ((*name).to_owned(), json!({"rules": rules(name)}))).collect();
        image.request(json!({"drop_ins": drop_ins, "compile": "always", "lock_timeout": 60}))
    })
}

fn strike(request: &Json, signal: Signal, after: Duration) -> std::process::Output {
    let child = started(request);
    sleep(after);
    let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal);
    child.wait_with_output().unwrap()
}

#[test]
#[ignore = "takes minutes: make test-attacks"]
fn a_run_killed_at_any_moment_tears_no_file_and_the_next_one_finishes() {
    let image = Image::new();
    let requests = requests(&image);
    let whole = requests.clone().map(|request| {
        answer(&request);
        settled(&image.held())
    });
    let span = u64::try_from(duration(&requests[0]).as_micros()).unwrap() * 5 / 4;
    let mut numbers = Numbers::of(1);
    let (mut died, mut mixed, mut left) = (0, 0, 0);
    for kill in 0..KILLS {
        let turn = usize::from(kill % 2 == 0);
        let after = Duration::from_micros(numbers.below(span.max(1)));
        died += u32::from(!strike(&requests[turn], Signal::SIGKILL, after).status.success());
        let held = image.held();
        left += u32::from(held.keys().any(|path| path.to_string_lossy().contains("/.audit_rules-")));
        let held = settled(&held);
        for (path, content) in &held {
            let is_whole = whole.iter().any(|whole| whole.get(path) == Some(content));
            assert!(is_whole, "kill {kill} after {after:?}: {} is neither old nor new", path.display());
        }
        assert_eq!(held.len(), whole[0].len(), "kill {kill} after {after:?}");
        mixed += u32::from(!whole.contains(&held));
        // Every fourth killed run is followed by another kill.
        if kill % 4 == 0 {
            continue;
        }
        let report = answer(&requests[turn]);
        assert_eq!(report["failed"], json!(false), "kill {kill}: {report:#}");
        let now = image.held();
        assert_eq!(settled(&now), whole[turn], "kill {kill}: {}", report["msg"]);
        let names = now.keys().map(|path| path.to_string_lossy());
        let hidden: Vec<_> = names.filter(|name| name.contains("/.audit_rules-")).collect();
        assert_eq!(hidden, [""; 0], "kill {kill}");
    }
    say(&format!("{died} of {KILLS} runs killed, {left} with files under way, {mixed} between two files"));
    assert!(died > KILLS / 4 && left > 0, "the kills missed");
}

#[test]
#[ignore = "takes minutes: make test-attacks"]
fn a_run_asked_to_stop_at_any_moment_says_what_the_files_are() {
    let image = Image::new();
    let requests = requests(&image);
    answer(&requests[0]);
    answer(&requests[1]);
    let span = u64::try_from(duration(&requests[0]).as_micros()).unwrap();
    let mut numbers = Numbers::of(2);
    let (mut back, mut done, mut died) = (0, 0, 0);
    for strike_number in 0..SIGNALS {
        let request = &requests[usize::from(strike_number % 2 == 0)];
        let before = settled(&image.held());
        let signal = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP][strike_number as usize % 3];
        let ended = strike(request, signal, Duration::from_micros(numbers.below(span.max(1))));
        let now = settled(&image.held());
        if ended.status.code().is_none() {
            // Before it held signals back it had not begun.
            assert_eq!(now, before);
            died += 1;
            continue;
        }
        let report = report(&ended);
        match report["outcome"].as_str().unwrap() {
            "rolled_back" => {
                assert_eq!(report["errors"][0]["kind"], json!("interrupted"), "{report:#}");
                assert_eq!(now, before, "{report:#}");
                back += 1;
            }
            "applied" | "unchanged" => done += 1,
            other => panic!("{other}: {report:#}"),
        }
        assert_eq!(fs::read_dir(image.rules_d()).unwrap().count(), 11);
    }
    // A run that has no kernel to change is too short to be stopped between two steps; tests/host has those that are.
    say(&format!("{SIGNALS} signals: {back} went back, {done} were done, {died} had not begun"));
    assert!(done + back > SIGNALS / 4, "the signals missed");
}
