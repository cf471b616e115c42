//! Signals that ask us to stop: held back, and answered between two steps. And the one that would end a run for a file
//! that grows too large.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Makes a file that meets a limit on its size (`ulimit -f`) an error, EFBIG, and so a change that is taken back. SIGXFSZ,
/// which would kill the run in the middle, is blocked: the write fails all the same (setrlimit(2)).
pub fn hold_back_file_size() {
    let _ = SigSet::from(Signal::SIGXFSZ).thread_block();
}

/// SIGTERM, SIGINT and SIGHUP, held back for the rest of the process.
///
/// A run that is asked to stop takes its change back and reports; it does not die in the middle.
#[derive(Debug)]
pub struct Signals(Option<SignalFd>);

impl Signals {
    /// Holds the signals back.
    #[must_use]
    pub fn held_back() -> Self {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            set.add(signal);
        }
        let blocked = set.thread_block().and_then(|()| SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK));
        Self(blocked.ok())
    }

    /// The name of a signal that came since the last call.
    pub fn next(&mut self) -> Option<&'static str> {
        let info = self.0.as_mut()?.read_signal().ok()??;
        let signal = i32::try_from(info.ssi_signo).ok()?;
        Signal::try_from(signal).ok().map(Signal::as_str)
    }
}
