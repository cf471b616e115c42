//! Requests that are well formed but cannot be done on this host.

use std::rc::Rc;

use super::Hint;
use crate::auditctl::{FormError, LineError, LineErrorKind, Version};
use crate::kernel::Errno;
use crate::rule::verdict::Refusal;

/// Why a request cannot be done.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum PolicyError {
    /// System calls that exist on other architectures only.
    SyscallsOfOthers { names: Vec<String>, arch: String, emptied: bool },
    /// A line that the auditctl of the boot is too old for.
    TooNew { error: Rc<LineError>, version: Option<Version> },
    /// A rule that the kernel would refuse.
    KernelRefuses(Refusal),
    /// A path that the kernel would not find, and what it would answer.
    MissingPath { path: Rc<[u8]>, errno: i32 },
    /// A path of which it could not be told what stands there.
    UnseenPath { path: Rc<[u8]> },
    /// A rule that another drop-in holds.
    Duplicate { same_as: String },
    /// No privileged program was found; how many lines for such programs the drop-in holds, and which that is.
    NoPrograms { held: Option<(usize, String)>, excludes: bool },
    /// The path of a privileged program, written with escapes, that no line can hold.
    UnwritablePath { path: String },
    /// A least id of users that is none.
    BadUidMin { path: &'static str, value: String },
    /// A missing newline makes one line of two, which cannot be loaded.
    RunTogether { second: String, why: String },
    /// A line after the rule takes it away again at boot.
    DeletedAgain { by: String, line: String },
    /// A line before the rule locks the kernel at boot.
    AfterLock { by: String },
    /// A line of `audit.rules` that no drop-in has and that making the file anew would lose.
    OnlyCompiled { is_exact: bool },
    /// A line that asks or takes away.
    NotDeclarative,
    /// The kernel is locked and the request says to fail then.
    Locked,
    /// A rule or setting of rules.d that the kernel lacks, where the request locks it and does not ask for that.
    LockedOut,
    /// The request is about the kernel, and there is none for us.
    NoKernel { why: String, remedy: Option<String> },
    /// We may not talk to the kernel.
    Denied { why: String, remedy: Option<String> },
    /// A wait time that no kernel takes.
    WaitTime { jiffies: u32, most: u32 },
    /// A setting that this kernel does not have.
    NoSuchSetting { setting: &'static str },
    /// Something that this kernel cannot do.
    Unsupported { what: &'static str },
    /// The host is not as the change left it.
    HostChanged { difference: String },
    /// The plan is not the one that was approved; what changed since.
    PlanChanged { what: Vec<&'static str> },
    /// A step was refused.
    StepRefused { step: String, errno: String },
    /// Somebody else wrote a file while this run was at work.
    ChangedMeanwhile { path: String },
    /// The read-back is not what was wanted.
    NotAsDeclared { difference: String },
    /// This run locked the kernel, and read after that it is not as declared: somebody else changed it just before.
    LockedIncomplete { difference: String },
    /// The host could not be brought back; this differs.
    Stranded { difference: String },
    /// Files, kernel and next boot do not agree, and the request says to fail then.
    NotInSync { what: String, why: String },
    /// A rule that does not record, or of which that could not be found out.
    NotProven { why: String },
    /// An event is answered otherwise than the request expects.
    NotAsExpected { event: String, expected: String, found: String },
    /// A signal asked us to stop.
    Interrupted { signal: String },
}

impl PolicyError {
    /// The stable name of this kind of problem.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SyscallsOfOthers { .. } => "syscall_not_on_arch",
            Self::TooNew { .. } => "auditctl_too_old",
            Self::KernelRefuses(_) => "kernel_refuses",
            Self::MissingPath { .. } => "missing_path",
            Self::Duplicate { .. } => "duplicate_rule",
            Self::UnseenPath { .. } => "unseen_path",
            Self::NoPrograms { .. } => "no_programs",
            Self::UnwritablePath { .. } => "unwritable_path",
            Self::BadUidMin { .. } => "bad_uid_min",
            Self::RunTogether { .. } => "files_run_together",
            Self::DeletedAgain { .. } => "deleted_again",
            Self::AfterLock { .. } => "after_lock",
            Self::OnlyCompiled { .. } => "only_in_audit_rules",
            Self::NotDeclarative => "not_declarative",
            Self::Locked => "locked",
            Self::LockedOut => "locked_out",
            Self::NoKernel { .. } => "no_kernel",
            Self::Denied { .. } => "permission",
            Self::WaitTime { .. } => "setting_out_of_range",
            Self::NoSuchSetting { .. } => "unsupported_setting",
            Self::Unsupported { .. } => "unsupported",
            Self::HostChanged { .. } => "host_changed",
            Self::PlanChanged { .. } => "plan_changed",
            Self::StepRefused { .. } => "step_refused",
            Self::ChangedMeanwhile { .. } => "changed_meanwhile",
            Self::NotAsDeclared { .. } => "not_as_declared",
            Self::LockedIncomplete { .. } => "locked_incomplete",
            Self::Stranded { .. } => "stranded",
            Self::NotInSync { .. } => "not_in_sync",
            Self::NotProven { .. } => "not_proven",
            Self::NotAsExpected { .. } => "not_as_expected",
            Self::Interrupted { .. } => "interrupted",
        }
    }

    /// The problem as a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::SyscallsOfOthers { names, arch, emptied } => {
                let rest = if *emptied { "; none remains" } else { "" };
                format!("there is no system call {} on {arch}{rest}", names.join(" or "))
            }
            Self::TooNew { error, version } => {
                let version = version.map(|version| format!(" {version}")).unwrap_or_default();
                let why = match &error.what {
                    LineErrorKind::UnknownSyscall { name, .. } => format!("it does not know the system call {name}"),
                    LineErrorKind::Form(FormError::UnknownList { word, .. }) => format!("it has no list {word}"),
                    other => other.message(),
                };
                format!("the installed auditctl{version} does not take this line at boot: {why}")
            }
            Self::KernelRefuses(refusal) => {
                format!("the kernel refuses this with {}: {}", refusal.why.errno(), refusal.why.message())
            }
            Self::MissingPath { path, errno } => {
                let path = String::from_utf8_lossy(path);
                match Errno::from_raw(*errno) {
                    Errno::ENOENT => format!("{path} does not exist"),
                    errno => format!("{path} cannot be resolved: {}", errno.desc()),
                }
            }
            Self::UnseenPath { path } => {
                let path = String::from_utf8_lossy(path);
                format!("what stands at {path} could not be told; where nothing does, the boot load would stop here")
            }
            Self::NoPrograms { held, excludes } => {
                let besides = if *excludes { " besides those that are excluded" } else { "" };
                let then = match held {
                    None => "so that there is no line for one".to_owned(),
                    Some((1, file)) => format!("and {file} holds a line for one"),
                    Some((held, file)) => format!("and {file} holds lines for {held}"),
                };
                format!("no privileged program was found{besides}, {then}")
            }
            Self::UnwritablePath { path } => {
                format!("the privileged program {path} can have no rule: no line holds its path")
            }
            Self::BadUidMin { path, value } => format!("UID_MIN in {path} is {value:?}, which is no number"),
            Self::Duplicate { same_as } => format!("the same rule stands in {same_as}"),
            Self::DeletedAgain { by, line } => format!("{by} (`{line}`) takes the rule away again at boot"),
            Self::AfterLock { by } => format!("{by} locks the kernel at boot before the rule is loaded"),
            Self::RunTogether { second, why } => {
                format!(
                    "the file ends without a newline, so that this line and {second} are one line to augenrules: {why}"
                )
            }
            Self::OnlyCompiled { .. } => {
                "this line stands in no drop-in, and compiling audit.rules would lose it".to_owned()
            }
            Self::NotDeclarative => "this line asks for something or takes it away; it declares nothing".to_owned(),
            Self::Locked => "the kernel's audit rules are locked until the next boot".to_owned(),
            Self::LockedOut => {
                "the kernel lacks this line, and the lock would keep it out until the next boot".to_owned()
            }
            Self::NoKernel { why, .. } | Self::Denied { why, .. } | Self::NotProven { why } => why.clone(),
            Self::WaitTime { jiffies, most } => {
                format!("a backlog wait time of {jiffies} jiffies is not between 0 and {most}")
            }
            Self::NoSuchSetting { setting } => format!("this kernel has no {setting}"),
            Self::Unsupported { what } => format!("this kernel cannot {what}"),
            Self::HostChanged { difference } => {
                format!("the host is no longer as the change left it: {difference}")
            }
            Self::PlanChanged { what } => {
                format!("the plan is not the one of plan_id: since then {} changed", what.join(" and "))
            }
            Self::StepRefused { step, errno } => format!("{step}: the kernel answered {errno}"),
            Self::ChangedMeanwhile { path } => format!("somebody else changed {path} while this run was at work"),
            Self::NotAsDeclared { difference } => format!("read back, the host is not as declared: {difference}"),
            Self::LockedIncomplete { difference } => {
                format!("this run locked the kernel, and somebody else had changed it the moment before: {difference}")
            }
            Self::Stranded { difference } => format!("not as before: {difference}"),
            Self::NotInSync { what, why } => format!("{what}: {why}"),
            Self::NotAsExpected { event, expected, found } => format!("{event}: expected {expected}, found {found}"),
            Self::Interrupted { signal } => format!("{signal} asked to stop"),
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::SyscallsOfOthers { .. } => Some(Hint::say("unknown_syscalls: skip leaves them out")),
            Self::TooNew { .. } => Some(Hint::say(
                "loader_unknown: number writes it in a form that auditctl reads, or loads it into the kernel alone",
            )),
            Self::MissingPath { .. } => Some(Hint::until_there("path")),
            Self::NoPrograms { held: Some(_), .. } => Some(Hint::say("where that is so: allow_empty: true")),
            Self::UnwritablePath { .. } => Some(Hint::say("rename it, or leave it out with exclude")),
            Self::BadUidMin { .. } => Some(Hint::say("auid_min says it in its place")),
            Self::Duplicate { .. } => Some(Hint::say("on_duplicate: skip writes it once")),
            Self::RunTogether { .. } => Some(Hint::say("end the file with a newline")),
            // `exact` leaves no drop-in beside its own and takes nothing over.
            Self::OnlyCompiled { is_exact: true } => Some(Hint::say(
                "give the line among the rules of this request to keep it; compile: never leaves the file as it is, compile: always loses the line",
            )),
            Self::OnlyCompiled { is_exact: false } => Some(Hint::say(
                "adopt: true takes it over into the drop-in 00-adopted; compile: never leaves the file as it is, compile: always loses the line",
            )),
            Self::NotDeclarative => Some(Hint::say("state: absent takes rules away")),
            Self::Locked => Some(Hint::say("on_locked: stage writes the files for the next boot")),
            Self::LockedOut => Some(Hint::say(
                "state: loaded, with this drop-in in drop_ins, loads all of rules.d before it locks; lock_anyway: true locks without it",
            )),
            Self::NoKernel { remedy, .. } | Self::Denied { remedy, .. } => remedy.clone().map(Hint::Say),
            Self::LockedIncomplete { .. } => Some(Hint::say(
                "only a reboot mends it: the files are in place, and `pending` has what the boot brings",
            )),
            Self::ChangedMeanwhile { .. } => Some(Hint::say("look at the file, then run it again")),
            Self::HostChanged { .. } => Some(Hint::say("force: true takes back what can be taken back")),
            Self::PlanChanged { .. } => Some(Hint::say("run check mode again, and look at its plan")),
            _ => None,
        }
    }

    /// The kernel's name of the error, where there is one.
    #[must_use]
    pub fn errno(&self) -> Option<String> {
        match self {
            Self::KernelRefuses(refusal) => Some(refusal.why.errno().to_owned()),
            Self::MissingPath { errno, .. } => Some(format!("{:?}", Errno::from_raw(*errno))),
            Self::Duplicate { .. } => Some("EEXIST".to_owned()),
            Self::StepRefused { errno, .. } => Some(errno.clone()),
            Self::Denied { .. } | Self::Locked => Some("EPERM".to_owned()),
            _ => None,
        }
    }
}
