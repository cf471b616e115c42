//! Warnings as sentences.

use super::super::at_boot::nobody_loads;
use super::{OfPolicy, Search, Unexported, Untraced, Warning};
use crate::boot_load::Spot;
use crate::lines::lines;
use crate::matching::Provided;

const EARLY_PROCESSES: &str = "the kernel was started without audit=1: processes from before auditing was first switched on make \
                               no records of system calls";
const NOT_RECORDING: &str =
    "auditing is off (enabled 0): the rules are loaded, and nothing is recorded until auditd or `-e 1` switches it on";
const STILL_EXPEDITED: &str = "/sys/kernel/rcu_expedited could not be put back to 0; the next run does it";

/// How many rules a sentence names at most.
const NAMED: usize = 3;

/// The place of a line, behind what is said of it.
fn in_brackets(spot: Option<&Spot>) -> String {
    spot.map_or_else(String::new, |spot| format!(" ({spot})"))
}

impl Warning {
    /// The warning as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::BootStops { spot, line, why, after } => {
                let after = lines(*after);
                format!("the boot load stops at {spot} (`{line}`: {why}); {after} after it would not be loaded")
            }
            Self::FailsAtBoot { spot, line, why } => {
                format!("the boot load goes on after {spot}, and what that says is not loaded (`{line}`: {why})")
            }
            Self::DeletedAgain { rule, spot, by } => format!("`{rule}` ({spot}) is taken away again by {by} at boot"),
            Self::Blocker { rule, spot, effect } => {
                let at = spot.as_ref().map_or_else(|| "in the kernel".to_owned(), ToString::to_string);
                format!("`{rule}` ({at}) {effect}")
            }
            Self::Overruled { from, name, wanted, at_boot, spot } => {
                let from = in_brackets(from.as_ref());
                format!("{} {wanted}{from} does not survive the next boot: {spot} sets {at_boot}", name.text())
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
            Self::Note { spot, line, note } => format!("`{line}`{}: {}", in_brackets(spot.as_ref()), note.message()),
            Self::Shadowed { rule, spot, by } => {
                format!("the key of `{rule}` ({spot}) is never recorded: the same rule with another key stands in {by}")
            }
            Self::ShadowedByForeign { by, is_never, rules, provided } => {
                shadowed_by_foreign(by, *is_never, rules, *provided)
            }
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
            Self::Search(search) => search.sentence(),
            Self::WritableByOthers(file) => format!("others than root may write {}: {}", file.path, file.message()),
            Self::EarlyProcesses => EARLY_PROCESSES.to_owned(),
            Self::LateAtNextBoot { title, file } => late_at_next_boot(title, file),
            Self::NotRecording => NOT_RECORDING.to_owned(),
            Self::NoSuchSetting { name } => format!("this kernel has no {}", name.text()),
            Self::Irreversible { name } => format!("{} can only be taken back by a reboot", name.text()),
            Self::NoRecord { problem } => format!("the audit log has no record of the change: {}", problem.message()),
            Self::LostNotReset { problem } => format!("the count of lost records was not reset: {}", problem.message()),
            Self::LostRecords { lost } => format!("the kernel lost {lost} records while the change was made"),
            Self::Stuck { rule, directory } => {
                format!("`{rule}` cannot be unloaded until {directory} exists again: the kernel would not find it")
            }
            Self::Restored(remark) => remark.sentence(),
            Self::StillExpedited => STILL_EXPEDITED.to_owned(),
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
            Self::Policy(how) => how.sentence(),
            Self::Tolerated(problem) => problem.sentence(),
            Self::Untraced(why) => why.sentence(),
            Self::Unexported(why) => why.sentence(),
        }
    }
}

