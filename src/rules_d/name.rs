//! Names and paths as requests give them: the constructor is the check.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::problem::{NameError, NameProblem, PathProblem};

/// What the name of every drop-in ends in; `augenrules` reads nothing else.
pub const SUFFIX: &str = ".rules";

/// `NAME_MAX` of Linux: the bytes that a file name may have.
const NAME_MAX: usize = 255;

/// What a shell does not take as it stands: `cat` of augenrules up to 3.1 has the name without quotes.
const SPECIAL: &str = "*?[]\\$;&|\"'`<>(){}!#";

/// Whether a character is not seen, is a blank of another kind, or turns the direction of the text around it.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'
                ..='\u{180f}'
        )
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}')
        || matches!(c, '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The name of a drop-in, such as `30-identity`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DropInName(String);

impl DropInName {
    /// The name without `.rules`.
    #[must_use]
    pub fn stem(&self) -> &str {
        self.0.strip_suffix(SUFFIX).unwrap_or(&self.0)
    }

    /// The name of the file, with `.rules`.
    #[must_use]
    pub fn file_name(&self) -> &OsStr {
        OsStr::new(&self.0)
    }
}

/// Takes a drop-in's name, with or without `.rules`.
///
/// # Errors
/// The first thing about the name that would keep the boot loader from reading the file, or the file from being
/// written.
pub fn drop_in_name(given: &str) -> Result<DropInName, NameError> {
    let stem = given.strip_suffix(SUFFIX).unwrap_or(given);
    let length = stem.len() + SUFFIX.len();
    let problem = if stem.is_empty() {
        NameProblem::Empty
    } else if stem.contains('/') {
        NameProblem::Slash
    } else if stem.contains([' ', '\t', '\n']) {
        NameProblem::Space
    } else if stem.contains(char::is_control) {
        NameProblem::Control
    } else if stem.starts_with('.') {
        NameProblem::Hidden
    } else if let Some(character) = stem.chars().find(|c| SPECIAL.contains(*c)) {
        NameProblem::Special { character }
    } else if let Some(character) = stem.chars().next().filter(|c| matches!(c, '-' | '~')) {
        NameProblem::Leading { character }
    } else if let Some(character) = stem.chars().find(|c| is_invisible(*c)) {
        NameProblem::Invisible { character }
    } else if length > NAME_MAX {
        NameProblem::TooLong { length, limit: NAME_MAX }
    } else {
        return Ok(DropInName(format!("{stem}{SUFFIX}")));
    };
    Err(NameError { name: given.to_owned(), problem })
}

/// Takes a path from a request, such as `rules_dir` or `root`.
///
/// # Errors
/// What keeps it from being an absolute path without `..` and NUL.
pub fn absolute_path(given: &str) -> Result<PathBuf, PathProblem> {
    checked(Path::new(given)).map(Path::to_owned)
}

pub(super) fn checked(path: &Path) -> Result<&Path, PathProblem> {
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        Err(PathProblem::Nul)
    } else if !path.is_absolute() {
        Err(PathProblem::Relative)
    } else if path.components().any(|component| component == Component::ParentDir) {
        Err(PathProblem::Upwards)
    } else {
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::{DropInName, NameProblem, PathProblem, absolute_path, drop_in_name};

    #[test]
    fn a_name_is_taken_with_or_without_its_suffix() {
        for given in ["30-identity", "30-identity.rules"] {
            assert_eq!(drop_in_name(given), Ok(DropInName("30-identity.rules".into())));
        }
        let twice = drop_in_name("a.rules.rules").map(|name| name.stem().to_owned());
        assert_eq!(twice.as_deref(), Ok("a.rules"));
    }

    #[test]
    fn a_name_that_would_be_lost_or_lie_elsewhere_is_refused() {
        let long = "x".repeat(250);
        let rows = [
            ("", NameProblem::Empty),
            (".rules", NameProblem::Empty),
            ("../x", NameProblem::Slash),
            ("/etc/passwd", NameProblem::Slash),
            (".hidden", NameProblem::Hidden),
            ("..", NameProblem::Hidden),
            ("a b", NameProblem::Space),
            ("a\nb", NameProblem::Space),
            ("[12]0-a", NameProblem::Special { character: '[' }),
            ("10-?", NameProblem::Special { character: '?' }),
            ("*", NameProblem::Special { character: '*' }),
            ("a\\b", NameProblem::Special { character: '\\' }),
            ("a;b", NameProblem::Special { character: ';' }),
            ("a\"b", NameProblem::Special { character: '"' }),
            ("$x", NameProblem::Special { character: '$' }),
            ("-a", NameProblem::Leading { character: '-' }),
            ("~a", NameProblem::Leading { character: '~' }),
            ("a\u{202e}b", NameProblem::Invisible { character: '\u{202e}' }),
            ("a\u{200b}b", NameProblem::Invisible { character: '\u{200b}' }),
            ("a\u{a0}b", NameProblem::Invisible { character: '\u{a0}' }),
            ("a\0b", NameProblem::Control),
            ("a\u{7f}", NameProblem::Control),
            ("a\u{1b}[31m", NameProblem::Control),
            (&long, NameProblem::TooLong { length: 256, limit: 255 }),
        ];
        for (given, problem) in rows {
            assert_eq!(drop_in_name(given).map_err(|error| error.problem), Err(problem), "{given:?}");
        }
        assert!(drop_in_name(&"x".repeat(249)).is_ok());
    }

    #[test]
    fn a_path_is_absolute_and_stays_below_its_root() {
        let rows = [
            ("/etc/audit/rules.d", Ok(())),
            ("/", Ok(())),
            ("", Err(PathProblem::Relative)),
            ("etc/audit", Err(PathProblem::Relative)),
            ("/etc/../srv", Err(PathProblem::Upwards)),
            ("/etc/..", Err(PathProblem::Upwards)),
            ("/etc/..d", Ok(())),
            ("/etc/\0", Err(PathProblem::Nul)),
        ];
        for (given, verdict) in rows {
            assert_eq!(absolute_path(given).map(|_| ()), verdict, "{given:?}");
        }
    }
}
