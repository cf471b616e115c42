//! A line on the terminal while something takes long.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// After this time there is a line, and a new one as often.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far something is; told where standard error is a terminal, and taken away in the end.
pub struct Progress {
    last: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// Nothing was done yet.
    pub fn begin() -> Self {
        Self { last: stderr().is_terminal().then(Instant::now), is_shown: false }
    }

    /// So many names were looked at.
    pub fn tell(&mut self, names: u64) {
        if self.last.is_some_and(|last| last.elapsed() >= PATIENCE) {
            self.last = Some(Instant::now());
            self.is_shown = true;
            let _ = write!(stderr(), "\r\x1b[Klooking for privileged programs: {names} names so far");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
