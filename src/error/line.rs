//! Why a line was refused, as sentences.

use crate::auditctl::error::{BadSetting, Habit, LineError, LineErrorKind as Kind};
use crate::auditctl::tokens::MAX_LINE;
use crate::rule::arch::UnknownArch;
use crate::rule::field_table;
use crate::rule::number::BadNumber;
use crate::rule::{Arch, List, MAX_FIELDS_AUDITCTL, MAX_NAME, MAX_PATH, MAX_STRING, key};

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
    pub fn hint(&self) -> Option<String> {
        match self.habit {
            Some(Habit::Tab) => Some("a tab does not separate words: only spaces do".to_owned()),
            Some(Habit::Quotes) => {
                Some("quotation marks are part of the text here; write a space as \"\\ \"".to_owned())
            }
            Some(Habit::HtmlEntity) => {
                Some("this was copied from a web page: write > for &gt;, < for &lt;, & for &amp;".to_owned())
            }
            Some(Habit::TrailingComment) => Some("a comment needs a line of its own".to_owned()),
            None => self.what.hint(),
        }
    }
}

impl Kind {
    /// The stable name of the kind of error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LineTooLong { .. } => "line_too_long",
            Self::BadByte { .. } => "bad_byte",
            Self::CarriageReturn => "carriage_return",
            Self::UnknownOption { .. } => "unknown_option",
            Self::AmbiguousOption { .. } => "ambiguous_option",
            Self::MissingArgument { .. } => "missing_argument",
            Self::UnwantedValue { .. } => "unwanted_value",
            Self::StrayWord { .. } => "stray_word",
            Self::StandsAlone { .. } => "stands_alone",
            Self::NestedRules => "nested_rules",
            Self::NotListAndAction { .. } => "bad_list_and_action",
            Self::UnknownList { .. } => "unknown_list",
            Self::UnknownAction { .. } | Self::PossibleBeforeList => "unknown_action",
            Self::TwoVerbs => "multiple_rules",
            Self::TaskAfterSyscall | Self::SyscallOnList { .. } => "syscall_not_on_list",
            Self::MissingList { .. } => "missing_list",
            Self::WatchWithRule { .. } | Self::WatchNotFirst { .. } => "watch_not_first",
            Self::RelativePath { .. } => "relative_path",
            Self::PathTooLong { .. } => "path_too_long",
            Self::NameTooLong { .. } => "name_too_long",
            Self::PermissionWithoutRule | Self::PermissionWithoutField => "permission_without_watch",
            Self::BadPermission { .. } => "bad_permission",
            Self::UnknownSyscall { .. } => "unknown_syscall",
            Self::BadSyscallNumber { .. } | Self::ClassBit { .. } => "bad_syscall_number",
            Self::UnknownOperation { .. } => "unknown_operation",
            Self::MissingOperator { .. } => "missing_operator",
            Self::MissingField { .. } => "missing_field",
            Self::MissingValue { .. } => "missing_value",
            Self::UnknownField { .. } => "unknown_field",
            Self::FieldNotOnList { .. } | Self::ComparisonNotOnList { .. } => "field_not_on_list",
            Self::BadOperator { .. } | Self::ComparisonOperator { .. } => "bad_operator",
            Self::BadValue { .. }
            | Self::BadSession { .. }
            | Self::BadAddressFamily { .. }
            | Self::BadComparison { .. }
            | Self::TextTooLong { .. } => "bad_value",
            Self::UnknownUser { .. } => "unknown_user",
            Self::UnknownGroup { .. } => "unknown_group",
            Self::UnknownErrno { .. } => "unknown_errno",
            Self::UnknownRecordType { .. } => "unknown_record_type",
            Self::UnknownFileType { .. } => "unknown_file_type",
            Self::UnknownFilesystemType { .. } => "unknown_filesystem_type",
            Self::UnknownArch { .. } => "unknown_arch",
            Self::ArchAfterSyscall => "arch_after_syscall",
            Self::TooManyFields => "too_many_fields",
            Self::KeyTooLong { .. } => "key_too_long",
            Self::KeySeparator | Self::KeyHasOperator { .. } => "bad_key",
            Self::KeyWithoutRule => "key_without_rule",
            Self::NotComparable { .. } => "not_comparable",
            Self::BadSetting { .. } => "bad_setting",
        }
    }

    /// What is wrong and why, as a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        self.message_on_words()
            .or_else(|| self.message_on_rule())
            .or_else(|| self.message_on_names())
            .unwrap_or_else(|| self.message_on_values())
    }

    fn message_on_words(&self) -> Option<String> {
        Some(match self {
            Self::LineTooLong { length } => {
                format!("the line has {length} bytes; auditctl reads {MAX_LINE} and takes the rest for another line")
            }
            Self::BadByte { byte: 0 } => "a NUL byte ends the line for auditctl".to_owned(),
            Self::BadByte { byte: b'\n' } => "a line break inside one line".to_owned(),
            Self::BadByte { byte } => format!("auditctl turns the byte 0x{byte:02x} into another one"),
            Self::CarriageReturn => {
                "the line ends in a carriage return, which would become part of its last word".to_owned()
            }
            Self::UnknownOption { option } => format!("auditctl has no option {option}"),
            Self::AmbiguousOption { option, options } => format!("{option} may be any of {}", options.join(", ")),
            Self::MissingArgument { option } => format!("{option} needs a value"),
            Self::UnwantedValue { option } => format!("{option} takes no value"),
            Self::StrayWord { word } => format!("\"{word}\" belongs to no option"),
            Self::StandsAlone { option } => {
                format!("{option} must be the only option of its line: auditctl reads nothing else there")
            }
            Self::NestedRules => "a rules file cannot read another one (-R)".to_owned(),
            _ => return None,
        })
    }

    fn message_on_rule(&self) -> Option<String> {
        Some(match self {
            Self::NotListAndAction { value } => {
                format!("\"{value}\" is not a list and an action with one comma between them")
            }
            Self::UnknownList { word, .. } => format!("\"{word}\" is no filter list"),
            Self::UnknownAction { word } => format!("\"{word}\" is no action: it must be always or never"),
            Self::PossibleBeforeList => "the action possible is no longer supported".to_owned(),
            Self::TwoVerbs => "only one of -a, -A and -d may stand on a line".to_owned(),
            Self::TaskAfterSyscall => "the task list takes no system calls and no watch".to_owned(),
            Self::MissingList { option } => format!("{option} needs a list and an action (-a) before it"),
            Self::WatchWithRule { option } => {
                format!("{option} and a watch exclude each other, unless the watch comes first and the list before the action")
            }
            Self::WatchNotFirst { option } => format!("{option} must come before fields and system calls"),
            Self::RelativePath { path } => format!("the path \"{path}\" must begin with /"),
            Self::PathTooLong { length } => format!("the path has {length} bytes; {MAX_PATH} are allowed"),
            Self::NameTooLong { length } => format!("the last name of the path has {length} bytes; {MAX_NAME} are allowed"),
            Self::PermissionWithoutRule => "-p needs a watch (-w) or a rule (-a) before it".to_owned(),
            Self::PermissionWithoutField => "-p needs a field before it".to_owned(),
            Self::SyscallOnList { list } => format!("the {} list takes no system calls (-S)", list_name(*list)),
            Self::ArchAfterSyscall => "arch must come before -S, and before -F perm= behind another arch".to_owned(),
            Self::TooManyFields => format!("a rule has at most {MAX_FIELDS_AUDITCTL} fields, its key included"),
            Self::KeyTooLong { length } => {
                format!("the keys take {length} bytes, with one between each two; {} are allowed", key::MAX_LENGTH)
            }
            Self::KeySeparator => "a key cannot hold the byte 0x01, which separates keys".to_owned(),
            Self::KeyWithoutRule => {
                "a key needs something before it that it can mark: -S, a watch, or a path, dir, perm, exe or fstype field".to_owned()
            }
            Self::KeyHasOperator { op } => format!("a key cannot hold {op}: auditctl takes it for an operator"),
            _ => return None,
        })
    }

    fn message_on_names(&self) -> Option<String> {
        Some(match self {
            Self::UnknownSyscall { name, arch, exists_on, alias_of, .. } => match (alias_of, exists_on.as_slice()) {
                (Some(_), _) => {
                    format!("auditctl knows the system call {name} of {} by another name", arch_name(*arch))
                }
                (None, []) => format!("no architecture has a system call {name}"),
                (None, others) => {
                    format!("{} has no system call {name}; it exists on {}", arch_name(*arch), others.join(", "))
                }
            },
            Self::UnknownOperation { name, .. } => format!("io_uring has no operation {name} that auditctl knows"),
            Self::MissingOperator { text } => format!("\"{text}\" has no operator: write FIELD=VALUE"),
            Self::MissingField { text } => format!("\"{text}\" has no field before its operator"),
            Self::MissingValue { text } => format!("\"{text}\" has no value behind its operator"),
            Self::UnknownField { name, .. } => format!("\"{name}\" is no field"),
            Self::UnknownUser { field, name } => format!("{field}: there is no user {name}"),
            Self::UnknownGroup { field, name } => format!("{field}: there is no group {name}"),
            Self::UnknownErrno { value, .. } => format!("exit: \"{value}\" is neither a number nor an error's name"),
            Self::UnknownRecordType { value, .. } => format!("msgtype: \"{value}\" is no type of record"),
            Self::UnknownFileType { value, .. } => format!("filetype: \"{value}\" is no type of file"),
            Self::UnknownFilesystemType { value, .. } => {
                format!("fstype: \"{value}\" is no file system that can be named")
            }
            Self::UnknownArch { value, why: UnknownArch::NotAnArch } => format!("arch: \"{value}\" is no architecture"),
            Self::UnknownArch { why: UnknownArch::No64Bit, .. } => {
                "arch: this machine runs no 64-bit programs".to_owned()
            }
            Self::UnknownArch { why: UnknownArch::No32Bit, .. } => {
                "arch: this machine runs no 32-bit programs".to_owned()
            }
            Self::NotComparable { left, right } => format!("{left} and {right} cannot be compared with each other"),
            _ => return None,
        })
    }

    fn message_on_values(&self) -> String {
        match self {
            Self::BadPermission { value } => format!("\"{value}\" is not one to four letters of r, w, x, a"),
            Self::BadSyscallNumber { value, why } => format!("system call \"{value}\" {}", number(*why)),
            Self::ClassBit { number } => {
                format!("{number} is no system call: the kernel would take a whole class of them for it")
            }
            Self::FieldNotOnList { field, list } => format!("{field} cannot be used on the {} list", list_name(*list)),
            Self::BadOperator { field, op } => format!("{field} does not take the operator {op}"),
            Self::BadValue { field, value, why } => format!("{field}: \"{value}\" {}", number(*why)),
            Self::BadSession { value } => {
                format!("sessionid: \"{value}\" is neither a number nor unset; auditctl takes it for 0")
            }
            Self::BadAddressFamily { value, .. } => {
                format!("saddr_fam: \"{value}\" is no number below 46; auditctl takes a name for 0")
            }
            Self::BadComparison { number } => {
                format!("field_compare: {number} is no comparison; they run from 1 to 25")
            }
            Self::TextTooLong { field, length } => {
                format!("{field}: the text has {length} bytes; {MAX_STRING} are allowed")
            }
            Self::ComparisonOperator { text } => {
                format!("\"{text}\" is no comparison: write FIELD=FIELD or FIELD!=FIELD")
            }
            Self::ComparisonNotOnList { list } => match list {
                Some(list) => format!("-C can only be used on the exit list, not on {}", list_name(*list)),
                None => "-C needs the exit list (-a) before it".to_owned(),
            },
            Self::BadSetting { option, value, why } => match why {
                BadSetting::NotOneOf(words) => format!("{option} must be one of {}, not \"{value}\"", words.join(", ")),
                BadSetting::Number(why) => format!("{option}: \"{value}\" {}", number(*why)),
                BadSetting::NotTwoPaths => {
                    format!("{option}: \"{value}\" is not two paths with one comma between them")
                }
                BadSetting::ControlCharacter => format!("{option}: the text holds a control character"),
            },
            other => other.kind().to_owned(),
        }
    }

    /// What was most likely meant.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownSyscall { alias_of, nearest, exists_on, .. } => {
                let nearest = nearest.filter(|_| exists_on.is_empty());
                alias_of.or(nearest).map(str::to_owned)
            }
            Self::UnknownList { nearest, .. }
            | Self::UnknownOperation { nearest, .. }
            | Self::UnknownField { nearest, .. }
            | Self::UnknownErrno { nearest, .. }
            | Self::UnknownRecordType { nearest, .. }
            | Self::UnknownFileType { nearest, .. }
            | Self::UnknownFilesystemType { nearest, .. } => nearest.map(str::to_owned),
            Self::CarriageReturn => Some("save the file with Unix line ends".to_owned()),
            Self::FieldNotOnList { field, .. } => {
                let lists: Vec<_> = field_table::by_name(field)?.auditctl.lists.names().collect();
                Some(format!("use it on {}", lists.join(", ")))
            }
            Self::BadOperator { field, .. } => {
                let ops: Vec<_> = field_table::by_name(field)?.auditctl.ops.symbols().collect();
                Some(format!("use {}", ops.join(" or ")))
            }
            Self::BadAddressFamily { number: Some(number @ 0..=45), .. } => Some(number.to_string()),
            Self::BadValue { field: "success", value, .. } => match value.to_ascii_lowercase().as_str() {
                "yes" | "true" => Some("1".to_owned()),
                "no" | "false" => Some("0".to_owned()),
                _ => None,
            },
            Self::UnknownGroup { name, .. } if name == "unset" || name == "-1" => {
                Some("groups have no unset value".to_owned())
            }
            _ => None,
        }
    }
}

fn list_name(list: List) -> String {
    list.name().map_or_else(|| list.0.to_string(), str::to_owned)
}

fn arch_name(arch: Arch) -> String {
    arch.name().map_or_else(|| format!("0x{:x}", arch.0), str::to_owned)
}

fn number(why: BadNumber) -> &'static str {
    match why {
        BadNumber::NotANumber => "is no number",
        BadNumber::Junk => "has something behind its number, which auditctl does not look at",
        BadNumber::TooLarge => "is too large; auditctl cuts it to 32 bits",
    }
}
