//! What is worth knowing of a rule, as sentences.

use crate::auditctl::Note;
use crate::rule::field_table;
use crate::rule::{FieldNumber, List};

impl Note {
    /// The stable name of the kind of note.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::KeyDisablesList(_) => "key_disables_list",
            Self::FieldDisablesList { .. } => "field_disables_list",
            Self::NoFieldsNeverMatch(_) => "no_fields_never_match",
            Self::SyscallsWithoutArch { .. } => "syscalls_without_arch",
            Self::AlwaysOnFilesystem => "always_on_filesystem",
            Self::ActionIgnoredOnExclude => "action_ignored_on_exclude",
            Self::EmptyMask => "empty_mask",
            Self::SyscallSkipped(_) => "syscall_skipped",
            Self::FieldUnknownToTask(_) => "field_unknown_to_task",
            Self::PathNotNormal { .. } => "path_not_normal",
            Self::UnexpandedVariable { .. } => "unexpanded_variable",
            Self::WildcardIsLiteral { .. } => "wildcard_is_literal",
            Self::LongKey { .. } => "long_key",
            Self::LinkItself { .. } => "symbolic_link",
            Self::RefusedBySome { .. } => "refused_by_some",
            Self::Possible => "action_possible",
        }
    }

    /// Whether the rule loads and can never act.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::KeyDisablesList(_)
            | Self::FieldDisablesList { .. }
            | Self::NoFieldsNeverMatch(_)
            | Self::AlwaysOnFilesystem
            | Self::EmptyMask
            | Self::FieldUnknownToTask(_) => true,
            Self::LinkItself { field, .. } => matches!(*field, FieldNumber::DIR | FieldNumber::EXE),
            _ => false,
        }
    }

    /// Whether it is worth a warning: the rule never acts, or not as it was meant, or is not loaded at boot.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        self.is_fatal()
            || matches!(self, Self::LinkItself { .. } | Self::RefusedBySome { .. } | Self::UnexpandedVariable { .. })
    }

    /// The note as a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::KeyDisablesList(list) => format!(
                "a key stops the evaluation of the {} list here: this rule never acts, and rules after it are not tried",
                list_name(*list)
            ),
            Self::FieldDisablesList { list, field } => format!(
                "the {} list does not know {}: evaluation stops here, this rule never acts, and rules after it are not tried",
                list_name(*list),
                field_name(*field)
            ),
            Self::NoFieldsNeverMatch(list) => {
                format!("a rule without fields never matches on the {} list", list_name(*list))
            }
            Self::SyscallsWithoutArch { differing } => format!(
                "without arch= the 64-bit numbers are also used for 32-bit programs, where they are other system calls: {}",
                differing.join(", ")
            ),
            Self::AlwaysOnFilesystem => "on the filesystem list only never acts: this rule does nothing".to_owned(),
            Self::ActionIgnoredOnExclude => {
                "the action is not looked at on the exclude list: records that match are dropped".to_owned()
            }
            Self::EmptyMask => "the rule names no system call and never matches".to_owned(),
            Self::SyscallSkipped(skipped) => {
                let arch = skipped.arch.name().unwrap_or("this architecture");
                format!("{} was left out: {arch} has no such system call", skipped.name)
            }
            Self::FieldUnknownToTask(field) => {
                format!("{} has no value yet when a task is created: the rule never matches", field_name(*field))
            }
            Self::LinkItself { path, field } => {
                let path = String::from_utf8_lossy(path);
                let effect = match *field {
                    FieldNumber::DIR => "this rule sees nothing of what happens inside",
                    FieldNumber::EXE => "no running program is a link, and this rule never fires",
                    _ => {
                        "this rule sees when the link itself is removed or replaced, and nothing of what is done to the file"
                    }
                };
                format!("{path} is a symbolic link, and the kernel does not follow it: {effect}")
            }
            Self::PathNotNormal { path } => {
                format!("the path {} is used as it stands, not simplified", String::from_utf8_lossy(path))
            }
            Self::UnexpandedVariable { path, part } => {
                let (path, part) = (String::from_utf8_lossy(path), String::from_utf8_lossy(part));
                format!("{part} in {path} stands for itself: auditctl puts no user or directory in its place")
            }
            Self::WildcardIsLiteral { path } => {
                let path = String::from_utf8_lossy(path);
                let what = if path.contains(['*', '?']) { "* and ?" } else { "brackets, braces and $" };
                format!("{what} stand for themselves in {path}")
            }
            Self::LongKey { length } => {
                format!("the keys take {length} bytes; auditctl(8) allows 31, auditctl and the kernel 256")
            }
            Self::RefusedBySome { versions, arch } => {
                let (arch, versions) = (arch.name().unwrap_or("this architecture"), versions.replace(',', " and "));
                format!(
                    "auditctl {versions} refuses it on {arch}, and the boot load stops there: put perm= before arch= and -S"
                )
            }
            Self::Possible => "the action possible is no longer supported: auditctl sends nothing".to_owned(),
        }
    }
}

fn list_name(list: List) -> &'static str {
    list.name().unwrap_or("unknown")
}

fn field_name(field: FieldNumber) -> String {
    field_table::by_number(field).map_or_else(|| format!("field {}", field.0), |row| row.name.to_owned())
}
