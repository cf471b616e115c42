//! The rule language against what was recorded of auditctl 4.2.2 and Linux 6.18 (see `tests/reference/README.md`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod language {
    pub mod host;
}

use std::collections::BTreeMap;

use audit_rules::auditctl::{self, Control, Line, Statement, Verb};
use audit_rules::rule::field_table::{self, ValueType};
use audit_rules::rule::verdict::kernel_verdict;
use audit_rules::rule::{Action, Field, FieldNumber, List, Machine, Mask, Op, Rule, Value};
use audit_rules::{tables, wire};
use language::host;
use serde_json::Value as Json;

fn fail_on(disagreements: &[String]) {
    let first: Vec<_> = disagreements.iter().take(50).cloned().collect();
    assert!(disagreements.is_empty(), "{} disagree:\n{}", disagreements.len(), first.join("\n"));
}

fn recorded(text: &str) -> Vec<Json> {
    let file: Json = serde_json::from_str(text).unwrap();
    file["cases"].as_array().unwrap().clone()
}

/// The column of auditctl 4.2.2, which says "same" where 3.0.9 did the same.
fn of_4_2_2(case: &Json) -> &Json {
    if case["v4.2.2"] == "same" { &case["v3.0.9"] } else { &case["v4.2.2"] }
}

fn op(symbol: &str) -> Op {
    Op::SEARCHED
        .iter()
        .find(|(_, known)| *known == symbol)
        .map_or_else(|| Op(u32::from_str_radix(symbol.trim_start_matches("0x"), 16).unwrap()), |(op, _)| *op)
}

/// The recorded text is Latin-1.
fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn mask(recorded: &Json) -> Mask {
    match recorded {
        Json::String(all) if all == "all" => Mask::all(),
        Json::String(listed) if listed == "0-2031" => (0..2032).collect(),
        Json::String(but) => panic!("{but}"),
        numbers => numbers.as_array().unwrap().iter().map(|n| u32::try_from(n.as_u64().unwrap()).unwrap()).collect(),
    }
}

fn rule(recorded: &Json) -> Rule {
    let number = |json: &Json| u32::try_from(json.as_u64().unwrap()).unwrap();
    let mut rule = Rule::new(
        List(number(&recorded["flags"]) & !wire::PREPEND),
        Action(number(&recorded["action"])),
        mask(&recorded["mask"]),
    );
    for field in recorded["fields"].as_array().unwrap() {
        let value = match &field[2] {
            Json::String(text) => Value::Text(latin_1(text).into()),
            value => Value::Number(number(value)),
        };
        rule.fields.push(Field { number: FieldNumber(number(&field[0])), op: op(field[1].as_str().unwrap()), value });
    }
    rule
}

/// What a line sends, in the recorded words; `is_directory` is what the host said of watched paths.
fn sent(line: &[u8], is_directory: &dyn Fn(&[u8]) -> bool) -> Result<Vec<Sent>, String> {
    let line = auditctl::parse(line, &host::context()).map_err(|error| error.message())?;
    let Line::Statement(Statement { controls, rule }) = line else { return Ok(Vec::new()) };
    let mut sent: Vec<Sent> = controls.iter().filter_map(control).collect();
    if let Some(line) = rule {
        let is_directory = line.watched_path().is_some_and(is_directory);
        let mut line = line.with_watch_kind(is_directory);
        line.rule.syscalls = line.mask_4_2();
        let kind = if line.verb == Verb::Delete { "AUDIT_DEL_RULE" } else { "AUDIT_ADD_RULE" };
        let payload = wire::encode(&line.rule, line.verb == Verb::Prepend);
        sent.push(Sent { kind, payload: payload.clone(), rule: Some((line.rule, line.verb == Verb::Prepend)) });
    }
    Ok(sent)
}

#[derive(Debug, PartialEq)]
struct Sent {
    kind: &'static str,
    payload: Vec<u8>,
    rule: Option<(Rule, bool)>,
}

