//! Whether a host holds what is expected of it, and the evidence for each label, in the report of `gather`.

use std::collections::BTreeMap;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::Serialize;

use super::rule::id;
use crate::auditctl::canonical_lossy;
use crate::drift::NextBoot;
use crate::drift::expect::{Evidence, SettingEvidence, Unexpected, Verified, all_in_sync, is_all_left_out};
use crate::error::{Place, PolicyError, Problem};
use crate::intent::ExpectIntent;
use crate::plan::KernelState;
use crate::rule::Machine;

/// Whether the host holds what is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExpectedReport {
    /// Each expected rule.
    pub rules: Vec<EvidenceReport>,
    /// Each expected setting.
    pub settings: Vec<ExpectedSettingReport>,
    /// What the host holds besides, where the expectation excludes that.
    pub unexpected: Vec<UnexpectedReport>,
    /// Every expected rule is left out here.
    #[serde(skip)]
    is_all_skipped: bool,
}

/// What there is of a rule.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EvidenceReport {
    /// The rule, as `auditctl -l` prints it; or the line as it stands, where it cannot be read here.
    pub rule: String,
    /// Its short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether the host holds it; null where that cannot be told, as where the kernel was not read.
    pub in_sync: Option<bool>,
    /// Whether a file asks for it.
    pub on_disk: bool,
    /// Whether the kernel holds it; absent where the kernel was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
    /// false where it is running and nothing is recorded, because auditing is off; else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<bool>,
    /// true where it is running and watches something else than what its path names now; else absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// true where it is running and another rule keeps it from recording; else absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suppressed: bool,
    /// Whether the next boot loads it.
    pub next_boot: bool,
    /// Where it stands in the wrong order to the others: `running`, `next_boot`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub out_of_place: Vec<&'static str>,
    /// The file that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line there, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// JSON pointer into the request (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Why it cannot be held here, wholly or in part, and the request lets it be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Why it cannot be held here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Its labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// What there is of an expected setting, in the kernel's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExpectedSettingReport {
    /// Its name.
    pub setting: String,
    /// What is expected.
    pub expected: u32,
    /// Whether the host holds it; absent where that cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_sync: Option<bool>,
    /// What the files say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_disk: Option<u32>,
    /// What the kernel holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<u32>,
    /// What the next boot sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_boot: Option<u32>,
    /// The line that decides: `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
}

/// What is not expected: a rule of a file or of the kernel, or a whole drop-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnexpectedReport {
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The file; absent for a rule of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line there, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// The evidence for one label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LabelReport {
    /// Whether the host holds all of its rules and settings; false also where each of them is left out here; null where that
    /// cannot be told, as where the kernel was not read.
    pub in_sync: Option<bool>,
    /// Its rules.
    pub rules: Vec<EvidenceReport>,
    /// Its settings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<ExpectedSettingReport>,
}

/// The evidence for the labels, by their names.
pub type LabelsReport = BTreeMap<String, LabelReport>;

impl EvidenceReport {
    fn of(evidence: &Evidence, expect: Option<&ExpectIntent>, machine: &Machine) -> Self {
        let rule = evidence.rule.as_ref();
        let author = evidence.wanted.and_then(|at| expect?.lines.get(at));
        let obstacle = evidence.obstacle.as_ref().map(|why| Problem::from(why.what()).message());
        let wrong = evidence.out_of_place;
        let out_of_place = [(wrong.running, "running"), (wrong.next_boot, "next_boot")];
        let (skipped, why) = if evidence.is_skipped { (obstacle, None) } else { (None, obstacle) };
        Self {
            rule: rule.map_or_else(
                || String::from_utf8_lossy(&evidence.text).into_owned(),
                |rule| canonical_lossy(&rule.line.rule, machine),
            ),
            id: rule.map(|rule| id(&rule.listed)),
            in_sync: evidence.in_sync(),
            on_disk: evidence.on_disk.is_some(),
            running: evidence.running,
            recording: (evidence.running == Some(true) && evidence.is_recording == Some(false)).then_some(false),
            silent: evidence.is_silent,
            suppressed: evidence.is_suppressed,
            next_boot: evidence.next_boot,
            out_of_place: out_of_place.into_iter().filter(|(wrong, _)| *wrong).map(|(_, place)| place).collect(),
            file: evidence.on_disk.as_ref().map(|spot| spot.file.to_string()),
            line: evidence.on_disk.as_ref().map(|spot| spot.line),
            pointer: author.map(|author| author.pointer.to_string()),
            skipped,
            why,
            labels: evidence.labels.clone(),
        }
    }

    /// What is missing, in words.
    #[must_use]
    pub fn lacks(&self) -> String {
        if let Some(why) = &self.why {
            return why.clone();
        }
        let lacks = [
            (!self.on_disk, "in no file"),
            (self.running == Some(false), "not loaded"),
            (self.recording == Some(false), "not recorded: auditing is off"),
            (self.silent, "silent: it watches something else than what its path names now"),
            (self.suppressed, "suppressed: another rule keeps it from recording"),
            (!self.next_boot, "not loaded at the next boot"),
            (self.out_of_place.contains(&"running"), "out of order in the kernel"),
            (self.out_of_place.contains(&"next_boot"), "out of order at the next boot"),
        ];
        let words: Vec<&str> = lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, words)| words).collect();
        words.join(", ")
    }
}

