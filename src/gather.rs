//! Reads both sources of a host's audit rules, each once, and compares them. Never writes.
//!
//! A source that cannot be read is a fact of the answer, and the other one is in it all the same.

mod culprits;
mod export;
pub mod logs;
mod warnings;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

pub use culprits::Culprits;
pub use export::{Export, ExportedDropIn};

use crate::boot_load::LoadLine;
use crate::desired::{
    BootSource, Files, Interrupted, InterruptedEnd, Merge, Only, Swallowed, Warning, Writable, as_it_stands, ordering,
    outdated,
};
use crate::drift::expect::{self, Evidence, Verified};
use crate::drift::{Cause, Drift, Gap, InPlace, NextBoot, SettingView, setting_views};
use crate::error::kernel::words;
use crate::error::{PolicyError, Problem, What};
use crate::intent::{Exported, GatherIntent, RequestLine, Scope};
use crate::kernel::Access;
use crate::lines::Reader;
use crate::matching::suppressed;
use crate::observe::{Observed, kernel_state, observe};
use crate::plan::KernelState;
use crate::request::{KernelChoice, Source};
use crate::rule::{Rule, id::Id};
pub use crate::rules_d::{CommandLine, LogRead, NextKernel};
use crate::rules_d::{
    Elsewhere, Journal, JournalFile, JournalFound, Links, Lock, Process, RUN_DIR, Root, Skipped, Watched, WatchedFile,
    boot_id,
};
use crate::set_aside;
use crate::snapshot::{Snapshot, Touch};
use crate::world::World;

/// What a host holds.
#[derive(Debug)]
pub struct Gathered {
    /// The files.
    pub files: Reading<HeldFiles>,
    /// The kernel.
    pub kernel: Reading<HeldKernel>,
    /// How the two differ, where both were read.
    pub drift: Option<Drift>,
    /// Who says what about each setting.
    pub settings: Vec<SettingView>,
    /// What is worth a sentence.
    pub warnings: Vec<Warning>,
    /// A run that was killed in the middle of its change.
    pub interrupted: Option<Interrupted>,
    /// How the host stands to what the request expects.
    pub expect: Option<Verified>,
    /// What there is of the rules that are that have labels; with an expectation, of its own rules.
    pub labelled: Vec<Evidence>,
    /// Who made the differences, where that was asked for.
    pub culprits: Option<Culprits>,
    /// The drop-ins, to be declared by a request, where that was asked for.
    pub export: Option<Export>,
}

/// The journal of a run that was killed in this boot, where no run is at work now, and the copies that it made.
fn pending_journal(root: &Path) -> Option<(Journal, Vec<String>)> {
    let root = Root::open(root).ok()?;
    let run_dir = root.directory(Path::new(RUN_DIR)).ok()?;
    let Ok(JournalFound::Whole(journal)) = JournalFile::new(&run_dir).read() else { return None };
    let is_of_this_boot = boot_id().is_none_or(|now| now == journal.boot_id);
    (is_of_this_boot && !Lock::is_held(&run_dir)).then(|| {
        let copies = journal.copies(&root);
        (journal, copies)
    })
}

/// Names a killed run as the cause of what its change touched.
fn blame(journal: &Journal, drift: &mut Drift, boot: &NextBoot, state: &KernelState) {
    let change = journal.change.clone().and_then(|change| serde_json::from_value::<Snapshot>(change).ok());
    let Some(rules) = change.and_then(|change| change.rules) else { return };
    let does = |rule: &Rule, touch: Touch| rules.touch(&Id::of(rule).to_string()) == Some(touch);
    let loads = |rule: &Rule| does(rule, Touch::Loads);
    let unloads = |rule: &Rule| does(rule, Touch::Unloads);
    drift.blame(journal.pid, boot, state, &loads, &unloads);
}

/// What came of reading a source.
#[derive(Debug)]
pub enum Reading<T> {
    /// It was read.
    Read(T),
    /// It was not to be read.
    NotAsked,
    /// There is none for us here.
    Absent(String),
    /// It cannot be read; nothing of it is used.
    Failed(Vec<Problem>),
}

impl<T> Reading<T> {
    /// What was read.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(read) => Some(read),
            _ => None,
        }
    }

    /// The same, to be changed.
    fn read_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Read(read) => Some(read),
            _ => None,
        }
    }

    /// Why it cannot be read.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Failed(problems) => problems,
            _ => &[],
        }
    }
}

