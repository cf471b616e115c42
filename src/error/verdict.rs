//! Why the kernel refuses a rule, as sentences.

use crate::rule::field_table;
use crate::rule::verdict::Reason;
use crate::rule::{FieldNumber, MAX_FIELDS};

impl Reason {
    /// The reason as a sentence.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::List(list) => format!("the kernel has no filter list {}", list.0),
            Self::Action(action) => format!("the kernel knows no action {}", action.0),
            Self::TooManyFields(count) => format!("the rule has {count} fields; the kernel takes {MAX_FIELDS}"),
            Self::UnknownField(field) => format!("the kernel has no field {}", field.0),
            Self::FieldNotOnList(field, list) => {
                let list = list.name().map_or_else(|| list.0.to_string(), str::to_owned);
                format!("the kernel does not take {} on the {list} list", name(field))
            }
            Self::Operator(field, op) => {
                let symbol = op.symbol().map_or_else(|| format!("0x{:x}", op.0), str::to_owned);
                format!("the kernel does not take {} with the operator {symbol}", name(field))
            }
            Self::ValueKind(field) => format!("{} has a value of the wrong kind", name(field)),
            Self::NoSuchAccount(field) => {
                format!(
                    "4294967295 (-1, unset) stands for nobody: the kernel takes it for auid only, not for {}",
                    name(field)
                )
            }
            Self::EmptyText(field) => format!("the text of {} is empty", name(field)),
            Self::TextTooLong(field, length) => {
                format!("the text of {} has {length} bytes, more than the kernel takes", name(field))
            }
            Self::NameTooLong(field, length) => {
                format!("a component of {} has {length} bytes, more than any file name", name(field))
            }
            Self::SecondKey => "the rule has two key fields".to_owned(),
            Self::SecondExe => "the rule has two exe fields".to_owned(),
            Self::SecondObject(_) => "a rule takes only one of path, dir and inode".to_owned(),
            Self::RelativePath(field) => format!("the path of {} must begin with /", name(field)),
            Self::TrailingSlash(field) => format!("the path of {} must not end in /", name(field)),
            Self::DotPath(field) => format!("the path of {} must not end in . or ..", name(field)),
        }
    }
}

fn name(field: FieldNumber) -> String {
    field_table::by_number(field).map_or_else(|| format!("field {}", field.0), |row| row.name.to_owned())
}
