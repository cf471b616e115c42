//! Letters of `rwxa`.

use super::error::{LineErrorKind, ValueError};

/// Each letter with its bit (`AUDIT_PERM_*`), in the order in which auditctl prints them.
const LETTERS: [(u8, u32); 4] = [(b'r', 4), (b'w', 2), (b'x', 1), (b'a', 8)];

/// The bits of one to four letters, in any case.
pub fn parse(value: &[u8]) -> Result<u32, LineErrorKind> {
    let bad = || LineErrorKind::Value(ValueError::BadPermission { value: String::from_utf8_lossy(value).into_owned() });
    if value.is_empty() || value.len() > LETTERS.len() {
        return Err(bad());
    }
    value.iter().try_fold(0, |bits, letter| {
        let letter = letter.to_ascii_lowercase();
        LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, bit)| bits | bit).ok_or_else(bad)
    })
}

/// The letters of the bits; others are left out.
#[must_use]
pub fn letters(bits: u32) -> String {
    LETTERS.iter().filter(|(_, bit)| bits & bit != 0).map(|(letter, _)| char::from(*letter)).collect()
}
