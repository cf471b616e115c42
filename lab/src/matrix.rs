//! Every kernel that Debian's packages give, and the page that says what ran where: made by the run itself.

use crate::cache::{self, Temporary};
use crate::images::{self, Choice, Images};
use crate::payload::{self, Order, Payload};
use crate::results::Results;
use crate::trial::{self, Outcome};
use crate::{command, guest};
use std::fmt::Write;
use std::process::Command;
use std::time::{Duration, Instant};

/// Debian 11 has no kernel for s390x any more.
const KERNELS: [(&str, &[&str]); 3] = [
    ("x86_64", &["bullseye", "bookworm", "trixie", "trixie-backports", "sid", "experimental"]),
    ("aarch64", &["bullseye", "bookworm", "trixie", "trixie-backports", "sid", "experimental"]),
    ("s390x", &["bookworm", "trixie", "trixie-backports", "sid", "experimental"]),
];

/// A column of the table: what ran in one of the states, told apart by the names of the tests.
struct Column {
    title: &'static str,
    state: &'static str,
    /// A word in the names of its tests; all others of the state where there is none.
    word: Option<&'static str>,
}

const COLUMNS: [Column; 9] = [
    Column { title: "contract", state: "plain", word: Some("kernel_contract::") },
    Column { title: "whole host", state: "plain", word: None },
    Column { title: "no CAP_AUDIT_CONTROL", state: "plain", word: Some("without_the_capability") },
    Column { title: "user namespace", state: "plain", word: Some("in_a_user_namespace") },
    Column { title: "pid namespace", state: "plain", word: Some("in_a_pid_namespace") },
    Column { title: "audit=0", state: "audit=0", word: None },
    Column { title: "locked", state: "locked", word: None },
    Column { title: "locked by a request", state: "locked by a request", word: None },
    Column { title: "demonstration", state: "demonstration", word: None },
];

/// A kernel of the matrix, or why it could not be had.
struct Row {
    kernel: Choice,
    images: Result<Images, String>,
}

/// Tries every kernel in every state and writes `docs/kernels.md`; where kernels are named, only these, and their rows of
/// that page. The exit status is 0 only when all were tried and everything passed.
///
/// # Errors
/// When something cannot be built, or the page cannot be read or written.
pub fn run(named: &[Choice], order: &Order) -> Result<i32, String> {
    let start = Instant::now();
    let mut kernels = named.to_vec();
    for (machine, suites) in KERNELS.iter().filter(|_| named.is_empty()) {
        for suite in *suites {
            kernels.push(Choice::read(&format!("{suite}/{machine}"))?);
        }
    }
    guest::require(&kernels)?;
    let rows: Vec<Row> = kernels.into_iter().map(|kernel| Row { kernel, images: images::take(kernel) }).collect();
    let images: Vec<Images> = rows.iter().filter_map(|row| row.images.clone().ok()).collect();
    let found: Vec<Choice> = images.iter().map(|images| images.choice).collect();
    let directory = Temporary::directory()?;
    let payload = payload::for_kernels(&found, order, &directory)?;
    let outcomes = trial::try_all(&images, &payload)?;
    let path = cache::project().join("docs/kernels.md");
    let text = if named.is_empty() {
        page(&rows, &outcomes, &payload, start.elapsed())?
    } else {
        renewed(&String::from_utf8_lossy(&cache::read(&path)?), &rows, &outcomes, &today()?)
    };
    cache::write(&path, text.as_bytes())?;
    println!("{text}");
    let mut status = trial::closing(&outcomes);
    for Row { kernel, images } in &rows {
        if let Err(reason) = images {
            println!("NOT RUN: {kernel}: {reason}");
            status = 1;
        }
    }
    if text.contains(NONE) {
        println!("FAILED: a column of the table has no tests");
        status = 1;
    }
    Ok(status)
}

fn today() -> Result<String, String> {
    Ok(command::text(Command::new("date").args(["--utc", "+%Y-%m-%d"]))?.trim().to_owned())
}

/// The page with other rows for these kernels, which say when they were tried again.
fn renewed(page: &str, rows: &[Row], outcomes: &[Outcome], date: &str) -> String {
    let is_about = |line: &str, kernel: Choice| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let machine = cells.next();
        let suite = cells.nth(1).map(|cell| cell.split([' ', ':']).next().unwrap_or_default());
        machine == Some(kernel.machine.name) && suite == Some(kernel.suite.name)
    };
    let mut text = String::new();
    for line in page.lines() {
        match rows.iter().find(|row| is_about(line, row.kernel)) {
            None => text += line,
            Some(row) => text += table_line(row, outcomes, &format!(", again {date}")).trim_end(),
        }
        text.push('\n');
    }
    text
}

