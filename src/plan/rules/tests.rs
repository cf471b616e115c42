use super::*;
use crate::rule::{Op, Value};

fn rule(action: Action, key: &str) -> Rule {
    let mut rule = Rule::new(List::EXIT, action, Mask::from_iter([2]));
    rule.fields.push(Field { number: FieldNumber::KEY, op: Op::EQUAL, value: Value::Text(key.as_bytes().into()) });
    rule
}

/// A to C record, X and Y do not.
fn named(letter: char) -> Rule {
    rule(if letter < 'X' { Action::ALWAYS } else { Action::NEVER }, &letter.to_string())
}

fn rules(letters: &str) -> Vec<Rule> {
    letters.chars().map(named).collect()
}

fn letters(rules: &[Rule]) -> String {
    rules.iter().map(|r| char::from(r.key().unwrap()[0])).collect()
}

/// What the kernel makes of the steps; a refused step is a failed test.
fn carried_out(loaded: &[Rule], steps: &[RuleStep]) -> Vec<Rule> {
    let mut list = loaded.to_vec();
    for step in steps {
        match step.doing {
            Doing::Append => {
                assert!(!list.contains(&step.rule), "EEXIST: {steps:?}");
                list.push(step.rule.clone());
            }
            Doing::Prepend => list.insert(0, step.rule.clone()),
            Doing::Unload => {
                let first = list.iter().position(|r| *r == step.rule).expect("ENOENT");
                list.remove(first);
            }
        }
    }
    list
}

fn is_in_order(list: &[Rule], wanted: &[Rule], ordering: Ordering) -> bool {
    let ranks = ranks(wanted.iter().map(|w| w.action), ordering);
    let found: Vec<usize> = list.iter().filter_map(|r| wanted.iter().position(|w| w == r)).map(|w| ranks[w]).collect();
    found.windows(2).all(|pair| pair[0] <= pair[1])
}

/// The fewest deletes with which any sequence of appends, prepends and deletes reaches the wanted list:
/// every set of survivors is tried with every way to put the rest in front or after.
fn fewest_deletes(loaded: &[Rule], wanted: &[Rule], ordering: Ordering) -> usize {
    (0u32..1 << loaded.len())
        .filter_map(|bits| {
            let survives = |l: usize| bits & (1 << l) != 0;
            let takes_a_later_copy = (0..loaded.len())
                .any(|l| survives(l) && (l + 1..loaded.len()).any(|m| !survives(m) && loaded[m] == loaded[l]));
            let survivors: Vec<Rule> = (0..loaded.len()).filter(|l| survives(*l)).map(|l| loaded[l].clone()).collect();
            let twice = survivors.iter().enumerate().any(|(i, r)| survivors[..i].contains(r) && wanted.contains(r));
            let unwanted = survivors.iter().any(|r| !wanted.contains(r) && r.key() != Some(b"F"));
            let foreign_gone = (0..loaded.len()).any(|l| !survives(l) && loaded[l].key() == Some(b"F"));
            if takes_a_later_copy || twice || unwanted || foreign_gone {
                return None;
            }
            let rest: Vec<&Rule> = wanted.iter().filter(|w| !survivors.contains(w)).collect();
            let reachable = (0u32..1 << rest.len()).any(|front| {
                let part = |side: u32| (0..rest.len()).filter(move |i| (front >> i) & 1 == side);
                let list: Vec<Rule> = part(1)
                    .map(|i| rest[i].clone())
                    .chain(survivors.iter().cloned())
                    .chain(part(0).map(|i| rest[i].clone()))
                    .collect();
                is_in_order(&list, wanted, ordering)
            });
            reachable.then(|| loaded.len() - survivors.len())
        })
        .min()
        .expect("an empty list can always be filled")
}

fn no_longer_wanted(rule: &Rule) -> Option<Because> {
    (rule.key() != Some(b"F")).then_some(Because::NoLongerWanted)
}

