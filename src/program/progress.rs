//! A line on the terminal while something takes long.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::rules_d::{Programs, Root, Storage, Unread};

/// After this time there is a line, and a new one as often.
const PATIENCE: Duration = Duration::from_secs(1);

/// The privileged programs below a root, as [`Root::programs`] gives them, with a line on the terminal where that takes long.
pub fn walked(root: &Root, storage: Storage, is_left_out: &dyn Fn(&[u8]) -> bool) -> Result<Programs, Unread> {
    let mut progress = Progress::begin();
    root.programs(storage, is_left_out, &mut |names| progress.tell(names))
}

/// How far something is; told where standard error is a terminal, and taken away in the end.
struct Progress {
    last: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// Nothing was done yet.
    fn begin() -> Self {
        Self { last: stderr().is_terminal().then(Instant::now), is_shown: false }
    }

    /// So many names were looked at.
    fn tell(&mut self, names: u64) {
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
