//! Whole policies: every folder of `tests/lint/cases` holds drop-ins, and `expected` says what is found in them.
//!
//! `UPDATE_EXPECTED=1` writes `expected`. A file `archs` names machines, one a line; without it there is `x86_64`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use audit_rules::report::lint::{FindingReport, PlaceReport};
use serde_json::json;

use crate::answer;

fn place(place: &PlaceReport) -> String {
    format!("{}:{}", place.file.as_deref().unwrap_or("?"), place.line.unwrap_or(0))
}

fn told(found: &FindingReport) -> String {
    let severity = format!("{:?}", found.severity).to_lowercase();
    let at = PlaceReport { file: found.file.clone(), pointer: None, line: found.line };
    let column = found.column.map_or_else(String::new, |column| format!(":{column}"));
    let mut text = format!("{}{column} {severity} {}: {}\n", place(&at), found.code, found.message);
    if !found.archs.is_empty() {
        writeln!(text, "    on {}", found.archs.join(", ")).unwrap();
    }
    for related in &found.related {
        writeln!(text, "    see {}", place(related)).unwrap();
    }
    if let Some(fix) = &found.fix {
        let edit = fix.edit.as_ref().map_or_else(String::new, |edit| {
            format!(" [{}:{}-{}:{} {:?}]", edit.line, edit.column, edit.end_line, edit.end_column, edit.text)
        });
        writeln!(text, "    fix: {}{edit}", fix.text).unwrap();
    }
    text
}

#[test]
fn every_folder_has_what_it_says() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/cases");
    let mut wrong = String::new();
    let mut count = 0;
    for entry in fs::read_dir(cases).unwrap() {
        let folder = entry.unwrap().path();
        let archs = fs::read_to_string(folder.join("archs")).unwrap_or_else(|_| "x86_64".to_owned());
        let mut files = Vec::new();
        for file in fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rules") {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                files.push(json!({"name": name, "text": fs::read_to_string(&path).unwrap()}));
            }
        }
        let archs: Vec<&str> = archs.split_whitespace().collect();
        let request = json!({"operation": "lint", "files": files, "archs": archs});
        let report = answer(&request, Path::new("/nonexistent"));
        let mut text: String = report.findings.unwrap().iter().map(told).collect();
        writeln!(text, "{}", report.msg).unwrap();
        let expected = folder.join("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &text).unwrap();
        }
        let held = fs::read_to_string(&expected).unwrap_or_default();
        if held != text {
            write!(wrong, "\n{}:\n--- expected\n{held}--- found\n{text}", folder.display()).unwrap();
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}\nUPDATE_EXPECTED=1 cargo test --test lint writes what is found");
    assert!(count >= 8, "{count} folders");
}
