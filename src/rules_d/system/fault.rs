//! What can go wrong with files, on demand. Calls are counted from 1, those of each thread for itself.

use std::cell::RefCell;

use rustix::io::Errno;

/// How a call that creates a file is called here.
pub const CREATE: &str = "openat(O_CREAT)";

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails with nothing done.
    Fail(Errno),
    /// It is accepted and not carried out; one that must give something is carried out.
    Ignore,
}

/// What is to come, and what came.
#[derive(Default)]
struct Play {
    first: u32,
    last: u32,
    fault: Option<Fault>,
    /// Which calls go wrong; none stands for all.
    only: &'static [&'static str],
    /// What somebody else does just before the first of these calls.
    foreign: Option<Box<dyn FnOnce()>>,
    /// What somebody else does just before each call from the first on.
    neighbour: Option<Box<dyn FnMut()>>,
    calls: Vec<&'static str>,
}

thread_local! {
    static PLAY: RefCell<Play> = RefCell::new(Play::default());
}

/// Lets the n-th call from now on go wrong.
pub fn at(nth: u32, fault: Fault) {
    PLAY.set(Play { first: nth, last: nth, fault: Some(fault), ..Play::default() });
}

/// Lets the n-th call from now on, and every one after it, go wrong, where it is one of these.
pub fn from(nth: u32, only: &'static [&'static str], fault: Fault) {
    PLAY.set(Play { first: nth, last: u32::MAX, fault: Some(fault), only, ..Play::default() });
}

/// Lets somebody else act just before the n-th call from now on.
pub fn before(nth: u32, foreign: impl FnOnce() + 'static) {
    PLAY.set(Play { first: nth, last: nth, foreign: Some(Box::new(foreign)), ..Play::default() });
}

/// Lets somebody else act just before the n-th call from now on, and before every one after it.
pub fn before_each(nth: u32, neighbour: impl FnMut() + 'static) {
    PLAY.set(Play { first: nth, last: u32::MAX, neighbour: Some(Box::new(neighbour)), ..Play::default() });
}

/// Forgets what was to come, and gives back the calls that were made since it was said.
#[allow(clippy::must_use_candidate, reason = "the calls are of no matter to most who end a fault")]
pub fn mend() -> Vec<&'static str> {
    PLAY.take().calls
}

/// Counts a call, and says how it is to go wrong.
pub(super) fn enter(call: &'static str) -> Option<Fault> {
    let neighbour = PLAY.with_borrow_mut(|play| {
        let nth = u32::try_from(play.calls.len() + 1).unwrap_or(u32::MAX);
        if nth >= play.first { play.neighbour.take() } else { None }
    });
    if let Some(mut neighbour) = neighbour {
        neighbour();
        PLAY.with_borrow_mut(|play| play.neighbour = Some(neighbour));
    }
    let (fault, foreign) = PLAY.with_borrow_mut(|play| {
        play.calls.push(call);
        let nth = u32::try_from(play.calls.len()).unwrap_or(u32::MAX);
        let is_meant = play.only.is_empty() || play.only.contains(&call);
        let is_now = is_meant && (play.first..=play.last).contains(&nth);
        if is_now { (play.fault, play.foreign.take()) } else { (None, None) }
    });
    if let Some(foreign) = foreign {
        foreign();
    }
    fault
}
