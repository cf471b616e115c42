//! Words for what a report says: the same on a terminal and on a page.

use super::event::EventReport;
use super::expected::EvidenceReport;
use super::gather::{DifferenceReport, DriftReport, StopReport};
use super::lint::{PlaceReport, SeverityReport};
use super::policy::LeftOutReport;
use super::proof::{ProofReport, VerdictReport};
use super::recorded::{NarrowReport, NoiseReport, RecordedEventReport, UnattributedReport};
use super::scanner::{CheckReport, CheckState};
use super::{BecauseReport, Events, FileActionReport, Report};

/// How many of the calls for a rule are told.
const MOST_CALLS: usize = 3;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// Not as it was declared.
    Drift,
    /// It failed, or is not there.
    Failed,
    /// It could not be found out.
    Unknown,
    /// Worth knowing, and neither good nor bad.
    Note,
}

impl Report {
    /// The line for people, without the problems that are told one by one.
    #[must_use]
    pub fn headline(&self) -> &str {
        let msg = self.msg.as_str();
        if matches!(self.events, Some(Events::Answered(_))) {
            return msg.split_once("; ").map_or(msg, |(counts, _)| counts);
        }
        let (head, rest) = msg.split_once(": ").unwrap_or((msg, ""));
        if self.errors.is_empty() || head != "nothing was changed" {
            return msg;
        }
        let is_count = rest.split_once(": ").filter(|(count, _)| count.ends_with(" problems"));
        is_count.map_or(head, |(count, _)| msg.get(..head.len() + 2 + count.len()).unwrap_or(head))
    }
}

/// `file:line`, or what of it there is.
#[must_use]
#[inline(never)]
pub fn place(file: Option<&str>, line: Option<usize>, pointer: Option<&str>) -> String {
    match (file.or(pointer), line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file.to_owned(),
        (None, _) => String::new(),
    }
}

impl PlaceReport {
    /// `file:line`, or what of it there is.
    #[must_use]
    pub fn text(&self) -> String {
        place(self.file.as_deref(), self.line, self.pointer.as_deref())
    }
}

/// Whether a host holds something that is expected of it.
#[must_use]
pub fn held(in_sync: Option<bool>, is_skipped: bool) -> (State, &'static str) {
    match in_sync {
        _ if is_skipped => (State::Note, "skipped"),
        Some(true) => (State::Ok, "held"),
        Some(false) => (State::Drift, "not held"),
        None => (State::Unknown, "open"),
    }
}

impl EvidenceReport {
    /// Whether the host holds the rule, and records by it.
    #[must_use]
    pub fn held(&self) -> (State, &'static str) {
        if self.recording == Some(false) || self.suppressed {
            return (State::Drift, "not recorded");
        }
        held(self.in_sync, self.skipped.is_some() && !self.on_disk)
    }

    /// Why it is left out, or what is missing.
    #[must_use]
    pub fn shortfall(&self) -> String {
        self.skipped.clone().unwrap_or_else(|| self.lacks())
    }
}

impl DriftReport {
    /// The differences of each kind, with a heading for them.
    #[must_use]
    pub fn lists(&self) -> [(&'static str, &[DifferenceReport]); 5] {
        [
            ("Not loaded", &self.missing_in_runtime),
            ("In no file", &self.missing_in_filesystem),
            ("Not loaded at the next boot", &self.missing_at_boot),
            ("In another order than in the files", &self.order),
            ("Silent", &self.silent),
        ]
    }
}

impl StopReport {
    /// How much is not read after it.
    #[must_use]
    pub fn unread_in_words(&self) -> String {
        match self.unread {
            1 => "1 line after it is not read".to_owned(),
            several => format!("{several} lines after it are not read"),
        }
    }
}

impl FileActionReport {
    /// Its name.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Permissions => "permissions",
            Self::Remove => "remove",
        }
    }
}

impl BecauseReport {
    /// Its name.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Replaced => "replaced",
            Self::Order => "order",
            Self::Silent => "silent",
            Self::NoLongerWanted => "no longer wanted",
            Self::Purged => "purged",
            Self::Restored => "restored",
        }
    }
}

impl LeftOutReport {
    /// How much of it stays; none where nothing does.
    #[must_use]
    pub fn kept_in_words(&self) -> Option<String> {
        let kept = self.kept.len();
        (kept > 0).then(|| format!("{kept} of its lines: other controls need them"))
    }
}

impl SeverityReport {
    /// Its name, and how a finding of it stands.
    #[must_use]
    pub fn word(self) -> (State, &'static str) {
        match self {
            Self::Error => (State::Failed, "error"),
            Self::Warning => (State::Drift, "warning"),
            Self::Info => (State::Note, "info"),
        }
    }
}