fn control(control: &Control) -> Option<Sent> {
    let set = |bit: u32, slot: usize, value: u32| {
        let mut words = [0_u32; 11];
        (words[0], words[slot]) = (bit, value);
        ("AUDIT_SET", words.iter().flat_map(|word| word.to_le_bytes()).collect())
    };
    let (kind, payload) = match control {
        Control::Enabled(n) => set(1, 1, *n),
        Control::Failure(n) => set(2, 2, *n),
        Control::RateLimit(n) => set(8, 4, *n),
        Control::BacklogLimit(n) => set(0x10, 5, *n),
        Control::BacklogWaitTime(n) => set(0x20, 9, *n),
        Control::ResetLost => set(0x40, 6, 0),
        Control::ResetBacklogWaitTimeActual => set(0x80, 10, 0),
        Control::LoginuidImmutable => {
            ("AUDIT_SET_FEATURE", [0_u32, 2, 2, 2].iter().flat_map(|word| word.to_le_bytes()).collect())
        }
        Control::Trim => ("AUDIT_TRIM", Vec::new()),
        Control::MakeEquivalent { mount_point, subtree } => {
            let length = |text: &[u8]| u32::try_from(text.len()).unwrap().to_le_bytes();
            let parts = [length(mount_point).as_slice(), &length(subtree), mount_point, subtree].concat();
            ("AUDIT_MAKE_EQUIV", parts)
        }
        _ => return None,
    };
    Some(Sent { kind, payload, rule: None })
}

fn expected(message: &Json) -> Sent {
    let kinds =
        ["AUDIT_ADD_RULE", "AUDIT_DEL_RULE", "AUDIT_SET", "AUDIT_SET_FEATURE", "AUDIT_TRIM", "AUDIT_MAKE_EQUIV"];
    let kind = kinds.into_iter().find(|kind| message["type"] == *kind).unwrap();
    if message.get("mask").is_none() {
        let hex = message["payload_hex"].as_str().unwrap_or_default();
        let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        return Sent { kind, payload: bytes.collect(), rule: None };
    }
    let rule = rule(message);
    let prepend = message["flags"].as_u64().unwrap() & u64::from(wire::PREPEND) != 0;
    let payload = wire::encode(&rule, prepend);
    assert_eq!(payload.len() as u64, message["payload_bytes"].as_u64().unwrap(), "{message}");
    Sent { kind, payload, rule: Some((rule, prepend)) }
}

const CLASS: &str = "a class bit is no system call";
const JUNK: &str = "junk after a number is not passed over";
const CUT: &str = "a number is not cut to 32 bits";
const ZERO: &str = "text is not taken for 0";
const NO_LIST: &str = "auditctl sends list 0xffffffff, which the kernel refuses";
const IGNORED: &str = "the rest of the line is not passed over";
const EMPTY: &str = "a rules file has no empty words";

/// Command lines that auditctl takes and we refuse, with the reason.
const REFUSED: [(&str, &str); 28] = [
    ("-a always,exit -S 2047", CLASS),
    ("-a always,exit -S 5abc", JUNK),
    ("-a always,entry -S open", NO_LIST),
    ("-a always,", NO_LIST),
    ("-a always,always", NO_LIST),
    ("-a always,\\ exit -S open", NO_LIST),
    ("-a always,exit -F arch=b64 -S open -F uid=4294967296", CUT),
    ("-a always,exit -F arch=b64 -S open -F uid=99999999999999999999", CUT),
    ("-a always,exit -F arch=b64 -S open -F uid=12abc", JUNK),
    ("-a always,exit -F arch=b64 -S open -F gid=99999999999", CUT),
    ("-a always,exit -F arch=b64 -S open -F gid=5x", JUNK),
    ("-a always,exit -F arch=b64 -S open -F inode=18446744073709551615", CUT),
    ("-a always,exit -F arch=b64 -S open -F inode=4294967296", CUT),
    ("-a always,exit -F arch=b64 -S open -F a0=0x1FFFFFFFF", CUT),
    ("-a always,exit -F arch=b64 -S open -F a0=1=2", JUNK),
    ("-a always,exit -F arch=b64 -S open -F sessionid=foo", ZERO),
    ("-a always,exit -F arch=b64 -S open -F saddr_fam=inet", ZERO),
    ("-a always,exit -F arch=b64 -S open -F field_compare=99", "no such comparison exists"),
    ("-F arch=b64 -t", IGNORED),
    ("-t -F arch=b64", IGNORED),
    ("-a always,exit -F arch=b64 -t", IGNORED),
    ("-t junk", IGNORED),
    ("-q /a,/b junk", IGNORED),
    ("--reset_backlog_wait_time_actual junk", IGNORED),
    ("-w /etc/passwd -p ", EMPTY),
    ("-w /etc/passwd -k ", EMPTY),
    ("-b 8192k", JUNK),
    ("-r 4294967296", CUT),
];

