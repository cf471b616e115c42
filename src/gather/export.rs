//! A host's drop-ins as what a request to apply declares.

use rustc_hash::FxHashSet as HashSet;

use super::{Gathered, HeldFiles};
use crate::auditctl::canonical;
use crate::desired::{DropIn, Unexported, Warning};
use crate::drift::Drift;
use crate::intent::ADOPTED;
use crate::lines::Reader;
use crate::plan::KernelState;
use crate::rule::Machine;
use crate::rules_d::drop_in_name;
use crate::set_aside::SetAside;

/// What a host's drop-ins hold, in their own words.
#[derive(Debug, Default)]
pub struct Export {
    /// The drop-ins, in the order of the boot load.
    pub drop_ins: Vec<ExportedDropIn>,
    /// Whether the drop-in of what is taken over is one of them, and is not as on the host.
    pub adopts: bool,
    /// Whether one has a comment in place of a line that this host cannot load.
    pub skips: bool,
    /// Whether one says nothing at all.
    pub has_empty: bool,
}

/// A drop-in.
#[derive(Debug, PartialEq, Eq)]
pub struct ExportedDropIn {
    /// Its name, without `.rules`.
    pub name: String,
    /// All that it holds.
    pub text: String,
    /// The permissions of its file; none for one that is made.
    pub mode: Option<u32>,
}

/// The drop-ins of a host, with what is worth a sentence. With `adopts` also the loaded rules that no file asks for, and
/// the lines of `audit.rules` that no drop-in has.
pub fn export(gathered: &mut Gathered, adopts: bool, machine: &Machine) -> (Export, Vec<Warning>) {
    let mut export = Export::default();
    let mut warnings = Vec::new();
    let Some(files) = gathered.files.read_mut() else { return (export, warnings) };
    let drop_ins = std::mem::take(&mut files.observed.files.drop_ins);
    for drop_in in &drop_ins {
        export.take(drop_in, &mut files.observed.reader, &mut warnings);
    }
    files.observed.files.drop_ins = drop_ins;
    let kernel = gathered.kernel.read().map(|kernel| &kernel.state).zip(gathered.drift.as_ref());
    let foreign = kernel.map_or_else(Vec::new, |(state, drift)| foreign_lines(state, drift, machine));
    if adopts {
        let lines: Vec<Vec<u8>> = only_there(files).into_iter().chain(foreign).collect();
        export.adopt(&lines, &mut warnings);
    } else if !foreign.is_empty() {
        warnings.push(Warning::Unexported(Unexported::Foreign(foreign.len())));
    }
    if export.drop_ins.is_empty() {
        warnings.push(Warning::Unexported(Unexported::Nothing));
    }
    (export, warnings)
}

/// The loaded rules that no file asks for, in their order.
fn foreign_lines(state: &KernelState, drift: &Drift, machine: &Machine) -> Vec<Vec<u8>> {
    let mut foreign: Vec<usize> = drift.missing_in_filesystem.iter().map(|(at, _)| *at).collect();
    foreign.sort_unstable();
    foreign.into_iter().filter_map(|at| state.rules.get(at)).map(|rule| canonical(rule, machine)).collect()
}

/// The lines of `audit.rules` that no drop-in has; all of them where it is the policy.
fn only_there(files: &HeldFiles) -> Vec<Vec<u8>> {
    let says_something = |text: &&[u8]| !text.trim_ascii().is_empty() && !text.trim_ascii_start().starts_with(b"#");
    if files.observed.files.is_without_drop_ins() {
        let bytes = files.observed.files.audit_rules.as_ref().map(|content| content.bytes.as_slice());
        return bytes
            .into_iter()
            .flat_map(|bytes| bytes.split(|byte| *byte == b'\n'))
            .filter(says_something)
            .map(<[u8]>::to_vec)
            .collect();
    }
    files.only_there.iter().map(|line| &*line.text).filter(says_something).map(<[u8]>::to_vec).collect()
}

impl Export {
    fn take(&mut self, drop_in: &DropIn, reader: &mut Reader, warnings: &mut Vec<Warning>) {
        let mut warn = |why| warnings.push(Warning::Unexported(why));
        let name = drop_in.name.clone();
        if drop_in_name(&name).is_err() {
            return warn(Unexported::Name(name));
        }
        let Ok(text) = std::str::from_utf8(&drop_in.content.bytes) else { return warn(Unexported::NotText(name)) };
        let mode = drop_in.content.mode & 0o777;
        let is_open = mode & 0o022 != 0;
        if is_open {
            warn(Unexported::Mode { name: name.clone(), mode });
        }
        self.skips |= text.lines().any(|line| SetAside::of(line.as_bytes(), reader).is_some());
        self.has_empty |= text.trim().is_empty();
        self.drop_ins.push(ExportedDropIn {
            name: bare(&name),
            text: text.to_owned(),
            mode: (!is_open).then_some(mode),
        });
    }

    /// Takes lines over into the drop-in for that, behind those that it has.
    fn adopt(&mut self, lines: &[Vec<u8>], warnings: &mut Vec<Warning>) {
        let (mut taken, mut known) = (String::new(), HashSet::default());
        for line in lines {
            match std::str::from_utf8(line) {
                // A rule that stands there twice stops the load.
                Ok(line) if !known.insert(line) => {}
                Ok(line) => taken.extend([line, "\n"]),
                Err(_) => {
                    warnings.push(Warning::Unexported(Unexported::Line(String::from_utf8_lossy(line).into_owned())));
                }
            }
        }
        if taken.is_empty() {
            return;
        }
        self.adopts = true;
        let name = bare(ADOPTED);
        match self.drop_ins.iter_mut().find(|drop_in| drop_in.name == name) {
            Some(held) => {
                if !held.text.ends_with('\n') {
                    held.text.push('\n');
                }
                held.text.push_str(&taken);
            }
            None => self.drop_ins.push(ExportedDropIn { name, text: taken, mode: None }),
        }
    }
}

fn bare(name: &str) -> String {
    name.strip_suffix(".rules").unwrap_or(name).to_owned()
}
