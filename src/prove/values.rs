//! Values that meet the conditions of a rule on one property.

use crate::matching::cover::compare;
use crate::rule::{Field, FieldNumber, Rule};

/// Most values that are tried for one property.
const MOST: usize = 4;

/// Values that meet every condition of a rule on these properties; the preferred ones first. None of them where no value
/// that can be thought of does.
#[must_use]
pub fn values(rule: &Rule, fields: &[FieldNumber], preferred: &[u32]) -> Vec<u32> {
    let conditions: Vec<&Field> = rule.fields.iter().filter(|field| fields.contains(&field.number)).collect();
    let near = conditions.iter().filter_map(|field| field.value.number());
    let near = near.flat_map(|value| [value, value.wrapping_add(1), value.wrapping_sub(1), !value]);
    let mut found: Vec<u32> = Vec::new();
    for value in preferred.iter().copied().chain(near) {
        let meets = conditions.iter().all(|field| compare(value, field) == Some(true));
        if meets && !found.contains(&value) && found.len() < MOST {
            found.push(value);
        }
    }
    found
}

/// Whether a rule has a condition on one of these properties.
#[must_use]
pub fn asks(rule: &Rule, fields: &[FieldNumber]) -> bool {
    rule.fields.iter().any(|field| fields.contains(&field.number))
}
