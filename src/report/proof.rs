//! The report of `prove`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::event::{DecidingRule, need_in_words};
use super::recorded::RecordedEventReport;
use super::recorded::shown;
use super::text::MOST_ERRORS;
use super::{ErrorReport, Outcome, Report};
use crate::error::{Place, PolicyError, Problem};
use crate::matching::Need;
use crate::prove::{Cause, Proof, Unprovoked, Verdict};
use crate::records::interpret::error_name;
use crate::rule::Arch;
use crate::trigger::{Actor, Failed};

/// What is said where no rule is meant.
const NOTHING: &str = "no rule is loaded: there is nothing to prove";

/// What came of one rule.
#[derive(Debug)]
pub struct Proven {
    /// The rule, with its place.
    pub rule: DecidingRule,
    /// What was found; none in check mode.
    pub proof: Option<Proof>,
    /// The rule that took the event.
    pub by: Option<DecidingRule>,
    /// What was done, or would be.
    pub attempted: Vec<Attempted>,
    /// System calls of the rule for which nothing harmless is known.
    pub missing: Vec<String>,
    /// The event that tells most.
    pub record: Option<RecordedEventReport>,
    /// How long its last record took, in milliseconds.
    pub latency: Option<u64>,
}

impl Proven {
    /// Of a rule for which nothing was done.
    #[must_use]
    pub fn untried(rule: DecidingRule, proof: Proof) -> Self {
        let (attempted, missing) = (Vec::new(), Vec::new());
        Self { rule, proof: Some(proof), by: None, attempted, missing, record: None, latency: None }
    }
}

/// One call that was made, or would be.
#[derive(Debug)]
pub struct Attempted {
    /// The letter of `perm` that it is for.
    pub access: Option<char>,
    /// The call.
    pub syscall: &'static str,
    /// Its architecture.
    pub arch: Arch,
    /// The file that it names.
    pub path: Option<Vec<u8>>,
    /// Who does it.
    pub actor: Actor,
    /// What it returned.
    pub exit: Option<i64>,
    /// What that says.
    pub proof: Option<Proof>,
}

/// Whether a rule records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProofReport {
    /// The rule, with its place.
    #[serde(flatten)]
    pub rule: DecidingRule,
    /// What was found; absent in check mode, where nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictReport>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The rule that took the event in place of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<DecidingRule>,
    /// What was done, or in check mode would be: one call for each system call that the rule names, or for each way of access.
    pub provoked: Vec<ProvokedReport>,
    /// The system calls of the rule that were not tried, since nothing harmless is known for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_provoked: Vec<String>,
    /// The event that was recorded; of several, that on which the verdict rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordedEventReport>,
    /// How long its last record took to come here, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
}

/// What was found of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictReport {
    /// What it asks for was done, and recorded by it.
    Records,
    /// It was recorded by another rule, or another rule keeps it from being recorded: see `by`.
    Shadowed,
    /// It was done, nothing was recorded, and nothing was lost.
    Silent,
    /// It could not be found out.
    Inconclusive,
    /// Nothing was done: no harmless way is known.
    NotProvoked,
    /// The kernel does not hold it.
    NotLoaded,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProvokedReport {
    /// The letter of `perm` that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<char>,
    /// The system call.
    pub syscall: &'static str,
    /// Its architecture.
    pub arch: String,
    /// The file that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The login uid that the process took; absent where it kept that of this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auid: Option<u32>,
    /// Its user.
    pub uid: u32,
    /// Its effective user.
    pub euid: u32,
    /// What the call returned; absent in check mode, and where it was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i64>,
    /// The name of that error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// What it says of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictReport>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl VerdictReport {
    /// Its name.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Shadowed => "shadowed",
            Self::Silent => "silent",
            Self::Inconclusive => "inconclusive",
            Self::NotProvoked => "not_provoked",
            Self::NotLoaded => "not_loaded",
        }
    }

    /// Whether an auditor would be content; of a rule for which nothing harmless is known, nothing is said.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Records | Self::NotProvoked)
    }
}

