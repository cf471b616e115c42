//! Rules that the kernel cannot let go: those on a program whose directory is gone.
//!
//! It keeps such a rule when the file system with the program is unmounted, and looks the directory up again to find the
//! rule that a delete means.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::auditctl::canonical_lossy;
use crate::desired::Warning;
use crate::plan::rules::Doing;
use crate::plan::{KernelState, Target, plan_loaded};
use crate::rule::{FieldNumber, Machine, Rule};
use crate::rules_d::Root;

/// Leaves the rules out of a target that it would unload and the kernel cannot; each with a warning.
pub fn leave(target: &mut Target, kernel: Option<&KernelState>, root: &Root, machine: &Machine) -> Vec<Warning> {
    let loaded = kernel.map_or(&[][..], |kernel| &kernel.rules);
    if !loaded.iter().any(|rule| program(rule).is_some()) {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for step in plan_loaded(target, loaded).into_iter().filter(|step| step.doing == Doing::Unload) {
        let Some(path) = program(&step.rule).map(|path| Path::new(OsStr::from_bytes(path))) else { continue };
        if !root.lookup(path).lacks_directory() {
            continue;
        }
        let directory = path.parent().unwrap_or(path).display().to_string();
        warnings.push(Warning::Stuck { rule: canonical_lossy(&step.rule, machine), directory });
        target.stuck.insert(step.rule);
    }
    warnings
}

fn program(rule: &Rule) -> Option<&[u8]> {
    rule.fields.iter().find(|field| field.number == FieldNumber::EXE)?.text()
}
