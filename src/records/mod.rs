//! Audit records: their text read, and put together to events.
//!
//! Sources: `audit_log_start`, `audit_log_exit` and `audit_log_n_untrustedstring` of the kernel's `kernel/audit.c` and
//! `kernel/auditsc.c` for the text; auditd.conf(5) (`log_format`, `name_format`) for what auditd puts around it. Whether
//! records came from a file or from the kernel is not known here.

mod arguments;
mod assembler;
mod fields;
pub mod interpret;
mod kind;
mod malformed;
mod record;
mod recorded;
mod serials;
mod socket_address;
mod stamp;
pub mod time;
mod value;

pub use arguments::Arguments;
pub use assembler::{Assembler, Counters, MOST_WAIT};
pub use fields::{Field, Fields};
pub use kind::RecordType;
pub use malformed::{Defect, Malformed};
pub use record::Record;
pub use recorded::RecordedEvent;
pub use serials::{Serials, SerialsOfHosts};
pub use socket_address::{SocketAddress, UnixName};
pub use stamp::Stamp;
pub use value::{Value, from_hexadecimal};
