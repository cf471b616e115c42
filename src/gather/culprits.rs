//! Who loaded and unloaded what differs, and who changed settings: from the audit log.
//!
//! The newest file of the log is read first, and older ones only while something is still unknown and they may tell of this
//! boot. Nothing that is wrong with the log is more than a warning: the differences are known without it.

use std::ops::ControlFlow;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::logs::{self, Content, Log};
use super::{HeldFiles, HeldKernel};
use crate::desired::{Untraced, Warning, forms};
use crate::drift::{Cause, Drift, Key, SettingView};
use crate::error::{Problem, What};
use crate::events::{Altered, Culprit, Mark, Search, mark_of};
use crate::intent::GatherIntent;
use crate::lines::Reader;
use crate::records::{Assembler, Record, RecordType, time::to_rfc3339};
use crate::request::PermSyscalls;
use crate::rule::{Field, FieldNumber, List, Op, Rule};
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
    /// Lines of these that the files alone explain: they need not have been loaded.
    may_never_have_been: HashSet<usize>,
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
    let search = Search::new(boot.unwrap_or_default(), root.host_name());
    let mut sought = sought(search, files, kernel, drift, settings);
    if sought.search.is_empty() {
        return (Culprits::default(), Vec::new());
    }
    let lost = kernel.state.status.lost;
    if lost > 0 || kernel.state.rules.iter().any(may_drop_changes) {
        sought.search.allow_for_holes();
    }
    let logs = match logs::opened(&intent.log_files, &root) {
        Ok(logs) => logs,
        Err(problems) => {
            let warnings = problems.into_iter().map(|problem| Untraced::NoLog(Box::new(problem)));
            return (Culprits::default(), warnings.map(Warning::Untraced).collect());
        }
    };
    let mut culprits = Culprits::default();
    let reader = &mut files.observed.reader;
    let Reach { begins, unread } = read(logs, boot, &mut sought.search, reader, &mut culprits.logs);
    if !unread.is_empty() || culprits.logs.iter().any(|(_, read)| read.damage.is_some()) {
        sought.search.allow_for_holes();
    }
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
    let unread = unread.into_iter().map(|(file, lines)| Untraced::NoRecords { file, lines });
    let others = sought.search.other_hosts().map(str::to_owned).collect::<Vec<_>>();
    let others = (!others.is_empty()).then(|| Untraced::OtherHosts { own: root.host_name(), others });
    let lost = (lost > 0).then_some(Untraced::Lost(lost));
    let is_unknown =
        |(at, _): &&(usize, usize)| !culprits.unloaded.contains_key(at) && !sought.may_never_have_been.contains(at);
    let rules = sought.unloaded.iter().filter(is_unknown).count() + sought.loaded.len() - culprits.loaded.len();
    let unknown = Untraced::Unknown {
        rules,
        settings: sought.settings.len() - culprits.settings.len(),
        begins: begins.map(to_rfc3339),
        is_of_boot: begins.zip(boot).is_some_and(|(begins, boot)| begins <= boot + 2 * SLACK * 1000),
    };
    let warnings = damaged.chain(unread).chain(others).chain(lost).chain(unknown.is_any().then_some(unknown));
    let warnings = warnings.map(Warning::Untraced).collect();
    (culprits, warnings)
}

/// When the kernel started, in milliseconds since 1970, and a little before.
fn boot(root: &Root) -> Option<u64> {
    let seconds = u64::try_from(root.boot_time()?).ok()?;
    Some(seconds.saturating_sub(SLACK).saturating_mul(1000))
}

/// What to look for: rules that somebody may have loaded or unloaded, and settings that the kernel holds otherwise than the
/// files say.
fn sought(
    mut search: Search,
    files: &HeldFiles,
    kernel: &HeldKernel,
    drift: &Drift,
    settings: &[SettingView],
) -> Sought {
    let mut unloaded = Vec::new();
    let mut may_never_have_been = HashSet::default();
    for (line, cause) in &drift.missing_in_runtime {
        if !was_unloaded(cause) {
            may_never_have_been.insert(*line);
        }
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
    Sought { search, unloaded, may_never_have_been, loaded, settings }
}

/// Whether the record of a change of the rules may be among those that this rule of the kernel drops.
fn may_drop_changes(rule: &Rule) -> bool {
    let spares = |field: &Field| {
        let changes = [RecordType::CONFIG_CHANGE, RecordType::FEATURE_CHANGE];
        let is_of_changes = changes.iter().any(|kind| field.value.number() == Some(kind.0));
        field.number == FieldNumber::MSGTYPE && field.op == Op::EQUAL && !is_of_changes
    };
    rule.list == List::EXCLUDE && !rule.fields.iter().any(spares)
}

/// Whether a rule with this cause may have been loaded before; the others are kept out by what the files say, and were loaded
/// only where these said otherwise.
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

/// How far the log was read.
struct Reach {
    /// The time of the oldest record, in milliseconds since 1970.
    begins: Option<u64>,
    /// How many lines of which file are no records.
    unread: Vec<(String, u64)>,
}

/// Reads the log until all is known, the newest file first.
fn read(
    logs: Vec<Log<'_>>,
    boot: Option<u64>,
    search: &mut Search,
    reader: &mut Reader,
    read: &mut Vec<(String, LogRead)>,
) -> Reach {
    let mut begins: Option<u64> = None;
    let mut unread = Vec::new();
    let mut commands = Commands { reader, left: MOST_COMMANDS };
    for Log { name, content } in logs.into_iter().rev() {
        let mut assembler = Assembler::new();
        let mut others = 0;
        let mut each = |line: LogLine<'_>| {
            let Some(record) = Record::of_line(line.text).ok().filter(|_| !line.is_cut) else {
                // Such a line of a file that is being written goes on later.
                others += u64::from(line.has_end && !line.text.trim_ascii().is_empty());
                return ControlFlow::Continue(());
            };
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
        if others > 0 {
            unread.insert(0, (name.clone(), others));
        }
        read.insert(0, (name, log));
        if search.is_done() || begins.zip(boot).is_some_and(|(begins, boot)| begins < boot) {
            break;
        }
    }
    Reach { begins, unread }
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
