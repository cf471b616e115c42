//! Options that set or ask, and have no part in a rule.

use super::error::{BadSetting, LineError, LineErrorKind, ValueError, WordError};
use super::line::Control;
use super::options::{Given, Options};
use crate::rule::key;
use crate::rule::number;

/// What auditd can be told, in any case.
const SIGNALS: [&str; 10] = ["term", "hup", "usr1", "usr2", "cont", "stop", "reload", "rotate", "resume", "state"];

/// Whether more options may follow on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// Yes.
    Anything,
    /// No: auditctl fails or, after some of them, passes over what stands there.
    Nothing,
}

/// The control that an option is; none where the option is part of a rule.
///
/// # Errors
/// A value that the option does not take.
pub fn parse(
    given: &Given<'_>,
    options: &mut Options<'_>,
    alone: bool,
) -> Result<Option<(Control, Follows)>, LineError> {
    let number = || {
        let why = |why| bad(given, BadSetting::Number(why));
        number::unsigned(given.value).map_err(why)
    };
    let state = || match given.value {
        [digit @ b'0'..=b'2'] => Ok(u32::from(digit - b'0')),
        _ => Err(bad(given, BadSetting::NotOneOf(&["0", "1", "2"]))),
    };
    let setting = match given.option {
        "-e" => Control::Enabled(state()?),
        "-f" => Control::Failure(state()?),
        "-b" => Control::BacklogLimit(number()?),
        "-r" => Control::RateLimit(number()?),
        "--backlog_wait_time" => Control::BacklogWaitTime(number()?),
        _ => return last(given, options, alone).map(|control| control.map(|control| (control, Follows::Nothing))),
    };
    Ok(Some((setting, Follows::Anything)))
}

/// Options that end a line.
fn last(given: &Given<'_>, options: &mut Options<'_>, alone: bool) -> Result<Option<Control>, LineError> {
    Ok(Some(match given.option {
        "-i" => Control::IgnoreErrors,
        "-c" => Control::ContinueOnErrors,
        "-t" => Control::Trim,
        "-v" => Control::Version,
        "-h" | "--help" => Control::Help,
        "--loginuid-immutable" => Control::LoginuidImmutable,
        "--reset-lost" => Control::ResetLost,
        "--reset_backlog_wait_time_actual" => Control::ResetBacklogWaitTimeActual,
        "-s" => Control::Status { interpret: options.take_word(b"-i") },
        "-l" => {
            let interpret = options.take_word(b"-i");
            let key = if !interpret && options.take_word(b"-k") { Some(key_after(given, options)?) } else { None };
            Control::List { interpret, key }
        }
        "-D" if !alone => return Err(LineErrorKind::Word(WordError::StandsAlone { option: "-D" }).at(given.column)),
        "-D" if options.take_word(b"-k") => Control::DeleteByKey(key_after(given, options)?),
        "-D" => Control::DeleteAll,
        "-q" => equivalent(given)?,
        "-m" if given.value.iter().any(u8::is_ascii_control) => return Err(bad(given, BadSetting::ControlCharacter)),
        "-m" => Control::Message(given.value.to_vec()),
        "--signal" => {
            let word = String::from_utf8_lossy(given.value).to_ascii_lowercase();
            if !SIGNALS.contains(&word.as_str()) {
                return Err(bad(given, BadSetting::NotOneOf(&SIGNALS)));
            }
            Control::Signal(word)
        }
        _ => return Ok(None),
    }))
}

fn key_after(given: &Given<'_>, options: &mut Options<'_>) -> Result<Vec<u8>, LineError> {
    let token = options
        .take_any()
        .ok_or_else(|| LineErrorKind::Word(WordError::MissingArgument { option: "-k" }).at(given.column))?;
    match token.text.len() {
        length if length > key::MAX_LENGTH => {
            Err(LineErrorKind::Value(ValueError::KeyTooLong { length }).at(token.column))
        }
        _ => Ok(token.text.to_vec()),
    }
}

fn equivalent(given: &Given<'_>) -> Result<Control, LineError> {
    let mut paths = given.value.split(|byte| *byte == b',');
    match (paths.next(), paths.next(), paths.next()) {
        (Some(mount_point), Some(subtree), None) if !subtree.is_empty() => {
            Ok(Control::MakeEquivalent { mount_point: mount_point.to_vec(), subtree: subtree.to_vec() })
        }
        _ => Err(bad(given, BadSetting::NotTwoPaths)),
    }
}

pub fn bad(given: &Given<'_>, why: BadSetting) -> LineError {
    let value = String::from_utf8_lossy(given.value).into_owned();
    given.refuse(LineErrorKind::Word(WordError::BadSetting { option: given.option, value, why }))
}
