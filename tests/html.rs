//! Reports as pages: what every page keeps to, read by a strict parser. The pages themselves are in `tests/human`, a folder per
//! case, beside the same report as text.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "reads the project's own files; a test may end in a panic"
)]

mod project;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use audit_rules::html::{Imprint, page};
use audit_rules::report::expected::LabelReport;
use audit_rules::report::gather::{DifferenceReport, DriftReport, StatusReport};
use audit_rules::report::policy::{LeftOutReport, PolicyReport};
use audit_rules::report::recorded::{
    CountReport, CountersReport, KeyCountReport, MalformedReport, RecordedEventReport,
};
use audit_rules::report::{
    DeduplicatedReport, Diff, ErrorReport, Events, LARGEST, Outcome, PlanReport, Report, RulesReport, RuntimeReport,
    SkippedReport,
};
use project::host::Host;
use roxmltree::{Document, Node};

/// Where the pages of these tests are made.
fn imprint() -> Imprint {
    Imprint {
        host: "host".to_owned(),
        kernel: "6.1.0".to_owned(),
        machine: "x86_64".to_owned(),
        milliseconds: 0,
        root: None,
    }
}

fn has_class(node: Node<'_, '_>, class: &str) -> bool {
    node.attribute("class").is_some_and(|classes| classes.split(' ').any(|one| one == class))
}

fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter_map(|node| node.is_text().then(|| node.text()).flatten()).collect()
}

fn named<'a, 'd>(node: Node<'a, 'd>, name: &'static str) -> impl Iterator<Item = Node<'a, 'd>> {
    node.descendants().filter(move |node| node.has_tag_name(name))
}

/// What is wrong with a page.
fn faults(page: &str) -> Vec<String> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = match Document::parse_with_options(page, options) {
        Ok(document) => document,
        Err(error) => return vec![format!("no XML: {error}")],
    };
    let mut faults = Vec::new();
    let root = document.root_element();
    for (name, count) in [("h1", 1), ("title", 1), ("main", 1), ("style", 1), ("script", 0), ("link", 0), ("img", 0)] {
        let found = named(root, name).count();
        if found != count {
            faults.push(format!("{found} elements {name}"));
        }
    }
    if root.attribute("lang") != Some("en") {
        faults.push("no language".to_owned());
    }
    for node in root.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        for attribute in node.attributes() {
            let is_known = ["lang", "charset", "name", "content", "class", "scope", "type", "value", "checked", "open"];
            let is_known = is_known.contains(&attribute.name()) || ["data-state", "style"].contains(&attribute.name());
            if !is_known {
                faults.push(format!("{name} has {}", attribute.name()));
            }
        }
        let children: Vec<&str> =
            node.children().filter(Node::is_element).map(|child| child.tag_name().name()).collect();
        let allowed: &[&str] = match name {
            "p" | "code" | "small" | "dt" | "b" | "caption" | "summary" | "label" => {
                &["span", "code", "small", "b", "br", "input"]
            }
            "ul" => &["li"],
            "tr" => &["th", "td"],
            "dl" => &["div"],
            _ => continue,
        };
        faults
            .extend(children.iter().filter(|child| !allowed.contains(child)).map(|child| format!("{child} in {name}")));
    }
    named(root, "table").for_each(|table| faults.extend(table_faults(table)));
    let filtered = root.descendants().filter(|node| has_class(*node, "filtered"));
    filtered.for_each(|section| faults.extend(filter_faults(section)));
    faults
}

fn table_faults(table: Node<'_, '_>) -> Vec<String> {
    let mut faults = Vec::new();
    let caption = named(table, "caption").next().map(text).unwrap_or_default();
    if caption.is_empty() {
        faults.push("a table without caption".to_owned());
    }
    let head = named(table, "thead").next().unwrap();
    let columns = named(head, "th").filter(|cell| cell.attribute("scope") == Some("col")).count();
    for row in named(named(table, "tbody").next().unwrap(), "tr") {
        let cells: Vec<Node<'_, '_>> = row.children().filter(Node::is_element).collect();
        let heads = cells.iter().filter(|cell| cell.has_tag_name("th") && cell.attribute("scope") == Some("row"));
        if cells.len() != columns || heads.count() != 1 {
            faults.push(format!("{caption}: {} cells of {columns}: {}", cells.len(), text(row)));
        }
    }
    faults
}

