//! Errors of conditions and of the names in them.

use super::{Told, list_name};
use crate::auditctl::error::{ConditionError, NameError};
use crate::error::Hint;
use crate::rule::arch::UnknownArch;
use crate::rule::field_table;

impl ConditionError {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::MissingOperator { text } => {
                ("missing_operator", format!("\"{text}\" has no operator: write FIELD=VALUE"))
            }
            Self::MissingField { text } => ("missing_field", format!("\"{text}\" has no field before its operator")),
            Self::MissingValue { text } => ("missing_value", format!("\"{text}\" has no value after its operator")),
            Self::FieldNotOnList { field, list } => {
                ("field_not_on_list", format!("{field} cannot be used on the {} list", list_name(*list)))
            }
            Self::BadOperator { field, op } => ("bad_operator", format!("{field} does not take the operator {op}")),
            Self::ComparisonOperator { text } => {
                ("bad_operator", format!("\"{text}\" is no comparison: write FIELD=FIELD or FIELD!=FIELD"))
            }
            Self::ComparisonNotOnList { list: Some(list) } => {
                ("field_not_on_list", format!("-C can only be used on the exit list, not on {}", list_name(*list)))
            }
            Self::ComparisonNotOnList { list: None } => {
                ("field_not_on_list", "-C needs the exit list (-a) before it".to_owned())
            }
            Self::NotComparable { left, right } => {
                ("not_comparable", format!("{left} and {right} cannot be compared with each other"))
            }
        }
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        match self {
            Self::FieldNotOnList { field, .. } => {
                let lists: Vec<_> = field_table::by_name(field)?.auditctl.lists.names().collect();
                Some(Hint::Say(format!("use it on {}", lists.join(", "))))
            }
            Self::BadOperator { field, .. } => {
                let ops: Vec<_> = field_table::by_name(field)?.auditctl.ops.symbols().collect();
                Some(Hint::Say(format!("use {}", ops.join(" or "))))
            }
            _ => None,
        }
    }
}

impl NameError {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::UnknownOperation { name, .. } => {
                ("unknown_operation", format!("io_uring has no operation {name} that auditctl knows"))
            }
            Self::UnknownField { name, .. } => ("unknown_field", format!("\"{name}\" is no field")),
            Self::UnknownErrno { value, .. } => {
                ("unknown_errno", format!("exit: \"{value}\" is neither a number nor an error's name"))
            }
            Self::UnknownRecordType { value, .. } => {
                ("unknown_record_type", format!("msgtype: \"{value}\" is no type of record"))
            }
            Self::UnknownFileType { value, .. } => {
                ("unknown_file_type", format!("filetype: \"{value}\" is no type of file"))
            }
            Self::UnknownFilesystemType { value, .. } => {
                ("unknown_filesystem_type", format!("fstype: \"{value}\" is no file system that can be named"))
            }
            Self::UnknownArch { value, why } => match why {
                UnknownArch::NotAnArch => ("unknown_arch", format!("arch: \"{value}\" is no architecture")),
                UnknownArch::No64Bit => ("no_such_arch", "arch: this machine runs no 64-bit programs".to_owned()),
                UnknownArch::No32Bit => ("no_such_arch", "arch: this machine runs no 32-bit programs".to_owned()),
            },
        }
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        match self {
            Self::UnknownField { name, .. } if matches!(name.as_str(), "obj" | "subj") => {
                let parts = ["user", "role", "type"].map(|part| format!("{name}_{part}"));
                Some(Hint::Say(format!("a label is asked for by its parts: {}", parts.join(", "))))
            }
            Self::UnknownRecordType { value, .. } if value.eq_ignore_ascii_case("all") => {
                Some(Hint::say("leave msgtype out to ask about all types"))
            }
            Self::UnknownOperation { nearest, .. }
            | Self::UnknownField { nearest, .. }
            | Self::UnknownErrno { nearest, .. }
            | Self::UnknownRecordType { nearest, .. }
            | Self::UnknownFileType { nearest, .. }
            | Self::UnknownFilesystemType { nearest, .. } => nearest.map(Hint::did_you_mean),
            Self::UnknownArch { .. } => None,
        }
    }
}