impl From<Verdict> for VerdictReport {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Records => Self::Records,
            Verdict::Shadowed => Self::Shadowed,
            Verdict::Silent => Self::Silent,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::NotProvoked => Self::NotProvoked,
            Verdict::NotLoaded => Self::NotLoaded,
        }
    }
}

impl ProofReport {
    fn of(proven: Proven) -> Self {
        let Proven { rule, proof, by, attempted, missing, record, latency } = proven;
        let by = by.filter(|_| proof.as_ref().is_some_and(|proof| proof.by.is_some()));
        let provoked = attempted.iter().map(ProvokedReport::of).collect();
        let (verdict, why) = match &proof {
            Some(proof) => (Some(proof.verdict.into()), words(&proof.cause)),
            None => (None, None),
        };
        Self { rule, verdict, why, by, provoked, not_provoked: missing, record, latency_ms: latency }
    }

    /// Whether an auditor finds the event where the rule says: recorded under its keys, if by another rule.
    #[must_use]
    pub fn is_recorded_alike(&self) -> bool {
        let by = self.by.as_ref();
        self.record.is_some() && by.is_some_and(|by| by.action == "always" && by.keys == self.rule.keys)
    }

    fn problem(&self) -> Option<Problem> {
        let verdict = self.verdict.filter(|verdict| !verdict.is_good() && !self.is_recorded_alike())?;
        let by = self.by.as_ref().map(|by| format!(": {}", by.rule)).unwrap_or_default();
        let why = format!("{}: {}{by}", verdict.text(), self.why.as_deref().unwrap_or_default());
        let place = Place {
            pointer: self.rule.pointer.as_deref().map(Into::into),
            rule: Some(self.rule.rule.as_str().into()),
            file: self.rule.file.as_deref().map(Into::into),
            line: self.rule.line,
            more: 0,
        };
        Some(Problem::at(PolicyError::NotProven { why }, place))
    }
}

impl ProvokedReport {
    fn of(attempted: &Attempted) -> Self {
        let verdict = attempted.proof.as_ref().map(|proof| proof.verdict.into());
        let error = attempted.exit.and_then(error_name);
        Self {
            access: attempted.access,
            syscall: attempted.syscall,
            arch: attempted.arch.name().map_or_else(|| attempted.arch.0.to_string(), str::to_owned),
            path: attempted.path.as_deref().map(shown),
            auid: attempted.actor.auid,
            uid: attempted.actor.users.0,
            euid: attempted.actor.users.1,
            exit: attempted.exit,
            error,
            verdict,
            why: attempted.proof.as_ref().and_then(|proof| words(&proof.cause)),
        }
    }
}

impl Report {
    /// The report of rules that were to be proven.
    #[must_use]
    pub fn proven(proven: Vec<Proven>, is_planned: bool, warnings: Vec<String>) -> Self {
        let proofs: Vec<ProofReport> = proven.into_iter().map(ProofReport::of).collect();
        let mut verdicts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for verdict in proofs.iter().filter_map(|proof| proof.verdict) {
            *verdicts.entry(verdict.text()).or_default() += 1;
        }
        let mut problems: Vec<Problem> = proofs.iter().filter_map(ProofReport::problem).collect();
        let counts = verdicts.iter().map(|(verdict, count)| format!("{count} {}", verdict.replace('_', " ")));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let rules = if proofs.len() == 1 { "1 rule".to_owned() } else { format!("{} rules", proofs.len()) };
        if proofs.is_empty() {
            problems.push(PolicyError::NotProven { why: NOTHING.to_owned() }.into_problem());
        }
        let msg = match (proofs.is_empty(), is_planned) {
            (true, _) => NOTHING.to_owned(),
            (false, true) => {
                let able = proofs.iter().filter(|proof| !proof.provoked.is_empty()).count();
                format!("{rules}, of which {able} would be proven")
            }
            (false, false) => format!("{rules}: {counts}"),
        };
        let failed = !is_planned && !problems.is_empty() || proofs.is_empty();
        let quiet = Self::quiet(msg, if failed { Outcome::Failed } else { Outcome::Unchanged });
        let errors = problems.iter().take(MOST_ERRORS).map(ErrorReport::from).collect();
        let errors_omitted = problems.len().saturating_sub(MOST_ERRORS);
        Self {
            failed,
            errors: if failed { errors } else { Vec::new() },
            errors_omitted: if failed { errors_omitted } else { 0 },
            proofs: Some(proofs),
            verdicts: (!is_planned).then_some(verdicts),
            warnings,
            ..quiet
        }
        .bounded()
    }
}

