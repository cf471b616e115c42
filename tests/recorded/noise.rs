//! Which condition would narrow a rule most.

use audit_rules::events::{Attribution, Facts, Narrowing, Tally};
use audit_rules::records::RecordedEvent;

use crate::rules::{event, rules};

/// A call of `openat`, by this program and login user.
fn call(exe: &str, auid: u32, success: bool) -> RecordedEvent {
    let success = if success { "yes" } else { "no" };
    event(&[&format!(
        "type=SYSCALL msg=audit(9.000:1): arch=c000003e syscall=257 success={success} exit=0 a0=0 a1=0 a2=0 a3=0 items=0 \
         pid=7 auid={auid} uid=0 exe=\"{exe}\" key=\"k\""
    )])
}

/// What would narrow a rule with these further conditions, after these events.
fn narrowing(conditions: &str, events: &[RecordedEvent]) -> Option<(String, u64)> {
    let mut tally = Tally::default();
    for event in events {
        tally.add(&Facts::of(event), Some(Attribution::Rule(0)), None);
    }
    let rules = rules(&[&format!("-a always,exit -F arch=b64 -S openat {conditions} -k k")]);
    assert_eq!(tally.noise[&0].records, events.len() as u64);
    let found = tally.noise[&0].narrowing(rules.get(0).unwrap());
    found.map(|Narrowing { field, value, events }| (format!("{field}={value}"), events))
}

#[test]
fn the_value_that_most_events_have_and_not_all_would_narrow_the_rule_most() {
    let events = [call("/a", 5, true), call("/a", 5, true), call("/b", 5, true), call("/c", u32::MAX, true)];
    assert_eq!(narrowing("", &events), Some(("auid=5".to_owned(), 3)));
    // What the rule says anyway is no news, and what all events have would leave nothing.
    assert_eq!(narrowing("-F auid=5", &events), Some(("exe=/a".to_owned(), 2)));
    assert_eq!(narrowing("-F auid>=4", &events), Some(("auid=5".to_owned(), 3)));
    assert_eq!(narrowing("", &events[..1]), None);
    assert_eq!(narrowing("", &[call("/a", 5, true), call("/a", 5, false)]).unwrap().1, 1);
    let unset = [call("/a", u32::MAX, true), call("/b", u32::MAX, true), call("/c", 5, true)];
    assert_eq!(narrowing("", &unset), Some(("auid=unset".to_owned(), 2)));
}

#[test]
fn a_frequent_value_is_found_among_very_many_rare_ones() {
    let mut events = Vec::new();
    for number in 0..2000 {
        events.push(call("/often", 5, true));
        events.push(call(&format!("/rare/{number}"), 5, true));
    }
    let (value, count) = narrowing("", &events).unwrap();
    assert_eq!(value, "exe=/often");
    assert!((1000..=2000).contains(&count), "{count}");
}
