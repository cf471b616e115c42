//! What a line of a rules file says.

use super::accounts::Accounts;
use super::installed::Installed;
use crate::rule::{Arch, FieldNumber, List, Machine, Mask, Rule};
use crate::tables::perm;

/// What a line's meaning depends on besides its text.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The machine that the line is for.
    pub machine: &'a Machine,
    /// Whom user and group names stand for.
    pub accounts: &'a Accounts,
    /// What to do with system calls of other machines.
    pub unknown_syscalls: UnknownSyscalls,
    /// The auditctl whose own reading is asked for, with all that it takes because it does not look; none for the line
    /// as we take it.
    pub installed: Option<&'a Installed>,
}

impl Context<'_> {
    /// Whether the line is read as an auditctl does that is older than this version.
    #[must_use]
    pub fn is_before(&self, version: [u16; 3]) -> bool {
        self.installed.is_some_and(|installed| !installed.is_since(version))
    }

    /// Whether `-A` takes a rule away, as in 4.0.4 to 4.1.0.
    #[must_use]
    pub fn prepend_deletes(&self) -> bool {
        let is_known = |installed: &Installed| installed.version.is_some() && installed.is_since([4, 0, 4]);
        self.installed.is_some_and(is_known) && self.is_before([4, 1, 1])
    }

    /// Whether a word of one of auditctl's tables is missing from the one whose reading is asked for.
    #[must_use]
    pub fn lacks(&self, word: &str) -> bool {
        self.installed.is_some_and(|installed| !installed.knows(word))
    }
}

/// What to do with a system call that exists on other machines but not on this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownSyscalls {
    /// Refuse the line, as auditctl does.
    Fail,
    /// Leave it out and record that. A name that exists nowhere is refused all the same.
    Skip,
}

/// One line.
#[allow(clippy::large_enum_variant, reason = "lines are read and used one by one; nearly all of them hold a rule")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Nothing, or spaces alone.
    Blank,
    /// A comment.
    Comment,
    /// Options.
    Statement(Statement),
}

/// The options of a line, as what they do.
///
/// Neither controls nor a rule: a line that auditctl takes and does nothing for (action `possible`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// What the line sets or asks for, in order; carried out before its rule.
    pub controls: Vec<Control>,
    /// The rule of the line.
    pub rule: Option<RuleLine>,
}

/// Anything but a rule that a rules file may hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Control {
    /// `-e`: 0 off, 1 on, 2 locked until the next boot.
    Enabled(u32),
    /// `-f`: 0 silent, 1 printk, 2 panic.
    Failure(u32),
    /// `-b`: records that may wait.
    BacklogLimit(u32),
    /// `-r`: records per second, 0 for no limit.
    RateLimit(u32),
    /// `--backlog_wait_time`: in jiffies.
    BacklogWaitTime(u32),
    /// `--loginuid-immutable`: the feature set and locked.
    LoginuidImmutable,
    /// `-i`: failing lines are passed over, and the load succeeds whatever happens.
    IgnoreErrors,
    /// `-c`: failing lines are passed over, and the load fails at its end.
    ContinueOnErrors,
    /// `-D`.
    DeleteAll,
    /// `-D -k`: every rule whose joined key text contains this.
    DeleteByKey(Vec<u8>),
    /// `--reset-lost`.
    ResetLost,
    /// `--reset_backlog_wait_time_actual`.
    ResetBacklogWaitTimeActual,
    /// `-t`.
    Trim,
    /// `-q`.
    MakeEquivalent {
        /// What was mounted.
        mount_point: Vec<u8>,
        /// The subtree that counts as the same.
        subtree: Vec<u8>,
    },
    /// `-l`.
    List {
        /// Numbers as names (`-i`).
        interpret: bool,
        /// Only rules whose joined key text contains this.
        key: Option<Vec<u8>>,
    },
    /// `-s`.
    Status {
        /// Numbers as names (`-i`).
        interpret: bool,
    },
    /// `-m`: a user message.
    Message(Vec<u8>),
    /// `--signal`: what auditd is told, lower case.
    Signal(String),
    /// `-v`.
    Version,
    /// `-h`.
    Help,
}

/// What happens to the rule of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Put after all others of its list (`-a`, `-w`).
    Append,
    /// Put before all others of its list (`-A`).
    Prepend,
    /// Taken away (`-d`, `-W`).
    Delete,
}

/// The rule of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLine {
    /// What happens to it.
    pub verb: Verb,
    /// The rule. Its mask is not narrowed by `perm=`; the path of a watch is a `path` field.
    pub rule: Rule,
    /// Which field a watch made, so that its kind (path or directory) depends on the host.
    pub watch: Option<usize>,
    /// What `perm=` does to the mask in auditctl 3.1.3 and later.
    pub narrowing: Option<Narrowing>,
    /// System calls of other machines that were left out.
    pub skipped_syscalls: Vec<SkippedSyscall>,
    /// All its system calls were left out: it must never be sent.
    pub emptied: bool,
    /// What is worth knowing of it.
    pub notes: Vec<Note>,
}

