//! The story of `explain`: what lines mean, and which rule decides about an event.

use std::path::Path;

use super::each_line::{EachLine, GivenLine};
use super::given::{Given, given, root_below};
use crate::auditctl::{Accounts, Context, UnknownSyscalls, parse_group, parse_passwd};
use crate::desired::Warning;
use crate::error::{Place, Problem, RequestError, What};
use crate::explain::{Placed, Policy};
use crate::gather::{Gathered, gather};
use crate::intent::{ExplainSubject, GatherIntent, Location, RequestLine, event, machine_named, request_lines};
use crate::lines::Reader;
use crate::report::Report;
use crate::report::event::EventReport;
use crate::request::{OneOrMany, Request};
use crate::rule::Machine;
use crate::rules_d::Root;
use crate::world::World;

/// What is to be asked of the host, where the request is about events and gives no rules.
///
/// # Errors
/// Every problem of the request's keys.
pub fn about_host(request: &Request, own: &Machine) -> Result<Option<GatherIntent>, Vec<Problem>> {
    let (subject, problems) = ExplainSubject::of(request);
    if subject != ExplainSubject::Host {
        return Ok(None);
    }
    if problems.is_empty() { GatherIntent::of_events(request, own).map(Some) } else { Err(problems) }
}

/// Explains what a request asks for on this host.
///
/// # Errors
/// As [`explained`]; and where the host's rules cannot be read.
pub fn explained_on(request: &Request, mut world: World<'_>) -> Result<Report, Vec<Problem>> {
    let Some(intent) = about_host(request, &world.machine)? else {
        return explained(request, world.machine, &world.root);
    };
    world.machine = intent.machine;
    let accounts = accounts(&world.root_to_read(&intent.place).map_err(file)?)?;
    let gathered = gather(&intent, &mut world);
    let problems = [gathered.files.problems(), gathered.kernel.problems()].concat();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut report = answered(request, &held(&gathered), &|placed| place_in_file(placed), &world.machine, &accounts)?;
    if gathered.kernel.read().is_none() {
        let stop = gathered.warnings.iter().filter(|warning| matches!(warning, Warning::BootStops { .. }));
        report.warnings.extend(stop.map(Warning::sentence));
    }
    Ok(report)
}

/// Explains the lines or files of a request, and its events by them, for a host with this root directory.
///
/// # Errors
/// Keys that explaining has no use for, an unknown machine, accounts that cannot be read.
pub fn explained(request: &Request, own: Machine, root: &Path) -> Result<Report, Vec<Problem>> {
    let (subject, mut problems) = ExplainSubject::of(request);
    if subject == ExplainSubject::Host {
        problems.push(Problem::at_pointer(RequestError::Needed { key: "rules", by: "explain" }.into(), ""));
    }
    let machine = match &request.arch {
        None => own,
        Some(name) => machine_named(name, "/arch").unwrap_or_else(|problem| {
            problems.push(problem);
            own
        }),
    };
    let lines = request_lines(request.rules.as_ref(), "/rules", &machine, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let place = Location::of(request)?;
    let below = root_below(root, &place.root);
    let root = Root::open(&below).map_err(file)?;
    let accounts = accounts(&root)?;
    let is_of_files = subject == ExplainSubject::Files;
    let Given { files, passed_over } = given(&request.files, &below)?;
    let passed_over = passed_over.iter().map(|(path, why)| format!("{path} is not read: {}", why.message()));
    let passed_over: Vec<String> = passed_over.collect();
    let entries = if is_of_files {
        Some(EachLine::of(request, GivenLine::of_files(&files, &machine), &root, &machine, &accounts))
    } else {
        let said = GivenLine::of_lines(&lines, &machine);
        request.rules.is_some().then(|| EachLine::of(request, said, &root, &machine, &accounts))
    };
    if request.event.is_none() {
        let report = entries.unwrap_or_default().report();
        return Ok(Report { warnings: [passed_over, report.warnings].concat(), ..report });
    }
    let mut reader = Reader::new(machine, accounts.clone());
    let policy = if is_of_files {
        Policy::of_files(files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())), &mut reader)
    } else {
        Policy::of_lines(lines.iter().map(|line| &*line.text), &mut reader)
    };
    let of_line = |placed: &Placed| {
        let author = placed.spot.as_ref().and_then(|spot| lines.get(spot.line.checked_sub(1)?));
        author.map_or_else(Place::default, RequestLine::place)
    };
    let place: &dyn Fn(&Placed) -> Place = if is_of_files { &|placed| place_in_file(placed) } else { &of_line };
    let report = answered(request, &policy, place, &machine, &accounts)?;
    let Some(entries) = entries else { return Ok(report) };
    let each = entries.report();
    let warnings = [passed_over, each.warnings, report.warnings].concat();
    Ok(Report { lines: each.lines, omitted: each.omitted, warnings, ..report })
}

