//! One line of a rules file.

use std::sync::OnceLock;

use audit_rules::auditctl::{self, Accounts, Context, Line, LineError, RuleLine, UnknownSyscalls, Verb};
use audit_rules::error::{Place, Problem};
use audit_rules::explain::{PermSyscalls, explain};
use audit_rules::lines::PathFacts;
use audit_rules::rule::verdict::kernel_verdict;
use audit_rules::rule::{Field, FieldNumber, List, Machine, Rule};
use audit_rules::wire;

/// Longest line, in bytes, that auditctl reads as one.
const LONGEST: usize = 6143;

/// What holds for a line. The first byte chooses the machine.
///
/// # Panics
/// Where it does not.
pub fn hold(data: &[u8]) {
    let Some((choice, line)) = data.split_first() else { return };
    let machine = &Machine::ALL[usize::from(*choice) % Machine::ALL.len()];
    let strict = Context { machine, accounts: accounts(), unknown_syscalls: UnknownSyscalls::Fail, installed: None };
    let lenient = Context { unknown_syscalls: UnknownSyscalls::Skip, ..strict };
    let read = auditctl::parse(line, &strict);
    let skipping = auditctl::parse(line, &lenient);
    match (&read, &skipping) {
        (Ok(read), skipping) => {
            assert_eq!(Ok(read), skipping.as_ref(), "to skip changes a line that needs no skipping");
        }
        (Err(_), Ok(Line::Statement(statement))) => {
            let skipped = statement.rule.as_ref().is_some_and(|rule| !rule.skipped_syscalls.is_empty());
            assert!(skipped, "a refused line is taken, and nothing was skipped");
        }
        (Err(error), Err(_)) => told(error, line),
        (Err(_), Ok(_)) => panic!("a refused line is a comment"),
    }
    let _ = explain(line, &strict, &PathFacts::default(), PermSyscalls::V4_2);
    if let Some(rule) = rule_of(skipping) {
        never_emptied(&rule);
    }
    if let Some(rule) = rule_of(read) {
        reads_back(&rule, &strict);
    }
}

fn rule_of(line: Result<Line, LineError>) -> Option<RuleLine> {
    match line {
        Ok(Line::Statement(statement)) => statement.rule,
        _ => None,
    }
}

/// An error has its place in the line, and words.
fn told(error: &LineError, line: &[u8]) {
    assert!(error.column <= line.len(), "column {} of {}", error.column, line.len());
    let problem = Problem::at(error.clone(), Place::default());
    assert!(!problem.message().is_empty() && !problem.kind().is_empty(), "an error without words");
    let _ = problem.sentence();
}

/// A rule whose system calls are all of other machines is marked, so that nothing sends it; it would match everything
/// or nothing.
fn never_emptied(line: &RuleLine) {
    let named = !line.rule.syscalls.is_empty();
    assert_eq!(line.emptied, !named && !line.skipped_syscalls.is_empty(), "{line:?}");
}

/// The rule's text means the rule, on the wire too.
fn reads_back(line: &RuleLine, context: &Context<'_>) {
    let rule = line.rule.clone().as_listed();
    let decoded = wire::decode(&wire::encode(&rule, line.verb == Verb::Prepend));
    let list = List(rule.list.0 | if line.verb == Verb::Prepend { wire::PREPEND } else { 0 });
    assert_eq!(decoded, Ok(Rule { list, ..rule.clone() }), "the wire changes the rule");
    assert_eq!(line.masks().first(), Some(&line.rule.syscalls), "the mask that is sent comes first");
    let _ = kernel_verdict(&rule);
    let text = auditctl::canonical(&rule, context.machine);
    if text.len() > LONGEST {
        return;
    }
    let Some(again) = rule_of(auditctl::parse(&text, context)) else {
        // auditctl searches all of `-F path=VALUE` for operators, so that only a watch can name such a path.
        assert!(line.watch.is_some() && holds_operator(&rule), "it is refused: {}", String::from_utf8_lossy(&text));
        return;
    };
    let is_directory = line.watch.is_none() && again.watch.is_some() && is_directory(&rule);
    let again = again.with_watch_kind(is_directory).rule.as_listed();
    assert_eq!(again, rule, "the text means another rule: {}", String::from_utf8_lossy(&text));
}

fn holds_operator(rule: &Rule) -> bool {
    let path = rule.fields.first().and_then(Field::text).unwrap_or_default();
    path.windows(2).any(|pair| [*b"!=", *b">=", *b"<=", *b"&="].contains(&[pair[0], pair[1]]))
        || path.iter().any(|byte| matches!(byte, b'<' | b'>' | b'&'))
}

fn is_directory(rule: &Rule) -> bool {
    rule.fields.first().is_some_and(|field| field.number == FieldNumber::DIR)
}

/// A few accounts, so that names are found and not found.
fn accounts() -> &'static Accounts {
    static ACCOUNTS: OnceLock<Accounts> = OnceLock::new();
    ACCOUNTS.get_or_init(|| {
        Accounts::from_files(b"root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n", b"root:x:0:\nusers:x:100:\n")
    })
}