impl Untraced {
    /// Whether there is anything that it is about.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !matches!(self, Self::Unknown { rules: 0, settings: 0, .. })
    }

    fn sentence(&self) -> String {
        match self {
            Self::NotCompared => {
                "culprit tells who made the differences between files and kernel, and these are known only where \
                                  both are read"
                    .to_owned()
            }
            Self::NoLog(problem) => format!("who made the differences is not known: {}", problem.sentence()),
            Self::Damaged { file, why } => {
                format!("{file} cannot be read to its end, and who made a difference may stand there: {why}")
            }
            Self::NoRecords { file, lines } => {
                format!(
                    "{file} has lines that are no records ({lines}), and who made a difference may have stood there"
                )
            }
            Self::OtherHosts { own, others } => {
                let own = own.as_ref().map_or_else(String::new, |own| format!(", and this host is {own}"));
                format!("records of {} are left out of account{own}", others.join(", "))
            }
            Self::Lost(records) => {
                format!("the kernel has lost {records} records: those of changes may be among them")
            }
            Self::Unknown { rules, settings, begins, is_of_boot } => {
                let count = |count: usize, one: &str| match count {
                    0 => None,
                    1 => Some(format!("1 {one}")),
                    several => Some(format!("{several} {one}s")),
                };
                let what: Vec<String> = count(*rules, "rule").into_iter().chain(count(*settings, "setting")).collect();
                let log = match begins {
                    None => "the audit log has no record".to_owned(),
                    Some(begins) if *is_of_boot => format!("the audit log, read back to {begins}, has no record"),
                    Some(begins) => format!("the audit log goes back to {begins} only, and has no record"),
                };
                format!(
                    "who changed {} is not known: {log} of it; while auditing is off there is none",
                    what.join(" and ")
                )
            }
        }
    }
}

impl Unexported {
    fn sentence(&self) -> String {
        match self {
            Self::Nothing => {
                "there is no drop-in that a request could declare; adopt: true takes over what the kernel and \
                              audit.rules hold"
                    .to_owned()
            }
            Self::Foreign(1) => {
                "1 loaded rule stands in no file and is not in the request; adopt: true takes it over".to_owned()
            }
            Self::Foreign(rules) => {
                format!("{rules} loaded rules stand in no file and are not in the request; adopt: true takes them over")
            }
            Self::Name(name) => format!("{name} is not in the request, which cannot name it"),
            Self::NotText(name) => format!("{name} is not in the request: it is no UTF-8 text"),
            Self::Line(line) => format!("not taken over, since it is no UTF-8 text: {line}"),
            Self::Mode { name, mode } => {
                format!("{name} has mode {mode:04o}, which a request cannot give: others than the owner may write it")
            }
            Self::Refused(why) => format!("the request is refused as it stands: {why}"),
            Self::Changes(what) => format!("applied here, the request would change something: {what}"),
        }
    }
}

impl OfPolicy {
    fn sentence(&self) -> String {
        match self {
            Self::OtherProduct { policy, named, own } => {
                format!("the policy {policy} is taken for {named}, and the os-release of this host says {own}")
            }
            Self::Replaced { drop_in, policy, controls } => format!(
                "{drop_in} of the request stands in place of that of the policy {policy}, which is for {}",
                controls.join(", ")
            ),
        }
    }
}

impl Search {
    fn sentence(&self) -> String {
        match self {
            Self::NotWalked { at, kind } => format!(
                "the file system at {at} is of the type {kind}, which is not searched for privileged programs: those on it \
                 have no rule"
            ),
            Self::BlankPaths(paths) => {
                format!(
                    "privileged programs with blanks in their paths, whose rules scanners do not recognise: {}",
                    named(paths)
                )
            }
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

fn shadowed_by_foreign(by: &str, is_never: bool, rules: &[String], provided: Provided) -> String {
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

fn late_at_next_boot(title: &str, file: &str) -> String {
    format!(
        "this kernel was started with audit=1, and \"{title}\" of {file} is not told that: after a boot of it, processes from \
         before auditing is switched on make no records of system calls"
    )
}
