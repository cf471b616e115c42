//! The filter lists of the model, in the kernel's order.

use std::collections::{BTreeMap, VecDeque};

use crate::rule::{Field, FieldNumber, List, Rule, Value};

const UNSET: Value = Value::Number(u32::MAX);

/// A rule as the kernel stores it, which is also how it lists it.
#[derive(Debug, Clone)]
pub struct Stored {
    rule: Rule,
    /// What its path names now is not what the kernel found there.
    is_silent: bool,
}

impl PartialEq for Stored {
    /// The kernel compares paths, and not what it found there.
    fn eq(&self, other: &Self) -> bool {
        self.rule == other.rule
    }
}

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
                *text = text[..end].into();
            }
        }
        rule.rest.clear();
        Self { rule, is_silent: false }
    }
}

/// All lists: each in its order, and they in the order of their numbers.
#[derive(Debug, Clone, Default)]
pub struct Lists(BTreeMap<List, VecDeque<Stored>>);

impl Lists {
    pub fn contains(&self, rule: &Stored) -> bool {
        self.0.get(&rule.rule.list).is_some_and(|list| list.contains(rule))
    }

    pub fn append(&mut self, rule: Stored) {
        self.0.entry(rule.rule.list).or_default().push_back(rule);
    }

    pub fn prepend(&mut self, rule: Stored) {
        self.0.entry(rule.rule.list).or_default().push_front(rule);
    }

    /// Takes the first equal rule away; `false` where there is none.
    pub fn remove(&mut self, rule: &Stored) -> bool {
        let Some(list) = self.0.get_mut(&rule.rule.list) else { return false };
        let found = list.iter().position(|stored| stored == rule);
        found.map(|at| list.remove(at)).is_some()
    }

    pub fn retain(&mut self, keep: impl Fn(&Rule) -> bool) {
        for list in self.0.values_mut() {
            list.retain(|stored| keep(&stored.rule));
        }
    }

    /// Lets a rule be silent from now on, until it is loaded anew.
    pub fn silence(&mut self, is_silent: impl Fn(&Rule) -> bool) {
        for stored in self.0.values_mut().flatten() {
            stored.is_silent |= is_silent(&stored.rule);
        }
    }

    pub fn silent(&self) -> Vec<Rule> {
        self.0.values().flatten().filter(|stored| stored.is_silent).map(|stored| stored.rule.clone()).collect()
    }

    pub fn listed(&self) -> Vec<Rule> {
        self.0.values().flatten().map(|stored| stored.rule.clone()).collect()
    }
}
