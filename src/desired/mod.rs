//! What the host should hold, by the request and by what its drop-ins say.
//!
//! Pure: the drop-ins, the facts about paths and the kernel's list come in as values.

mod about;
mod at_boot;
mod capped;
mod changed;
mod compiled;
mod drop_in;
mod drop_in_rules;
mod drop_in_text;
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
mod wanted;
mod warning;

use changed::Changed;
use own::{Change, Own};
use wanted::of_kernel_alone;

pub use about::{about, grave_notes};
pub use at_boot::{BootSource, depends_at_boot, left_at_boot};
pub use drop_in::{Deduplicated, Skipped, Treatment};
pub use drop_in_rules::{DropInRules, Swallowed};
pub use drop_in_text::HEADER;
pub use files::{DropIn, Files, Merge, Writable, as_it_stands, is_generated};
pub use foreign::shadowed_by_foreign;
pub use interrupted::{Interrupted, InterruptedEnd, TakenBack};
pub use only::Only;
pub use outdated::{outdated, since};
pub use unasked::{RuleOrSetting, Unasked};
pub use undone::hold_again;
pub use warning::{OfPolicy, Search, Unexported, Untraced, Warning};

use rustc_hash::FxHashSet as HashSet;

use crate::auditctl::RuleLine;
use crate::boot_load::BootLoad;
use crate::error::{Problem, by_cause};
use crate::intent::{ApplyIntent, Goal};
use crate::lines::Reader;
use crate::plan::Target;
use crate::plan::files::Content;
use crate::plan::rules::{self, RuleForms};
use crate::request::{LoaderUnknown, OnDuplicate, PermSyscalls, UnknownSyscalls};
use crate::rule::Rule;
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

/// Which layers of a host are managed.
#[derive(Debug, Clone, Copy)]
pub struct Managed {
    /// Its files.
    pub files: bool,
    /// The rules of its kernel.
    pub kernel: bool,
}

/// What the request asks of this host. `managed` says which of its layers are managed.
///
/// A request to restore is not answered here: a snapshot is not a policy.
///
/// # Errors
/// Every problem of the request, each with its place.
pub fn desired(
    intent: &ApplyIntent,
    files: &Files,
    permit: Permit,
    managed: Managed,
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
    let mut work = Work { intent, files, permit, choices, managed, reader, problems: Vec::new() };
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
    managed: Managed,
    reader: &'a mut Reader,
    problems: Vec<Problem>,
}

impl Work<'_> {
    fn whole(&mut self, changes: Vec<Change>, mut own: Own) -> Desired {
        let asks_for_all = matches!(self.intent.goal, Goal::Loaded(..) | Goal::Exact(..));
        let declared = own.rules.len();
        let Changed { after, targets, compiled, about_compiled } = self.changed_files(changes, &mut own, asks_for_all);
        // Without a drop-in before and after, audit.rules stays the policy.
        let keeps_compiled = after.is_empty() && self.files.is_without_drop_ins();
        let merge =
            if keeps_compiled { self.files.policy(self.reader) } else { self.files.merged(&after, self.reader) };
        let lines = &merge.lines;
        let load = BootLoad::of(lines, self.reader);
        self.judge_lost(&own.rules[..declared], lines, &load);
        let own_rules: HashSet<&Rule> = own.rules.iter().map(|rule| &*rule.listed).collect();
        let is_asked_for = |rule: &Rule| asks_for_all || own_rules.contains(rule);
        let wanted = self.wanted_rules(&load, &after, &merge, &is_asked_for);
        // Only what the kernel holds already can be unloaded or kept.
        let gone = if self.managed.kernel { own.dropped.as_slice() } else { &[] };
        let dropped = wanted.dropped(gone, self.choices.perm_syscalls);
        let is_empty = asks_for_all && wanted.rules.is_empty();
        let unloadable = if self.managed.kernel || is_empty {
            DropInRules::of(self.files, &after, &merge, self.reader).unloadable
        } else {
            Vec::new()
        };
        let kept = unloadable.iter().map(|rule| forms(&rule.line, self.choices.perm_syscalls)).collect();

        let mut skipped = own.skipped;
        let mut deduplicated = own.deduplicated;
        let mut warnings = own.warnings;
        if asks_for_all {
            warnings.extend(drop_in_rules::taken_otherwise(lines, self.reader));
            warnings.extend(self.notes(lines, &load));
            self.judge_failing(lines, &load, &mut skipped, &mut deduplicated);
            if is_empty && unloadable.is_empty() {
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
        let machine = &self.reader.facts().machine;
        let unasked = if locks { wanted.unasked(&comments, &load, &settings, machine) } else { Vec::new() };
        warnings.extend(Warning::outdated(comments.iter().map(|comment| (&comment.spot, &*comment.text))));
        let files = self.intent.goal.names().into_iter().map(|name| name.file_name().to_string_lossy());
        let named: Vec<String> = files.map(|name| self.files.path(&name).display().to_string()).collect();
        // Without a drop-in of its own a request is about all of them.
        let warnings = capped::capped(warnings, &|file| named.is_empty() || named.iter().any(|own| own == file));
        let target = Target {
            files: targets,
            rules: wanted.rules,
            ordering: ordering(self.intent.ordering),
            dropped,
            kept,
            purge: self.intent.goal.purge().cloned(),
            stuck: HashSet::default(),
            silent: HashSet::default(),
            restores: false,
            settings,
        };
        Desired { target, skipped, deduplicated, warnings, at_boot: Some(at_boot), unasked }
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
}

/// Whether only a reboot takes this setting back.
#[must_use]
pub fn is_irreversible(name: Name, value: u32) -> bool {
    matches!((name, value), (Name::Enabled, 2) | (Name::LoginuidImmutable, 1))
}