/// A filter offers what there is, with how many rows there are of it.
fn filter_faults(section: Node<'_, '_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for row in named(section, "tr").filter_map(|row| row.attribute("data-state")) {
        *rows.entry(row).or_default() += 1;
        *rows.entry("all").or_default() += 1;
    }
    let inputs: Vec<Node<'_, '_>> = named(section, "input").collect();
    let offered: BTreeMap<&str, usize> = inputs
        .iter()
        .map(|input| {
            let label = text(input.parent().unwrap());
            let count = label.rsplit_once('(').and_then(|(_, count)| count.strip_suffix(')')?.parse().ok());
            (input.attribute("value").unwrap(), count.unwrap())
        })
        .collect();
    if offered != rows {
        faults.push(format!("offered {offered:?}, there {rows:?}"));
    }
    let checked: Vec<&str> = inputs
        .iter()
        .filter(|input| input.has_attribute("checked"))
        .filter_map(|input| input.attribute("value"))
        .collect();
    if checked != ["all"] || inputs.iter().any(|input| input.attribute("name") != inputs[0].attribute("name")) {
        faults.push(format!("chosen {checked:?}"));
    }
    faults
}

/// The outcome of a page: the class of its state, and its word.
fn outcome(page: &str) -> (String, String) {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = Document::parse_with_options(page, options).unwrap();
    let found = document.descendants().find(|node| has_class(*node, "outcome")).unwrap();
    let state = found.first_element_child().unwrap();
    (state.attribute("class").unwrap().trim_start_matches("state ").to_owned(), text(state))
}

#[test]
fn every_recorded_page_is_whole_and_complete_in_itself() {
    let mut count = 0;
    for path in project::files("tests/human", ".html") {
        let shown = project::read(&path);
        // Recorded without the style sheet, which would stand in each of them.
        assert_eq!(faults(&shown), Vec::<String>::new(), "{path}");
        count += 1;
    }
    assert!(count >= 15, "{count} pages");
}

#[test]
fn the_style_sheet_takes_nothing_from_elsewhere() {
    let style = project::read("src/html/page.css");
    for outside in ["url(", "@import", "http", "<", "&"] {
        assert!(!style.contains(outside), "{outside}");
    }
    for state in ["ok", "drift", "failed", "unknown", "note"] {
        assert!(style.contains(&format!(".filter [value={state}]:checked) [data-state]:not([data-state~={state}])")));
        assert!(
            style.contains(&format!(".{state}:not(.tile)::before {{ content: ")),
            "{state} has a sign beside its colour"
        );
    }
    assert!(page(&Report::quiet(String::new(), Outcome::Unchanged), &imprint()).contains(&style));
}

/// What somebody could write to make a page say or do something else.
const HOSTILE: &str =
    "<script>alert(1)</script>]]>\"'&amp;</td></style></title>\u{0}\u{1b}[2J\u{202e}\u{200b}\u{61c}\u{e0041}-->";

/// The same as a page has to show it.
const SHOWN: &str =
    "<script>alert(1)</script>]]>\"'&amp;</td></style></title>\\u{0}\\u{1b}[2J\\u{202e}\\u{200b}\\u{61c}\\u{e0041}-->";

