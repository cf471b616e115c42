//! The project's integration tests in guests, one for each kernel and each state of it.

use crate::cache::Temporary;
use crate::executables::{self, Cargo, Executable};
use crate::guest::{self, Errand, Parcel};
use crate::machine::Machine;
use crate::stock::{self, Stock};
use crate::{command, suite};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A state of the kernel, told to the tests by `AUDIT_RULES_LAB`. A test that needs the kernel without audit, or locks
/// it until the next boot, says so in its name; all others run on a plain kernel. Only one test can lock a kernel, so
/// that two of them are two columns.
struct Column {
    name: &'static str,
    /// What the kernel's command line gets.
    append: &'static str,
    /// The value of `AUDIT_RULES_LAB`.
    state: &'static str,
    /// What the test executables get.
    arguments: &'static str,
}

const COLUMNS: [Column; 4] = [
    Column {
        name: "plain",
        append: "",
        state: "1",
        arguments: "--include-ignored --test-threads=1 --skip audit_off --skip locked_by_a_request",
    },
    Column {
        name: "audit=0",
        append: "audit=0",
        state: "audit_off",
        arguments: "--include-ignored --test-threads=1 audit_off",
    },
    Column {
        name: "locked",
        append: "",
        state: "locked",
        arguments: "--include-ignored --test-threads=1 locked --skip locked_by_a_request",
    },
    Column {
        name: "locked by a request",
        append: "",
        state: "locked",
        arguments: "--include-ignored --test-threads=1 locked_by_a_request",
    },
];

const SCRIPT: &[u8] = include_bytes!("../guest/trial");
const GUESTS_AT_A_TIME: usize = 2;
const TIMEOUT: Duration = Duration::from_secs(300);

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u32,
    failed: u32,
}

/// Runs the tests on every kernel in every column, and gives the exit status: 0 only when all passed and every guest
/// ran at least one.
///
/// # Errors
/// When something that is needed cannot be had.
pub fn run(machine: &Machine, kernels: &[String], tests: &[String]) -> Result<i32, String> {
    command::require(&[(machine.qemu, machine.qemu_package)])?;
    for kernel in kernels {
        suite::named(kernel)?;
    }
    let built = executables::tests(&Cargo::of_this_host()?, tests)?;
    let directory = Temporary::directory()?;
    let luggage = Luggage::pack(&built, &directory, machine)?;
    let stocks: Vec<Stock> = kernels.iter().map(|kernel| stock::take(kernel, machine)).collect::<Result<_, _>>()?;
    let mut open: Vec<(&Stock, &Column)> =
        stocks.iter().flat_map(|stock| COLUMNS.iter().map(move |column| (stock, column))).collect();
    open.reverse();

    let open = Mutex::new(open);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..GUESTS_AT_A_TIME {
            scope.spawn(|| {
                while let Some((stock, column)) = next(&open) {
                    let result = one(machine, stock, column, &luggage);
                    if let Ok(mut results) = results.lock() {
                        results.push(result);
                    }
                }
            });
        }
    });
    let results = results.into_inner().map_err(|_| "a guest's thread died".to_owned())?;
    let mut total = Tally::default();
    for result in &results {
        total.passed += result.passed;
        total.failed += result.failed;
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    let complete = results.len() == stocks.len() * COLUMNS.len();
    Ok(i32::from(total.failed > 0 || total.passed == 0 || !complete))
}

fn next<T>(open: &Mutex<Vec<T>>) -> Option<T> {
    open.lock().ok()?.pop()
}

/// What every guest gets.
struct Luggage {
    parcels: Vec<Parcel>,
    links: Vec<(String, String)>,
}

impl Luggage {
    fn pack(built: &[Executable], directory: &Temporary, machine: &Machine) -> Result<Self, String> {
        let mut luggage = Self { parcels: Vec::new(), links: Vec::new() };
        for executable in built {
            let kind = if executable.test { "tests" } else { "bin" };
            let host = directory.0.join(format!("{kind}-{}", executable.name));
            executables::light_copy(&executable.path, &host, machine)?;
            let guest = if executable.test {
                format!("/lab/tests/{}", executable.name)
            } else {
                format!("/usr/bin/{}", executable.name)
            };
            if !executable.test {
                // Tests know the executables by the path that cargo built them at.
                luggage.links.push((executable.path.display().to_string(), guest.clone()));
            }
            luggage.parcels.push(Parcel { host, guest, mode: Some(0o755) });
        }
        Ok(luggage)
    }
}

/// Runs one guest, then shows what it said in one piece. A guest that is lost, or in which nothing ran, is a failure.
fn one(machine: &Machine, stock: &Stock, column: &Column, luggage: &Luggage) -> Tally {
    let environment = [("AUDIT_RULES_LAB", column.state), ("LAB_ARGUMENTS", column.arguments), ("RUST_BACKTRACE", "0")];
    let errand = Errand {
        stock: stock.clone(),
        append: column.append.to_owned(),
        parcels: luggage.parcels.clone(),
        links: luggage.links.clone(),
        environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        script: SCRIPT.to_vec(),
        timeout: TIMEOUT,
    };
    let start = Instant::now();
    let mut lines = Vec::new();
    let status = guest::run(machine, &errand, &mut |said| guest::keep(&mut lines, said));
    let mut tally = count(&lines);
    let reason = match status {
        Ok(0) if tally.passed == 0 => Some("no test ran".to_owned()),
        Ok(0) => None,
        Ok(status) => Some(format!("ended with status {status}")),
        Err(reason) => Some(reason),
    };
    if reason.is_some() && tally.failed == 0 {
        tally.failed = 1;
    }
    let title = format!("{} ({}), {}", stock.suite, stock.version, column.name);
    let said = lines.iter().fold(String::new(), |said, line| said + "  " + line + "\n");
    let verdict = match reason {
        None => format!("ok, {} passed", tally.passed),
        Some(reason) => format!("FAILED: {reason}"),
    };
    println!("== {title}\n{said}== {title}: {verdict} in {:.1} s\n", start.elapsed().as_secs_f32());
    tally
}

/// Adds up what the test executables say at their ends.
fn count(lines: &[String]) -> Tally {
    let mut tally = Tally::default();
    for line in lines.iter().filter_map(|line| line.strip_prefix("test result: ")) {
        let words: Vec<&str> = line.split([' ', ';']).collect();
        let before = |name: &str| {
            let at = words.iter().position(|word| *word == name)?;
            words.get(at.checked_sub(1)?)?.parse::<u32>().ok()
        };
        tally.passed += before("passed").unwrap_or(0);
        tally.failed += before("failed").unwrap_or(0);
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_several_executables_add_up() {
        let lines = [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ];
        assert_eq!(count(&lines.map(str::to_owned)), Tally { passed: 4, failed: 2 });
    }

    #[test]
    fn a_guest_that_says_nothing_counts_nothing() {
        assert_eq!(count(&[]), Tally::default());
    }
}
