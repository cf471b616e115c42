//! Whether a host holds what is wanted: on disk, running, and at the next boot, rule by rule.

use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

pub use super::evidence::{Evidence, OutOfPlace, SettingEvidence, all_in_sync, is_all_left_out};

use super::order::displaced;
use super::{AtBoot, Drift, FileRule, Key, NextBoot, SettingView, forms_of};
use crate::auditctl::Verb;
use crate::boot_load::{BootLoad, LoadLine, Spot};
use crate::desired::ordering;
use crate::intent::{ExpectIntent, Scope, labels};
use crate::keep::Keep;
use crate::lines::{Reader, Unloadable};
use crate::plan::KernelState;
use crate::plan::rules::{Fulfils, RuleForms, assign};
use crate::request::UnknownSyscalls;
use crate::rule::Rule;
use crate::settings::Settings;

/// Something that the host holds and that is not wanted: a loaded rule by its index, or a line or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unexpected {
    /// A loaded rule.
    Running(usize),
    /// A line, by its index among those that ask.
    Line(usize),
    /// A drop-in that is to be gone.
    File(String),
}

/// How a host stands to what is expected of it.
#[derive(Debug, Default)]
pub struct Verified {
    /// Each expected rule.
    pub rules: Vec<Evidence>,
    /// Each wanted setting.
    pub settings: Vec<SettingEvidence>,
    /// What is not wanted.
    pub unexpected: Vec<Unexpected>,
    /// Something of what is expected must be left on this host.
    pub must_hold: bool,
}

impl Verified {
    /// Whether nothing of what is expected can be here: each of its rules is left out.
    #[must_use]
    pub fn is_all_skipped(&self) -> bool {
        self.must_hold && is_all_left_out(self.rules.iter(), self.settings.iter())
    }

    /// Whether the host holds what is wanted; none where that cannot be told.
    #[must_use]
    pub fn in_sync(&self) -> Option<bool> {
        if !self.unexpected.is_empty() || self.is_all_skipped() {
            return Some(false);
        }
        all_in_sync(self.rules.iter(), self.settings.iter())
    }

    /// Takes in what there is of the rules of the host's own files.
    pub fn take(&mut self, own: Vec<Evidence>) {
        let rules = self.rules.iter().enumerate();
        let known: HashMap<Spot, usize> = rules.filter_map(|(at, rule)| Some((rule.on_disk.clone()?, at))).collect();
        for own in own {
            let same = own.on_disk.as_ref().and_then(|spot| known.get(spot)).and_then(|at| self.rules.get_mut(*at));
            match same {
                Some(same) => {
                    same.out_of_place.running |= own.out_of_place.running;
                    same.is_silent |= own.is_silent;
                    same.is_suppressed |= own.is_suppressed;
                }
                None => self.rules.push(own),
            }
        }
    }
}

/// What is known of a host when it is held against what is expected.
pub struct Host<'a> {
    /// What the next boot makes of its files.
    pub boot: &'a NextBoot,
    /// Its kernel, where it was read, and how that differs from the files.
    pub kernel: Option<(&'a KernelState, &'a Drift)>,
    /// Which of its loaded rules record nothing, since another one keeps the kernel from it.
    pub suppressed: &'a [bool],
    /// Who says what about each setting.
    pub settings: &'a [SettingView],
    /// The names of its drop-ins.
    pub drop_ins: Vec<String>,
}

