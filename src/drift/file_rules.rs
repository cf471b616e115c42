//! The lines that ask for rules, and what the next boot makes of them.

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use std::rc::Rc;

use super::forms_of;
use crate::auditctl::Verb;
use crate::boot_load::{BootLoad, Failing, LoadFailure, LoadLine, Spot, looks_like_a_rule};
use crate::desired::{Merge, Swallowed};
use crate::lines::{HostRule, Reader, Unloadable};
use crate::plan::rules::RuleForms;
use crate::rule::Rule;
use crate::set_aside::{OfKernelAlone, Outdated};

/// A line that asks for a rule.
#[derive(Debug, Clone)]
pub struct FileRule {
    /// Where it stands.
    pub spot: Spot,
    /// What it says.
    pub text: Rc<[u8]>,
    /// Its rule; none where the line cannot be read here.
    pub rule: Option<Rc<HostRule>>,
    /// What the next boot makes of it.
    pub at_boot: AtBoot,
}

/// What the next boot makes of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum AtBoot {
    /// Its rule is loaded, and stays.
    Loaded,
    /// It fails.
    Fails(LoadFailure),
    /// An earlier line stops the load.
    AfterStop(Spot),
    /// A later line takes the rule away again.
    Removed,
    /// The line here holds the same rule, and the kernel takes both.
    Again(Spot),
    /// The boot does not load what has the line.
    Left(Gap),
    /// It is a comment in place of a line, and the reason of the comment is gone.
    Outdated,
    /// It is a part of the comment that begins here, in a file without a final newline.
    Swallowed(Spot),
}

/// Why the boot does not load what has a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// Nobody loads rules.
    NobodyLoads,
    /// It loads this file as it stands, and the rule is not in it.
    NotInFile(Rc<str>),
    /// augenrules makes `audit.rules`, which has the line, anew from the drop-ins, which do not have it.
    NotInDropIns,
}

impl FileRule {
    /// Whether the line counts for itself: a duplicate stands for the line that it repeats, loaded or not, and what a later
    /// line takes away is asked for by nobody.
    #[must_use]
    pub fn counts(&self) -> bool {
        !matches!(self.at_boot, AtBoot::Removed | AtBoot::Again(_) | AtBoot::Fails(LoadFailure::Duplicate(_)))
    }
}

/// What the next boot would load.
#[derive(Debug)]
pub struct NextBoot {
    /// What the files ask for, merged.
    pub merge: Merge,
    /// The load of it as it would be if the boot loaded it and no line stopped it.
    pub whole: BootLoad,
    /// What the boot loads in place of it, with its load if no line stopped it; none where it loads just that.
    pub other: Option<(Merge, BootLoad)>,
    /// The load as it will be.
    pub real: BootLoad,
    /// The lines that ask for rules, in the order of the merged file; then the outdated comments, and those for rules that the kernel alone is to hold.
    pub asked: Vec<FileRule>,
}

/// What the boot loads in place of what the files ask for.
#[derive(Debug, Clone)]
pub struct InPlace {
    /// Its lines.
    pub merge: Merge,
    /// Why it is another one.
    pub gap: Gap,
    /// The lines that only stand there.
    pub only_there: Vec<LoadLine>,
}

