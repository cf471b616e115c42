//! How many events there were, and when.

use crate::records::Stamp;

/// How many events there were, the first and the last by their time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub events: u64,
    /// When.
    pub span: Span,
}

/// A first and a last time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Both; none where nothing happened.
    pub ends: Option<(u64, u64)>,
}

impl Count {
    /// Counts one more.
    pub fn add(&mut self, stamp: Stamp) {
        self.events += 1;
        self.span.add(stamp);
    }
}

impl Span {
    /// Takes another time in.
    pub fn add(&mut self, stamp: Stamp) {
        let at = stamp.in_milliseconds();
        self.ends = Some(self.ends.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
    }

    /// How often in an hour of this time something came that came so often; none where the time is too short to tell.
    #[must_use]
    pub fn per_hour(&self, events: u64) -> Option<u64> {
        let (first, last) = self.ends?;
        let milliseconds = last.saturating_sub(first);
        let scaled = u128::from(events) * 3_600_000;
        let rate = (milliseconds >= 1000).then(|| scaled / u128::from(milliseconds))?;
        u64::try_from(rate).ok()
    }
}