impl Host<'_> {
    /// The line that asks for a rule; of several one that the next boot loads.
    fn asked(&self) -> HashMap<&Rule, &FileRule> {
        let mut asked: HashMap<&Rule, &FileRule> = HashMap::default();
        for line in self.boot.asked.iter().filter(|line| !matches!(line.at_boot, AtBoot::Removed | AtBoot::Again(_))) {
            let Some(rule) = line.rule.as_ref().filter(|rule| !rule.line.emptied) else { continue };
            let known = asked.entry(&rule.listed).or_insert(line);
            if known.at_boot != AtBoot::Loaded && line.at_boot == AtBoot::Loaded {
                *known = line;
            }
        }
        asked
    }

    /// Whether the kernel records anything at all; none where it was not read.
    fn is_recording(&self) -> Option<bool> {
        self.kernel.map(|(kernel, _)| kernel.status.is_on())
    }

    /// The rules that are running and silent.
    fn silent(&self) -> HashSet<&Rule> {
        let lines = self.kernel.into_iter().flat_map(|(_, drift)| &drift.silent);
        let asked = lines.filter_map(|(line, _)| self.boot.asked.get(*line)?.rule.as_ref());
        asked.map(|rule| &*rule.listed).collect()
    }

    /// Whether the loaded rule with this index records nothing, since another one keeps the kernel from it.
    fn is_suppressed(&self, at: usize) -> bool {
        self.suppressed.get(at).copied().unwrap_or_default()
    }

    /// The lines whose rule is running and suppressed.
    fn suppressed_lines(&self) -> HashSet<usize> {
        let held = self.kernel.into_iter().flat_map(|(_, drift)| drift.held.iter().enumerate());
        held.filter(|(at, _)| self.is_suppressed(*at)).filter_map(|(_, held)| held.asked).collect()
    }

    /// The lines whose rule is running.
    fn running(&self) -> Option<HashSet<usize>> {
        self.kernel.map(|(_, drift)| drift.held.iter().filter_map(|held| held.asked).collect())
    }
}

/// Holds a host against what is expected. The reader knows what stands at the paths that are named there.
#[must_use]
pub fn verify(forms: &ExpectIntent, host: &Host<'_>, reader: &mut Reader) -> Verified {
    let (asked, silent) = (host.asked(), host.silent());
    let must_hold = !forms.may_be_empty && forms.gone.is_empty() && !forms.lines.is_empty();
    let mut verified = Verified { must_hold, ..Verified::default() };
    let mut settings = Settings::default();
    let mut labels: HashMap<Key, Vec<String>> = HashMap::default();
    for (at, author) in forms.lines.iter().enumerate() {
        let reading = reader.read(author.text.as_bytes());
        for control in &reading.controls {
            settings.take(control);
            if let Some((key, _)) = Key::of(control) {
                labels.entry(key).or_default().extend(author.labels.iter().cloned());
            }
        }
        let obstacle = reading.obstacles.first().cloned();
        let is_rule = reading.rule.as_ref().is_some_and(|rule| rule.line.verb != Verb::Delete);
        if !is_rule && obstacle.is_none() {
            continue;
        }
        let rule = reading.loadable().cloned();
        let line = rule.as_ref().and_then(|rule| asked.get(&*rule.listed));
        verified.rules.push(Evidence {
            text: Rc::clone(&author.text).into(),
            wanted: Some(at),
            on_disk: line.map(|line| line.spot.clone()),
            running: None,
            is_recording: host.is_recording(),
            next_boot: line.is_some_and(|line| line.at_boot == AtBoot::Loaded),
            is_skipped: obstacle.as_ref().is_some_and(|why| may_lack(forms, why)),
            is_silent: rule.as_ref().is_some_and(|rule| silent.contains(&*rule.listed)),
            is_suppressed: false,
            obstacle,
            out_of_place: OutOfPlace::default(),
            labels: author.labels.clone(),
            rule,
        });
    }
    settings.overrule_with(&forms.settings);
    let unasked = look_into_kernel(&mut verified.rules, host);
    look_at_order(&mut verified.rules, forms, host, reader);
    verified.settings = setting_evidence(&settings, &labels, host);
    verified.unexpected = unexpected(forms, host, &verified.rules, &unasked);
    verified
}

fn may_lack(forms: &ExpectIntent, why: &Unloadable) -> bool {
    (why.is_missing() && forms.on_missing.skips(false))
        || (why.is_of_other_machines() && forms.unknown_syscalls == UnknownSyscalls::Skip)
}

