//! What the host should hold, as the request declares it.

use glob::Pattern;

use super::lines::is_statement;
use super::{RequestLine, bad_lines, request_lines};
use crate::augenrules::natural_order;
use crate::error::{Problem, RequestError};
use crate::keep::Keep;
use crate::request::{Control, DropInState, Mode, Pointer, Request, State};
use crate::rule::Machine;
use crate::rules_d::{DropInName, drop_in_name};
use crate::settings::{Name, Settings};
use crate::snapshot::Snapshot;

/// What the host should hold.
#[derive(Debug, Clone)]
pub enum Goal {
    /// These drop-ins, beside others.
    Present(Vec<DropInGoal>),
    /// These drop-ins, and nothing else but what is kept.
    Exact(Vec<DropInGoal>, Keep),
    /// This drop-in without these lines.
    Without(DropInName, Vec<RequestLine>),
    /// These drop-ins, and all that rules.d then says; with a purge, nothing else but what is kept.
    Loaded(Vec<DropInGoal>, Option<Keep>),
    /// What a snapshot says; with force, whatever happened since.
    Restored(Box<Snapshot>, bool),
}

impl Goal {
    /// The drop-ins that the request declares, in the order of its keys.
    #[must_use]
    pub fn drop_ins(&self) -> &[DropInGoal] {
        match self {
            Self::Present(goals) | Self::Exact(goals, _) | Self::Loaded(goals, _) => goals,
            Self::Without(..) | Self::Restored(..) => &[],
        }
    }

    /// The drop-ins that the request names.
    #[must_use]
    pub fn names(&self) -> Vec<&DropInName> {
        match self {
            Self::Without(name, _) => vec![name],
            goal => goal.drop_ins().iter().map(DropInGoal::name).collect(),
        }
    }

    /// The lines that the request gives.
    #[must_use]
    pub fn lines(&self) -> Vec<&RequestLine> {
        match self {
            Self::Without(_, lines) => lines.iter().collect(),
            goal => goal.drop_ins().iter().flat_map(DropInGoal::lines).collect(),
        }
    }

    /// What a purge leaves alone; none where nothing is purged.
    #[must_use]
    pub fn purge(&self) -> Option<&Keep> {
        match self {
            Self::Exact(_, keep) | Self::Loaded(_, Some(keep)) => Some(keep),
            _ => None,
        }
    }

    /// The permissions that the request gives the file of one drop-in.
    #[must_use]
    pub fn mode_of(&self, file: &str) -> Option<u32> {
        self.drop_ins().iter().find(|goal| goal.file_name() == file).and_then(|goal| match goal {
            DropInGoal::Content(declared) => declared.mode,
            DropInGoal::Absent(_) => None,
        })
    }

    /// JSON pointer of a setting in the request, as far as it stands beside the lines.
    #[must_use]
    pub fn setting_pointer(&self, name: Name) -> String {
        let declared = self.drop_ins().iter().filter_map(|goal| match goal {
            DropInGoal::Content(declared) => Some(declared),
            DropInGoal::Absent(_) => None,
        });
        let says = declared.rev().find(|declared| declared.settings.get(name).is_some());
        format!("{}/control/{}", says.map_or("", |declared| &declared.pointer), name.text())
    }
}

/// What the request says of one drop-in.
#[derive(Debug, Clone)]
pub enum DropInGoal {
    /// It holds this.
    Content(Declared),
    /// It is gone.
    Absent(DropInName),
}

impl DropInGoal {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &DropInName {
        match self {
            Self::Content(declared) => &declared.name,
            Self::Absent(name) => name,
        }
    }

    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        self.name().file_name().to_string_lossy().into_owned()
    }

    /// The lines that it is to hold.
    #[must_use]
    pub fn lines(&self) -> &[RequestLine] {
        match self {
            Self::Content(declared) => &declared.lines,
            Self::Absent(_) => &[],
        }
    }
}

/// A drop-in as the request declares it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Its name.
    pub name: DropInName,
    /// JSON pointer of the object that declares it.
    pub pointer: String,
    /// Its lines, in the author's own words.
    pub lines: Vec<RequestLine>,
    /// Settings given beside the lines.
    pub settings: Settings,
    /// Whether it has a header, where that is not as the request says.
    pub header: Option<bool>,
    /// The permissions of its file, where those are not as the request says.
    pub mode: Option<u32>,
}

/// The drop-ins of `drop_ins`, in the order in which the boot loader reads them.
pub(super) fn several(request: &Request, machine: &Machine, problems: &mut Vec<Problem>) -> Vec<DropInGoal> {
    let mut goals: Vec<DropInGoal> = Vec::new();
    for (key, said) in request.drop_ins.iter().flatten() {
        let pointer = Pointer::Key(&Pointer::Key(&Pointer::Root, "drop_ins"), key).to_string();
        let mut lines = request_lines(said.rules.as_ref(), &format!("{pointer}/rules"), machine, problems);
        for line in &mut lines {
            line.labels.extend(said.labels.iter().cloned());
        }
        let Some(name) = checked_name(key, &pointer, problems) else {
            problems.extend(bad_lines(&lines.iter().collect::<Vec<_>>(), machine));
            continue;
        };
        if goals.iter().any(|goal| *goal.name() == name) {
            let error = RequestError::DuplicateKey { key: key.clone() };
            problems.push(Problem::at_pointer(error.into(), &pointer));
        }
        if said.state == DropInState::Present {
            problems.extend(too_open(said.mode.as_ref(), &format!("{pointer}/mode")));
            let declared = declared(name, pointer, lines, &said.control, request, problems);
            let mode = said.mode.as_ref().map(Mode::bits);
            goals.extend(declared.map(|of| DropInGoal::Content(Declared { header: said.header, mode, ..of })));
            continue;
        }
        let superfluous = [
            ("rules", said.rules.is_some()),
            ("control", said.control != Control::default()),
            ("mode", said.mode.is_some()),
        ];
        for (key, _) in superfluous.into_iter().filter(|(_, given)| *given) {
            let error = RequestError::NotUsed { key, with: "state: absent".to_owned() };
            problems.push(Problem::at_pointer(error.into(), &format!("{pointer}/{key}")));
        }
        goals.push(DropInGoal::Absent(name));
    }
    goals.sort_by(|a, b| natural_order(a.file_name().as_bytes(), b.file_name().as_bytes()));
    goals
}

