//! What a request leaves to the host to spell out: a policy becomes drop-ins, an object for the programs of the host becomes
//! their lines.

use std::collections::BTreeMap;
use std::path::Path;

use super::given::root_below;
use super::programs::{Unexpanded, expand_programs};
use crate::desired::{OfPolicy, Warning};
use crate::error::{Problem, RequestError};
use crate::intent::{Location, single_drop_in};
use crate::policies::{SpelledOut, named_by, spelled_out};
use crate::report::Report;
use crate::report::policy::PolicyReport;
use crate::request::{DropInInput, Expected, OneOrMany, Operation, PolicyInput, Request, State};
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
    let Expanded { request, mut origin } = of_any_policies(request, machine, root)?;
    let (request, warnings) = expand_programs(request, machine, root)
        .map_err(|Unexpanded { problems, more }| Unexpanded { problems: origin.place(problems), more })?;
    let placed = |warning| match warning {
        Warning::Tolerated(problem) => origin.place(vec![*problem]).iter().map(Problem::sentence).collect(),
        other => other.sentence(),
    };
    let warnings: Vec<String> = warnings.into_iter().map(placed).collect();
    origin.warnings.extend(warnings);
    Ok(Expanded { request, origin })
}

/// The request with drop-ins in place of its policies.
fn of_any_policies(mut request: Request, machine: &Machine, root: &Path) -> Result<Expanded, Vec<Problem>> {
    let place = Location::of(&request).ok().map(|place| root_below(root, &place.root));
    if request.operation != Operation::Gather {
        return of_policies(request, machine, place.as_deref());
    }
    let Some(Expected::Request(inner)) = &mut request.expect else {
        return Ok(Expanded { request, origin: Origin::default() });
    };
    let inside = |pointer: &str| format!("/expect{pointer}");
    let below = |problem: Problem| problem.inside("/expect");
    let expanded = of_policies(std::mem::take(inner), machine, place.as_deref())
        .map_err(|problems| problems.into_iter().map(below).collect::<Vec<_>>())?;
    **inner = expanded.request;
    let Origin { policies, places: here, warnings } = expanded.origin;
    let mut places = BTreeMap::new();
    places.extend(here.into_iter().map(|(drop_in, policy)| (inside(&drop_in), inside(&policy))));
    Ok(Expanded { request, origin: Origin { policies, places, warnings } })
}

/// The same of a request to apply; `place` is its root directory, where that is sound.
fn of_policies(mut request: Request, machine: &Machine, place: Option<&Path>) -> Result<Expanded, Vec<Problem>> {
    let is_asking = matches!(request.state, State::Present | State::Exact | State::Loaded);
    let takes_policies = match request.operation {
        Operation::Apply => is_asking,
        Operation::Events => true,
        _ => false,
    };
    let inputs = if takes_policies { request.policy.take() } else { None };
    let Some(inputs) = inputs else { return Ok(Expanded { request, origin: Origin::default() }) };
    let mut origin = Origin::default();
    let mut problems = single_drop_in(&request, "policy");
    let mut drop_ins = request.drop_ins.take().unwrap_or_default();
    let said: Vec<String> = drop_ins.keys().map(|name| bare(name).to_owned()).collect();
    let own = || place.map_or_else(|| Err(String::new()), own_product);
    let machine = request.arch.clone().unwrap_or_else(|| machine.name.to_owned());
    for (at, input) in inputs.all().iter().enumerate() {
        let pointer = if matches!(inputs, OneOrMany::One(_)) { "/policy".to_owned() } else { format!("/policy/{at}") };
        let spelled = match spelled_out(input, &pointer, &machine, own) {
            Ok(spelled) => spelled,
            Err(more) => {
                problems.extend(more);
                continue;
            }
        };
        if spelled.is_empty() && !request.allow_empty {
            problems.push(Problem::at_pointer(RequestError::NothingDeclared.into(), &pointer));
        }
        origin.warnings.extend(other_product(&spelled, input, own).as_ref().map(Warning::sentence));
        let told = origin.take(&spelled, &pointer, request.header, &said, &mut drop_ins, &mut problems);
        origin.policies.push(told);
    }
    request.drop_ins = Some(drop_ins);
    if problems.is_empty() { Ok(Expanded { request, origin }) } else { Err(problems) }
}

/// What is to be said where the product that is named is not the host's.
fn other_product(
    spelled: &SpelledOut,
    input: &PolicyInput,
    own: impl FnOnce() -> Result<&'static str, String>,
) -> Option<Warning> {
    let named = input.product()?;
    let own = own().ok()?;
    let is_own = named.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let policy = spelled.choice.policy.name;
    (!is_own).then(|| Warning::Policy(OfPolicy::OtherProduct { policy, named: named.to_owned(), own }))
}

fn bare(name: &str) -> &str {
    name.strip_suffix(".rules").unwrap_or(name)
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
    /// Puts the drop-ins of a policy beside those that are there: `said` are the names of the request's own, which go before
    /// it, but that settings alone go into the policy's.
    fn take(
        &mut self,
        spelled: &SpelledOut,
        pointer: &str,
        header: Option<bool>,
        said: &[String],
        drop_ins: &mut BTreeMap<String, DropInInput>,
        problems: &mut Vec<Problem>,
    ) -> PolicyReport {
        let mut told = PolicyReport::from(spelled);
        for (name, drop_in) in &spelled.drop_ins {
            let mut drop_in = DropInInput { header: drop_in.header.filter(|_| header.is_none()), ..drop_in.clone() };
            let known = drop_ins.iter_mut().find(|(known, _)| bare(known) == bare(name));
            let Some((key, known)) = known else {
                self.places.insert(format!("/drop_ins/{name}"), pointer.to_owned());
                drop_ins.insert(name.clone(), drop_in);
                continue;
            };
            if !said.iter().any(|said| said == bare(key)) {
                // Two policies may have a file in common.
                if known.rules == drop_in.rules && known.state == drop_in.state {
                    known.labels.append(&mut drop_in.labels);
                } else {
                    problems.push(Problem::at_pointer(RequestError::DuplicateKey { key: key.clone() }.into(), pointer));
                }
            } else if known.rules.is_none() && known.state == drop_in.state {
                drop_in.control = std::mem::take(&mut known.control);
                drop_in.mode = known.mode.take();
                *known = drop_in;
            } else {
                let (policy, controls) = (spelled.choice.policy.name, spelled.controls(name));
                let replaces = Warning::Policy(OfPolicy::Replaced { drop_in: name.clone(), policy, controls });
                self.warnings.push(replaces.sentence());
                told.replaced.push(name.clone());
            }
        }
        told
    }

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
