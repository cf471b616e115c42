//! Errors of values.

use super::Told;
use crate::auditctl::error::ValueError;
use crate::error::Hint;
use crate::rule::number::BadNumber;
use crate::rule::{MAX_NAME, MAX_PATH, MAX_STRING, key};

impl ValueError {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::RelativePath { path } => ("relative_path", format!("the path \"{path}\" must begin with /")),
            Self::PathTooLong { length } => {
                ("path_too_long", format!("the path has {length} bytes; {MAX_PATH} are allowed"))
            }
            Self::NameTooLong { length } => {
                ("name_too_long", format!("the last name of the path has {length} bytes; {MAX_NAME} are allowed"))
            }
            Self::BadPermission { value } => {
                ("bad_permission", format!("\"{value}\" is not one to four letters of r, w, x, a"))
            }
            Self::BadSyscallNumber { value, why } => {
                ("bad_syscall_number", format!("system call \"{value}\" {}", number(*why)))
            }
            Self::ClassBit { number } => (
                "bad_syscall_number",
                format!("{number} is no system call: the kernel would take a whole class of them for it"),
            ),
            Self::BadValue { field, value, why } => ("bad_value", format!("{field}: \"{value}\" {}", number(*why))),
            Self::ImpossibleName { field, name } => {
                ("impossible_name", format!("{field}: no account can have the name \"{name}\""))
            }
            Self::BadSession { value } => {
                ("bad_value", format!("sessionid: \"{value}\" is neither a number nor unset; auditctl takes it for 0"))
            }
            Self::BadAddressFamily { value, .. } => {
                ("bad_value", format!("saddr_fam: \"{value}\" is no number below 46; auditctl takes a name for 0"))
            }
            Self::BadComparison { number } => {
                ("bad_value", format!("field_compare: {number} is no comparison; they run from 1 to 25"))
            }
            Self::TextTooLong { field, length } => {
                ("bad_value", format!("{field}: the text has {length} bytes; {MAX_STRING} are allowed"))
            }
            Self::KeyTooLong { length } => {
                let allowed = key::MAX_LENGTH;
                ("key_too_long", format!("the keys take {length} bytes, separators included; {allowed} are allowed"))
            }
            Self::KeySeparator => ("bad_key", "a key cannot hold the byte 0x01, which separates keys".to_owned()),
            Self::KeyHasOperator { op } => {
                ("bad_key", format!("a key cannot hold {op}: auditctl takes it for an operator"))
            }
        }
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        match self {
            Self::BadAddressFamily { number: Some(number @ 0..=45), .. } => Some(Hint::DidYouMean(number.to_string())),
            Self::ImpossibleName { field, name } => match name.split_at_checked(1) {
                Some((sign @ (">" | "<"), number)) => Some(Hint::DidYouMean(format!("{field}{sign}={number}"))),
                Some(("=", value)) => Some(Hint::DidYouMean(format!("{field}={value}"))),
                _ if ["${", "{{", "$(", "%("].iter().any(|mark| name.contains(mark)) => Some(Hint::say(
                    "auditctl expands nothing: write the value in place of the variable, or let a template do it",
                )),
                _ => None,
            },
            Self::BadValue { field: "success", value, .. } => match value.to_ascii_lowercase().as_str() {
                "yes" | "true" => Some(Hint::did_you_mean("1")),
                "no" | "false" => Some(Hint::did_you_mean("0")),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What is wrong with a text that should be a number, after the text.
pub(super) fn number(why: BadNumber) -> &'static str {
    match why {
        BadNumber::NotANumber => "is no number",
        BadNumber::Junk => "has something after its number, which auditctl does not look at",
        BadNumber::TooLarge => "is too large; auditctl cuts it to 32 bits",
    }
}