/// Finds the expected rules among the loaded ones; gives the loaded ones that nobody expects.
fn look_into_kernel(rules: &mut [Evidence], host: &Host<'_>) -> Vec<usize> {
    let Some((kernel, _)) = host.kernel else { return Vec::new() };
    let mut wanted: Vec<(Rc<Rule>, RuleForms)> = Vec::new();
    let mut places: HashMap<Rc<Rule>, usize> = HashMap::default();
    for rule in rules.iter().filter_map(|evidence| evidence.rule.as_ref()) {
        places.entry(Rc::clone(&rule.listed)).or_insert_with(|| {
            wanted.push((Rc::clone(&rule.listed), forms_of(rule)));
            wanted.len() - 1
        });
    }
    let fulfilled = assign(&kernel.rules, &wanted.iter().map(|(_, forms)| forms).collect::<Vec<_>>());
    // Whether each of the loaded rules that are it is suppressed.
    let mut held: HashMap<usize, bool> = HashMap::default();
    for (loaded, fulfils) in fulfilled.iter().enumerate() {
        if let Fulfils::Wanted(at) | Fulfils::Again(at) = fulfils {
            *held.entry(*at).or_insert(true) &= host.is_suppressed(loaded);
        }
    }
    for evidence in rules {
        let place = evidence.rule.as_ref().and_then(|rule| places.get(&rule.listed));
        let found = place.and_then(|place| held.get(place));
        evidence.running = Some(found.is_some());
        evidence.is_suppressed = found.copied().unwrap_or_default();
    }
    let others = fulfilled.iter().enumerate().filter(|(_, fulfils)| matches!(fulfils, Fulfils::Nothing));
    others.map(|(at, _)| at).collect()
}

/// Finds the expected rules that stand in the wrong order to each other.
fn look_at_order(rules: &mut [Evidence], forms: &ExpectIntent, host: &Host<'_>, reader: &mut Reader) {
    let file: Rc<str> = "".into();
    let line = |(at, author): (usize, &crate::intent::RequestLine)| LoadLine {
        text: Rc::clone(&author.text).into(),
        spots: vec![Spot { file: Rc::clone(&file), line: at }],
    };
    // A load tells the order that they are wanted in: `-A` puts a rule before the others.
    let load = BootLoad::of(&forms.lines.iter().enumerate().map(line).collect::<Vec<_>>(), reader);
    let wanted: Vec<RuleForms> = load.rules.iter().map(|loaded| forms_of(&loaded.rule)).collect();
    let wanted: Vec<&RuleForms> = wanted.iter().collect();
    let displaced = |listed: &[Rule]| -> HashSet<&Rule> {
        let places = displaced(listed, &wanted, ordering(forms.ordering)).into_iter();
        places.filter_map(|at| load.rules.get(at)).map(|loaded| &*loaded.rule.listed).collect()
    };
    let running = host.kernel.map_or_else(HashSet::default, |(kernel, _)| displaced(&kernel.rules));
    let at_boot: Vec<Rule> = host.boot.real.rules.iter().map(|loaded| (*loaded.rule.listed).clone()).collect();
    let at_boot = displaced(&at_boot);
    for evidence in rules {
        let Some(rule) = &evidence.rule else { continue };
        evidence.out_of_place =
            OutOfPlace { running: running.contains(&*rule.listed), next_boot: at_boot.contains(&*rule.listed) };
    }
}

fn setting_evidence(settings: &Settings, labels: &HashMap<Key, Vec<String>>, host: &Host<'_>) -> Vec<SettingEvidence> {
    let of_load = [(Key::IgnoreErrors, settings.ignore_errors), (Key::Continue, settings.continue_on_errors)];
    let of_load = of_load.into_iter().filter(|(_, wanted)| *wanted).map(|(key, _)| (key, 1));
    let all = settings.iter().map(|(name, value)| (Key::Setting(name), value)).chain(of_load);
    all.map(|(key, wanted)| SettingEvidence {
        name: key.text(),
        wanted,
        view: host.settings.iter().find(|view| view.key == key).cloned(),
        is_kernel_read: host.kernel.is_some(),
        labels: labels.get(&key).cloned().unwrap_or_default(),
    })
    .collect()
}

