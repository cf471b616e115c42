//! What fuzzing found worth keeping (`fuzz/corpus`), replayed with the same properties and no fuzzer.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "reads the corpus; a test may end in a panic"
)]

#[path = "../fuzz/properties/mod.rs"]
mod properties;

use std::fs;
use std::io::Write;
use std::path::Path;

/// The bytes that a line of the corpus stands for, as `fuzz/README.md` has it; none if it is no such line.
fn bytes_of(line: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = line.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&escape, after) = rest.split_first()?;
        rest = after;
        bytes.push(match escape {
            b'\\' => b'\\',
            b't' => b'\t',
            b'n' => b'\n',
            b'r' => b'\r',
            b'x' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(bytes)
}

/// The one line for these bytes.
fn line_of(bytes: &[u8]) -> String {
    let last = bytes.len().saturating_sub(1);
    let one = |(at, byte): (usize, &u8)| match byte {
        b'\\' => r"\\".to_owned(),
        b'\t' => r"\t".to_owned(),
        b'\n' => r"\n".to_owned(),
        b'\r' => r"\r".to_owned(),
        b'#' if at == 0 => r"\x23".to_owned(),
        b' ' if at == last => r"\x20".to_owned(),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!(r"\x{byte:02x}"),
    };
    bytes.iter().enumerate().map(one).collect()
}

/// Holds every input of a target to its properties; a panic says in which lines those that fail are.
fn replay(target: &str, hold: fn(&[u8])) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/corpus/{target}.txt"));
    let text = fs::read_to_string(&path).unwrap();
    let (mut count, mut failing) = (0, Vec::new());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#')) {
        let bytes = bytes_of(line).unwrap_or_else(|| panic!("{}:{number} is no input", path.display()));
        assert_eq!(line_of(&bytes), line, "{}:{number} is written otherwise than fuzz/run does", path.display());
        count += 1;
        if std::panic::catch_unwind(|| hold(&bytes)).is_err() {
            failing.push(format!("{}:{number}: {line}", path.display()));
        }
    }
    assert!(count >= 10, "{} has {count} inputs", path.display());
    assert!(failing.is_empty(), "{failing:#?}");
}

#[test]
fn any_bytes_are_one_line_and_back() {
    let every: Vec<u8> = (0..=255).collect();
    for bytes in [b"".as_slice(), b"# a\\x\t\n\r ", b" ", b"#", &every] {
        let line = line_of(bytes);
        assert!(!line.starts_with('#') && !line.ends_with(' ') && !line.contains('\n'), "{line}");
        assert_eq!(bytes_of(&line).as_deref(), Some(bytes), "{line}");
    }
    for line in [r"\", r"\x2", r"\xzz", r"\q"] {
        assert_eq!(bytes_of(line), None, "{line}");
    }
}

#[test]
fn every_request_is_answered() {
    replay("request", properties::request::hold);
}

#[test]
fn every_line_is_refused_or_reads_back() {
    replay("rule_line", properties::rule_line::hold);
}

#[test]
fn every_payload_is_refused_or_encodes_to_the_same() {
    replay("wire", properties::wire::hold);
}

#[test]
fn every_log_is_read_to_its_end() {
    replay("records", properties::records::hold);
}

#[test]
fn every_merge_keeps_what_it_was_given() {
    replay("merge", properties::merge::hold);
}

#[test]
fn every_merge_is_that_of_the_installed_script() {
    match properties::merge_script::witness() {
        Ok(_) => replay("merge_script", properties::merge_script::hold),
        // Not through a macro of the test harness, which keeps it to itself.
        Err(missing) => {
            let _ = writeln!(std::io::stderr(), "not run: the merge beside the installed script, since {missing}");
        }
    }
}
