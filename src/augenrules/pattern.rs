//! Names as the shell expands them where a script leaves the quotes out (POSIX, 2.13).

/// Whether the shell takes the word for a pattern.
#[must_use]
pub fn is_pattern(word: &[u8]) -> bool {
    word.iter().any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

/// Whether the pattern stands for the name. Bytes are compared, as in the locale C.
#[must_use]
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // Where the last star stands, and what of the name it has taken in: the only place to come back to.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut of_name) = (0, 0);
    while of_name < name.len() {
        match step(&pattern[at.min(pattern.len())..], name[of_name]) {
            Step::Star => {
                star = Some((at, of_name));
                at += 1;
            }
            Step::Takes(length) => {
                at += length;
                of_name += 1;
            }
            Step::Differs => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    (at, of_name) = (place + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

enum Step {
    /// Any number of bytes.
    Star,
    /// The byte fits, and so many bytes of the pattern stood for it.
    Takes(usize),
    Differs,
}

fn step(pattern: &[u8], byte: u8) -> Step {
    let fits = |does: bool, length| if does { Step::Takes(length) } else { Step::Differs };
    match pattern {
        [b'*', ..] => Step::Star,
        [b'?', ..] => Step::Takes(1),
        [b'[', rest @ ..] => match bracket(rest, byte) {
            Some((does, length)) => fits(does, length + 1),
            // A bracket that nothing closes stands for itself.
            None => fits(byte == b'[', 1),
        },
        [b'\\', escaped, ..] => fits(*escaped == byte, 2),
        [plain, ..] => fits(*plain == byte, 1),
        [] => Step::Differs,
    }
}

/// Whether the byte is one of those between brackets, and how long they are with the closing one; none where nothing
/// closes them.
fn bracket(rest: &[u8], byte: u8) -> Option<(bool, usize)> {
    let is_negated = matches!(rest.first(), Some(b'!' | b'^'));
    let first = usize::from(is_negated);
    let mut at = first;
    let mut holds = false;
    loop {
        match &rest[at.min(rest.len())..] {
            [] => return None,
            [b']', ..] if at > first => return Some((holds != is_negated, at + 1)),
            [low, b'-', high, ..] if *high != b']' => {
                holds |= (*low..=*high).contains(&byte);
                at += 3;
            }
            [one, ..] => {
                holds |= *one == byte;
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_what_the_shell_says() {
        let rows = [
            ("*", "a.rules", true),
            ("10-?.rules", "10-a.rules", true),
            ("10-?.rules", "10-ab.rules", false),
            ("[12]0-a.rules", "20-a.rules", true),
            ("[12]0-a.rules", "[12]0-a.rules", false),
            ("[!12]0", "30", true),
            ("[^12]0", "10", false),
            ("[a-c]x", "bx", true),
            ("[]x]", "]", true),
            ("[a", "[a", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("**", "", true),
        ];
        for (pattern, name, expected) in rows {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
        assert!(is_pattern(b"a[") && !is_pattern(b"a\\b"));
    }
}
