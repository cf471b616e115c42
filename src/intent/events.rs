//! What a request for recorded events means.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use glob::Pattern;

use super::goal::{DropInGoal, several};
use super::{GatherIntent, Location, RequestLine, bad_lines, is_absolute, machine_named, machine_of, request_lines};
use crate::auditctl::Accounts;
use crate::error::{Problem, RequestError};
use crate::events::{Condition, Filter};
use crate::records::RecordType;
use crate::records::time::{from_rfc3339, to_rfc3339};
use crate::request::keys::{not_used, unused};
use crate::request::{ConditionInput, Format, Id, MatchInput, Moment, Request, RulesFile, Source, SyscallInput};
use crate::rule::Machine;
use crate::tables::{record_types, syscalls};

/// How many events a report has one by one where the request does not say.
const LIMIT: usize = 1000;
/// How much the caller may say of the events, in bytes: it is in each line of the output.
const MOST_ATTRIBUTES: usize = 16 << 10;
/// How long the kernel is listened to where the request does not say.
const SECONDS: u32 = 10;
/// Longer than anybody looks on, and short enough to be added to a time.
const FOR_EVER: Duration = Duration::from_secs(1 << 32);

/// A question about recorded events.
#[derive(Debug, Clone)]
pub struct EventsIntent {
    /// Where the host's files are.
    pub place: Location,
    /// Whose rules they are.
    pub machine: Machine,
    /// How long the kernel is listened to; none: a log is read.
    pub listens: Option<Duration>,
    /// The files of the log, by path or with their text; none: those of the host.
    pub files: Vec<RulesFile>,
    /// What the events are held against.
    pub policy: Option<GivenPolicy>,
    /// The first and the last time that are meant, in milliseconds since 1970.
    pub times: (Option<u64>, Option<u64>),
    /// After how many events to stop.
    pub count: Option<u64>,
    /// How many events are told one by one.
    pub limit: usize,
    /// Whether their records are told too.
    pub records: bool,
    /// Where every event is written to.
    pub output: Option<PathBuf>,
    /// In which form.
    pub format: Format,
    /// What the caller says of these events.
    pub extra_attributes: BTreeMap<String, String>,
    /// Nothing is written.
    pub check_mode: bool,
    entries: Vec<MatchInput>,
}

/// A policy that the request gives.
#[derive(Debug, Clone)]
pub enum GivenPolicy {
    /// Its lines.
    Lines(Vec<RequestLine>),
    /// Its drop-ins, by name, in the order in which they are read.
    DropIns(Vec<(String, Vec<RequestLine>)>),
}

