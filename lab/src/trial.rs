//! The project's tests in guests, one for each kernel and each state of it.

use crate::cache::{self, Temporary};
use crate::guest::{self, Job};
use crate::images::{self, Choice, Images};
use crate::payload::{self, Order, Payload};
use crate::results::Results;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A state of the kernel, told to the tests by `AUDIT_RULES_LAB`. A test that needs the kernel without audit, or locks
/// it until the next boot, says so in its name; all others run on a plain kernel. Only one test can lock a kernel, so
/// that two of them are two states.
#[derive(Debug)]
pub struct State {
    /// For people.
    pub name: &'static str,
    /// What the kernel's command line gets.
    append: &'static str,
    /// What runs there.
    work: Work,
}

#[derive(Debug)]
enum Work {
    /// The test executables.
    Tests {
        /// The value of `AUDIT_RULES_LAB`.
        state: &'static str,
        /// What the test executables get.
        arguments: &'static str,
    },
    /// The steps of the demonstration.
    Demonstration,
}

/// Every state that each kernel is tried in.
pub static STATES: [State; 5] = [
    State {
        name: "plain",
        append: "",
        work: Work::Tests {
            state: "1",
            arguments: "--include-ignored --test-threads=1 --skip audit_off --skip locked",
        },
    },
    State {
        name: "audit=0",
        append: "audit=0",
        work: Work::Tests { state: "audit_off", arguments: "--include-ignored --test-threads=1 audit_off" },
    },
    State {
        name: "locked",
        append: "",
        work: Work::Tests {
            state: "locked",
            arguments: "--include-ignored --test-threads=1 locked --skip locked_by_a_request",
        },
    },
    State {
        name: "locked by a request",
        append: "",
        work: Work::Tests { state: "locked", arguments: "--include-ignored --test-threads=1 locked_by_a_request" },
    },
    State { name: "demonstration", append: "", work: Work::Demonstration },
];

const TESTS: &[u8] = include_bytes!("../guest/trial");
const GUESTS_AT_A_TIME: usize = 2;
/// Emulated, beside other lanes of tests on two processors, the whole of them takes a good part of this.
const TIMEOUT: Duration = Duration::from_secs(2400);

/// What one guest showed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The kernel and its files.
    pub images: Images,
    /// The state that it was in.
    pub state: &'static State,
    /// What `uname -r` said, where it came that far.
    pub release: Option<String>,
    /// The verdicts: of tests, or of the demonstration's steps.
    pub results: Results,
    /// Whether the guest came to its end, and what it said fits together.
    pub complete: bool,
    /// Why it does not count as passed.
    pub reason: Option<String>,
}

/// Runs the tests on every kernel in every state, and gives the exit status: 0 only when all passed and every guest
/// ran at least one.
///
/// # Errors
/// When something that is needed cannot be had.
pub fn run(kernels: &[Choice], order: &Order) -> Result<i32, String> {
    guest::require(kernels)?;
    let images: Vec<Images> = kernels.iter().map(|kernel| images::take(*kernel)).collect::<Result<_, _>>()?;
    let directory = Temporary::directory()?;
    let payload = payload::for_kernels(kernels, order, &directory)?;
    let outcomes = try_all(&images, &payload)?;
    Ok(closing(&outcomes))
}

/// Prints the sum of all guests, and gives the exit status.
pub fn closing(outcomes: &[Outcome]) -> i32 {
    let lost = outcomes.iter().filter(|outcome| outcome.reason.is_some());
    for outcome in lost.clone() {
        let reason = outcome.reason.as_deref().unwrap_or_default();
        println!("FAILED: {}, {}: {reason}", outcome.images.choice, outcome.state.name);
    }
    // A guest that failed as a whole is a failure, even where each test that it named had passed.
    let unnamed = lost.clone().filter(|outcome| outcome.results.counts().1 == 0).count();
    let sum =
        |of: fn((usize, usize)) -> usize| outcomes.iter().map(|outcome| of(outcome.results.counts())).sum::<usize>();
    let (passed, failed) = (sum(|(passed, _)| passed), sum(|(_, failed)| failed) + unnamed);
    println!("{passed} passed, {failed} failed");
    i32::from(failed > 0 || passed == 0 || lost.count() > 0)
}

