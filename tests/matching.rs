//! Covering, proven against the matcher: every small rule beside every other one, on every event that tells them apart.
//!
//! A rule here is some conditions of one family, at most three; the events of a family have every value at which one of
//! its conditions turns, and its neighbours. So what holds for all of them holds for all numbers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use audit_rules::matching::event::CallResult;
use audit_rules::matching::{Answer, Event, Name, contradiction, covers, matches};
use audit_rules::rule::{Action, Field, FieldNumber, List, Mask, Op, Rule};

const EQUALITY: [Op; 2] = [Op::EQUAL, Op::NOT_EQUAL];
const ORDER: [Op; 6] = [Op::EQUAL, Op::NOT_EQUAL, Op::LESS, Op::LESS_OR_EQUAL, Op::GREATER, Op::GREATER_OR_EQUAL];
const BITS: [Op; 2] = [Op::BIT_MASK, Op::BIT_TEST];

fn numbers(field: u32, ops: &[Op], values: &[u32]) -> Vec<Field> {
    let with = |op: &Op| values.iter().map(|value| Field::number(FieldNumber(field), *op, *value)).collect::<Vec<_>>();
    ops.iter().flat_map(with).collect()
}

fn texts(field: FieldNumber, ops: &[Op], values: &[&str]) -> Vec<Field> {
    let with = |op: &Op| values.iter().map(|value| Field::with_text(field, *op, *value)).collect::<Vec<_>>();
    ops.iter().flat_map(with).collect()
}

/// Every rule of at most `most` of these conditions that the kernel would take.
fn rules(list: List, conditions: &[Field], most: usize, masks: &[Mask]) -> Vec<Rule> {
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    let mut longest = sets.clone();
    for _ in 0..most {
        let longer = |set: &Vec<usize>| {
            let from = set.last().copied().unwrap_or(0);
            let set = set.clone();
            (from..conditions.len()).map(move |at| [set.clone(), vec![at]].concat())
        };
        longest = longest.iter().flat_map(longer).collect();
        sets.extend(longest.iter().cloned());
    }
    let is_object = |field: &Field| matches!(field.number, FieldNumber::PATH | FieldNumber::DIR | FieldNumber::INODE);
    let mut rules = Vec::new();
    for set in sets {
        let mut rule = Rule::new(list, Action::NEVER, Mask::all());
        rule.fields = set.iter().map(|at| conditions[*at].clone()).collect();
        if rule.fields.iter().filter(|field| is_object(field)).count() > 1 {
            continue;
        }
        rules.extend(masks.iter().map(|mask| Rule { syscalls: mask.clone(), ..rule.clone() }));
    }
    rules
}

/// What came of comparing every rule with every other one.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    rules: usize,
    events: usize,
    /// Pairs of which the first matches all that the second one does, on these events; rules that match nothing are
    /// left out.
    covering: usize,
    /// Those that are not seen.
    missed: usize,
    /// Rules that match nothing.
    dead: usize,
    /// Those that are not seen.
    dead_missed: usize,
}

fn compare_all(rules: &[Rule], events: &[Event]) -> Tally {
    let mut tally = Tally { rules: rules.len(), events: events.len(), ..Tally::default() };
    let matched: Vec<Vec<u64>> = rules
        .iter()
        .map(|rule| {
            let mut bits = vec![0_u64; events.len().div_ceil(64)];
            for (at, event) in events.iter().enumerate() {
                match matches(rule, event) {
                    Answer::Yes => bits[at / 64] |= 1 << (at % 64),
                    Answer::No | Answer::Stops => {}
                    Answer::Depends(on) => panic!("{rule:?} {event:?}: {on:?}"),
                }
            }
            bits
        })
        .collect();
    for (narrow, narrow_bits) in rules.iter().zip(&matched) {
        let is_dead = narrow_bits.iter().all(|word| *word == 0);
        let said = contradiction(narrow).is_some();
        assert!(is_dead || !said, "matches something: {narrow:?}");
        tally.dead += usize::from(is_dead);
        tally.dead_missed += usize::from(is_dead && !said);
        for (wide, wide_bits) in rules.iter().zip(&matched) {
            let is_covered = narrow_bits.iter().zip(wide_bits).all(|(narrow, wide)| narrow & !wide == 0);
            let said = covers(wide, narrow).is_some();
            assert!(is_covered || !said, "{wide:?}\n  does not cover\n{narrow:?}");
            tally.covering += usize::from(is_covered && !is_dead);
            tally.missed += usize::from(is_covered && !is_dead && !said);
        }
    }
    tally
}