impl From<&SettingEvidence> for ExpectedSettingReport {
    fn from(evidence: &SettingEvidence) -> Self {
        let view = evidence.view.as_ref();
        Self {
            setting: evidence.name.to_owned(),
            expected: evidence.wanted,
            in_sync: evidence.in_sync(),
            on_disk: view.and_then(|view| view.on_disk),
            running: view.and_then(|view| view.running),
            next_boot: view.and_then(|view| view.next_boot),
            decided_by: view.and_then(|view| view.decided_by.as_ref()).map(ToString::to_string),
        }
    }
}

impl ExpectedReport {
    /// The report of what was found.
    #[must_use]
    pub fn of(
        verified: &Verified,
        expect: Option<&ExpectIntent>,
        boot: &NextBoot,
        kernel: Option<&KernelState>,
        machine: &Machine,
    ) -> Self {
        let unexpected = |found: &Unexpected| match found {
            Unexpected::File(name) => UnexpectedReport { rule: None, file: Some(name.clone()), line: None },
            Unexpected::Running(at) => {
                let rule = kernel.and_then(|kernel| kernel.rules.get(*at)).map(|rule| canonical_lossy(rule, machine));
                UnexpectedReport { rule, file: None, line: None }
            }
            Unexpected::Line(at) => {
                let asked = boot.asked.get(*at);
                UnexpectedReport {
                    rule: asked.map(|asked| super::rule::text_of(asked, machine)),
                    file: asked.map(|asked| asked.spot.file.to_string()),
                    line: asked.map(|asked| asked.spot.line),
                }
            }
        };
        Self {
            rules: verified.rules.iter().map(|evidence| EvidenceReport::of(evidence, expect, machine)).collect(),
            settings: verified.settings.iter().map(ExpectedSettingReport::from).collect(),
            unexpected: verified.unexpected.iter().map(unexpected).collect(),
            is_all_skipped: verified.is_all_skipped(),
        }
    }

    /// How many of the expected rules are held, in words.
    #[must_use]
    pub fn message(&self) -> String {
        let skipped = self.rules.iter().filter(|rule| rule.skipped.is_some() && !rule.on_disk).count();
        let (all, held) = (self.rules.len(), self.rules.iter().filter(|rule| rule.in_sync == Some(true)).count());
        let unknown = self.rules.iter().filter(|rule| rule.in_sync.is_none()).count();
        let plural = if all == 1 { "" } else { "s" };
        let mut parts = vec![format!("{} of {all} expected rule{plural} held", held - skipped)];
        let settings = self.settings.iter().filter(|setting| setting.in_sync == Some(false)).count();
        let counts = [
            (unknown, "open"),
            (skipped, "skipped"),
            (settings, if settings == 1 { "setting otherwise" } else { "settings otherwise" }),
            (self.unexpected.len(), "not expected"),
        ];
        parts.extend(counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        parts.join(", ")
    }

    /// What is not as expected, each as a problem.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let problem = |what: &str, why: String, place: Place| {
            Problem::at(PolicyError::NotInSync { what: what.to_owned(), why }, place)
        };
        let mut problems = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.in_sync == Some(false)) {
            let place = Place {
                rule: Some(rule.rule.as_str().into()),
                pointer: rule.pointer.as_deref().map(Rc::from),
                ..Place::default()
            };
            problems.push(problem("not as expected", rule.lacks(), place));
        }
        for setting in self.settings.iter().filter(|setting| setting.in_sync == Some(false)) {
            let said = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
            let why = format!(
                "{} is expected; {} in the files, {} in the kernel, {} at the next boot",
                setting.expected,
                said(setting.on_disk),
                said(setting.running),
                said(setting.next_boot)
            );
            problems.push(problem(&setting.setting, why, Place::default()));
        }
        if self.is_all_skipped {
            let why = "every rule that is expected is left out here: nothing is held".to_owned();
            let place = Place { pointer: Some("/expect".into()), ..Place::default() };
            problems.push(problem("not as expected", why, place));
        }
        for found in &self.unexpected {
            let place = Place {
                rule: found.rule.as_deref().map(Rc::from),
                file: found.file.as_deref().map(Rc::from),
                line: found.line,
                ..Place::default()
            };
            let why = if found.file.is_some() { "it is in a file" } else { "the kernel holds it" };
            problems.push(problem("not expected", why.to_owned(), place));
        }
        problems
    }
}

/// The evidence for each label.
#[must_use]
pub fn by_label(
    rules: &[Evidence],
    settings: &[SettingEvidence],
    expect: Option<&ExpectIntent>,
    machine: &Machine,
) -> LabelsReport {
    let mut found: BTreeMap<&String, (Vec<usize>, Vec<&SettingEvidence>)> = BTreeMap::new();
    for (at, rule) in rules.iter().enumerate() {
        rule.labels.iter().for_each(|label| found.entry(label).or_default().0.push(at));
    }
    for setting in settings {
        setting.labels.iter().for_each(|label| found.entry(label).or_default().1.push(setting));
    }
    let reports: Vec<EvidenceReport> = rules.iter().map(|rule| EvidenceReport::of(rule, expect, machine)).collect();
    let of_label = |(label, (at, settings)): (&String, (Vec<usize>, Vec<&SettingEvidence>))| {
        let evidence = || at.iter().map(|at| &rules[*at]);
        let is_left_out = is_all_left_out(evidence(), settings.iter().copied());
        let in_sync = if is_left_out { Some(false) } else { all_in_sync(evidence(), settings.iter().copied()) };
        let rules = at.iter().map(|at| reports[*at].clone()).collect();
        (label.clone(), LabelReport { in_sync, rules, settings: settings.into_iter().map(Into::into).collect() })
    };
    let mut labels = LabelsReport::new();
    labels.extend(found.into_iter().map(of_label));
    labels
}
