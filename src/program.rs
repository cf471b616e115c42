//! The story from a request's bytes to its report.

mod each_line;
mod events;
mod expand;
mod explain;
mod export;
mod given;
mod import;
mod lint;
mod programs;
mod progress;
mod prove;
mod scanner;
mod trace;

use std::path::{Path, PathBuf};

pub use events::{Each, events_on};
pub use expand::{Expanded, Origin, expanded, own_product};
pub use explain::{explained, explained_on};
pub use import::imported;
pub use lint::linted;
pub use programs::Unexpanded;
pub use prove::proven_on;

use crate::apply::apply;
use crate::error::{Problem, RequestError, What};
use crate::gather::gather;
use crate::intent::{ApplyIntent, EventsIntent, GatherIntent, Location, ProveIntent, further_problems};
use crate::kernel::{Kernel, Listener, Trace, access};
use crate::report::Report;
use crate::request::{InvalidRequest, KernelChoice, OnMissing, Operation, Request, decode};
use crate::rule::Machine;
use crate::rules_d::{Standing, enter, own_executable, standing};
use crate::signals::{Signals, hold_back_file_size};
use crate::trigger;
use crate::world::World;
use trace::traced;

/// Answers a request on the running host. It may be large: it is let go as soon as it is read.
#[must_use]
pub fn run(request: impl AsRef<[u8]>) -> Report {
    respond(request, None)
}

/// Answers a request for events, and gives each of them away as soon as it is kept. Without `seconds` it goes on until a signal
/// comes, or nobody wants more.
#[must_use]
pub fn follow(request: impl AsRef<[u8]>, each: Each<'_>) -> Report {
    respond(request, Some(each))
}

fn respond(request: impl AsRef<[u8]>, each: Option<Each<'_>>) -> Report {
    hold_back_file_size();
    let machine = match own_machine() {
        Ok(machine) => machine,
        Err(problem) => return Report::failed(&[problem]),
    };
    let decoded = decode(request.as_ref());
    drop(request);
    match decoded {
        Ok(request) => answer(request, machine, each)
            .unwrap_or_else(|Unexpanded { problems, more }| Report::failed_of_many(&problems, more)),
        Err(misshapen) => {
            let omitted = misshapen.omitted;
            Report::failed_of_many(&every_problem(misshapen, &machine), omitted)
        }
    }
}

fn answer(request: Request, machine: Machine, each: Option<Each<'_>>) -> Result<Report, Unexpanded> {
    if each.is_some() && request.operation != Operation::Events {
        let (found, allowed) = (request.operation.text().to_owned(), vec![Operation::Events.text().to_owned()]);
        let error = RequestError::BadValue { found, allowed, nearest: None };
        return Err(vec![Problem::at_pointer(error.into(), "/operation")].into());
    }
    match request.operation {
        Operation::Explain => match explain::about_host(&request, &machine)? {
            None => Ok(explained(&request, machine, &PathBuf::from("/"))?),
            Some(intent) => {
                let mut never = || None;
                let report = on_this_host(standing(), intent.asks_kernel(), None, machine, &mut never, |world| {
                    explained_on(&request, world)
                });
                Ok(report?)
            }
        },
        Operation::Import => Ok(imported(&request, &machine)?),
        Operation::Lint => Ok(linted(&request, machine, &PathBuf::from("/"))?),
        Operation::Events => {
            let Expanded { request, origin } = expanded(request, &machine, Path::new("/"))?;
            let mut intent = EventsIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
            if each.is_some() {
                intent.look_on(&request);
            }
            drop(request);
            let report = traced(intent.place.trace_netlink.as_deref(), intent.check_mode, |trace| {
                let asks_kernel = intent.asks_kernel();
                let mut signals = Signals::held_back();
                on_this_host(standing(), asks_kernel, trace, machine, &mut || signals.next(), |world| {
                    // What the kernel lost so far was asked before: nothing is lost unseen that might have been heard.
                    let mut listener = if intent.listens.is_some() { Some(events::listener(trace)?) } else { None };
                    events_on(&intent, world, listener.as_mut().map(|listener| listener as &mut dyn Listener), each)
                })
            });
            let report = report.map_err(|problems| origin.place(problems))?;
            Ok(origin.tell(report))
        }
        Operation::Prove => {
            let Expanded { request, origin } = expanded(request, &machine, Path::new("/"))?;
            let intent = ProveIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
            drop(request);
            let report = traced(intent.host.place.trace_netlink.as_deref(), intent.check_mode, |trace| {
                let mut listener = if intent.check_mode { None } else { Some(events::listener(trace)?) };
                let mut signals = Signals::held_back();
                on_this_host(standing(), true, trace, machine, &mut || signals.next(), |world| {
                    let listener = listener.as_mut().map(|listener| listener as &mut dyn Listener);
                    proven_on(&intent, world, listener, &mut |actor, call| trigger::make(actor, call, &machine))
                })
            });
            Ok(origin.tell(report?))
        }
        Operation::Gather => {
            let Expanded { request, origin } = expanded(request, &machine, Path::new("/"))?;
            let mut intent = GatherIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
            let check_mode = request.check_mode;
            drop(request);
            let path = intent.place.trace_netlink.clone();
            let report = traced(path.as_deref(), check_mode, |trace| {
                let standing = entered(&mut intent.place, intent.kernel)?;
                let asks_kernel = intent.asks_kernel();
                Ok(on_this_host(standing, asks_kernel, trace, machine, &mut || None, |world| gather_on(&intent, world)))
            });
            Ok(origin.tell(report?))
        }
        Operation::Apply => {
            let Expanded { request, origin } = expanded(request, &machine, Path::new("/"))?;
            let mut intent = ApplyIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
            drop(request);
            let path = intent.place.trace_netlink.clone();
            let report = traced(path.as_deref(), intent.check_mode, |trace| {
                let standing = entered(&mut intent.place, intent.kernel)?;
                let asks_kernel = intent.asks_kernel();
                let mut signals = Signals::held_back();
                on_this_host(standing, asks_kernel, trace, machine, &mut || signals.next(), |world| {
                    run_on(&intent, world)
                })
            });
            let report = report.map_err(|problems| origin.place(problems))?;
            Ok(origin.tell(report))
        }
    }
}

