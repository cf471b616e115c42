//! What may help.

use std::fmt;

/// What may help with a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// A word that was most likely meant in place of the one that is there.
    DidYouMean(String),
    /// How a rule is left out until this is there.
    UntilThere {
        /// What is missing.
        what: &'static str,
        /// Whether a check mode has found it, so that an earlier task may make it.
        is_check: bool,
    },
    /// Anything else.
    Say(String),
}

impl Hint {
    /// A hint in these words.
    #[must_use]
    pub fn say(text: impl Into<String>) -> Self {
        Self::Say(text.into())
    }

    /// How a rule is left out until this is there.
    #[must_use]
    pub fn until_there(what: &'static str) -> Self {
        Self::UntilThere { what, is_check: false }
    }

    /// Asks whether this word was meant.
    #[must_use]
    pub fn did_you_mean(word: impl Into<String>) -> Self {
        Self::DidYouMean(word.into())
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DidYouMean(word) => write!(out, "did you mean {word}?"),
            Self::UntilThere { what, is_check: true } => write!(
                out,
                "where an earlier task makes the {what}: on_missing: check_mode_skip; on_missing: skip leaves the rule out until \
                 the {what} exists"
            ),
            Self::UntilThere { what, is_check: false } => {
                write!(out, "on_missing: skip leaves the rule out until the {what} exists")
            }
            Self::Say(text) => out.write_str(text),
        }
    }
}