/// A report in which every part that others write is hostile.
fn hostile() -> Report {
    let said = || HOSTILE.to_owned();
    let policy = PolicyReport {
        name: said(),
        product: said(),
        benchmark: said(),
        drop_ins: vec![said()],
        replaced: vec![said()],
        left_out: vec![LeftOutReport { what: said(), reason: Some(said()), rules: vec![said()], kept: vec![said()] }],
    };
    let error = ErrorReport {
        kind: said(),
        message: said(),
        pointer: Some(said()),
        rule: Some(said()),
        file: Some(said()),
        line: Some(1),
        more: None,
        column: Some(1),
        errno: None,
        hint: Some(said()),
        sentence: said(),
    };
    let difference = DifferenceReport {
        rule: said(),
        id: None,
        file: Some(said()),
        line: None,
        cause: said(),
        why: said(),
        next_boot: false,
        culprit: None,
    };
    let event = RecordedEventReport {
        time: said(),
        kind: said(),
        keys: vec![said()],
        exe: Some(said()),
        names: BTreeMap::from([("auid", said())]),
        ..RecordedEventReport::default()
    };
    let skipped = SkippedReport { rule: said(), reason: said(), kind: said(), file: Some(said()), line: None };
    Report {
        diff: Some(Diff { prepared: format!("+++ {HOSTILE}\n+{HOSTILE}\n-{HOSTILE}\n@@ {HOSTILE}\n {HOSTILE}") }),
        record: Some(said()),
        policy: vec![policy],
        rules: Some(RulesReport {
            missing: vec![said()],
            skipped: vec![skipped],
            deduplicated: vec![DeduplicatedReport { rule: said(), same_as: said() }],
            out_of_order: Some(said()),
            ..RulesReport::default()
        }),
        runtime: Some(RuntimeReport {
            managed: false,
            reason: Some(said()),
            locked: false,
            expedited: false,
            rules: None,
        }),
        digest: Some(said()),
        drift: Some(DriftReport { missing_in_runtime: vec![difference], ..DriftReport::default() }),
        labels: Some(BTreeMap::from([(said(), LabelReport::default())])),
        warnings: vec![said()],
        errors: vec![error],
        omitted: BTreeMap::from([(said(), 1)]),
        events: Some(Events::Recorded(vec![event])),
        by_key: Some(vec![KeyCountReport {
            key: said(),
            count: CountReport { events: 1, first: None, last: None, per_hour: None },
        }]),
        malformed: vec![MalformedReport { file: said(), line: 1, defect: "no_type", text: said() }],
        ..Report::quiet(said(), Outcome::Unchanged)
    }
}

#[test]
fn nothing_that_others_write_is_obeyed_by_a_browser() {
    let whole = Imprint { host: HOSTILE.to_owned(), root: Some(HOSTILE.to_owned()), ..imprint() };
    let page = page(&hostile(), &whole);
    assert_eq!(faults(&page), Vec::<String>::new());
    let bad = |c: char| (c.is_control() && c != '\n') || ['\u{202e}', '\u{200b}', '\u{61c}', '\u{e0041}'].contains(&c);
    assert!(!page.contains(bad));
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = Document::parse_with_options(&page, options).unwrap();
    // Each of them is shown in full, as text; what is cut would be no evidence.
    let shown = text(document.root_element());
    assert_eq!(shown.matches(SHOWN).count(), shown.matches("alert(1)").count());
    assert!(shown.matches(SHOWN).count() >= 45, "{}", shown.matches(SHOWN).count());
}

