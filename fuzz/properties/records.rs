//! A log of audit records: whatever stands in it, each line is a record or refused, every record is in one event, and every
//! event can be told.

use audit_rules::auditctl::{self, Accounts, Context, Line, UnknownSyscalls};
use audit_rules::events::{DecidingRules, Facts, Replay, Tally};
use audit_rules::records::{Assembler, Record, RecordType};
use audit_rules::report::recorded::{AccountNames, PauditdEvent, RecordedEventReport};
use audit_rules::rule::Machine;

const RULES: [&str; 3] = [
    "-w /etc/passwd -p wa -k identity",
    "-a always,exit -F arch=b64 -S all -F exit=-EACCES -F auid>=1000 -k access",
    "-a never,exit -S all -F dir=/tmp",
];

/// What holds for any bytes.
///
/// # Panics
/// Where it does not.
pub fn hold(data: &[u8]) {
    let mut assembler = Assembler::new();
    let (mut records, mut ends) = (0, 0);
    for line in data.split(|byte| *byte == b'\n') {
        match Record::of_line(line) {
            Err(malformed) => assert!(line.starts_with(malformed.text), "the text is another one"),
            Ok(record) => {
                let told: usize = record.fields().map(|field| written(field.name) + field.value.written().len()).sum();
                assert!(told <= record.body.len(), "more is told than is there");
                records += 1;
                ends += u64::from(record.kind == RecordType::EOE);
                assembler.add(&record);
            }
        }
    }
    assembler.finish();
    let (mut rules, mut replay) = (rules(), Replay { rules: rules() });
    let (names, mut tally, mut held) = (AccountNames::default(), Tally::default(), 0);
    while let Some(event) = assembler.next_event() {
        held += event.records().count() as u64;
        let facts = Facts::of(&event);
        let would_be = replay.of(&facts);
        tally.add(&facts, Some(rules.attribute(&facts)), would_be.as_ref());
        let report = RecordedEventReport::of(&facts, &names).with_records(&facts);
        assert!(
            serde_json::to_string(&report).is_ok() && serde_json::to_string(&PauditdEvent::of(&facts, &names)).is_ok()
        );
        assembler.give_back(event);
    }
    let counters = assembler.counters();
    assert_eq!(counters.records, records, "records");
    assert_eq!(counters.events, tally.kept.events, "events");
    // Ends are no part of an event; and a fuzzer makes no event of more records than are kept.
    assert_eq!(held + ends, records, "records of events");
}

/// How many bytes of a field's name stand in the record: an access vector's fields have names that are not in it.
fn written(name: &[u8]) -> usize {
    if matches!(name, b"seresult" | b"seperms") { 0 } else { name.len() }
}

fn rules() -> DecidingRules {
    let Some(machine) = Machine::from_uname("x86_64") else { panic!("x86_64 is unknown") };
    let accounts = Accounts::default();
    let context =
        Context { machine: &machine, accounts: &accounts, unknown_syscalls: UnknownSyscalls::Fail, installed: None };
    let rule = |line: &&str| match auditctl::parse(line.as_bytes(), &context) {
        Ok(Line::Statement(statement)) => statement.rule.map(|rule| rule.rule),
        _ => None,
    };
    DecidingRules::new(RULES.iter().filter_map(rule).collect())
}
