//! Times as RFC 3339 writes them.

use audit_rules::records::time::{from_rfc3339, to_rfc3339};

#[test]
fn a_time_is_written_and_read_back() {
    for (milliseconds, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_868_799_000, "2000-02-29T23:59:59.000Z"),
        (1_735_689_599_042, "2024-12-31T23:59:59.042Z"),
        (1_735_689_600_000, "2025-01-01T00:00:00.000Z"),
        (4_107_542_400_500, "2100-03-01T00:00:00.500Z"),
        (253_402_300_799_000, "9999-12-31T23:59:59.000Z"),
    ] {
        assert_eq!(to_rfc3339(milliseconds), text);
        assert_eq!(from_rfc3339(text), Some(milliseconds), "{text}");
    }
}

#[test]
fn an_offset_and_parts_of_a_second_are_read() {
    for (text, milliseconds) in [
        ("1970-01-02T02:00:00+02:00", Some(86_400_000)),
        ("1970-01-01 00:00:00-00:30", Some(1_800_000)),
        ("1970-01-01t00:00:01.5z", Some(1500)),
        ("1970-01-01T00:00:00.123456789Z", Some(123)),
        ("1970-01-01T00:00:00+01:00", None),
        ("2026-02-29T00:00:00Z", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-11-29T24:00:00Z", None),
        ("2026-11-29T10:00:00", None),
        ("2026-11-29T10:00:00.Z", None),
        ("2026-11-29T10:00:00Zx", None),
        ("2026-11-29", None),
        ("yesterday", None),
        ("2026-11-2é10:00:00Z", None),
        ("", None),
    ] {
        assert_eq!(from_rfc3339(text), milliseconds, "{text}");
    }
}