/// Every string of up to `longest` of these letters.
fn strings(alphabet: &str, longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last.iter().flat_map(|s| alphabet.chars().map(move |c| format!("{s}{c}"))).collect();
        all.extend(last.clone());
    }
    all
}

fn is_without_repeats(letters: &str) -> bool {
    letters.chars().enumerate().all(|(i, c)| !letters[..i].contains(c))
}

#[test]
fn every_plan_between_small_lists_reaches_the_wanted_rules_with_the_fewest_deletes() {
    let all_loaded = strings("ABXYF", 4);
    let all_wanted: Vec<String> = strings("ABXY", 4).into_iter().filter(|w| is_without_repeats(w)).collect();
    let mut tried = 0;
    for loaded_letters in &all_loaded {
        let loaded = rules(loaded_letters);
        for wanted_letters in &all_wanted {
            let wanted = rules(wanted_letters);
            let goal: Vec<RuleForms> = wanted.iter().cloned().map(RuleForms::from).collect();
            let goal: Vec<&RuleForms> = goal.iter().collect();
            for ordering in [Ordering::Relevant, Ordering::Strict, Ordering::Ignore] {
                let steps = plan_rules(&loaded, &goal, ordering, &no_longer_wanted, Because::Missing);
                let context = || format!("{loaded_letters} -> {wanted_letters} {ordering:?}: {steps:#?}");
                let end = carried_out(&loaded, &steps);
                assert!(is_in_order(&end, &wanted, ordering), "{}", context());
                let mut held: Vec<char> = letters(&end).chars().filter(|c| *c != 'F').collect();
                let mut asked: Vec<char> = wanted_letters.chars().collect();
                held.sort_unstable();
                asked.sort_unstable();
                assert_eq!(held, asked, "{}", context());
                let deletes = steps.iter().filter(|s| s.doing == Doing::Unload).count();
                assert_eq!(deletes, fewest_deletes(&loaded, &wanted, ordering), "{}", context());
                tried += 1;
            }
        }
    }
    assert!(tried > 150_000, "{tried}");
}

fn plan(loaded: &str, wanted: &str, ordering: Ordering) -> String {
    let goal: Vec<RuleForms> = rules(wanted).into_iter().map(RuleForms::from).collect();
    let goal: Vec<&RuleForms> = goal.iter().collect();
    as_text(&plan_rules(&rules(loaded), &goal, ordering, &no_longer_wanted, Because::Missing))
}

fn as_text(steps: &[RuleStep]) -> String {
    let mut text = String::new();
    for step in steps {
        text.push(match step.doing {
            Doing::Append => '+',
            Doing::Prepend => '^',
            Doing::Unload => '-',
        });
        text += &letters(std::slice::from_ref(&step.rule));
        text += if step.with_next { "" } else { " " };
    }
    text.trim_end().to_owned()
}

#[test]
fn plans_read_as_expected() {
    let case = |loaded, wanted, ordering, expected| assert_eq!(plan(loaded, wanted, ordering), expected);
    case("", "AB", Ordering::Relevant, "+A +B");
    case("AB", "AB", Ordering::Strict, "");
    case("BA", "AB", Ordering::Relevant, "");
    case("BA", "AB", Ordering::Strict, "-B+B");
    case("A", "XA", Ordering::Relevant, "^X");
    case("AB", "AXB", Ordering::Relevant, "+X -B+B");
    case("AB", "AC", Ordering::Relevant, "+C -B");
    case("FA", "AX", Ordering::Relevant, "+X");
    case("AA", "A", Ordering::Relevant, "-A");
}

/// The plan where the rules of these letters are silent.
fn plan_anew(loaded: &str, wanted: &str, ordering: Ordering, silent: &str) -> Vec<RuleStep> {
    let goal: Vec<RuleForms> = rules(wanted).into_iter().map(RuleForms::from).collect();
    let goal: Vec<&RuleForms> = goal.iter().collect();
    let silent = rules(silent);
    plan_rules_anew(&rules(loaded), &goal, ordering, &no_longer_wanted, Because::Missing, &|rule| silent.contains(rule))
}

