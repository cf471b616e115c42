//! The `events` of the report of `explain`.

use schemars::JsonSchema;
use serde::Serialize;

use super::rule::id;
use super::{ErrorReport, Events, Outcome, Report};
use crate::auditctl::canonical_lossy;
use crate::error::{Place, PolicyError, Problem};
use crate::explain::{Placed, Policy};
use crate::matching::{Decision, Event, Need};
use crate::request::EventInput;
use crate::rule::Machine;
use crate::rule::field_table::by_number;

/// Which rule decides about an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventReport {
    /// The event's name, where the request gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The answer.
    pub answer: EventAnswer,
    /// Whether the event is recorded; absent where that is open, or where the list asked does not decide it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<bool>,
    /// The rule that decides; where the answer is open, the first one that certainly matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<DecidingRule>,
    /// The rule of the exclude list that drops the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by: Option<DecidingRule>,
    /// The rules in front of it that may match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<DecidingRule>,
}

/// What is answered about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventAnswer {
    /// `rule` decides.
    Matched,
    /// No rule matches.
    None,
    /// It depends on what the event does not give: see `undecided`.
    Undecided,
}

/// A rule that decides about an event, or may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DecidingRule {
    /// The rule, as `auditctl -l` prints it.
    pub rule: String,
    /// Its short name.
    pub id: String,
    /// Its filter list.
    pub list: String,
    /// What a match does: `always` or `never`.
    pub action: String,
    /// Its keys.
    pub keys: Vec<String>,
    /// The file that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// JSON pointer into the request (RFC 6901), for rules that it gives itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The line in the file or in the given text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What the event would have to give: names of its keys, `order of the files`, or whether the file
    /// was found before the call failed. Of a rule of the task list it is
    /// what held when the process was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

impl EventReport {
    /// What a policy says to an event; `place` knows where a rule of it stands.
    #[must_use]
    pub fn of(
        said: &EventInput,
        event: &Event,
        policy: &Policy,
        place: &dyn Fn(&Placed) -> Place,
        machine: &Machine,
    ) -> Self {
        let Decision { rule, undecided, recorded, dropped_by } = policy.decide(event);
        let report = |at: usize, needs: &[Need]| {
            let placed = policy.rules.get(at)?;
            let needs = needs.iter().map(|need| need_in_words(*need)).collect();
            Some(DecidingRule { needs, ..DecidingRule::of(placed, &place(placed), machine) })
        };
        Self {
            name: said.name.clone(),
            answer: match rule {
                _ if !undecided.is_empty() => EventAnswer::Undecided,
                Some(_) => EventAnswer::Matched,
                None => EventAnswer::None,
            },
            recorded,
            rule: rule.and_then(|at| report(at, &[])),
            dropped_by: dropped_by.and_then(|at| report(at, &[])),
            undecided: undecided.iter().filter_map(|(at, needs)| report(*at, needs)).collect(),
        }
    }

    /// How the answer differs from what the request expects.
    #[must_use]
    pub fn unexpected(&self, said: &EventInput, pointer: &str) -> Option<Problem> {
        let expect = said.expect.as_ref()?;
        // Whichever of the rules decides, it has to have the key.
        let has_key = |key: &String| {
            let has = |rule: &DecidingRule| rule.keys.contains(key);
            !self.is_open() && self.rule.as_ref().is_some_and(has) && self.undecided.iter().all(has)
        };
        let is_so = expect.recorded.is_none_or(|wanted| self.recorded == Some(wanted))
            && expect.key.as_ref().is_none_or(has_key);
        if is_so {
            return None;
        }
        let recorded = expect.recorded.map(|yes| if yes { "recorded" } else { "not recorded" }.to_owned());
        let key = expect.key.as_ref().map(|key| format!("key {key}"));
        let error = PolicyError::NotAsExpected {
            event: self.name.clone().unwrap_or_else(|| "the event".to_owned()),
            expected: recorded.into_iter().chain(key).collect::<Vec<_>>().join(", "),
            found: self.found(),
        };
        Some(Problem::at_pointer(error.into(), &format!("{pointer}/expect")))
    }

    /// Whether it is open if the event is recorded.
    fn is_open(&self) -> bool {
        self.recorded.is_none() && self.answer == EventAnswer::Undecided
    }

    /// The answer in words.
    #[must_use]
    pub fn found(&self) -> String {
        let rule = match (&self.rule, self.answer) {
            (_, EventAnswer::Undecided) => {
                let mut needs: Vec<&str> = Vec::new();
                for need in self.undecided.iter().flat_map(|rule| &rule.needs) {
                    if !needs.contains(&need.as_str()) {
                        needs.push(need);
                    }
                }
                let open = if self.recorded.is_some() { "by which rule is open" } else { "no decision" };
                format!("{open} without {}", needs.join(", "))
            }
            (Some(rule), _) => format!("`{}`", rule.rule),
            (None, _) => "no rule that matches".to_owned(),
        };
        let dropped = self.dropped_by.as_ref().map_or_else(String::new, |rule| format!(", dropped by `{}`", rule.rule));
        match self.recorded {
            Some(true) => format!("recorded, {rule}"),
            Some(false) => format!("not recorded, {rule}{dropped}"),
            None => rule,
        }
    }
}

impl DecidingRule {
    /// A rule of a policy that stands there.
    #[must_use]
    pub fn of(placed: &Placed, place: &Place, machine: &Machine) -> Self {
        let rule = &placed.shown;
        Self {
            rule: canonical_lossy(rule, machine),
            id: id(rule),
            list: rule.list.name().map_or_else(|| rule.list.0.to_string(), str::to_owned),
            action: rule.action.name().map_or_else(|| rule.action.0.to_string(), str::to_owned),
            keys: rule.keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect(),
            file: place.file.as_deref().map(str::to_owned),
            pointer: place.pointer.as_deref().map(str::to_owned),
            line: place.line,
            needs: Vec::new(),
        }
    }
}

/// What an answer depends on, in words.
pub(super) fn need_in_words(need: Need) -> String {
    match need {
        Need::Syscall => "syscall".to_owned(),
        Need::Groups => "groups".to_owned(),
        Need::OrderOfFiles => "order of the files".to_owned(),
        Need::FileFound => "whether the file was found before the call failed".to_owned(),
        Need::Field(number) => match by_number(number) {
            Some(row) if matches!(row.name, "path" | "dir") => "path".to_owned(),
            Some(row) => row.name.to_owned(),
            None => format!("f{}", number.0),
        },
    }
}

impl Report {
    /// The report of events, with the answers that the request expects otherwise.
    #[must_use]
    pub fn of_events(events: Vec<EventReport>, unexpected: &[Problem]) -> Self {
        let count = |recorded: Option<bool>| events.iter().filter(|event| event.recorded == recorded).count();
        let plural = if events.len() == 1 { "" } else { "s" };
        let mut msg = format!(
            "{} event{plural}: {} recorded, {} not recorded, {} undecided",
            events.len(),
            count(Some(true)),
            count(Some(false)),
            events.iter().filter(|event| event.is_open()).count(),
        );
        if !unexpected.is_empty() {
            let all: Vec<String> = unexpected.iter().map(Problem::sentence).collect();
            msg = super::text::short(format!("{msg}; {} not as expected: {}", all.len(), all.join("; ")));
        }
        let failed = !unexpected.is_empty();
        let outcome = if failed { Outcome::Failed } else { Outcome::Unchanged };
        let errors = unexpected.iter().map(ErrorReport::from).collect();
        Self { failed, errors, events: Some(Events::Answered(events)), ..Self::quiet(msg, outcome) }
    }
}
