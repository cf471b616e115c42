//! What a rule or a setting comes to, as one plain sentence.

use super::ExplainedRule;
use super::words::{Named, access, of_field, operator, value};
use crate::auditctl::{Control, Note, Parts, Verb};
use crate::rule::{Action, Field, FieldNumber, List, Op, Rule};

/// Most of the system calls that a sentence names.
const MOST_CALLS: usize = 12;

/// What a rule does, as one sentence without a full stop.
#[must_use]
pub fn of_rule(rule: &Rule, verb: Verb, named: Named<'_>) -> String {
    let parts = Parts::of(rule, named.machine);
    let sentence = match rule.list {
        List::EXIT => of_calls(rule, &parts, named),
        List::IO_URING => {
            let operations = calls(&parts, "io_uring operation", "io_uring operations");
            format!(
                "{}{}",
                acts(rule, "record", "do not record", &operations),
                conditions(rule, &parts, named, ", where")
            )
        }
        List::TASK => {
            let what = "system calls of each new process";
            format!("{}{}", acts(rule, "record all", "record no", what), conditions(rule, &parts, named, " where"))
        }
        List::USER => {
            let what = "what programs report of themselves";
            format!("{}{}", acts(rule, "record", "do not record", what), conditions(rule, &parts, named, ", where"))
        }
        // Both actions drop records.
        List::EXCLUDE => format!("leave out records{}", conditions(rule, &parts, named, " where")),
        List::FILESYSTEM => {
            let what = "the names of files";
            format!("{}{}", acts(rule, "record", "do not record", what), conditions(rule, &parts, named, ", where"))
        }
        _ => format!("a rule of the list {}", rule.list.0),
    };
    let keys = match parts.keys.as_slice() {
        [] => String::new(),
        [key] => format!(", under the key {key}"),
        keys => format!(", under the keys {}", listed(keys, "and")),
    };
    match verb {
        Verb::Append => format!("{sentence}{keys}"),
        Verb::Prepend => format!("before all other rules of its list: {sentence}{keys}"),
        Verb::Delete => format!("take this rule away: {sentence}{keys}"),
    }
}

/// What a line with a rule does; none where the kernel refuses the rule.
#[must_use]
pub fn of_explained(explained: &ExplainedRule, named: Named<'_>) -> Option<String> {
    explained.kernel.ok()?;
    // A rule that cannot act is not to be told as one that does.
    let futile = |note: &&Note| {
        matches!(
            note,
            Note::KeyDisablesList(_)
                | Note::FieldDisablesList { .. }
                | Note::NoFieldsNeverMatch(_)
                | Note::AlwaysOnFilesystem
                | Note::EmptyMask
                | Note::FieldUnknownToTask(_)
        )
    };
    let rule = match explained.notes.iter().find(futile) {
        Some(note) => format!("nothing: {}", note.message()),
        None => of_rule(&explained.rule, explained.verb, named),
    };
    let before = of_controls(&explained.controls).map_or_else(String::new, |before| format!("{before}; "));
    Some(format!("{before}{rule}"))
}

fn acts(rule: &Rule, always: &str, never: &str, what: &str) -> String {
    let verb = match rule.action {
        Action::ALWAYS => always,
        Action::NEVER => never,
        _ => "do nothing about",
    };
    format!("{verb} {what}")
}

/// A rule about system calls: which, what they do to which files, how they end, and the rest.
fn of_calls(rule: &Rule, parts: &Parts, named: Named<'_>) -> String {
    let calls = calls(parts, "system call", "call of");
    let calls = match parts.arch.as_deref() {
        _ if rule.arch().is_none() => calls,
        Some("b64") => format!("{calls} (64 bit)"),
        Some("b32") => format!("{calls} (32 bit)"),
        Some(name) => format!("{calls} ({name})"),
        None => calls,
    };
    let what = if rule.action == Action::NEVER { calls } else { format!("each {calls}") };
    let mut sentence = acts(rule, "record", "never record a", &what);
    let object = [(FieldNumber::DIR, " or anything below it"), (FieldNumber::PATH, "")]
        .into_iter()
        .find_map(|(number, more)| Some(format!("{}{more}", shown(only(rule, number)?.text()?))));
    let access = only(rule, FieldNumber::PERM).and_then(|field| field.value.number()).and_then(access);
    match (&access, &object) {
        (Some(access), Some(object)) => sentence = format!("{sentence} that {access} {object}"),
        (Some(access), None) => sentence = format!("{sentence} that {access} a file"),
        (None, Some(object)) => sentence = format!("{sentence} that names {object}"),
        (None, None) => {}
    }
    let is_said_before = access.is_some() || object.is_some();
    if let Some(end) = ending(rule, parts) {
        sentence = format!("{sentence}{} {end}", if is_said_before { " and" } else { " that" });
    }
    format!("{sentence}{}", conditions(rule, parts, named, ", where"))
}

/// The calls that a sentence is about; `one` for each of them, `of` before their names.
fn calls(parts: &Parts, one: &str, of: &str) -> String {
    match parts.syscalls.as_slice() {
        [] => one.to_owned(),
        [all] if all == "all" => one.to_owned(),
        names if names.len() > MOST_CALLS => {
            format!("{of} {} and {} more", names[..MOST_CALLS].join(", "), names.len() - MOST_CALLS)
        }
        names => format!("{of} {}", listed(names, "or")),
    }
}

