//! Who loaded and unloaded what differs, and who changed settings: from the audit log.
//!
//! The newest file of the log is read first, and older ones only while something is still unknown and they may tell of this
//! boot. Nothing that is wrong with the log is more than a warning: the differences are known without it.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap as HashMap;

use super::logs::{self, Content, Log};
use super::{HeldFiles, HeldKernel};
use crate::desired::{Untraced, Warning, forms};
use crate::drift::{Cause, Drift, Key, SettingView};
use crate::error::{Problem, What};
use crate::events::{Altered, Culprit, Mark, Search, mark_of};
use crate::intent::GatherIntent;
use crate::lines::Reader;
use crate::records::{Assembler, Record, time::to_rfc3339};
use crate::request::PermSyscalls;
use crate::rule::Rule;
use crate::rules_d::{LogLine, LogRead, Root, lines_of_text};
use crate::world::World;

/// How far the clock may have been set after the kernel took the time of the boot, in seconds.
const SLACK: u64 = 5;
/// Most command lines that are read for the rules that they name.
const MOST_COMMANDS: usize = 10_000;

/// Who made the differences, as far as the log tells.
#[derive(Debug, Default)]
pub struct Culprits {
    /// Who unloaded what is missing in the kernel, by the index of the line.
    pub unloaded: HashMap<usize, Culprit>,
    /// Who loaded what no file holds, by the index of the rule.
    pub loaded: HashMap<usize, Culprit>,
    /// Who changed a setting.
    pub settings: HashMap<Key, Culprit>,
    /// The files that were read, the oldest first, each with its name.
    pub logs: Vec<(String, LogRead)>,
}

/// What is asked about, each with its number in the search.
struct Sought {
    search: Search,
    unloaded: Vec<(usize, usize)>,
    loaded: Vec<(usize, usize)>,
    settings: Vec<(Key, usize)>,
}

/// Looks for who made the differences.
pub(super) fn culprits(
    intent: &GatherIntent,
    world: &World<'_>,
    files: &mut HeldFiles,
    compared: Option<(&HeldKernel, &Drift)>,
    settings: &[SettingView],
) -> (Culprits, Vec<Warning>) {
    let untraced = |why: Untraced| (Culprits::default(), vec![Warning::Untraced(why)]);
    let Some((kernel, drift)) = compared else { return untraced(Untraced::NotCompared) };
    let root = match world.root_to_read(&intent.place) {
        Ok(root) => root,
        Err(error) => return untraced(Untraced::NoLog(Box::new(Problem::from(What::File(error))))),
    };
    let boot = boot(&root);
    let mut sought = sought(files, kernel, drift, settings, boot.unwrap_or_default());
    if sought.search.is_empty() {
        return (Culprits::default(), Vec::new());
    }
    let logs = match logs::opened(&intent.log_files, &root) {
        Ok(logs) => logs,
        Err(problems) => {
            let warnings = problems.into_iter().map(|problem| Untraced::NoLog(Box::new(problem)));
            return (Culprits::default(), warnings.map(Warning::Untraced).collect());
        }
    };
    let mut culprits = Culprits::default();
    let begins = read(logs, boot, &mut sought.search, &mut files.observed.reader, &mut culprits.logs);
    let known = known(files, kernel, drift);
    let search = &sought.search;
    let of_rules = |asked: &[(usize, usize)]| {
        asked.iter().filter_map(|(at, number)| Some((*at, search.rule(*number, &known)?))).collect::<HashMap<_, _>>()
    };
    culprits.unloaded = of_rules(&sought.unloaded);
    culprits.loaded = of_rules(&sought.loaded);
    let settings = sought.settings.iter().filter_map(|(key, number)| Some((*key, search.setting(*number)?)));
    culprits.settings = settings.collect();
    let damaged = culprits
        .logs
        .iter()
        .filter_map(|(file, read)| Some(Untraced::Damaged { file: file.clone(), why: read.damage.clone()? }));
    let rules = sought.unloaded.len() + sought.loaded.len() - culprits.unloaded.len() - culprits.loaded.len();
    let unknown = Untraced::Unknown {
        rules,
        settings: sought.settings.len() - culprits.settings.len(),
        begins: begins.map(to_rfc3339),
        is_of_boot: begins.zip(boot).is_some_and(|(begins, boot)| begins <= boot + 2 * SLACK * 1000),
    };
    let warnings = damaged.chain(unknown.is_any().then_some(unknown)).map(Warning::Untraced).collect();
    (culprits, warnings)
}

/// When the kernel started, in milliseconds since 1970, and a little before.
fn boot(root: &Root) -> Option<u64> {
    let seconds = u64::try_from(root.boot_time()?).ok()?;
    Some(seconds.saturating_sub(SLACK).saturating_mul(1000))
}

