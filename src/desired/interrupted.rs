//! What is said of a run that was killed in the middle of a change.

use crate::auditctl::canonical_lossy;
use crate::plan::rules::{Doing, RuleStep};
use crate::plan::settings::SettingStep;
use crate::rule::Machine;

/// How many of a kind a sentence names at most.
const NAMED: usize = 3;

/// A run that was killed, and what became of its change.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interrupted {
    /// Its process.
    pub pid: u32,
    /// The files that it was to change.
    pub paths: Vec<String>,
    /// The copies of them that it made, which stay.
    pub copies: Vec<String>,
    /// What became of the change.
    pub end: InterruptedEnd,
}

/// What became of the change of a run that was killed.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum InterruptedEnd {
    /// It is left as it is, because of this.
    #[default]
    Waits,
    /// It is left as it is, for a reason of the run that found it.
    Kept(String),
    /// Check mode leaves it as it is; the run itself takes it back first, which does this.
    Planned(TakenBack),
    /// It was whole. `is_own` says that the run that found it is about the same files, and `unset` are settings that it
    /// had not come to.
    Whole {
        /// The same files.
        is_own: bool,
        /// The settings.
        unset: Vec<String>,
    },
    /// It was taken back.
    TakenBack(TakenBack),
}

/// What was done to take a change back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TakenBack {
    /// The rules that it had loaded.
    pub unloaded: Vec<String>,
    /// The rules that it had unloaded, and those put back in their place.
    pub loaded: Vec<String>,
    /// The files that it had written.
    pub files: Vec<String>,
    /// The settings that it had set, with what they are now.
    pub settings: Vec<String>,
    /// The rules that it had loaded and that stay, since a drop-in asks for them.
    pub kept: Vec<String>,
    /// What it did and is left.
    pub left: Vec<String>,
}

impl TakenBack {
    /// Whether anything was done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.unloaded, &self.loaded, &self.files, &self.settings].iter().all(|done| done.is_empty())
    }

    /// Takes these steps in.
    pub fn name(&mut self, rules: &[RuleStep], settings: &[SettingStep], machine: &Machine) {
        for step in rules {
            let named = if step.doing == Doing::Unload { &mut self.unloaded } else { &mut self.loaded };
            named.push(format!("`{}`", canonical_lossy(&step.rule, machine)));
        }
        self.settings.extend(settings.iter().map(|step| format!("{} {}", step.name.text(), step.after)));
    }

    fn parts(&self, is_to_come: bool) -> String {
        let part = |what: &str, named: &Vec<String>| (!named.is_empty()).then(|| format!("{what} {}", some(named)));
        let [unloaded, loaded, files, settings] = if is_to_come {
            ["to unload", "to load again", "to put back", "to set back"]
        } else {
            ["unloaded", "loaded again", "put back", "set back"]
        };
        let parts = [
            part(unloaded, &self.unloaded),
            part(loaded, &self.loaded),
            part(files, &self.files),
            part(settings, &self.settings),
        ];
        let done: Vec<String> = parts.into_iter().flatten().collect();
        let done = if done.is_empty() { "nothing of it was left".to_owned() } else { done.join(", ") };
        let kept = part("; left loaded, since a drop-in asks for it:", &self.kept).unwrap_or_default();
        let left = part("; left:", &self.left).unwrap_or_default();
        format!("{done}{kept}{left}")
    }
}

fn some(named: &[String]) -> String {
    let mut shown: Vec<String> = named.iter().take(NAMED).cloned().collect();
    shown.extend((named.len() > NAMED).then(|| format!("{} more", named.len() - NAMED)));
    shown.join(", ")
}

impl Interrupted {
    /// The sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let of = if self.paths.is_empty() { "the kernel's rules".to_owned() } else { some(&self.paths) };
        let end = match &self.end {
            InterruptedEnd::Waits => "the next run that reaches the kernel takes that back".to_owned(),
            InterruptedEnd::Kept(why) => {
                format!("this run leaves that as it is ({why}); the next one that reaches the kernel takes it back")
            }
            InterruptedEnd::Whole { is_own, unset } => {
                let who = if *is_own { "this run finished the work" } else { "its change was whole, and stays" };
                let unset = if unset.is_empty() { String::new() } else { format!("; it had not set {}", some(unset)) };
                format!("{who}{unset}")
            }
            InterruptedEnd::Planned(done) => {
                format!("check mode leaves that as it is; the run takes it back first: {}", done.parts(true))
            }
            InterruptedEnd::TakenBack(done) => format!("this run took its change back: {}", done.parts(false)),
        };
        let copies = if self.copies.is_empty() {
            String::new()
        } else {
            format!("; of what it replaced it left {}", some(&self.copies))
        };
        format!("an earlier run (process {}) was interrupted while it changed {of}; {end}{copies}", self.pid)
    }
}
