//! `docs/reports.md` has every kind of problem and of note, and no other.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "reads the project's own files; a test may end in a panic"
)]

mod project;

use std::collections::BTreeSet;

/// The names that the `kind()` functions of these files give; those of `told()` stand before their sentences.
fn kinds(paths: &[String]) -> BTreeSet<String> {
    let is_name =
        |text: &&str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let mut kinds = BTreeSet::new();
    for path in paths {
        let code = project::code(path);
        let functions = code.split("fn kind(").skip(1).map(|body| (body, false));
        for (function, is_told) in functions.chain(code.split("fn told(").skip(1).map(|body| (body, true))) {
            let body = function.split("\n    }").next().unwrap_or_default();
            let body: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
            let starts = body.match_indices('"').map(|(at, _)| at);
            let names = starts.step_by(2).filter(|at| !is_told || body[..*at].trim_end().ends_with('('));
            let names = names.filter_map(|at| body[at + 1..].split('"').next());
            kinds.extend(names.filter(is_name).map(str::to_owned));
        }
    }
    kinds
}

fn documented(marker: &str) -> BTreeSet<String> {
    project::table("docs/reports.md", marker).iter().flat_map(|row| project::quoted(&row[0])).collect()
}

#[test]
fn the_reference_has_every_kind_of_problem() {
    let mut paths = project::files("src/error", ".rs");
    paths.retain(|path| !path.ends_with("note.rs"));
    paths.push("src/wording.rs".to_owned());
    let kinds = kinds(&paths);
    assert!(kinds.len() > 80, "{kinds:?}");
    assert_eq!(documented("<!-- kinds of problems -->"), kinds);
}

#[test]
fn the_list_of_what_lines_may_have_is_whole() {
    let mut paths = project::files("src/error/line", ".rs");
    paths.push("src/error/line.rs".to_owned());
    let listed: BTreeSet<String> = audit_rules::error::line::KINDS.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(listed, kinds(&paths));
}

#[test]
fn the_reference_has_every_kind_of_note() {
    let kinds = kinds(&["src/error/note.rs".to_owned()]);
    assert!(kinds.len() > 10, "{kinds:?}");
    assert_eq!(documented("<!-- kinds of notes -->"), kinds);
}

#[test]
fn the_reference_has_every_cause() {
    let code = project::code("src/wording.rs").replace("fn name(", "fn kind(");
    let body = code.split("fn kind(").nth(1).unwrap().split("\n    }").next().unwrap();
    let names: BTreeSet<String> = body.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 10, "{names:?}");
    assert_eq!(documented("<!-- causes -->"), names);
}

/// The variants of an enumeration.
fn variants(path: &str, name: &str) -> Vec<String> {
    let code = project::code(path);
    let (_, after) = code.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let body = after.split("\n}").next().unwrap_or_default().lines();
    let word =
        |line: &str| line.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
    body.filter(|line| line.starts_with("    ") && line[4..].starts_with(char::is_uppercase)).map(word).collect()
}

#[test]
fn every_problem_is_found_somewhere() {
    let enumerations = [
        ("src/error/policy.rs", "PolicyError"),
        ("src/error/request.rs", "RequestError"),
        ("src/kernel/mod.rs", "KernelError"),
        ("src/rules_d/problem.rs", "Problem"),
    ];
    let mut paths = project::files("src", ".rs");
    paths.retain(|path| !path.starts_with("src/error/") && !path.ends_with("/tests.rs"));
    let code: String = paths.iter().map(|path| project::code(path)).collect();
    for (path, name) in enumerations {
        let variants = variants(path, name);
        assert!(variants.len() > 5, "{name}: {variants:?}");
        let never: Vec<&String> = variants.iter().filter(|v| !code.contains(&format!("{name}::{v}"))).collect();
        assert_eq!(never, Vec::<&String>::new(), "{name}");
    }
}
