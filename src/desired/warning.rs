//! What is worth a sentence without being an error.

mod words;

use std::rc::Rc;

use super::interrupted::Interrupted;
use super::{Only, Skipped, Writable};
use crate::auditctl::{Note, Version};
use crate::boot_load::{LoadLine, Spot};
use crate::error::Problem;
use crate::init::{Directive, Prevented};
use crate::matching::Provided;
use crate::restore::Remark;
use crate::settings::Name;

/// Something that a person should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Warning {
    /// The boot load would stop here, and nothing after would be loaded.
    BootStops {
        /// The line.
        spot: Spot,
        /// What it says.
        line: String,
        /// Why.
        why: String,
        /// How many lines after it would not be loaded.
        after: usize,
    },
    /// The boot load goes on after this line, which fails: what it asks for is not loaded.
    FailsAtBoot {
        /// The line.
        spot: Spot,
        /// What it says.
        line: String,
        /// Why.
        why: String,
    },
    /// A later line takes a rule away again.
    DeletedAgain {
        /// The rule.
        rule: String,
        /// Where it stands.
        spot: Spot,
        /// The line that takes it away.
        by: Spot,
    },
    /// A rule switches recording off for everything.
    Blocker {
        /// The rule.
        rule: String,
        /// Where it stands; none where only the kernel holds it.
        spot: Option<Spot>,
        /// What it does.
        effect: &'static str,
    },
    /// A later line sets this otherwise, and wins at the next boot.
    Overruled {
        /// Where the losing line stands; none for a setting of the request.
        from: Option<Spot>,
        /// The setting.
        name: Name,
        /// What the request says.
        wanted: u32,
        /// What the other says.
        at_boot: u32,
        /// Where.
        spot: Spot,
    },
    /// A file without a final newline runs into the next one.
    Glued {
        /// The last line of the one.
        first: Spot,
        /// The first line of the other.
        second: Spot,
    },
    /// A file that ends in a comment without a newline makes the next one's first line a part of it.
    Swallowed {
        /// The comment.
        first: Spot,
        /// The line.
        second: Spot,
    },
    /// A line that auditctl takes otherwise than it was meant.
    TakenOtherwise {
        /// Where it stands.
        spot: Spot,
        /// The line.
        line: String,
        /// What is wrong with it.
        why: String,
        /// What auditctl makes of it.
        rule: String,
    },
    /// A line that the installed auditctl is too old for, in every form.
    KernelOnly {
        /// The line.
        line: Rc<str>,
        /// What the installed auditctl finds wrong.
        why: String,
    },
    /// An option that acts at the boot load only.
    AtBootOnly {
        /// The line.
        line: Rc<str>,
    },
    /// A rule that loads and can never act, or something else worth knowing of it.
    Note {
        /// Where it stands; none of a line of the request.
        spot: Option<Spot>,
        /// The line.
        line: Rc<str>,
        /// What is worth knowing.
        note: Note,
    },
    /// Two rules that differ in nothing but the key: records carry the first one's only.
    Shadowed {
        /// The rule whose key no record carries.
        rule: String,
        /// Where it stands.
        spot: Spot,
        /// Where the other stands.
        by: Spot,
    },
    /// A rule that no file asks for stands first and matches all that others match.
    ShadowedByForeign {
        /// That rule.
        by: String,
        /// Whether it says never.
        is_never: bool,
        /// The rules that therefore never act.
        rules: Vec<String>,
        /// What must hold for it.
        provided: Provided,
    },
    /// Nothing loads the rules at boot.
    NobodyLoads {
        /// The service that would; none where there is none.
        service: Option<&'static str>,
        /// Whether it is started.
        state: &'static str,
        /// Why it loads nothing though it is started.
        prevented: Option<Prevented>,
    },
    /// What decides whether a service loads the rules, and cannot be judged from files.
    LoadDepends {
        /// The service.
        service: &'static str,
        /// What decides.
        on: Vec<Directive>,
    },
    /// At boot a file is loaded that lacks rules or settings of the drop-ins.
    NotInBootFile {
        /// The service that loads it; none where nothing tells.
        service: Option<&'static str>,
        /// The file.
        file: String,
        /// What is not in it.
        lacking: Vec<String>,
    },
    /// A line of a file that the drop-ins are merged into, which none of them has.
    OnlyThere {
        /// Where.
        spot: Spot,
        /// The line.
        line: String,
        /// What becomes of it.
        end: Only,
    },
    /// A name in `rules.d` from which the boot loader reads nothing.
    PassedOver {
        /// Its path.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// An auditctl is installed, and its library with its words was not found.
    UnknownWords {
        /// Its version, where it is known.
        version: Option<Version>,
    },
    /// What is worth knowing of the search for privileged programs.
    Search(Search),
    /// Others than root may write a file that is loaded at boot.
    WritableByOthers(Writable),
    /// Rules are loaded and auditing is off.
    NotRecording,
    /// Rules are loaded, and the kernel was started without `audit=1`.
    EarlyProcesses,
    /// The running kernel was told to audit from its start, and one that the host can boot is not.
    LateAtNextBoot {
        /// What the boot menu calls it.
        title: String,
        /// The file that says so.
        file: String,
    },
    /// A setting that this kernel does not have.
    NoSuchSetting {
        /// The setting.
        name: Name,
    },
    /// Only a reboot takes this back.
    Irreversible {
        /// The setting.
        name: Name,
    },
    /// The kernel did not take the record of the change.
    NoRecord {
        /// Its answer.
        problem: Problem,
    },
    /// The audit subsystem lost records while the change was made.
    LostRecords {
        /// How many.
        lost: u32,
    },
    /// A rule that the kernel cannot let go for want of a directory.
    Stuck {
        /// The rule.
        rule: String,
        /// The directory of its program.
        directory: String,
    },
    /// What is worth knowing of a change that is taken back.
    Restored(Remark),
    /// Grace periods were made short and could not be put back.
    StillExpedited,
    /// What takes the change back is larger than a request may be.
    NoUndo {
        /// Its size in bytes.
        bytes: usize,
        /// The most that a request may have.
        limit: usize,
    },
    /// An earlier run was killed in the middle of a change.
    Interrupted(Box<Interrupted>),
    /// The journal of an earlier run says nothing to this one.
    JournalUnreadable {
        /// Its path.
        path: String,
        /// Why.
        why: String,
    },
    /// Comments in place of lines, though nothing keeps these from being loaded any more: where each stands, and the line.
    Outdated(Vec<(Spot, String)>),
    /// What rules.d says and the kernel lacks when the request locks it: where each stands, and it.
    LockedOut(Vec<(Spot, String)>),
    /// A line that check mode leaves out, since what it names may be made before the run.
    NotThereYet(Box<Skipped>),
    /// More warnings of one kind about other drop-ins than are told one by one.
    More {
        /// How many more.
        count: usize,
        /// What they are about.
        what: &'static str,
        /// The place of the first of them.
        from: Spot,
    },
    /// How a policy of the request is taken.
    Policy(OfPolicy),
    /// A problem that does not keep the request from being done.
    Tolerated(Box<Problem>),
    /// The kernel's count of lost records was not reset.
    LostNotReset {
        /// Why.
        problem: Problem,
    },
    /// Who changed something is not told.
    Untraced(Untraced),
    /// The request made of a host's drop-ins is not all of it, or would change something.
    Unexported(Unexported),
}

