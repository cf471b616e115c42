//! What a request leaves to the host to spell out: a policy becomes drop-ins, an object for the programs of the host becomes
//! their lines.

use std::collections::BTreeMap;
use std::path::Path;

use super::given::root_below;
use super::programs::{Unexpanded, expand_programs};
use crate::desired::Warning;
use crate::error::{Problem, RequestError};
use crate::intent::Location;
use crate::policies::{named_by, spelled_out};
use crate::report::Report;
use crate::report::policy::PolicyReport;
use crate::request::keys::not_used;
use crate::request::{Control, Expected, OneOrMany, Operation, Request, State};
use crate::rule::Machine;
use crate::rules_d::Root;

/// A request that leaves nothing to spell out.
#[derive(Debug)]
pub struct Expanded {
    /// The request, with drop-ins in place of its policies.
    pub request: Request,
    /// What it was.
    pub origin: Origin,
}

/// The policies of a request, and where what came of them stood.
#[derive(Debug, Default)]
pub struct Origin {
    policies: Vec<PolicyReport>,
    /// The drop-ins of policies and the policies, as JSON pointers.
    places: BTreeMap<String, String>,
    /// What is worth a sentence.
    warnings: Vec<String>,
}

/// Spells out the policies and the programs of a request, for the host with this root directory.
///
/// # Errors
/// What could not be read of the host; a policy or product that is not known, an entry of `without` that names nothing, keys that go with no policy.
pub fn expanded(request: Request, machine: &Machine, root: &Path) -> Result<Expanded, Unexpanded> {
    let Expanded { request, mut origin } = of_any_policies(request, root)?;
    let (request, warnings) = expand_programs(request, machine, root)
        .map_err(|Unexpanded { problems, more }| Unexpanded { problems: origin.place(problems), more })?;
    let placed = |warning| match warning {
        Warning::Tolerated(problem) => origin.place(vec![*problem]).iter().map(Problem::sentence).collect(),
        other => other.sentence(),
    };
    origin.warnings = warnings.into_iter().map(placed).collect();
    Ok(Expanded { request, origin })
}

/// The request with drop-ins in place of its policies.
fn of_any_policies(mut request: Request, root: &Path) -> Result<Expanded, Vec<Problem>> {
    if request.operation != Operation::Gather {
        let place = Location::of(&request).ok().map(|place| root_below(root, &place.root));
        return of_policies(request, place.as_deref());
    }
    let place = Location::of(&request).ok().map(|place| root_below(root, &place.root));
    let Some(Expected::Request(inner)) = &mut request.expect else {
        return Ok(Expanded { request, origin: Origin::default() });
    };
    let inside = |pointer: &str| format!("/expect{pointer}");
    let expanded = of_policies(std::mem::take(inner), place.as_deref()).map_err(|mut problems| {
        for problem in &mut problems {
            problem.place.pointer = problem.place.pointer.as_deref().map(|key| inside(key).into());
        }
        problems
    })?;
    **inner = expanded.request;
    let Origin { policies, places, .. } = expanded.origin;
    let places = places.into_iter().map(|(drop_in, policy)| (inside(&drop_in), inside(&policy))).collect();
    Ok(Expanded { request, origin: Origin { policies, places, ..Origin::default() } })
}

/// The same of a request to apply; `place` is its root directory, where that is sound.
fn of_policies(mut request: Request, place: Option<&Path>) -> Result<Expanded, Vec<Problem>> {
    let is_asking = matches!(request.state, State::Present | State::Exact | State::Loaded);
    let inputs = if request.operation == Operation::Apply && is_asking { request.policy.take() } else { None };
    let Some(inputs) = inputs else { return Ok(Expanded { request, origin: Origin::default() }) };
    let mut origin = Origin::default();
    let mut problems = beside(&request);
    let mut drop_ins = request.drop_ins.take().unwrap_or_default();
    let said: Vec<String> = drop_ins.keys().map(|name| bare(name).to_owned()).collect();
    let own = || place.map_or_else(|| Err("the host".to_owned()), own_product);
    for (at, input) in inputs.all().iter().enumerate() {
        let pointer = if matches!(inputs, OneOrMany::One(_)) { "/policy".to_owned() } else { format!("/policy/{at}") };
        let spelled = match spelled_out(input, &pointer, own) {
            Ok(spelled) => spelled,
            Err(more) => {
                problems.extend(more);
                continue;
            }
        };
        if !spelled.choice.of.header {
            request.header = request.header.or(Some(false));
        }
        let mut told = PolicyReport::from(&spelled);
        for (name, drop_in) in spelled.drop_ins {
            if said.iter().any(|known| *known == bare(&name)) {
                told.replaced.push(name);
                continue;
            }
            if drop_ins.keys().any(|known| bare(known) == bare(&name)) {
                problems.push(Problem::at_pointer(RequestError::DuplicateKey { key: name }.into(), &pointer));
                continue;
            }
            origin.places.insert(format!("/drop_ins/{name}"), pointer.clone());
            drop_ins.insert(name, drop_in);
        }
        origin.policies.push(told);
    }
    request.drop_ins = Some(drop_ins);
    if problems.is_empty() { Ok(Expanded { request, origin }) } else { Err(problems) }
}

fn bare(name: &str) -> &str {
    name.strip_suffix(".rules").unwrap_or(name)
}

/// Keys that go with no policy.
fn beside(request: &Request) -> Vec<Problem> {
    let single = [
        ("name", request.name.is_some()),
        ("rules", request.rules.is_some()),
        ("control", request.control != Control::default()),
    ];
    single.iter().filter(|(_, given)| *given).map(|(key, _)| not_used(key, "policy")).collect()
}

/// The product that a host with this root directory is.
///
/// # Errors
/// What its `os-release` says, where that is no known product.
pub fn own_product(root: &Path) -> Result<&'static str, String> {
    let root = Root::open(root).map_err(|error| error.message())?;
    named_by(&root.os_release())
}

impl Origin {
    /// Says of problems in lines of a policy that they are in its files, since the request has no such lines.
    #[must_use]
    pub fn place(&self, mut problems: Vec<Problem>) -> Vec<Problem> {
        for problem in &mut problems {
            let Some(pointer) = &problem.place.pointer else { continue };
            let holds = |drop_in: &str| {
                pointer.strip_prefix(drop_in).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let Some((drop_in, policy)) = self.places.iter().find(|(drop_in, _)| holds(drop_in)) else { continue };
            problem.place.file = drop_in.rsplit('/').next().map(Into::into);
            problem.place.pointer = Some(policy.as_str().into());
        }
        problems
    }

    /// A report that also says which policies the request asked for, and what is worth a sentence of them.
    #[must_use]
    pub fn tell(self, report: Report) -> Report {
        Report { policy: self.policies, warnings: [self.warnings, report.warnings].concat(), ..report }
    }
}
