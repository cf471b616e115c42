//! The code keeps to `ARCHITECTURE.md`: who imports whom, and what is nowhere.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "reads the project's own files; a test may end in a panic"
)]

mod project;

use std::collections::{BTreeMap, BTreeSet};

/// Most lines of a file of the program, its tests left out.
const LONGEST: usize = 400;

/// The module of a source file: `src/plan/order.rs` is of `plan`.
fn module(path: &str) -> String {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    inside.split('/').next().unwrap_or_default().to_owned()
}

/// The program's files with their code; files of tests are left out.
fn sources() -> Vec<(String, String)> {
    let mut paths = project::files("src", ".rs");
    paths.retain(|path| !path.ends_with("/tests.rs"));
    paths.into_iter().map(|path| (path.clone(), project::code(&path))).collect()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The words that stand between `before` and a character that is of no word.
fn words_after<'a>(code: &'a str, before: &str) -> BTreeSet<&'a str> {
    let word = |(at, found): (usize, &str)| {
        let stands_alone = !code[..at].ends_with(is_word);
        let rest = &code[at + found.len()..];
        stands_alone.then(|| &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())])
    };
    code.match_indices(before).filter_map(word).filter(|word| !word.is_empty()).collect()
}

fn says_word(code: &str, word: &str) -> bool {
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(is_word) && !code[at + word.len()..].starts_with(is_word))
}

/// What the table of modules says: module, modules that it may import, crates that it may import.
fn table() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let rows = project::table("ARCHITECTURE.md", "<!-- modules -->");
    let set = |cell: &str| project::quoted(cell).into_iter().collect();
    rows.iter().map(|row| (project::quoted(&row[0]).concat(), (set(&row[2]), set(&row[3])))).collect()
}

/// The crates of `[dependencies]`, as code names them.
fn dependencies() -> Vec<String> {
    let manifest = project::read("Cargo.toml");
    let (_, after) = manifest.split_once("\n[dependencies]\n").unwrap();
    let section = after.split("\n[").next().unwrap_or_default();
    section.lines().filter_map(|line| Some(line.split_once(" = ")?.0.replace('-', "_"))).collect()
}

#[test]
fn every_module_imports_only_what_the_table_lets_it() {
    let (table, dependencies) = (table(), dependencies());
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, code) in sources() {
        let module = module(&path);
        if module == "lib" {
            continue;
        }
        let Some((modules, crates)) = table.get(&module) else {
            wrong.push(format!("{path}: the table has no module {module}"));
            continue;
        };
        seen.insert(module.clone());
        let mut imported = words_after(&code, "crate::");
        imported.extend(words_after(&code, "audit_rules::"));
        imported.extend(words_after(&code, "use audit_rules::{").iter().filter(|word| table.contains_key(**word)));
        let of_layer = imported.iter().filter(|other| table.contains_key(**other) && **other != module);
        wrong.extend(of_layer.filter(|other| !modules.contains(**other)).map(|other| format!("{path}: {other}")));
        let outside = dependencies
            .iter()
            .filter(|name| says_word(&code, &format!("{name}::")) || says_word(&code, &format!("use {name}")));
        wrong.extend(outside.filter(|name| !crates.contains(*name)).map(|name| format!("{path}: the crate {name}")));
    }
    assert_eq!(wrong, Vec::<String>::new(), "ARCHITECTURE.md does not allow this");
    assert_eq!(seen, table.into_keys().collect(), "the modules of the table are not those of src/");
}

#[test]
fn the_table_allows_nothing_that_is_not_used() {
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    for (path, code) in sources() {
        *used.entry(module(&path)).or_default() += &code;
    }
    let mut idle = Vec::new();
    for (module, (modules, crates)) in table() {
        let code = used.get(&module).cloned().unwrap_or_default();
        let imports = |name: &String| {
            says_word(&code, &format!("crate::{name}"))
                || says_word(&code, &format!("audit_rules::{name}"))
                || (module == "main" && says_word(&code, name))
        };
        idle.extend(modules.iter().filter(|name| !imports(name)).map(|name| format!("{module}: {name}")));
        idle.extend(crates.iter().filter(|name| !says_word(&code, name)).map(|name| format!("{module}: {name}")));
    }
    assert_eq!(idle, Vec::<String>::new());
}

#[test]
fn no_module_imports_one_that_imports_it_over_whatever_way() {
    let table = table();
    let reaches = |from: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(module) = open.pop() {
            open.extend(table[module].0.iter().filter(|other| seen.insert((*other).clone())));
        }
        seen
    };
    let circles: Vec<&String> = table.keys().filter(|module| reaches(module).contains(*module)).collect();
    assert_eq!(circles, Vec::<&String>::new());
}