impl NextBoot {
    /// Walks through the merged files, and through what the boot loads in place of them, where it does.
    #[must_use]
    pub fn of(merge: Merge, in_place: Option<InPlace>, reader: &mut Reader) -> Self {
        let whole = BootLoad::of(&merge.lines, reader);
        let Some(InPlace { merge: file, gap, only_there }) = in_place else {
            let real = reached(&merge.lines, &whole, reader);
            let asked = asked(&merge.lines, &whole, &real, reader);
            return Self { merge, whole, other: None, real, asked };
        };
        let load = BootLoad::of(&file.lines, reader);
        let real = reached(&file.lines, &load, reader);
        let there: HashSet<&Spot> = only_there.iter().flat_map(|line| &line.spots).collect();
        let mut own: Vec<FileRule> = asked(&merge.lines, &whole, &whole, reader);
        let at_boot: Vec<FileRule> = asked(&file.lines, &load, &real, reader);
        let mut fates: HashMap<&Rule, &AtBoot> = HashMap::default();
        for line in at_boot.iter().filter(|line| line.counts()) {
            fates.extend(line.rule.as_ref().map(|rule| (&*rule.listed, &line.at_boot)));
        }
        for line in own.iter_mut().filter(|line| line.counts() && !matches!(line.at_boot, AtBoot::Fails(_))) {
            let at_boot = line.rule.as_ref().and_then(|rule| fates.get(&*rule.listed));
            line.at_boot = at_boot.map_or_else(|| AtBoot::Left(gap.clone()), |at_boot| (*at_boot).clone());
        }
        own.extend(at_boot.iter().filter(|line| there.contains(&line.spot)).cloned());
        Self { merge, whole, other: Some((file, load)), real, asked: own }
    }

    /// The lines that the boot loads, with their load if no line stopped it.
    #[must_use]
    pub fn loaded(&self) -> (&Merge, &BootLoad) {
        self.other.as_ref().map_or((&self.merge, &self.whole), |(file, load)| (file, load))
    }

    /// The same with the comments in place of lines whose reason is gone: those that the boot does not load from elsewhere
    /// are missing.
    #[must_use]
    pub fn with_outdated(mut self, comments: Vec<Outdated>) -> Self {
        let held: HashSet<&Rule> = self.real.rules.iter().map(|loaded| &*loaded.rule.listed).collect();
        let asked = comments.into_iter().map(|comment| {
            let is_loaded = held.contains(&*comment.rule.listed);
            let at_boot = if is_loaded { AtBoot::Loaded } else { AtBoot::Outdated };
            FileRule { spot: comment.spot, text: comment.text, rule: Some(comment.rule), at_boot }
        });
        self.asked.extend(asked.collect::<Vec<_>>());
        self
    }

    /// The same with the rules whose lines are a part of a comment, but for those that the boot loads from elsewhere.
    #[must_use]
    pub fn with_swallowed(mut self, lines: &[Swallowed]) -> Self {
        let held: HashSet<&Rule> = self.real.rules.iter().map(|loaded| &*loaded.rule.listed).collect();
        let asked = lines.iter().filter_map(|line| {
            let rule = line.rule.as_ref().filter(|rule| !held.contains(&*rule.listed))?;
            let at_boot = AtBoot::Swallowed(line.comment.clone());
            Some(FileRule {
                spot: line.spot.clone(),
                text: Rc::clone(&line.text),
                rule: Some(Rc::clone(rule)),
                at_boot,
            })
        });
        self.asked.extend(asked.collect::<Vec<_>>());
        self
    }

    /// The same with the comments, each with its file, for rules that the kernel alone is to hold: the boot does not load
    /// them.
    #[must_use]
    pub fn with_kernel_alone(mut self, comments: Vec<(Rc<str>, OfKernelAlone)>) -> Self {
        let held: HashSet<&Rule> = self.real.rules.iter().map(|loaded| &*loaded.rule.listed).collect();
        let comments = comments.into_iter().filter(|(_, comment)| !held.contains(&*comment.rule.listed));
        let asked = comments.map(|(file, comment)| FileRule {
            spot: Spot { file, line: comment.line },
            text: comment.text,
            rule: Some(comment.rule),
            at_boot: AtBoot::Fails(LoadFailure::Unloadable(comment.why)),
        });
        self.asked.extend(asked.collect::<Vec<_>>());
        self
    }

    /// The comments in place of lines whose reason is gone: their rules are missing.
    pub fn outdated(&self) -> impl Iterator<Item = &FileRule> {
        self.asked.iter().filter(|asked| asked.at_boot == AtBoot::Outdated)
    }

    /// The line at which the load stops, and how many it leaves unread.
    #[must_use]
    pub fn stop(&self) -> Option<(&Failing, usize)> {
        let (merge, load) = self.loaded();
        let after = merge.lines.len() - load.stop? - 1;
        Some((load.failing.iter().find(|failing| !failing.is_passed_over)?, after))
    }

