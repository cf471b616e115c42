//! What the host should hold, as the request declares it.

use glob::Pattern;

use super::{AuthorLine, author_lines, bad_lines};
use crate::augenrules::natural_order;
use crate::error::{Problem, RequestError};
use crate::request::{Control, DropInState, Pointer, Request, State};
use crate::rule::Machine;
use crate::rules_d::{DropInName, drop_in_name};
use crate::settings::{Name, Settings};
use crate::snapshot::Snapshot;

/// What the host should hold.
#[derive(Debug, Clone)]
pub enum Goal {
    /// These drop-ins, beside others.
    Present(Vec<DropInWish>),
    /// These drop-ins, and nothing else but what is kept.
    Exact(Vec<DropInWish>, Keep),
    /// This drop-in without these lines.
    Without(DropInName, Vec<AuthorLine>),
    /// These drop-ins, and all that rules.d then says; with a purge, nothing else but what is kept.
    Loaded(Vec<DropInWish>, Option<Keep>),
    /// What a snapshot says; with force, whatever happened since.
    Restored(Box<Snapshot>, bool),
}

impl Goal {
    /// The drop-ins that the request declares, in the order of its keys.
    #[must_use]
    pub fn wishes(&self) -> &[DropInWish] {
        match self {
            Self::Present(wishes) | Self::Exact(wishes, _) | Self::Loaded(wishes, _) => wishes,
            Self::Without(..) | Self::Restored(..) => &[],
        }
    }

    /// The drop-ins that the request names.
    #[must_use]
    pub fn names(&self) -> Vec<&DropInName> {
        match self {
            Self::Without(name, _) => vec![name],
            goal => goal.wishes().iter().map(DropInWish::name).collect(),
        }
    }

