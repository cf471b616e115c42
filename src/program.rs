//! The story from a request's bytes to its report.

mod lint;

use std::path::PathBuf;

pub use lint::linted;

use crate::apply::apply;
use crate::auditctl::{Accounts, Context, UnknownSyscalls, parse_group, parse_passwd};
use crate::error::{Problem, RequestError, What};
use crate::explain::{PermSyscalls, explain, named_paths};
use crate::gather::gather;
use crate::intent::{Inquiry, Intent, author_lines, further_problems, unused_by_explain};
use crate::kernel::{Kernel, access};
use crate::observe::facts;
use crate::report::explain::LineReport;
use crate::report::{Outcome, Report};
use crate::request::{Misshapen, Operation, Request, Target, decode};
use crate::rule::Machine;
use crate::rules_d::Root;
use crate::signals::Signals;
use crate::tables::nearest::nearest;
use crate::world::World;

/// Answers a request on the running host.
#[must_use]
pub fn run(request: &[u8]) -> Report {
    answer(request).unwrap_or_else(|problems| Report::failed(&problems))
}

fn answer(request: &[u8]) -> Result<Report, Vec<Problem>> {
    let machine = own_machine().map_err(|problem| vec![problem])?;
    let request = decode(request).map_err(|misshapen| every_problem(misshapen, &machine))?;
    match request.operation {
        Operation::Explain => explained(&request, machine, &PathBuf::from("/")),
        Operation::Lint => linted(&request, machine, &PathBuf::from("/")),
        Operation::Gather => {
            let inquiry = Inquiry::of(&request)?;
            let mut never = || None;
            Ok(on_this_host(inquiry.asks_kernel(), machine, &mut never, |world| gather_on(&inquiry, world)))
        }
        Operation::Apply => {
            let intent = Intent::of(&request, &machine)?;
            let asks_kernel = intent.target != Target::Filesystem && intent.place.is_live();
            let mut signals = Signals::held_back();
            on_this_host(asks_kernel, machine, &mut || signals.next(), |world| run_on(&intent, world))
        }
    }
}

/// Does something with the running host; its kernel is opened only where that is asked for.
fn on_this_host<T>(
    asks_kernel: bool,
    machine: Machine,
    interrupted: &mut dyn FnMut() -> Option<&'static str>,
    work: impl FnOnce(World<'_>) -> T,
) -> T {
    let opened = asks_kernel.then(access::open);
    let (access, mut kernel) = match opened {
        None => (None, None),
        Some(Ok((access, kernel))) => (Some(Ok(access)), kernel),
        Some(Err(error)) => (Some(Err(error)), None),
    };
    let kernel = kernel.as_mut().map(|kernel| kernel as &mut dyn Kernel);
    work(World { root: PathBuf::from("/"), access, kernel, machine, interrupted })
}

/// The problems of a request's form, and those of the rest of it.
fn every_problem(misshapen: Misshapen, machine: &Machine) -> Vec<Problem> {
    let rest = misshapen.rest.filter(|rest| rest.operation == Operation::Apply);
    let further = rest.map_or_else(Vec::new, |rest| further_problems(&rest, machine));
    misshapen.problems.into_iter().chain(further).collect()
}

/// Answers a request to apply on this host.
///
/// # Errors
/// Every problem found before the first change.
pub fn run_on(intent: &Intent, mut world: World<'_>) -> Result<Report, Vec<Problem>> {
    let applied = apply(intent, &mut world)?;
    Ok(Report::applied(intent, &applied, &world.machine))
}

/// Answers a request to gather on this host.
#[must_use]
pub fn gather_on(inquiry: &Inquiry, mut world: World<'_>) -> Report {
    let gathered = gather(inquiry, &mut world);
    Report::gathered(inquiry, gathered, &world.machine)
}

/// The machine that this program runs on, as the kernel names it.
fn own_machine() -> Result<Machine, Problem> {
    let name = nix::sys::utsname::uname().map(|uname| uname.machine().to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    Machine::from_uname(&name).ok_or_else(|| RequestError::UnknownMachine { name, nearest: None }.into())
}

/// Explains the lines of a request for a host with this root directory.
///
/// # Errors
/// Keys that explaining has no use for, an unknown machine, accounts that cannot be read.
pub fn explained(request: &Request, own: Machine, root: &std::path::Path) -> Result<Report, Vec<Problem>> {
    let mut problems = unused_by_explain(request);
    let machine = match &request.arch {
        None => own,
        Some(name) => Machine::from_uname(name).unwrap_or_else(|| {
            let known = nearest(name, Machine::ALL.iter().map(|machine| machine.name)).map(str::to_owned);
            let error = RequestError::UnknownMachine { name: name.clone(), nearest: known };
            problems.push(Problem::at_pointer(error.into(), "/arch"));
            own
        }),
    };
    if request.rules.is_none() {
        problems.push(Problem::at_pointer(RequestError::Needed { key: "rules", by: "explain" }.into(), ""));
    }
    let lines = author_lines(request.rules.as_ref(), "/rules", &machine, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let file = |error| vec![Problem::from(What::File(error))];
    let root = Root::open(root).map_err(file)?;
    let accounts = root.accounts().map_err(file)?;
    let accounts = Accounts { users: parse_passwd(&accounts.passwd), groups: parse_group(&accounts.group) };
    let context = Context { machine: &machine, accounts: &accounts, unknown_syscalls: UnknownSyscalls::Fail };
    let perm_syscalls = match request.perm_syscalls {
        crate::request::PermSyscalls::All => PermSyscalls::All,
        crate::request::PermSyscalls::V4_2 => PermSyscalls::V4_2,
    };
    let parsed = lines.iter().filter_map(|author| crate::auditctl::parse(author.text.as_bytes(), &context).ok());
    let paths =
        facts(&root, parsed.flat_map(|line| named_paths(&line).map(<[u8]>::to_vec).collect::<Vec<_>>()).collect());
    let entries: Vec<LineReport> = lines
        .iter()
        .map(|author| {
            let explained = explain(author.text.as_bytes(), &context, &paths, perm_syscalls);
            LineReport::new(&author.text, &explained)
        })
        .collect();
    let refused = entries.iter().filter(|entry| !entry.accepted).count();
    let plural = if entries.len() == 1 { "" } else { "s" };
    let msg = format!("{} line{plural}, {refused} refused", entries.len());
    Ok(Report { lines: Some(entries), ..Report::quiet(msg, Outcome::Unchanged) })
}