/// What to look for: rules that somebody may have loaded or unloaded, and settings that the kernel holds otherwise than the
/// files say.
fn sought(files: &HeldFiles, kernel: &HeldKernel, drift: &Drift, settings: &[SettingView], since: u64) -> Sought {
    let mut search = Search::new(since);
    let mut unloaded = Vec::new();
    for (line, _) in drift.missing_in_runtime.iter().filter(|(_, cause)| was_unloaded(cause)) {
        let rule = files.boot.asked.get(*line).and_then(|asked| asked.rule.as_ref());
        unloaded.extend(rule.map(|rule| {
            let rule = (*rule.listed).clone();
            (*line, search.ask_rule(Altered { rule, loaded: false }))
        }));
    }
    let mut loaded = Vec::new();
    for (at, _) in &drift.missing_in_filesystem {
        let rule = kernel.state.rules.get(*at).cloned();
        loaded.extend(rule.map(|rule| (*at, search.ask_rule(Altered { rule, loaded: true }))));
    }
    let differ = settings.iter().filter(|view| {
        let differs = view.on_disk.is_some() && view.running.is_some() && view.on_disk != view.running;
        matches!(view.key, Key::Setting(_)) && (differs || view.is_off)
    });
    let settings = differ.map(|view| (view.key, search.ask_setting(view.key.text(), view.running))).collect();
    Sought { search, unloaded, loaded, settings }
}

/// Whether a rule with this cause may have been loaded before; the others are kept out by what the files say.
fn was_unloaded(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::NotLoaded
            | Cause::DroppedByKernel { .. }
            | Cause::OtherKind
            | Cause::WaitsForReboot
            | Cause::InterruptedRun { .. }
    )
}

/// How many rules with each mark there are in the kernel and in the files.
fn known(files: &HeldFiles, kernel: &HeldKernel, drift: &Drift) -> HashMap<Mark<'static>, usize> {
    let missing = drift.missing_in_runtime.iter().filter_map(|(line, _)| files.boot.asked.get(*line)?.rule.as_ref());
    let mut known: HashMap<Mark<'static>, usize> = HashMap::default();
    for rule in kernel.state.rules.iter().chain(missing.map(|rule| &*rule.listed)) {
        *known.entry(mark_of(rule)).or_default() += 1;
    }
    known
}

/// Reads the log until all is known, the newest file first; gives the time of the oldest record that was read, in milliseconds
/// since 1970.
fn read(
    logs: Vec<Log<'_>>,
    boot: Option<u64>,
    search: &mut Search,
    reader: &mut Reader,
    read: &mut Vec<(String, LogRead)>,
) -> Option<u64> {
    let mut begins: Option<u64> = None;
    let mut commands = Commands { reader, left: MOST_COMMANDS };
    for Log { name, content } in logs.into_iter().rev() {
        let mut assembler = Assembler::new();
        let mut each = |line: LogLine<'_>| {
            let Ok(record) = Record::of_line(line.text) else { return ControlFlow::Continue(()) };
            let at = record.stamp.in_milliseconds();
            begins = Some(begins.map_or(at, |begins| begins.min(at)));
            assembler.add(&record);
            while let Some(event) = assembler.next_event() {
                search.take(&event, &mut |line| commands.named(line));
                assembler.give_back(event);
            }
            ControlFlow::Continue(())
        };
        let log = match content {
            Content::Text(text) => lines_of_text(text.as_bytes(), &mut each),
            Content::File(file) => file.each_line(&mut each),
        };
        assembler.finish();
        while let Some(event) = assembler.next_event() {
            search.take(&event, &mut |line| commands.named(line));
        }
        read.insert(0, (name, log));
        if search.is_done() || begins.zip(boot).is_some_and(|(begins, boot)| begins < boot) {
            break;
        }
    }
    begins
}

/// Reads the rules that command lines of auditctl name.
struct Commands<'a> {
    reader: &'a mut Reader,
    /// How many more are read.
    left: usize,
}

impl Commands<'_> {
    /// The rule that a command line names, in every form in which the kernel may hold it.
    fn named(&mut self, line: &str) -> Vec<Rule> {
        let Some(left) = self.left.checked_sub(1) else { return Vec::new() };
        self.left = left;
        let reading = self.reader.read(line.as_bytes());
        let Some(rule) = reading.rule.as_ref().filter(|rule| !rule.line.emptied) else { return Vec::new() };
        let mut named = Vec::new();
        for rule in rule.of_either_kind() {
            let forms = forms(&rule.line, PermSyscalls::All);
            let other = forms.other_masks.into_iter().map(|mask| Rule { syscalls: mask, ..forms.rule.clone() });
            named.extend(std::iter::once(forms.rule.clone()).chain(other).map(Rule::as_listed));
        }
        named
    }
}
