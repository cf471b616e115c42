//! Errors in the form of a rule.

use super::{Told, list_name};
use crate::auditctl::error::FormError;
use crate::error::Hint;
use crate::rule::MAX_FIELDS_AUDITCTL;

impl FormError {
    pub(super) fn told(&self) -> Told {
        let (kind, message) = match self {
            Self::NotListAndAction { value } => {
                return (
                    "bad_list_and_action",
                    format!("\"{value}\" is not a list and an action with one comma between them"),
                );
            }
            Self::UnknownList { word, .. } => return ("unknown_list", format!("\"{word}\" is no filter list")),
            Self::UnknownAction { word } => {
                return ("unknown_action", format!("\"{word}\" is no action: it must be always or never"));
            }
            Self::MissingList { option } => {
                return ("missing_list", format!("{option} needs a list and an action (-a) before it"));
            }
            Self::WatchWithRule { option } => {
                let unless = "unless the watch comes first and the list before the action";
                return ("watch_not_first", format!("{option} and a watch or rule exclude each other, {unless}"));
            }
            Self::WatchNotFirst { option } => {
                return ("watch_not_first", format!("{option} must come before fields and system calls"));
            }
            Self::SyscallOnList { list } => {
                return ("syscall_not_on_list", format!("the {} list takes no system calls (-S)", list_name(*list)));
            }
            Self::TooManyFields => {
                return (
                    "too_many_fields",
                    format!("a rule has at most {MAX_FIELDS_AUDITCTL} fields, its key included"),
                );
            }
            Self::PossibleBeforeList => ("unknown_action", "the action possible is no longer supported"),
            Self::TwoVerbs => ("multiple_rules", "only one of -a, -A and -d may stand on a line"),
            Self::TaskAfterSyscall => ("syscall_not_on_list", "the task list takes no system calls and no watch"),
            Self::PermissionWithoutRule => {
                ("permission_without_watch", "-p needs a watch (-w) or a rule (-a) before it")
            }
            Self::PermissionWithoutField => ("permission_without_watch", "-p needs a field before it"),
            Self::ArchAfterSyscall => {
                ("arch_after_syscall", "arch must come before -S, and before -F perm= after another arch")
            }
            Self::KeyWithoutRule => (
                "key_without_rule",
                "a key needs something before it that it can mark: -S, a watch, or a path, dir, perm, exe or fstype field",
            ),
        };
        (kind, message.to_owned())
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        match self {
            Self::UnknownList { nearest, .. } => nearest.map(Hint::did_you_mean),
            _ => None,
        }
    }
}
