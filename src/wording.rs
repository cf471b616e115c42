//! Words for why a rule is not where it should be.

use crate::boot_load::LoadFailure;
use crate::drift::{Cause, Gap};
use crate::error::Problem;
use crate::lines::Unloadable;

impl Cause {
    /// The cause's stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotLoaded => "not_loaded",
            Self::DroppedByKernel { .. } => "dropped_by_kernel",
            Self::WaitsForReboot => "waits_for_reboot",
            Self::Fails(trouble) => match trouble {
                LoadFailure::Unloadable(Unloadable::Syscalls { .. }) => "no_such_syscall",
                LoadFailure::Unloadable(Unloadable::Line(error)) if error.what.is_no_such_arch() => "no_such_arch",
                LoadFailure::Unloadable(Unloadable::MissingPath { .. }) => "missing_path",
                LoadFailure::Unloadable(Unloadable::TooNew { .. }) => "auditctl_too_old",
                LoadFailure::Unloadable(Unloadable::Refused(_)) => "kernel_refuses",
                LoadFailure::Unloadable(why @ Unloadable::Line(_)) if why.is_missing() => "no_such_account",
                _ => "bad_line",
            },
            Self::Outdated => "outdated_comment",
            Self::Swallowed(_) => "in_a_comment",
            Self::AfterStop(_) => "after_stop",
            Self::Left(Gap::NobodyLoads) => "nobody_loads",
            Self::Left(Gap::NotInFile(_)) => "not_in_boot_file",
            Self::Left(Gap::NotInDropIns) => "not_in_rules_d",
            Self::OtherKind => "other_watch_kind",
            Self::LoadedByHand => "loaded_by_hand",
            Self::OtherManager(_) => "other_manager",
            Self::LoadedTwice => "loaded_twice",
            Self::InterruptedRun { .. } => "interrupted_run",
            Self::OutOfPlace => "out_of_place",
            Self::WatchesElsewhere { .. } => "watches_elsewhere",
            Self::CoveredByMount { .. } => "covered_by_mount",
            Self::MountedBelow { .. } => "mounted_below",
        }
    }

    /// The cause as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NotLoaded => "it was not loaded since it stands there, or it was unloaded".to_owned(),
            Self::DroppedByKernel { path } => format!(
                "the kernel drops a rule with its directory, and {} was made anew since the boot",
                String::from_utf8_lossy(path)
            ),
            Self::WaitsForReboot => "the kernel is locked until the next boot".to_owned(),
            Self::Fails(trouble) => trouble.sentence(),
            Self::Outdated => {
                "it stands there as a comment, whose reason is gone: state: loaded writes and loads it".to_owned()
            }
            Self::Swallowed(comment) => format!(
                "it is a part of the comment at {comment}, which ends its file without a newline: end that file with one"
            ),
            Self::AfterStop(stop) => format!("the boot load stops before it, at {stop}"),
            Self::Left(Gap::NobodyLoads) => "nobody loads the rules at boot".to_owned(),
            Self::Left(Gap::NotInFile(file)) => format!("the boot loads {file} as it stands, and it is not in it"),
            Self::Left(Gap::NotInDropIns) => {
                "augenrules makes audit.rules anew from rules.d at boot, and no drop-in has it".to_owned()
            }
            Self::OtherKind => {
                "a watch is loaded as one of a file or of a directory, and the path has become the other".to_owned()
            }
            Self::LoadedByHand => "no file asks for it: it was loaded by hand or by another program".to_owned(),
            Self::OtherManager(name) => format!("no file asks for it: its key is one of {name}"),
            Self::LoadedTwice => "it is loaded a further time".to_owned(),
            Self::InterruptedRun { pid } => {
                format!("a run (process {pid}) was killed in the middle of the change that touched it")
            }
            Self::OutOfPlace => "the kernel holds it in another place than the files".to_owned(),
            Self::CoveredByMount { path } => format!(
                "something is mounted over {}: the kernel watches what is below the mount, whenever the rule is loaded",
                String::from_utf8_lossy(path)
            ),
            Self::MountedBelow { path } => format!(
                "something was mounted at {} since it was loaded, or first seen here: the kernel watches nothing of that until \
                 the rule is loaded anew, which state: loaded does",
                String::from_utf8_lossy(path)
            ),
            Self::WatchesElsewhere { path } => format!(
                "another directory is at {} than when it was loaded, or first seen here: the kernel watches that one until the \
                 rule is loaded anew, which state: loaded does",
                String::from_utf8_lossy(path)
            ),
        }
    }
}

impl LoadFailure {
    /// The stable name of why a line has no effect.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unloadable(why) => Problem::from(why.what()).kind(),
            Self::Duplicate(_) => "duplicate_rule",
            Self::NothingToDelete => "nothing_to_delete",
            Self::Locked(_) => "after_lock",
        }
    }

    /// Why a line has no effect, as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Unloadable(why) => Problem::from(why.what()).message(),
            Self::Duplicate(same_as) => format!("the same rule as {same_as}"),
            Self::NothingToDelete => "there is no such rule to delete".to_owned(),
            Self::Locked(by) => format!("{by} has locked the kernel, which takes no change after it"),
        }
    }
}
