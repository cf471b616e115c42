//! Canonical text never lies: it reads back as the rule it was made from, or it is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod language {
    pub mod host;
}

use audit_rules::auditctl::{self, Context, Line};
use audit_rules::rule::field_table::FIELDS;
use audit_rules::rule::{Action, Field, FieldNumber, List, Machine, Mask, Op, Rule};
use language::host;

const MACHINES: [&str; 7] = ["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"];

/// The rule that the text means on a machine, with a watch of the given rule's kind.
fn read(text: &[u8], machine: &Machine, like: &Rule) -> Option<Rule> {
    match auditctl::parse(text, &Context { machine, ..host::context() }) {
        Ok(Line::Statement(statement)) => {
            let is_directory = like.fields.first().is_some_and(|field| field.number == FieldNumber::DIR);
            Some(statement.rule?.with_watch_kind(is_directory).rule.as_listed())
        }
        _ => None,
    }
}

#[test]
fn the_rules_of_all_recorded_lines_read_back_on_every_machine() {
    let mut read_back = 0;
    for vector in include_str!("vectors/auditctl.jsonl").lines().step_by(5) {
        let vector: serde_json::Value = serde_json::from_str(vector).unwrap();
        let line = vector["line"].as_str().unwrap();
        let Ok(Line::Statement(statement)) = auditctl::parse(line.as_bytes(), &host::context()) else { continue };
        let Some(rule) = statement.rule.map(|line| line.rule.as_listed()) else { continue };
        for name in MACHINES {
            let machine = Machine::from_uname(name).unwrap();
            let text = auditctl::canonical(&rule, &machine);
            assert_eq!(
                read(&text, &machine, &rule).as_ref(),
                Some(&rule),
                "{name}: {}",
                String::from_utf8_lossy(&text)
            );
            read_back += 1;
        }
    }
    assert!(read_back > 4000, "{read_back}");
}

/// Numbers from a fixed seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn field(&mut self) -> Field {
        const NUMBERS: [u32; 14] =
            [0, 1, 2, 8, 15, 16, 25, 26, 0x8000, 1307, 0x7472_6163, 0x8000_0000, 0xffff_fff3, u32::MAX];
        const ARCHES: [u32; 5] = [0xc000_003e, 0x4000_0003, 0xc000_00b7, 0x8000_0016, 0x1234];
        const TEXTS: [&[u8]; 14] = [
            b"/",
            b"//",
            b"/etc",
            b"/etc/",
            b"/a b\\c\\",
            b"k",
            b"a\x01b",
            b"\x01a",
            b"a!=b",
            b"a=b",
            b"=x",
            b"",
            b"\xff\xfe",
            b"-k",
        ];
        let number = if self.below(20) == 0 { FieldNumber(self.of(&[24, 27, 500])) } else { self.of(&FIELDS).number };
        let op = if self.below(3) > 0 { Op::EQUAL } else { self.of(&Op::SEARCHED).0 };
        if number.is_text() {
            Field::with_text(number, op, self.of(&TEXTS))
        } else if number == FieldNumber::ARCH {
            Field::number(number, op, self.of(&ARCHES))
        } else {
            Field::number(number, op, self.of(&NUMBERS))
        }
    }

    fn rule(&mut self) -> Rule {
        let mask = match self.below(4) {
            0 => Mask::NONE,
            1 => (0..self.below(4)).map(|_| self.of(&[0, 2, 9, 37, 59, 220, 257, 500, 2031])).collect(),
            _ => Mask::all(),
        };
        let list = self.of(&[0, 1, 2, 4, 4, 4, 4, 4, 5, 6, 7]);
        let mut rule = Rule::new(List(list), Action(self.of(&[0, 1, 2, 2, 2, 2])), mask).as_listed();
        rule.fields = (0..self.below(4)).map(|_| self.field()).collect();
        if self.below(3) == 0 {
            rule.fields.push(Field::with_text(FieldNumber::KEY, Op::EQUAL, *b"key"));
        }
        rule
    }
}

#[test]
fn text_that_does_not_read_back_as_its_rule_is_refused() {
    let machine = host::context().machine;
    let mut random = Random(0x0dd_ba11_cafe);
    let (mut equal, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let rule = random.rule();
        let text = auditctl::canonical(&rule, machine);
        match read(&text, machine, &rule) {
            None => refused += 1,
            Some(read) => {
                assert_eq!(read, rule, "{}", String::from_utf8_lossy(&text));
                equal += 1;
            }
        }
    }
    assert!(equal > 2000 && refused > 2000, "{equal} read back, {refused} refused");
}

#[test]
fn text_of_no_known_field_is_shown_and_never_read_as_a_rule_without_it() {
    let machine = host::context().machine;
    let mut rule = Rule::new(List::EXIT, Action::ALWAYS, Mask::all());
    rule.fields = vec![Field::number(FieldNumber(500), Op::EQUAL, 3)].into();
    let without = auditctl::canonical(&rule, machine);
    rule.rest = b"new".to_vec();
    let text = auditctl::canonical(&rule, machine);
    assert_eq!(String::from_utf8_lossy(&text), format!("{} ?0x6e6577?", String::from_utf8_lossy(&without)));
    assert_eq!(read(&text, machine, &rule), None);
}
