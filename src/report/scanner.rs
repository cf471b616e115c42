//! What the scanner makes of rules, as a report has it.

use schemars::JsonSchema;
use serde::Serialize;

use super::lint::PlaceReport;
use super::text::is_zero;
use crate::boot_load::Spot;
use crate::scanner::{Chosen, Judged, State, Unknown, Why};

/// Most other places of a check, and most programs in a sentence.
const MOST_PLACES: usize = 20;
const MOST_PROGRAMS: usize = 5;

/// What the auditors' scanner makes of the rules, with the checks of the SCAP Security Guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScannerReport {
    /// The product whose checks they are.
    pub product: String,
    /// The profile.
    pub profile: String,
    /// Its title.
    pub title: String,
    /// The version of the SCAP Security Guide.
    pub ssg: String,
    /// How many checks there are of each state.
    pub counts: CheckCounts,
    /// The checks of audit rules that the profile selects.
    pub checks: Vec<CheckReport>,
}

/// How many checks there are of each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckCounts {
    /// All.
    pub checks: usize,
    /// The scanner accepts the rules.
    pub accepted: usize,
    /// It does not, although rules record all that it asks for.
    pub same_meaning: usize,
    /// It does not, and something is missing.
    pub absent: usize,
    /// Files of rules do not tell.
    pub undecided: usize,
    /// Those that the scanner does not report as passed: `same_meaning`, `absent`, and those of `undecided` for which it
    /// reports an error. They make the report a failed one, unless `fail_on` is never.
    #[serde(skip_serializing_if = "is_zero")]
    pub failing: usize,
}

/// A check of the scanner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckReport {
    /// The rule of the guide, without `xccdf_org.ssgproject.content_rule_`.
    pub id: String,
    /// Its numbers in the benchmark of the profile, and its CCE.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<String>,
    /// What becomes of it.
    pub state: CheckState,
    /// The line that is accepted, or that means the same.
    #[serde(flatten)]
    pub at: PlaceReport,
    /// Other lines that belong to it, the first 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<PlaceReport>,
    /// What the scanner would accept: lines, or where `reason` says so the bytes of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Why it is undecided, or why lines that are there are not enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What becomes of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// The scanner accepts the rules.
    Accepted,
    /// Rules record all that it asks for, in words that it does not find.
    SameMeaning,
    /// Something that it asks for is missing.
    Absent,
    /// Files of rules do not tell.
    Undecided,
}

impl ScannerReport {
    /// How many checks are accepted, in words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let CheckCounts { checks, accepted, same_meaning, absent, undecided, .. } = self.counts;
        let parts = [(same_meaning, "in other words"), (absent, "absent"), (undecided, "undecided")];
        let rest = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
        format!("{accepted} of {checks} checks accepted{}", rest.collect::<String>())
    }
}

/// The checks as a report has them.
pub(super) fn scanned(chosen: Chosen, judged: Vec<Judged>, place: impl Fn(&Spot) -> PlaceReport) -> ScannerReport {
    let mut counts = CheckCounts { checks: judged.len(), ..CheckCounts::default() };
    let is_error = |why: &Why| matches!(why, Why::NotUtf8(_) | Why::NoPattern(_) | Why::TooLong);
    let errors = judged.iter().filter(|one| one.state == State::Undecided && one.why.iter().any(is_error)).count();
    let mut checks = Vec::new();
    for judged in judged {
        let (state, count) = match judged.state {
            State::Accepted => (CheckState::Accepted, &mut counts.accepted),
            State::SameMeaning => (CheckState::SameMeaning, &mut counts.same_meaning),
            State::Absent => (CheckState::Absent, &mut counts.absent),
            State::Undecided => (CheckState::Undecided, &mut counts.undecided),
        };
        *count += 1;
        let mut places = judged.spots.iter().map(&place);
        let at = places.next().unwrap_or_default();
        let reasons: Vec<String> = judged.why.iter().map(|why| reason(why, &judged)).collect();
        checks.push(CheckReport {
            id: judged.check.id.clone(),
            controls: judged.check.controls(chosen.name),
            state,
            at,
            related: places.take(MOST_PLACES).collect(),
            text: (!judged.text.is_empty()).then(|| judged.text.clone()),
            reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
        });
    }
    counts.failing = counts.same_meaning + counts.absent + errors;
    ScannerReport {
        product: chosen.product.to_owned(),
        profile: chosen.name.to_owned(),
        title: chosen.profile.title.clone(),
        ssg: chosen.of.ssg.clone(),
        counts,
        checks,
    }
}

fn reason(why: &Why, judged: &Judged) -> String {
    match why {
        Why::Programs => "it depends on which programs of a host have setuid or setgid: give root".to_owned(),
        Why::Unknown(Unknown::Documentation) => {
            "the scanner compares with the samples in the host's /usr/share/doc/audit".to_owned()
        }
        Why::Unknown(Unknown::Image) => {
            "the host seems to be made of an image (bootc), whose packages decide".to_owned()
        }
        Why::TooLong => "the search takes too long: the scanner may give up too".to_owned(),
        Why::NotUtf8(file) => {
            format!("{file} is not UTF-8, for which the scanner reports an error in place of an answer")
        }
        Why::NoPattern(program) => format!(
            "the scanner takes {} for a pattern, and reports an error in place of an answer",
            String::from_utf8_lossy(program)
        ),
        Why::Repeated(places) => format!("found {} times, and the scanner wants it once", places.len()),
        Why::OtherBytes(file) => format!("{file} has to hold these bytes and no others"),
        Why::OfPrograms { lacking, rules, all } => {
            if *all == 0 {
                return "no program of the host has setuid or setgid, and the scanner wants one and its rule"
                    .to_owned();
            }
            if lacking.is_empty() {
                return format!("the scanner finds {rules} rules for {all} programs, and wants one for each");
            }
            let names: Vec<_> = lacking.iter().take(MOST_PROGRAMS).map(|path| String::from_utf8_lossy(path)).collect();
            let more = lacking.len().saturating_sub(MOST_PROGRAMS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let words = if judged.state == State::SameMeaning { " in words that the scanner finds" } else { "" };
            format!("{} of {all} privileged programs have no rule{words}: {}{more}", lacking.len(), names.join(", "))
        }
    }
}
