//! Text that is no record.

/// A text that is no record, whole, with what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed<'a> {
    /// The text.
    pub text: &'a [u8],
    /// What is wrong with it.
    pub defect: Defect,
}

/// What is wrong with a text that should be a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Defect {
    /// It does not begin with `type=`, or with `node=` and that.
    NoType,
    /// The type is neither a known name nor a number.
    UnknownType,
    /// `audit(SECONDS.MILLISECONDS:SERIAL):` is missing or damaged.
    NoStamp,
    /// It is longer than any record.
    TooLong,
}

impl Defect {
    /// A short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoType => "no_type",
            Self::UnknownType => "unknown_type",
            Self::NoStamp => "no_stamp",
            Self::TooLong => "too_long",
        }
    }
}
