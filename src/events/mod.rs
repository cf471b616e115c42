//! Recorded events: what they say, which rule recorded them, and how often each rule does.
//!
//! Pure: events come in, and where they were read is not known here.

mod attribution;
mod changes;
mod counts;
mod culprit;
mod facts;
mod files;
mod filter;
mod maker;
mod noise;
mod question;
mod replay;
mod tally;
mod title;

pub use attribution::{Attribution, Unattributed};
pub use changes::{Change, Mark};
pub use counts::{Count, Span};
pub use culprit::{Altered, Certainty, Culprit, Search, Tie, mark_of};
pub use facts::{Facts, Process};
pub use files::File;
pub use filter::{Condition, Filter};
pub use maker::{Maker, OwnRun};
pub use noise::{Narrowing, Noise};
pub use question::DecidingRules;
pub use replay::{Replay, Replayed, WouldBe};
pub use tally::{KeyCount, Tally};
