//! What a request means: checked, with defaults, without the spelling of JSON.

mod control;
mod event;
mod events;
mod expect;
mod explain;
mod gather;
mod goal;
mod lines;
mod lint;
mod machine;
mod prove;

use std::path::{Path, PathBuf};

pub use event::event;
pub use events::{EventsIntent, GivenPolicy};
pub use expect::{ExpectIntent, Scope};
pub use explain::Subject as ExplainSubject;
pub use gather::{Exported, GatherIntent};
pub use goal::{Declared, DropInGoal, Goal};
pub use lines::{RequestLine, Rests, bad_lines, is_statement, labels, named_controls, request_lines};
pub use lint::{LintIntent, Subject, WantedProfile};
pub use machine::machine_named;
pub use prove::{Meant, ProveIntent};

use machine::machine_of;

use crate::error::{Problem, RequestError};
use crate::plan::PlanId;
use crate::request::keys::{not_used, unused};
use crate::request::{
    Compile, Control, Expedite, Id, KernelChoice, LoaderUnknown, OnDuplicate, OnLocked, OnMissing, Operation, Ordering,
    PermSyscalls, Request, State, Target, UnknownSyscalls,
};
use crate::rule::Machine;

/// What a host should hold, and how to get there.
#[allow(clippy::struct_excessive_bools, reason = "switches of the request")]
#[derive(Debug, Clone)]
pub struct ApplyIntent {
    /// What the host should hold.
    pub goal: Goal,
    /// Which layer to converge.
    pub target: Target,
    /// Where the files are.
    pub place: Location,
    /// Which kernel is meant.
    pub kernel: KernelChoice,
    /// Whose rules they are: this machine, or that of an image.
    pub machine: Machine,
    /// How long to wait for another run, in seconds.
    pub lock_timeout: u32,
    /// How much of the wanted order the kernel's lists must have.
    pub ordering: Ordering,
    /// What to do on a locked kernel.
    pub on_locked: OnLocked,
    /// Whether to lock a kernel that lacks what other drop-ins say.
    pub lock_anyway: bool,
    /// Whether a drop-in, or with exact the whole policy, may hold neither a rule nor a setting.
    pub allow_empty: bool,
    /// What to do with a rule that another drop-in holds already.
    pub on_duplicate: OnDuplicate,
    /// What to do with a rule that names what this host lacks.
    pub on_missing: OnMissing,
    /// What to do with a system call that only other architectures have.
    pub unknown_syscalls: UnknownSyscalls,
    /// What to do with a line that the installed auditctl is too old for.
    pub loader_unknown: LoaderUnknown,
    /// The mask of a rule with `perm=`.
    pub perm_syscalls: PermSyscalls,
    /// Whether to bring audit.rules up to date.
    pub compile: Compile,
    /// Whether to take over into a drop-in what only stands in audit.rules.
    pub adopt: bool,
    /// Whether to make grace periods short.
    pub expedite: Expedite,
    /// Whether drop-ins begin with a comment that names this program.
    pub header: bool,
    /// The permissions of what is written, where the request says them.
    pub mode: Option<u32>,
    /// The owner of what is written.
    pub owner: Option<Id>,
    /// The group of what is written.
    pub group: Option<Id>,
    /// Whether to keep a copy of what is replaced.
    pub backup: bool,
    /// Whether the audit log gets a record of the change.
    pub record: bool,
    /// Whether to reset the kernel's count of lost records.
    pub reset_lost: bool,
    /// The plan that may be carried out, and no other.
    pub plan_id: Option<PlanId>,
    /// Stop before the first change.
    pub check_mode: bool,
    /// Report a diff.
    pub diff: bool,
}

/// How long a run waits for another one where the request does not say, in seconds.
const LOCK_TIMEOUT: u32 = 10;

/// Where the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The root directory: `/`, or that of an image.
    pub root: PathBuf,
    /// The directory of the drop-ins, as seen from the root.
    pub rules_dir: PathBuf,
    /// The root directory of the request, where it was entered and is `/` since.
    pub entered: Option<PathBuf>,
    /// The file of the running host for what comes from the kernel.
    pub trace_netlink: Option<PathBuf>,
}

