//! What the host should hold, by the request and by what its drop-ins say.
//!
//! Pure: the drop-ins, the facts about paths and the kernel's list come in as values.

mod about;
mod at_boot;
mod capped;
mod compiled;
mod drop_in;
mod drop_in_rules;
mod failing;
mod files;
mod foreign;
mod interrupted;
mod lost;
mod narrowed;
mod only;
mod outdated;
mod own;
mod too_new;
mod unasked;
mod undone;
mod warning;

use std::path::PathBuf;
use std::rc::Rc;

use drop_in_rules::run_together;
use own::{Change, Own};

pub use about::{about, grave_notes};
pub use at_boot::{BootSource, depends_at_boot, left_at_boot};
pub use drop_in::{Deduplicated, HEADER, Skipped, Treatment};
pub use drop_in_rules::{DropInRules, Swallowed};
pub use files::{DropIn, Files, Merge, Writable, as_it_stands, is_generated};
pub use foreign::shadowed_by_foreign;
pub use interrupted::{Interrupted, InterruptedEnd, TakenBack};
pub use only::Only;
use outdated::{Revive, revive, set_repeats_aside};
pub use outdated::{outdated, since};
pub use unasked::{RuleOrSetting, Unasked};
pub use undone::hold_again;
pub use warning::{Search, Warning};

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use crate::auditctl::RuleLine;
use crate::boot_load::{BootLoad, LoadLine, Spot};
use crate::error::{Problem, by_cause};
use crate::intent::{ApplyIntent, Goal};
use crate::lines::{HostRule, Reader};
use crate::plan::files::{Content, FileTarget};
use crate::plan::rules::{self, RuleForms};
use crate::plan::{Target, Wanted};
use crate::request::{LoaderUnknown, OnDuplicate, PermSyscalls, UnknownSyscalls};
use crate::rule::Rule;
use crate::set_aside;
use crate::settings::{Name, Settings};

/// What the request leaves to choose.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// A rule that another drop-in holds.
    pub on_duplicate: OnDuplicate,
    /// Whether a rule that names what this host lacks is left out.
    pub skips_missing: bool,
    /// A system call that only other architectures have.
    pub unknown_syscalls: UnknownSyscalls,
    /// A line that the installed auditctl is too old for.
    pub loader_unknown: LoaderUnknown,
    /// The mask of a rule with `perm=`.
    pub perm_syscalls: PermSyscalls,
    /// Whether drop-ins begin with the header.
    pub header: bool,
}

/// What the host should hold, and what is to be said about it.
#[derive(Debug)]
pub struct Desired {
    /// Files, rules and settings.
    pub target: Target,
    /// Lines that are not loaded, or not as a whole.
    pub skipped: Vec<Skipped>,
    /// Rules that stand somewhere else already.
    pub deduplicated: Vec<Deduplicated>,
    /// What is worth a sentence.
    pub warnings: Vec<Warning>,
    /// What the next boot then loads; none for a snapshot, which does not say.
    pub at_boot: Option<(Vec<RuleForms>, Settings)>,
    /// What rules.d says and `present` does not bring about, where it asks for a lock.
    pub unasked: Vec<Unasked>,
}

/// The forms in which the kernel may hold the rule of a line.
#[must_use]
pub fn forms(line: &RuleLine, perm_syscalls: PermSyscalls) -> RuleForms {
    let mut rule = line.rule.clone();
    if perm_syscalls == PermSyscalls::V4_2 {
        rule.syscalls = line.mask_4_2();
    }
    let mut other_masks = if line.narrowing.is_some() { line.masks() } else { Vec::new() };
    other_masks.retain(|mask| *mask != rule.syscalls);
    RuleForms { rule, other_masks }
}

/// How much of the order matters to the planner.
#[must_use]
pub fn ordering(said: crate::request::Ordering) -> rules::Ordering {
    match said {
        crate::request::Ordering::Relevant => rules::Ordering::Relevant,
        crate::request::Ordering::Strict => rules::Ordering::Strict,
        crate::request::Ordering::Ignore => rules::Ordering::Ignore,
    }
}

/// Who a new file belongs to, and which permissions it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// The permission bits.
    pub mode: u32,
    /// The owner's number; none: root where the file is root's, else this process.
    pub uid: Option<u32>,
    /// The group's number; none: that of the file as it is, or of this process.
    pub gid: Option<u32>,
    /// The owner and group of a file that is made.
    pub own: (u32, u32),
}

