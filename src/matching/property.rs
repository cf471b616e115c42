//! What of an event a field looks at, by list.

use crate::rule::{Field, FieldNumber, List};

/// What of an event a field looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// A number that every event of the list has, once.
    Number,
    /// A group of the process: `=` and `!=` look at its supplementary groups too.
    Group,
    /// The number that the system call gave back, where it came back at all.
    Result,
    /// Whether it succeeded, where it came back at all.
    Success,
    /// The family of a socket address, where there is one.
    Family,
    /// A number of a file: that of the watched one for rules with `path` or `inode`, of any file of the event otherwise.
    OfFile,
    /// What the system call may do to a file.
    Access,
    /// A kind of file that occurs in the event.
    FileType,
    /// A file, by its path.
    Path,
    /// Everything below a directory.
    Tree,
    /// Something that is there or not, and that no other condition says anything about.
    Fact,
    /// A key: no condition.
    Key,
    /// Nothing: the list has no such property, so that the condition never holds.
    Absent,
    /// Nothing, and evaluation of the whole list ends here.
    Stop,
}

impl Property {
    /// What a field looks at on a list.
    #[must_use]
    pub fn of(field: FieldNumber, list: List) -> Self {
        match list {
            List::USER | List::EXCLUDE => return Self::on_records(field),
            List::TASK if needs_syscall(field) => return Self::Absent,
            _ => {}
        }
        match field.0 {
            0..=4 | 7..=12 | 18 | 24 | 25 | 200..=203 => Self::Number,
            5 | 6 => Self::Group,
            100 | 101 | 109 | 110 => Self::OfFile,
            103 => Self::Result,
            104 => Self::Success,
            105 => Self::Path,
            106 => Self::Access,
            107 => Self::Tree,
            108 => Self::FileType,
            113 => Self::Family,
            210 => Self::Key,
            _ => Self::Fact,
        }
    }

    /// The lists of records know few fields (`audit_filter` in `kernel/audit.c`).
    fn on_records(field: FieldNumber) -> Self {
        match field.0 {
            0 | 1 | 5 | 9 | 12 | 24 => Self::Number,
            13..=17 | 112 => Self::Fact,
            _ => Self::Stop,
        }
    }
}

/// Whether this field ends the evaluation of its whole list, where the conditions before it hold.
#[must_use]
pub fn stops_list(field: &Field, list: List) -> bool {
    Property::of(field.number, list) == Property::Stop
}

/// What exists only while a system call runs. `perm!=` and `filetype!=` hold without one, so they are not here.
fn needs_syscall(field: FieldNumber) -> bool {
    matches!(field.0, 11 | 18..=23 | 100..=105 | 107 | 109 | 110 | 113 | 200..=203)
}

/// Whether a condition is about files by their names.
pub(super) fn names_a_file(field: &Field) -> bool {
    matches!(field.number, FieldNumber::PATH | FieldNumber::DIR)
}
