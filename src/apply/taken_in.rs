//! What an earlier run that was killed adds to what a request came to.

use std::path::Path;

use rustc_hash::FxHashSet as HashSet;

use super::back::is_previous;
use super::interrupted::Met;
use super::{Applied, End};
use crate::error::Problem;
use crate::plan::Plan;
use crate::plan::rules::carried_out;
use crate::restore;
use crate::rule::Rule;
use crate::snapshot::{SavedFile, SavedSetting, Snapshot};

impl Applied {
    /// A request that was refused after the change of a killed run was taken back.
    pub(super) fn refused(problems: Vec<Problem>, unmanaged: Option<String>, met: Met) -> Self {
        let mut refused = Self {
            plan: Plan::default(),
            pending: Plan::default(),
            end: End::Refused(problems),
            target: restore::empty_target(),
            before: None,
            now: None,
            unmanaged,
            skipped: Vec::new(),
            deduplicated: Vec::new(),
            warnings: Vec::new(),
            undo: None,
            expedited: false,
            backups: Vec::new(),
            at_boot: None,
            has_taken_back: false,
            planned_back: None,
            record: None,
            lost: None,
            plan_id: None,
            digests: None,
        };
        refused.take_in(met);
        refused
    }

    /// Says what became of the change of a killed run. The undo of a run that finds its own change whole goes back to
    /// before the killed run.
    pub(super) fn take_in(&mut self, met: Met) {
        self.warnings.splice(0..0, met.warnings);
        self.has_taken_back = met.changed;
        self.planned_back = met.planned;
        if let (Some(undo), false) = (&mut self.undo, met.kept.is_empty()) {
            // Before the killed run they were not loaded.
            let before = self.before.iter().flat_map(|before| &before.rules).filter(|rule| !met.kept.contains(rule));
            let before: Vec<Rule> = before.cloned().collect();
            let after = self.now.as_ref().map(|now| carried_out(&self.pending.rules, &now.rules));
            undo.rules = Snapshot::of_change(&[], after.as_ref().map(|after| (&before[..], &after[..])), &[]).rules;
        }
        let (Some(earlier), End::Unchanged(_) | End::Applied(_)) = (met.earlier, &self.end) else { return };
        let own = self.undo.take();
        self.undo = Some(self.undo_before(&earlier, own));
    }

    fn undo_before(&self, earlier: &Snapshot, own: Option<Snapshot>) -> Snapshot {
        let now = self.now.as_ref().map(|now| now.rules.as_slice());
        let list = |rules: &[Rule]| earlier.rules.as_ref()?.before_as_far_as_known(rules).ok();
        let before = self.before.as_ref().and_then(|before| list(&before.rules));
        let mut undo = Snapshot::of_change(&[], before.as_deref().zip(now), &[]);
        let own = own.unwrap_or_else(|| Snapshot::of_change(&[], None, &[]));
        let is_earlier = |path: &str| earlier.files.iter().any(|saved| saved.path == path);
        undo.files = earlier.files.iter().filter(|saved| !is_previous(Path::new(&saved.path))).cloned().collect();
        for file in &mut undo.files {
            if let Some(SavedFile { after, .. }) = own.files.iter().find(|saved| saved.path == file.path) {
                file.after.clone_from(after);
            }
        }
        undo.files.extend(own.files.iter().filter(|saved| !is_earlier(&saved.path)).cloned());
        let held = self.now.as_ref().map(crate::plan::KernelState::settings).unwrap_or_default();
        let now =
            |saved: &SavedSetting| crate::settings::Name::from_text(&saved.setting).and_then(|name| held.get(name));
        undo.control = earlier
            .control
            .iter()
            .map(|saved| SavedSetting { after: now(saved).unwrap_or(saved.after), ..saved.clone() })
            .filter(|saved| saved.before != saved.after)
            .collect();
        let known: HashSet<String> = earlier.control.iter().map(|saved| saved.setting.clone()).collect();
        undo.control.extend(own.control.iter().filter(|saved| !known.contains(&saved.setting)).cloned());
        undo
    }
}
