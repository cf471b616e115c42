//! One finding, with its place and what to do about it.

use super::code::{Code, Severity};
use crate::auditctl::tokens;
use crate::boot_load::Spot;

/// Something that was found in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable name of its kind.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// A sentence.
    pub message: String,
    /// Where it is; line 0 is the file as a whole.
    pub at: Spot,
    /// The bytes of the line that it is about, from 0, the last one not included.
    pub span: Option<(usize, usize)>,
    /// Other places that belong to it.
    pub related: Vec<Spot>,
    /// What other lines of the file have the same finding for, where that is how the file was made.
    pub cause: Option<&'static str>,
    /// System calls that it is about; they stand at the end of its sentence.
    pub calls: Vec<&'static str>,
    /// What to do about it.
    pub fix: Option<Fix>,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// In words.
    pub text: String,
    /// As a change of its file, where that is certain.
    pub edit: Option<Edit>,
}

/// A part of a file that another text takes the place of. Lines count from 1, columns are bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Line and column of the first byte that goes.
    pub from: (usize, usize),
    /// Line and column after the last one.
    pub to: (usize, usize),
    /// What comes in its place.
    pub with: String,
}

impl Finding {
    /// A finding of this kind.
    #[must_use]
    pub fn new(code: Code, at: &Spot, message: impl Into<String>) -> Self {
        Self::named(code.name(), code.severity(), at, message.into())
    }

    /// A finding by its name, such as that of the error of a line.
    #[must_use]
    pub fn named(code: &'static str, severity: Severity, at: &Spot, message: String) -> Self {
        Self {
            code,
            severity,
            message,
            at: at.clone(),
            span: None,
            related: Vec::new(),
            cause: None,
            calls: Vec::new(),
            fix: None,
        }
    }

    /// A name in rules.d from which nothing is read.
    #[must_use]
    pub fn passed_over(path: &str, why: &str) -> Self {
        let at = Spot { file: path.into(), line: 0 };
        Self::new(Code::PassedOver, &at, format!("augenrules reads nothing from it: {why}"))
    }

    /// Files, or a directory without any, by which nothing would be recorded.
    #[must_use]
    pub fn no_rules(at: &Spot, message: &str) -> Self {
        Self::new(Code::NoRules, at, message)
    }

    /// A line of `audit.rules` that no drop-in has.
    #[must_use]
    pub fn only_compiled(at: &Spot, end: &str) -> Self {
        let found = Self::new(Code::OnlyInAuditRules, at, format!("no drop-in has this line: {end}"));
        found.advise("adopt: true takes it over into a drop-in")
    }

    /// The same of a line that `apply` writes: it leaves out what auditctl would stop at, unless this key of the request
    /// is `fail`.
    #[must_use]
    pub fn left_out(self, what: &str, key: &str) -> Self {
        let code = Code::LeftOutByApply;
        let message = format!("{}: apply leaves {what} out, unless {key} is fail", self.message);
        Self { code: code.name(), severity: code.severity(), message, ..self }
    }

    /// With the part of the line that it is about.
    #[must_use]
    pub fn over(mut self, span: Option<(usize, usize)>) -> Self {
        self.span = span;
        self
    }

    /// With another place that belongs to it.
    #[must_use]
    pub fn beside(mut self, spot: &Spot) -> Self {
        self.related.push(spot.clone());
        self
    }

    /// With the system calls that it is about.
    #[must_use]
    pub fn of_calls(mut self, calls: Vec<&'static str>) -> Self {
        self.calls = calls;
        self
    }

    /// With what to do about it, in words.
    #[must_use]
    pub fn advise(mut self, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { text: text.into(), edit: None });
        self
    }

    /// With what to do about it: these bytes of its line become others.
    #[must_use]
    pub fn replace(mut self, text: impl Into<String>, span: (usize, usize), with: impl Into<String>) -> Self {
        let line = self.at.line;
        let edit = Edit { from: (line, span.0), to: (line, span.1), with: with.into() };
        self.fix = Some(Fix { text: text.into(), edit: Some(edit) });
        self
    }

    /// With what to do about it: the line goes.
    #[must_use]
    pub fn delete_line(mut self) -> Self {
        let line = self.at.line;
        let edit = Edit { from: (line, 0), to: (line + 1, 0), with: String::new() };
        self.fix = Some(Fix { text: "take the line out".to_owned(), edit: Some(edit) });
        self
    }
}

/// The first word of a line that is of this kind, as bytes from 0.
#[must_use]
pub fn word(line: &[u8], is_meant: impl Fn(&[u8]) -> bool) -> Option<(usize, usize)> {
    let words = tokens::split(line).ok()?;
    let found = words.iter().find(|word| is_meant(&word.text))?;
    Some((found.column, end_of_word(line, found.column)))
}

/// The word that states a condition on a field of this name.
#[must_use]
pub fn condition(line: &[u8], field: &str) -> Option<(usize, usize)> {
    word(line, |word| {
        let word = word.strip_prefix(b"-F").unwrap_or(word).to_ascii_lowercase();
        let operator = word.strip_prefix(field.as_bytes()).and_then(|rest| rest.first());
        operator.is_some_and(|operator| b"=!<>&".contains(operator))
    })
}

/// The name of a system call within the words of a line, where several may stand with commas between them.
#[must_use]
pub fn name_in_list(line: &[u8], name: &str) -> Option<(usize, usize)> {
    fn bare(part: &[u8]) -> &[u8] {
        part.strip_prefix(b"-S").unwrap_or(part)
    }
    let is_name = |part: &[u8]| part.eq_ignore_ascii_case(name.as_bytes());
    let (start, end) = word(line, |word| word.split(|byte| *byte == b',').any(|part| is_name(bare(part))))?;
    let mut from = start;
    for part in line[start..end].split(|byte| *byte == b',') {
        if is_name(bare(part)) {
            return Some((from + part.len() - bare(part).len(), from + part.len()));
        }
        from += part.len() + 1;
    }
    None
}

/// Where a word that begins here ends: at the next space that is not escaped.
#[must_use]
pub fn end_of_word(line: &[u8], column: usize) -> usize {
    let mut at = column;
    while at < line.len() && line[at] != b' ' {
        at += if line[at] == b'\\' && matches!(line.get(at + 1), Some(b' ' | b'\\')) { 2 } else { 1 };
    }
    at.min(line.len())
}

/// Names for a sentence: all of them, or the first five and how many more there are.
#[must_use]
pub fn list(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}