    /// The lines that the request gives.
    #[must_use]
    pub fn lines(&self) -> Vec<&AuthorLine> {
        match self {
            Self::Without(_, lines) => lines.iter().collect(),
            goal => goal.wishes().iter().flat_map(DropInWish::lines).collect(),
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

    /// JSON pointer of a setting in the request, as far as it stands beside the lines.
    #[must_use]
    pub fn setting_pointer(&self, name: Name) -> String {
        let declared = self.wishes().iter().filter_map(|wish| match wish {
            DropInWish::Holds(declared) => Some(declared),
            DropInWish::Gone(_) => None,
        });
        let says = declared.rev().find(|declared| declared.settings.get(name).is_some());
        format!("{}/control/{}", says.map_or("", |declared| &declared.pointer), name.text())
    }
}

/// What the request says of one drop-in.
#[derive(Debug, Clone)]
pub enum DropInWish {
    /// It holds this.
    Holds(Declared),
    /// It is gone.
    Gone(DropInName),
}

impl DropInWish {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &DropInName {
        match self {
            Self::Holds(declared) => &declared.name,
            Self::Gone(name) => name,
        }
    }

    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        self.name().file_name().to_string_lossy().into_owned()
    }

    /// The lines that it is to hold.
    #[must_use]
    pub fn lines(&self) -> &[AuthorLine] {
        match self {
            Self::Holds(declared) => &declared.lines,
            Self::Gone(_) => &[],
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
    pub lines: Vec<AuthorLine>,
    /// Settings given beside the lines.
    pub settings: Settings,
}

/// Globs on drop-in names and keys.
#[derive(Debug, Clone, Default)]
pub struct Keep(Vec<Pattern>);

impl Keep {
    /// Whether a drop-in of this name is kept; its `.rules` may be left out of the glob.
    #[must_use]
    pub fn keeps_drop_in(&self, name: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(name) || glob.matches(name.trim_end_matches(".rules")))
    }

    /// Whether a rule with this key is kept.
    #[must_use]
    pub fn keeps_key(&self, key: &[u8]) -> bool {
        self.0.iter().any(|glob| glob.matches(&String::from_utf8_lossy(key)))
    }
}

/// The drop-ins of `drop_ins`, in the order in which the boot loader reads them.
pub(super) fn several(request: &Request, machine: &Machine, problems: &mut Vec<Problem>) -> Vec<DropInWish> {
    let mut wishes: Vec<DropInWish> = Vec::new();
    for (key, said) in request.drop_ins.iter().flatten() {
        let pointer = Pointer::Key(&Pointer::Key(&Pointer::Root, "drop_ins"), key).to_string();
        let lines = author_lines(said.rules.as_ref(), &format!("{pointer}/rules"), machine, problems);
        let Some(name) = checked_name(key, &pointer, problems) else {
            problems.extend(bad_lines(&lines.iter().collect::<Vec<_>>(), machine));
            continue;
        };
        if wishes.iter().any(|wish| *wish.name() == name) {
            let error = RequestError::DuplicateKey { key: key.clone() };
            problems.push(Problem::at_pointer(error.into(), &pointer));
        }
        if said.state == DropInState::Present {
            wishes.extend(declared(name, pointer, lines, &said.control, request, problems).map(DropInWish::Holds));
            continue;
        }
        let superfluous = [("rules", said.rules.is_some()), ("control", said.control != Control::default())];
        for (key, _) in superfluous.into_iter().filter(|(_, given)| *given) {
            let error = RequestError::NotUsed { key, with: "state: absent".to_owned() };
            problems.push(Problem::at_pointer(error.into(), &format!("{pointer}/{key}")));
        }
        wishes.push(DropInWish::Gone(name));
    }
    wishes.sort_by(|a, b| natural_order(a.file_name().as_bytes(), b.file_name().as_bytes()));
    wishes
}

fn checked_name(name: &str, pointer: &str, problems: &mut Vec<Problem>) -> Option<DropInName> {
    drop_in_name(name).map_err(|error| problems.push(Problem::at_pointer(error.into(), pointer))).ok()
}

/// A drop-in that says something, if only a comment.
fn declared(
    name: DropInName,
    pointer: String,
    lines: Vec<AuthorLine>,
    control: &Control,
    request: &Request,
    problems: &mut Vec<Problem>,
) -> Option<Declared> {
    let settings = Settings::from(control);
    let says_something = lines.iter().any(|line| !line.text.trim().is_empty()) || !settings.is_empty();
    if !says_something && control.loginuid_immutable.is_none() && !request.allow_empty {
        problems.push(Problem::at_pointer(RequestError::NothingWished.into(), &pointer));
        return None;
    }
    Some(Declared { name, pointer, lines, settings })
}

/// What the request asks for; takes the lines and drop-ins where it is sound.
pub(super) fn goal(
    request: &Request,
    lines: &mut Vec<AuthorLine>,
    wishes: &mut Vec<DropInWish>,
    keep: Keep,
    problems: &mut Vec<Problem>,
) -> Option<Goal> {
    let mut needed = |key: &'static str| {
        let error = RequestError::Needed { key, by: request.state.text() };
        problems.push(Problem::at_pointer(error.into(), ""));
    };
    match request.state {
        State::Loaded => return Some(Goal::Loaded(std::mem::take(wishes), request.purge.then_some(keep))),
        State::Restored => {
            let Some(snapshot) = &request.snapshot else {
                needed("snapshot");
                return None;
            };
            return Some(Goal::Restored(Box::new(snapshot.clone()), request.force));
        }
        State::Present | State::Exact if request.drop_ins.is_some() => {
            let holds = wishes.iter().any(|wish| matches!(wish, DropInWish::Holds(_)));
            if wishes.is_empty() || (request.state == State::Exact && !holds && !request.allow_empty) {
                problems.push(Problem::at_pointer(RequestError::NothingWished.into(), "/drop_ins"));
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
            wishes.push(if request.state == State::Absent {
                DropInWish::Gone(name)
            } else {
                DropInWish::Holds(declared(
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
    let wishes = std::mem::take(wishes);
    if request.state == State::Exact && !request.allow_empty && !wishes.iter().any(says_something) {
        let pointer = if request.drop_ins.is_some() { "/drop_ins" } else { "/rules" };
        problems.push(Problem::at_pointer(RequestError::EmptyPolicy { skipped: 0 }.into(), pointer));
        return None;
    }
    Some(if request.state == State::Exact { Goal::Exact(wishes, keep) } else { Goal::Present(wishes) })
}

/// Whether a drop-in is to hold a rule or a setting, and not comments alone.
fn says_something(wish: &DropInWish) -> bool {
    match wish {
        DropInWish::Holds(declared) => !declared.settings.is_empty() || declared.lines.iter().any(is_statement),
        DropInWish::Gone(_) => false,
    }
}

/// Whether a line is neither blank nor a comment.
fn is_statement(line: &AuthorLine) -> bool {
    let text = line.text.trim_start();
    !text.is_empty() && !text.starts_with('#')
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
    Keep(globs)
}
