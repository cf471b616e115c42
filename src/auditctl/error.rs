//! Why a line is refused.

use crate::rule::arch::UnknownArch;
use crate::rule::number::BadNumber;
use crate::rule::{Arch, List};

/// Why a line is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// What is wrong.
    pub what: LineErrorKind,
    /// Where the word at fault begins in the line, in bytes from 0.
    pub column: usize,
    /// A habit from elsewhere that explains the mistake.
    pub habit: Option<Habit>,
}

/// What people write from habit and auditctl does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// A tab between words.
    Tab,
    /// Quotation marks, as a shell reads them.
    Quotes,
    /// `&gt;` and its like, from a web page.
    HtmlEntity,
    /// A comment after the rule.
    TrailingComment,
    /// A backslash at the end, as if the next line went on with this one.
    LineContinuation,
    /// A blank in a path, without a backslash.
    BlankInPath,
    /// `-k` without a key, so that the next option is taken for it.
    KeyMissing,
    /// `-a0=1` for `-F a0=1`.
    ArgumentOption,
    /// Two rules on one line.
    TwoRules,
}

impl LineError {
    /// The cause that other lines of the same file most likely have too: how the file was made.
    #[must_use]
    pub fn cause(&self) -> Option<&'static str> {
        match (&self.habit, &self.what) {
            (Some(Habit::Tab), _) => Some("tab"),
            (Some(Habit::Quotes), _) => Some("quotes"),
            (Some(Habit::HtmlEntity), _) => Some("html"),
            (Some(Habit::TrailingComment), _) => Some("comment"),
            (None, LineErrorKind::Word(WordError::CarriageReturn)) => Some("carriage_return"),
            (None, LineErrorKind::Word(WordError::BadByte { .. })) => Some("bad_byte"),
            _ => None,
        }
    }

    /// Whether the author took the next line for a part of this one.
    #[must_use]
    pub fn is_continued(&self) -> bool {
        self.habit == Some(Habit::LineContinuation)
    }
}

/// What is wrong with a line. Texts are for messages: bytes that are no UTF-8 are replaced in them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LineErrorKind {
    /// Words and controls.
    Word(WordError),
    /// The form of the rule.
    Form(FormError),
    /// A condition.
    Condition(ConditionError),
    /// A name that nothing has.
    Name(NameError),
    /// A value.
    Value(ValueError),
    /// A system call that this architecture lacks: others may have it.
    UnknownSyscall {
        name: String,
        arch: Arch,
        exists_on: Vec<&'static str>,
        alias_of: Option<&'static str>,
        nearest: Option<&'static str>,
    },
    /// A user that the host lacks.
    UnknownUser { field: &'static str, name: String },
    /// A group that the host lacks.
    UnknownGroup { field: &'static str, name: String },
}

/// What is wrong with the words of a line, before any rule is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WordError {
    LineTooLong { length: usize },
    BadByte { byte: u8 },
    CarriageReturn,
    ByteOrderMark,
    Continued,
    UnknownOption { option: String },
    AmbiguousOption { option: String, options: Vec<&'static str> },
    MissingArgument { option: &'static str },
    UnwantedValue { option: &'static str },
    StrayWord { word: String },
    StandsAlone { option: &'static str },
    NestedRules,
    BadSetting { option: &'static str, value: String, why: BadSetting },
}

/// What is wrong with the form of a rule: which options stand where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FormError {
    NotListAndAction { value: String },
    UnknownList { word: String, nearest: Option<&'static str> },
    UnknownAction { word: String },
    PossibleBeforeList,
    TwoVerbs,
    TaskAfterSyscall,
    MissingList { option: &'static str },
    WatchWithRule { option: &'static str },
    WatchNotFirst { option: &'static str },
    PermissionWithoutRule,
    PermissionWithoutField,
    SyscallOnList { list: List },
    ArchAfterSyscall,
    TooManyFields,
    KeyWithoutRule,
}

/// What is wrong with a condition, apart from its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ConditionError {
    MissingOperator { text: String },
    MissingField { text: String },
    MissingValue { text: String },
    FieldNotOnList { field: &'static str, list: List },
    BadOperator { field: &'static str, op: &'static str },
    ComparisonOperator { text: String },
    ComparisonNotOnList { list: Option<List> },
    NotComparable { left: &'static str, right: &'static str },
}

/// A name that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum NameError {
    UnknownOperation { name: String, nearest: Option<&'static str> },
    UnknownField { name: String, nearest: Option<&'static str> },
    UnknownErrno { value: String, nearest: Option<&'static str> },
    UnknownRecordType { value: String, nearest: Option<&'static str> },
    UnknownFileType { value: String, nearest: Option<&'static str> },
    UnknownFilesystemType { value: String, nearest: Option<&'static str> },
    UnknownArch { value: String, why: UnknownArch },
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ValueError {
    RelativePath { path: String },
    PathTooLong { length: usize },
    NameTooLong { length: usize },
    BadPermission { value: String },
    BadSyscallNumber { value: String, why: BadNumber },
    ClassBit { number: u32 },
    BadValue { field: &'static str, value: String, why: BadNumber },
    BadSession { value: String },
    ImpossibleName { field: &'static str, name: String },
    BadAddressFamily { value: String, number: Option<u32> },
    BadComparison { number: u32 },
    TextTooLong { field: &'static str, length: usize },
    KeyTooLong { length: usize },
    KeySeparator,
    KeyHasOperator { op: &'static str },
}

/// What is wrong with the value of a control option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadSetting {
    /// Only these words are allowed.
    NotOneOf(&'static [&'static str]),
    /// No number of 32 bits.
    Number(BadNumber),
    /// Not two paths with one comma.
    NotTwoPaths,
    /// Control characters in a message.
    ControlCharacter,
}

impl LineErrorKind {
    /// Whether the line is for a word length that this machine has no programs of: other machines take it.
    #[must_use]
    pub fn is_no_such_arch(&self) -> bool {
        let lacks = |why: &UnknownArch| matches!(why, UnknownArch::No64Bit | UnknownArch::No32Bit);
        matches!(self, Self::Name(NameError::UnknownArch { why, .. }) if lacks(why))
    }

    /// The error at this place, in bytes from the line's beginning.
    #[must_use]
    pub fn at(self, column: usize) -> LineError {
        LineError { what: self, column, habit: None }
    }
}
