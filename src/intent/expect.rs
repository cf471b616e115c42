//! What a host is held against.

use super::{ApplyIntent, DropInGoal, Goal, Location, RequestLine, bad_lines, request_lines};
use crate::auditctl::{self, Accounts, Context, Line, Verb};
use crate::error::{Problem, RequestError};
use crate::keep::Keep;
use crate::request::{Expected, OnMissing, Operation, Ordering, Request, UnknownSyscalls};
use crate::rule::Machine;
use crate::rules_d::DropInName;
use crate::settings::Settings;

/// What a host is held against.
#[derive(Debug, Clone)]
pub struct ExpectIntent {
    /// The lines that ask for rules, with their places in the request.
    pub lines: Vec<RequestLine>,
    /// Settings given beside them.
    pub settings: Settings,
    /// Drop-ins that are to be gone.
    pub gone: Vec<DropInName>,
    /// What else the host may hold.
    pub scope: Scope,
    /// How much of their order matters.
    pub ordering: Ordering,
    /// What is said of rules that name what the host lacks.
    pub on_missing: OnMissing,
    /// What is said of system calls that only other machines have.
    pub unknown_syscalls: UnknownSyscalls,
    /// Whether nothing at all may be left of it on a host.
    pub may_be_empty: bool,
}

/// What else a host may hold.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Anything.
    Anything,
    /// Nothing but this.
    Nothing(Keep),
    /// What its drop-ins ask for, and all of it; with a purge, nothing else but what is kept.
    DropIns(Option<Keep>),
}

impl ExpectIntent {
    /// What is expected of this machine; ordering and place are those of the question.
    ///
    /// # Errors
    /// Every problem found.
    pub fn of(
        said: &Expected,
        ordering: Ordering,
        place: Option<&Location>,
        machine: &Machine,
    ) -> Result<Self, Vec<Problem>> {
        let rules = match said {
            Expected::Request(request) => return Self::of_request(request, ordering, place, machine),
            Expected::Rules(rules) => rules,
        };
        let mut problems = Vec::new();
        let lines = request_lines(Some(rules), "/expect", machine, &mut problems);
        problems.extend(bad_lines(&lines.iter().collect::<Vec<_>>(), machine));
        let expect = Self {
            lines,
            settings: Settings::default(),
            gone: Vec::new(),
            scope: Scope::Anything,
            ordering,
            on_missing: OnMissing::default(),
            unknown_syscalls: UnknownSyscalls::default(),
            may_be_empty: false,
        };
        if problems.is_empty() { expect.if_it_says_something(machine) } else { Err(problems) }
    }

    /// What is expected, unless any host at all would be so.
    fn if_it_says_something(self, machine: &Machine) -> Result<Self, Vec<Problem>> {
        let asks = |line: &RequestLine| asks_for_something(line, machine);
        let says_all =
            !matches!(self.scope, Scope::Anything) && self.may_be_empty || matches!(self.scope, Scope::DropIns(_));
        if says_all || !self.gone.is_empty() || !self.settings.is_empty() || self.lines.iter().any(asks) {
            return Ok(self);
        }
        Err(vec![Problem::at_pointer(RequestError::NothingExpected.into(), "/expect")])
    }

    fn of_request(
        request: &Request,
        ordering: Ordering,
        place: Option<&Location>,
        machine: &Machine,
    ) -> Result<Self, Vec<Problem>> {
        let inside = |pointer: &str| format!("/expect{pointer}");
        let bad = |found: &str, allowed: &[&str], at: &str| {
            let allowed = allowed.iter().map(|&one| one.to_owned()).collect();
            vec![Problem::at_pointer(
                RequestError::BadValue { found: found.to_owned(), allowed, nearest: None }.into(),
                at,
            )]
        };
        if request.operation != Operation::Apply {
            return Err(bad("this operation", &["apply"], "/expect/operation"));
        }
        let mut found = ApplyIntent::of(request, machine);
        if let Ok(intent) = &found {
            let mut problems = bad_lines(&intent.goal.lines(), machine);
            problems.extend(place.into_iter().flat_map(|place| elsewhere(request, intent, place, machine)));
            if !problems.is_empty() {
                found = Err(problems);
            }
        }
        let below = |problem: Problem| problem.inside("/expect");
        let intent = found.map_err(|problems| problems.into_iter().map(below).collect::<Vec<_>>())?;
        let (wanted, scope) = match intent.goal {
            Goal::Present(wanted) => (wanted, Scope::Anything),
            Goal::Exact(wanted, keep) => (wanted, Scope::Nothing(keep)),
            Goal::Loaded(wanted, purge) => (wanted, Scope::DropIns(purge)),
            Goal::Without(..) | Goal::Restored(..) => {
                return Err(bad("this state", &["present", "exact", "loaded"], "/expect/state"));
            }
        };
        let mut expect = Self {
            lines: Vec::new(),
            settings: Settings::default(),
            gone: Vec::new(),
            scope,
            // What `expect` does not say itself, the request around it does.
            ordering: if intent.ordering == Ordering::default() { ordering } else { intent.ordering },
            on_missing: intent.on_missing,
            unknown_syscalls: intent.unknown_syscalls,
            may_be_empty: intent.allow_empty,
        };
        for drop_in in wanted {
            match drop_in {
                DropInGoal::Absent(name) => expect.gone.push(name),
                DropInGoal::Content(declared) => {
                    let placed = |line: RequestLine| RequestLine { pointer: inside(&line.pointer).into(), ..line };
                    expect.lines.extend(declared.lines.into_iter().map(placed));
                    expect.settings.overrule_with(&declared.settings);
                }
            }
        }
        expect.if_it_says_something(machine)
    }
}

/// Whether a line asks for a rule or a setting; one that cannot be read here was meant to.
fn asks_for_something(line: &RequestLine, machine: &Machine) -> bool {
    let accounts = Accounts::default();
    let context =
        Context { machine, accounts: &accounts, unknown_syscalls: auditctl::UnknownSyscalls::Skip, installed: None };
    match auditctl::parse(line.text.as_bytes(), &context) {
        Ok(Line::Blank | Line::Comment) => false,
        Ok(Line::Statement(statement)) => {
            let mut settings = Settings::default();
            statement.controls.iter().for_each(|control| {
                settings.take(control);
            });
            !settings.is_empty() || statement.rule.is_some_and(|rule| rule.verb != Verb::Delete)
        }
        Err(_) => true,
    }
}

/// Where the request that is expected names another host than the one that is looked at.
fn elsewhere(request: &Request, intent: &ApplyIntent, place: &Location, machine: &Machine) -> Vec<Problem> {
    let rows = [
        ("/root", &request.root, &intent.place.root, &place.root),
        ("/rules_dir", &request.rules_dir, &intent.place.rules_dir, &place.rules_dir),
    ];
    let others = rows.into_iter().filter(|(_, said, inner, outer)| said.is_some() && inner != outer);
    let mut problems: Vec<Problem> = others
        .map(|(pointer, _, inner, outer)| {
            let (found, allowed) =
                (inner.display().to_string(), vec![format!("what gather reads: {}", outer.display())]);
            Problem::at_pointer(RequestError::BadValue { found, allowed, nearest: None }.into(), pointer)
        })
        .collect();
    if request.arch.is_some() && !intent.machine.is_same_as(machine) {
        let error = RequestError::OtherMachine { named: intent.machine.name, own: machine.name };
        problems.push(Problem::at_pointer(error.into(), "/arch"));
    }
    problems
}
