//! The earlier rules that may cover a later one, found without comparing all with all.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::rule::{Field, FieldNumber, Op, Rule};

/// Most earlier rules with one anchor, or without any, that one is compared with: the work stays bounded.
pub const MOST: usize = 2000;

/// Rules by what leads from a later one to those that may cover it. What only the very same condition implies must stand
/// in both.
#[derive(Debug)]
pub struct Earlier<'a> {
    rules: Vec<&'a Rule>,
    /// The digest of such a condition, and the rule.
    anchored: Vec<(u64, usize)>,
    /// The rules without one.
    free: Vec<usize>,
}

impl<'a> Earlier<'a> {
    /// Of these rules, in the kernel's order.
    #[must_use]
    pub fn of(rules: Vec<&'a Rule>) -> Self {
        let (mut anchored, mut free) = (Vec::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            match rule.fields.iter().find(|field| is_anchor(field)) {
                Some(field) => anchored.push((FxBuildHasher.hash_one(field), at)),
                None => free.push(at),
            }
        }
        anchored.sort_unstable();
        Self { rules, anchored, free }
    }

    /// The indices of those before this one that may cover it, in order; of those with the same condition, and of those without
    /// an anchor, the first 2,000.
    #[must_use]
    pub fn than(&self, at: usize) -> Vec<usize> {
        let mut same = Vec::new();
        let fields = self.rules.get(at).into_iter().flat_map(|rule| &rule.fields);
        for field in fields.filter(|field| is_anchor(field)) {
            let digest = FxBuildHasher.hash_one(field);
            let from = self.anchored.partition_point(|(known, _)| *known < digest);
            let those = self.anchored[from..].iter().take_while(|(known, other)| *known == digest && *other < at);
            same.extend(those.take(MOST).map(|(_, other)| *other));
        }
        same.sort_unstable();
        let mut same = same.into_iter().peekable();
        let mut earlier = Vec::new();
        for free in self.free.iter().copied().take_while(|other| *other < at).take(MOST) {
            earlier.extend(std::iter::from_fn(|| same.next_if(|other| *other < free)));
            earlier.push(free);
        }
        earlier.extend(same);
        earlier
    }
}

/// Whether a condition follows from no other one than itself: text that is no directory, a number that must be this one.
/// (Two bounds that leave one number are passed over.)
fn is_anchor(field: &Field) -> bool {
    match field.number {
        FieldNumber::KEY | FieldNumber::DIR | FieldNumber::ARCH | FieldNumber::SUCCESS | FieldNumber::PERM => false,
        _ => field.text().is_some() || field.op == Op::EQUAL,
    }
}
