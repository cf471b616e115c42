//! The words of a line as options, in the manner of GNU `getopt_long`.

use super::error::{LineError, LineErrorKind, WordError};
use super::tokens::Token;

/// An option with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<'t> {
    /// The option's full name: `-a`, `--signal`.
    pub option: &'static str,
    /// Its value; empty for an option that takes none.
    pub value: &'t [u8],
    /// Where the option begins in the line, in bytes from 0.
    pub column: usize,
    /// Where its value begins in the line; as `column` where it takes none.
    pub value_column: usize,
}

impl Given<'_> {
    /// An error at the value.
    pub fn refuse(&self, what: LineErrorKind) -> LineError {
        what.at(self.value_column)
    }
}

/// Every option with whether it takes a value. Source: `auditctl.c`, `setopt`.
const OPTIONS: [(&str, bool); 31] = [
    ("-h", false),
    ("-i", false),
    ("-c", false),
    ("-s", false),
    ("-l", false),
    ("-D", false),
    ("-v", false),
    ("-t", false),
    ("-C", true),
    ("-e", true),
    ("-f", true),
    ("-r", true),
    ("-b", true),
    ("-a", true),
    ("-A", true),
    ("-d", true),
    ("-S", true),
    ("-F", true),
    ("-m", true),
    ("-R", true),
    ("-w", true),
    ("-W", true),
    ("-k", true),
    ("-p", true),
    ("-q", true),
    ("--loginuid-immutable", false),
    ("--backlog_wait_time", true),
    ("--reset-lost", false),
    ("--reset_backlog_wait_time_actual", false),
    ("--signal", true),
    ("--help", false),
];

/// Reads options one by one. Words that are no options may stand anywhere; they are collected.
#[derive(Debug)]
pub struct Options<'t> {
    tokens: &'t [Token<'t>],
    next: usize,
    /// How far into the current word a cluster of short options has been read; 0 between words.
    cluster: usize,
    /// The first word that is no option.
    pub stray: Option<&'t Token<'t>>,
}