/// The files of a host, and what the next boot makes of them.
#[derive(Debug)]
pub struct HeldFiles {
    /// The files.
    pub observed: Observed,
    /// What the next boot makes of them.
    pub boot: NextBoot,
    /// The lines of the file that the boot may load as it stands, or of `audit.rules`, that no drop-in has.
    pub only_there: Vec<LoadLine>,
    /// Files with rules that no boot loader reads for their names.
    pub ignored: Vec<Skipped>,
    /// Files that others than root may write.
    pub writable: Vec<Writable>,
    /// What is said of lines that a missing newline has made a part of a comment.
    pub swallowed: Vec<Swallowed>,
    /// The kernels that the host can boot.
    pub kernels: Vec<NextKernel>,
    /// The settings of auditd, where it has some.
    pub auditd: Option<BTreeMap<String, String>>,
}

/// The running kernel, and who else has to do with its audit rules.
#[derive(Debug)]
pub struct HeldKernel {
    /// Rules, state and features.
    pub state: KernelState,
    /// The processes of the host.
    pub processes: Vec<Process>,
    /// The ports of those who listen to its records, beside the process that receives them.
    pub listeners: Vec<u32>,
    /// What the boot loader told the kernel.
    pub command_line: Option<CommandLine>,
    /// The kernel's version.
    pub release: Option<String>,
}

/// Reads what the intent asks for.
pub fn gather(intent: &GatherIntent, world: &mut World<'_>) -> Gathered {
    let kernel = kernel(intent, world);
    let mut files = match intent.source {
        Source::Runtime => Reading::NotAsked,
        Source::Both | Source::Filesystem | Source::Log | Source::Kernel => {
            files(intent, world).map_or_else(Reading::Failed, Reading::Read)
        }
    };
    let state = kernel.read().map(|kernel| &kernel.state);
    let journal = if intent.place.is_live() { pending_journal(&world.root) } else { None };
    let mut drift = None;
    let mut settings = Vec::new();
    if let Reading::Read(files) = &mut files {
        drift = state.map(|state| compared(intent, world, &files.boot, state));
        if let (Some(drift), Some(state), Some((journal, _))) = (&mut drift, state, &journal) {
            blame(journal, drift, &files.boot, state);
        }
        let has_rules = state.is_some_and(|state| !state.rules.is_empty());
        let held = state.map(KernelState::settings);
        settings = setting_views(&files.boot, held.as_ref(), has_rules, &mut files.observed.reader);
    }
    let waits = |(Journal { pid, paths, .. }, copies)| Interrupted { pid, paths, copies, end: InterruptedEnd::Waits };
    let interrupted = journal.map(waits);
    let (expect, labelled) = match &mut files {
        Reading::Read(files) => verified(intent, files, state.zip(drift.as_ref()), &settings),
        _ => (None, Vec::new()),
    };
    let traced = match &mut files {
        Reading::Read(files) if intent.culprit => {
            let compared = kernel.read().zip(drift.as_ref());
            Some(culprits::culprits(intent, world, files, compared, &settings))
        }
        _ => None,
    };
    let (culprits, untraced) = traced.unzip();
    let warnings = Vec::new();
    let mut gathered =
        Gathered { files, kernel, drift, settings, warnings, interrupted, expect, labelled, culprits, export: None };
    gathered.warnings = warnings::warnings(&gathered, &world.machine);
    gathered.warnings.extend(untraced.unwrap_or_default());
    if intent.export != Exported::Nothing && gathered.files.read().is_some() {
        let adopts = intent.export == Exported::WithAdopted;
        let (export, unexported) = export::export(&mut gathered, adopts, &world.machine);
        gathered.export = Some(export);
        gathered.warnings.extend(unexported);
    }
    gathered
}

