//! The steps that bring the kernel's rule lists to the wanted ones.

use super::order::longest_stay;
use rustc_hash::{FxBuildHasher, FxHashMap as HashMap, FxHashSet as HashSet};

use crate::rule::{Action, Field, FieldNumber, List, Mask, Rule};

/// How much of the wanted order the kernel's lists must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordering {
    /// The order between `never` and `always` rules of one list, which decides whether anything is recorded.
    Relevant,
    /// The whole order, which also decides whose key a record carries.
    Strict,
    /// None.
    Ignore,
}

/// A rule that should be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleForms {
    /// The rule as it is sent.
    pub rule: Rule,
    /// Further masks under which a loaded rule is this one: what other versions of auditctl make of the same line.
    pub other_masks: Vec<Mask>,
}

impl From<Rule> for RuleForms {
    fn from(rule: Rule) -> Self {
        Self { rule, other_masks: Vec::new() }
    }
}

/// Why a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Because {
    /// Wanted and not loaded.
    Missing,
    /// One rule takes the place of another on the same subject.
    Replaced,
    /// Loaded, but in the wrong place.
    Order,
    /// Loaded, but the kernel watches something else than what the rule's path names now: it is loaded anew.
    Silent,
    /// Was wanted before, or stands there twice.
    NoLongerWanted,
    /// Nobody asks for it, and the request purges.
    Purged,
    /// An earlier change is taken back.
    Restored,
}

impl Because {
    /// Whether the rule is unloaded only to be loaded again.
    #[must_use]
    pub fn loads_again(self) -> bool {
        matches!(self, Self::Order | Self::Silent)
    }
}

/// What to do with the rule of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Load it after all others of its list.
    Append,
    /// Load it before all others of its list.
    Prepend,
    /// Unload the first rule equal to it.
    Unload,
}

/// One change of the kernel's rule lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStep {
    /// What to do.
    pub doing: Doing,
    /// With which rule.
    pub rule: Rule,
    /// Why.
    pub because: Because,
    /// The next step must follow at once: it loads again, in its place, what this one unloads.
    pub with_next: bool,
}

/// The lists as they are after these steps.
#[must_use]
pub fn carried_out(steps: &[RuleStep], before: &[Rule]) -> Vec<Rule> {
    let mut after = before.to_vec();
    for step in steps {
        let rule = step.rule.clone().as_listed();
        match step.doing {
            Doing::Unload => {
                if let Some(first) = after.iter().position(|held| *held == rule) {
                    after.remove(first);
                }
            }
            Doing::Append => after.insert(after.partition_point(|held| held.list <= rule.list), rule),
            Doing::Prepend => after.insert(after.partition_point(|held| held.list < rule.list), rule),
        }
    }
    after
}

/// What becomes of a loaded rule that no wanted rule asks for.
pub type WhyUnloaded<'a> = &'a dyn Fn(&Rule) -> Option<Because>;

/// Plans the changes from the loaded rules to the wanted ones.
///
/// `why_unloaded` tells for a loaded rule that fulfils no wanted rule why it goes, or none where it is foreign and stays.
/// `why_loaded` is the reason given for loading what is missing.
///
/// The plan never unloads a rule that may stay, loads before it unloads, and has as few deletes as any plan can.
#[must_use]
pub fn plan_rules(
    loaded: &[Rule],
    wanted: &[&RuleForms],
    ordering: Ordering,
    why_unloaded: WhyUnloaded<'_>,
    why_loaded: Because,
) -> Vec<RuleStep> {
    plan_rules_anew(loaded, wanted, ordering, why_unloaded, why_loaded, &|_| false)
}

