//! The story of `prove`: which rules are meant, what is done for each, and what the kernel recorded of it.

mod meant;
mod run;

use super::explain::{accounts, file, held, place_in_file};
use crate::error::{PolicyError, Problem};
use crate::gather::gather;
use crate::intent::ProveIntent;
use crate::kernel::Listener;
use crate::prove::{FileFacts, Host, choose};
use crate::report::Report;
use crate::report::event::DecidingRule;
use crate::report::recorded::AccountNames;
use crate::rule::Rule;
use crate::rules_d::own_login_uid;
use crate::trigger::{Actor, Call, Failed, Made};
use crate::world::World;
pub use meant::Wanted;
use meant::wanted;
use run::Run;

/// Has a call done by a process of its own.
pub type Trigger<'a> = &'a mut dyn FnMut(&Actor, &Call) -> Result<Made, Failed>;

/// Answers a request to prove rules on this host. `listener` has joined already, but for check mode, where nothing is done.
///
/// # Errors
/// Every problem found before the first call.
pub fn proven_on(
    intent: &ProveIntent,
    mut world: World<'_>,
    listener: Option<&mut dyn Listener>,
    trigger: Trigger<'_>,
) -> Result<Report, Vec<Problem>> {
    let root = world.root_to_read(&intent.host.place).map_err(file)?;
    let accounts = accounts(&root)?;
    let gathered = gather(&intent.host, &mut world);
    let Some(kernel) = gathered.kernel.read() else {
        let problems = gathered.kernel.problems().to_vec();
        let none =
            || PolicyError::NoKernel { why: "the kernel has no audit for this process".to_owned(), remedy: None };
        return Err(if problems.is_empty() { vec![none().into_problem()] } else { problems });
    };
    let policy = held(&gathered);
    let rules: Vec<Rule> = policy.rules.iter().map(|placed| placed.rule.clone()).collect();
    let wanted = wanted(intent, &gathered, &kernel.state.rules, &root, &accounts)?;
    let look = |path: &[u8]| root.attributes(path).map(facts);
    let executable = world.executable.as_ref().map(|path| path.as_os_str().as_encoded_bytes());
    let host = Host { machine: world.machine, auid: own_login_uid(), executable, look: &look };
    let machine = world.machine;
    let place = |at: usize| policy.rules.get(at).map(|placed| (placed, place_in_file(placed)));
    let shown = |at: usize| place(at).map(|(placed, place)| DecidingRule::of(placed, &place, &machine));
    let names = AccountNames::of_host(&accounts);
    let mut run = Run::new(intent, &names, rules, &shown);
    for one in &wanted {
        match one {
            Wanted::Loaded { at, pointer } => {
                let choice = policy.rules.get(*at).map(|placed| choose(&placed.rule, &host));
                if let (Some(choice), Some(mut rule)) = (choice, shown(*at)) {
                    rule.pointer.clone_from(pointer);
                    run.add(*at, rule, choice);
                }
            }
            Wanted::NotLoaded(rule) => run.add_missing((**rule).clone()),
        }
    }
    let proofs = match listener {
        Some(listener) if !intent.check_mode => run.prove(listener, trigger, &mut world)?,
        _ => run.planned(),
    };
    Ok(Report::proven(proofs, intent.check_mode, Vec::new()))
}

fn facts(attributes: crate::rules_d::Attributes) -> FileFacts {
    let crate::rules_d::Attributes { mode, uid, gid, inode, device } = attributes;
    FileFacts { mode, uid, gid, inode, device }
}
