//! Why `src/wire.rs` uses the `RuleBuffer` of netlink-packet-audit and nothing above it: see `ARCHITECTURE.md`.
#![allow(clippy::unwrap_used, reason = "a test may end in a panic")]

use audit_rules::auditctl::{Accounts, Context, Line, UnknownSyscalls, parse};
use audit_rules::rule::{Field, FieldNumber, Machine, Op, Rule, Value};
use audit_rules::wire;
use netlink_packet_audit::rules::{RuleBuffer, RuleField, RuleMessage};
use netlink_packet_audit::{StatusMessageBuffer, rules};

fn rule(line: &str) -> Rule {
    let accounts = Accounts::default();
    let machine = Machine::from_uname("x86_64").unwrap();
    let context =
        Context { machine: &machine, accounts: &accounts, unknown_syscalls: UnknownSyscalls::Fail, installed: None };
    match parse(line.as_bytes(), &context) {
        Ok(Line::Statement(statement)) => statement.rule.unwrap().rule,
        other => unreachable!("{other:?}"),
    }
}

/// What the crate makes of the bytes of a rule.
fn read(rule: &Rule) -> Result<Vec<RuleField>, String> {
    let bytes = wire::encode(rule, false);
    assert_eq!(wire::decode(&bytes).as_ref(), Ok(rule), "our own reading loses nothing");
    let buffer = RuleBuffer::new_checked(bytes.as_slice()).map_err(|error| error.to_string())?;
    let message =
        <RuleMessage as netlink_packet_core::Parseable<_>>::parse(&buffer).map_err(|error| error.to_string())?;
    Ok(message.fields.into_iter().map(|(field, _)| field).collect())
}

#[test]
fn it_reads_the_text_after_a_program_from_the_wrong_place() {
    let fields = read(&rule("-a always,exit -F exe=/usr/bin/sudo -F key=priv-exe")).unwrap();
    assert_eq!(fields, [RuleField::Exe(13), RuleField::Filterkey("/usr/bin".to_owned())]);
}

#[test]
fn it_fails_on_an_address_family() {
    assert!(read(&rule("-a always,exit -S connect -F saddr_fam=2")).is_err());
}

#[test]
fn it_replaces_bytes_that_are_not_utf8() {
    let mut rule = rule("-w /srv/x -p wa");
    rule.fields[0] = Field { number: FieldNumber::PATH, op: Op::EQUAL, value: Value::Text((*b"/srv/\xff").into()) };
    assert_eq!(read(&rule).unwrap()[0], rules::RuleField::Watch("/srv/\u{fffd}".to_owned()));
}

#[test]
fn it_wants_a_status_of_40_bytes() {
    let fits = |length: usize| StatusMessageBuffer::new_checked(vec![0; length]).is_ok();
    assert_eq!([32, 36, 40, 44].map(fits), [false, false, true, true]);
}
