//! The whole story of a request, from its bytes to the report: on a temporary root directory and the model of the
//! kernel. `tests/scenarios/README.md` says what a folder of that directory holds.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::panic,
    clippy::unwrap_used,
    reason = "lays hosts out and looks at them; a test may end in a panic"
)]

mod boot_loader;
mod boots;
mod case;
mod company;
mod copies;
mod culprits;
mod digest;
mod event;
mod executable;
mod export;
mod faults;
mod file_faults;
mod files;
mod fingerprint;
mod gather;
mod gather_order;
mod green;
mod hand_edited;
mod host;
mod hostile;
mod journal;
mod keys;
mod killed;
mod large;
mod limits;
mod lost;
mod machines;
mod memory;
mod mortal;
mod notes;
mod plan_id;
mod programs;
mod properties;
mod record;
mod recording;
mod refusals;
mod requests;
mod reset_lost;
mod roots;
mod sabotage;
mod scenarios;
mod schemas;
mod set_aside;
mod shared;
mod suppressed;
mod tree;
mod twice;
mod undo_order;
mod watches;
