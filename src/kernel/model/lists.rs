//! The filter lists of the model, in the kernel's order.

use std::collections::{BTreeMap, VecDeque};

use crate::rule::{Field, FieldNumber, List, Rule, Value};

const UNSET: Value = Value::Number(u32::MAX);

/// A rule as the kernel stores it, which is also how it lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored(Rule);

impl From<&Rule> for Stored {
    /// Class bits go, texts end at their first NUL, and where one field is an unset `auid`, each "no loginuid" is one.
    fn from(rule: &Rule) -> Self {
        let mut rule = rule.clone().as_listed();
        let unset = |field: &Field| field.number == FieldNumber::AUID && field.value == UNSET;
        let legacy = rule.fields.iter().any(unset);
        for field in &mut rule.fields {
            if legacy && field.number == FieldNumber::LOGINUID_SET && field.value == Value::Number(0) {
                field.number = FieldNumber::AUID;
                field.value = UNSET;
            }
            if let Value::Text(text) = &mut field.value {
                let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
                text.truncate(end);
            }
        }
        rule.rest.clear();
        Self(rule)
    }
}

/// All lists: each in its order, and they in the order of their numbers.
#[derive(Debug, Clone, Default)]
pub struct Lists(BTreeMap<List, VecDeque<Stored>>);

impl Lists {
    pub fn contains(&self, rule: &Stored) -> bool {
        self.0.get(&rule.0.list).is_some_and(|list| list.contains(rule))
    }

    pub fn append(&mut self, rule: Stored) {
        self.0.entry(rule.0.list).or_default().push_back(rule);
    }

    pub fn prepend(&mut self, rule: Stored) {
        self.0.entry(rule.0.list).or_default().push_front(rule);
    }

    /// Takes the first equal rule away; `false` where there is none.
    pub fn remove(&mut self, rule: &Stored) -> bool {
        let Some(list) = self.0.get_mut(&rule.0.list) else { return false };
        let found = list.iter().position(|stored| stored == rule);
        found.map(|at| list.remove(at)).is_some()
    }

    pub fn retain(&mut self, keep: impl Fn(&Rule) -> bool) {
        for list in self.0.values_mut() {
            list.retain(|stored| keep(&stored.0));
        }
    }

    pub fn listed(&self) -> Vec<Rule> {
        self.0.values().flatten().map(|stored| stored.0.clone()).collect()
    }
}
