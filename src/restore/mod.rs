//! A change as a snapshot, and an earlier change taken back.

mod saved;

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use crate::auditctl::canonical_lossy;
use crate::error::{PolicyError, Problem, RequestError};
use crate::plan::files::{Content, FileTarget};
use crate::plan::rules::{Doing, Fulfils, Ordering, RuleForms, RuleStep, assign};
use crate::plan::{KernelState, Target, Wanted, plan_loaded};
use crate::rule::{Machine, Rule, id::Id};
use crate::settings::{Name, Settings};
use crate::snapshot::{Snapshot, Unusable, VERSION};

impl From<Unusable> for Problem {
    fn from(why: Unusable) -> Self {
        let why = match why {
            Unusable::Version(version) => format!("it has version {version}, and this program knows {VERSION}"),
            Unusable::Broken(part) => format!("its part {part} is not as a report gives it"),
        };
        Self::at_pointer(RequestError::BadSnapshot { why }.into(), "/snapshot")
    }
}

/// What has come to the host since a change.
#[derive(Debug, Default)]
pub struct Since {
    /// Rules of the change that drop-ins ask for by now which it was not about: they stay.
    pub shared: Vec<RuleForms>,
    /// The path of `audit.rules`, where that is what augenrules makes of the drop-ins as they are.
    pub compiled: Option<PathBuf>,
}

impl Since {
    /// For each of these rules whether it is one of those that stay.
    fn stay(&self, rules: &[Rule]) -> Vec<bool> {
        let shared: Vec<&RuleForms> = self.shared.iter().collect();
        assign(rules, &shared).into_iter().map(|fulfils| fulfils != Fulfils::Nothing).collect()
    }
}

/// What is worth a sentence of a change that is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A rule that the kernel held twice, and takes once only.
    Once(Box<Rule>, Machine),
    /// The kernel holds the rules that the change left, in another order.
    OtherOrder,
}

impl Remark {
    /// The remark as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Once(rule, machine) => {
                let rule = canonical_lossy(rule, machine);
                format!("`{rule}` is restored once: the kernel held it twice, and takes no second copy")
            }
            Self::OtherOrder => {
                "the loaded rules stand in another order than the change left them in; they get the order that \
                                 they had before it"
                    .to_owned()
            }
        }
    }
}

/// What the host should hold to be as before the change, and what is worth a sentence of it.
///
/// `files` has what each file of the snapshot holds now, in its order; `kernel` is none where only files are managed.
///
/// # Errors
/// A snapshot that is not of our making; or, without `force`, the first way in which the host is no longer as the
/// change left it.
pub fn restored(
    snapshot: &Snapshot,
    force: bool,
    files: &[Option<Content>],
    kernel: Option<&KernelState>,
    since: &Since,
    machine: &Machine,
) -> Result<(Target, Vec<Remark>), Problem> {
    if snapshot.version != VERSION {
        return Err(Unusable::Version(snapshot.version).into());
    }
    let mut target = empty_target();
    let mut remarks = Vec::new();
    for (saved, now) in snapshot.files.iter().zip(files) {
        let content = |saved: &Option<crate::snapshot::SavedContent>| -> Result<Option<Content>, Unusable> {
            saved.as_ref().map(crate::snapshot::SavedContent::content).transpose()
        };
        let (before, after) = (content(&saved.before)?, content(&saved.after)?);
        let is_known = *now == after || *now == before;
        let is_compiled = !is_known && since.compiled.as_deref() == Some(Path::new(&saved.path));
        if !is_known && !is_compiled && !force {
            return Err(changed(format!("{} does not hold what the change wrote", saved.path)));
        }
        let after = if is_compiled { now.clone() } else { before };
        target.files.push(FileTarget { path: saved.path.clone().into(), before: now.clone(), after });
    }
    if let Some(kernel) = kernel {
        let is_reordered = rules(snapshot, force, &kernel.rules, since, machine, &mut target)?;
        remarks.extend(is_reordered.then_some(Remark::OtherOrder));
        let doubled = once(&mut target, &kernel.rules).into_iter();
        remarks.extend(doubled.map(|rule| Remark::Once(Box::new(rule), *machine)));
        settings(snapshot, force, &kernel.settings(), &mut target)?;
    }
    Ok((target, remarks))
}