fn base(list: List) -> Event {
    Event { syscall: Some(1), ..Event::unknown(list) }
}

fn with_numbers(list: List, field: u32, values: &[u32]) -> Vec<Event> {
    values.iter().map(|value| Event { numbers: vec![(FieldNumber(field), *value)], ..base(list) }).collect()
}

/// Every covering pair is seen, every dead rule too.
fn all_seen(tally: &Tally) {
    assert!(tally.covering > tally.rules, "{tally:?}");
    assert_eq!((tally.missed, tally.dead_missed), (0, 0), "{tally:?}");
}

fn all_calls() -> [Mask; 1] {
    [Mask::all()]
}
const MAX: u32 = u32::MAX;

#[test]
fn comparisons_of_a_number() {
    for (list, field) in [(List::EXIT, 1), (List::TASK, 1), (List::USER, 1), (List::EXCLUDE, 12), (List::EXCLUDE, 5)] {
        let conditions = numbers(field, &ORDER, &[0, 1, 5, MAX]);
        let events = with_numbers(list, field, &[0, 1, 2, 4, 5, 6, MAX - 1, MAX]);
        let tally = compare_all(&rules(list, &conditions, 2, &all_calls()), &events);
        if matches!(list, List::USER | List::EXCLUDE) {
            // A rule without conditions matches nothing there, which has a finding of its own.
            assert_eq!((tally.missed, tally.dead_missed), (0, 1), "{tally:?}");
        } else {
            all_seen(&tally);
        }
    }
    let three = rules(List::EXIT, &numbers(9, &ORDER, &[0, 1000]), 3, &all_calls());
    all_seen(&compare_all(&three, &with_numbers(List::EXIT, 9, &[0, 1, 2, 999, 1000, 1001, MAX])));
}

#[test]
fn a_login_uid_and_its_flag() {
    let conditions =
        [numbers(9, &ORDER, &[0, 1000]), numbers(9, &EQUALITY, &[MAX]), numbers(24, &EQUALITY, &[0, 1, 2])].concat();
    let events = with_numbers(List::EXIT, 9, &[0, 1, 999, 1000, 1001, MAX - 1, MAX]);
    all_seen(&compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events));
}

#[test]
fn bits_of_a_number() {
    let conditions = [numbers(200, &BITS, &[0, 1, 2, 3]), numbers(200, &ORDER, &[0, 1, 3])].concat();
    let events = with_numbers(List::EXIT, 200, &(0..16).chain([MAX]).collect::<Vec<_>>());
    let tally = compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events);
    // What bits and an order say together is not worked out: a0&=1 with a0<3 is only 1.
    assert!(tally.covering > 10_000 && tally.missed * 4 < tally.covering, "{tally:?}");
    let alone = rules(List::EXIT, &conditions, 1, &all_calls());
    let tally = compare_all(&alone, &events);
    assert!(tally.missed <= 6, "{tally:?}");
}

#[test]
fn groups_of_a_process() {
    let conditions = numbers(5, &ORDER, &[0, 1, 2]);
    let mut events = Vec::new();
    for gid in 0..4 {
        for supplementary in 0..8_u32 {
            let groups = Some((0..3).filter(|group| supplementary & (1 << group) != 0).collect());
            events.push(Event { numbers: vec![(FieldNumber(5), gid)], groups, ..base(List::EXIT) });
        }
    }
    let tally = compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events);
    all_seen(&tally);
}