impl EventsIntent {
    /// What a request for events means.
    ///
    /// # Errors
    /// Every problem found.
    pub fn of(request: &Request, own: &Machine) -> Result<Self, Vec<Problem>> {
        let mut problems = unused(request);
        let place = Location::of(request).map_err(|more| problems.extend(more)).ok();
        let is_given = request.rules.is_some() || request.drop_ins.is_some();
        let machine = match (&request.arch, &place) {
            (Some(name), _) if is_given => machine_named(name, "/arch"),
            (_, Some(place)) => machine_of(request, place, own),
            _ => Ok(*own),
        };
        let machine = machine.unwrap_or_else(|problem| {
            problems.push(problem);
            *own
        });
        if is_given && request.rules_dir.is_some() {
            problems.push(not_used("rules_dir", "rules"));
        }
        let policy = policy(request, &machine, &mut problems);
        problems.extend(paths(request));
        let mut time = |key: &str, said: &Option<Moment>| match said {
            None => None,
            Some(Moment::Seconds(seconds)) => Some(u64::from(*seconds) * 1000),
            Some(Moment::Text(text)) => from_rfc3339(text).or_else(|| {
                let allowed = vec!["times such as 2026-11-29T10:00:00Z".to_owned()];
                problems.push(bad_value(text, allowed, None, &format!("/{key}")));
                None
            }),
        };
        let times = (time("since", &request.since), time("until", &request.until));
        if let (Some(since), Some(until)) = times {
            if until < since {
                let allowed = vec!["times from since on".to_owned()];
                problems.push(bad_value(&to_rfc3339(until), allowed, None, "/until"));
            }
        }
        let listens = listens(request, place.as_ref(), &mut problems);
        let entries = request.matching.clone();
        // Which names are accounts of the host is seen there.
        let _ = filter(&entries, None, &mut problems);
        match place {
            Some(place) if problems.is_empty() => Ok(Self {
                place,
                machine,
                listens,
                files: request.files.clone(),
                policy,
                times,
                count: request.count.map(u64::from),
                limit: request.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LIMIT),
                records: request.records,
                output: request.output.as_deref().map(|path| PathBuf::from(path).components().collect()),
                format: request.format,
                extra_attributes: request.extra_attributes.clone(),
                check_mode: request.check_mode,
                entries,
            }),
            _ => Err(problems),
        }
    }

    /// What is asked of the host, whose rules the events are attributed to.
    #[must_use]
    pub fn host(&self) -> GatherIntent {
        GatherIntent::of_host(self.place.clone(), self.machine)
    }

    /// Goes on for as long as somebody looks on, and keeps no event for the end, where the request does not say otherwise.
    pub fn look_on(&mut self, request: &Request) {
        if request.seconds.is_none() {
            self.listens = self.listens.map(|_| FOR_EVER);
        }
        if request.limit.is_none() {
            self.limit = 0;
        }
    }

    /// Whether the running kernel is to be asked.
    #[must_use]
    pub fn asks_kernel(&self) -> bool {
        self.listens.is_some() || self.policy.is_none() && self.host().asks_kernel()
    }

    /// Which events are kept, on a host with these accounts.
    ///
    /// # Errors
    /// Users that it does not have.
    pub fn filter(&self, accounts: &Accounts) -> Result<Filter, Vec<Problem>> {
        let mut problems = Vec::new();
        let filter = filter(&self.entries, Some(accounts), &mut problems);
        if problems.is_empty() { Ok(filter) } else { Err(problems) }
    }
}

/// How long the kernel is listened to. What only a log has asks for the log.
fn listens(request: &Request, place: Option<&Location>, problems: &mut Vec<Problem>) -> Option<Duration> {
    let of_log = [
        ("files", !request.files.is_empty()),
        ("root", place.is_some_and(|place| !place.is_live())),
        ("since", request.since.is_some()),
        ("until", request.until.is_some()),
    ];
    let mut of_log = of_log.into_iter().filter_map(|(key, is_given)| is_given.then_some(key));
    match request.source {
        Source::Kernel => problems.extend(of_log.map(|key| not_used(key, "source: kernel"))),
        Source::Log => {
            problems.extend(request.seconds.map(|_| not_used("seconds", "source: log")));
            return None;
        }
        _ => {
            if let Some(key) = of_log.next() {
                problems.extend(request.seconds.map(|_| not_used("seconds", key)));
                return None;
            }
        }
    }
    Some(Duration::from_secs(request.seconds.unwrap_or(SECONDS).into()))
}

fn policy(request: &Request, machine: &Machine, problems: &mut Vec<Problem>) -> Option<GivenPolicy> {
    let lines = request_lines(request.rules.as_ref(), "/rules", machine, problems);
    let goals = several(request, machine, problems);
    let all: Vec<&RequestLine> = lines.iter().chain(goals.iter().flat_map(DropInGoal::lines)).collect();
    problems.extend(bad_lines(&all, machine));
    if request.rules.is_some() {
        if request.drop_ins.is_some() {
            problems.push(not_used("rules", "drop_ins"));
        }
        return Some(GivenPolicy::Lines(lines));
    }
    let drop_ins = goals.iter().map(|goal| (goal.file_name(), goal.lines().to_vec())).collect();
    request.drop_ins.is_some().then_some(GivenPolicy::DropIns(drop_ins))
}

/// What is wrong with paths on the host, and with what goes into the output.
fn paths(request: &Request) -> Vec<Problem> {
    let mut problems = super::lint::of_files(&request.files);
    if let Some(path) = request.output.as_ref().filter(|path| !is_absolute(path)) {
        let error = RequestError::BadPath { key: "output", path: path.clone() };
        problems.push(Problem::at_pointer(error.into(), "/output"));
    }
    let bytes: usize = request.extra_attributes.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MOST_ATTRIBUTES {
        let allowed = vec![format!("at most {MOST_ATTRIBUTES} bytes in all")];
        problems.push(bad_value(&format!("{bytes} bytes"), allowed, None, "/extra_attributes"));
    }
    if request.output.is_none() && request.format != Format::Report {
        problems
            .push(Problem::at_pointer(RequestError::Needed { key: "output", by: request.format.text() }.into(), ""));
    }
    problems
}

