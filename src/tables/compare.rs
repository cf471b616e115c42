//! The pairs of fields that `-C` compares.

use crate::rule::FieldNumber;
use crate::rule::field_table;

/// The `AUDIT_COMPARE_*` number of two fields, in either order; `loginuid` counts as `auid`.
#[must_use]
pub fn number(left: FieldNumber, right: FieldNumber) -> Option<u32> {
    rows().find(|(l, r, _)| (left, right) == (*l, *r) || (right, left) == (*l, *r)).map(|(.., number)| number)
}

/// The two fields of an `AUDIT_COMPARE_*` number, in the order in which auditctl prints them.
#[must_use]
pub fn pair(number: u32) -> Option<(&'static str, &'static str)> {
    let (left, right, _) = rows().find(|(.., known)| *known == number)?;
    Some((field_table::by_number(left)?.name, field_table::by_number(right)?.name))
}

/// Whether any pair has this number.
#[must_use]
pub fn is_known(number: u32) -> bool {
    rows().any(|(.., known)| known == number)
}

fn rows() -> impl Iterator<Item = (FieldNumber, FieldNumber, u32)> {
    super::rows(include_str!("data/field-compare.txt")).filter_map(|(left, rest)| {
        let (right, number) = rest.split_once(' ')?;
        let field = |name| field_table::by_name(name).map(|row| row.number);
        Some((field(left)?, field(right)?, number.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_25_pairs_are_read() {
        let numbers: Vec<u32> = rows().map(|(.., number)| number).collect();
        assert_eq!(numbers, (1..=25).collect::<Vec<u32>>());
        assert_eq!(pair(1), Some(("uid", "obj_uid")));
        assert_eq!(number(FieldNumber(109), FieldNumber(1)), Some(1));
        assert_eq!(number(FieldNumber(1), FieldNumber(1)), None);
    }
}