#[test]
fn results_of_a_call() {
    let conditions = [numbers(103, &ORDER, &[0, 1, MAX]), numbers(104, &ORDER, &[0, 1])].concat();
    let mut events = vec![Event { result: Some(CallResult::None), ..base(List::EXIT) }];
    for code in [0, 1, 2, 3, MAX - 1, MAX] {
        for result in [CallResult::Success, CallResult::Failure] {
            let numbers = vec![(FieldNumber::EXIT, code)];
            events.push(Event { result: Some(result), numbers, ..base(List::EXIT) });
        }
    }
    all_seen(&compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events));
}

#[test]
fn address_families_where_there_is_an_address() {
    let conditions = numbers(113, &ORDER, &[0, 2, 10]);
    let mut events = with_numbers(List::EXIT, 113, &[0, 1, 2, 3, 9, 10, 11]);
    for event in &mut events {
        event.has_address = Some(true);
    }
    events.push(Event { has_address: Some(false), ..base(List::EXIT) });
    let tally = compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events);
    all_seen(&tally);
}

#[test]
fn what_a_call_may_do_to_a_file() {
    let conditions = numbers(106, &EQUALITY, &[0, 1, 2, 3, 8, 10, 15, 16]);
    let events: Vec<Event> = (0..16).map(|access| Event { accesses: 1 << access, ..base(List::EXIT) }).collect();
    all_seen(&compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events));
}

/// A file with its device numbers, owner, kind and inode.
fn name(path: &str, numbers: &[(u32, u32)], kind: u32) -> Name {
    let numbers = numbers.iter().map(|(field, value)| (FieldNumber(*field), *value)).collect();
    Name { path: path.as_bytes().to_vec(), numbers, kind: Some(kind) }
}

/// No file, one, or two of these.
fn events_of(names: &[Name]) -> Vec<Event> {
    let mut events = Vec::new();
    let with = |names: Vec<Name>| Event { names: Some(names), ..base(List::EXIT) };
    events.push(with(Vec::new()));
    for (at, first) in names.iter().enumerate() {
        events.push(with(vec![first.clone()]));
        events.extend(names[at..].iter().map(|second| with(vec![first.clone(), second.clone()])));
    }
    events
}

const FILE: u32 = 0x8000;
const DIRECTORY: u32 = 0x4000;
const SOCKET: u32 = 0xc000;

#[test]
fn files_below_directories_and_their_owners() {
    let conditions = [
        texts(FieldNumber::PATH, &[Op::EQUAL], &["/d", "/d/f", "/d/s/f", "/dx"]),
        texts(FieldNumber::DIR, &[Op::EQUAL], &["/", "/d", "/d/", "/d/s", "/d/f", "/e"]),
        numbers(109, &ORDER, &[1, 2]),
    ]
    .concat();
    let paths = ["pipe:[7]", "/", "/d", "/d/f", "/d/f/g", "/d/s", "/d/s/f", "/dx", "/e/f"];
    let names: Vec<Name> = paths.iter().flat_map(|path| (0..4).map(|uid| name(path, &[(109, uid)], FILE))).collect();
    all_seen(&compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events_of(&names)));
}

#[test]
fn kinds_and_inodes_of_files() {
    let conditions = [
        texts(FieldNumber::PATH, &[Op::EQUAL], &["/d/f"]),
        texts(FieldNumber::DIR, &[Op::EQUAL], &["/d"]),
        numbers(108, &EQUALITY, &[FILE, DIRECTORY]),
        numbers(102, &EQUALITY, &[2, 4]),
    ]
    .concat();
    let kinds = |path, inode| [FILE, DIRECTORY, SOCKET].map(move |kind| name(path, &[(102, inode)], kind));
    let names: Vec<Name> =
        ["/d/f", "/e"].iter().flat_map(|path| [2, 4, 9].into_iter().flat_map(|inode| kinds(path, inode))).collect();
    let tally = compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events_of(&names));
    // Not seen: inode!=4 after inode=2. The kernel looks for both under the number that they name.
    assert!(tally.covering > 100 && tally.missed < 40, "{tally:?}");
}

