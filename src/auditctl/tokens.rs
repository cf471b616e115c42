//! A line of a rules file as words.

use std::borrow::Cow;

use super::error::{LineError, LineErrorKind, WordError};

/// Longest line, in bytes, that auditctl reads as one: its buffer holds 6144 with the terminating NUL.
pub const MAX_LINE: usize = 6143;

/// Room for the words of most lines.
const WORDS: usize = 16;

/// What ends a word, or is not read as it stands.
const SPECIAL: &[u8] = b" \\\x04\x07";

/// One word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'l> {
    /// The word, escapes resolved: a part of the line, where it has none.
    pub text: Cow<'l, [u8]>,
    /// Where it begins in the line, in bytes from 0.
    pub column: usize,
}

/// The words of a line: separated by spaces, with `\ ` for a space and `\\` for a backslash in all but the first.
///
/// # Errors
/// Bytes that auditctl does not read as they stand.
pub fn split(line: &[u8]) -> Result<Vec<Token<'_>>, LineError> {
    if line.len() > MAX_LINE {
        return Err(LineErrorKind::Word(WordError::LineTooLong { length: line.len() }).at(MAX_LINE));
    }
    if line.starts_with("\u{feff}".as_bytes()) {
        return Err(LineErrorKind::Word(WordError::ByteOrderMark).at(0));
    }
    if let Some((column, byte)) = line.iter().enumerate().find(|(_, byte)| matches!(byte, 0 | b'\n' | 0x04 | 0x07)) {
        return Err(LineErrorKind::Word(WordError::BadByte { byte: *byte }).at(column));
    }
    if line.ends_with(b"\r") {
        return Err(LineErrorKind::Word(WordError::CarriageReturn).at(line.len() - 1));
    }
    let mut tokens = Vec::with_capacity(WORDS);
    let mut at = 0;
    while at < line.len() {
        if line[at] == b' ' {
            at += 1;
            continue;
        }
        let column = at;
        at += length_until(&line[at..], b" \\");
        let mut text = Cow::Borrowed(&line[column..at]);
        while at < line.len() && line[at] != b' ' {
            match line.get(at + 1) {
                Some(next @ (b' ' | b'\\')) if !tokens.is_empty() => {
                    text.to_mut().push(*next);
                    at += 2;
                }
                _ => {
                    text.to_mut().push(line[at]);
                    at += 1;
                }
            }
            let plain = length_until(&line[at..], b" \\");
            text.to_mut().extend_from_slice(&line[at..at + plain]);
            at += plain;
        }
        tokens.push(Token { text, column });
    }
    Ok(tokens)
}

/// How many bytes stand before the first of these.
fn length_until(bytes: &[u8], ends: &[u8]) -> usize {
    bytes.iter().position(|byte| ends.contains(byte)).unwrap_or(bytes.len())
}

/// The words of a line as auditctl reads it, whatever bytes it has: a NUL ends it; the bytes 0x07 and 0x04 stand for a
/// space and a backslash and swallow the byte after them; in the first word an escape leaves two such bytes. Up to
/// `most` words are read, the rest is passed over.
#[must_use]
pub fn as_read(line: &[u8], most: usize) -> Vec<Token<'_>> {
    let end = line.iter().position(|byte| *byte == 0).unwrap_or(line.len());
    let line = line.get(..end).unwrap_or_default();
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(WORDS);
    let mut at = 0;
    while at < line.len() && tokens.len() < most {
        if line[at] == b' ' {
            at += 1;
            continue;
        }
        let (column, is_first) = (at, tokens.is_empty());
        at += length_until(&line[at..], SPECIAL);
        let mut text = Cow::Borrowed(&line[column..at]);
        while at < line.len() && line[at] != b' ' {
            let (space, backslash): (&[u8], &[u8]) = if is_first { (b"\x07\x07", b"\x04\x04") } else { (b" ", b"\\") };
            let (read, length) = match &line[at..] {
                [b'\\', b' ', ..] => (space, 2),
                [b'\\', b'\\', ..] => (backslash, 2),
                // Neither of the two is looked at for an escape again.
                [b'\\', next, ..] if *next != 0x07 && *next != 0x04 => (&line[at..at + 2], 2),
                [0x07, next, ..] if !is_first && *next != b' ' => (b" ".as_slice(), 2),
                [0x04, next, ..] if !is_first && *next != b' ' => (b"\\".as_slice(), 2),
                _ => (&line[at..=at], 1),
            };
            text.to_mut().extend_from_slice(read);
            at += length;
            let plain = length_until(&line[at..], SPECIAL);
            text.to_mut().extend_from_slice(&line[at..at + plain]);
            at += plain;
        }
        tokens.push(Token { text, column });
    }
    tokens
}

