//! The order in which `ls -v` and `sort -V` of GNU coreutils (9.1 and later) put names.

use std::cmp::Ordering;

/// Compares two file names as `ls -v` and `sort -V` do: digits by their value, suffixes such as `.rules` last of all.
///
/// Total: only equal names are equal. It depends on no locale.
#[must_use]
pub fn natural_order(a: &[u8], b: &[u8]) -> Ordering {
    compare_runs(stem(a), stem(b)).then_with(|| compare_runs(a, b)).then_with(|| a.cmp(b))
}

/// The name without the longest ending of the form `(.[A-Za-z~][A-Za-z0-9~]*)*`; never without its first byte.
fn stem(name: &[u8]) -> &[u8] {
    let mut stem = name;
    while let Some(dot) = stem.iter().rposition(|byte| *byte == b'.') {
        let suffix = &stem[dot + 1..];
        let starts_well = suffix.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'~');
        if dot == 0 || !starts_well || !suffix.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'~') {
            break;
        }
        stem = &stem[..dot];
    }
    stem
}

fn compare_runs(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (text_a, rest_a) = split_run(a, |byte| !byte.is_ascii_digit());
        let (text_b, rest_b) = split_run(b, |byte| !byte.is_ascii_digit());
        let (number_a, rest_a) = split_run(rest_a, u8::is_ascii_digit);
        let (number_b, rest_b) = split_run(rest_b, u8::is_ascii_digit);
        let ordering = compare_text(text_a, text_b).then_with(|| compare_numbers(number_a, number_b));
        if ordering.is_ne() {
            return ordering;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

fn split_run(bytes: &[u8], belongs: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|byte| !belongs(byte)).unwrap_or(bytes.len()))
}

fn compare_text(a: &[u8], b: &[u8]) -> Ordering {
    (0..a.len().max(b.len()))
        .map(|at| rank(a.get(at)).cmp(&rank(b.get(at))))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Where a byte stands: `~`, then the end of the text (a digit or nothing follows), then letters, then the rest.
fn rank(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    }
}

/// Compares digits of any length by their value.
fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let (_, a) = split_run(a, |byte| *byte == b'0');
    let (_, b) = split_run(b, |byte| *byte == b'0');
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::natural_order;

    /// Each row in the order in which `ls -1v` and `sort -V` of coreutils 9.1 put it, `.rules` appended.
    const LISTED: &[&[&str]] = &[
        &[
            "0-x",
            "00-x",
            "1-0",
            "9-a",
            "10",
            "10a",
            "10 x",
            "10-A",
            "10-a~",
            "10-a.b",
            "010-a",
            "10-a",
            "10-a-b",
            "10_a",
            "30-ospp-v42",
            "30-ospp-v42-1-x",
            "A",
            "a~b",
            "a",
            "ab",
            "audit",
            "a-b",
            "z09",
            "z9",
            "z10",
        ],
        &["a~", "a.~", "a.B", "a.b1", "a.b.c", "a.b", "a", "a..b", "a.1", "a.9", "a.10", "a.-", "b.a1", "b.1a"],
        &["0", "00", "000", "1.a", "01.b", "1.c", "001", "a0", "a00", "a", "a00b", "a0b", "a01", "a1", "a-0", "a-00"],
        &["~", "~a", "A_", "a~~", "a~", "a1", "aa", "a+", "a,", "a-", "a@", "a_", "%", "+", "-", "=", "@", "_"],
    ];

    #[test]
    fn names_stand_in_the_order_of_ls_and_sort() {
        for row in LISTED {
            let mut sorted: Vec<String> = row.iter().rev().map(|name| format!("{name}.rules")).collect();
            sorted.sort_by(|a, b| natural_order(a.as_bytes(), b.as_bytes()));
            let listed: Vec<String> = row.iter().map(|name| format!("{name}.rules")).collect();
            assert_eq!(sorted, listed);
        }
    }

    #[test]
    fn the_order_is_total_on_random_names_that_ls_has_sorted() {
        let listed: Vec<&[u8]> = include_bytes!("../../tests/natural_order.txt").split(|byte| *byte == b'\n').collect();
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        sorted.sort_by(|a, b| natural_order(a, b));
        assert_eq!(sorted, listed);
    }
}