/// Whether a path says by itself, without `..` and control characters, which file below a root is meant.
fn is_absolute(path: &str) -> bool {
    path.starts_with('/') && !path.split('/').any(|step| step == "..") && !path.contains(char::is_control)
}

impl Location {
    /// Whether this is the running host.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.root.as_os_str() == "/"
    }

    /// The root directory as the request names it; none where that is the running host's.
    #[must_use]
    pub fn said_root(&self) -> Option<&Path> {
        self.entered.as_deref().or_else(|| (!self.is_live()).then_some(&*self.root))
    }

    /// The root directory to enter, so that the kernel finds the paths of the rules there; it is `/` from now on. None
    /// where the request is about files alone, or about `/`.
    pub fn enter(&mut self, kernel: KernelChoice) -> Option<PathBuf> {
        if kernel != KernelChoice::Host || self.is_live() {
            return None;
        }
        self.entered = Some(std::mem::replace(&mut self.root, PathBuf::from("/")));
        self.entered.clone()
    }

    /// Reads `root`, `rules_dir` and `trace_netlink` of a request.
    ///
    /// # Errors
    /// A path that is not absolute, or holds `..` or control characters.
    pub fn of(request: &Request) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut path = |key: &'static str, said: &Option<String>, default: &str| {
            let path = said.as_deref().unwrap_or(default);
            if !is_absolute(path) {
                let error = RequestError::BadPath { key, path: path.to_owned() };
                problems.push(Problem::at_pointer(error.into(), &format!("/{key}")));
            }
            PathBuf::from(path)
        };
        let root = path("root", &request.root, "/");
        let rules_dir = path("rules_dir", &request.rules_dir, crate::augenrules::RULES_DIR);
        let trace = request.trace_netlink.is_some().then(|| path("trace_netlink", &request.trace_netlink, "/"));
        let trace_netlink = trace.map(|path| path.components().collect());
        let root = root.components().collect();
        let rules_dir: PathBuf = rules_dir.components().collect();
        // The root directory would be that of audit.rules, and is never managed as one.
        if problems.is_empty() && rules_dir.components().count() < 3 && request.operation != Operation::Lint {
            let allowed = vec!["the directories below another one, which has audit.rules".to_owned()];
            let found = rules_dir.display().to_string();
            let error = RequestError::BadValue { found, allowed, nearest: None };
            problems.push(Problem::at_pointer(error.into(), "/rules_dir"));
        }
        if problems.is_empty() { Ok(Self { root, rules_dir, entered: None, trace_netlink }) } else { Err(problems) }
    }
}

impl ApplyIntent {
    /// What a request to apply means to this machine.
    ///
    /// # Errors
    /// Every problem found.
    pub fn of(request: &Request, own: &Machine) -> Result<Self, Vec<Problem>> {
        let mut problems = unused(request);
        let place = Location::of(request).unwrap_or_else(|more| {
            problems.extend(more);
            Location { root: PathBuf::from("/"), rules_dir: PathBuf::from("/"), entered: None, trace_netlink: None }
        });
        problems.extend(crossed(request, &place));
        problems.extend(adoption(request));
        let plan_id = request.plan_id.as_deref().and_then(|said| {
            PlanId::read(said).or_else(|| {
                let allowed = vec!["what check mode gave as plan_id".to_owned()];
                let error = RequestError::BadValue { found: said.to_owned(), allowed, nearest: None };
                problems.push(Problem::at_pointer(error.into(), "/plan_id"));
                None
            })
        });
        let machine = &machine_of(request, &place, own).unwrap_or_else(|problem| {
            problems.push(problem);
            *own
        });
        let mut lines = request_lines(request.rules.as_ref(), "/rules", machine, &mut problems);
        let mut goals = goal::several(request, machine, &mut problems);
        let keep = goal::keep(request, &mut problems);
        let goal = goal::goal(request, &mut lines, &mut goals, keep, &mut problems);
        if !problems.is_empty() {
            let mut given: Vec<&RequestLine> = goal.iter().flat_map(Goal::lines).collect();
            given.extend(lines.iter().chain(goals.iter().flat_map(DropInGoal::lines)));
            problems.extend(bad_lines(&given, machine));
        }
        match goal {
            Some(goal) if problems.is_empty() => Ok(Self {
                goal,
                target: request.target,
                place,
                kernel: request.kernel,
                machine: *machine,
                lock_timeout: request.lock_timeout.unwrap_or(LOCK_TIMEOUT),
                ordering: request.ordering,
                on_locked: request.on_locked,
                lock_anyway: request.lock_anyway,
                allow_empty: request.allow_empty,
                on_duplicate: request.on_duplicate,
                on_missing: request.on_missing,
                unknown_syscalls: request.unknown_syscalls,
                loader_unknown: request.loader_unknown,
                perm_syscalls: request.perm_syscalls,
                compile: request.compile,
                adopt: request.adopt,
                expedite: request.expedite,
                header: request.header.unwrap_or(true),
                mode: request.mode.as_ref().map(crate::request::Mode::bits),
                owner: request.owner.clone(),
                group: request.group.clone(),
                backup: request.backup,
                record: request.record.unwrap_or(true),
                reset_lost: request.reset_lost,
                plan_id,
                check_mode: request.check_mode,
                diff: request.diff,
            }),
            _ => Err(problems),
        }
    }
}