#[test]
fn every_recorded_command_line_sends_what_auditctl_sent() {
    let cases = recorded(include_str!("reference/wire-cases.json"));
    assert_eq!(cases.len(), 715);
    let mut disagreements = Vec::new();
    let mut refused: BTreeMap<&str, &str> = REFUSED.into_iter().collect();
    for case in &cases {
        let argv: Vec<Vec<u8>> =
            case["argv"].as_array().unwrap().iter().map(|word| latin_1(word.as_str().unwrap())).collect();
        let line = argv.iter().map(|word| auditctl::quote(word)).collect::<Vec<_>>().join(b" ".as_slice());
        let shown = String::from_utf8_lossy(&line).into_owned();
        let is_directory = |path: &[u8]| {
            let said = case["stat"].as_object().into_iter().flatten();
            said.filter(|(_, kind)| *kind == "dir")
                .any(|(known, _)| known.starts_with(std::str::from_utf8(path).unwrap()))
        };
        let recorded = of_4_2_2(case);
        let is_error = recorded["exit"] != 0 || refused.remove(shown.as_str()).is_some();
        let messages = recorded["messages"].as_array().unwrap();
        match (sent(&line, &is_directory), is_error) {
            (Err(_), true) => {}
            (Err(why), false) => disagreements.push(format!("{shown}\n     refused: {why}")),
            (Ok(sent), true) => {
                disagreements.push(format!("{shown}\n     accepted, recorded {} {sent:?}", recorded["text"]));
            }
            (Ok(sent), false) => {
                let expected: Vec<Sent> = messages.iter().map(expected).collect();
                if sent != expected {
                    disagreements.push(format!(
                        "{shown}\n     {:?}\n     {:?}",
                        sent.iter().map(|s| &s.rule).collect::<Vec<_>>(),
                        expected.iter().map(|s| &s.rule).collect::<Vec<_>>()
                    ));
                }
            }
        }
    }
    disagreements.extend(refused.keys().map(|line| format!("{line}\n     is no longer recorded")));
    fail_on(&disagreements);
}

/// Whether auditctl would have loaded every line of a recorded file that we refuse, and why we do.
const REFUSED_FILES: [(&str, &str); 7] = [
    ("CRLF uid", "a carriage return"),
    ("CRLF key", "a carriage return"),
    ("NUL", "a NUL byte"),
    ("raw 07/04", "bytes that auditctl turns into others"),
    ("-i -c same line", "what stands after -i is not read"),
    ("-b 8192k", JUNK),
    ("-r 4294967296", CUT),
];

/// The recorded files that test the reading of a file (missing, unsafe, `-i`), which is not the language's.
const FILE_CONDITIONS: [&str; 1] = ["world writable"];

