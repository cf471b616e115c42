//! What each given line means: its rule, its text, what the kernel would say, and what is worth knowing.
//!
//! Pure: what stands at the paths that a line names is part of what is given.

pub mod meaning;
mod policy;
mod words;

pub use policy::{Placed, Policy};
pub use words::{Named, account_name};

use crate::auditctl::{self, Context, Control, Line, LineError, Note, Statement, Verb};
use crate::lines::{PathFacts, links};
use crate::rule::path::PathFact;
use crate::rule::verdict::{self, Refusal};
use crate::rule::{FieldNumber, Rule};

/// Which mask a rule with `perm=` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PermSyscalls {
    /// All system calls: the kernel's own classes do the narrowing.
    #[default]
    All,
    /// The table of auditctl 4.2.
    V4_2,
}

/// What one line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explained {
    /// Nothing, or a comment.
    Comment,
    /// Settings and requests alone.
    Controls {
        /// Them, in order.
        controls: Vec<Control>,
        /// What is worth knowing.
        notes: Vec<Note>,
    },
    /// A rule, after its line's settings.
    Rule(Box<ExplainedRule>),
    /// auditctl refuses the line, or we do.
    Refused(LineError),
}

/// What the rule of a line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedRule {
    /// The settings of the line, carried out first.
    pub controls: Vec<Control>,
    /// What happens to the rule.
    pub verb: Verb,
    /// The rule as it is sent.
    pub rule: Rule,
    /// The rule as a line, in bytes.
    pub canonical: Vec<u8>,
    /// Why the kernel refuses it, as far as its form decides.
    pub kernel: Result<(), Refusal>,
    /// What is worth knowing.
    pub notes: Vec<Note>,
}

/// The paths that the meaning of a line, or what is worth knowing of it, depends on.
pub fn named_paths(line: &Line) -> impl Iterator<Item = &[u8]> {
    let rule = match line {
        Line::Statement(Statement { rule: Some(rule), .. }) => Some(&rule.rule),
        _ => None,
    };
    let is_path = |number| matches!(number, FieldNumber::PATH | FieldNumber::DIR | FieldNumber::EXE);
    rule.into_iter().flat_map(|rule| &rule.fields).filter(move |field| is_path(field.number)).filter_map(|f| f.text())
}

/// Explains one line; `paths` has what stands at the paths that it names ([`named_paths`]).
#[must_use]
pub fn explain(line: &[u8], context: &Context<'_>, paths: &PathFacts, perm_syscalls: PermSyscalls) -> Explained {
    let Statement { controls, rule } = match auditctl::parse(line, context) {
        Ok(Line::Blank | Line::Comment) => return Explained::Comment,
        Ok(Line::Statement(statement)) => statement,
        Err(error) => return Explained::Refused(error),
    };
    let Some(line) = rule else {
        let notes = if controls.is_empty() { vec![Note::Possible] } else { Vec::new() };
        return Explained::Controls { controls, notes };
    };
    let is_directory =
        line.watched_path().and_then(|path| paths.get(path).copied()).is_some_and(PathFact::is_directory);
    let mut line = line.with_watch_kind(is_directory);
    line.notes.extend(links(&line.rule, paths));
    if perm_syscalls == PermSyscalls::V4_2 {
        line.rule.syscalls = line.mask_4_2();
    }
    Explained::Rule(Box::new(ExplainedRule {
        controls,
        verb: line.verb,
        canonical: auditctl::canonical(&line.rule, context.machine),
        kernel: verdict::kernel_verdict(&line.rule),
        notes: line.notes,
        rule: line.rule,
    }))
}