fn bad_value(found: &str, allowed: Vec<String>, nearest: Option<String>, pointer: &str) -> Problem {
    Problem::at_pointer(RequestError::BadValue { found: found.to_owned(), allowed, nearest }.into(), pointer)
}

/// The entries of `match`; users are looked up where there are accounts.
fn filter(entries: &[MatchInput], accounts: Option<&Accounts>, problems: &mut Vec<Problem>) -> Filter {
    let mut filter = Filter::default();
    for (at, entry) in entries.iter().enumerate() {
        let pointer = format!("/match/{at}");
        let (keeps, said) = match (&entry.keep, &entry.drop) {
            (Some(said), None) => (true, said),
            (None, Some(said)) => (false, said),
            (None, None) => {
                let error = RequestError::Needed { key: "keep", by: "an entry without drop" };
                problems.push(Problem::at_pointer(error.into(), &pointer));
                continue;
            }
            (Some(_), Some(_)) => {
                let error = RequestError::NotUsed { key: "drop", with: "keep".to_owned() };
                problems.push(Problem::at_pointer(error.into(), &format!("{pointer}/drop")));
                continue;
            }
        };
        let pointer = format!("{pointer}/{}", if keeps { "keep" } else { "drop" });
        filter.entries.push((keeps, condition(said, &pointer, accounts, problems)));
    }
    filter
}

fn condition(
    said: &ConditionInput,
    pointer: &str,
    accounts: Option<&Accounts>,
    problems: &mut Vec<Problem>,
) -> Condition {
    let mut pattern = |key: &str, said: &Option<String>| {
        let text = said.as_ref()?;
        let bad = |error: glob::PatternError| {
            bad_value(text, vec![format!("globs ({})", error.msg)], None, &format!("{pointer}/{key}"))
        };
        Pattern::new(text).map_err(|error| problems.push(bad(error))).ok()
    };
    let (key, exe, comm) = (pattern("key", &said.key), pattern("exe", &said.exe), pattern("comm", &said.comm));
    let (path, node) = (pattern("path", &said.path), pattern("node", &said.node));
    let mut user = |key: &'static str, said: &Option<Id>| match said.as_ref()? {
        Id::Number(number) => Some(*number),
        Id::Name(name) if name == "unset" => Some(u32::MAX),
        Id::Name(name) => {
            let Some(accounts) = accounts else { return Some(0) };
            let found = accounts.users.get(name).copied().or_else(|| name.parse().ok());
            if found.is_none() {
                let error = RequestError::UnknownId { key, name: name.clone() };
                problems.push(Problem::at_pointer(error.into(), &format!("{pointer}/{key}")));
            }
            found
        }
    };
    let (auid, uid) = (user("auid", &said.auid), user("uid", &said.uid));
    let syscall = said.syscall.as_ref().map(|call| match call {
        SyscallInput::Number(number) => number.to_string(),
        SyscallInput::Name(name) => call_name(name, &format!("{pointer}/syscall"), problems),
    });
    let kind = said.kind.as_ref().and_then(|name| {
        let kind = RecordType::named(name.to_ascii_uppercase().as_bytes());
        if kind.is_none() {
            let nearest = record_types().nearest(&name.to_ascii_uppercase()).map(str::to_owned);
            problems.push(bad_value(name, vec!["types of records".to_owned()], nearest, &format!("{pointer}/type")));
        }
        kind
    });
    Condition { key, syscall, exe, comm, path, node, auid, uid, success: said.success, kind }
}

/// The name of a call as auditctl prints it on any machine.
fn call_name(name: &str, pointer: &str, problems: &mut Vec<Problem>) -> String {
    let lower = name.to_ascii_lowercase();
    let known = Machine::ALL.iter().find_map(|machine| syscalls::canonical_name(machine.native, &lower));
    if known.is_none() && lower.parse::<u32>().is_err() {
        let nearest = Machine::ALL.iter().find_map(|machine| syscalls::nearest_name(machine.native, &lower));
        problems.push(bad_value(name, vec!["system calls".to_owned()], nearest.map(str::to_owned), pointer));
    }
    known.map_or(lower, str::to_owned)
}
