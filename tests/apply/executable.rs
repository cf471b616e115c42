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

/// Runs the executable with a request and this standard output, after the words of a shell.
fn run_into(output: Stdio, words: &str, request: &str) -> Output {
    let mut child = Command::new("sh")
        .args(["-c", &format!("{words}; exec \"$0\" -"), env!("CARGO_BIN_EXE_audit_rules")])
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_report_that_nobody_takes_is_a_failure_with_a_word_about_it() {
    let place = TempDir::new().unwrap();
    let broken = || Stdio::from(std::os::fd::OwnedFd::from(std::os::unix::net::UnixStream::pair().unwrap().1));
    let full = || Stdio::from(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let limited = || Stdio::from(std::fs::File::create(place.path().join("report")).unwrap());
    let outputs: [(&dyn Fn() -> Stdio, &str); 4] = [
        (&broken, "true"),
        (&full, "true"),
        (&limited, "ulimit -f 0"),
        // Open, but not for writing.
        (&Stdio::inherit, "exec 1</dev/null"),
    ];
    for (output, words) in outputs {
        let ended = run_into(output(), words, EXPLAIN);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{words}: {:?} {said}", ended.status);
        assert!(said.starts_with("audit_rules: standard output takes no report: "), "{words}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let (image, request) = image();
    let ended = run_into(full(), "true", &request.to_string());
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1));
    assert!(said.ends_with("audit_rules: what the request changed stays changed\n"), "{said}");
    assert!(image.path().join("etc/audit/rules.d/a.rules").exists());
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_the_files_are_as_before() {
    let (image, _) = image();
    let rules_d = image.path().join("etc/audit/rules.d");
    std::fs::create_dir_all(&rules_d).unwrap();
    std::fs::write(rules_d.join("a.rules"), "-b 64\n").unwrap();
    std::fs::write(image.path().join("etc/audit/audit.rules"), "## This file is automatically generated\n").unwrap();
    let rules: Vec<String> = (0..400).map(|at| format!("-w /etc/passwd -p wa -k key-{at}")).collect();
    // In blocks of 512 bytes or a kibibyte: between a small drop-in and a large one, and in the middle of the first.
    for (blocks, first) in [(8, json!(["-b 128"])), (1, json!(rules))] {
        let request = json!({
            "root": image.path(), "compile": "always",
            "drop_ins": {"a": {"rules": first}, "b": {"rules": rules}},
        });
        let held = || -> Vec<(String, Vec<u8>)> {
            let directories = [rules_d.clone(), image.path().join("etc/audit")];
            let entries = directories.iter().flat_map(|directory| std::fs::read_dir(directory).unwrap());
            let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
            let mut held: Vec<_> =
                files.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect();
            held.sort();
            held
        };
        let before = held();
        let ended = run_into(Stdio::piped(), &format!("ulimit -f {blocks}"), &request.to_string());
        assert_eq!(ended.status.code(), Some(1), "{:?}", ended.status);
        let report: Json = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(report["outcome"], json!("rolled_back"), "{report:#}");
        assert_eq!(report["errors"][0]["errno"], json!("EFBIG"), "{report:#}");
        assert_eq!(held(), before);
    }
}
