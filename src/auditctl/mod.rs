//! The rule language of auditctl 4.2.2, as a rules file holds it: a line to a rule and a rule to text.
//!
//! Nothing here knows a host. Where auditctl silently changes what a line means, we refuse the line;
//! `docs/differences-from-auditctl.md` lists every such place.

pub mod accounts;
mod condition;
mod control;
mod draft;
pub mod error;
pub mod installed;
pub mod line;
mod list_action;
mod notes;
mod options;
pub mod parts;
mod permissions;
mod syscalls;
pub mod taken;
pub mod text;
pub mod tokens;
mod watch;

pub use accounts::{Accounts, parse_group, parse_passwd};
pub use error::{
    BadSetting, ConditionError, FormError, Habit, LineError, LineErrorKind, NameError, ValueError, WordError,
};
pub use installed::{Installed, Version};
pub use line::{Context, Control, Line, Narrowing, Note, RuleLine, SkippedSyscall, Statement, UnknownSyscalls, Verb};
pub use parts::Parts;
pub use taken::{Taken, taken};
pub use text::{canonical, canonical_lossy};
pub use tokens::{is_cut, quote};

use control::Follows;
use draft::{Draft, Progress};
use options::Options;
use tokens::Token;

use crate::rule::Value;

/// Reads one line of a rules file, without its newline.
///
/// # Errors
/// What auditctl 4.2.2 refuses, and what it takes only because it does not look.
pub fn parse(line: &[u8], context: &Context<'_>) -> Result<Line, LineError> {
    if tokens::is_comment(line) && line.len() <= tokens::MAX_LINE && !line.contains(&b'\n') {
        return Ok(Line::Comment);
    }
    let tokens = tokens::split(line)?;
    if tokens.is_empty() {
        return Ok(Line::Blank);
    }
    statement(&tokens, context).map(Line::Statement).map_err(|error| {
        // What is wrong on every machine comes before the word length that this one lacks.
        let machine = &context.machine.of_both_word_lengths();
        let elsewhere = error.what.is_no_such_arch().then(|| statement(&tokens, &Context { machine, ..*context }));
        with_habit(elsewhere.and_then(Result::err).unwrap_or(error), &tokens)
    })
}

/// The value of a field, as it may stand after `-F` and its operator.
///
/// # Errors
/// Why it has no meaning.
pub fn value(field: &str, text: &[u8], context: &Context<'_>) -> Result<Value, LineError> {
    condition::value(field, text, context).map_err(|what| what.at(0))
}

fn statement(tokens: &[Token<'_>], context: &Context<'_>) -> Result<Statement, LineError> {
    let mut options = Options::new(tokens);
    let mut draft = Draft::new(context);
    let mut statement = Statement::default();
    while let Some(given) = options.read()? {
        let alone = statement.controls.is_empty() && draft.begun().is_none();
        match control::parse(&given, &mut options, alone)? {
            Some((control, Follows::Anything)) => statement.controls.push(control),
            Some((control, Follows::Nothing)) => {
                if draft.begun().is_some() || options.unread().is_some() {
                    return Err(LineErrorKind::Word(WordError::StandsAlone { option: given.option }).at(given.column));
                }
                statement.controls.push(control);
                return Ok(statement);
            }
            None if draft.take(&given)? == Progress::Nothing => return Ok(statement),
            None => {}
        }
    }
    if let Some(stray) = options.stray {
        let word = String::from_utf8_lossy(&stray.text).into_owned();
        return Err(LineErrorKind::Word(WordError::StrayWord { word }).at(stray.column));
    }
    statement.rule = draft.finish()?;
    Ok(statement)
}

/// Names the habit from elsewhere that shows in the word at fault.
fn with_habit(mut error: LineError, tokens: &[Token<'_>]) -> LineError {
    let at_fault = tokens.iter().rev().find(|token| token.column <= error.column);
    let Some(text) = at_fault.map(|token| &*token.text) else { return error };
    let holds = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    let has_tab = |token: &Token<'_>| token.text.contains(&b'\t');
    let is_stray = matches!(error.what, LineErrorKind::Word(WordError::StrayWord { .. }));
    let before = tokens.iter().rev().find(|token| token.column < error.column).map(|token| &*token.text);
    let key_at = tokens.iter().position(|token| *token.text == *b"-k");
    let after_key = key_at.and_then(|at| tokens.get(at + 1)).map(|token| &*token.text);
    let is_path = |word: &[u8]| word.first() == Some(&b'/') || word.windows(2).any(|pair| pair == b"=/");
    error.habit = if text.contains(&b'\t') || tokens.iter().any(has_tab) {
        Some(Habit::Tab)
    } else if text.contains(&b'"') || text.contains(&b'\'') {
        Some(Habit::Quotes)
    } else if holds(b"&gt;") || holds(b"&lt;") || holds(b"&amp;") {
        Some(Habit::HtmlEntity)
    } else if text.first() == Some(&b'#') {
        Some(Habit::TrailingComment)
    } else if tokens.last().is_some_and(|last| *last.text == *b"\\") {
        Some(Habit::LineContinuation)
    } else if is_stray && after_key.is_some_and(|word| word.first() == Some(&b'-')) {
        Some(Habit::KeyMissing)
    } else if is_stray && before.is_some_and(is_path) {
        Some(Habit::BlankInPath)
    } else if text.len() > 3 && text.starts_with(b"-a") && (b'0'..=b'3').contains(&text[2]) {
        Some(Habit::ArgumentOption)
    } else if tokens.iter().filter(|token| matches!(&*token.text, b"-w" | b"-a" | b"-A")).count() > 1 {
        Some(Habit::TwoRules)
    } else {
        None
    };
    error
}
