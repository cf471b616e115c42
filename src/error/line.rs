//! Why a line was refused, as sentences: kind, message and hint of each error stand side by side.

mod condition;
mod form;
mod value;
mod word;

use super::Hint;
use crate::auditctl::error::{Habit, LineError, LineErrorKind as Kind};
use crate::rule::field_table;
use crate::rule::{Arch, List};

/// The stable names of all kinds of errors that a line may have.
pub const KINDS: &[&str] = &[
    "ambiguous_option",
    "arch_after_syscall",
    "bad_byte",
    "bad_key",
    "bad_list_and_action",
    "bad_operator",
    "bad_permission",
    "bad_setting",
    "bad_syscall_number",
    "bad_value",
    "byte_order_mark",
    "carriage_return",
    "field_not_on_list",
    "impossible_name",
    "key_too_long",
    "key_without_rule",
    "line_continuation",
    "line_too_long",
    "missing_argument",
    "missing_field",
    "missing_list",
    "missing_operator",
    "missing_value",
    "multiple_rules",
    "name_too_long",
    "nested_rules",
    "no_such_arch",
    "not_comparable",
    "path_too_long",
    "permission_without_watch",
    "relative_path",
    "stands_alone",
    "stray_word",
    "syscall_not_on_list",
    "too_many_fields",
    "unknown_action",
    "unknown_arch",
    "unknown_errno",
    "unknown_field",
    "unknown_file_type",
    "unknown_filesystem_type",
    "unknown_group",
    "unknown_list",
    "unknown_operation",
    "unknown_option",
    "unknown_record_type",
    "unknown_syscall",
    "unknown_user",
    "unwanted_value",
    "watch_not_first",
];

/// The stable name of an error's kind, and the error as a sentence.
type Told = (&'static str, String);

impl LineError {
    /// The stable name of the kind of error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.what.kind()
    }

    /// What is wrong, where and why, as a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        format!("column {}: {}", self.column + 1, self.what.message())
    }

    /// What was most likely meant.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        let habit = match self.habit {
            None => return self.what.hint(),
            Some(Habit::Tab) => "a tab does not separate words: only spaces do",
            Some(Habit::Quotes) => "quotation marks are part of the text here; write a space as \"\\ \"",
            Some(Habit::HtmlEntity) => "this was copied from a web page: write > for &gt;, < for &lt;, & for &amp;",
            Some(Habit::TrailingComment) => "a comment needs a line of its own",
            Some(Habit::LineContinuation) => "a rule cannot go on in the next line: write it in one line",
            Some(Habit::BlankInPath) => "a blank in a path needs a backslash before it: \"\\ \"",
            Some(Habit::KeyMissing) => "-k takes the next word for the key: write the key after it",
            Some(Habit::ArgumentOption) => "an argument of a system call is a condition: write -F a0=VALUE",
            Some(Habit::TwoRules) => "each rule needs a line of its own",
        };
        Some(Hint::say(habit))
    }
}

impl Kind {
    /// The stable name of the kind of error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.told().0
    }

    /// What is wrong and why, as a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        self.told().1
    }

    fn told(&self) -> Told {
        match self {
            Self::Word(error) => error.told(),
            Self::Form(error) => error.told(),
            Self::Condition(error) => error.told(),
            Self::Name(error) => error.told(),
            Self::Value(error) => error.told(),
            Self::UnknownUser { field, name } => ("unknown_user", format!("{field}: there is no user {name}")),
            Self::UnknownGroup { field, name } => ("unknown_group", format!("{field}: there is no group {name}")),
            Self::UnknownSyscall { name, arch, exists_on, alias_of, .. } => {
                let arch = arch_name(*arch);
                let message = match (alias_of, exists_on.as_slice()) {
                    (Some(_), _) => format!("auditctl knows the system call {name} of {arch} by another name"),
                    (None, []) => format!("no architecture has a system call {name}"),
                    (None, others) => format!("{arch} has no system call {name}; it exists on {}", others.join(", ")),
                };
                ("unknown_syscall", message)
            }
        }
    }

    /// What was most likely meant.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Word(error) => error.hint(),
            Self::Form(error) => error.hint(),
            Self::Condition(error) => error.hint(),
            Self::Name(error) => error.hint(),
            Self::Value(error) => error.hint(),
            Self::UnknownGroup { name, .. } if matches!(name.as_str(), "unset" | "-1") => {
                Some(Hint::say("groups have no unset value"))
            }
            Self::UnknownUser { name, .. } | Self::UnknownGroup { name, .. } => {
                let is_field = field_table::by_name(name).is_some();
                let compared = || Hint::Say(format!("{name} is a field: two fields are compared with -C"));
                Some(if is_field { compared() } else { Hint::until_there("account") })
            }
            Self::UnknownSyscall { alias_of, nearest, exists_on, .. } => {
                let nearest = nearest.filter(|_| exists_on.is_empty());
                alias_of.or(nearest).map(Hint::did_you_mean)
            }
        }
    }
}

fn list_name(list: List) -> String {
    list.name().map_or_else(|| list.0.to_string(), str::to_owned)
}

fn arch_name(arch: Arch) -> String {
    arch.name().map_or_else(|| format!("0x{:x}", arch.0), str::to_owned)
}