/// A line as auditctl's buffer holds it: in pieces, each of which it reads as a line.
pub fn pieces(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = if line.is_empty() { Some(line) } else { None };
    whole.into_iter().chain(line.chunks(MAX_LINE))
}

/// Whether the line is a comment: its first word begins with `#`.
#[must_use]
pub fn is_comment(line: &[u8]) -> bool {
    line.iter().find(|byte| **byte != b' ') == Some(&b'#')
}

/// Whether a line ends in a backslash of its own, as a rule that its author goes on with in the next line.
#[must_use]
pub fn is_cut(line: &[u8]) -> bool {
    let rest = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_end().strip_suffix(b"\\");
    rest.is_some_and(|rest| matches!(rest.last(), None | Some(b' ' | b'\t')))
}

/// A word as it must be written in a line (but not as its first word), so that it reads back.
#[must_use]
pub fn quote(token: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(token.len());
    for byte in token {
        if matches!(byte, b' ' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let tokens = split(line.as_bytes()).unwrap();
        tokens.into_iter().map(|token| String::from_utf8(token.text.into_owned()).unwrap()).collect()
    }

    #[test]
    fn only_spaces_separate_and_two_escapes_exist() {
        assert_eq!(words("  -w   /a\\ b  -k x "), ["-w", "/a b", "-k", "x"]);
        assert_eq!(words("-w /x\\ \\ y\\\\\\ z"), ["-w", "/x  y\\ z"]);
        assert_eq!(words("-k a\\b\\"), ["-k", "a\\b\\"]);
        assert_eq!(words("\\ -w /etc/x"), ["\\", "-w", "/etc/x"]);
        assert_eq!(words("-w\t/a 'b c'"), ["-w\t/a", "'b", "c'"]);
    }

    #[test]
    fn a_word_without_escapes_is_a_part_of_its_line() {
        let is_part = |line: &str| {
            let (ours, read) = (split(line.as_bytes()).unwrap(), as_read(line.as_bytes(), usize::MAX));
            assert_eq!(ours, read, "{line}");
            ours.iter().map(|token| matches!(token.text, Cow::Borrowed(_))).collect::<Vec<_>>()
        };
        assert_eq!(is_part("-w /etc/passwd -k a"), [true; 4]);
        assert_eq!(is_part(r"-w /a\ b -k a\b"), [true, false, true, false]);
    }

    #[test]
    fn a_quoted_word_reads_back() {
        for word in ["a b", "\\", "a\\ b\\\\", "/plain", " "] {
            let line = [b"-k ".as_slice(), &quote(word.as_bytes())].concat();
            assert_eq!(*split(&line).unwrap()[1].text, *word.as_bytes(), "{word}");
        }
    }

    #[test]
    fn bytes_that_auditctl_does_not_read_as_they_stand_are_refused() {
        for (line, column) in [("-k a\0b", 4), ("-k a\nb", 4), ("-k \x07a", 3), ("-k a\x04", 4), ("-k a\r", 4)] {
            assert_eq!(split(line.as_bytes()).unwrap_err().column, column, "{line:?}");
        }
        assert!(split(&[b'x'; MAX_LINE]).is_ok());
        assert!(split(&[b'x'; MAX_LINE + 1]).is_err());
    }
}