/// What is wrong with permissions that let others than the owner write.
pub(super) fn too_open(mode: Option<&Mode>, pointer: &str) -> Option<Problem> {
    let mode = mode.filter(|mode| mode.is_writable_by_others())?;
    let found = format!("{:04o}", mode.bits());
    let allowed = vec!["the modes that let nobody but the owner write".to_owned()];
    let error = RequestError::BadValue { found, allowed, nearest: None };
    Some(Problem::at_pointer(error.into(), pointer))
}

pub(super) fn checked_name(name: &str, pointer: &str, problems: &mut Vec<Problem>) -> Option<DropInName> {
    drop_in_name(name).map_err(|error| problems.push(Problem::at_pointer(error.into(), pointer))).ok()
}

/// A drop-in that says something, if only a comment.
fn declared(
    name: DropInName,
    pointer: String,
    lines: Vec<RequestLine>,
    control: &Control,
    request: &Request,
    problems: &mut Vec<Problem>,
) -> Option<Declared> {
    let settings = Settings::from(control);
    let says_something = lines.iter().any(|line| !line.text.trim().is_empty()) || !settings.is_empty();
    if !says_something && control.loginuid_immutable.is_none() && !request.allow_empty {
        problems.push(Problem::at_pointer(RequestError::NothingDeclared.into(), &pointer));
        return None;
    }
    Some(Declared { name, pointer, lines, settings, header: None, mode: None })
}

/// What the request asks for; takes the lines and drop-ins where it is sound.
pub(super) fn goal(
    request: &Request,
    lines: &mut Vec<RequestLine>,
    goals: &mut Vec<DropInGoal>,
    keep: Keep,
    problems: &mut Vec<Problem>,
) -> Option<Goal> {
    let mut needed = |key: &'static str| {
        let error = RequestError::Needed { key, by: request.state.text() };
        problems.push(Problem::at_pointer(error.into(), ""));
    };
    match request.state {
        State::Loaded => return Some(Goal::Loaded(std::mem::take(goals), request.purge.then_some(keep))),
        State::Restored => {
            let Some(snapshot) = &request.snapshot else {
                needed("snapshot");
                return None;
            };
            return Some(Goal::Restored(Box::new(snapshot.clone()), request.force));
        }
        State::Present | State::Exact if request.drop_ins.is_some() => {
            let holds = goals.iter().any(|goal| matches!(goal, DropInGoal::Content(_)));
            if goals.is_empty() || (request.state == State::Exact && !holds && !request.allow_empty) {
                problems.push(Problem::at_pointer(RequestError::NothingDeclared.into(), "/drop_ins"));
                return None;
            }
        }
        State::Present | State::Exact | State::Absent => {
            let Some(name) = &request.name else {
                needed("name");
                return None;
            };
            let name = checked_name(name, "/name", problems)?;
            if request.state == State::Absent && request.rules.is_some() {
                return Some(Goal::Without(name, std::mem::take(lines)));
            }
            goals.push(if request.state == State::Absent {
                DropInGoal::Absent(name)
            } else {
                DropInGoal::Content(declared(
                    name,
                    String::new(),
                    std::mem::take(lines),
                    &request.control,
                    request,
                    problems,
                )?)
            });
        }
    }
    let goals = std::mem::take(goals);
    if request.state == State::Exact && !request.allow_empty && !goals.iter().any(says_something) {
        let pointer = if request.drop_ins.is_some() { "/drop_ins" } else { "/rules" };
        problems.push(Problem::at_pointer(RequestError::EmptyPolicy { skipped: 0 }.into(), pointer));
        return None;
    }
    Some(if request.state == State::Exact { Goal::Exact(goals, keep) } else { Goal::Present(goals) })
}

/// Whether a drop-in is to hold a rule or a setting, and not comments alone.
fn says_something(goal: &DropInGoal) -> bool {
    match goal {
        DropInGoal::Content(declared) => {
            !declared.settings.is_empty() || declared.lines.iter().any(|line| is_statement(&line.text))
        }
        DropInGoal::Absent(_) => false,
    }
}

pub(super) fn keep(request: &Request, problems: &mut Vec<Problem>) -> Keep {
    let mut globs = Vec::new();
    for (at, text) in request.keep.iter().enumerate() {
        match Pattern::new(text) {
            Ok(glob) => globs.push(glob),
            Err(error) => {
                let error = RequestError::BadValue {
                    found: text.clone(),
                    allowed: vec![format!("the globs ({})", error.msg)],
                    nearest: None,
                };
                problems.push(Problem::at_pointer(error.into(), &format!("/keep/{at}")));
            }
        }
    }
    Keep::new(globs)
}
