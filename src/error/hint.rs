//! What may help.

use std::fmt;

/// What may help with a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// A word that was most likely meant in place of the one that is there.
    DidYouMean(String),
    /// Anything else.
    Say(String),
}

impl Hint {
    /// A hint in these words.
    #[must_use]
    pub fn say(text: impl Into<String>) -> Self {
        Self::Say(text.into())
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
            Self::Say(text) => out.write_str(text),
        }
    }
}
