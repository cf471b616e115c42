//! Findings as SARIF 2.1.0 (OASIS Standard, 27 March 2020).

use serde_json::{Map, Value};

use super::lint::{FindingReport, PlaceReport, SeverityReport};
use crate::lint::summary;

/// What a line error is about, whose kinds `docs/reports.md` lists.
const LINE_ERROR: &str = "a line that cannot be read, or that auditctl takes only because it does not look";

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Object(map(entries))
}

fn map<const N: usize>(mut entries: [(&str, Value); N]) -> Map<String, Value> {
    given(&mut entries)
}

/// Those entries that have a value, for arrays of every length.
fn given(entries: &mut [(&str, Value)]) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in entries.iter_mut().filter(|(_, value)| !value.is_null()) {
        map.insert((*key).to_owned(), value.take());
    }
    map
}

fn text(text: &str) -> Value {
    object([("text", text.into())])
}

/// The findings as one run.
pub fn log(findings: &[FindingReport]) -> Map<String, Value> {
    let mut codes: Vec<&str> = Vec::new();
    for finding in findings {
        if !codes.contains(&finding.code.as_str()) {
            codes.push(&finding.code);
        }
    }
    let rules = codes.iter().map(|code| {
        let level = findings.iter().find(|found| found.code == *code).map_or("none", |found| level(found.severity));
        object([
            ("id", (*code).into()),
            ("shortDescription", text(summary(code).unwrap_or(LINE_ERROR))),
            ("defaultConfiguration", object([("level", level.into())])),
        ])
    });
    let driver = object([
        ("name", env!("CARGO_PKG_NAME").into()),
        ("semanticVersion", env!("CARGO_PKG_VERSION").into()),
        ("rules", rules.collect()),
    ]);
    let results: Value = findings.iter().map(|found| result(found, &codes)).collect();
    let run = object([
        ("tool", object([("driver", driver)])),
        ("columnKind", "unicodeCodePoints".into()),
        ("results", results),
    ]);
    map([
        ("$schema", "https://json.schemastore.org/sarif-2.1.0.json".into()),
        ("version", "2.1.0".into()),
        ("runs", vec![run].into()),
    ])
}

fn level(severity: SeverityReport) -> &'static str {
    match severity {
        SeverityReport::Error => "error",
        SeverityReport::Warning => "warning",
        SeverityReport::Info => "note",
    }
}

fn result(found: &FindingReport, codes: &[&str]) -> Value {
    let rule = found.rule.as_deref().unwrap_or_default();
    let mut region = Map::new();
    if let (Some(column), Some(end)) = (found.column, found.end_column) {
        region.insert("startColumn".to_owned(), in_characters(rule, column).into());
        region.insert("endColumn".to_owned(), in_characters(rule, end).into());
    }
    let related: Value = found.related.iter().map(|place| location(place, Map::new())).collect();
    let fixes = found.fix.as_ref().and_then(|fix| {
        let edit = fix.edit.as_ref()?;
        // A column that is not in the line of the finding is the first one.
        let column =
            |line: usize, column: usize| if found.line == Some(line) { in_characters(rule, column) } else { column };
        let region = object([
            ("startLine", edit.line.into()),
            ("startColumn", column(edit.line, edit.column).into()),
            ("endLine", edit.end_line.into()),
            ("endColumn", column(edit.end_line, edit.end_column).into()),
        ]);
        let inserted = if edit.text.is_empty() { Value::Null } else { text(&edit.text) };
        let replacement = object([("deletedRegion", region), ("insertedContent", inserted)]);
        let change =
            object([("artifactLocation", artifact(&found.place())), ("replacements", vec![replacement].into())]);
        Some(object([("description", text(&fix.text)), ("artifactChanges", vec![change].into())]))
    });
    let message = match &found.fix {
        Some(fix) => format!("{} ({})", found.message, fix.text),
        None => found.message.clone(),
    };
    object([
        ("ruleId", found.code.as_str().into()),
        ("ruleIndex", codes.iter().position(|code| *code == found.code).into()),
        ("level", level(found.severity).into()),
        ("message", text(&message)),
        ("locations", vec![location(&found.place(), region)].into()),
        ("relatedLocations", if found.related.is_empty() { Value::Null } else { related }),
        ("fixes", fixes.map_or(Value::Null, |fix| vec![fix].into())),
    ])
}

/// A byte column of a line as a column of characters.
fn in_characters(line: &str, column: usize) -> usize {
    let before = line.char_indices().filter(|(at, _)| at + 1 < column).count();
    before + 1 + column.saturating_sub(line.len() + 1)
}

/// Rules that stand in the request itself have its name and their pointer in place of a file.
fn artifact(place: &PlaceReport) -> Value {
    let uri = place.file.as_deref().map_or_else(|| "request".to_owned(), uri);
    object([("uri", uri.into())])
}

fn location(place: &PlaceReport, mut region: Map<String, Value>) -> Value {
    region.extend(place.line.map(|line| ("startLine".to_owned(), line.into())));
    let region = if place.line.is_none() || region.is_empty() { Value::Null } else { Value::Object(region) };
    let logical = place
        .pointer
        .as_ref()
        .map_or(Value::Null, |pointer| vec![object([("fullyQualifiedName", pointer.as_str().into())])].into());
    let physical = object([("artifactLocation", artifact(place)), ("region", region)]);
    object([("physicalLocation", physical), ("logicalLocations", logical)])
}

/// A path as a URI reference: what is no character of one is written as its bytes.
fn uri(path: &str) -> String {
    let digit = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half)]);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    uri
}
