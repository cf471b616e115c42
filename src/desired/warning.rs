//! What is worth a sentence without being an error.

use super::at_boot::nobody_loads;
use super::interrupted::Interrupted;
use super::{Only, Skipped, Writable};
use crate::auditctl::{Note, Version};
use crate::boot_load::{LoadLine, Spot};
use crate::error::Problem;
use crate::init::{Directive, Prevented};
use crate::matching::Provided;
use crate::restore::Remark;
use crate::settings::Name;

const EARLY_PROCESSES: &str = "the kernel was started without audit=1: processes from before auditing was first switched on make \
                               no records of system calls";
const NOT_RECORDING: &str =
    "auditing is off (enabled 0): the rules are loaded, and nothing is recorded until auditd or `-e 1` switches it on";

/// How many rules a sentence names at most.
const NAMED: usize = 3;

/// Something that a person should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Warning {
    /// The boot load would stop here, and nothing behind would be loaded.
    BootStops {
        /// The line.
        spot: Spot,
        /// What it says.
        line: String,
        /// Why.
        why: String,
        /// How many lines behind it would not be loaded.
        behind: usize,
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
        wished: u32,
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
        line: String,
        /// What the installed auditctl finds wrong.
        why: String,
    },
    /// An option that acts at the boot load only.
    AtBootOnly {
        /// The line.
        line: String,
    },
    /// A rule that loads and can never act, or something else worth knowing of it.
    Note {
        /// Where it stands; none of a line of the request.
        spot: Option<Spot>,
        /// The line.
        line: String,
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
    Outrun {
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
    /// Others than root may write a file that is loaded at boot.
    WritableByOthers(Writable),
    /// Rules are loaded and auditing is off.
    NotRecording,
    /// Rules are loaded, and the kernel was started without `audit=1`.
    EarlyProcesses,
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
    /// A problem that does not keep the request from being done.
    Tolerated(Box<Problem>),
}

impl Warning {
    /// What is said of a line that no drop-in has.
    #[must_use]
    pub fn only_there(line: &LoadLine, end: Only) -> Option<Self> {
        let (spot, line) = (line.spots.first()?.clone(), String::from_utf8_lossy(&line.text).into_owned());
        Some(Self::OnlyThere { spot, line, end })
    }

    /// The warning as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::BootStops { spot, line, why, behind } => {
                format!("the boot load stops at {spot} (`{line}`: {why}); {behind} lines behind it would not be loaded")
            }
            Self::FailsAtBoot { spot, line, why } => {
                format!("the boot load goes on after {spot}, and what that says is not loaded (`{line}`: {why})")
            }
            Self::DeletedAgain { rule, spot, by } => format!("`{rule}` ({spot}) is taken away again by {by} at boot"),
            Self::Blocker { rule, spot, effect } => {
                let at = spot.as_ref().map_or_else(|| "in the kernel".to_owned(), ToString::to_string);
                format!("`{rule}` ({at}) {effect}")
            }
            Self::Overruled { from, name, wished, at_boot, spot } => {
                let from = from.as_ref().map_or_else(String::new, |from| format!(" ({from})"));
                format!("{} {wished}{from} does not survive the next boot: {spot} sets {at_boot}", name.text())
            }
            Self::Glued { first, second } => {
                format!("{first} ends without a newline, so that it and {second} are one line to augenrules")
            }
            Self::Swallowed { first, second } => {
                format!("the comment {first} ends without a newline, so that {second} is a part of it and says nothing")
            }
            Self::TakenOtherwise { spot, line, why, rule } => {
                format!("auditctl takes {spot} (`{line}`: {why}) as `{rule}`, and so it is loaded")
            }
            Self::KernelOnly { line, why } => {
                format!("`{line}` is loaded into the kernel alone, and not at the next boot: {why}")
            }
            Self::AtBootOnly { line } => format!("`{line}` takes effect at the next boot load only"),
            Self::Note { spot, line, note } => {
                let at = spot.as_ref().map_or_else(String::new, |spot| format!(" ({spot})"));
                format!("`{line}`{at}: {}", note.message())
            }
            Self::Shadowed { rule, spot, by } => {
                format!("the key of `{rule}` ({spot}) is never recorded: the same rule with another key stands in {by}")
            }
            Self::Outrun { by, is_never, rules, provided } => outrun(by, *is_never, rules, *provided),
            Self::NobodyLoads { service, state, prevented } => nobody_loads(*service, state, prevented.as_ref()),
            Self::LoadDepends { service, on } => {
                let on: Vec<String> = on.iter().map(ToString::to_string).collect();
                format!("whether {service} loads the rules at boot depends on {}", on.join(", "))
            }
            Self::NotInBootFile { service, file, lacking } => format!(
                "at boot {} {file} as it stands, which lacks {}",
                service.map_or_else(|| "auditctl loads".to_owned(), |service| format!("{service} loads")),
                named(lacking)
            ),
            Self::OnlyThere { spot, line, end } => {
                format!("{spot}: `{line}` stands in no drop-in: {}", end.message())
            }
            Self::PassedOver { path, why } => format!("augenrules reads nothing from {path}: {why}"),
            Self::UnknownWords { version } => {
                let version =
                    version.map_or_else(|| ", of an unknown version".to_owned(), |version| format!(" {version}"));
                format!(
                    "libaudit.so.1 of the installed auditctl{version} was not found: that it takes every name at boot is assumed"
                )
            }
            Self::WritableByOthers(file) => format!("others than root may write {}: {}", file.path, file.message()),
            Self::EarlyProcesses => EARLY_PROCESSES.to_owned(),
            Self::NotRecording => NOT_RECORDING.to_owned(),
            Self::NoSuchSetting { name } => format!("this kernel has no {}", name.text()),
            Self::Irreversible { name } => format!("{} can only be taken back by a reboot", name.text()),
            Self::LostRecords { lost } => format!("the kernel lost {lost} records while the change was made"),
            Self::Stuck { rule, directory } => {
                format!("`{rule}` cannot be unloaded until {directory} exists again: the kernel would not find it")
            }
            Self::Restored(remark) => remark.sentence(),
            Self::StillExpedited => {
                "/sys/kernel/rcu_expedited could not be put back to 0; the next run does it".to_owned()
            }
            Self::NoUndo { bytes, limit } => format!(
                "this change has no undo: it would have {bytes} bytes, and a request may have {limit}; smaller steps have one"
            ),
            Self::Interrupted(interrupted) => interrupted.sentence(),
            Self::JournalUnreadable { path, why } => format!(
                "an earlier run was interrupted, and what it left cannot be told: {path} is no journal of this version ({why})"
            ),
            Self::Outdated(comments) => {
                format!(
                    "written as a comment whose reason is gone, so that the rule is missing: {}; state: loaded brings it back",
                    placed(comments)
                )
            }
            Self::LockedOut(lacking) => {
                format!("the lock keeps out until the next boot what the kernel lacks of rules.d: {}", placed(lacking))
            }
            Self::NotThereYet(skipped) => skipped.not_there_yet(),
            Self::More { count, what, from } => {
                format!("{count} more of other drop-ins, from {from} on: {what}; gather names each")
            }
            Self::Tolerated(problem) => problem.sentence(),
        }
    }
}

