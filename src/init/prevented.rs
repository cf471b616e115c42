//! What keeps a service from loading the rules, in words.

use std::fmt;

/// A directive of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The file that has it.
    pub file: String,
    /// It: `ConditionPathExists=/etc/audit/on`.
    pub text: String,
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.text, self.file)
    }
}

/// Why a service that is started does not load the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prevented {
    /// A condition does not hold.
    NotMet(Directive),
    /// A command that has to succeed before, or the load itself, names a program that is not installed.
    NoProgram {
        /// Its path.
        program: String,
        /// The command.
        directive: Directive,
    },
    /// A later command deletes them.
    Deleted(Directive),
}

impl Prevented {
    /// It as a clause.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::NotMet(directive) => format!("{directive} does not hold"),
            Self::NoProgram { program, directive } => format!("{directive}: {program} cannot be executed"),
            Self::Deleted(directive) => format!("{directive} deletes them again"),
        }
    }
}