const NONE: &str = "**none**";

fn page(rows: &[Row], outcomes: &[Outcome], payload: &[Payload], took: Duration) -> Result<String, String> {
    let date = today()?;
    let mut text = format!(
        "# Kernels\n\n\
         What was run where. Written by `make matrix` on {}, in {} minutes: each kernel is one of Debian's, in virtual \
         machines under emulation, with the newest version that the mirror had. The executables are the static release \
         builds.\n\n",
        date,
        took.as_secs().div_ceil(60)
    );
    text += "| machine | executable | built with | emulator |\n|---|--:|---|---|\n";
    for Payload { machine, builder, size, .. } in payload {
        let emulator = command::text(Command::new(machine.qemu).arg("--version")).unwrap_or_default();
        let emulator = emulator.lines().next().unwrap_or_default().replace("emulator version ", "");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} | {} KiB | {builder} | {emulator} |", machine.name, size.div_ceil(1024));
    }
    text +=
        "\nA number is that of tests that passed, or of steps of the demonstration; **bold** is what went wrong.\n\n";
    let titles: Vec<&str> = COLUMNS.iter().map(|column| column.title).collect();
    let _ = writeln!(text, "| machine | kernel | Debian | {} |", titles.join(" | "));
    let _ = writeln!(text, "|---|---|---|{}", "--:|".repeat(titles.len()));
    for row in rows {
        text += &table_line(row, outcomes, "");
    }
    text += NOTES;
    Ok(text)
}

const NOTES: &str = "
- **contract**: `tests/kernel_contract.rs`, the same cases for the model of the kernel and for the running one.
- **whole host**: `tests/host/` and `tests/lab_access.rs`, the executable with the suite's own `auditctl` and `augenrules`
  as witnesses; the three columns after it are the tests there of runs that the kernel does not let manage audit.
- **audit=0**: booted so. **locked**: `enabled` is 2, set by the contract test or by a request, until the next boot.
- **demonstration**: the main job from check mode to undo, `lab/demo/steps.sh`.

s390x is big-endian. Its executable and that of aarch64 are cross-built, `lab/README.md` says how.
";

/// A line of the table; `when` follows the Debian package.
fn table_line(row: &Row, outcomes: &[Outcome], when: &str) -> String {
    let mut cells = match &row.images {
        Ok(images) => table_row(images, outcomes),
        // Why, with paths of this host, is said when the run ends.
        Err(_) => vec!["**not run**".to_owned(), format!("{} could not be fetched", row.kernel.suite.name)],
    };
    cells[1] += when;
    let empty = "| ".repeat((COLUMNS.len() + 2).saturating_sub(cells.len()));
    format!("| {} | {} {empty}|\n", row.kernel.machine.name, cells.join(" | "))
}

/// The cells after the machine's.
fn table_row(images: &Images, outcomes: &[Outcome]) -> Vec<String> {
    let own: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.images.choice == images.choice).collect();
    let release = own.iter().find_map(|outcome| outcome.release.clone()).unwrap_or_else(|| "**never up**".to_owned());
    let package = images.version.split('_').nth(1).unwrap_or(&images.version);
    let mut cells = vec![release, format!("{} {package}", images.choice.suite.name)];
    for column in &COLUMNS {
        let outcome = own.iter().find(|outcome| outcome.state.name == column.state);
        cells.push(outcome.map_or_else(|| "**not run**".to_owned(), |outcome| cell(column, outcome)));
    }
    cells
}

