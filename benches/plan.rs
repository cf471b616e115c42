//! How long it takes to plan for as many wanted rules as loaded ones, 10,000 and 100,000: `cargo bench --bench plan`.
#![allow(clippy::print_stdout, reason = "prints what it measures")]

use std::hint::black_box;
use std::time::Instant;

use audit_rules::kernel::Status;
use audit_rules::plan::rules::{Ordering, RuleForms};
use audit_rules::plan::{KernelState, Target, Wanted, plan};
use audit_rules::rule::{Action, Field, FieldNumber, List, Mask, Op, Rule};
use audit_rules::settings::Settings;

const RULES: [u32; 2] = [10_000, 100_000];
const ROUNDS: u32 = 5;

/// Watches and system call rules; each tenth is a `never`, so that order matters.
fn rule(number: u32) -> Rule {
    let action = if number % 10 == 0 { Action::NEVER } else { Action::ALWAYS };
    let mut rule = Rule::new(List::EXIT, action, Mask::all());
    if number % 3 == 0 {
        rule.fields.push(Field::with_text(FieldNumber::PATH, Op::EQUAL, format!("/srv/data/{number}")));
        rule.fields.push(Field::number(FieldNumber::PERM, Op::EQUAL, 10));
    } else {
        rule.syscalls = [number % 300].into_iter().collect();
        rule.fields.push(Field::number(FieldNumber::ARCH, Op::EQUAL, 0xc000_003e));
        rule.fields.push(Field::number(FieldNumber::AUID, Op::EQUAL, number));
    }
    rule.fields.push(Field::with_text(FieldNumber::KEY, Op::EQUAL, format!("key-{}", number % 50)));
    rule
}

fn target(wanted: &[Rule], ordering: Ordering) -> Target {
    let wanted = wanted.iter().map(|rule| Wanted {
        forms: RuleForms::from(rule.clone()),
        is_asked_for: true,
        is_watch: false,
        spot: None,
    });
    Target {
        files: Vec::new(),
        rules: wanted.collect(),
        ordering,
        dropped: Vec::new(),
        kept: Vec::new(),
        purge: None,
        stuck: rustc_hash::FxHashSet::default(),
        silent: rustc_hash::FxHashSet::default(),
        restores: false,
        settings: Settings::default(),
    }
}

fn measure(name: &str, wanted: &[Rule], loaded: &[Rule], ordering: Ordering) {
    let target = target(wanted, ordering);
    let rules = loaded.iter().map(|rule| rule.clone().as_listed()).collect();
    let kernel = KernelState { rules, status: Status::default(), features: None };
    let mut best = f64::INFINITY;
    let mut steps = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        steps = black_box(plan(black_box(&target), Some(black_box(&kernel)))).rules.len();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name:<44} {steps:>6} steps {:>9.1} ms", best * 1000.0);
}

fn main() {
    RULES.into_iter().for_each(measure_all);
}

fn measure_all(count: u32) {
    let all: Vec<Rule> = (0..count).map(rule).collect();
    let backwards: Vec<Rule> = all.iter().rev().cloned().collect();
    let mut one_other = all.clone();
    let middle = one_other.len() / 2;
    one_other[middle] = rule(count);
    let others: Vec<Rule> = (count..2 * count).map(rule).collect();
    println!("{count} wanted rules, best of {ROUNDS} rounds");
    measure("all loaded, strict", &all, &all, Ordering::Strict);
    measure("all loaded, relevant", &all, &all, Ordering::Relevant);
    measure("one rule differs, strict", &all, &one_other, Ordering::Strict);
    measure("loaded backwards, relevant", &all, &backwards, Ordering::Relevant);
    measure("loaded backwards, strict", &all, &backwards, Ordering::Strict);
    measure("none loaded, as many foreign", &all, &others, Ordering::Strict);
    measure("none loaded at all", &all, &[], Ordering::Strict);
}