/// What takes the change of a killed run back in a kernel; files are another matter.
///
/// `asked` are the rules that drop-ins ask for now, and `held` those of them that this host could not load anew: none is
/// unloaded. With `is_whole` everything that the change
/// unloaded comes back; else, since its files were changed by others meanwhile, what drop-ins ask for.
///
/// # Errors
/// A snapshot that is not of our making.
pub fn interrupted(
    snapshot: &Snapshot,
    kernel: &KernelState,
    asked: &[&RuleForms],
    held: &[&RuleForms],
    is_whole: bool,
) -> Result<Back, Unusable> {
    let mut target = empty_target();
    let (mut lost, mut kept) = (Vec::new(), Vec::new());
    let now = &kernel.rules;
    if let Some(saved) = &snapshot.rules {
        let mut before = saved.before_as_far_as_known(now)?;
        let is_asked_for = |rules: &[Rule], asked: &[&RuleForms]| -> HashSet<Rule> {
            let fulfilled = assign(rules, asked);
            let asked = rules.iter().zip(fulfilled).filter(|(_, fulfils)| *fulfils != Fulfils::Nothing);
            asked.map(|(rule, _)| rule.clone()).collect()
        };
        if !is_whole {
            let (is_held, asked): (HashSet<&Rule>, _) = (now.iter().collect(), is_asked_for(&before, asked));
            let (comes, goes) = before.into_iter().partition(|rule| is_held.contains(rule) || asked.contains(rule));
            (before, lost) = (comes, goes);
        }
        let stays: HashSet<&Rule> = before.iter().collect();
        let came: HashSet<&String> = saved.after.iter().collect();
        let asked = is_asked_for(now, &[asked, held].concat());
        let is_new = |rule: &&Rule| !stays.contains(rule) && came.contains(&Id::of(rule).to_string());
        let (held, goes): (Vec<&Rule>, Vec<&Rule>) = now.iter().filter(is_new).partition(|rule| asked.contains(*rule));
        kept.extend(held.into_iter().cloned());
        target.dropped = goes.into_iter().map(|rule| RuleForms::from(rule.clone())).collect();
        target.rules = before.into_iter().map(wanted).collect();
    }
    let held = kernel.settings();
    for saved in &snapshot.control {
        let name = Name::from_text(&saved.setting).ok_or(Unusable::Broken("control"))?;
        if held.get(name) == Some(saved.after) {
            target.settings.set(name, saved.before);
        }
    }
    let doubled = once(&mut target, now);
    Ok(Back { target, lost, kept, doubled })
}

/// How a kernel goes back to before the change of a killed run.
#[derive(Debug)]
pub struct Back {
    /// What it should hold.
    pub target: Target,
    /// The rules that do not come back, though they were there before.
    pub lost: Vec<Rule>,
    /// The rules that stay, though they were not there before: drop-ins ask for them.
    pub kept: Vec<Rule>,
    /// The rules that come back once, though the kernel held them twice.
    pub doubled: Vec<Rule>,
}

/// Leaves those copies of rules out of a target that the kernel would refuse ("Rule exists"): it appends no rule that it
/// holds. The first copy, which decides, stays. Gives what was left out.
pub fn once(target: &mut Target, now: &[Rule]) -> Vec<Rule> {
    let mut left_out = Vec::new();
    if unique(target.rules.iter().map(|wanted| &wanted.forms.rule)).len() == target.rules.len() {
        return left_out;
    }
    while let Some(rule) = refused(&plan_loaded(target, now), now) {
        let same = |wanted: &Wanted| wanted.forms.rule.clone().as_listed() == rule;
        let Some(last) = target.rules.iter().rposition(same) else { break };
        if target.rules.iter().position(same) == Some(last) {
            break;
        }
        target.rules.remove(last);
        left_out.push(rule);
    }
    left_out
}

/// The first rule among these steps that is appended while the kernel holds it.
fn refused(steps: &[RuleStep], now: &[Rule]) -> Option<Rule> {
    let mut held: HashMap<Rule, usize> = HashMap::default();
    for rule in now {
        *held.entry(rule.clone()).or_default() += 1;
    }
    for step in steps {
        let rule = step.rule.clone().as_listed();
        let copies = held.entry(rule.clone()).or_default();
        match step.doing {
            Doing::Unload => *copies = copies.saturating_sub(1),
            Doing::Append if *copies > 0 => return Some(rule),
            Doing::Append | Doing::Prepend => *copies += 1,
        }
    }
    None
}