/// Runs a guest for each kernel and each state, two at a time.
///
/// # Errors
/// When a guest's thread died.
pub fn try_all(images: &[Images], payload: &[Payload]) -> Result<Vec<Outcome>, String> {
    let mut open = Vec::new();
    for (at, images) in images.iter().enumerate() {
        let machine = images.choice.machine;
        let fitting = payload.iter().find(|payload| *payload.machine == *machine);
        let fitting = fitting.ok_or_else(|| format!("nothing was built for {}", machine.name))?;
        open.extend(STATES.iter().map(|state| (at, images, state, fitting)));
    }
    let count = open.len();
    // Taken from the end: the first state first, since it takes longest.
    open.sort_by_key(|(_, _, state, _)| std::cmp::Reverse(STATES.iter().position(|other| other.name == state.name)));
    let open = Mutex::new(open);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..GUESTS_AT_A_TIME {
            scope.spawn(|| {
                while let Some((at, images, state, payload)) = next(&open) {
                    let outcome = one(images, state, payload);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, outcome));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| "a guest's thread died".to_owned())?;
    if done.len() != count {
        return Err(format!("{} of {count} guests came to no end", count - done.len()));
    }
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, outcome)| outcome).collect())
}

fn next<T>(open: &Mutex<Vec<T>>) -> Option<T> {
    open.lock().ok()?.pop()
}

/// Runs one guest, then shows what it said in one piece. A guest that is lost, or in which nothing ran, is a failure.
fn one(images: &Images, state: &'static State, payload: &Payload) -> Outcome {
    let start = Instant::now();
    let mut lines = Vec::new();
    let status =
        job(images, state, payload).and_then(|job| guest::run(&job, &mut |said| guest::keep(&mut lines, said)));
    let results = match state.work {
        Work::Tests { .. } => Results::of(&lines),
        Work::Demonstration => Results::of_steps(&lines, status == Ok(0)),
    };
    let complete = status.is_ok() && results.trouble.is_none();
    let reason = match status {
        Ok(0) if results.tests.is_empty() => Some("nothing ran".to_owned()),
        Ok(0) => results.trouble.clone(),
        Ok(status) => Some(format!("ended with status {status}")),
        Err(reason) => Some(reason),
    };
    let release = lines.iter().find_map(|line| line.strip_prefix("LAB-RELEASE ")).map(str::to_owned);
    let title = format!("{} ({}), {}", images.choice, images.version, state.name);
    let said = lines.iter().fold(String::new(), |said, line| said + "  " + line + "\n");
    let verdict = match &reason {
        None => format!("ok, {} passed", results.counts().0),
        Some(reason) => format!("FAILED: {reason}"),
    };
    println!("== {title}\n{said}== {title}: {verdict} in {:.1} s\n", start.elapsed().as_secs_f32());
    Outcome { images: images.clone(), state, release, results, complete, reason }
}

fn job(images: &Images, state: &State, payload: &Payload) -> Result<Job, String> {
    let mut job = Job {
        images: images.clone(),
        append: state.append.to_owned(),
        files: payload.programs.clone(),
        links: payload.links.clone(),
        environment: Vec::new(),
        script: b"echo \"LAB-RELEASE $(uname -r)\"\n".to_vec(),
        timeout: TIMEOUT,
    };
    match state.work {
        Work::Tests { state, arguments } => {
            job.files.extend(payload.tests.iter().cloned());
            let environment = [("AUDIT_RULES_LAB", state), ("LAB_ARGUMENTS", arguments), ("RUST_BACKTRACE", "0")];
            job.environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            job.script.extend_from_slice(TESTS);
        }
        Work::Demonstration => {
            job.files.push(payload::demonstration());
            job.script.extend(cache::read(&cache::project().join("lab/demo/steps.sh"))?);
        }
    }
    Ok(job)
}
