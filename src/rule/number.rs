//! Numbers as C reads them in base 0, without its silent cuts.

/// Why a text is no number of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadNumber {
    /// Does not begin with a digit.
    NotANumber,
    /// Something stands after the digits, or no digit after `0x`.
    Junk,
    /// Does not fit 32 bits.
    TooLarge,
}

/// An unsigned number: decimal, octal after `0`, hexadecimal after `0x`.
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

/// A text as `strtol(text, NULL, 0)` reads it, cut to 32 bits: white space and a sign may stand before the digits, what
/// stands after them is passed over, and no digits are 0. None where it does not fit the 64 bits of `strtoul`.
#[must_use]
pub fn as_c(text: &[u8]) -> Option<u32> {
    as_c_in(text, 0)
}

/// As [`as_c`], with this base; 0 stands for the base that the text shows.
#[must_use]
pub fn as_c_in(text: &[u8], base: u32) -> Option<u32> {
    let text = text.trim_ascii_start();
    let (is_negative, text) = match text {
        [sign @ (b'-' | b'+'), rest @ ..] => (*sign == b'-', rest),
        _ => (false, text),
    };
    let is_hexadecimal =
        matches!(text, [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit()) && matches!(base, 0 | 16);
    let (base, digits) = match (base, text) {
        _ if is_hexadecimal => (16, text.get(2..).unwrap_or_default()),
        (0, [b'0', ..]) => (8, text),
        (0, _) => (10, text),
        _ => (base, text),
    };
    let digits = digits.iter().map_while(|digit| char::from(*digit).to_digit(base));
    let number = digits.map(u64::from).try_fold(0_u64, |number, digit| {
        number.checked_mul(u64::from(base)).and_then(|number| number.checked_add(digit))
    })?;
    let number = if is_negative { number.wrapping_neg() } else { number };
    u32::try_from(number & u64::from(u32::MAX)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_passes_over_what_is_no_digit_and_cuts_what_is_too_long() {
        let cases = [
            ("5abc", Some(5)),
            ("08", Some(0)),
            ("0x", Some(0)),
            ("0xfg", Some(15)),
            ("inet", Some(0)),
            ("-1", Some(u32::MAX)),
            ("4294967296", Some(0)),
            ("4294967301", Some(5)),
            ("18446744073709551615", Some(u32::MAX)),
            ("18446744073709551616", None),
            ("\t +2", Some(2)),
        ];
        for (text, expected) in cases {
            assert_eq!(as_c(text.as_bytes()), expected, "{text}");
        }
        assert_eq!((as_c_in(b"c000003ezz", 16), as_c_in(b"x86", 16)), (Some(0xc000_003e), Some(0)));
    }

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
