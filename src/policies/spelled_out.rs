//! A policy as a request asks for it, spelled out as drop-ins.

use super::left_out::{LabelledLine, LeftOut, WithoutEntry, labelled, without};
use super::{BenchmarkPolicy, Form, Privileged, ProductPolicy, policies, policy};
use crate::error::{Problem, ProductOf, RequestError};
use crate::request::{DropInInput, DropInState, OneOrMany, PolicyInput, ProgramsName, RuleInput, RuleObject, Rules};
use crate::tables::nearest::nearest;

/// A policy for one product.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// The policy.
    pub policy: &'static BenchmarkPolicy,
    /// The product's name.
    pub product: &'static str,
    /// What the policy is there.
    pub of: &'static ProductPolicy,
}

/// A policy spelled out.
#[derive(Debug)]
pub struct SpelledOut {
    /// The policy, and for which product.
    pub choice: Choice,
    /// Its drop-ins: file names and what they hold.
    pub drop_ins: Vec<(String, DropInInput)>,
    /// What came of each entry of `without`.
    pub left_out: Vec<LeftOut>,
}

/// The policy of this name, for this product or that of the host, which `own` tells, or what its `os-release` says in place
/// of one. Where a policy is another one on the host's machine, that is taken.
///
/// # Errors
/// A policy or product that is not known; the place is the key.
pub fn chosen(
    name: &str,
    product: Option<&str>,
    machine: &str,
    own: impl FnOnce() -> Result<&'static str, String>,
) -> Result<Choice, Problem> {
    let Some(policy) = policy(name) else {
        return Err(bad_value(name, policies().iter().map(|policy| policy.name), "/name"));
    };
    let names = policy.products();
    let unknown = |product: &str| bad_value(product, names.clone(), "/product");
    let product = if let Some(given) = product {
        given.to_owned()
    } else {
        let of_host = |host: String| {
            let error = RequestError::UnknownProduct {
                host,
                of: ProductOf::Policy,
                known: names.clone().map(str::to_owned).collect(),
            };
            Problem::at_pointer(error.into(), "/product")
        };
        let own = own().map_err(of_host)?;
        let of_machine = format!("{own}-{machine}");
        let known = [of_machine, own.to_owned()].into_iter().find(|product| policy.on(product).is_some());
        known.ok_or_else(|| of_host(own.to_owned()))?
    };
    let found = names.clone().find(|name| **name == product).and_then(|name| Some((name, policy.on(name)?)));
    let (product, of) = found.ok_or_else(|| unknown(&product))?;
    Ok(Choice { policy, product, of })
}

/// Spells out a policy that stands at `pointer` of the request; `own` tells the host's product, or what its `os-release`
/// says in place of one.
///
/// # Errors
/// A policy or product that is not known, and every entry of `without` that names nothing.
pub fn spelled_out(
    input: &PolicyInput,
    pointer: &str,
    machine: &str,
    own: impl FnOnce() -> Result<&'static str, String>,
) -> Result<SpelledOut, Vec<Problem>> {
    let choice =
        chosen(input.name(), input.product(), machine, own).map_err(|problem| vec![problem.inside(pointer)])?;
    let mut spelled = SpelledOut { choice, drop_ins: Vec::new(), left_out: Vec::new() };
    let entries: Vec<WithoutEntry<'_>> =
        input.without().iter().map(|entry| WithoutEntry { what: entry.what(), reason: entry.reason() }).collect();
    spelled.left_out = entries.iter().map(LeftOut::of).collect();
    let known = spelled.fill(&entries);
    let idle = spelled.left_out.iter().enumerate().filter(|(_, entry)| entry.is_idle());
    let problems: Vec<Problem> = idle
        .map(|(at, entry)| {
            let pointer = format!("{pointer}/without/{at}");
            let numbers = known.iter().filter_map(|label| label.split_once(' ')).map(|(_, number)| number);
            let nearest = nearest(&entry.what, known.iter().map(String::as_str).chain(numbers)).map(str::to_owned);
            let allowed = vec![format!("the controls and rules of {} for {}", choice.policy.name, choice.product)];
            Problem::at_pointer(RequestError::BadValue { found: entry.what.clone(), allowed, nearest }.into(), &pointer)
        })
        .collect();
    if problems.is_empty() { Ok(spelled) } else { Err(problems) }
}