/// These rules without further copies.
fn unique<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<&'a Rule> {
    let mut seen: HashSet<&Rule> = HashSet::default();
    rules.filter(|rule| seen.insert(*rule)).collect()
}

fn wanted(rule: Rule) -> Wanted {
    Wanted { forms: RuleForms::from(rule), is_asked_for: true, is_watch: false, spot: None }
}

/// A target that asks for nothing.
#[must_use]
pub fn empty_target() -> Target {
    Target {
        files: Vec::new(),
        rules: Vec::new(),
        ordering: Ordering::Strict,
        dropped: Vec::new(),
        kept: Vec::new(),
        purge: None,
        stuck: HashSet::default(),
        silent: HashSet::default(),
        restores: true,
        settings: Settings::default(),
    }
}

fn changed(difference: String) -> Problem {
    Problem::at_pointer(PolicyError::HostChanged { difference }.into(), "/snapshot")
}

/// Takes the rules into the target; gives whether the kernel holds those that the change left in another order.
fn rules(
    snapshot: &Snapshot,
    force: bool,
    now: &[Rule],
    since: &Since,
    machine: &Machine,
    target: &mut Target,
) -> Result<bool, Problem> {
    let Some(saved) = &snapshot.rules else { return Ok(false) };
    let ids: Vec<String> = now.iter().map(|rule| Id::of(rule).to_string()).collect();
    let known = saved.before_as_far_as_known(now)?;
    let stay = since.stay(now);
    let others = now.iter().zip(&stay).filter(|(rule, stays)| !**stays || known.contains(rule)).map(|(rule, _)| rule);
    let is_as_before = unique(others).eq(&unique(known.iter()));
    let sorted = |ids: &[String]| {
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        sorted
    };
    let is_reordered = ids != saved.after && !is_as_before && sorted(&ids) == sorted(&saved.after);
    let before = if ids == saved.after {
        saved.before(now)?
    } else if force || is_as_before || is_reordered {
        known
    } else {
        return Err(changed(difference(&ids, &saved.after, now, machine)));
    };
    let stays: HashSet<&Rule> = before.iter().collect();
    let came_with_the_change: HashSet<&String> = saved.after.iter().collect();
    let goes = |(rule, id): &(&Rule, &String)| !stays.contains(rule) && came_with_the_change.contains(id);
    let own = now.iter().zip(&ids).zip(&stay).filter(|(_, stays)| !**stays).map(|(own, _)| own);
    target.dropped = own.filter(goes).map(|(rule, _)| RuleForms::from(rule.clone())).collect();
    target.rules = before
        .into_iter()
        .map(|rule| Wanted { forms: RuleForms::from(rule), is_asked_for: true, is_watch: false, spot: None })
        .collect();
    Ok(is_reordered)
}

/// The first place at which two lists differ, in words.
fn difference(now: &[String], then: &[String], rules: &[Rule], machine: &Machine) -> String {
    let at = now.iter().zip(then).position(|(now, then)| now != then).unwrap_or(now.len().min(then.len()));
    match rules.get(at) {
        Some(rule) if !then.contains(&now[at]) => {
            format!("the kernel holds `{}`, which the change did not leave", canonical_lossy(rule, machine))
        }
        Some(rule) => format!("rule {} of the kernel is `{}`", at + 1, canonical_lossy(rule, machine)),
        None => format!("the kernel holds {} rules, and the change left {}", now.len(), then.len()),
    }
}

fn settings(snapshot: &Snapshot, force: bool, held: &Settings, target: &mut Target) -> Result<(), Problem> {
    for saved in &snapshot.control {
        let name = Name::from_text(&saved.setting).ok_or(Unusable::Broken("control"))?;
        let now = held.get(name);
        if now != Some(saved.after) && now != Some(saved.before) && !force {
            return Err(changed(format!("{} is {}", saved.setting, now.unwrap_or_default())));
        }
        target.settings.set(name, saved.before);
    }
    Ok(())
}