/// As [`plan_rules`]; loaded rules that `silent` tells may not stay: where a wanted rule asks for one, it is loaded anew.
#[must_use]
pub fn plan_rules_anew(
    loaded: &[Rule],
    wanted: &[&RuleForms],
    ordering: Ordering,
    why_unloaded: WhyUnloaded<'_>,
    why_loaded: Because,
    silent: &dyn Fn(&Rule) -> bool,
) -> Vec<RuleStep> {
    let fulfilled = assign(loaded, wanted);
    let mut steps = Steps::default();
    for list in lists(loaded, wanted) {
        let own: Vec<&RuleForms> = wanted.iter().filter(|w| w.rule.list == list).copied().collect();
        let ranks = ranks(own.iter().map(|w| w.rule.action), ordering);
        let mut place = vec![0; wanted.len()];
        for (at, w) in (0..wanted.len()).filter(|w| wanted[*w].rule.list == list).enumerate() {
            place[w] = at;
        }

        let mut candidates: Vec<(&Rule, usize)> = Vec::new();
        let mut copies: Vec<(&Rule, usize)> = Vec::new();
        let mut is_silent = vec![false; own.len()];
        for (rule, fulfils) in loaded.iter().zip(&fulfilled).filter(|(rule, _)| rule.list == list) {
            match fulfils {
                Fulfils::Wanted(w) if silent(rule) => {
                    copies.push((rule, place[*w]));
                    is_silent[place[*w]] = true;
                }
                Fulfils::Wanted(w) => candidates.push((rule, place[*w])),
                Fulfils::Again(w) => copies.push((rule, place[*w])),
                Fulfils::Nothing => why_unloaded(rule).into_iter().for_each(|because| steps.unload(rule, because)),
            }
        }
        let stay = longest_stay(&candidates.iter().map(|(_, at)| *at).collect::<Vec<_>>(), &ranks);
        let mut kept = vec![false; own.len()];
        for c in &stay {
            kept[candidates[*c].1] = true;
        }

        let mut moved: HashMap<usize, Vec<&Rule>> = HashMap::default();
        let mut staying = stay.iter().copied().peekable();
        let gone =
            candidates.iter().enumerate().filter(|(c, _)| staying.next_if_eq(c).is_none()).map(|(_, entry)| entry);
        for (rule, at) in copies.iter().chain(gone) {
            if kept[*at] {
                steps.unload(rule, Because::NoLongerWanted);
            } else {
                moved.entry(*at).or_default().push(rule);
            }
        }
        let mut load = |at: usize, doing: Doing| {
            let copies = moved.remove(&at).unwrap_or_default();
            let because = match copies.as_slice() {
                [] => why_loaded,
                _ if is_silent[at] => Because::Silent,
                _ => Because::Order,
            };
            steps.place(&own[at].rule, doing, &copies, because);
        };
        let (front, back) = sides(&kept, &ranks);
        for at in front.into_iter().rev() {
            load(at, Doing::Prepend);
        }
        for at in back {
            load(at, Doing::Append);
        }
    }
    steps.in_order()
}

/// Which of the wanted rules that are not kept go before all kept ones, and which after.
fn sides(kept: &[bool], ranks: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let kept_ranks = || kept.iter().zip(ranks).filter(|(kept, _)| **kept).map(|(_, rank)| *rank);
    let (low, high) = (kept_ranks().min(), kept_ranks().max());
    let in_front = |rank: usize| low.is_some_and(|low| rank < low) || (low < high && low == Some(rank));
    (0..kept.len()).filter(|at| !kept[*at]).partition(|at| in_front(ranks[*at]))
}

/// The steps of a plan, as they are found.
#[derive(Default)]
struct Steps {
    loads: Vec<RuleStep>,
    unloads: Vec<RuleStep>,
}

impl Steps {
    fn unload(&mut self, rule: &Rule, because: Because) {
        self.unloads.push(step(Doing::Unload, rule, because));
    }

    /// Loads a rule; `copies` are those of it that are loaded in a wrong place.
    ///
    /// The kernel would refuse to append an equal copy, so such a one goes first; any other form goes last.
    fn place(&mut self, rule: &Rule, doing: Doing, copies: &[&Rule], because: Because) {
        let listed = rule.clone().as_listed();
        for copy in copies {
            if **copy == listed {
                self.loads.push(RuleStep { with_next: true, ..step(Doing::Unload, copy, because) });
            } else {
                self.unload(copy, because);
            }
        }
        self.loads.push(step(doing, rule, because));
    }

    fn in_order(mut self) -> Vec<RuleStep> {
        name_replacements(&mut self.loads, &mut self.unloads);
        self.loads.append(&mut self.unloads);
        self.loads
    }
}

fn step(doing: Doing, rule: &Rule, because: Because) -> RuleStep {
    RuleStep { doing, rule: rule.clone(), because, with_next: false }
}

/// The lists that matter, in the kernel's order.
fn lists(loaded: &[Rule], wanted: &[&RuleForms]) -> Vec<List> {
    let mut lists: Vec<List> = loaded.iter().chain(wanted.iter().map(|w| &w.rule)).map(|r| r.list).collect();
    lists.sort_unstable();
    lists.dedup();
    lists
}