/// What auditctl 3.1.3 and later make of the mask of a rule with `-F perm=` after a known architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowing {
    /// The letters (r 4, w 2, x 1, a 8).
    pub perm: u32,
    /// Whose system calls.
    pub arch: Arch,
    /// The system calls that the line names besides.
    pub named: Mask,
}

/// A system call that the line names and this machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedSyscall {
    /// Its name.
    pub name: String,
    /// The architecture that lacks it.
    pub arch: Arch,
}

/// Something worth knowing of a rule that is not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A key on a list where it stops the evaluation: the rule never acts, nor does anything after it.
    KeyDisablesList(List),
    /// As `KeyDisablesList`, for any other field that the list does not evaluate.
    FieldDisablesList {
        /// The list.
        list: List,
        /// The field.
        field: FieldNumber,
    },
    /// A rule without fields on the `user` or `exclude` list never matches.
    NoFieldsNeverMatch(List),
    /// System calls without an architecture: the numbers are those of the native one, for both.
    SyscallsWithoutArch {
        /// Names whose number differs on the 32-bit side, lower case.
        differing: Vec<String>,
    },
    /// `always` on the `filesystem` list does nothing.
    AlwaysOnFilesystem,
    /// The action of an `exclude` rule is not looked at: what matches is dropped.
    ActionIgnoredOnExclude,
    /// No system call is in the mask.
    EmptyMask,
    /// A system call of the line was left out because this machine lacks it.
    SyscallSkipped(SkippedSyscall),
    /// On the `task` list this field has nothing to compare with yet.
    FieldUnknownToTask(FieldNumber),
    /// A path that is taken as it stands although it is not the shortest one.
    PathNotNormal {
        /// The path, which has `.` or `..` components or doubled slashes.
        path: Vec<u8>,
    },
    /// A path with a variable that nobody replaces.
    UnexpandedVariable {
        /// The path.
        path: Vec<u8>,
        /// The variable.
        part: Vec<u8>,
    },
    /// `*` and `?` stand for themselves.
    WildcardIsLiteral {
        /// The path.
        path: Vec<u8>,
    },
    /// The keys take more than the 31 bytes that old auditctl and the manual page allow.
    LongKey {
        /// All keys with their separators, in bytes.
        length: usize,
    },
    /// The kernel watches the symbolic link itself, not what it leads to.
    LinkItself {
        /// The link.
        path: Vec<u8>,
        /// What the rule is about: of a directory or a program that the link leads to it sees nothing at all.
        field: FieldNumber,
    },
    /// Some versions of auditctl refuse the line, so that a boot load with one of them stops there: `perm=` stands after
    /// what names the system calls' table, and that table lacks one of the permission's system calls.
    RefusedBySome {
        /// The versions, for people.
        versions: &'static str,
        /// Whose table.
        arch: Arch,
    },
    /// The action `possible`: nothing is sent.
    Possible,
}

impl RuleLine {
    /// The rule with the kind of its watched path as the host has it. Lines without a watch stay as they are.
    #[must_use]
    pub fn with_watch_kind(mut self, is_directory: bool) -> Self {
        if let Some(field) = self.watch.and_then(|at| self.rule.fields.get_mut(at)) {
            field.number = if is_directory { FieldNumber::DIR } else { FieldNumber::PATH };
        }
        self
    }

    /// The path of the watch, whose kind depends on the host.
    #[must_use]
    pub fn watched_path(&self) -> Option<&[u8]> {
        self.rule.fields.get(self.watch?)?.text()
    }

    /// Every mask under which a kernel rule is this rule: that of the line first, then those that the versions of
    /// auditctl make of it; none twice.
    #[must_use]
    pub fn masks(&self) -> Vec<Mask> {
        let mut masks = vec![self.rule.syscalls.clone()];
        if let Some(narrowing) = &self.narrowing {
            for mask in narrowing.masks() {
                masks.extend(mask.filter(|mask| !masks.contains(mask)));
            }
        }
        masks
    }

    /// The mask of the line itself, and then that of each era of auditctl; none where that one refuses the rule.
    #[must_use]
    pub fn masks_by_era(&self) -> Vec<Option<Mask>> {
        let own = || Some(self.rule.syscalls.clone());
        let narrowed: Vec<Option<Mask>> = self
            .narrowing
            .as_ref()
            .map_or_else(|| vec![own(); perm::eras().len()], |narrowing| narrowing.masks().collect());
        std::iter::once(own()).chain(narrowed).collect()
    }

    /// The mask that auditctl 4.2 sends.
    #[must_use]
    pub fn mask_4_2(&self) -> Mask {
        let narrowed = self.narrowing.as_ref().and_then(|narrowing| narrowing.masks().last().flatten());
        narrowed.unwrap_or_else(|| self.rule.syscalls.clone())
    }
}

impl Narrowing {
    /// The mask that each era of auditctl sends, oldest first; none where it refuses the rule.
    fn masks(&self) -> impl Iterator<Item = Option<Mask>> + '_ {
        perm::masks(self.arch, self.perm).into_iter().map(|mask| {
            let mut mask = mask?;
            mask.union(&self.named);
            Some(mask)
        })
    }
}
