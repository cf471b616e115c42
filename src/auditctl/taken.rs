//! What the installed auditctl does with a line of a rules file, right or wrong: the boot load is its doing.
//!
//! Source: `setopt` and `handle_request` of `auditctl.c` and `lib/libaudit.c`, audit-userspace 3.0.9 to 4.2.1; the tests
//! compare with what three of them sent.

use super::control::{self, Follows};
use super::draft::{Draft, Progress};
use super::error::{BadSetting, FormError, LineError, LineErrorKind, ValueError, WordError};
use super::line::{Context, Control, RuleLine};
use super::options::{Given, Options};
use super::tokens::{self, Token};
use super::{condition, installed::Installed};
use crate::rule::{Arch, Field, List};
use crate::rule::{key, number};

/// What a line comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// What it sets or asks for; also what stands before the place at which the line is refused.
    pub controls: Vec<Control>,
    /// The rule that is sent.
    pub rule: Option<RuleLine>,
    /// Why it is refused.
    pub refused: Option<LineError>,
    /// auditctl ends here with a fault of its own, whatever `-i` or `-c` said.
    pub ends: bool,
}

/// How the reading of a line goes on after an option.
enum Next {
    /// With the next option.
    Option,
    /// No further, and the rest must be empty.
    End,
    /// No further, and nobody looks at the rest.
    Passed,
}

/// Reads one piece of a line (see [`tokens::pieces`]) as the auditctl of the context does.
#[must_use]
pub fn taken(line: &[u8], context: &Context<'_>) -> Taken {
    let mut taken = Taken::default();
    // Before 4.2 the array of words has room for a third of the line's bytes.
    let end = line.iter().position(|byte| *byte == 0).unwrap_or(line.len());
    let most = if context.is_before([4, 2, 0]) { end / 3 + 1 } else { usize::MAX };
    let words = tokens::as_read(line, most);
    if words.first().is_none_or(|first| first.text.first() == Some(&b'#')) {
        return taken;
    }
    let mut walk = Walk { words: &words, context, options: Options::new(&words), dropped: 0 };
    if let Err(error) = walk.line(&mut taken) {
        taken.refused = Some(error);
    }
    taken
}

struct Walk<'t> {
    words: &'t [Token<'t>],
    context: &'t Context<'t>,
    options: Options<'t>,
    /// Words that auditctl no longer counts: those after `-l`, `-s` and `-D`.
    dropped: usize,
}

impl<'t> Walk<'t> {
    fn line(&mut self, taken: &mut Taken) -> Result<(), LineError> {
        let mut draft = Draft::new(self.context);
        while let Some(given) = self.options.read()? {
            let next = match given.option {
                "-F" if draft.begun().is_none() && self.is_for_trim(&given) => Next::Option,
                option if is_of_rule(option) => {
                    if option == "-d" && self.version_is([4, 0, 4], [4, 0, 5]) {
                        return Err(refuse(&given, WordError::UnknownOption { option: option.to_owned() }));
                    }
                    match draft.take(&given)? {
                        Progress::Going => Next::Option,
                        Progress::Nothing => return Ok(()),
                    }
                }
                _ => self.control(&given, &draft, taken)?,
            };
            match next {
                Next::Option => {}
                Next::Passed => return Ok(()),
                Next::End => {
                    let count = self.words.len().saturating_sub(self.dropped);
                    if let Some(stray) = self.options.rest(count) {
                        return Err(stray_word(stray));
                    }
                    return draft.check_key();
                }
            }
        }
        if let Some(stray) = self.options.stray {
            return Err(stray_word(stray));
        }
        taken.rule = draft.finish()?;
        Ok(())
    }

    /// `-F arch=... -t` needs no list.
    fn is_for_trim(&mut self, given: &Given<'_>) -> bool {
        let is_next = self.options.next_word().is_some_and(|word| *word.text == *b"-t");
        let names_arch = given.value.windows(5).any(|part| part == b"arch=");
        let is_field = |field: Result<Field, _>| field.is_ok();
        is_next
            && names_arch
            && (given.value.starts_with(b"key=") || is_field(condition::parse(given.value, List::USER, self.context)))
    }

    /// Whether a byte of a message is below the space: on x86 a `char` has a sign, so that half of all bytes are.
    fn is_control(&self, byte: u8) -> bool {
        let has_sign = matches!(self.context.machine.native, Arch::X86_64 | Arch::I386);
        byte < b' ' || (has_sign && byte >= 0x80)
    }

    fn version_is(&self, from: [u16; 3], to: [u16; 3]) -> bool {
        let known = |installed: &Installed| installed.version.is_some() && installed.is_since(from);
        self.context.installed.is_some_and(known) && self.context.is_before(to)
    }

