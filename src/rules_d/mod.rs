//! The only place that touches files: drop-ins, `audit.rules`, the lock, the journal, and what a host's files say
//! about names and paths.
//!
//! Every path is walked component by component below a [`Root`]; no symbolic link is followed on the way to
//! anything that is written.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is the place that touches files")]

mod boot;
mod contents;
mod directory;
mod init;
mod installed;
mod journal;
mod kernels;
mod listing;
mod lock;
mod log_lines;
mod logs;
mod lookup;
mod mounts;
mod name;
mod note;
mod output;
mod problem;
mod programs;
mod root;
mod running;
mod stage;
mod standing;
mod system;
mod temporary;
mod units;
mod waiting;
mod watched;
mod way;

pub use boot::{Accounts, BootLoader};
pub use contents::{FileState, MAX_FILE, effective_mode, too_large};
pub use directory::{DIRECTORY_MODE, Directory};
pub use installed::InstalledFiles;
pub use journal::{Found as JournalFound, Journal, JournalFile, boot_id};
pub use kernels::NextKernel;
pub use listing::{DropIn, Links, Listing, MAX_TOTAL, too_large_together};
pub use lock::Lock;
pub use log_lines::{LogLine, LogRead, lines_of_text};
pub use logs::LogFile;
pub use mounts::Mounts;
pub use name::{DropInName, SUFFIX, absolute_path, drop_in_name};
pub use note::json_length;
pub use output::OutputFile;
pub use problem::{Errno, FileError, Found, Left, NameError, NameProblem, PathProblem, Problem, SkipReason, Skipped};
pub use programs::{DoubtfulMount, Programs, Storage, Unread};
pub use root::{Attributes, Root};
pub use running::{CommandLine, Process, own_executable, own_login_uid, set_own_login_uid};
pub use stage::{Backup, PublishError, Published, Stage};
pub use standing::{Elsewhere, FileId, Standing, enter, is_initial_network, standing};
#[cfg(any(test, feature = "model"))]
pub use system::fault;
pub use temporary::NewFile;
pub use waiting::WaitingFile;
pub use watched::{Watched, WatchedFile};

/// Where the lock and the journal lie.
pub const RUN_DIR: &str = "/run/audit_rules";
