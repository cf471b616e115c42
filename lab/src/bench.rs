//! The benchmark: the same measurement in a guest per kernel, and on this host where that is safe, as one table.

use crate::cache::{self, Temporary};
use crate::guest::{self, GuestFile, Job};
use crate::images::{self, Choice};
use crate::{command, executables, measure};
use serde_json::Value;
use std::env;
use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// Stands before the result in what `lab measure` says.
pub const MARK: &str = "LAB-MEASURED ";

const GUEST_REPETITIONS: usize = 5;
const HOST_REPETITIONS: usize = 9;
const TIMEOUT: Duration = Duration::from_secs(600);

/// What each measurement must keep: see the project's goals in README.
const BOUNDS: [Bound; 13] = [
    Bound { id: "start-up", text: "under 3 ms", limit: Limit::Most(3.0) },
    Bound { id: "size", text: "below 6 MiB", limit: Limit::Most(6.0 * 1024.0) },
    Bound { id: "first-load", text: "at most 1.5 times", limit: Limit::Ratio(1.5) },
    Bound { id: "no-op", text: "below 1.5 times", limit: Limit::Ratio(1.5) },
    Bound { id: "one-change", text: "50 times faster where deletes are slow, never slower", limit: Limit::FiftyTimes },
    Bound { id: "replacement", text: "below 200 ms", limit: Limit::Most(200.0) },
    Bound { id: "memory", text: "below 16 MiB", limit: Limit::Most(16.0 * 1024.0) },
    Bound { id: "gather", text: "below 500 ms", limit: Limit::Most(500.0) },
    Bound { id: "gather-memory", text: "below 64 MiB", limit: Limit::Most(64.0 * 1024.0) },
    Bound { id: "flood", text: "all", limit: Limit::All },
    Bound { id: "log-keys", text: "at most a fifth", limit: Limit::Ratio(0.2) },
    Bound { id: "log-raw", text: "at most a fifth", limit: Limit::Ratio(0.2) },
    Bound { id: "log-memory", text: "below 64 MiB", limit: Limit::Most(64.0 * 1024.0) },
];

struct Bound {
    id: &'static str,
    text: &'static str,
    limit: Limit,
}

enum Limit {
    /// Our value at most. Times under emulation say nothing about this one.
    Most(f64),
    /// Our value divided by theirs at most.
    Ratio(f64),
    /// As much as theirs.
    All,
    /// A fiftieth of theirs where they take over a second, which slow deletes make it; else no more than theirs. Under
    /// emulation the computing is slowed and the kernel's waiting is not, so only the latter counts there.
    FiftyTimes,
}

/// From then on `augenrules --load` was held up by slow deletes: 200 of them take about 2.5 s.
const SLOW_MS: f64 = 1000.0;

/// Where a measurement was made, and what it gave or why it was not made.
struct Place {
    name: String,
    emulated: bool,
    result: Result<Value, String>,
}

/// Measures everywhere and writes `docs/performance.md`.
///
/// # Errors
/// When no guest could be measured, or the table cannot be written.
pub fn run(kernels: &[Choice]) -> Result<i32, String> {
    guest::require(kernels)?;
    // One after the other: two at a time would disturb each other.
    let on_this_host = on_this_host();
    let is_ours = on_this_host.is_ok();
    let mut places = vec![Place { name: "this host".to_owned(), emulated: false, result: on_this_host }];
    if is_ours {
        eprintln!("lab: measuring a flood");
        places.push(Place { name: "this host".to_owned(), emulated: false, result: measure::flood::all() });
    }
    eprintln!("lab: measuring with a log");
    places.push(Place { name: "this host".to_owned(), emulated: false, result: measure::log::all() });
    for kernel in kernels {
        eprintln!("lab: measuring in a guest, {kernel}");
        let result = in_guest(*kernel);
        places.push(Place { name: format!("guest, {}", kernel.suite.name), emulated: true, result });
    }
    let text = page(&places)?;
    print!("{text}");
    let path = cache::project().join("docs/performance.md");
    if let Some(parent) = path.parent() {
        cache::make(parent)?;
    }
    cache::write(&path, text.as_bytes())?;
    quote(&text)?;
    let lost = places.iter().filter(|place| place.emulated).any(|place| place.result.is_err());
    Ok(i32::from(lost))
}

