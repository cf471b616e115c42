//! What the auditctl of the boot does with a line, where that is not what we make of it.

use std::rc::Rc;

use super::{Facts, HostRule, PathFacts, Reading, Unloadable, is_of_host, missing_trees, settled};
use crate::auditctl::{self, Context, Control, Installed, Statement, Taken, tokens};

/// What auditctl does with a piece of a line, right or wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BootStep {
    /// What it sets or asks for; also what stands before the place at which it is refused.
    pub controls: Vec<Control>,
    /// The rule that it sends.
    pub rule: Option<Rc<HostRule>>,
    /// Why the line fails.
    pub obstacles: Vec<Unloadable>,
    /// auditctl ends here, whatever `-i` or `-c` said.
    pub ends: bool,
}

/// What the auditctl of the boot makes of a line.
pub(super) fn taken(text: &[u8], context: &Context<'_>, installed: &Installed) -> Vec<Taken> {
    let context = Context { installed: Some(installed), unknown_syscalls: auditctl::UnknownSyscalls::Fail, ..*context };
    tokens::pieces(text).map(|piece| auditctl::taken(piece, &context)).collect()
}

/// What a piece of a line comes to on this host.
pub(super) fn step(taken: Taken, paths: &PathFacts) -> BootStep {
    let mut step = BootStep { controls: taken.controls, ends: taken.ends, ..BootStep::default() };
    step.obstacles.extend(taken.refused.map(|error| Unloadable::Line(Rc::new(error))));
    step.obstacles.extend(missing_trees(&step.controls, paths));
    if let Some(line) = taken.rule {
        let (rule, obstacles) = settled(line, paths);
        step.rule = Some(rule);
        step.obstacles.extend(obstacles);
    }
    step
}

impl Reading {
    /// What the auditctl of the boot sets, or is asked for, by the line.
    pub fn controls_at_boot(&self) -> impl Iterator<Item = &Control> {
        let own = self.controls.iter().filter(|_| self.at_boot.is_empty());
        own.chain(self.at_boot.iter().flat_map(|step| &step.controls))
    }

    /// Notes where the auditctl of the boot makes something else of a line than we do.
    pub(super) fn compare(&mut self, statement: &Statement, taken: Vec<Taken>, facts: &Facts) {
        let lacks_syscalls = statement.rule.as_ref().is_some_and(|line| !line.skipped_syscalls.is_empty());
        let [only] = taken.as_slice() else {
            self.at_boot = taken.into_iter().map(|taken| step(taken, &facts.paths)).collect();
            return;
        };
        match &only.refused {
            // Names of other machines are an obstacle of their own.
            Some(_) if lacks_syscalls && only.controls == statement.controls => {}
            Some(error) if only.controls == statement.controls && !only.ends && statement.rule.is_some() => {
                let version = facts.installed.version;
                self.obstacles.push(Unloadable::TooNew { error: Rc::new(error.clone()), version });
            }
            None if only.controls == statement.controls && only.rule == statement.rule => {}
            _ => self.at_boot = taken.into_iter().map(|taken| step(taken, &facts.paths)).collect(),
        }
    }

    pub(super) fn settle_boot(&mut self, paths: &PathFacts) {
        for step in &mut self.at_boot {
            step.obstacles.retain(|obstacle| !is_of_host(obstacle));
            step.obstacles.extend(missing_trees(&step.controls, paths));
            let Some(line) = step.rule.as_ref().map(|rule| rule.line.clone()) else { continue };
            let (rule, obstacles) = settled(line, paths);
            step.rule = Some(rule);
            step.obstacles.extend(obstacles);
        }
    }

    /// Judges the paths of `-q` anew.
    pub(super) fn settle_trees(&mut self, paths: &PathFacts) {
        self.obstacles.retain(|obstacle| !is_of_host(obstacle));
        self.obstacles.extend(missing_trees(&self.controls, paths));
    }
}