/// How the calls end, where one condition says it.
fn ending(rule: &Rule, parts: &Parts) -> Option<String> {
    if let Some(field) = only(rule, FieldNumber::EXIT) {
        let result = parts.value(&["exit"])?;
        let is_failure = field.value.number()? >= 0x8000_0000;
        return Some(match result.strip_prefix('-').filter(|_| is_failure) {
            Some(error) => format!("fails with {error}"),
            None => format!("gives back {result}"),
        });
    }
    let success = only(rule, FieldNumber::SUCCESS)?;
    match success.value.number()? {
        0 => Some("fails".to_owned()),
        1 => Some("succeeds".to_owned()),
        _ => None,
    }
}

/// The condition on a field, where it is the only one and asks for one value.
fn only(rule: &Rule, number: FieldNumber) -> Option<&Field> {
    let mut fields = rule.fields.iter().filter(|field| field.number == number);
    let first = fields.next().filter(|field| field.op == Op::EQUAL)?;
    fields.next().is_none().then_some(first)
}

/// Whether the part of the sentence before the conditions says this one.
fn is_said(rule: &Rule, parts: &Parts, field: &Field) -> bool {
    match field.number {
        FieldNumber::KEY => true,
        FieldNumber::ARCH => field.op == Op::EQUAL && rule.list == List::EXIT,
        _ if rule.list != List::EXIT => false,
        FieldNumber::DIR => only(rule, FieldNumber::DIR).is_some(),
        FieldNumber::PATH => only(rule, FieldNumber::PATH).is_some() && only(rule, FieldNumber::DIR).is_none(),
        FieldNumber::PERM => {
            only(rule, FieldNumber::PERM).and_then(|field| field.value.number()).and_then(access).is_some()
        }
        FieldNumber::EXIT => only(rule, FieldNumber::EXIT).is_some() && ending(rule, parts).is_some(),
        FieldNumber::SUCCESS => only(rule, FieldNumber::EXIT).is_none() && ending(rule, parts).is_some(),
        _ => false,
    }
}

/// The other conditions, all of which have to hold.
fn conditions(rule: &Rule, parts: &Parts, named: Named<'_>, lead: &str) -> String {
    let compared = parts.comparisons.iter().map(|pair| {
        let differs = if pair.op == "=" { "is also" } else { "is not" };
        format!("{} {differs} {}", of_field(pair.left), of_field(pair.right))
    });
    // Comparisons and the rest stand apart in the parts; the order does not matter to what all of them say together.
    let fields = rule.fields.iter().filter(|field| !is_said(rule, parts, field) && !is_pair(rule, field, parts));
    let plain = fields.map(|field| {
        let (name, value) = value(field, named);
        format!("{} {}", of_field(&name), operator(field.op, &value))
    });
    let all: Vec<String> = plain.chain(compared).collect();
    if all.is_empty() { String::new() } else { format!("{lead} {}", all.join(" and ")) }
}

fn is_pair(rule: &Rule, field: &Field, parts: &Parts) -> bool {
    let is_compared = field.number == FieldNumber::COMPARE;
    is_compared
        && rule.fields.iter().filter(|other| other.number == FieldNumber::COMPARE).count() == parts.comparisons.len()
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn listed(names: &[String], word: &str) -> String {
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, [one])) => format!("{one} {word} {last}"),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// What the settings and requests of a line do; none where there is none.
#[must_use]
pub fn of_controls(controls: &[Control]) -> Option<String> {
    let all: Vec<String> = controls.iter().map(of_control).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn of_control(control: &Control) -> String {
    match control {
        Control::Enabled(0) => "switch auditing off".to_owned(),
        Control::Enabled(1) => "switch auditing on".to_owned(),
        Control::Enabled(2) => "switch auditing on and lock rules and settings until the next boot".to_owned(),
        Control::Failure(0) => "say nothing when a record is lost".to_owned(),
        Control::Failure(1) => "log a line when a record is lost".to_owned(),
        Control::Failure(2) => "stop the host when a record is lost".to_owned(),
        Control::BacklogLimit(0) => "let any number of records wait".to_owned(),
        Control::BacklogLimit(records) => format!("let up to {records} records wait"),
        Control::BacklogWaitTime(jiffies) => {
            format!("let processes wait up to {jiffies} jiffies where too many records do")
        }
        Control::RateLimit(0) => "set no bound on records per second".to_owned(),
        Control::RateLimit(records) => format!("drop what is more than {records} records per second"),
        Control::LoginuidImmutable => "let nobody change a login uid once it is set".to_owned(),
        Control::IgnoreErrors => "go on after lines that fail, and call the load a success".to_owned(),
        Control::ContinueOnErrors => "go on after lines that fail, and fail at the end".to_owned(),
        Control::DeleteAll => "take all rules away".to_owned(),
        Control::DeleteByKey(part) => format!("take the rules away whose key contains {}", shown(part)),
        _ => "ask the kernel for something that is no rule and no setting".to_owned(),
    }
}