/// Puts the row that the README quotes, of the first place that was measured, between the marks there.
fn quote(page: &str) -> Result<(), String> {
    const QUOTED: &str = "against `augenrules --load`";
    const MARKS: [&str; 2] = ["<!-- performance -->", "<!-- /performance -->"];
    let path = cache::project().join("README.md");
    let readme = String::from_utf8_lossy(&cache::read(&path)?).into_owned();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    let place = |row: &str| row.split('|').nth(1).map(str::to_owned);
    let own = rows.iter().skip(2).filter(|row| place(row) == rows.get(2).and_then(|first| place(first)));
    let own = own.filter(|row| row.contains(QUOTED));
    let table: Vec<&str> = rows.iter().take(2).chain(own).copied().collect();
    let (Some((before, _)), Some((_, after))) = (readme.split_once(MARKS[0]), readme.split_once(MARKS[1])) else {
        return Err("README.md has no marks for the table".to_owned());
    };
    let text = format!("{before}{}\n\n{}\n\n{}{after}", MARKS[0], table.join("\n"), MARKS[1]);
    cache::write(&path, text.as_bytes())
}

fn in_guest(kernel: Choice) -> Result<Value, String> {
    let program = |name: &str| -> Result<GuestFile, String> {
        let host = executables::beside_this_one(name)?;
        Ok(GuestFile { host, guest: format!("/usr/bin/{name}"), mode: Some(0o755) })
    };
    let job = Job {
        images: images::take(kernel)?,
        append: String::new(),
        files: vec![program("audit_rules")?, program("lab")?],
        links: Vec::new(),
        environment: Vec::new(),
        script: format!("lab measure {GUEST_REPETITIONS}\n").into_bytes(),
        timeout: TIMEOUT,
    };
    let mut lines = Vec::new();
    let status = guest::run(&job, &mut |said| guest::keep(&mut lines, said))?;
    result_among(&lines.join("\n")).ok_or_else(|| format!("ended with status {status}: {}", lines.join("; ")))
}