#[test]
fn the_word_at_the_top_is_green_only_where_nothing_is_wrong_or_open() {
    let quiet = |outcome| Report::quiet("said".to_owned(), outcome);
    let applied = |outcome| Report {
        plan: Some(PlanReport::default()),
        rules: Some(RulesReport { loaded: Some(0), foreign: Some(0), ..RulesReport::default() }),
        runtime: Some(RuntimeReport { managed: true, reason: None, locked: false, expedited: false, rules: None }),
        ..quiet(outcome)
    };
    let gathered = |in_sync, enabled| Report {
        in_sync,
        status: Some(StatusReport {
            release: None,
            enabled,
            failure: 1,
            pid: 0,
            process: None,
            listeners: Vec::new(),
            rate_limit: 0,
            backlog_limit: 64,
            lost: 0,
            backlog: 0,
            backlog_wait_time: None,
            backlog_wait_time_actual: None,
            covers_early_processes: None,
            command_line: None,
        }),
        ..quiet(Outcome::Unchanged)
    };
    let labelled = |in_sync| Report {
        labels: Some(BTreeMap::from([("a-1".to_owned(), LabelReport { in_sync, ..LabelReport::default() })])),
        ..gathered(Some(true), 1)
    };
    let missing = RulesReport { missing: vec!["-w /a -p w".to_owned()], ..RulesReport::default() };
    let failed = |outcome| Report { failed: true, ..quiet(outcome) };
    let unmanaged = RuntimeReport { managed: false, reason: None, locked: false, expedited: false, rules: None };
    let read = |incomplete| Report {
        events: Some(Events::Recorded(Vec::new())),
        counters: Some(CountersReport { incomplete, ..CountersReport::default() }),
        ..quiet(Outcome::Unchanged)
    };
    let rows = vec![
        (failed(Outcome::Failed), "failed", "failed"),
        (failed(Outcome::RolledBack), "failed", "rolled back"),
        (failed(Outcome::Stranded), "failed", "stranded"),
        (failed(Outcome::Unchanged), "failed", "failed"),
        (applied(Outcome::Planned), "drift", "would change"),
        (applied(Outcome::Staged), "drift", "waits for the next boot"),
        (applied(Outcome::Applied), "ok", "changed"),
        (applied(Outcome::Unchanged), "ok", "as declared"),
        (Report { reboot_required: true, ..applied(Outcome::Applied) }, "drift", "waits for the next boot"),
        (Report { rules: Some(missing), ..applied(Outcome::Unchanged) }, "drift", "waits for the next boot"),
        (Report { runtime: Some(unmanaged), ..applied(Outcome::Applied) }, "unknown", "changed in files only"),
        (Report { runtime: None, ..applied(Outcome::Unchanged) }, "unknown", "looked at in files only"),
        (gathered(Some(true), 1), "ok", "in sync"),
        (gathered(Some(true), 0), "drift", "auditing is off"),
        (gathered(Some(false), 1), "drift", "differs"),
        (gathered(None, 1), "unknown", "not all is known"),
        (labelled(Some(true)), "ok", "in sync"),
        (labelled(Some(false)), "drift", "differs"),
        (labelled(None), "unknown", "not all is known"),
        (read(0), "note", "read"),
        (read(1), "unknown", "read, not whole"),
    ];
    for (report, state, word) in rows {
        assert_eq!(outcome(&page(&report, &imprint())), (state.to_owned(), word.to_owned()));
    }
}

#[test]
fn a_page_is_little_larger_than_its_report() {
    let lines: Vec<String> =
        (0..4000).map(|at| format!("-a always,exit -F arch=b64 -S opne{at} -k \\\"<&>\\\"")).collect();
    let request =
        format!(r#"{{"operation": "lint", "files": [{{"name": "a.rules", "text": "{}"}}]}}"#, lines.join("\\n"));
    let report = Host::new().answer(&request);
    let json = serde_json::to_string(&report).unwrap().len();
    let page = page(&report, &imprint());
    assert_eq!(faults(&page), Vec::<String>::new());
    assert!(report.findings.unwrap().len() >= 500 && page.len() < 2 * json.min(LARGEST), "{} of {json}", page.len());
}

#[test]
fn the_executable_prints_a_page_and_exits_as_with_json() {
    let run = |arguments: &[&str], request: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_audit_rules"));
        let child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap();
        // Where the command line is wrong, nobody reads it.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), request.as_bytes());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let explain = r#"{"operation": "explain", "rules": ["-w /etc/passwd -p wa"]}"#;
    let (code, page) = run(&["--html", "-"], explain);
    assert_eq!((code, faults(&page)), (Some(0), Vec::new()));
    let (code, page) = run(&["--html"], "no JSON");
    assert_eq!((code, outcome(&page).0.as_str()), (Some(1), "failed"));
    let elsewhere = r#"{"operation": "gather", "root": "/no/<where>", "sources": ["filesystem"]}"#;
    assert!(run(&["--html", "-"], elsewhere).1.contains("/no/&lt;where&gt;"));
    for arguments in [&["--html", "--human", "-"][..], &["--html", "a", "b"], &["-", "--html"]] {
        assert_eq!(run(arguments, explain), (Some(2), String::new()), "{arguments:?}");
    }
}
