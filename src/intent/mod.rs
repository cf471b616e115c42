//! What a request means: checked, with defaults, without the spelling of JSON.

mod author;
mod inquiry;

use std::path::PathBuf;

pub use author::{AuthorLine, author_lines, bad_lines};
pub use inquiry::Inquiry;

use glob::Pattern;

use crate::error::{Problem, RequestError};
use crate::request::{
    Compile, Expedite, Id, OnDrift, OnDuplicate, OnLocked, OnMissing, Ordering, PermSyscalls, Request, Source, State,
    Target, UnknownSyscalls,
};
use crate::rule::Machine;
use crate::rules_d::{DropInName, drop_in_name};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// A wish for a host, and how to get there.
#[derive(Debug, Clone)]
pub struct Intent {
    /// What the host should hold.
    pub goal: Goal,
    /// Which layer to converge.
    pub target: Target,
    /// Where the files are.
    pub place: Location,
    /// How much of the wished order the kernel's lists must have.
    pub ordering: Ordering,
    /// What to do on a locked kernel.
    pub on_locked: OnLocked,
    /// What to do with a rule that another drop-in holds already.
    pub on_duplicate: OnDuplicate,
    /// What to do with a rule that names what this host lacks.
    pub on_missing: OnMissing,
    /// What to do with a system call that only other architectures have.
    pub unknown_syscalls: UnknownSyscalls,
    /// The mask of a rule with `perm=`.
    pub perm_syscalls: PermSyscalls,
    /// Whether to bring audit.rules up to date.
    pub compile: Compile,
    /// Whether to make grace periods short.
    pub expedite: Expedite,
    /// The permissions of what is written.
    pub mode: u32,
    /// The owner of what is written.
    pub owner: Option<Id>,
    /// The group of what is written.
    pub group: Option<Id>,
    /// Whether to keep a copy of what is replaced.
    pub backup: bool,
    /// Stop before the first change.
    pub check_mode: bool,
    /// Report a diff.
    pub diff: bool,
}

/// What the host should hold.
#[derive(Debug, Clone)]
pub enum Goal {
    /// This drop-in, beside others.
    Present(Declared),
    /// This drop-in, and nothing else but what is kept.
    Exact(Declared, Keep),
    /// No such drop-in; or not these lines of it.
    Absent(DropInName, Option<Vec<AuthorLine>>),
    /// What the drop-ins say; with a purge, nothing else but what is kept.
    Loaded(Option<Keep>),
    /// What a snapshot says; with force, whatever happened since.
    Restored(Box<Snapshot>, bool),
}

impl Goal {
    /// The drop-in that the request names.
    #[must_use]
    pub fn name(&self) -> Option<&DropInName> {
        match self {
            Self::Present(declared) | Self::Exact(declared, _) => Some(&declared.name),
            Self::Absent(name, _) => Some(name),
            Self::Loaded(_) | Self::Restored(..) => None,
        }
    }

    /// The lines that the request gives.
    #[must_use]
    pub fn lines(&self) -> &[AuthorLine] {
        match self {
            Self::Present(declared) | Self::Exact(declared, _) => &declared.lines,
            Self::Absent(_, lines) => lines.as_deref().unwrap_or_default(),
            Self::Loaded(_) | Self::Restored(..) => &[],
        }
    }

    /// What a purge leaves alone; none where nothing is purged.
    #[must_use]
    pub fn purge(&self) -> Option<&Keep> {
        match self {
            Self::Exact(_, keep) | Self::Loaded(Some(keep)) => Some(keep),
            _ => None,
        }
    }
}

/// A drop-in as the request declares it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Its name.
    pub name: DropInName,
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

/// Where the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The root directory: `/`, or that of an image.
    pub root: PathBuf,
    /// The directory of the drop-ins, as seen from the root.
    pub rules_dir: PathBuf,
}

impl Location {
    /// Whether this is the running host.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.root.as_os_str() == "/"
    }

    /// Reads `root` and `rules_dir` of a request.
    ///
    /// # Errors
    /// A path that is not absolute, or holds `..` or control characters.
    pub fn of(request: &Request) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut path = |key: &'static str, said: &Option<String>, default: &str| {
            let path = said.as_deref().unwrap_or(default);
            let sound =
                path.starts_with('/') && !path.split('/').any(|step| step == "..") && !path.contains(char::is_control);
            if !sound {
                let error = RequestError::BadPath { key, path: path.to_owned() };
                problems.push(Problem::at_pointer(error.into(), &format!("/{key}")));
            }
            PathBuf::from(path)
        };
        let root = path("root", &request.root, "/");
        let rules_dir = path("rules_dir", &request.rules_dir, crate::augenrules::RULES_DIR);
        let root = root.components().collect();
        let rules_dir = rules_dir.components().collect();
        if problems.is_empty() { Ok(Self { root, rules_dir }) } else { Err(problems) }
    }
}