/// On the host's own kernel: only for root, only where no rule is loaded, and with another directory in the place of
/// `/etc/audit` for this measurement alone.
fn on_this_host() -> Result<Value, String> {
    if !command::is_root() {
        return Err("not root".to_owned());
    }
    for program in ["auditctl", "augenrules", "unshare", "mount"] {
        command::find(program).ok_or_else(|| format!("no {program}"))?;
    }
    let status = command::text(Command::new("auditctl").arg("-s"))?;
    if status.lines().any(|line| line.trim() == "enabled 2") {
        return Err("its audit system is locked".to_owned());
    }
    eprintln!("lab: measuring on this host");
    let directory = Temporary::directory()?;
    cache::make(&directory.0.join("rules.d"))?;
    let this = env::current_exe().map_err(|error| format!("cannot find this executable: {error}"))?;
    let text = command::text(
        Command::new("unshare")
            .args(["--mount", "sh", "-c", r#"mount --bind "$1" /etc/audit && exec "$2" measure "$3""#, "sh"])
            .arg(&directory.0)
            .arg(this)
            .arg(HOST_REPETITIONS.to_string()),
    )?;
    result_among(&text).ok_or_else(|| "it gave no result".to_owned())
}

fn result_among(text: &str) -> Option<Value> {
    let result = text.lines().find_map(|line| line.strip_prefix(MARK))?;
    serde_json::from_str(result).ok()
}

fn page(places: &[Place]) -> Result<String, String> {
    let date = command::text(Command::new("date").args(["--utc", "+%Y-%m-%d"]))?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next());
    let gigabytes = memory.and_then(|number| number.parse::<u64>().ok()).unwrap_or(0).div_ceil(1024 * 1024);
    let mut text = format!(
        "# Performance\n\n\
         Written by `make bench` on {}, on a machine with {processors} processors and {gigabytes} GiB. Medians of \
         interleaved runs, from the start of a process to its end. Guests run under emulation, which slows everything: \
         their ratios count, not their times.\n\n\
         | kernel | what | audit_rules | the other | ours / theirs | bound | kept |\n|---|---|--:|--:|--:|---|---|\n",
        date.trim()
    );
    for place in places {
        match &place.result {
            Ok(result) => table_rows(&mut text, place, result),
            // Writing to a String cannot fail.
            Err(reason) => {
                let reason = reason.replace(['\n', '|'], " ");
                let _ = writeln!(text, "| {} | not measured: {reason} | | | | | |", place.name);
            }
        }
    }
    Ok(text)
}

fn table_rows(text: &mut String, place: &Place, result: &Value) {
    let kernel = format!("{} ({})", result["kernel"].as_str().unwrap_or_default(), place.name);
    for row in result["rows"].as_array().into_iter().flatten() {
        let unit = row["unit"].as_str().unwrap_or_default();
        let what = row["what"].as_str().unwrap_or_default();
        let ours = row["ours"].as_f64().unwrap_or(0.0);
        let theirs = row["theirs"].as_f64();
        let ratio = theirs.map(|theirs| ours / theirs);
        let bound = BOUNDS.iter().find(|bound| row["id"] == bound.id);
        let kept = match bound.map(|bound| &bound.limit) {
            Some(Limit::Most(_)) if place.emulated && unit == "ms" => "emulated",
            Some(Limit::Most(limit)) => verdict(ours < *limit),
            Some(Limit::Ratio(limit)) => verdict(ratio.is_some_and(|ratio| ratio <= *limit)),
            Some(Limit::All) => verdict(Some(ours) == theirs),
            Some(Limit::FiftyTimes) => {
                let slow = !place.emulated && theirs.is_some_and(|theirs| theirs > SLOW_MS);
                let limit = if slow { 1.0 / 50.0 } else { 1.0 };
                verdict(ratio.is_some_and(|ratio| ratio <= limit))
            }
            None => "",
        };
        let shown = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{} {unit}", rounded(value)));
        let _ = writeln!(
            text,
            "| {kernel} | {what} | {} | {} | {} | {} | {kept} |",
            shown(Some(ours)),
            shown(theirs),
            ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}")),
            bound.map_or("", |bound| bound.text),
        );
    }
}

fn verdict(kept: bool) -> &'static str {
    if kept { "yes" } else { "**no**" }
}

/// Three digits are enough for a measurement.
fn rounded(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn place(emulated: bool, ours: f64, theirs: f64) -> Place {
        let rows = json!([{"id": "no-op", "what": "w", "unit": "ms", "ours": ours, "theirs": theirs}]);
        Place { name: "p".to_owned(), emulated, result: Ok(json!({"kernel": "6.1", "rows": rows})) }
    }

    #[test]
    fn a_bound_that_is_not_kept_shows() {
        assert!(page(&[place(true, 1.0, 1.0)]).unwrap().contains("| 1.000 | below 1.5 times | yes |"));
        assert!(page(&[place(true, 2.0, 1.0)]).unwrap().contains("| 2.000 | below 1.5 times | **no** |"));
    }

    #[test]
    fn slow_deletes_must_be_beaten_fifty_times() {
        let shown = |emulated, ours, theirs| {
            let rows = json!([{"id": "one-change", "what": "w", "unit": "ms", "ours": ours, "theirs": theirs}]);
            let result = Ok(json!({"kernel": "6.1", "rows": rows}));
            page(&[Place { name: "p".to_owned(), emulated, result }]).unwrap().contains("| yes |")
        };
        assert!(shown(false, 40.0, 2500.0));
        assert!(!shown(false, 60.0, 2500.0));
        assert!(shown(true, 60.0, 2500.0));
        assert!(shown(false, 9.0, 10.0));
        assert!(!shown(false, 11.0, 10.0));
    }

    #[test]
    fn a_place_that_was_not_measured_says_why() {
        let place = Place { name: "this host".to_owned(), emulated: false, result: Err("not\nroot".to_owned()) };
        assert!(page(&[place]).unwrap().contains("| this host | not measured: not root |"));
    }

    #[test]
    fn the_result_is_found_among_other_lines() {
        assert_eq!(result_among("noise\nLAB-MEASURED {\"a\":1}\n"), Some(json!({"a": 1})));
        assert_eq!(result_among("noise"), None);
    }
}
