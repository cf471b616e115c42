//! How a run ended, in one word: the report and the record of the change say the same.

use super::{Applied, End};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the report")]
pub enum Ended {
    Unchanged,
    Planned,
    Applied,
    Staged,
    RolledBack,
    Stranded,
    Failed,
}

impl Ended {
    /// Its name.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Applied => "applied",
            Self::Staged => "staged",
            Self::RolledBack => "rolled_back",
            Self::Stranded => "stranded",
            Self::Failed => "failed",
        }
    }
}

impl Applied {
    /// How it ended.
    #[must_use]
    pub fn ended(&self) -> Ended {
        match self.end {
            End::Applied(_) | End::Unchanged(_) if !self.pending.is_quiet() => Ended::Staged,
            End::Unchanged(_) if self.has_taken_back => Ended::Applied,
            End::Unchanged(_) if self.planned_back.is_some() => Ended::Planned,
            End::Unchanged(_) => Ended::Unchanged,
            End::Planned => Ended::Planned,
            End::Applied(_) => Ended::Applied,
            End::Refused(_) => Ended::Failed,
            End::RolledBack(_) => Ended::RolledBack,
            End::Stranded(_) => Ended::Stranded,
        }
    }

    /// Whether the host is not as it was before, or would not be in check mode.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        match self.end {
            End::Unchanged(_) => self.has_taken_back || self.planned_back.is_some(),
            End::Refused(_) => self.has_taken_back,
            End::Planned | End::Applied(_) | End::Stranded(_) => true,
            End::RolledBack(_) => false,
        }
    }
}