impl Permit {
    /// The permission bits where the request says none.
    pub const MODE: u32 = 0o640;
    /// Those of a new drop-in beside others that nobody but their owner may read.
    const PRIVATE: u32 = 0o600;

    /// The content of a file; a stricter mode that it has is kept.
    fn content(&self, bytes: Vec<u8>, before: Option<&Content>) -> Content {
        Content {
            bytes: bytes.into(),
            mode: before.map_or(self.mode, |before| before.mode & self.mode),
            // Who could write the file before would still be able to, or could again.
            uid: self.uid.or(before.map(|b| b.uid).filter(|uid| *uid == 0)).unwrap_or(self.own.0),
            gid: self.gid.or(before.map(|b| b.gid)).unwrap_or(self.own.1),
        }
    }
}

/// What the request asks of this host. `files_too` says whether its files are managed.
///
/// A request to restore is not answered here: a snapshot is not a policy.
///
/// # Errors
/// Every problem of the request, each with its place.
pub fn desired(
    intent: &ApplyIntent,
    files: &Files,
    permit: Permit,
    files_too: bool,
    reader: &mut Reader,
) -> Result<Desired, Vec<Problem>> {
    let choices = Choices {
        on_duplicate: intent.on_duplicate,
        skips_missing: intent.on_missing.skips(intent.check_mode),
        unknown_syscalls: intent.unknown_syscalls,
        loader_unknown: intent.loader_unknown,
        perm_syscalls: intent.perm_syscalls,
        header: intent.header,
    };
    let mut work = Work { intent, files, permit, choices, files_too, reader, problems: Vec::new() };
    let (changes, own) = work.own_drop_ins();
    if work.problems.is_empty() {
        work.problems.extend(own.leaves_nothing(intent));
    }
    let desired = work.whole(changes, own);
    if work.problems.is_empty() { Ok(desired) } else { Err(by_cause(work.problems)) }
}

struct Work<'a> {
    intent: &'a ApplyIntent,
    files: &'a Files,
    permit: Permit,
    choices: Choices,
    files_too: bool,
    reader: &'a mut Reader,
    problems: Vec<Problem>,
}