/// The words of a name: `DropInGoal` is of drop, in and goal.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if !character.is_uppercase() => word.push(character),
            _ => words.push(character.to_lowercase().to_string()),
        }
    }
    words
}

#[test]
fn types_are_named_with_the_words_of_the_glossary() {
    let rows = project::table("docs/glossary.md", "<!-- words of the code -->");
    let avoided: BTreeSet<String> = rows.iter().flat_map(|row| project::quoted(&row[2])).collect();
    assert!(avoided.contains("wish"), "{rows:#?}");
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        for keyword in ["struct ", "enum ", "trait ", "type "] {
            for name in words_after(&code, keyword) {
                let found = words_of(name).into_iter().find(|word| avoided.contains(word));
                wrong.extend(found.map(|word| format!("{path}: {name} says {word}")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "docs/glossary.md has another word for that");
}

#[test]
fn every_dependency_is_used_and_has_a_reason() {
    let reasons = project::table("ARCHITECTURE.md", "<!-- dependencies -->");
    let named: Vec<String> = reasons.iter().map(|row| project::quoted(&row[0]).concat().replace('-', "_")).collect();
    assert_eq!(named, dependencies());
    let code: String = sources().into_iter().map(|(_, code)| code).collect();
    let idle: Vec<String> = dependencies().into_iter().filter(|name| !says_word(&code, name)).collect();
    assert_eq!(idle, Vec::<String>::new());
}

#[test]
fn files_are_touched_in_rules_d_only() {
    let excepted = ["src/kernel/sysfs.rs", "src/main.rs"];
    let touches = |code: &str| ["std::fs", "rustix::fs", "std::os::unix::fs"].iter().any(|path| says_word(code, path));
    let elsewhere = sources().into_iter().filter(|(path, code)| module(path) != "rules_d" && touches(code));
    let paths: Vec<String> = elsewhere.map(|(path, _)| path).collect();
    assert_eq!(paths, excepted);
}

#[test]
fn nothing_starts_a_program_or_a_shell() {
    let starts = ["Command", "posix_spawn", "execve", "execvp", "sh -c", "/bin/sh", "fork"];
    let found: Vec<String> = sources()
        .iter()
        .flat_map(|(path, code)| {
            starts.iter().filter(|word| says_word(code, word)).map(move |word| format!("{path}: {word}"))
        })
        .collect();
    // Only itself, anew.
    assert_eq!(found, ["src/trigger/tracer.rs: Command"]);
    assert_eq!(project::code("src/trigger/tracer.rs").matches("Command::new(\"/proc/self/exe\")").count(), 1);
}

#[test]
fn nothing_is_unsafe_or_asks_at_compile_time_which_machine_it_is_for() {
    for (path, code) in sources() {
        assert!(!says_word(&code, "unsafe"), "{path}");
        // Registers have other names on each machine.
        let may_ask = path == "src/trigger/registers.rs";
        assert!(!says_word(&code, "target_arch") || may_ask, "{path}");
        assert!(!says_word(&code, "target_pointer_width"), "{path}");
    }
    assert!(project::read("Cargo.toml").contains("unsafe_code = \"forbid\""));
}

#[test]
fn what_decides_depends_on_no_clock_no_environment_and_no_process() {
    let pure = [
        "rule",
        "tables",
        "auditctl",
        "augenrules",
        "wire",
        "settings",
        "lines",
        "boot_load",
        "intent",
        "desired",
        "plan",
        "restore",
        "snapshot",
        "explain",
        "drift",
        "matching",
        "records",
        "events",
        "prove",
        "lint",
        "request",
        "report",
        "html",
        "error",
        "wording",
        "keep",
    ];
    for (path, code) in sources().iter().filter(|(path, _)| pure.contains(&module(path).as_str())) {
        for outside in ["std::env", "std::process", "std::time::SystemTime", "std::net", "std::thread"] {
            assert!(!says_word(code, outside), "{path}: {outside}");
        }
    }
}

#[test]
fn the_audit_pid_is_never_set() {
    for (path, code) in sources() {
        assert!(!says_word(&code, "AUDIT_STATUS_PID"), "{path}");
    }
    let settings = project::code("src/kernel/mod.rs");
    let (_, after) = settings.split_once("pub enum Setting {").unwrap();
    let names = after.split('}').next().unwrap_or_default();
    assert!(!names.to_lowercase().contains("pid"), "{names}");
}

#[test]
fn no_file_is_longer_than_a_noun_needs() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(_, code)| code.lines().count() > LONGEST)
        .map(|(path, code)| format!("{path}: {} lines", code.lines().count()))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn no_file_is_a_drawer() {
    for path in project::files("src", ".rs") {
        let name = path.rsplit('/').next().unwrap_or_default();
        assert!(
            !["util", "utils", "common", "helper", "helpers", "misc"].contains(&name.trim_end_matches(".rs")),
            "{path}"
        );
    }
}