#[test]
fn every_recorded_file_sends_what_auditctl_sent() {
    let cases = recorded(include_str!("reference/file-cases.json"));
    assert_eq!(cases.len(), 71);
    let mut disagreements = Vec::new();
    for case in cases.iter().filter(|case| !FILE_CONDITIONS.contains(&case["note"].as_str().unwrap())) {
        let content = case["content"].as_str().unwrap();
        let shown = if case["note"] == "" { content.trim_end() } else { case["note"].as_str().unwrap() };
        let bytes = latin_1(content);
        let mut messages = Vec::new();
        let (mut failed, mut goes_on) = (false, false);
        for line in bytes.split(|byte| *byte == b'\n') {
            match sent(line, &|path| path == b"/etc") {
                Ok(more) => messages.extend(more),
                Err(_) if goes_on => {}
                Err(_) => {
                    failed = true;
                    break;
                }
            }
            goes_on |= line == b"-i" || line == b"-c";
        }
        let recorded = of_4_2_2(case);
        let deliberate = REFUSED_FILES.iter().any(|(known, _)| *known == shown);
        let stopped = recorded["exit"] != 0 && !goes_on;
        if failed != (stopped || deliberate) {
            disagreements.push(format!("{shown}: failed {failed}, recorded {}", recorded["exit"]));
        }
        let expected: Vec<Sent> = recorded["messages"].as_array().unwrap().iter().map(expected).collect();
        if !deliberate && messages != expected {
            disagreements.push(format!("{shown}\n     {messages:?}\n     {expected:?}"));
        }
    }
    fail_on(&disagreements);
}

#[test]
fn the_field_table_is_the_recorded_one() {
    let file: Json = serde_json::from_str(include_str!("reference/fields.json")).unwrap();
    let fields = file["fields"].as_array().unwrap();
    assert_eq!(fields.len(), field_table::FIELDS.len());
    let mut disagreements = Vec::new();
    for field in fields {
        let row = field_table::by_name(field["name"].as_str().unwrap()).unwrap();
        assert_eq!(u64::from(row.number.0), field["number"].as_u64().unwrap(), "{}", row.name);
        for (who, taken) in [("auditctl_4_2_2", row.auditctl), ("kernel_6_18", row.kernel)] {
            for (list, list_name) in List::NAMED {
                for (op, symbol) in Op::SEARCHED {
                    let recorded = field[who].as_array().unwrap().iter().any(|part| {
                        let holds = |key: &str, word: &str| part[key].as_array().unwrap().iter().any(|w| w == word);
                        holds("lists", list_name) && holds("ops", symbol)
                    });
                    if recorded != (taken.lists.contains(list) && taken.ops.contains(op)) {
                        disagreements.push(format!("{who}: {} {symbol} on {list_name}: recorded {recorded}", row.name));
                    }
                }
            }
        }
    }
    fail_on(&disagreements);
}

/// A value that the kernel takes for a field of this type.
fn good_value(row: &field_table::FieldRow) -> Value {
    match row.value {
        ValueType::Text => Value::Text((*b"/etc/passwd").into()),
        ValueType::Key => Value::Text((*b"k").into()),
        _ => Value::Number(1),
    }
}

#[test]
fn the_kernels_verdict_on_every_field_operator_and_list_is_the_recorded_one() {
    let file: Json = serde_json::from_str(include_str!("reference/fields.json")).unwrap();
    let mut disagreements = Vec::new();
    for field in file["fields"].as_array().unwrap() {
        let row = field_table::by_name(field["name"].as_str().unwrap()).unwrap();
        for (list, list_name) in List::NAMED {
            for (op, symbol) in Op::SEARCHED {
                let recorded = field["kernel_6_18"].as_array().unwrap().iter().any(|part| {
                    let holds = |key: &str, word: &str| part[key].as_array().unwrap().iter().any(|w| w == word);
                    holds("lists", list_name) && holds("ops", symbol)
                });
                let mut rule = Rule::new(list, Action::ALWAYS, Mask::all());
                rule.fields.push(Field { number: row.number, op, value: good_value(row) });
                if kernel_verdict(&rule).is_ok() != recorded {
                    disagreements.push(format!("{} {symbol} on {list_name}: recorded {recorded}", row.name));
                }
            }
        }
    }
    fail_on(&disagreements);
}