/// How the host stands to what is expected, and the evidence for its labels.
fn verified(
    intent: &GatherIntent,
    files: &mut HeldFiles,
    kernel: Option<(&KernelState, &Drift)>,
    settings: &[SettingView],
) -> (Option<Verified>, Vec<Evidence>) {
    let HeldFiles { observed, boot, .. } = files;
    let drop_ins = observed.files.drop_ins.iter().map(|drop_in| drop_in.name.clone()).collect();
    let suppressed = kernel.map(|(state, _)| suppressed(&state.rules)).unwrap_or_default();
    let host = expect::Host { boot, kernel, suppressed: &suppressed, settings, drop_ins };
    let sources: Vec<(String, &[u8])> = observed
        .files
        .sources()
        .into_iter()
        .map(|(path, content)| (path.to_string_lossy().into_owned(), content.bytes.as_slice()))
        .collect();
    let sources = sources.iter().map(|(path, bytes)| (path.as_str(), *bytes));
    let Some(wanted) = &intent.expect else { return (None, expect::own_evidence(&host, sources, true)) };
    let mut verified = expect::verify(wanted, &host, &mut observed.reader);
    if matches!(wanted.scope, Scope::DropIns(_)) {
        // Of these drop-ins all rules count, and their whole order.
        verified.take(expect::own_evidence(&host, sources, false));
    }
    let labelled = verified.rules.iter().filter(|rule| !rule.labels.is_empty()).cloned().collect();
    (Some(verified), labelled)
}

fn kernel(intent: &GatherIntent, world: &mut World<'_>) -> Reading<HeldKernel> {
    let insists = intent.source == Source::Runtime;
    let absent = |why: &str, answer: Option<String>, remedy: Option<String>| {
        if !insists {
            return Reading::Absent(remedy.map_or_else(|| why.to_owned(), |remedy| format!("{why} ({remedy})")));
        }
        let why = answer.map_or_else(|| why.to_owned(), |answer| format!("{why}: {answer}"));
        Reading::Failed(vec![PolicyError::NoKernel { why, remedy }.into_problem()])
    };
    if intent.source == Source::Filesystem {
        return Reading::NotAsked;
    }
    if !intent.place.is_live() {
        return absent("another root directory has no running kernel", None, None);
    }
    match &world.access {
        None => absent("the kernel was not asked", None, None),
        Some(Ok(Access::Absent(why, errno))) => absent(&why.message(), Some(words(*errno)), None),
        Some(Ok(Access::Denied(why, errno))) => {
            let message = format!("{}: {}", why.message(), words(*errno));
            Reading::Failed(vec![PolicyError::Denied { why: message, remedy: why.hint() }.into_problem()])
        }
        Some(Err(error)) => Reading::Failed(vec![error.clone().into()]),
        Some(Ok(Access::Managed(_))) if intent.kernel == KernelChoice::Auto && world.standing.elsewhere.is_some() => {
            let why = world.standing.elsewhere.unwrap_or(Elsewhere::Unknown);
            absent(&why.message(), None, why.hint())
        }
        Some(Ok(Access::Managed(_))) => read_kernel(world).unwrap_or_else(|problem| Reading::Failed(vec![problem])),
    }
}

fn read_kernel(world: &mut World<'_>) -> Result<Reading<HeldKernel>, Problem> {
    let Some(kernel) = &mut world.kernel else { return Ok(Reading::NotAsked) };
    let state = kernel_state(*kernel)?;
    let root = Root::open(&world.root).map_err(What::File)?;
    let (processes, command_line, release) = (root.processes(), root.kernel_command_line(), root.kernel_release());
    let listeners = root.record_listeners();
    Ok(Reading::Read(HeldKernel { state, processes, listeners, command_line, release }))
}

fn files(intent: &GatherIntent, world: &World<'_>) -> Result<HeldFiles, Vec<Problem>> {
    let file = |error| vec![Problem::from(What::File(error))];
    let root = world.root_to_read(&intent.place).map_err(file)?;
    let rules_d = root.directory(&intent.place.rules_dir).map_err(file)?;
    let given: Vec<&RequestLine> = intent.expect.iter().flat_map(|expect| &expect.lines).collect();
    let mut observed = observe(&intent.place, &given, &root, &rules_d, Links::Followed, world.machine)?;
    let Observed { files, reader, .. } = &mut observed;
    let (other, only_there) = at_boot(files, reader);
    let comments = outdated(files, &files.drop_ins, reader);
    let mut of_kernel = Vec::new();
    for drop_in in &files.drop_ins {
        let path: Rc<str> = files.path(&drop_in.name).to_string_lossy().into();
        let comments = set_aside::of_kernel_alone(&drop_in.content.bytes, reader);
        of_kernel.extend(comments.into_iter().map(|comment| (Rc::clone(&path), comment)));
    }
    let boot = NextBoot::of(files.policy(reader), other, reader).with_outdated(comments).with_kernel_alone(of_kernel);
    let writable = files.writable(&files.drop_ins, files.audit_rules.as_ref());
    let Observed { files, reader, .. } = &mut observed;
    let swallowed = Swallowed::all(files, &files.drop_ins, &boot.merge, reader);
    let boot = boot.with_swallowed(&swallowed);
    let (ignored, kernels, auditd) = (rules_d.ignored(), root.next_kernels(), root.auditd_settings());
    Ok(HeldFiles { observed, boot, only_there, ignored, writable, swallowed, kernels, auditd })
}