#[test]
fn devices_of_files() {
    let conditions = [numbers(100, &ORDER, &[1, 8]), texts(FieldNumber::PATH, &[Op::EQUAL], &["/d", "/d/f"])].concat();
    let majors = [0, 1, 2, 7, 8, 9];
    let pairs = || majors.iter().flat_map(move |a| majors.map(move |b| [(100, *a), (100, b)]));
    let names: Vec<Name> =
        ["/d", "/d/f"].iter().flat_map(|path| pairs().map(|devices| name(path, &devices, FILE))).collect();
    all_seen(&compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events_of(&names)));
}

#[test]
fn programs_labels_and_comparisons() {
    let conditions = [
        texts(FieldNumber::EXE, &EQUALITY, &["/a", "/b"]),
        texts(FieldNumber(15), &EQUALITY, &["s", "t"]),
        numbers(111, &EQUALITY, &[11]),
        numbers(1, &EQUALITY, &[0, 1]),
    ]
    .concat();
    let mut events = Vec::new();
    for exe in ["/a", "/b", "/c"] {
        for label in ["s", "t", "u"] {
            for (uid, euid) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 0)] {
                events.push(Event {
                    exe: Some(exe.as_bytes().into()),
                    texts: vec![(FieldNumber(15), label.as_bytes().into())],
                    numbers: vec![(FieldNumber(1), uid), (FieldNumber(2), euid)],
                    ..base(List::EXIT)
                });
            }
        }
    }
    let tally = compare_all(&rules(List::EXIT, &conditions, 2, &all_calls()), &events);
    // Two programs may be one file under two names, so exe=/a says nothing about exe!=/b; nor do labels.
    assert!(tally.covering > 500 && tally.missed * 3 < tally.covering, "{tally:?}");
}

#[test]
fn records_and_what_ends_their_list() {
    for list in [List::USER, List::EXCLUDE] {
        let conditions = [
            numbers(12, &[Op::EQUAL, Op::LESS, Op::GREATER], &[1100, 1300]),
            numbers(1, &EQUALITY, &[0]),
            texts(FieldNumber::EXE, &EQUALITY, &["/a"]),
            texts(FieldNumber::KEY, &[Op::EQUAL], &["k"]),
            numbers(2, &EQUALITY, &[0]),
        ]
        .concat();
        let mut events = Vec::new();
        for kind in [1000, 1099, 1100, 1101, 1299, 1300, 1301] {
            for uid in [0, 1] {
                for exe in ["/a", "/b"] {
                    let numbers = vec![(FieldNumber::MSGTYPE, kind), (FieldNumber(1), uid)];
                    events.push(Event { exe: Some(exe.as_bytes().into()), numbers, ..Event::unknown(list) });
                }
            }
        }
        let all = rules(list, &conditions, 2, &all_calls());
        let stops = |rule: &Rule| events.iter().any(|event| matches(rule, event) == Answer::Stops);
        assert!(
            all.iter().filter(|rule| stops(rule)).all(|rule| rule.fields.iter().any(|f| matches!(f.number.0, 2 | 210)))
        );
        let (ended, sound): (Vec<Rule>, Vec<Rule>) = all.into_iter().partition(stops);
        assert!(ended.len() > 20);
        for rule in &ended {
            assert!(sound.iter().all(|other| covers(rule, other).is_none() && covers(other, rule).is_none()));
        }
        let tally = compare_all(&sound, &events);
        assert_eq!(tally.missed, 0, "{tally:?}");
    }
}

#[test]
fn filesystems() {
    let conditions = numbers(26, &EQUALITY, &[1, 2, 3]);
    let events = with_numbers(List::FILESYSTEM, 26, &[1, 2, 3, 4]);
    let tally = compare_all(&rules(List::FILESYSTEM, &conditions, 2, &all_calls()), &events);
    // Two types together may be more than either: fstype=1 and fstype!=1 is every one.
    assert!(tally.covering > 100 && tally.missed * 3 < tally.covering, "{tally:?}");
}

