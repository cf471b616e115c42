//! What a purge keeps of what nobody declares.

use glob::Pattern;

/// Globs on drop-in names and keys.
#[derive(Debug, Clone, Default)]
pub struct Keep(Vec<Pattern>);

impl Keep {
    /// Keeps what one of these globs matches.
    #[must_use]
    pub fn new(globs: Vec<Pattern>) -> Self {
        Self(globs)
    }

    /// Whether a drop-in of this name is kept; its `.rules` may be left out of the glob.
    #[must_use]
    pub fn keeps_drop_in(&self, name: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(name) || glob.matches(name.trim_end_matches(".rules")))
    }

    /// Whether a rule with this key is kept.
    #[must_use]
    pub fn keeps_key(&self, key: &[u8]) -> bool {
        self.0.iter().any(|glob| glob.matches(&String::from_utf8_lossy(key)))
    }
}
