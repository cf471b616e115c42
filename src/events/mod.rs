//! Recorded events: what they say, which rule recorded them, and how often each rule does.
//!
//! Pure: events come in, and where they were read is not known here.

mod attribution;
mod counts;
mod facts;
mod files;
mod filter;
mod noise;
mod question;
mod replay;
mod tally;

pub use attribution::{Attribution, Unattributed};
pub use counts::{Count, Span};
pub use facts::{Facts, Process};
pub use files::File;
pub use filter::{Condition, Filter};
pub use noise::{Narrowing, Noise};
pub use question::DecidingRules;
pub use replay::{Replay, Replayed, WouldBe};
pub use tally::{KeyCount, Tally};