#[test]
fn a_silent_rule_is_loaded_anew_in_its_place_and_what_has_to_stand_after_it_too() {
    let case = |loaded, wanted, ordering, silent, expected: &str| {
        assert_eq!(as_text(&plan_anew(loaded, wanted, ordering, silent)), expected);
    };
    case("A", "A", Ordering::Relevant, "A", "-A+A");
    case("ABC", "ABC", Ordering::Relevant, "A", "-A+A");
    case("ABC", "ABC", Ordering::Strict, "C", "-C+C");
    case("ABC", "ABC", Ordering::Strict, "A", "-A^A");
    case("ABC", "ABC", Ordering::Strict, "B", "-B+B -C+C");
    case("XA", "XA", Ordering::Relevant, "X", "-X^X");
    case("AXB", "AXB", Ordering::Relevant, "X", "-X+X -B+B");
    case("AA", "A", Ordering::Relevant, "A", "-A-A+A");
    case("AB", "A", Ordering::Relevant, "B", "-B");
    case("AF", "A", Ordering::Relevant, "F", "");
    case("B", "AB", Ordering::Relevant, "B", "+A -B+B");
}

#[test]
fn every_silent_rule_that_is_wanted_is_unloaded_and_loaded_and_the_order_is_the_wanted_one_on_every_small_list() {
    let mut tried = 0;
    let wanted_lists = strings("ABXY", 4).into_iter().filter(|wanted| is_without_repeats(wanted));
    for wanted in wanted_lists {
        for loaded in [wanted.clone(), format!("F{wanted}"), wanted.chars().rev().collect(), format!("{wanted}A")] {
            for silent in ["A", "X", "AB", "AX", "ABXY"] {
                for ordering in [Ordering::Relevant, Ordering::Strict, Ordering::Ignore] {
                    let steps = plan_anew(&loaded, &wanted, ordering, silent);
                    let context = || format!("{loaded} -> {wanted}, silent {silent}, {ordering:?}: {steps:#?}");
                    let end = carried_out(&rules(&loaded), &steps);
                    assert!(is_in_order(&end, &rules(&wanted), ordering), "{}", context());
                    for letter in silent.chars().filter(|letter| wanted.contains(*letter)) {
                        let of = |doing| steps.iter().filter(|s| s.doing == doing && s.rule == named(letter)).count();
                        assert_eq!(of(Doing::Unload), loaded.matches(letter).count(), "{}", context());
                        assert_eq!(of(Doing::Append) + of(Doing::Prepend), 1, "{}", context());
                        let all = steps.iter().filter(|s| s.rule == named(letter));
                        assert!(all.clone().all(|s| s.because == Because::Silent), "{}", context());
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn a_rule_loaded_by_another_version_of_auditctl_is_the_wanted_one() {
    let mut narrowed = named('A');
    narrowed.syscalls = Mask::from_iter([2, 59, 322]);
    let forms = RuleForms { rule: named('A'), other_masks: vec![narrowed.syscalls.clone()] };
    let steps = |loaded: Rule| plan_rules(&[loaded], &[&forms], Ordering::Strict, &no_longer_wanted, Because::Missing);
    assert_eq!(steps(narrowed.clone()), []);
    narrowed.syscalls = Mask::from_iter([2, 59]);
    assert_eq!(steps(narrowed).len(), 2, "a mask that no version makes is drift");
}

#[test]
fn a_changed_key_is_a_replacement() {
    let mut old = named('A');
    old.fields.insert(0, Field::number(FieldNumber::AUID, Op::EQUAL, 7));
    let mut new = old.clone();
    new.fields[1].value = Value::Text((*b"B").into());
    let steps = plan_rules(&[old], &[&RuleForms::from(new)], Ordering::Relevant, &no_longer_wanted, Because::Missing);
    assert_eq!(steps.iter().map(|s| s.because).collect::<Vec<_>>(), [Because::Replaced, Because::Replaced]);
    assert_eq!(steps[0].doing, Doing::Append, "the new one is loaded first");
}
