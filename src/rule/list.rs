//! Filter lists and actions.

/// A filter list by its `AUDIT_FILTER_*` number; numbers that we do not know are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct List(pub u32);

impl List {
    /// Records that come from user space.
    pub const USER: Self = Self(0);
    /// Task creation.
    pub const TASK: Self = Self(1);
    /// System call exit.
    pub const EXIT: Self = Self(4);
    /// Records to drop.
    pub const EXCLUDE: Self = Self(5);
    /// File systems whose names are not collected.
    pub const FILESYSTEM: Self = Self(6);
    /// `io_uring` operations.
    pub const IO_URING: Self = Self(7);

    /// The lists that auditctl can name, in the order in which the kernel lists them.
    pub const NAMED: [(Self, &'static str); 6] = [
        (Self::USER, "user"),
        (Self::TASK, "task"),
        (Self::EXIT, "exit"),
        (Self::EXCLUDE, "exclude"),
        (Self::FILESYSTEM, "filesystem"),
        (Self::IO_URING, "io_uring"),
    ];

    /// auditctl's name of the list.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMED.iter().find(|(list, _)| *list == self).map(|(_, name)| *name)
    }

    /// The list of this name; auditctl ignores case since 3.1.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(list, _)| *list)
    }
}

/// What a matching rule does, by its `AUDIT_*` number; numbers that we do not know are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Action(pub u32);

impl Action {
    /// No record.
    pub const NEVER: Self = Self(0);
    /// Deprecated; auditctl skips such a line, the kernel refuses such a rule.
    pub const POSSIBLE: Self = Self(1);
    /// A record.
    pub const ALWAYS: Self = Self(2);

    /// auditctl's name of the action.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::NEVER => Some("never"),
            Self::POSSIBLE => Some("possible"),
            Self::ALWAYS => Some("always"),
            _ => None,
        }
    }
}
