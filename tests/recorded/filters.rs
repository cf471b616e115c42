//! Which events are kept.

use audit_rules::events::{Condition, Count, Facts, Filter, Span, Tally};
use audit_rules::records::{RecordType, Stamp};
use glob::Pattern;

use crate::rules::opening;

fn glob(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

#[test]
fn an_entry_fits_where_all_that_it_says_holds() {
    let event = opening("/etc/passwd", 3, "6964656E7469747901657463");
    let facts = Facts::of(&event);
    let fits = |condition: Condition| condition.fits(&facts);
    for condition in [
        Condition::default(),
        Condition { key: Some(glob("etc")), ..Condition::default() },
        Condition { key: Some(glob("ident*")), exe: Some(glob("/usr/*")), ..Condition::default() },
        Condition { syscall: Some("openat".to_owned()), ..Condition::default() },
        Condition { syscall: Some("257".to_owned()), comm: Some(glob("sh")), ..Condition::default() },
        Condition { path: Some(glob("/etc/*")), success: Some(true), ..Condition::default() },
        Condition { auid: Some(1000), uid: Some(1000), kind: Some(RecordType::SYSCALL), ..Condition::default() },
    ] {
        assert!(fits(condition.clone()), "{condition:?}");
    }
    for condition in [
        Condition { key: Some(glob("identity?")), ..Condition::default() },
        Condition { key: Some(glob("etc")), success: Some(false), ..Condition::default() },
        Condition { syscall: Some("open".to_owned()), ..Condition::default() },
        Condition { path: Some(glob("/usr/*")), ..Condition::default() },
        Condition { auid: Some(u32::MAX), ..Condition::default() },
        Condition { node: Some(glob("web*")), ..Condition::default() },
        Condition { kind: Some(RecordType(1112)), ..Condition::default() },
    ] {
        assert!(!fits(condition.clone()), "{condition:?}");
    }
}

#[test]
fn the_first_entry_that_fits_decides_and_what_fits_none_is_kept_unless_something_is_to_be_kept() {
    let event = opening("/etc/passwd", 3, "\"identity\"");
    let facts = Facts::of(&event);
    let (yes, no) = (Condition::default(), Condition { auid: Some(7), ..Condition::default() });
    for (entries, keeps) in [
        (vec![], true),
        (vec![(false, yes.clone())], false),
        (vec![(true, yes.clone()), (false, yes.clone())], true),
        (vec![(false, yes.clone()), (true, yes.clone())], false),
        (vec![(false, no.clone())], true),
        (vec![(true, no.clone())], false),
        (vec![(false, no.clone()), (true, no), (false, yes)], false),
    ] {
        assert_eq!(Filter { entries: entries.clone() }.keeps(&facts), keeps, "{entries:?}");
    }
}

#[test]
fn counts_know_the_first_and_the_last_time_and_how_often_in_an_hour() {
    let mut count = Count::default();
    assert_eq!(count.span.per_hour(5), None);
    for seconds in [100, 40, 1900] {
        count.add(Stamp { seconds, milliseconds: 1, serial: 1 });
    }
    assert_eq!((count.events, count.span.ends), (3, Some((40_001, 1_900_001))));
    assert_eq!(count.span.per_hour(31), Some(60));
    assert_eq!(Span { ends: Some((5, 900)) }.per_hour(31), None);
}

#[test]
fn each_of_several_keys_is_counted() {
    let mut tally = Tally::default();
    for key in ["\"identity\"", "6964656E7469747901657463", "(null)"] {
        tally.add(&Facts::of(&opening("/etc/passwd", 3, key)), None, None);
    }
    let keys: Vec<(String, u64)> = tally.by_key().into_iter().map(|one| (one.key, one.count.events)).collect();
    assert_eq!(keys, [("identity".to_owned(), 2), ("etc".to_owned(), 1)]);
    assert_eq!(tally.kept.events, 3);
}
