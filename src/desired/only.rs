//! Lines that only `audit.rules` has.

/// What becomes of a line of `audit.rules` that no drop-in has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// augenrules makes the file anew at boot.
    DroppedAtBoot,
    /// This run makes it anew.
    Overwritten,
    /// The file says that it is made of the drop-ins, and this run makes it anew.
    LeftOver,
    /// The boot loads the file as it stands.
    LoadedFromThere,
    /// Nothing tells what the boot loads, or it loads nothing.
    NotMerged,
}

impl Only {
    /// What becomes of it, in words.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::DroppedAtBoot => "augenrules drops it at the next boot",
            Self::LeftOver => "the file was made of drop-ins that had it, and is made anew without it",
            Self::Overwritten => "compile: always takes it out of the file",
            Self::LoadedFromThere => "the boot loads it from there",
            Self::NotMerged => "augenrules would drop it",
        }
    }
}