#[test]
fn tasks_have_no_call() {
    let conditions = [
        numbers(1, &EQUALITY, &[0]),
        numbers(11, &EQUALITY, &[1]),
        numbers(106, &EQUALITY, &[2]),
        numbers(108, &EQUALITY, &[FILE]),
        numbers(200, &EQUALITY, &[1]),
        numbers(109, &EQUALITY, &[1]),
    ]
    .concat();
    let events: Vec<Event> = with_numbers(List::TASK, 1, &[0, 1])
        .into_iter()
        .map(|event| Event { names: Some(Vec::new()), accesses: 1 << 15, ..event })
        .collect();
    let tally = compare_all(&rules(List::TASK, &conditions, 2, &all_calls()), &events);
    assert!(tally.covering > 50, "{tally:?}");
}

#[test]
fn conditions_of_every_kind_together() {
    let conditions = [
        numbers(1, &EQUALITY, &[0]),
        numbers(9, &[Op::GREATER_OR_EQUAL], &[1000]),
        numbers(9, &[Op::NOT_EQUAL], &[MAX]),
        numbers(11, &EQUALITY, &[0xc000_003e]),
        numbers(104, &[Op::EQUAL], &[0, 1]),
        numbers(103, &[Op::EQUAL], &[MAX - 12]),
        numbers(106, &[Op::EQUAL], &[2, 10]),
        numbers(5, &EQUALITY, &[1]),
        texts(FieldNumber::PATH, &[Op::EQUAL], &["/d/f"]),
        texts(FieldNumber::DIR, &[Op::EQUAL], &["/d", "/"]),
        texts(FieldNumber::EXE, &[Op::EQUAL], &["/a"]),
        texts(FieldNumber::KEY, &[Op::EQUAL], &["k"]),
    ]
    .concat();
    let masks = [Mask::from_iter([1]), Mask::from_iter([1, 2]), Mask::from_iter([2]), Mask::all()];
    let mut events = Vec::new();
    let names: [&[&str]; 4] = [&[], &["/d/f"], &["/d/g", "/e"], &["/e"]];
    let results = [CallResult::None, CallResult::Success, CallResult::Failure];
    for (at, result) in results.iter().enumerate() {
        for (uid, auid, gid, groups) in
            [(0, MAX, 0, vec![1]), (0, 1000, 1, vec![]), (1, 0, 0, vec![]), (1, 2000, 2, vec![1])]
        {
            for names in names {
                for (access, exe, arch, syscall) in [
                    (0, "/a", 0xc000_003e, 1),
                    (2, "/b", 0xc000_003e, 2),
                    (8, "/a", 0x4000_0003, 1),
                    (10, "/b", 0x4000_0003, 3),
                    (15, "/a", 0xc000_003e, 3),
                    (4, "/a", 0x4000_0003, 2),
                ] {
                    let names = names.iter().map(|path| name(path, &[], FILE)).collect();
                    let exit = if at == 2 { MAX - 12 } else { 0 };
                    let numbers = [(1, uid), (9, auid), (11, arch), (5, gid), (103, exit)];
                    events.push(Event {
                        syscall: Some(syscall),
                        numbers: numbers.map(|(field, value)| (FieldNumber(field), value)).to_vec(),
                        groups: Some(groups.clone()),
                        result: Some(*result),
                        accesses: 1 << access,
                        exe: Some(exe.as_bytes().into()),
                        names: Some(names),
                        ..Event::unknown(List::EXIT)
                    });
                }
            }
        }
    }
    let tally = compare_all(&rules(List::EXIT, &conditions, 2, &masks), &events);
    // These events are a sample, on which more rules look covered than are.
    assert!(tally.covering - tally.missed > 2_000, "{tally:?}");
}