pub(super) fn file(error: crate::rules_d::FileError) -> Vec<Problem> {
    vec![Problem::from(What::File(error))]
}

pub(super) fn accounts(root: &Root) -> Result<Accounts, Vec<Problem>> {
    let accounts = root.accounts().map_err(file)?;
    Ok(Accounts { users: parse_passwd(&accounts.passwd), groups: parse_group(&accounts.group) })
}

/// The rules of the kernel, or where it cannot be asked those of the next boot.
pub(super) fn held(gathered: &Gathered) -> Policy {
    let placed = |rule: &crate::rule::Rule, spot| Placed { rule: rule.clone(), shown: rule.clone(), spot };
    let files = gathered.files.read();
    if let Some(kernel) = gathered.kernel.read() {
        let asked = |at: usize| {
            let line = gathered.drift.as_ref()?.held.get(at)?.asked?;
            Some(files?.boot.asked.get(line)?.spot.clone())
        };
        let rules = kernel.state.rules.iter().enumerate().map(|(at, rule)| placed(rule, asked(at)));
        return Policy { rules: rules.collect(), failing: Vec::new() };
    }
    let loaded = files.map_or(&[][..], |files| &files.boot.real.rules);
    let rules = loaded.iter().map(|loaded| placed(&loaded.rule.line.rule, Some(loaded.spot.clone())));
    Policy { rules: rules.collect(), failing: Vec::new() }
}

pub(super) fn place_in_file(placed: &Placed) -> Place {
    let spot = placed.spot.as_ref();
    Place { file: spot.map(|spot| spot.file.clone()), line: spot.map(|spot| spot.line), ..Place::default() }
}

fn answered(
    request: &Request,
    policy: &Policy,
    place: &dyn Fn(&Placed) -> Place,
    machine: &Machine,
    accounts: &Accounts,
) -> Result<Report, Vec<Problem>> {
    let said = request.event.as_ref().map_or(&[][..], OneOrMany::all);
    let is_one = matches!(request.event, Some(OneOrMany::One(_)));
    let pointer = |at: usize| if is_one { "/event".to_owned() } else { format!("/event/{at}") };
    let context = Context { machine, accounts, unknown_syscalls: UnknownSyscalls::Skip, installed: None };
    let mut problems = Vec::new();
    let events: Vec<_> =
        said.iter().enumerate().map(|(at, said)| event(said, &pointer(at), &context, &mut problems)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let reports: Vec<EventReport> =
        said.iter().zip(&events).map(|(said, event)| EventReport::of(said, event, policy, place, machine)).collect();
    let unexpected = reports.iter().zip(said).enumerate();
    let unexpected: Vec<Problem> =
        unexpected.filter_map(|(at, (report, said))| report.unexpected(said, &pointer(at))).collect();
    let left_out = policy.failing.iter().map(|spot| {
        let at = if spot.file.is_empty() { format!("rule line {}", spot.line) } else { spot.to_string() };
        format!("{at} cannot be loaded: the events are answered without it")
    });
    Ok(Report { warnings: left_out.collect(), ..Report::of_events(reports, &unexpected) })
}
