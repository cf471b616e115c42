//! The value of a field, as it is written.

use std::borrow::Cow;

/// The value of a field, as it is written.
///
/// Text that a process chose is `"quoted"` where it is printable and has neither white space nor quotes, and upper-case
/// hexadecimal otherwise (`audit_log_n_untrustedstring`). Which fields are so written only their names say, so that
/// [`Value::text`] is to be asked of those alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Without quotes.
    Plain(&'a [u8]),
    /// What stood between quotes.
    Quoted(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The bytes as they are written, without quotes.
    #[must_use]
    pub fn written(self) -> &'a [u8] {
        match self {
            Self::Plain(bytes) | Self::Quoted(bytes) => bytes,
        }
    }

    /// Whether it stands for nothing: `(null)`, `(none)`, `?` or empty, without quotes.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        matches!(self, Self::Plain(b"" | b"(null)" | b"(none)" | b"?"))
    }

    /// The text that a process chose; none where it stands for nothing.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Quoted(bytes) => Some(Cow::Borrowed(bytes)),
            _ if self.is_nothing() => None,
            Self::Plain(bytes) => Some(from_hexadecimal(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)),
        }
    }

    /// A decimal number; `unset` is what all bits make.
    #[must_use]
    pub fn number(self) -> Option<u32> {
        match self.written() {
            b"unset" | b"-1" => Some(u32::MAX),
            digits => parsed(digits, 10).and_then(|number| u32::try_from(number).ok()),
        }
    }

    /// A decimal number with a sign.
    #[must_use]
    pub fn signed(self) -> Option<i64> {
        let written = self.written();
        let (sign, digits) = written.strip_prefix(b"-").map_or((1, written), |digits| (-1, digits));
        parsed(digits, 10).and_then(|number| i64::try_from(number).ok()).map(|number| sign * number)
    }

    /// A hexadecimal number, with or without `0x`.
    #[must_use]
    pub fn hexadecimal(self) -> Option<u64> {
        let written = self.written();
        parsed(written.strip_prefix(b"0x").unwrap_or(written), 16)
    }

    /// An octal number.
    #[must_use]
    pub fn octal(self) -> Option<u32> {
        parsed(self.written(), 8).and_then(|number| u32::try_from(number).ok())
    }

    /// A decimal number of 64 bits, such as an inode.
    #[must_use]
    pub fn long(self) -> Option<u64> {
        parsed(self.written(), 10)
    }
}

fn parsed(digits: &[u8], radix: u32) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = char::from(*digit).to_digit(radix)?;
        number.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))
    })
}

/// The bytes of upper-case hexadecimal digits; none where the text is something else.
#[must_use]
pub fn from_hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    if text.is_empty() || text.len() % 2 != 0 {
        return None;
    }
    text.chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}
