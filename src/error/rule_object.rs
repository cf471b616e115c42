//! Why a rule object cannot be said as a line.

/// Why an object cannot be said as a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadRuleObject {
    /// A value that a line cannot hold: control characters.
    ControlCharacter(String),
    /// A part of a rule that is empty; its key.
    EmptyPart(&'static str),
    /// Both a path and a directory.
    PathAndDir,
    /// An object that holds no part of a rule.
    Empty,
    /// Programs that only a host has, where none is looked at.
    ProgramsOfHost,
    /// A part of a rule beside programs.
    BesidePrograms,
    /// This key without programs.
    OnlyWithPrograms(&'static str),
}

impl BadRuleObject {
    /// The reason as a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::EmptyPart(part) => format!("{part} has an empty part"),
            Self::ControlCharacter(text) => {
                format!("{text:?} holds a control character, which no rule line can hold")
            }
            Self::PathAndDir => "a rule has either path or dir".to_owned(),
            Self::Empty => "the rule object is empty".to_owned(),
            Self::ProgramsOfHost => {
                "which programs are meant only a host can tell: apply looks at it, and gather with expect".to_owned()
            }
            Self::BesidePrograms => {
                "beside programs there may be arch, permissions, key, labels, exclude and auid_min: the rest is given"
                    .to_owned()
            }
            Self::OnlyWithPrograms(key) => format!("{key} has no meaning without programs"),
        }
    }
}