/// The rank of each wanted rule of one list: see [`super::order`].
fn ranks(actions: impl Iterator<Item = Action>, ordering: Ordering) -> Vec<usize> {
    let mut last = None;
    let mut rank = 0;
    actions
        .enumerate()
        .map(|(position, action)| {
            match ordering {
                Ordering::Ignore => {}
                Ordering::Strict => rank = position,
                Ordering::Relevant => rank += usize::from(last.is_some_and(|last| last != action)),
            }
            last = Some(action);
            rank
        })
        .collect()
}

/// What a loaded rule is to the wanted rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fulfils {
    /// It is this wanted rule.
    Wanted(usize),
    /// It is a further copy of this wanted rule.
    Again(usize),
    /// No wanted rule asks for it.
    Nothing,
}

/// Everything of a rule but its mask: rules of different shape are never the same.
type Shape<'a> = (List, Action, &'a [Field], &'a [u8]);

fn shape(rule: &Rule) -> Shape<'_> {
    (rule.list, rule.action, &rule.fields, &rule.rest)
}

/// Tells for each loaded rule which wanted rule it fulfils.
///
/// A delete takes the first of several equal rules, so that of equal copies the last ones are those that can stay.
#[must_use]
pub fn assign(loaded: &[Rule], wanted: &[&RuleForms]) -> Vec<Fulfils> {
    let mut by_shape: HashMap<Shape<'_>, Vec<(usize, &Mask)>> =
        HashMap::with_capacity_and_hasher(wanted.len(), FxBuildHasher);
    for (w, forms) in wanted.iter().enumerate() {
        let masks = std::iter::once(&forms.rule.syscalls).chain(&forms.other_masks);
        by_shape.entry(shape(&forms.rule)).or_default().extend(masks.map(|mask| (w, mask)));
    }
    let mut taken: HashSet<(usize, &Mask)> = HashSet::with_capacity_and_hasher(loaded.len(), FxBuildHasher);
    let mut fulfilled = vec![Fulfils::Nothing; loaded.len()];
    for (l, rule) in loaded.iter().enumerate().rev() {
        let Some(shaped) = by_shape.get(&shape(rule)) else { continue };
        let same = || shaped.iter().filter(|(_, mask)| mask.is_listed_as(&rule.syscalls)).map(|(w, _)| *w);
        if let Some(free) = same().rev().find(|w| !taken.contains(&(*w, &rule.syscalls))) {
            taken.insert((free, &rule.syscalls));
            fulfilled[l] = Fulfils::Wanted(free);
        } else if let Some(taken) = same().next() {
            fulfilled[l] = Fulfils::Again(taken);
        }
    }
    fulfilled
}

/// What two rules have in common when one takes the place of the other.
#[derive(PartialEq, Eq, Hash)]
enum Subject<'a> {
    /// The same conditions; key or system calls may differ.
    Conditions(List, Vec<&'a Field>),
    /// The same watched path.
    Path(List, &'a [u8]),
}

fn subjects(rule: &Rule) -> impl Iterator<Item = Subject<'_>> {
    let conditions: Vec<&Field> = rule.fields.iter().filter(|f| f.number != FieldNumber::KEY).collect();
    let bare = conditions.is_empty() || (conditions.len() == 1 && conditions[0].number == FieldNumber::ARCH);
    let path = rule.text(FieldNumber::PATH).or_else(|| rule.text(FieldNumber::DIR));
    let conditions = (!bare).then_some(Subject::Conditions(rule.list, conditions));
    conditions.into_iter().chain(path.map(|path| Subject::Path(rule.list, path)))
}

fn name_replacements(loads: &mut [RuleStep], unloads: &mut [RuleStep]) {
    let replaced: HashSet<usize> = {
        let new: HashSet<Subject<'_>> =
            loads.iter().filter(|s| s.because == Because::Missing).flat_map(|s| subjects(&s.rule)).collect();
        let goes = |s: &RuleStep| s.because == Because::NoLongerWanted && subjects(&s.rule).any(|x| new.contains(&x));
        (0..unloads.len()).filter(|u| goes(&unloads[*u])).collect()
    };
    let replacing: HashSet<usize> = {
        let old: HashSet<Subject<'_>> = replaced.iter().flat_map(|u| subjects(&unloads[*u].rule)).collect();
        let comes = |s: &RuleStep| s.because == Because::Missing && subjects(&s.rule).any(|x| old.contains(&x));
        (0..loads.len()).filter(|l| comes(&loads[*l])).collect()
    };
    for u in replaced {
        unloads[u].because = Because::Replaced;
    }
    for l in replacing {
        loads[l].because = Because::Replaced;
    }
}

#[cfg(test)]
mod tests;