impl SpelledOut {
    /// Whether everything of it is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.drop_ins.iter().all(|(_, drop_in)| drop_in.state == DropInState::Absent)
    }

    /// The controls of one of its drop-ins, each once.
    #[must_use]
    pub fn controls(&self, drop_in: &str) -> Vec<String> {
        let Choice { policy, of, .. } = self.choice;
        let lines = policy.drop_ins(of).filter(|(name, _)| *name == drop_in);
        let labels = lines.flat_map(|(name, text)| policy.lines_of(of, name, text)).flat_map(|line| line.labels);
        let privileged = of.privileged.iter().filter(|privileged| format!("{}.rules", privileged.name) == drop_in);
        let mut controls: Vec<String> = labels.chain(privileged.flat_map(|of| of.labels.iter().cloned())).collect();
        controls.sort_unstable();
        controls.dedup();
        controls
    }

    /// Adds the drop-ins, but for what the entries name. Gives the controls of the policy.
    fn fill(&mut self, entries: &[WithoutEntry<'_>]) -> Vec<String> {
        let Choice { policy, of, .. } = self.choice;
        let mut known: Vec<String> = Vec::new();
        for (name, text) in policy.drop_ins(of) {
            let lines = policy.lines_of(of, name, text);
            let left = if entries.is_empty() { text.to_owned() } else { without(&lines, entries, &mut self.left_out) };
            known.extend(lines.into_iter().flat_map(|line| line.labels));
            let holds = labelled(&left).iter().any(LabelledLine::is_statement);
            let labels = of.controls.get(name).cloned().unwrap_or_default();
            let header = (!of.header).then_some(false);
            let drop_in = DropInInput { labels, header, ..held(Rules::File(left)) };
            self.drop_ins.push((name.to_owned(), if holds { drop_in } else { gone() }));
        }
        if let Some(privileged) = &of.privileged {
            let goes = privileged.goes(entries, &mut self.left_out);
            known.extend(privileged.labels.iter().cloned());
            let drop_in = if goes { gone() } else { held(privileged.rules()) };
            self.drop_ins.push((format!("{}.rules", privileged.name), drop_in));
        }
        known
    }
}

impl Privileged {
    /// Whether each of its controls is left out.
    fn goes(&self, entries: &[WithoutEntry<'_>], left_out: &mut [LeftOut]) -> bool {
        let by = |label: &String| entries.iter().position(|entry| entry.names(label));
        let goes = self.labels.iter().all(|label| by(label).is_some());
        for at in self.labels.iter().filter_map(by) {
            let list = if goes { &mut left_out[at].rules } else { &mut left_out[at].kept };
            list.push(format!("the privileged programs of the host, in {}", self.name));
        }
        goes
    }

    fn rules(&self) -> Rules {
        let object = |form: &Form| RuleObject {
            programs: Some(ProgramsName::Privileged),
            key: Some(OneOrMany::One(self.key.clone())),
            arch: (!form.arch.is_empty()).then(|| OneOrMany::Many(form.arch.clone())),
            permissions: form.permissions.clone(),
            ..RuleObject::default()
        };
        let objects = self.forms.iter().map(|form| RuleInput::Object(Box::new(object(form))));
        Rules::List(std::iter::once(RuleInput::Line(self.comment())).chain(objects).collect())
    }
}

fn bad_value<'a>(found: &str, allowed: impl Iterator<Item = &'a str> + Clone, pointer: &str) -> Problem {
    let nearest = nearest(found, allowed.clone()).map(str::to_owned);
    let allowed = allowed.map(str::to_owned).collect();
    Problem::at_pointer(RequestError::BadValue { found: found.to_owned(), allowed, nearest }.into(), pointer)
}

fn held(rules: Rules) -> DropInInput {
    DropInInput { rules: Some(rules), ..DropInInput::default() }
}

/// A drop-in of which nothing is left; an older one of this name is to go.
fn gone() -> DropInInput {
    DropInInput { state: DropInState::Absent, ..DropInInput::default() }
}
