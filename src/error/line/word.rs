//! Errors of words and controls.

use super::Told;
use super::value::number;
use crate::auditctl::error::{BadSetting, WordError};
use crate::auditctl::tokens::MAX_LINE;
use crate::error::Hint;

impl WordError {
    pub(super) fn told(&self) -> Told {
        match self {
            Self::LineTooLong { length } => (
                "line_too_long",
                format!("the line has {length} bytes; auditctl reads {MAX_LINE} and takes the rest for another line"),
            ),
            Self::BadByte { byte } => ("bad_byte", bad_byte(*byte)),
            Self::CarriageReturn => (
                "carriage_return",
                "the line ends in a carriage return, which would become part of its last word".to_owned(),
            ),
            Self::ByteOrderMark => (
                "byte_order_mark",
                "the text begins with a byte order mark, which auditctl takes for a part of the first word".to_owned(),
            ),
            Self::Continued => {
                ("line_continuation", "goes on with the line before, but auditctl takes each line by itself".to_owned())
            }
            Self::UnknownOption { option } => ("unknown_option", format!("auditctl has no option {option}")),
            Self::AmbiguousOption { option, options } => {
                ("ambiguous_option", format!("{option} may be any of {}", options.join(", ")))
            }
            Self::MissingArgument { option } => ("missing_argument", format!("{option} needs a value")),
            Self::UnwantedValue { option } => ("unwanted_value", format!("{option} takes no value")),
            Self::StrayWord { word } => ("stray_word", format!("\"{word}\" belongs to no option")),
            Self::StandsAlone { option } => (
                "stands_alone",
                format!("{option} must be the only option of its line: auditctl reads nothing else there"),
            ),
            Self::NestedRules => ("nested_rules", "a rules file cannot read another one (-R)".to_owned()),
            Self::BadSetting { option, value, why } => {
                ("bad_setting", format!("{option}: {}", bad_setting(value, why)))
            }
        }
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        let hint = match self {
            Self::CarriageReturn => "save the file with Unix line ends",
            Self::ByteOrderMark => "save the file as UTF-8 without a byte order mark",
            _ => return None,
        };
        Some(Hint::say(hint))
    }
}

fn bad_byte(byte: u8) -> String {
    match byte {
        0 => "a NUL byte ends the line for auditctl".to_owned(),
        b'\n' => "a line break inside one line".to_owned(),
        byte => format!("auditctl turns the byte 0x{byte:02x} into another one"),
    }
}

fn bad_setting(value: &str, why: &BadSetting) -> String {
    match why {
        BadSetting::NotOneOf(words) => format!("\"{value}\" is not one of {}", words.join(", ")),
        BadSetting::Number(why) => format!("\"{value}\" {}", number(*why)),
        BadSetting::NotTwoPaths => format!("\"{value}\" is not two paths with one comma between them"),
        BadSetting::ControlCharacter => "the text holds a control character".to_owned(),
    }
}
