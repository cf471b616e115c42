//! Records as a kernel would send them, for tests.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::{Heard, KernelError, Listener};

/// What is heard of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    /// A record: its type, and its text from `audit(` on.
    Record(u16, String),
    /// Records are lost on the way.
    Loss,
    /// So much time passes.
    Pause(Duration),
    /// The socket fails.
    Failure(KernelError),
}

/// Sounds one after the other, and a clock that moves in pauses alone.
#[derive(Debug, Clone, Default)]
pub struct Played {
    sounds: VecDeque<Sound>,
    last: String,
    now: Duration,
}

impl Played {
    /// These sounds, from a time on.
    pub fn new(sounds: impl IntoIterator<Item = Sound>, now: Duration) -> Self {
        Self { sounds: sounds.into_iter().collect(), last: String::new(), now }
    }
}

impl Listener for Played {
    fn next(&mut self, wait: Duration) -> Result<Heard<'_>, KernelError> {
        match self.sounds.pop_front() {
            Some(Sound::Record(number, text)) => {
                self.last = text;
                Ok(Heard::Record { number, text: self.last.as_bytes(), came: self.now })
            }
            Some(Sound::Loss) => Ok(Heard::Loss),
            Some(Sound::Failure(error)) => Err(error),
            Some(Sound::Pause(left)) => {
                let passed = left.min(wait);
                self.now += passed;
                if left > passed {
                    self.sounds.push_front(Sound::Pause(left.saturating_sub(passed)));
                }
                Ok(Heard::Silence)
            }
            None => {
                self.now += wait;
                Ok(Heard::Silence)
            }
        }
    }

    fn port(&self) -> u32 {
        313
    }

    fn receive_buffer(&self) -> usize {
        1 << 20
    }

    fn now(&mut self) -> Duration {
        self.now
    }
}