/// Why, in words; none where all is as it should be.
fn words(cause: &Cause) -> Option<String> {
    Some(match cause {
        Cause::Recorded => return None,
        Cause::RecordedBy => "another rule recorded it".to_owned(),
        Cause::KeptBy => "another rule keeps it from being recorded".to_owned(),
        Cause::NotRecorded => "it was done, nothing was recorded, and nothing was lost".to_owned(),
        Cause::NotLoaded => "the kernel does not hold it".to_owned(),
        Cause::Off => "auditing is off: nothing is recorded".to_owned(),
        Cause::Lost { kernel, socket } => {
            format!("nothing was recorded, and records were lost: {kernel} by the kernel, {socket} on the way here")
        }
        Cause::Label(fields) => {
            let labels = fields.iter().map(|field| need_in_words(Need::Field(*field))).collect::<Vec<_>>();
            format!("it asks for a label that the process did not have: {}", labels.join(", "))
        }
        Cause::Deaf => {
            "nothing at all came from the kernel: it sends records in the network namespace of the host's first process alone"
                .to_owned()
        }
        Cause::Partly => "another rule took what was done, and would not take all that this one is about".to_owned(),
        Cause::Depends(fields) => {
            let needs = fields.iter().map(|field| need_in_words(Need::Field(*field))).collect::<Vec<_>>();
            format!("nothing was recorded, and that may be for what is not known of the call: {}", needs.join(", "))
        }
        Cause::MayBeKept(needs) => {
            let needs = needs.iter().map(|need| need_in_words(*need)).collect::<Vec<_>>();
            format!("nothing was recorded, and an earlier rule may have kept it from that, by {}", needs.join(", "))
        }
        Cause::Several => "it was recorded, and which of several rules did it cannot be told".to_owned(),
        Cause::Failed(why) => failure(why),
        Cause::Result(results) => {
            let ended = |(name, exit): &(&str, i64)| format!("{name} with {}", name_or_number(*exit));
            let results: Vec<String> = results.iter().map(ended).collect();
            format!("what was done ended otherwise than the rule asks for: {}", results.join(", "))
        }
        Cause::Unprovoked(why) => unprovoked(why),
        Cause::Interrupted => "stopped before it".to_owned(),
    })
}

fn name_or_number(exit: i64) -> String {
    error_name(exit).map_or_else(|| exit.to_string(), str::to_owned)
}

fn failure(why: &Failed) -> String {
    match why {
        Failed::Start(errno) => format!("the process that was to do it could not be started: {}", errno.desc()),
        Failed::Prepare(step, errno) => {
            format!("the process that was to do it could not {step}: {}", errno.desc())
        }
        Failed::Trace(errno) => format!("the process that was to do it could not be traced: {}", errno.desc()),
        Failed::NoEntry => "the kernel takes no system calls of 32 bit".to_owned(),
        Failed::Blocks => "the call did not come back".to_owned(),
        Failed::Harm => "the process that was to do it could have changed something".to_owned(),
        Failed::NoDescriptor(errno) => format!("the file could not be opened for it: {}", errno.desc()),
        Failed::Ended => "the process that was to do it ended before".to_owned(),
    }
}

fn unprovoked(why: &Unprovoked) -> String {
    match why {
        Unprovoked::List => "what this list is about cannot be done at will".to_owned(),
        Unprovoked::Never => "it keeps events from being recorded, and records none".to_owned(),
        Unprovoked::Arch => "its system calls are of programs that cannot be run here".to_owned(),
        Unprovoked::NoCall => "no harmless way to make its system calls is known".to_owned(),
        Unprovoked::NoFile(path) => format!("{} is not there", shown(path)),
        Unprovoked::Conditions => "nothing harmless meets its conditions".to_owned(),
    }
}
