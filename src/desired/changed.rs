//! The files after a change.

use std::path::PathBuf;
use std::rc::Rc;

use rustc_hash::FxHashSet as HashSet;

use super::outdated::{Revive, revive, set_repeats_aside};
use super::own::{Change, Own};
use super::{DropIn, Permit, Warning, Work};
use crate::intent::Goal;
use crate::plan::files::{Content, FileTarget};

/// The files after a change.
pub(super) struct Changed {
    /// The drop-ins.
    pub after: Vec<DropIn>,
    /// The files that the change is about.
    pub targets: Vec<FileTarget>,
    /// What `audit.rules` then holds.
    pub compiled: Option<Rc<Vec<u8>>>,
    /// What is worth a sentence of it.
    pub about_compiled: Vec<Warning>,
}

impl Work<'_> {
    /// The files after the changes of the request, and after what these make of comments in place of lines: what the request
    /// asks for grows by the rules that lines hold again.
    pub(super) fn changed_files(&mut self, changes: Vec<Change>, own: &mut Own, asks_for_all: bool) -> Changed {
        let (mut after, mut targets) = self.files_after(changes);
        let let_go = own.dropped.iter().map(|rule| Rc::clone(&rule.listed)).collect();
        let which = if asks_for_all { Revive::All } else { Revive::LetGo(&let_go, &|_| false) };
        let revived = revive(self.files, &mut after, &mut targets, which, self.reader);
        own.rules.extend(revived.rules);
        own.dropped.extend(revived.replaced);
        // Whoever manages the kernel may look everywhere, so that the look has failed; others may just not look there.
        if self.managed.kernel {
            self.problems.extend(revived.doubts);
        } else {
            own.warnings.extend(revived.doubts.into_iter().map(|doubt| Warning::Tolerated(Box::new(doubt))));
        }
        set_repeats_aside(self.files, &mut after, &mut targets, &own.rules, self.reader);
        let (compiled, about_compiled) = self.compile(&mut after, &mut targets);
        Changed { after, targets, compiled, about_compiled }
    }

    /// The drop-ins that the request leaves in place, its own among them.
    pub(super) fn stays(&self) -> Vec<DropIn> {
        let stays = |d: &&DropIn| match &self.intent.goal {
            Goal::Exact(wanted, keep) => {
                wanted.iter().any(|forms| forms.file_name() == d.name) || keep.keeps_drop_in(&d.name)
            }
            _ => true,
        };
        self.files.drop_ins.iter().filter(stays).cloned().collect()
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
            let mode = self.intent.goal.mode_of(&name);
            let target = self.target_with(mode, self.files.path(&name), before.as_ref(), bytes);
            after.extend(target.after.clone().map(|content| DropIn { name, content }));
            targets.push(target);
        }
        targets.extend(purged.into_iter().map(|d| self.target(self.files.path(&d.name), Some(&d.content), None)));
        (after, targets)
    }

    pub(super) fn target(&self, path: PathBuf, before: Option<&Content>, bytes: Option<Vec<u8>>) -> FileTarget {
        self.target_with(None, path, before, bytes)
    }

    /// What becomes of a file, with permissions of its own where there are some.
    fn target_with(
        &self,
        mode: Option<u32>,
        path: PathBuf,
        before: Option<&Content>,
        bytes: Option<Vec<u8>>,
    ) -> FileTarget {
        let is_new_drop_in = before.is_none() && path.parent() == Some(&*self.files.rules_dir);
        let mut permit = self.permit;
        if is_new_drop_in && self.intent.mode.is_none() && self.files.are_private() {
            permit.mode = Permit::PRIVATE;
        }
        permit.mode = mode.unwrap_or(permit.mode);
        let after = bytes.map(|bytes| permit.content(bytes, before));
        FileTarget { path, before: before.cloned(), after }
    }
}
