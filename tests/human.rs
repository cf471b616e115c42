//! Reports as people read them: every folder of `tests/human` holds a request, and what is shown for its answer.
//!
//! `before.json` is a request that the host was given first, `*.rules` are files that somebody put into rules.d by hand.
//! `expected.html` is the same report as a page, without the style sheet. `UPDATE_EXPECTED=1` writes `expected`,
//! `expected.colours` and `expected.html`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "lays files out; a test may end in a panic"
)]

mod project;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use audit_rules::html::{Imprint, page};
use audit_rules::report::Report;
use project::host::Host;

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/human")).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The page of a report, made at the beginning of time.
fn page_without_style(report: &Report) -> String {
    let (host, kernel, machine) = ("host".to_owned(), "6.1.0".to_owned(), "x86_64".to_owned());
    let whole = page(report, &Imprint { host, kernel, machine, milliseconds: 0, root: None });
    let (head, rest) = whole.split_once("<style>").unwrap();
    format!("{head}<style>{}", &rest[rest.find("</style>").unwrap()..]).replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn every_folder_is_shown_as_it_says() {
    let mut wrong = String::new();
    let mut count = 0;
    for folder in folders() {
        let mut host = Host::new();
        if let Ok(before) = fs::read_to_string(folder.join("before.json")) {
            assert!(host.answer(&before).changed, "{}", folder.display());
        }
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "rules") {
                let inside = host.root().join("etc/audit/rules.d").join(file.file_name().unwrap());
                fs::copy(&file, inside).unwrap();
            }
        }
        let report = host.answer(&fs::read_to_string(folder.join("request.json")).unwrap());
        let forms = [
            ("expected", report.human(false)),
            ("expected.colours", report.human(true)),
            ("expected.html", page_without_style(&report)),
        ];
        for (name, shown) in forms {
            let path = folder.join(name);
            if std::env::var_os("UPDATE_EXPECTED").is_some() {
                fs::write(&path, &shown).unwrap();
            }
            let held = fs::read_to_string(&path).unwrap_or_default();
            if held != shown {
                write!(wrong, "\n{}:\n--- expected\n{held}--- shown\n{shown}", path.display()).unwrap();
            }
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}\nUPDATE_EXPECTED=1 cargo test --test human writes what is shown");
    assert!(count >= 9, "{count} folders");
}

#[test]
fn nothing_that_a_terminal_obeys_gets_through() {
    for folder in folders() {
        let shown = fs::read_to_string(folder.join("expected")).unwrap();
        let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!shown.contains(bad), "{}", folder.display());
        assert!(shown.lines().all(|line| line == line.trim_end()), "{}", folder.display());
        let coloured = fs::read_to_string(folder.join("expected.colours")).unwrap();
        let without: String = coloured
            .split('\u{1b}')
            .enumerate()
            .map(|(at, part)| if at == 0 { part } else { part.split_once('m').unwrap().1 })
            .collect();
        assert_eq!(without, shown, "{}: colours are all that differs", folder.display());
    }
}

#[test]
fn the_executable_shows_text_where_it_is_asked_to_and_json_elsewhere() {
    let request = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/human/events/request.json");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_audit_rules"));
        let output = command.args(arguments).stdin(fs::File::open(&request).unwrap()).stderr(Stdio::piped()).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let path = request.to_str().unwrap();
    let expected = fs::read_to_string(request.with_file_name("expected")).unwrap();
    // No colours: this is no terminal.
    for arguments in [&["--human", path][..], &["--human", "-"], &["--human"]] {
        assert_eq!(run(arguments), (Some(1), expected.clone()), "{arguments:?}");
    }
    assert!(run(&[path]).1.starts_with("{\"changed\":false"));
    for arguments in [&["--human", "--human"][..], &["--human", "a", "b"], &["-", "--human"]] {
        assert_eq!(run(arguments), (Some(2), String::new()), "{arguments:?}");
    }
}