impl Warning {
    /// The warning about outdated comments; none without any.
    #[must_use]
    pub fn outdated<'a>(comments: impl Iterator<Item = (&'a Spot, &'a [u8])>) -> Option<Self> {
        let text = |(spot, line): (&Spot, &[u8])| (spot.clone(), String::from_utf8_lossy(line).into_owned());
        let comments: Vec<(Spot, String)> = comments.map(text).collect();
        (!comments.is_empty()).then_some(Self::Outdated(comments))
    }
}

fn outrun(by: &str, is_never: bool, rules: &[String], provided: Provided) -> String {
    let what = if is_never { "keeps from being recorded" } else { "takes under its own key" };
    let until = if provided.not_replaced { ", until a file is replaced" } else { "" };
    format!(
        "`{by}` (in the kernel only) comes first and {what} what these match: {}{until}{}",
        named(rules),
        provided.of_links()
    )
}

/// The first of these, each with its place, and how many more there are.
fn placed(lines: &[(Spot, String)]) -> String {
    let mut placed: Vec<String> = lines.iter().take(NAMED).map(|(spot, line)| format!("{spot} (`{line}`)")).collect();
    let more = lines.len() - placed.len();
    placed.extend((more > 0).then(|| format!("{more} more")));
    placed.join(", ")
}

/// The first of these, and how many more there are.
fn named(texts: &[String]) -> String {
    let mut named: Vec<String> = texts.iter().take(NAMED).map(|text| format!("`{text}`")).collect();
    let more = texts.len() - named.len();
    named.extend((more > 0).then(|| format!("{more} more")));
    named.join(", ")
}