impl ApplyIntent {
    /// Whether the running kernel is to be asked.
    #[must_use]
    pub fn asks_kernel(&self) -> bool {
        self.target != Target::Filesystem && (self.place.is_live() || self.kernel == KernelChoice::Host)
    }
}

/// What else is wrong with a request that is not of its form.
#[must_use]
pub fn further_problems(rest: &Request, machine: &Machine) -> Vec<Problem> {
    let found = match ApplyIntent::of(rest, machine) {
        Err(problems) => problems,
        Ok(intent) => bad_lines(&intent.goal.lines(), machine),
    };
    // What was cut out may be what these miss.
    let is_own = |problem: &Problem| {
        !matches!(problem.kind(), "missing_key" | "nothing_declared" | "empty_policy" | "nothing_expected")
    };
    found.into_iter().filter(is_own).collect()
}

/// The drop-in that lines of `audit.rules` are taken over into: the first that augenrules reads, so that what other
/// drop-ins say of a setting wins.
pub const ADOPTED: &str = "00-adopted.rules";

/// What does not go together with taking lines over: nothing is written, all else goes, or the drop-in is declared.
fn adoption(request: &Request) -> Option<Problem> {
    let names = request.name.iter().chain(request.drop_ins.iter().flat_map(|drop_ins| drop_ins.keys()));
    let is_adopted = |name: &&String| name.strip_suffix(".rules").unwrap_or(name) == ADOPTED.trim_end_matches(".rules");
    let with = match request.state {
        _ if !request.adopt => return None,
        State::Exact | State::Restored => return None,
        _ if request.target == Target::Runtime => "target: runtime".to_owned(),
        _ => format!("a drop-in {}", names.into_iter().find(is_adopted)?),
    };
    Some(not_used("adopt", &with))
}

/// The keys of one drop-in, which have no use where `with` says of several what they hold.
#[must_use]
pub fn single_drop_in(request: &Request, with: &str) -> Vec<Problem> {
    let single = [
        ("name", request.name.is_some()),
        ("rules", request.rules.is_some()),
        ("control", request.control != Control::default()),
    ];
    single.iter().filter(|(_, given)| *given).map(|(key, _)| not_used(key, with)).collect()
}

/// Keys that have no use here although their operation and state use them.
fn crossed(request: &Request, place: &Location) -> Vec<Problem> {
    let mut problems = Vec::new();
    if request.drop_ins.is_some() && matches!(request.state, State::Present | State::Exact) {
        problems.extend(single_drop_in(request, "drop_ins"));
    }
    if request.state == State::Loaded && !request.purge && !request.keep.is_empty() {
        problems.push(not_used("keep", "purge: false"));
    }
    if request.reset_lost && request.target == Target::Filesystem {
        problems.push(not_used("reset_lost", "target: filesystem"));
    }
    problems.extend(goal::too_open(request.mode.as_ref(), "/mode"));
    if request.kernel == KernelChoice::Host {
        if request.target == Target::Filesystem {
            problems.push(not_used("kernel", "target: filesystem"));
        }
    } else if !place.is_live() && matches!(request.target, Target::Both | Target::Runtime) {
        problems.push(Problem::at_pointer(RequestError::RootWithKernel.into(), "/target"));
    }
    problems
}
