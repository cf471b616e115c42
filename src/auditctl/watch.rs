//! The value of `-w` and `-W`.

use super::error::{LineErrorKind, ValueError};
use crate::rule::{MAX_NAME, MAX_PATH};

/// The path as auditctl sends it: trailing slashes cut where it is longer than two bytes.
pub fn path(value: &[u8]) -> Result<Vec<u8>, LineErrorKind> {
    if value.len() > MAX_PATH {
        return Err(LineErrorKind::Value(ValueError::PathTooLong { length: value.len() }));
    }
    if value.first() != Some(&b'/') {
        return Err(LineErrorKind::Value(ValueError::RelativePath {
            path: String::from_utf8_lossy(value).into_owned(),
        }));
    }
    let length = last_name(value).len();
    if length > MAX_NAME {
        return Err(LineErrorKind::Value(ValueError::NameTooLong { length }));
    }
    Ok(if value.len() > 2 { without_trailing_slashes(value).to_vec() } else { value.to_vec() })
}

/// Everything before the last slashes, but never less than one byte.
fn without_trailing_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(1, |last| last + 1);
    path.get(..end).unwrap_or(path)
}

fn last_name(path: &[u8]) -> &[u8] {
    without_trailing_slashes(path).rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_slashes_are_cut_and_nothing_else() {
        let cases = [
            ("/etc/", "/etc"),
            ("/etc//", "/etc"),
            ("/", "/"),
            ("//", "//"),
            ("///", "/"),
            ("/a", "/a"),
            ("/etc/../etc/.", "/etc/../etc/."),
        ];
        for (given, expected) in cases {
            assert_eq!(path(given.as_bytes()), Ok(expected.as_bytes().to_vec()), "{given}");
        }
    }

    #[test]
    fn relative_and_long_paths_are_refused() {
        assert!(matches!(path(b"etc"), Err(LineErrorKind::Value(ValueError::RelativePath { .. }))));
        assert!(matches!(path(b"\"/etc\""), Err(LineErrorKind::Value(ValueError::RelativePath { .. }))));
        let name = |length| [b"/".as_slice(), &vec![b'n'; length]].concat();
        assert!(path(&name(255)).is_ok());
        assert_eq!(path(&name(256)), Err(LineErrorKind::Value(ValueError::NameTooLong { length: 256 })));
        let long = |length| b"/n".iter().copied().cycle().take(length).collect::<Vec<u8>>();
        assert!(path(&long(4095)).is_ok());
        assert_eq!(path(&long(4096)), Err(LineErrorKind::Value(ValueError::PathTooLong { length: 4096 })));
    }
}
