//! Why a rule is not where it should be.

use rustc_hash::FxHashSet as HashSet;

use super::{AtBoot, FileRule, Gap, NextBoot};
use crate::boot_load::{LoadFailure, Spot};
use crate::plan::KernelState;
use crate::rule::Rule;
use crate::tables::managers;

/// Why a rule is not where it should be.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// Nothing tells why: it was never loaded, or somebody unloaded it.
    NotLoaded,
    /// The directory that it is about was made since the boot: the kernel drops a rule with its directory.
    DroppedByKernel {
        /// The directory.
        path: Vec<u8>,
    },
    /// The kernel is locked: it changes at the next boot.
    WaitsForReboot,
    /// The line fails.
    Fails(LoadFailure),
    /// It is written as a comment, and the reason of that is gone.
    Outdated,
    /// It is a part of the comment that begins here, in a file without a final newline.
    Swallowed(Spot),
    /// The load stops before the line.
    AfterStop(Spot),
    /// The boot does not load what has the line.
    Left(Gap),
    /// The watch is loaded for a file, and a directory stands there; or the other way round.
    OtherKind,
    /// No file asks for it: it was loaded by hand, or by another program.
    LoadedByHand,
    /// No file asks for it, and its key is that of another program.
    OtherManager(&'static str),
    /// It is loaded a further time.
    LoadedTwice,
    /// A run that was killed in the middle of its change loaded or unloaded it.
    InterruptedRun {
        /// Its process.
        pid: u32,
    },
    /// It is loaded, and the kernel holds another directory than the one that is at this path now.
    WatchesElsewhere {
        /// The path.
        path: Vec<u8>,
    },
    /// It is loaded, and something is mounted over the file at this path, which the kernel never watches.
    CoveredByMount {
        /// The path.
        path: Vec<u8>,
    },
    /// It is loaded, and something was mounted at this place below its directory after that, which the kernel does not watch.
    MountedBelow {
        /// The place.
        path: Vec<u8>,
    },
    /// It is loaded in front of a rule that the files have in front of it, or after one that they have after it.
    OutOfPlace,
}

impl AtBoot {
    /// Why the boot does not load the line; none where it does, or where another line decides.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        Some(match self {
            Self::Fails(trouble) => Cause::Fails(trouble.clone()),
            Self::AfterStop(stop) => Cause::AfterStop(stop.clone()),
            Self::Left(gap) => Cause::Left(gap.clone()),
            Self::Outdated => Cause::Outdated,
            Self::Swallowed(comment) => Cause::Swallowed(comment.clone()),
            Self::Loaded | Self::Removed | Self::Again(_) => return None,
        })
    }
}

/// What the causes rest on.
pub(super) struct Judge<'a> {
    is_locked: bool,
    loaded: HashSet<&'a Rule>,
    /// The watches of the files as they would be with a directory in place of a file, or the other way round.
    other_kinds: HashSet<Rule>,
}

impl<'a> Judge<'a> {
    pub(super) fn of(boot: &NextBoot, kernel: &'a KernelState) -> Self {
        let rules = boot.asked.iter().filter(|asked| asked.counts()).filter_map(|asked| asked.rule.as_ref());
        let watches = rules.filter(|rule| rule.line.watch.is_some());
        let other_kinds = watches.filter_map(|rule| rule.of_either_kind().pop()).map(|rule| (*rule.listed).clone());
        Self {
            is_locked: kernel.status.is_locked(),
            loaded: kernel.rules.iter().collect(),
            other_kinds: other_kinds.collect(),
        }
    }

    /// Why the rule of a line is not running.
    pub(super) fn not_running(&self, asked: &FileRule) -> Cause {
        let other_kind = asked.rule.as_ref().filter(|rule| rule.line.watch.is_some());
        let is_other_kind = other_kind
            .is_some_and(|rule| rule.of_either_kind().iter().skip(1).any(|other| self.loaded.contains(&*other.listed)));
        match asked.at_boot.cause() {
            Some(cause) => cause,
            None if self.is_locked => Cause::WaitsForReboot,
            None if is_other_kind => Cause::OtherKind,
            None => Cause::NotLoaded,
        }
    }

    /// Why a running rule of a line will not be loaded at the next boot.
    #[allow(clippy::unused_self, reason = "one of three that are asked alike")]
    pub(super) fn not_at_boot(&self, asked: &FileRule) -> Cause {
        asked.at_boot.cause().unwrap_or(Cause::NotLoaded)
    }

    /// Why a loaded rule is in no file.
    pub(super) fn not_asked_for(&self, rule: &Rule, is_copy: bool) -> Cause {
        let manager = rule.keys().find_map(managers::by_key);
        match manager {
            _ if is_copy => Cause::LoadedTwice,
            _ if self.other_kinds.contains(rule) => Cause::OtherKind,
            _ if self.is_locked => Cause::WaitsForReboot,
            Some(name) => Cause::OtherManager(name),
            None => Cause::LoadedByHand,
        }
    }
}

/// The directories with which the kernel drops a rule: those that it watches, and those that hold a file or program.
pub(super) fn directories(rule: &Rule) -> Vec<Vec<u8>> {
    rule.held_directories().into_iter().map(|held| held.path.to_vec()).collect()
}