/// Why a request made of a host's drop-ins is not all of it, or would change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unexported {
    /// There is no drop-in.
    Nothing,
    /// So many loaded rules stand in no file.
    Foreign(usize),
    /// A request cannot name this drop-in.
    Name(String),
    /// This drop-in is no UTF-8 text.
    NotText(String),
    /// A rule or line that is no UTF-8 text.
    Line(String),
    /// Others than the owner may write this drop-in.
    Mode {
        /// Its name.
        name: String,
        /// Its permissions.
        mode: u32,
    },
    /// The request is refused here.
    Refused(String),
    /// It would change something here.
    Changes(String),
}

/// Why it is not told who changed something.
#[derive(Debug, Clone, PartialEq)]
pub enum Untraced {
    /// Files and kernel were not compared.
    NotCompared,
    /// The audit log cannot be read.
    NoLog(Box<Problem>),
    /// A file of it cannot be read to its end.
    Damaged {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// Lines of it are no records.
    NoRecords {
        /// The file.
        file: String,
        /// How many lines.
        lines: u64,
    },
    /// Records of other hosts are left out.
    OtherHosts {
        /// The name of this one, where it is known.
        own: Option<String>,
        /// The first others.
        others: Vec<String>,
    },
    /// The kernel has lost so many records.
    Lost(u32),
    /// The log has no record of it.
    Unknown {
        /// How many rules it is about.
        rules: usize,
        /// How many settings.
        settings: usize,
        /// The time of the oldest record that was read.
        begins: Option<String>,
        /// Whether that is as old as the boot.
        is_of_boot: bool,
    },
}

/// What is worth knowing of how a policy of a request is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfPolicy {
    /// It is taken for another product than the host's.
    OtherProduct {
        /// The policy.
        policy: &'static str,
        /// The product that the request names.
        named: String,
        /// That of the host.
        own: &'static str,
    },
    /// A drop-in of the request stands in place of one of its own.
    Replaced {
        /// Its name.
        drop_in: String,
        /// The policy.
        policy: &'static str,
        /// What the policy's is for.
        controls: Vec<String>,
    },
}

/// What is worth knowing of the search for privileged programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// A mount that may hold such programs, and is not walked.
    NotWalked {
        /// Where it is.
        at: String,
        /// The type of its file system.
        kind: String,
    },
    /// Such programs with blanks in their paths.
    BlankPaths(Vec<String>),
}

impl Warning {
    /// What is said of a line that no drop-in has.
    #[must_use]
    pub fn only_there(line: &LoadLine, end: Only) -> Option<Self> {
        let (spot, line) = (line.spots.first()?.clone(), String::from_utf8_lossy(&line.text).into_owned());
        Some(Self::OnlyThere { spot, line, end })
    }
}
