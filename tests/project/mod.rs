//! The project's own files, for the tests that hold documents and code together.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod host;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The project's directory.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the project.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files below a directory whose names end so, by their paths within the project, in order.
pub fn files(below: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::from(below)];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(root().join(&directory)).into_iter().flatten() {
            let entry = entry.unwrap();
            let path = directory.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                waiting.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The requests in `examples/`.
pub fn examples() -> Vec<(String, Value)> {
    let parsed = |path: &String| serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    files("examples", ".json").iter().map(|path| (path.clone(), parsed(path))).collect()
}

/// The blocks of JSON in the README and in `docs/`, each with its place.
pub fn json_blocks() -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    for path in ["README.md".to_owned()].into_iter().chain(files("docs", ".md")) {
        let mut open: Option<(usize, String)> = None;
        for (at, line) in read(&path).lines().enumerate() {
            match (&mut open, line.trim_start()) {
                (None, "```json") => open = Some((at + 1, String::new())),
                (Some(_), "```") => {
                    let (line, text) = open.take().unwrap_or_default();
                    blocks.push((format!("{path}:{line}"), text));
                }
                (Some((_, text)), line) => text.extend([line, "\n"]),
                (None, _) => {}
            }
        }
    }
    blocks
}

/// The rows of the table after this marker in a document, without its head, as cells.
pub fn table(path: &str, marker: &str) -> Vec<Vec<String>> {
    let text = read(path);
    let (_, after) = text.split_once(marker).unwrap_or_else(|| panic!("{path} has no {marker}"));
    let rows = after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    rows.skip(2).map(cells).collect()
}

/// What stands between backquotes in a cell.
pub fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A source file without comments and without the tests at its end.
pub fn code(path: &str) -> String {
    let text = read(path);
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect()
}