    fn control(&mut self, given: &Given<'t>, draft: &Draft<'_>, taken: &mut Taken) -> Result<Next, LineError> {
        let count = self.words.len();
        let before_4_0_4 = self.context.is_before([4, 0, 4]);
        let alone = || Err(refuse(given, WordError::StandsAlone { option: given.option }));
        let (control, next) = match given.option {
            "-b" | "-r" | "--backlog_wait_time" => {
                let number = number::as_c(given.value).filter(|_| given.value.first().is_some_and(u8::is_ascii_digit));
                let bad = || BadSetting::Number(number::BadNumber::NotANumber);
                let number = number.ok_or_else(|| control::bad(given, bad()))?;
                let control = match given.option {
                    "-b" => Control::BacklogLimit(number),
                    "-r" => Control::RateLimit(number),
                    _ => Control::BacklogWaitTime(number),
                };
                (control, Next::Option)
            }
            "-h" if before_4_0_4 => return Err(refuse(given, WordError::UnknownOption { option: "-h".to_owned() })),
            "--help" if self.context.is_before([4, 1, 1]) => {
                return Err(refuse(given, WordError::UnknownOption { option: "--help".to_owned() }));
            }
            "-s" | "-l" | "-D" => {
                let most = if given.option == "-s" { 2 } else { 3 };
                if count > most || (given.option == "-D" && count == 2) {
                    return alone();
                }
                let at = self.options.index();
                let Some(control) = self.asks(given, count, at, taken)? else { return alone() };
                (control, Next::End)
            }
            "-m" if count > 2 => return alone(),
            "-m" if given.value.iter().any(|byte| self.is_control(*byte)) => {
                return Err(control::bad(given, BadSetting::ControlCharacter));
            }
            "-m" => (Control::Message(given.value.to_vec()), Next::Passed),
            "-q" if draft.has_syscalls() => return alone(),
            _ => {
                let lenient = control::parse(given, &mut self.options, true)?;
                let Some((control, follows)) = lenient else {
                    return Err(refuse(given, WordError::UnknownOption { option: given.option.to_owned() }));
                };
                let next = match (&control, follows) {
                    (_, Follows::Anything) => Next::Option,
                    (Control::Trim | Control::MakeEquivalent { .. } | Control::ResetBacklogWaitTimeActual, _) => {
                        Next::Passed
                    }
                    (Control::LoginuidImmutable | Control::ResetLost, _) if before_4_0_4 => Next::Passed,
                    _ => Next::End,
                };
                (control, next)
            }
        };
        taken.controls.push(control);
        Ok(next)
    }

    /// `-s`, `-l` and `-D`, which count the words of the line and look at fixed places of it. A comparison with the word
    /// that is not there ends auditctl.
    fn asks(
        &mut self,
        given: &Given<'_>,
        count: usize,
        at: usize,
        taken: &mut Taken,
    ) -> Result<Option<Control>, LineError> {
        let word = |at: usize| self.words.get(at).map(|word| &*word.text);
        let key = word(2).unwrap_or_default();
        let too_long = key.len() > key::MAX_LENGTH || key.contains(&key::SEPARATOR);
        if count == 3 && too_long && !self.context.is_before([4, 2, 0]) {
            return Err(LineErrorKind::Value(ValueError::KeyTooLong { length: key.len() }).at(given.column));
        }
        let key = || key.get(..key::MAX_LENGTH).unwrap_or(key).to_vec();
        let next = word(at);
        let faults = match (given.option, count) {
            ("-l", 2) | ("-D", 3) => next.is_none(),
            _ => false,
        };
        if faults {
            taken.ends = true;
            return Ok(None);
        }
        Ok(match (given.option, count, next) {
            ("-s", 2, Some(b"-i")) if at == 1 => {
                self.dropped = 1;
                Some(Control::Status { interpret: true })
            }
            ("-s", 2, _) if at == 1 => None,
            ("-s", ..) => Some(Control::Status { interpret: false }),
            ("-l", 1, _) => Some(Control::List { interpret: false, key: None }),
            ("-l", 2, Some(b"-i")) => {
                self.dropped = 1;
                Some(Control::List { interpret: true, key: None })
            }
            ("-l", 3, Some(b"-k")) => {
                self.dropped = 2;
                Some(Control::List { interpret: false, key: Some(key()) })
            }
            ("-D", 1, _) => Some(Control::DeleteAll),
            ("-D", 3, Some(b"-k")) => {
                self.dropped = 2;
                Some(Control::DeleteByKey(key()))
            }
            _ => None,
        })
    }
}

fn is_of_rule(option: &str) -> bool {
    matches!(option, "-a" | "-A" | "-d" | "-w" | "-W" | "-p" | "-S" | "-F" | "-C" | "-k" | "-R")
}

fn refuse(given: &Given<'_>, why: WordError) -> LineError {
    LineErrorKind::Word(why).at(given.column)
}

fn stray_word(token: &Token<'_>) -> LineError {
    let word = String::from_utf8_lossy(&token.text).into_owned();
    LineErrorKind::Word(WordError::StrayWord { word }).at(token.column)
}

impl Draft<'_> {
    /// Whether the keys so far can be made a field, which auditctl tries although no rule is sent.
    fn check_key(mut self) -> Result<(), LineError> {
        match self.has_key() {
            true if self.begun().is_none() => Err(LineErrorKind::Form(FormError::KeyWithoutRule).at(0)),
            true => self.append_key().map_err(|what| what.at(0)),
            false => Ok(()),
        }
    }
}