impl<'t> Options<'t> {
    /// Options from these words.
    #[must_use]
    pub fn new(tokens: &'t [Token<'t>]) -> Self {
        Self { tokens, next: 0, cluster: 0, stray: None }
    }

    /// The next option.
    ///
    /// # Errors
    /// An unknown or ambiguous option, or a value that is missing or unwanted.
    pub fn read(&mut self) -> Result<Option<Given<'t>>, LineError> {
        while let Some(token) = self.tokens.get(self.next) {
            match &*token.text {
                _ if self.cluster > 0 => return self.short(token).map(Some),
                b"--" => {
                    self.stray = self.stray.or(self.tokens.get(self.next + 1));
                    self.next = self.tokens.len();
                }
                [b'-', b'-', name @ ..] => return self.long(token, name).map(Some),
                [b'-', _, ..] => {
                    self.cluster = 1;
                    return self.short(token).map(Some);
                }
                _ => {
                    self.stray = self.stray.or(Some(token));
                    self.next += 1;
                }
            }
        }
        Ok(None)
    }

    /// Takes the next word, whatever it is, if it equals `word`.
    pub fn take_word(&mut self, word: &[u8]) -> bool {
        let found = self.cluster == 0 && self.tokens.get(self.next).is_some_and(|token| *token.text == *word);
        self.next += usize::from(found);
        found
    }

    /// Takes the next word, whatever it is.
    pub fn take_any(&mut self) -> Option<&'t Token<'t>> {
        let token = self.tokens.get(self.next)?;
        self.next += 1;
        Some(token)
    }

    /// The place of the next word, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.next
    }

    /// The next word, whatever it is.
    #[must_use]
    pub fn next_word(&self) -> Option<&'t Token<'t>> {
        self.tokens.get(self.next).filter(|_| self.cluster == 0)
    }

    /// The next word, where so many words count. Words passed over before do not: auditctl looks at the place alone.
    #[must_use]
    pub fn rest(&self, count: usize) -> Option<&'t Token<'t>> {
        self.tokens.get(self.next).filter(|_| self.next < count)
    }

    /// Something that has not been read as an option or a value.
    #[must_use]
    pub fn unread(&self) -> Option<&'t Token<'t>> {
        self.stray.or_else(|| self.tokens.get(self.next))
    }

    fn short(&mut self, token: &'t Token) -> Result<Given<'t>, LineError> {
        let (start, rest) = (self.cluster, &token.text[self.cluster + 1..]);
        let letter = token.text[start];
        let column = token.column + start - usize::from(start == 1);
        let unknown =
            || LineErrorKind::Word(WordError::UnknownOption { option: format!("-{}", char::from(letter)) }).at(column);
        let (option, takes_value) = OPTIONS
            .iter()
            .find(|(name, _)| matches!(name.as_bytes(), [b'-', known] if *known == letter))
            .ok_or_else(unknown)?;
        if !takes_value {
            self.cluster = if rest.is_empty() { 0 } else { start + 1 };
            self.next += usize::from(rest.is_empty());
            return Ok(Given { option, value: b"", column, value_column: column });
        }
        self.cluster = 0;
        self.next += 1;
        if !rest.is_empty() {
            return Ok(Given { option, value: rest, column, value_column: column + 1 });
        }
        self.value(option, column)
    }

    fn long(&mut self, token: &'t Token<'t>, name: &'t [u8]) -> Result<Given<'t>, LineError> {
        let split = name.iter().position(|byte| *byte == b'=');
        let (name, attached) = match split {
            Some(at) => (&name[..at], Some(&name[at + 1..])),
            None => (name, None),
        };
        let column = token.column;
        let spelled = || format!("--{}", String::from_utf8_lossy(name));
        let known = OPTIONS
            .iter()
            .filter_map(|(option, takes_value)| Some((option.strip_prefix("--")?.as_bytes(), (*option, *takes_value))));
        let matching: Vec<_> = known.filter(|(known, _)| known.starts_with(name)).collect();
        let exact = matching.iter().find(|(known, _)| *known == name);
        let (option, takes_value) = match (exact, matching.as_slice()) {
            (Some((_, found)), _) | (None, [(_, found)]) => *found,
            (None, []) => return Err(LineErrorKind::Word(WordError::UnknownOption { option: spelled() }).at(column)),
            (None, several) => {
                let options = several.iter().map(|(_, (option, _))| *option).collect();
                return Err(LineErrorKind::Word(WordError::AmbiguousOption { option: spelled(), options }).at(column));
            }
        };
        self.next += 1;
        match (takes_value, attached) {
            (true, Some(value)) => {
                let value_column = column + token.text.len() - value.len();
                Ok(Given { option, value, column, value_column })
            }
            (true, None) => self.value(option, column),
            (false, Some(_)) => Err(LineErrorKind::Word(WordError::UnwantedValue { option }).at(column)),
            (false, None) => Ok(Given { option, value: b"", column, value_column: column }),
        }
    }

    fn value(&mut self, option: &'static str, column: usize) -> Result<Given<'t>, LineError> {
        let token =
            self.take_any().ok_or_else(|| LineErrorKind::Word(WordError::MissingArgument { option }).at(column))?;
        Ok(Given { option, value: &token.text, column, value_column: token.column })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    fn read(line: &str) -> String {
        let tokens = tokens::split(line.as_bytes()).unwrap();
        let mut options = Options::new(&tokens);
        let mut out = Vec::new();
        loop {
            match options.read() {
                Ok(Some(given)) => out.push(format!("{}={}", given.option, String::from_utf8_lossy(given.value))),
                Ok(None) => break,
                Err(error) => return error.what.kind().to_owned(),
            }
        }
        out.extend(options.stray.map(|token| format!("stray {}", String::from_utf8_lossy(&token.text))));
        out.join(" ")
    }

    #[test]
    fn values_attach_long_names_abbreviate_and_words_stray() {
        let cases = [
            ("-w/etc -pwa -kfoo", "-w=/etc -p=wa -k=foo"),
            ("-k -l", "-k=-l"),
            ("--back 5000", "--backlog_wait_time=5000"),
            ("--backlog_wait_time=5000", "--backlog_wait_time=5000"),
            ("--reset", "ambiguous_option"),
            ("--reset-lost=1", "unwanted_value"),
            ("--nosuch", "unknown_option"),
            ("-z", "unknown_option"),
            ("-w", "missing_argument"),
            ("-ic", "-i= -c="),
            ("-w /a x -k y", "-w=/a -k=y stray x"),
            ("-w /a -- -k y", "-w=/a stray -k"),
            ("-", "stray -"),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