/// Where this process stands. It has entered the root directory of the request before, where that is to be, so that the
/// kernel finds the paths of the rules there.
fn entered(place: &mut Location, kernel: KernelChoice) -> Result<Standing, Vec<Problem>> {
    let standing = standing();
    if let Some(root) = place.enter(kernel) {
        enter(&root, standing.host_root).map_err(|error| vec![Problem::at_pointer(What::File(error), "/root")])?;
    }
    Ok(standing)
}

/// Does something with the running host; its kernel is opened only where that is asked for, perhaps with a trace.
fn on_this_host<T>(
    standing: Standing,
    asks_kernel: bool,
    trace: Option<Trace<'_>>,
    machine: Machine,
    interrupted: &mut dyn FnMut() -> Option<&'static str>,
    work: impl FnOnce(World<'_>) -> T,
) -> T {
    let opened = asks_kernel.then(|| access::open(trace));
    let (access, mut kernel) = match opened {
        None => (None, None),
        Some(Ok((access, kernel))) => (Some(Ok(access)), kernel),
        Some(Err(error)) => (Some(Err(error)), None),
    };
    let kernel = kernel.as_mut().map(|kernel| kernel as &mut dyn Kernel);
    let executable = own_executable();
    work(World { root: PathBuf::from("/"), access, kernel, standing, machine, executable, interrupted })
}

/// The problems of a request's form, and those of the rest of it.
fn every_problem(misshapen: InvalidRequest, machine: &Machine) -> Vec<Problem> {
    let rest = misshapen.rest.filter(|rest| rest.operation == Operation::Apply);
    let further = rest.map_or_else(Vec::new, |rest| further_problems(&programs::with_samples(*rest), machine));
    misshapen.problems.into_iter().chain(further).collect()
}

/// Answers a request to apply on this host.
///
/// # Errors
/// Every problem found before the first change.
pub fn run_on(intent: &ApplyIntent, mut world: World<'_>) -> Result<Report, Vec<Problem>> {
    world.machine = intent.machine;
    let may_wait = intent.check_mode && intent.on_missing != OnMissing::CheckModeSkip;
    let advised = |problem: Problem| if may_wait { problem.of_check() } else { problem };
    let applied =
        apply(intent, &mut world).map_err(|problems| problems.into_iter().map(advised).collect::<Vec<_>>())?;
    Ok(Report::applied(intent, applied, &world.machine))
}

/// Answers a request to gather on this host.
#[must_use]
pub fn gather_on(intent: &GatherIntent, mut world: World<'_>) -> Report {
    world.machine = intent.machine;
    let mut gathered = gather(intent, &mut world);
    let export = gathered.export.take();
    let (request, warnings) = export.map(|export| export::tried(export, intent, &mut world)).unwrap_or_default();
    gathered.warnings.extend(warnings);
    Report::gathered(intent, gathered, &world.machine).with_request(request)
}

/// The machine that this program runs on, as the kernel names it.
#[must_use]
pub fn machine_name() -> String {
    let name = nix::sys::utsname::uname().map(|uname| uname.machine().to_string_lossy().into_owned());
    name.unwrap_or_default()
}

/// The same, where it is one that rules are known for.
fn own_machine() -> Result<Machine, Problem> {
    let name = machine_name();
    Machine::from_uname(&name).ok_or_else(|| RequestError::UnknownMachine { name, nearest: None }.into())
}