    /// Where the rules stand that are asked for.
    #[must_use]
    pub fn asked_at(&self) -> HashSet<&Spot> {
        self.asked.iter().map(|asked| &asked.spot).collect()
    }

    /// The rules that the boot loads, in their order.
    pub fn loaded_forms(&self) -> impl Iterator<Item = RuleForms> {
        self.real.rules.iter().map(|loaded| forms_of(&loaded.rule))
    }

    /// The lines that count and can mean a loaded rule, by their index.
    #[must_use]
    pub fn wanted(&self) -> Vec<(usize, RuleForms)> {
        let lines = self.asked.iter().enumerate().filter(|(_, asked)| asked.counts());
        let rules = lines.filter_map(|(line, asked)| Some((line, asked.rule.as_ref()?)));
        rules.filter(|(_, rule)| !rule.line.emptied).map(|(line, rule)| (line, forms_of(rule))).collect()
    }
}

/// The load of these lines as far as it comes.
fn reached(lines: &[LoadLine], whole: &BootLoad, reader: &mut Reader) -> BootLoad {
    // What stands in the line before the place at which it fails is carried out.
    let end = whole.stop.map_or(lines.len(), |stop| stop + 1);
    let mut real = BootLoad::of(lines.get(..end).unwrap_or_default(), reader);
    let failing: HashSet<&Spot> = whole.failing.iter().map(|failing| &failing.spot).collect();
    real.rules.retain(|loaded| !failing.contains(&loaded.spot));
    real
}

fn asked(lines: &[LoadLine], whole: &BootLoad, real: &BootLoad, reader: &mut Reader) -> Vec<FileRule> {
    let loaded: HashSet<&Spot> = real.rules.iter().map(|loaded| &loaded.spot).collect();
    let failing: HashMap<&Spot, &LoadFailure> =
        whole.failing.iter().rev().map(|failing| (&failing.spot, &failing.trouble)).collect();
    let stop = whole.failing.iter().find(|failing| !failing.is_passed_over).map(|failing| &failing.spot);
    // The boot may come as far as one copy of a rule and not as far as the other.
    let copied: HashSet<&Rule> = whole.copies.iter().map(|(copy, _)| &*copy.rule.listed).collect();
    let in_real = real.rules.iter().filter(|loaded| copied.contains(&*loaded.rule.listed));
    let first_in_real: HashMap<&Rule, &Spot> = in_real.map(|loaded| (&*loaded.rule.listed, &loaded.spot)).collect();
    let first_in_whole: HashMap<&Spot, &Spot> = whole.copies.iter().map(|(copy, first)| (&copy.spot, first)).collect();
    let mut found = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let reading = reader.read(&line.text);
        let Some(spot) = line.spots.first() else { continue };
        let is_unread = reading.obstacles.iter().any(|why| matches!(why, Unloadable::Line(_)));
        let asks = reading
            .rule
            .as_ref()
            .map_or(is_unread && looks_like_a_rule(&line.text), |rule| rule.line.verb != Verb::Delete);
        if !asks {
            continue;
        }
        let is_after = whole.stop.is_some_and(|stop| number > stop);
        let first = reading.rule.as_ref().and_then(|rule| first_in_real.get(&*rule.listed));
        let first = first.or_else(|| first_in_whole.get(spot)).filter(|first| **first != spot);
        let at_boot = match (failing.get(spot), stop) {
            (Some(trouble), _) => AtBoot::Fails((*trouble).clone()),
            _ if first.is_some() => first.map_or(AtBoot::Removed, |first| AtBoot::Again((*first).clone())),
            (None, Some(stop)) if is_after => AtBoot::AfterStop(stop.clone()),
            _ if loaded.contains(spot) => AtBoot::Loaded,
            _ => AtBoot::Removed,
        };
        found.push(FileRule { spot: spot.clone(), text: Rc::clone(&line.text), rule: reading.rule.clone(), at_boot });
    }
    found
}
