//! The answers that the README and `docs/` show are those that the program gives, on the host of `tests/project/host.rs`.
//!
//! A request stands in a block of JSON, its answer in the next one, after a line `<!-- answer -->`, or
//! `<!-- answer of a host with 30-identity -->` where that drop-in is there before; after a line `<!-- diff -->` stands its diff
//! alone. `UPDATE_DOCUMENTS=1` writes them.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "reads the project's own files; a test may end in a panic"
)]

mod project;

use audit_rules::request::keys::KEYS;
use project::host::Host;

const FRESH: &str = "<!-- answer -->";
const DIFF: &str = "<!-- diff -->";
const WITH_IDENTITY: &str = "<!-- answer of a host with 30-identity -->";
const IDENTITY: &str =
    r#"{"name": "30-identity", "rules": ["-w /etc/passwd -p wa -k identity", "-w /etc/group -p wa -k identity"]}"#;

fn answer(request: &str, marker: &str) -> String {
    let mut host = Host::new();
    if marker == WITH_IDENTITY {
        assert!(host.answer(IDENTITY).changed);
    }
    let text = serde_json::to_string_pretty(&host.answer(request)).unwrap();
    // Whoever runs the tests owns the files that they make.
    let own = [format!("\"uid\": {}", nix::unistd::geteuid()), format!("\"gid\": {}", nix::unistd::getegid())];
    let owner = |line: &str| own.iter().any(|own| line.trim().trim_end_matches(',') == own);
    let root = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        format!("{name}: 0{}", if value.ends_with(',') { "," } else { "" })
    };
    // The owners are in this too.
    let plan_id = |line: &str| {
        let (name, _) = line.split_once(": ").filter(|(name, _)| name.trim() == "\"plan_id\"")?;
        Some(format!("{name}: \"6b1f0d5c93a2e847-0e7d4a1c58b3f926-c25f9a7013e8d4b6\","))
    };
    let told = |line: &str| if owner(line) { root(line) } else { plan_id(line).unwrap_or_else(|| line.to_owned()) };
    text.lines().map(|line| told(line) + "\n").collect()
}

/// The document with every answer as the program gives it, and how many there are.
fn answered(path: &str) -> (String, usize) {
    let mut lines = project::read(path).lines().map(str::to_owned).collect::<Vec<_>>().into_iter();
    let (mut written, mut request, mut answers) = (String::new(), String::new(), 0);
    let block = |lines: &mut std::vec::IntoIter<String>| -> String {
        lines.take_while(|line| line != "```").map(|line| line + "\n").collect()
    };
    while let Some(line) = lines.next() {
        written.extend([line.as_str(), "\n"]);
        if line == "```json" {
            request = block(&mut lines);
            written.extend([request.as_str(), "```\n"]);
        } else if line == FRESH || line == WITH_IDENTITY {
            lines.by_ref().find(|line| line == "```json").unwrap_or_else(|| panic!("{path}: no block after {line}"));
            let _ = block(&mut lines);
            written.extend(["\n```json\n", &answer(&request, &line), "```\n"]);
            answers += 1;
        } else if line == DIFF {
            lines.by_ref().find(|line| line == "```diff").unwrap_or_else(|| panic!("{path}: no block after {line}"));
            let _ = block(&mut lines);
            let report: serde_json::Value = serde_json::from_str(&answer(&request, FRESH)).unwrap();
            written.extend(["\n```diff\n", report["diff"]["prepared"].as_str().unwrap(), "```\n"]);
            answers += 1;
        }
    }
    (written, answers)
}

#[test]
fn every_answer_in_the_documents_is_the_one_that_the_program_gives() {
    let mut count = 0;
    for path in ["README.md".to_owned()].into_iter().chain(project::files("docs", ".md")) {
        let (text, answers) = answered(&path);
        if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
            std::fs::write(project::root().join(&path), &text).unwrap();
        }
        assert!(
            project::read(&path) == text,
            "{path} is out of date; run: UPDATE_DOCUMENTS=1 cargo test --test documents"
        );
        count += answers;
    }
    assert!(count >= 5, "only {count} answers in the documents");
}

/// Whether a table has these keys, in any order.
fn names(path: &str, marker: &str) -> Vec<String> {
    let mut names: Vec<String> = project::table(path, marker).iter().flat_map(|row| project::quoted(&row[0])).collect();
    names.sort();
    names
}

fn properties(schema: &serde_json::Value) -> Vec<String> {
    let mut keys: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

fn choices(schema: &serde_json::Value) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for choice in schema["oneOf"].as_array().unwrap() {
        let all = choice["enum"].as_array().cloned().unwrap_or_else(|| vec![choice["const"].clone()]);
        words.extend(all.iter().map(|word| word.as_str().unwrap().to_owned()));
    }
    words.sort();
    words
}

#[test]
fn the_tables_have_every_key_of_the_schemas() {
    let (request, report) = (audit_rules::request::schema(), audit_rules::report::derived_schema());
    assert_eq!(names("docs/requests.md", "<!-- keys -->"), properties(request));
    assert_eq!(names("docs/requests.md", "<!-- control -->"), properties(&request["$defs"]["Control"]));
    assert_eq!(names("docs/requests.md", "<!-- rule -->"), properties(&request["$defs"]["RuleObject"]));
    assert_eq!(names("docs/requests.md", "<!-- policy -->"), properties(&request["$defs"]["PolicyObject"]));
    assert_eq!(names("docs/reports.md", "<!-- report -->"), properties(&report));
    assert_eq!(names("docs/reports.md", "<!-- outcomes -->"), choices(&report["$defs"]["Outcome"]));
    assert_eq!(names("docs/reports.md", "<!-- because -->"), choices(&report["$defs"]["BecauseReport"]));
}