impl Work<'_> {
    /// The drop-ins that the request leaves in place, its own among them.
    fn stays(&self) -> Vec<DropIn> {
        let stays = |d: &&DropIn| match &self.intent.goal {
            Goal::Exact(wanted, keep) => {
                wanted.iter().any(|forms| forms.file_name() == d.name) || keep.keeps_drop_in(&d.name)
            }
            _ => true,
        };
        self.files.drop_ins.iter().filter(stays).cloned().collect()
    }

    fn whole(&mut self, changes: Vec<Change>, mut own: Own) -> Desired {
        let (mut after, mut targets) = self.files_after(changes);
        let asks_for_all = matches!(self.intent.goal, Goal::Loaded(..) | Goal::Exact(..));
        let declared = own.rules.len();
        let let_go = own.dropped.iter().map(|rule| Rc::clone(&rule.listed)).collect();
        let which = if asks_for_all { Revive::All } else { Revive::LetGo(&let_go, &|_| false) };
        let revived = revive(self.files, &mut after, &mut targets, which, self.reader);
        own.rules.extend(revived.rules);
        own.dropped.extend(revived.replaced);
        set_repeats_aside(self.files, &mut after, &mut targets, &own.rules, self.reader);
        let (compiled, about_compiled) = self.compile(&mut after, &mut targets);
        // Without a drop-in before and after, audit.rules stays the policy.
        let keeps_compiled = after.is_empty() && self.files.is_without_drop_ins();
        let merge = if keeps_compiled { self.files.policy() } else { self.files.merged(&after) };
        let lines = &merge.lines;
        let load = BootLoad::of(lines, self.reader);
        self.judge_lost(&own.rules[..declared], lines, &load);
        let own_rules: HashSet<&Rule> = own.rules.iter().map(|rule| &*rule.listed).collect();
        let mut wanted_rules: Vec<Wanted> = load
            .rules
            .iter()
            .map(|loaded| Wanted {
                forms: forms(&loaded.rule.line, self.choices.perm_syscalls),
                is_asked_for: asks_for_all || own_rules.contains(&*loaded.rule.listed),
                is_watch: loaded.rule.line.watch.is_some(),
                spot: Some(loaded.spot.clone()),
            })
            .collect();
        let mut wanted: HashSet<Rc<Rule>> = load.rules.iter().map(|loaded| Rc::clone(&loaded.rule.listed)).collect();
        let run_together = run_together(self.files, &after, &merge, self.reader);
        self.place(run_together, lines, &mut wanted_rules, &mut wanted);
        let of_kernel = of_kernel_alone(self.files, &after, self.reader);
        let mut beside = Vec::new();
        for (spot, rule) in of_kernel.iter().filter(|(_, rule)| wanted.insert(Rc::clone(&rule.listed))) {
            let is_asked_for = asks_for_all || own_rules.contains(&*rule.listed);
            let forms = forms(&rule.line, self.choices.perm_syscalls);
            if !is_asked_for {
                beside.push((spot.clone(), forms.clone()));
            }
            wanted_rules.push(Wanted { forms, is_asked_for, is_watch: rule.line.watch.is_some(), spot: None });
        }
        let gone = own.dropped.iter().filter(|rule| !wanted.contains(&rule.listed)).flat_map(HostRule::of_either_kind);
        let gone = gone.filter(|rule| !wanted.contains(&rule.listed));
        let dropped: Vec<RuleForms> = gone.map(|rule| forms(&rule.line, self.choices.perm_syscalls)).collect();

        let unloadable = DropInRules::of(self.files, &after, &merge, self.reader).unloadable;
        let kept = unloadable.iter().map(|rule| forms(&rule.line, self.choices.perm_syscalls)).collect();

        let mut skipped = own.skipped;
        let mut deduplicated = own.deduplicated;
        let mut warnings = own.warnings;
        if asks_for_all {
            warnings.extend(drop_in_rules::taken_otherwise(lines, self.reader));
            warnings.extend(self.notes(lines, &load));
            self.judge_failing(lines, &load, &mut skipped, &mut deduplicated);
            if wanted_rules.is_empty() && unloadable.is_empty() {
                self.judge_empty(&load, skipped.len());
            }
        }
        let settings = if asks_for_all { load.settings.clone() } else { own.settings };
        warnings.extend(self.overruled(&merge, &load, &own.each));
        warnings.extend(Swallowed::warnings(&Swallowed::all(self.files, &after, &merge, self.reader)));
        warnings.extend(about_compiled);
        let compiled_after = targets.iter().find(|target| target.path == self.files.audit_rules_path());
        let compiled_after = compiled_after.map_or(self.files.audit_rules.as_ref(), |target| target.after.as_ref());
        warnings.extend(self.files.writable(&after, compiled_after).into_iter().map(Warning::WritableByOthers));
        let other = self.boots_other(&after, compiled.as_deref().map(Vec::as_slice));
        warnings.extend(self.about_boot(other.as_ref(), lines, &load));
        let at_boot = self.loaded_at_boot(other.as_ref(), lines, &load);
        let comments = outdated(self.files, &after, self.reader);
        let locks = matches!(self.intent.goal, Goal::Present(_)) && settings.get(Name::Enabled) == Some(2);
        let unasked = if locks {
            let lines = wanted_rules.iter().filter(|wanted| !wanted.is_asked_for);
            beside.extend(lines.filter_map(|wanted| Some((wanted.spot.clone()?, wanted.forms.clone()))));
            let comments = comments.iter().map(|one| (one.spot.clone(), forms(&one.rule.line, PermSyscalls::All)));
            beside.extend(comments);
            unasked::unasked(beside, &load, &settings, &self.reader.facts().machine)
        } else {
            Vec::new()
        };
        warnings.extend(Warning::outdated(comments.iter().map(|comment| (&comment.spot, comment.text.as_slice()))));
        let named: Vec<String> = self
            .intent
            .goal
            .names()
            .iter()
            .map(|name| self.files.path(&name.file_name().to_string_lossy()).display().to_string())
            .collect();
        // Without a drop-in of its own a request is about all of them.
        let warnings = capped::capped(warnings, &|file| named.is_empty() || named.iter().any(|own| own == file));
        let ordering = ordering(self.intent.ordering);
        let purge = self.intent.goal.purge().cloned();
        let target = Target {
            files: targets,
            rules: wanted_rules,
            ordering,
            dropped,
            kept,
            purge,
            stuck: HashSet::default(),
            silent: HashSet::default(),
            restores: false,
            settings,
        };
        Desired { target, skipped, deduplicated, warnings, at_boot: Some(at_boot), unasked }
    }

    /// Puts rules of lines that run together where these lines stand.
    fn place(
        &self,
        run_together: Vec<(usize, Spot, Rc<HostRule>)>,
        lines: &[LoadLine],
        rules: &mut Vec<Wanted>,
        wanted: &mut HashSet<Rc<Rule>>,
    ) {
        let order: HashMap<&Spot, usize> =
            lines.iter().enumerate().filter_map(|(at, line)| Some((line.spots.first()?, at))).collect();
        for (number, spot, rule) in run_together {
            if wanted.insert(Rc::clone(&rule.listed)) {
                let earlier = |wanted: &&Wanted| {
                    wanted.spot.as_ref().and_then(|spot| order.get(spot)).is_some_and(|at| *at < number)
                };
                let at = rules.iter().filter(earlier).count();
                let forms = forms(&rule.line, self.choices.perm_syscalls);
                let is_watch = rule.line.watch.is_some();
                rules.insert(at, Wanted { forms, is_asked_for: false, is_watch, spot: Some(spot) });
            }
        }
    }

    /// The settings of the request that do not survive the next boot; where it asks for all that rules.d says, any that a
    /// later line overrules.
    fn overruled(&mut self, merge: &Merge, load: &BootLoad, own: &[(Name, u32)]) -> Vec<Warning> {
        if !matches!(self.intent.goal, Goal::Loaded(..)) {
            return about::overruled(load, own.iter().map(|(name, value)| (*name, *value, None)));
        }
        let mut said = Vec::new();
        for line in merge.overridden.iter().chain(&merge.lines) {
            let mut settings = Settings::default();
            self.reader.read(&line.text).controls_at_boot().for_each(|control| {
                settings.take(control);
            });
            said.extend(settings.iter().map(|(name, value)| (name, value, line.spots.first().cloned())));
        }
        about::overruled(load, said.into_iter())
    }

    /// The drop-ins after the changes, and the files that they are about.
    fn files_after(&self, changes: Vec<Change>) -> (Vec<DropIn>, Vec<FileTarget>) {
        let mut after = self.stays();
        let mut targets = Vec::new();
        let staying: HashSet<&str> = after.iter().map(|stays| stays.name.as_str()).collect();
        let purged: Vec<&DropIn> = self.files.drop_ins.iter().filter(|d| !staying.contains(d.name.as_str())).collect();
        for change in changes {
            let (name, bytes) = match change {
                Change::Holds(name, bytes) => (name, Some(bytes)),
                Change::Gone(name) => (name, None),
            };
            let before = after.iter().position(|d| d.name == name).map(|at| after.remove(at).content);
            let target = self.target(self.files.path(&name), before.as_ref(), bytes);
            after.extend(target.after.clone().map(|content| DropIn { name, content }));
            targets.push(target);
        }
        targets.extend(purged.into_iter().map(|d| self.target(self.files.path(&d.name), Some(&d.content), None)));
        (after, targets)
    }

    fn target(&self, path: PathBuf, before: Option<&Content>, bytes: Option<Vec<u8>>) -> FileTarget {
        let is_new_drop_in = before.is_none() && path.parent() == Some(&*self.files.rules_dir);
        let mut permit = self.permit;
        if is_new_drop_in && self.intent.mode.is_none() && self.files.are_private() {
            permit.mode = Permit::PRIVATE;
        }
        let after = bytes.map(|bytes| permit.content(bytes, before));
        FileTarget { path, before: before.cloned(), after }
    }
}

/// The rules that the drop-ins have as comments because the installed auditctl is too old for them.
fn of_kernel_alone(files: &Files, drop_ins: &[DropIn], reader: &mut Reader) -> Vec<(Spot, Rc<HostRule>)> {
    let mut found = Vec::new();
    for drop_in in drop_ins {
        let file: Rc<str> = files.path(&drop_in.name).to_string_lossy().into();
        let comments = set_aside::of_kernel_alone(&drop_in.content.bytes, reader).into_iter();
        found.extend(comments.map(|one| (Spot { file: Rc::clone(&file), line: one.line }, one.rule)));
    }
    found
}

/// Whether only a reboot takes this setting back.
#[must_use]
pub fn is_irreversible(name: Name, value: u32) -> bool {
    matches!((name, value), (Name::Enabled, 2) | (Name::LoginuidImmutable, 1))
}
