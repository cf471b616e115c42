//! What the auditctl of Debian 12, 13 and sid did with a line, against what we say that it does
//! (see `tests/vectors/README.md`).

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test that panics has failed")]

mod language {
    pub mod host;
}

use audit_rules::auditctl::{Context, Control, Installed, RuleLine, Taken, Verb, taken, tokens};
use audit_rules::rule::{Mask, Value};
use language::host;
use serde_json::{Value as Json, json};

/// The three that were recorded, each with the era of its `perm=` table.
const RECORDED: [(&str, usize); 3] = [("3.0.9", 0), ("4.0.2", 1), ("4.2.1", 4)];

/// One of them, with the words of its library that matter and all system calls but those that it lacks.
fn installed(version: &str) -> Installed {
    let library: Vec<u8> = std::fs::read(format!("tests/vectors/words-{version}")).unwrap();
    let library: Vec<u8> = library.into_iter().map(|byte| if byte == b'\n' { 0 } else { byte }).collect();
    Installed::from_files(Some(&[version.as_bytes(), b"\0"].concat()), Some(library))
}

fn rule(line: &RuleLine, era: usize) -> Json {
    let is_directory =
        line.watched_path().is_some_and(|path| std::path::Path::new(std::str::from_utf8(path).unwrap()).is_dir());
    let mask = line.masks_by_era().into_iter().nth(era).unwrap().unwrap_or(Mask::NONE);
    let line = line.clone().with_watch_kind(is_directory);
    let fields: Vec<Json> = line
        .rule
        .fields
        .iter()
        .map(|field| match &field.value {
            Value::Number(value) => json!({"field": field.number.0, "op": field.op.0, "value": value}),
            Value::Text(text) => {
                json!({"field": field.number.0, "op": field.op.0, "text": latin1(text)})
            }
        })
        .collect();
    let syscalls = if mask == Mask::all() { json!("all") } else { json!(mask.numbers().collect::<Vec<_>>()) };
    let flags = line.rule.list.0 | if line.verb == Verb::Prepend { 16 } else { 0 };
    json!({"flags": flags, "action": line.rule.action.0, "syscalls": syscalls, "fields": fields})
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The messages of a control, but for those that only ask.
fn messages(control: &Control) -> Vec<Json> {
    let set = |mask: u32, value: u32| vec![json!({"set": {"mask": mask, "value": value}})];
    match control {
        Control::Enabled(value) => set(1, *value),
        Control::Failure(value) => set(2, *value),
        Control::RateLimit(value) => set(8, *value),
        Control::BacklogLimit(value) => set(16, *value),
        Control::BacklogWaitTime(value) => set(32, *value),
        Control::ResetLost => set(64, 0),
        Control::ResetBacklogWaitTimeActual => set(128, 0),
        Control::LoginuidImmutable => vec![json!({"type": 1018})],
        Control::Trim => vec![json!({"type": 1014})],
        Control::MakeEquivalent { .. } => vec![json!({"type": 1015})],
        Control::Message(_) => vec![json!({"message": 1})],
        Control::Signal(_) => vec![json!({"type": 1010})],
        // Deleting lists the rules, deletes each, and lists them again.
        Control::DeleteAll | Control::DeleteByKey(_) => vec![json!({"type": 1013}); 2],
        Control::List { .. } => vec![json!({"type": 1013})],
        Control::IgnoreErrors
        | Control::ContinueOnErrors
        | Control::Status { .. }
        | Control::Version
        | Control::Help => vec![],
    }
}

/// What we say, in the form of the recordings.
fn said(line: &[u8], installed: &Installed, era: usize) -> Json {
    let context = Context { installed: Some(installed), ..host::context() };
    let (mut sent, mut passes_over) = (Vec::new(), false);
    for piece in tokens::pieces(line) {
        let Taken { controls, rule: read, refused, ends } = taken(piece, &context);
        sent.extend(controls.iter().flat_map(messages));
        passes_over |= controls.iter().any(|c| matches!(c, Control::IgnoreErrors | Control::ContinueOnErrors));
        sent.extend(read.iter().map(|line| {
            let verb = if line.verb == Verb::Delete { "delete" } else { "add" };
            json!({verb: rule(line, era)})
        }));
        if ends {
            return json!({"sent": sent, "goes_on": false, "ends": true});
        }
        if refused.is_some() && !passes_over {
            return json!({"sent": sent, "goes_on": false});
        }
    }
    json!({"sent": sent, "goes_on": true})
}

#[test]
fn each_line_does_what_the_installed_auditctl_does_with_it() {
    let mut wrong = Vec::new();
    let path = std::env::var("TAKEN").unwrap_or_else(|_| "tests/vectors/taken.jsonl".to_owned());
    let vectors = std::fs::read_to_string(path).unwrap();
    for (version, era) in RECORDED {
        let installed = installed(version);
        for vector in vectors.lines() {
            let vector: Json = serde_json::from_str(vector).unwrap();
            let line: Vec<u8> = vector["line"].as_str().unwrap().chars().map(|c| u8::try_from(c).unwrap()).collect();
            let expected = vector.get(version).unwrap_or(&vector["every"]);
            // The kernel refuses the list that auditctl does not know.
            let expected = if expected.to_string().contains("4294967295,\"syscalls\"") {
                &json!({"sent": [], "goes_on": false})
            } else {
                expected
            };
            let said = said(&line, &installed, era);
            if said != *expected {
                wrong.push(format!("{version}: {}\n   said {said}\n   did  {expected}", vector["line"]));
            }
        }
    }
    let first: Vec<_> = wrong.iter().take(25).cloned().collect();
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), first.join("\n"));
}