#[test]
fn the_column_used_by_and_the_schema_say_what_the_table_of_keys_says() {
    let schema = audit_rules::request::schema();
    let rows = project::table("docs/requests.md", "<!-- keys -->");
    assert_eq!(rows.len(), KEYS.len());
    for key in KEYS {
        let row = rows.iter().find(|row| project::quoted(&row[0]).concat() == key.name);
        assert_eq!(row.map(|row| row[2].as_str()), Some(&*key.used_by_text()), "{}", key.name);
        let used_by: Vec<String> = key.used_by.iter().map(|one| one.name()).collect();
        assert_eq!(schema["properties"][key.name]["x-used-by"], serde_json::json!(used_by), "{}", key.name);
    }
}

#[test]
fn the_tables_have_the_defaults_of_the_schema() {
    let schema = audit_rules::request::schema();
    for row in project::table("docs/requests.md", "<!-- keys -->") {
        let property = &schema["properties"][project::quoted(&row[0]).concat()];
        assert!(property.is_object(), "{}", row[0]);
        let said = project::quoted(&row[1]).concat();
        match property.get("default") {
            Some(serde_json::Value::Null) | None => {}
            Some(serde_json::Value::String(text)) => assert_eq!(&said, text, "{}", row[0]),
            Some(serde_json::Value::Object(_)) => assert_eq!(row[1], "none", "{}", row[0]),
            Some(other) => assert_eq!(said, other.to_string(), "{}", row[0]),
        }
    }
}

/// The anchor that a heading gets on the usual forges.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    words
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut documents = project::files("docs", ".md");
    documents.extend(project::files("lab", ".md"));
    documents.extend(["README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG"].map(|name| format!("{name}.md")));
    let mut broken = Vec::new();
    for path in documents {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        for link in project::read(&path).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { project::root().join(&path) } else { project::root().join(directory).join(file) };
            let leads = target.exists()
                && (wanted.is_empty()
                    || std::fs::read_to_string(&target)
                        .unwrap()
                        .lines()
                        .any(|line| line.starts_with('#') && anchor(line) == wanted));
            if !leads {
                broken.push(format!("{path}: {link}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn the_guides_quote_what_is_said_of_a_service_in_another_mount_namespace() {
    let reason = audit_rules::rules_d::Elsewhere::MountNamespace;
    for path in ["ansible/collection/docs/environments.md", "salt/README.md"] {
        let text = project::read(path);
        assert!(text.contains(&format!("\n```text\n{}\n```\n", reason.message())), "{path}: {}", reason.message());
        assert!(text.contains("kernel: host"), "{path}");
        assert!(text.contains("nsenter") || path.starts_with("salt"), "{path}");
    }
    assert!(reason.hint().is_some_and(|hint| hint.contains("nsenter") && hint.contains("`kernel: host`")));
}

#[test]
fn the_examples_of_the_readme_declare_the_same_rules() {
    let readme = project::read("README.md");
    let block = |kind: &str| {
        let (_, after) = readme.split_once(&format!("```{kind}\n")).unwrap();
        after.split_once("```").unwrap().0.to_owned()
    };
    let request: serde_json::Value = serde_json::from_str(&block("json")).unwrap();
    let rules: Vec<&str> = request["rules"].as_array().unwrap().iter().map(|rule| rule.as_str().unwrap()).collect();
    let (_, after) = readme.split_once("```yaml\n").unwrap();
    let (ansible, after) = after.split_once("```").unwrap();
    let (_, after) = after.split_once("```yaml\n").unwrap();
    let (salt, _) = after.split_once("```").unwrap();
    for example in [ansible, salt] {
        let said: Vec<&str> =
            example.lines().filter_map(|line| line.trim().strip_prefix("- -").map(|_| &line.trim()[2..])).collect();
        assert_eq!(said, rules, "{example}");
        assert!(example.contains(&format!("name: {}\n", request["name"].as_str().unwrap())), "{example}");
    }
}

#[test]
fn every_measured_row_of_the_readme_is_one_of_the_benchmark() {
    let readme = project::read("README.md");
    let (_, after) = readme.split_once("<!-- performance -->").unwrap();
    let (quoted, _) = after.split_once("<!-- /performance -->").unwrap();
    let measured = std::fs::read_to_string(project::root().join("docs/performance.md")).unwrap_or_default();
    let foreign: Vec<&str> =
        quoted.lines().filter(|line| line.starts_with('|') && !measured.lines().any(|row| row == *line)).collect();
    assert_eq!(foreign, Vec::<&str>::new());
}

#[test]
fn the_table_of_findings_has_every_code_with_its_severity_and_meaning() {
    let rows = project::table("docs/lint.md", "<!-- codes -->");
    let said: Vec<(String, String, String)> =
        rows.iter().map(|row| (project::quoted(&row[0]).concat(), row[1].clone(), row[2].clone())).collect();
    let code = |(_, name, severity, summary): &(_, &str, _, &str)| {
        ((*name).to_owned(), format!("{severity:?}").to_lowercase(), (*summary).to_owned())
    };
    assert_eq!(said, audit_rules::lint::CODES.iter().map(code).collect::<Vec<_>>());
}