/// What the boot loads in place of what the files ask for, where it does; and the lines that only stand in that file, or
/// in `audit.rules`.
fn at_boot(files: &Files, reader: &mut Reader) -> (Option<InPlace>, Vec<LoadLine>) {
    let in_place = |merge, gap, only_there| Some(InPlace { merge, gap, only_there });
    let without = files.is_without_drop_ins();
    let only_compiled = |reader: &mut Reader| {
        if without { Vec::new() } else { files.only_compiled(&[&files.drop_ins], reader) }
    };
    match files.at_boot(&files.drop_ins) {
        BootSource::Nothing => (in_place(Merge::default(), Gap::NobodyLoads, Vec::new()), only_compiled(reader)),
        // augenrules makes the file anew.
        BootSource::DropIns if without => {
            let mut only = files.policy(reader).lines;
            only.retain(|line| !reader.read(&line.text).is_silent);
            (in_place(files.merged(&[], reader), Gap::NotInDropIns, Vec::new()), only)
        }
        BootSource::DropIns => (None, only_compiled(reader)),
        BootSource::File(path) if without && path == files.audit_rules_path() => (None, Vec::new()),
        BootSource::File(path) => {
            let bytes = files.audit_rules.as_ref().map(|content| content.bytes.as_slice());
            let bytes = files.boot_file(&path, &files.drop_ins, bytes);
            if bytes.unwrap_or_default() == files.compiled(&files.drop_ins) {
                return (None, Vec::new());
            }
            let file = bytes.map_or_else(Merge::default, |bytes| as_it_stands(&path, bytes, reader));
            let only = files.only_in(file.clone(), &[&files.drop_ins], reader);
            (in_place(file, Gap::NotInFile(path.to_string_lossy().into()), only.clone()), only)
        }
    }
}

fn compared(intent: &GatherIntent, world: &World<'_>, boot: &NextBoot, state: &KernelState) -> Drift {
    let mut drift = Drift::of(boot, state, ordering(intent.ordering));
    let doubtful = drift.doubtful_paths(boot);
    let root = if doubtful.is_empty() { None } else { Root::open(Path::new(&world.root)).ok() };
    let young = root.map_or_else(Vec::new, |root| root.made_since_boot(doubtful));
    drift.settle(boot, &young.into_iter().collect());
    // The paths of another mount namespace are others.
    if let Some(root) = Root::open(&world.root).ok().filter(|_| world.standing.elsewhere.is_none()) {
        silence(&mut drift, &root, state);
    }
    drift
}

/// Names the loaded rules that watch something else than what their paths name now: by what runs of this boot noted of the
/// directories that the rules hold, and by the mounts.
fn silence(drift: &mut Drift, root: &Root, state: &KernelState) {
    let run_dir = root.directory(Path::new(RUN_DIR));
    let then = run_dir.map_or_else(|_| Watched::default(), |run_dir| WatchedFile::new(&run_dir).read());
    let (now, mounts) = (Watched::now(state.rules.iter(), root), root.mounts());
    drift.silence(state, &|rule| {
        let covered = root.covered(rule, &mounts).map(|path| Cause::CoveredByMount { path: path.to_vec() });
        let left = || Some(Cause::WatchesElsewhere { path: then.left(rule, &now)?.to_vec() });
        let below = || {
            let point = then.mounted_since(rule, &now)?;
            Some(Cause::MountedBelow { path: point.as_os_str().as_encoded_bytes().to_vec() })
        };
        covered.or_else(left).or_else(below)
    });
}

/// The lines of the file that the boot loads as it stands, or of `audit.rules`, that no drop-in has; and what becomes of
/// them.
pub fn only_there(files: &Files, reader: &mut Reader) -> (Vec<LoadLine>, Only) {
    (at_boot(files, reader).1, end_of_compiled(files))
}

/// What becomes of a line that no drop-in has.
fn end_of_compiled(files: &Files) -> Only {
    match files.at_boot(&files.drop_ins) {
        BootSource::DropIns if files.is_remade_at_boot() => Only::DroppedAtBoot,
        BootSource::File(_) => Only::LoadedFromThere,
        _ => Only::NotMerged,
    }
}
