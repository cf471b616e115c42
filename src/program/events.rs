//! The story of `events`: what was recorded, by which rule, and what a policy would make of it.

mod listen;
mod run;

use super::explain::{accounts, file, held, place_in_file};
use crate::auditctl::Accounts;
use crate::error::{PolicyError, Problem, What};
use crate::explain::Policy;
use crate::gather::{gather, logs};
use crate::intent::{EventsIntent, GivenPolicy, RequestLine};
use crate::kernel::Listener;
use crate::lines::Reader;
use crate::report::Report;
use crate::report::recorded::RecordedEventReport;
use crate::rules_d::{FileError, OutputFile, Root};
use crate::world::World;
pub use listen::listener;
use run::Run;

/// The permissions of what is written for the caller.
pub const OUTPUT_MODE: u32 = 0o600;

/// What is done with each event as soon as it is kept; where it gives false, no more are wanted.
pub type Each<'a> = &'a mut dyn FnMut(&RecordedEventReport) -> bool;

/// Answers a request for recorded events on this host.
///
/// # Errors
/// Every problem found before the first line is read, and an output that cannot be written.
pub fn events_on(
    intent: &EventsIntent,
    mut world: World<'_>,
    listener: Option<&mut dyn Listener>,
    each: Option<Each<'_>>,
) -> Result<Report, Vec<Problem>> {
    world.machine = intent.machine;
    let root = world.root_to_read(&intent.place).map_err(file)?;
    let accounts = accounts(&root)?;
    let filter = intent.filter(&accounts)?;
    let (policy, warnings) = policy(intent, &accounts, &mut world);
    let logs = if intent.listens.is_none() { Some(logs::opened(&intent.files, &root)?) } else { None };
    let host = Root::open(&world.root).map_err(file)?;
    let place = intent.output.as_ref().map(|path| host.place_of(path)).transpose().map_err(at_output)?;
    let output = match &place {
        Some((directory, name)) if intent.check_mode => {
            OutputFile::check(directory, name).map_err(at_output)?;
            None
        }
        Some((directory, name)) => Some(OutputFile::begin(directory, name, OUTPUT_MODE).map_err(at_output)?),
        None => None,
    };
    let mut run = Run::new(intent, filter, &accounts, policy, output, each);
    match (logs, listener, intent.listens) {
        (Some(logs), ..) => run.read(logs, world.interrupted),
        (None, Some(listener), Some(longest)) => {
            run.listen(listener, longest, &mut world).map_err(|problem| vec![problem])?;
        }
        (None, ..) => {
            let error = PolicyError::NoKernel { why: "nobody listens to the kernel".to_owned(), remedy: None };
            return Err(vec![error.into_problem()]);
        }
    }
    match run.ended() {
        Err(error) => return Err(at_output(error)),
        Ok(Some(output)) => output.finish().map_err(at_output)?,
        Ok(None) => {}
    }
    Ok(run.report(warnings))
}

fn at_output(error: FileError) -> Vec<Problem> {
    vec![Problem::at_pointer(What::File(error), "/output")]
}

/// The rules that the events are held against: those of the request, else those that the host holds. What keeps these from
/// being known is a warning: the events can be told all the same.
fn policy(intent: &EventsIntent, accounts: &Accounts, world: &mut World<'_>) -> (Option<Policy>, Vec<String>) {
    let mut reader = Reader::new(intent.machine, accounts.clone());
    match &intent.policy {
        Some(GivenPolicy::Lines(lines)) => {
            (Some(Policy::of_lines(lines.iter().map(|line| &*line.text), &mut reader)), Vec::new())
        }
        Some(GivenPolicy::DropIns(drop_ins)) => {
            let text = |lines: &[RequestLine]| lines.iter().map(|line| &*line.text).collect::<Vec<_>>().join("\n");
            let files: Vec<(&str, String)> =
                drop_ins.iter().map(|(name, lines)| (name.as_str(), text(lines))).collect();
            let files = files.iter().map(|(name, text)| (*name, text.as_bytes()));
            (Some(Policy::of_files(files, &mut reader)), Vec::new())
        }
        None => {
            let gathered = gather(&intent.host(), world);
            let problems = [gathered.files.problems(), gathered.kernel.problems()].concat();
            if problems.is_empty() {
                return (Some(held(&gathered)), Vec::new());
            }
            let why = problems.iter().map(Problem::sentence);
            (
                None,
                why.map(|why| format!("events are attributed to no rule, since the host's are not known: {why}"))
                    .collect(),
            )
        }
    }
}