impl Intent {
    /// What a request to apply means.
    ///
    /// # Errors
    /// Every problem found.
    pub fn of(request: &Request, machine: &Machine) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        problems.extend(unused(request));
        let mut lines = author_lines(request.rules.as_ref(), "/rules", machine, &mut problems);
        let keep = keep(request, &mut problems);
        let place = Location::of(request).unwrap_or_else(|more| {
            problems.extend(more);
            Location { root: PathBuf::from("/"), rules_dir: PathBuf::from("/") }
        });
        if !place.is_live() && matches!(request.target, Target::Both | Target::Runtime) {
            problems.push(Problem::at_pointer(not_used("root", "target: both or runtime"), "/target"));
        }
        let goal = goal(request, &mut lines, keep, &mut problems);
        if !problems.is_empty() {
            let given = goal.as_ref().map_or(lines.as_slice(), Goal::lines);
            problems.extend(bad_lines(given, machine));
        }
        match goal {
            Some(goal) if problems.is_empty() => Ok(Self {
                goal,
                target: request.target,
                place,
                ordering: request.ordering,
                on_locked: request.on_locked,
                on_duplicate: request.on_duplicate,
                on_missing: request.on_missing,
                unknown_syscalls: request.unknown_syscalls,
                perm_syscalls: request.perm_syscalls,
                compile: request.compile,
                expedite: request.expedite,
                mode: request.mode.bits(),
                owner: request.owner.clone(),
                group: request.group.clone(),
                backup: request.backup,
                check_mode: request.check_mode,
                diff: request.diff,
            }),
            _ => Err(problems),
        }
    }
}

/// What else is wrong with a request that is not of its form.
#[must_use]
pub fn further_problems(rest: &Request, machine: &Machine) -> Vec<Problem> {
    let found = match Intent::of(rest, machine) {
        Err(problems) => problems,
        Ok(intent) => bad_lines(intent.goal.lines(), machine),
    };
    // What was cut out may be what these miss.
    let is_own = |problem: &Problem| !matches!(problem.kind(), "missing_key" | "nothing_wished");
    found.into_iter().filter(is_own).collect()
}

fn not_used(key: &'static str, with: &str) -> crate::error::What {
    RequestError::NotUsed { key, with: with.to_owned() }.into()
}

/// Keys of `apply` and `gather` that `explain` has no use for.
#[must_use]
pub fn unused_by_explain(request: &Request) -> Vec<Problem> {
    let default = Request::default();
    let given = [
        ("state", request.state != default.state),
        ("name", request.name.is_some()),
        ("control", request.control != default.control),
        ("target", request.target != default.target),
        ("root", request.root.is_some()),
        ("rules_dir", request.rules_dir.is_some()),
        ("purge", request.purge),
        ("keep", !request.keep.is_empty()),
        ("snapshot", request.snapshot.is_some()),
        ("force", request.force),
        ("source", request.source != default.source),
        ("on_drift", request.on_drift != default.on_drift),
    ];
    let superfluous = given.into_iter().filter(|(_, given)| *given);
    superfluous.map(|(key, _)| Problem::at_pointer(not_used(key, "operation: explain"), &format!("/{key}"))).collect()
}

/// Keys that the given state has no use for.
fn unused(request: &Request) -> Vec<Problem> {
    let state = request.state;
    let declares = matches!(state, State::Present | State::Exact);
    let named = declares || state == State::Absent;
    let purges = matches!(state, State::Loaded | State::Exact);
    let given = [
        ("name", request.name.is_some() && !named),
        ("rules", request.rules.is_some() && !named),
        ("control", request.control != crate::request::Control::default() && !declares),
        ("purge", request.purge && !purges),
        ("keep", !request.keep.is_empty() && !purges),
        ("snapshot", request.snapshot.is_some() && state != State::Restored),
        ("force", request.force && state != State::Restored),
    ];
    let asks = [("source", request.source != Source::default()), ("on_drift", request.on_drift != OnDrift::default())];
    let with_state = format!("state: {}", state_name(state));
    let given = given.into_iter().map(|(key, superfluous)| (key, superfluous, with_state.as_str()));
    let asks = asks.into_iter().map(|(key, superfluous)| (key, superfluous, "operation: apply"));
    given
        .chain(asks)
        .filter(|(_, superfluous, _)| *superfluous)
        .map(|(key, _, with)| Problem::at_pointer(not_used(key, with), &format!("/{key}")))
        .collect()
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Present => "present",
        State::Absent => "absent",
        State::Loaded => "loaded",
        State::Exact => "exact",
        State::Restored => "restored",
    }
}

/// What the request asks for; takes the lines where it is sound.
fn goal(request: &Request, lines: &mut Vec<AuthorLine>, keep: Keep, problems: &mut Vec<Problem>) -> Option<Goal> {
    let mut needed = |key: &'static str| {
        let error = RequestError::Needed { key, by: state_name(request.state) };
        problems.push(Problem::at_pointer(error.into(), ""));
    };
    let name = match (&request.name, request.state) {
        (_, State::Loaded) => return Some(Goal::Loaded(request.purge.then_some(keep))),
        (_, State::Restored) => {
            let Some(snapshot) = &request.snapshot else {
                needed("snapshot");
                return None;
            };
            return Some(Goal::Restored(Box::new(snapshot.clone()), request.force));
        }
        (Some(name), _) => name,
        (None, _) => {
            needed("name");
            return None;
        }
    };
    let name = match drop_in_name(name) {
        Ok(name) => name,
        Err(error) => {
            problems.push(Problem::at_pointer(error.into(), "/name"));
            return None;
        }
    };
    if request.state == State::Absent {
        return Some(Goal::Absent(name, request.rules.is_some().then(|| std::mem::take(lines))));
    }
    let settings = Settings::from(&request.control);
    let says_something = lines.iter().any(|line| !line.text.trim_start_matches(' ').is_empty()) || !settings.is_empty();
    if !says_something && request.control.loginuid_immutable.is_none() {
        problems.push(Problem::at_pointer(RequestError::NothingWished.into(), ""));
        return None;
    }
    let declared = Declared { name, lines: std::mem::take(lines), settings };
    Some(if request.state == State::Exact { Goal::Exact(declared, keep) } else { Goal::Present(declared) })
}

fn keep(request: &Request, problems: &mut Vec<Problem>) -> Keep {
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
