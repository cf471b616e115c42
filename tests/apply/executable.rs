//! The executable itself: how it is called, what comes out, and how it ends.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// Runs the executable with these arguments and this standard input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_audit_rules"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that reads no input may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// The one document on standard output; nothing is on standard error.
fn report(output: &Output) -> Json {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.stdout.ends_with(b"\n"));
    serde_json::from_slice(&output.stdout).unwrap()
}

const EXPLAIN: &str = r#"{"operation": "explain", "rules": ["-w /etc/passwd -p wa -k identity"]}"#;

/// A request that touches nothing but a directory of its own.
fn image() -> (TempDir, Json) {
    let image = TempDir::new().unwrap();
    let request = json!({"root": image.path(), "name": "a", "rules": ["-b 8192"]});
    (image, request)
}

#[test]
fn a_request_comes_in_a_file_or_on_standard_input() {
    let place = TempDir::new().unwrap();
    let file = place.path().join("request.json");
    std::fs::write(&file, EXPLAIN).unwrap();
    let by_file = run(&[file.to_str().unwrap()], b"");
    assert_eq!(by_file.status.code(), Some(0));
    assert_eq!(report(&by_file)["lines"][0]["accepted"], json!(true));
    for arguments in [&["-"][..], &[]] {
        let by_input = run(arguments, EXPLAIN.as_bytes());
        assert_eq!((by_input.status.code(), &by_input.stdout), (Some(0), &by_file.stdout), "{arguments:?}");
    }
}

#[test]
fn the_exit_status_is_that_of_the_report() {
    let (image, request) = image();
    let output = run(&["-"], request.to_string().as_bytes());
    assert_eq!((output.status.code(), &report(&output)["changed"]), (Some(0), &json!(true)));
    let written = std::fs::read_to_string(image.path().join("etc/audit/rules.d/a.rules")).unwrap();
    assert!(written.ends_with("-b 8192\n"), "{written}");
    for bad in ["", "{", "[]", r#"{"name": "a/b", "rules": []}"#, "\u{0}"] {
        let output = run(&["-"], bad.as_bytes());
        assert_eq!((output.status.code(), &report(&output)["failed"]), (Some(1), &json!(true)), "{bad:?}");
    }
    let output = run(&["-"], b"\xff");
    assert_eq!((output.status.code(), &report(&output)["errors"][0]["kind"]), (Some(1), &json!("not_utf8")));
}

#[test]
fn a_request_that_cannot_be_read_is_reported() {
    let place = TempDir::new().unwrap();
    for path in [place.path().join("missing"), place.path().to_owned()] {
        let output = run(&[path.to_str().unwrap()], b"");
        assert_eq!(output.status.code(), Some(1), "{}", path.display());
        assert_eq!(report(&output)["errors"][0]["kind"], json!("request_unreadable"), "{}", path.display());
    }
}

#[test]
fn a_request_without_an_end_is_cut_off() {
    let output = run(&["/dev/zero"], b"");
    assert_eq!((output.status.code(), &report(&output)["errors"][0]["kind"]), (Some(1), &json!("request_too_large")));
}

#[test]
fn a_wrong_command_line_is_answered_on_standard_error() {
    let rows = [&["--frobnicate"][..], &["schema", "nothing"], &["a", "b"], &["-", "-"], &["schema", "request", "x"]];
    for arguments in rows {
        let output = run(arguments, b"");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("usage: "), "{arguments:?}");
    }
}

#[test]
fn schemas_and_words_for_people_are_printed() {
    for name in ["request", "report"] {
        let schema = report(&run(&["schema", name], b""));
        assert!(jsonschema::validator_for(&schema).is_ok(), "{name}");
        assert_eq!(schema["title"], json!(format!("audit_rules {name}")));
    }
    for (argument, word) in [("--help", "schema request"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let output = run(&[argument], b"");
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).contains(word), "{argument}");
    }
}

#[test]
fn a_report_that_nobody_takes_is_a_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_audit_rules"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(std::fs::File::options().write(true).open("/dev/full").unwrap())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(EXPLAIN.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
