//! The report of `events`.

mod counts;
mod event;
mod names;
mod pauditd;
mod summary;

pub use counts::{
    CountReport, CountersReport, KeyCountReport, LatencyReport, ListeningReport, LogReport, LostReport,
    MalformedReport, NarrowReport, NeedReport, NoiseReport, ReplayReport, RuleCountReport, UnattributedReport,
};
pub use event::{AddressReport, Ids, RecordedEventReport, RecordedFileReport, kind_name};
pub use names::AccountNames;
pub use pauditd::{Message, PauditdEvent};
pub use summary::Recorded;