/// What the host holds beside what is expected, where the request says that it shall not.
fn unexpected(forms: &ExpectIntent, host: &Host<'_>, rules: &[Evidence], loaded: &[usize]) -> Vec<Unexpected> {
    let known: HashSet<&Rule> = rules.iter().filter_map(|evidence| Some(&*evidence.rule.as_ref()?.listed)).collect();
    let (gone, lines): (Vec<String>, Vec<(usize, &FileRule)>) = (
        forms.gone.iter().map(|name| name.file_name().to_string_lossy().into_owned()).collect(),
        host.boot.asked.iter().enumerate().filter(|(_, asked)| asked.counts()).collect(),
    );
    let mut found: Vec<Unexpected> =
        host.drop_ins.iter().filter(|name| gone.contains(name)).cloned().map(Unexpected::File).collect();
    let kept_key = |keep: &Keep, rule: &Rule| rule.keys().any(|key| keep.keeps_key(key));
    let kernel_rule = |at: usize| host.kernel.and_then(|(kernel, _)| kernel.rules.get(at));
    match &forms.scope {
        Scope::Anything => {}
        Scope::Nothing(keep) => {
            let is_kept = |asked: &FileRule| {
                let name = asked.spot.file.rsplit('/').next().unwrap_or_default();
                keep.keeps_drop_in(name)
            };
            let is_known = |asked: &FileRule| asked.rule.as_ref().is_some_and(|rule| known.contains(&*rule.listed));
            let others = lines.iter().filter(|(_, asked)| !is_known(asked) && !is_kept(asked));
            found.extend(others.map(|(at, _)| Unexpected::Line(*at)));
            let kept: HashSet<usize> = match host.kernel {
                Some((_, drift)) => drift
                    .held
                    .iter()
                    .enumerate()
                    .filter(|(_, held)| held.asked.and_then(|at| host.boot.asked.get(at)).is_some_and(is_kept))
                    .map(|(at, _)| at)
                    .collect(),
                None => HashSet::default(),
            };
            let others = loaded.iter().filter(|at| !kept.contains(*at));
            let others = others.filter(|at| kernel_rule(**at).is_some_and(|rule| !kept_key(keep, rule)));
            found.extend(others.map(|at| Unexpected::Running(*at)));
        }
        Scope::DropIns(purge) => {
            let Some((_, drift)) = host.kernel else { return found };
            if let Some(keep) = purge {
                let foreign = drift.missing_in_filesystem.iter().map(|(at, _)| *at);
                let foreign = foreign.filter(|at| kernel_rule(*at).is_some_and(|rule| !kept_key(keep, rule)));
                found.extend(foreign.filter(|at| loaded.contains(at)).map(Unexpected::Running));
            }
        }
    }
    found
}

/// What there is of the rules that the host's own files ask for: those with a label, or all of them.
#[must_use]
pub fn own_evidence<'a>(
    host: &Host<'_>,
    files: impl Iterator<Item = (&'a str, &'a [u8])>,
    only_labelled: bool,
) -> Vec<Evidence> {
    let mut labelled: HashMap<(&str, usize), Vec<String>> = HashMap::default();
    for (path, bytes) in files {
        for (at, labels) in labels(bytes.split(|byte| *byte == b'\n')).into_iter().enumerate() {
            if !labels.is_empty() {
                labelled.insert((path, at + 1), labels);
            }
        }
    }
    let (running, silent, suppressed) = (host.running(), host.silent(), host.suppressed_lines());
    let lines = host.boot.asked.iter().enumerate().filter(|(_, asked)| asked.counts());
    let evidence = lines.filter_map(|(at, asked)| {
        let labels = labelled.get(&(&*asked.spot.file, asked.spot.line)).cloned().unwrap_or_default();
        if only_labelled && labels.is_empty() {
            return None;
        }
        let obstacle = match &asked.at_boot {
            AtBoot::Fails(crate::boot_load::LoadFailure::Unloadable(why)) => Some(why.clone()),
            _ => None,
        };
        Some(Evidence {
            text: asked.text.clone(),
            wanted: None,
            rule: asked.rule.clone().filter(|rule| !rule.line.emptied),
            on_disk: Some(asked.spot.clone()),
            running: running.as_ref().map(|running| running.contains(&at)),
            is_recording: host.is_recording(),
            next_boot: asked.at_boot == AtBoot::Loaded,
            obstacle,
            is_skipped: false,
            is_silent: asked.rule.as_ref().is_some_and(|rule| silent.contains(&*rule.listed)),
            is_suppressed: suppressed.contains(&at),
            out_of_place: OutOfPlace {
                running: host.kernel.is_some_and(|(_, drift)| drift.order.binary_search(&at).is_ok()),
                next_boot: false,
            },
            labels,
        })
    });
    evidence.collect()
}