#[test]
fn the_narrowed_masks_are_the_recorded_ones() {
    let file: Json = serde_json::from_str(include_str!("reference/perm-syscalls.json")).unwrap();
    let era = tables::perm::eras().last().unwrap();
    for (arch, letters) in file["masks_4_2_2"].as_object().unwrap() {
        let machine = Machine::from_uname(arch).unwrap();
        for (letter, bit) in [("r", 4), ("w", 2), ("x", 1), ("a", 8)] {
            assert_eq!(era.mask(machine.native, bit), Some(mask(&letters[letter])), "{arch} {letter}");
        }
    }
}

#[test]
fn machines_mean_what_was_recorded() {
    let file: Json = serde_json::from_str(include_str!("reference/machines.json")).unwrap();
    let x86_64 = Machine::from_uname("x86_64").unwrap();
    let mut known = 0;
    for (name, recorded) in file["names"].as_object().unwrap() {
        let arch = x86_64.arch(name).ok().map(|arch| u64::from(arch.0));
        assert_eq!(arch, recorded["audit_arch"].as_u64(), "{name}");
        known += usize::from(arch.is_some());
    }
    assert_eq!(known, Machine::ALL.len());
    for (names, recorded) in file["uname_machine_to_b64_b32"].as_object().unwrap() {
        for name in names.replace("i386..i686", "i386,i486,i586,i686").split(',') {
            let machine = Machine::from_uname(name).unwrap();
            let pair = [machine.b64, machine.b32].map(|arch| arch.map(|arch| u64::from(arch.0)));
            assert_eq!(pair, [recorded[0].as_u64(), recorded[1].as_u64()], "{name}");
        }
    }
}

/// The pairs of `listing-differences`: auditctl's text and ours.
fn listing_differences() -> Vec<(&'static str, &'static str)> {
    let lines: Vec<&str> = include_str!("language/listing-differences").lines().skip(1).collect();
    lines.chunks(2).map(|pair| (pair[0].strip_prefix("L ").unwrap(), pair[1].strip_prefix("C ").unwrap())).collect()
}

#[test]
fn canonical_text_is_auditctls_listing_but_for_what_that_loses() {
    let cases = recorded(include_str!("reference/list-cases.json"));
    assert_eq!(cases.len(), 91);
    let mut differences = listing_differences();
    let mut disagreements = Vec::new();
    for case in &cases {
        let listed = of_4_2_2(case).as_str().unwrap();
        let text = auditctl::canonical(&rule(&case["rule"]), host::context().machine);
        if text == latin_1(listed) {
            continue;
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        match differences.iter().position(|pair| *pair == (listed, text.as_str())) {
            Some(at) => drop(differences.swap_remove(at)),
            None => disagreements.push(format!("L {listed}\nC {text}")),
        }
    }
    disagreements.extend(differences.iter().map(|(listed, _)| format!("no longer differs: {listed}")));
    fail_on(&disagreements);
}

#[test]
fn comparisons_are_the_recorded_pairs_and_no_others() {
    let file: Json = serde_json::from_str(include_str!("reference/field-compare.json")).unwrap();
    let mut recorded = BTreeMap::new();
    for pair in file["pairs"].as_array().unwrap() {
        for spelling in pair["accepted_spellings"].as_array().unwrap() {
            let name = |at: usize| spelling[at].as_str().unwrap().to_owned();
            recorded.insert((name(0), name(1)), pair["value"].as_u64().unwrap());
        }
    }
    let names = ["uid", "euid", "suid", "fsuid", "auid", "obj_uid", "gid", "egid", "sgid", "fsgid", "obj_gid", "pid"];
    for left in names {
        for right in names {
            let line = format!("-a always,exit -C {left}!={right}");
            let read = match auditctl::parse(line.as_bytes(), &host::context()) {
                Ok(Line::Statement(statement)) => statement.rule.unwrap().rule.fields[0].value.number().map(u64::from),
                _ => None,
            };
            assert_eq!(read, recorded.get(&(left.to_owned(), right.to_owned())).copied(), "{line}");
        }
    }
}
