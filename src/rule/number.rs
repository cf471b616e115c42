//! Numbers as C reads them in base 0, without its silent cuts.

/// Why a text is no number of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadNumber {
    /// Does not begin with a digit.
    NotANumber,
    /// Something stands behind the digits, or no digit behind `0x`.
    Junk,
    /// Does not fit 32 bits.
    TooLarge,
}

/// An unsigned number: decimal, octal behind `0`, hexadecimal behind `0x`.
///
/// # Errors
/// What is wrong with the text.
pub fn unsigned(text: &[u8]) -> Result<u32, BadNumber> {
    let (radix, digits) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, text),
    };
    if !text.first().is_some_and(u8::is_ascii_digit) {
        return Err(BadNumber::NotANumber);
    }
    if digits.is_empty() || !digits.iter().all(|digit| char::from(*digit).is_digit(radix)) {
        return Err(BadNumber::Junk);
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = char::from(*digit).to_digit(radix).ok_or(BadNumber::Junk)?;
        number.checked_mul(radix).and_then(|number| number.checked_add(digit)).ok_or(BadNumber::TooLarge)
    })
}

/// As [`unsigned`], or a `-` and a number of at most 31 bits, which gives its two's complement.
///
/// # Errors
/// What is wrong with the text.
pub fn signed(text: &[u8]) -> Result<u32, BadNumber> {
    match text {
        [b'-', digits @ ..] => match unsigned(digits)? {
            number @ 0..=0x8000_0000 => Ok(number.wrapping_neg()),
            _ => Err(BadNumber::TooLarge),
        },
        _ => unsigned(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_those_of_c_and_nothing_is_cut() {
        let cases: [(&str, Result<u32, BadNumber>); 14] = [
            ("0", Ok(0)),
            ("010", Ok(8)),
            ("0x10", Ok(16)),
            ("0XfF", Ok(255)),
            ("4294967295", Ok(u32::MAX)),
            ("-1", Ok(u32::MAX)),
            ("-2147483648", Ok(0x8000_0000)),
            ("-2147483649", Err(BadNumber::TooLarge)),
            ("4294967296", Err(BadNumber::TooLarge)),
            ("5abc", Err(BadNumber::Junk)),
            ("08", Err(BadNumber::Junk)),
            ("0x", Err(BadNumber::Junk)),
            ("", Err(BadNumber::NotANumber)),
            ("-", Err(BadNumber::NotANumber)),
        ];
        for (text, expected) in cases {
            assert_eq!(signed(text.as_bytes()), expected, "{text}");
        }
    }
}