impl CheckState {
    /// In words, and how the check stands.
    #[must_use]
    pub fn word(self) -> (State, &'static str) {
        match self {
            Self::Accepted => (State::Ok, "accepted"),
            Self::SameMeaning => (State::Drift, "in other words"),
            Self::Absent => (State::Failed, "absent"),
            Self::Undecided => (State::Unknown, "undecided"),
        }
    }
}

impl CheckReport {
    /// Where its lines stand.
    #[must_use]
    pub fn places(&self) -> String {
        let places = std::iter::once(&self.at).chain(&self.related).map(PlaceReport::text);
        places.filter(|at| !at.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

impl ProofReport {
    /// What was found of the rule.
    #[must_use]
    pub fn word(&self) -> (State, &'static str) {
        match self.verdict {
            None if self.provoked.is_empty() => (State::Unknown, "nothing"),
            None => (State::Note, "would do"),
            Some(VerdictReport::Records) => (State::Ok, "records"),
            Some(verdict @ VerdictReport::Shadowed) => (State::Drift, verdict.text()),
            Some(verdict @ (VerdictReport::NotProvoked | VerdictReport::Inconclusive)) => {
                (State::Unknown, verdict.text())
            }
            Some(verdict @ (VerdictReport::Silent | VerdictReport::NotLoaded)) => (State::Failed, verdict.text()),
        }
    }

    /// Why, or else what was done or would be.
    #[must_use]
    pub fn told(&self) -> String {
        if let Some(why) = &self.why {
            return why.clone();
        }
        let mut done: Vec<String> = Vec::new();
        for call in &self.provoked {
            let path = call.path.as_deref().map(|path| format!(" {path}")).unwrap_or_default();
            let text = format!("{}{path}", call.syscall);
            if !done.contains(&text) {
                done.push(text);
            }
        }
        let more = done.len().saturating_sub(MOST_CALLS);
        done.truncate(MOST_CALLS);
        done.extend((more > 0).then(|| format!("{more} more")));
        done.join(", ")
    }
}

impl EventReport {
    /// Whether the event is recorded.
    #[must_use]
    pub fn word(&self) -> (State, &'static str) {
        match (self.recorded, self.undecided.is_empty()) {
            (Some(true), _) => (State::Ok, "recorded"),
            (Some(false), _) => (State::Note, "not recorded"),
            (None, true) => (State::Note, "answered"),
            (None, false) => (State::Unknown, "undecided"),
        }
    }
}

impl UnattributedReport {
    /// Why no rule can be named.
    #[must_use]
    pub fn why_in_words(&self) -> &'static str {
        match self.why {
            "of_no_rule" => "no rule made it",
            "no_such_key" => "no rule has its key",
            "none_matches" => "the rules with its key do not match it",
            "several_rules" => "several rules with its key match it",
            other => other,
        }
    }
}

impl NoiseReport {
    /// What would narrow the rule; empty where nothing would.
    #[must_use]
    pub fn narrow_in_words(&self) -> String {
        let words = |NarrowReport { field, value, events }: &NarrowReport| {
            format!("{events} of {} have {field}={value}", self.events)
        };
        self.narrow.as_ref().map(words).unwrap_or_default()
    }
}

impl RecordedEventReport {
    /// Who it was: the name of the login user, or the number.
    #[must_use]
    pub fn who(&self) -> String {
        let name = self.names.get("auid").cloned();
        name.or_else(|| self.auid.map(|number| number.to_string())).unwrap_or_default()
    }

    /// What was done: the system call, or the type of the record.
    #[must_use]
    pub fn what(&self) -> &str {
        self.syscall.as_deref().unwrap_or(&self.kind)
    }

    /// How it ended; empty where the records do not say.
    #[must_use]
    pub fn end(&self) -> (State, &'static str) {
        match (self.success, self.error) {
            (Some(true), _) => (State::Ok, "ok"),
            (Some(false), Some(error)) => (State::Failed, error),
            (Some(false), None) => (State::Failed, "failed"),
            (None, _) => (State::Note, ""),
        }
    }

    /// On what: a file, or an address; empty where there is none.
    #[must_use]
    pub fn object(&self) -> String {
        let is_of_call = |nametype: &Option<String>| nametype.as_deref() != Some("PARENT");
        let file = self.paths.iter().find(|file| is_of_call(&file.nametype)).or(self.paths.first());
        let of_device = |inode: u64| Some(format!("inode {inode} on {}", file?.device.as_deref()?));
        let file = file.and_then(|file| file.path.clone().or_else(|| file.inode.and_then(of_device)));
        let address =
            self.sockaddr.as_ref().and_then(|address| address.address.clone().or_else(|| address.path.clone()));
        file.or(address).unwrap_or_default()
    }
}
