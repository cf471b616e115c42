//! The report of `events`.

mod counts;
mod event;
mod file;
mod names;
mod pauditd;
mod summary;

pub use counts::{
    CountReport, CountersReport, KeyCountReport, LatencyReport, ListeningReport, LogReport, LostReport,
    MalformedReport, NarrowReport, NeedReport, NoiseReport, ReplayReport, RuleCountReport, UnattributedReport,
};
pub(super) use event::shown;
pub use event::{Ids, RecordedEventReport, kind_name};
pub use file::{AddressReport, RecordedFileReport};
pub use names::AccountNames;
pub use pauditd::{Message, PauditdEvent};
pub use summary::{Recorded, line_of_output};