fn cell(column: &Column, outcome: &Outcome) -> String {
    let others: Vec<&str> = COLUMNS.iter().filter(|other| other.state == column.state).filter_map(|c| c.word).collect();
    let results: Results = match column.word {
        Some(word) => outcome.results.named(&[word], true),
        None => outcome.results.named(&others, false),
    };
    let (passed, failed) = results.counts();
    let lost = if outcome.complete { "" } else { ", then lost" };
    match (passed, failed) {
        (0, 0) if outcome.complete => NONE.to_owned(),
        (_, 0) if outcome.complete => passed.to_string(),
        (_, 0) => format!("**{passed}{lost}**"),
        _ => format!("**{failed} of {} failed{lost}**", passed + failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::STATES;

    fn images(kernel: &str) -> Images {
        let choice = Choice::read(kernel).unwrap();
        let version = "linux-image-6.1_6.1.9-2_s390x".to_owned();
        Images { choice, version, kernel: "/k".into(), userland: "/u".into() }
    }

    fn outcomes(images: &Images, plain: &[(&str, bool)], complete: bool) -> Vec<Outcome> {
        let outcome = |state: &'static trial::State| {
            let own = if state.name == "plain" { plain } else { &[("t", true)] };
            let tests = own.iter().map(|(name, passed)| ((*name).to_owned(), *passed)).collect();
            let complete = complete || state.name != "plain";
            let (results, release) = (Results { tests, trouble: None }, Some("6.1.0".to_owned()));
            Outcome { images: images.clone(), state, release, results, complete, reason: None }
        };
        STATES.iter().map(outcome).collect()
    }

    const PLAIN: [(&str, bool); 6] = [
        ("kernel_contract::a", true),
        ("host::a", true),
        ("host::b", true),
        ("host::without_the_capability_x", true),
        ("host::in_a_user_namespace", true),
        ("host::in_a_pid_namespace", true),
    ];

    #[test]
    fn each_test_counts_in_one_column() {
        let images = images("bookworm/s390x");
        let cells = table_row(&images, &outcomes(&images, &PLAIN, true));
        assert_eq!(cells, ["6.1.0", "bookworm 6.1.9-2", "1", "2", "1", "1", "1", "1", "1", "1", "1"]);
    }

    #[test]
    fn what_failed_was_lost_or_never_ran_shows() {
        let images = images("bookworm/s390x");
        let mut failed = PLAIN;
        failed[1].1 = false;
        let cells = table_row(&images, &outcomes(&images, &failed, true));
        assert_eq!(cells[2..5], ["1", "**1 of 2 failed**", "1"]);
        let cells = table_row(&images, &outcomes(&images, &PLAIN[..2], false));
        assert_eq!(cells[2..5], ["**1, then lost**", "**1, then lost**", "**0, then lost**"]);
        let cells = table_row(&images, &outcomes(&images, &PLAIN[..2], true));
        assert_eq!(cells[2..5], ["1", "1", NONE]);
        assert_eq!(table_row(&images, &[])[0], "**never up**");
    }

    #[test]
    fn a_kernel_that_cannot_be_had_has_a_row_that_says_so() {
        let kernel = Choice::read("sid/s390x").unwrap();
        let row = Row { kernel, images: Err("no package lists\nmore".to_owned()) };
        let text = page(&[row], &[], &[], Duration::from_secs(61)).unwrap();
        assert!(text.contains("| s390x | **not run** | sid could not be fetched | | "), "{text}");
        assert!(text.contains("in 2 minutes"));
    }

    #[test]
    fn a_kernel_that_is_tried_again_has_a_new_row_and_no_other_has() {
        let rows = ["bookworm/s390x", "trixie/s390x"]
            .map(|kernel| Row { kernel: Choice::read(kernel).unwrap(), images: Ok(images(kernel)) });
        let lost = outcomes(&images("trixie/s390x"), &PLAIN, false);
        let before = page(&rows, &lost, &[], Duration::from_secs(61)).unwrap();
        let well = outcomes(&images("trixie/s390x"), &PLAIN, true);
        let after = renewed(&before, &rows[1..], &well, "2026-01-02");
        let changed: Vec<(&str, &str)> = before.lines().zip(after.lines()).filter(|(old, new)| old != new).collect();
        let new = "| s390x | 6.1.0 | trixie 6.1.9-2, again 2026-01-02 | 1 | 2 | 1 | 1 | 1 | 1 | 1 | 1 | 1 |";
        assert!(matches!(changed.as_slice(), [(old, row)] if old.contains("then lost") && *row == new), "{changed:?}");
        assert_eq!(before.lines().count(), after.lines().count());
        assert_eq!(renewed(&after, &rows[1..], &well, "2026-01-02"), after);
    }

    #[test]
    fn every_column_stands_for_a_state_and_every_state_has_a_column() {
        for column in &COLUMNS {
            assert!(STATES.iter().any(|state| state.name == column.state), "{}", column.title);
        }
        for state in &STATES {
            assert!(COLUMNS.iter().any(|column| column.state == state.name && column.word.is_none()), "{}", state.name);
        }
    }
}
