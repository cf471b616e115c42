//! Serial numbers that are missing.

use audit_rules::records::{Serials, SerialsOfHosts};

/// How many of these are missing, and how many came late.
fn told(numbers: impl IntoIterator<Item = u64>) -> (u64, u64) {
    let mut serials = Serials::default();
    numbers.into_iter().for_each(|number| serials.add(number));
    (serials.missing(), serials.late())
}

#[test]
fn a_number_that_never_comes_is_missing_and_one_that_comes_late_is_not() {
    for (numbers, expected) in [
        (&[][..], (0, 0)),
        (&[7, 8, 9], (0, 0)),
        (&[7, 7, 8, 8], (0, 0)),
        (&[7, 10], (2, 0)),
        (&[7, 10, 9], (1, 1)),
        (&[7, 10, 9, 8, 8], (0, 2)),
        // A new boot counts from one.
        (&[90_000, 90_001, 1, 2, 4], (1, 0)),
        // The numbers have 32 bits.
        (&[4_294_967_294, 4_294_967_295, 1, 2], (0, 0)),
        (&[4_294_967_295, 3, 4_294_967_294], (2, 1)),
        (&[5, 1_000_000_000, 6], (0, 0)),
    ] {
        assert_eq!(told(numbers.iter().copied()), expected, "{numbers:?}");
    }
}

#[test]
fn wide_gaps_are_counted_whole() {
    assert_eq!(told([1, 1001]), (999, 0));
    assert_eq!(told((1..5000).filter(|number| number % 10 != 0)), (499, 0));
    // So far back it may have been another boot's: it is not counted twice.
    assert_eq!(told((1..=2000).filter(|number| *number != 1000)), (1, 0));
}

#[test]
fn each_host_counts_its_own() {
    let mut hosts = SerialsOfHosts::default();
    for serial in 1..100 {
        hosts.add(Some(b"a"), serial);
        hosts.add(Some(b"b"), serial + 70_000);
        hosts.add(None, serial * 2);
    }
    assert_eq!((hosts.missing(), hosts.late()), (98, 0));
}
