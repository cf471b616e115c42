//! The one table of keys: who uses each, and how to see that it is given.
//!
//! From it come the check that no key is silently without effect, `x-used-by` in the schema, and the column "used by" of
//! docs/requests.md.

use super::{Operation, Request, State};
use crate::error::{Problem, RequestError};

/// A use of a request: its operation and, where that is apply, its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// apply, with this state.
    Apply(State),
    /// gather.
    Gather,
    /// explain.
    Explain,
    /// lint.
    Lint,
    /// events.
    Events,
    /// import.
    Import,
    /// prove.
    Prove,
}

const PRESENT: Use = Use::Apply(State::Present);
const ABSENT: Use = Use::Apply(State::Absent);
const LOADED: Use = Use::Apply(State::Loaded);
const EXACT: Use = Use::Apply(State::Exact);
const RESTORED: Use = Use::Apply(State::Restored);
use Use::{Events, Explain, Gather, Import, Lint, Prove};

const STATES: [Use; 5] = [PRESENT, ABSENT, LOADED, EXACT, RESTORED];
/// The states that read the host's rules; `restored` only knows what a change replaced.
const RULES: &[Use] = &[PRESENT, ABSENT, LOADED, EXACT];
/// The states that ask for rules.
const ASKING: &[Use] = &[PRESENT, LOADED, EXACT];
/// The same, and what holds events against rules.
const ASKING_AND_EVENTS: &[Use] = &[PRESENT, LOADED, EXACT, Events];
const APPLY: &[Use] = &STATES;
/// All that look at a host.
const OF_HOST: &[Use] = &[PRESENT, ABSENT, LOADED, EXACT, RESTORED, Gather, Explain, Lint, Events, Prove];
/// What may be about another root directory than that of the running host.
const ANYWHERE: &[Use] = &[PRESENT, ABSENT, LOADED, EXACT, RESTORED, Gather, Explain, Lint, Events];
/// All that ask the running kernel, or listen to it.
const OF_KERNEL: &[Use] = &[PRESENT, ABSENT, LOADED, EXACT, RESTORED, Gather, Events, Prove];
const ALL: &[Use] = &[PRESENT, ABSENT, LOADED, EXACT, RESTORED, Gather, Explain, Lint, Events, Import, Prove];

impl Use {
    /// What a request is.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        match request.operation {
            Operation::Apply => Self::Apply(request.state),
            Operation::Gather => Gather,
            Operation::Explain => Explain,
            Operation::Lint => Lint,
            Operation::Events => Events,
            Operation::Import => Import,
            Operation::Prove => Prove,
        }
    }

    /// Its operation.
    #[must_use]
    pub fn operation(self) -> &'static str {
        match self {
            Self::Apply(_) => Operation::Apply.text(),
            Gather => Operation::Gather.text(),
            Explain => Operation::Explain.text(),
            Lint => Operation::Lint.text(),
            Events => Operation::Events.text(),
            Import => Operation::Import.text(),
            Prove => Operation::Prove.text(),
        }
    }

    /// Its name in the schema: the operation, and for apply the state, as `apply:present`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Apply(state) => format!("{}:{}", self.operation(), state.text()),
            other => other.operation().to_owned(),
        }
    }
}

/// A key of a request.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What uses it. Some need more than that, which is checked where they are read.
    pub used_by: &'static [Use],
    /// Whether the first request gives it: the second one has the defaults. What is given as the default is has no effect
    /// that could be missed.
    is_given: fn(&Request, &Request) -> bool,
}

/// The name of a key, where it is another one than that of the field.
macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

macro_rules! keys {
    ($($field:ident $($name:literal)?: $used_by:expr,)+) => {
        /// Every key, in the order of the documents.
        pub const KEYS: &[Key] = &[$(Key {
            name: name!($field $($name)?),
            used_by: $used_by,
            is_given: |request, default| request.$field != default.$field,
        },)+];
    };
}

keys! {
    operation: ALL,
    state: APPLY,
    name: &[PRESENT, ABSENT, EXACT, Import, Prove],
    rules: &[PRESENT, ABSENT, EXACT, Explain, Lint, Events, Prove],
    keys: &[Prove],
    control: &[PRESENT, EXACT],
    drop_ins: ASKING_AND_EVENTS,
    policy: ASKING_AND_EVENTS,
    target: APPLY,
    root: ANYWHERE,
    kernel: &[PRESENT, ABSENT, LOADED, EXACT, RESTORED, Gather],
    rules_dir: OF_HOST,
    ordering: &[PRESENT, ABSENT, LOADED, EXACT, Gather],
    on_locked: APPLY,
    lock_anyway: &[PRESENT, RESTORED],
    on_duplicate: ASKING,
    on_missing: ASKING,
    loader_unknown: ASKING,
    unknown_syscalls: ASKING,
    purge: &[LOADED, EXACT],
    allow_empty: ASKING,
    header: ASKING,
    keep: &[LOADED, EXACT],
    mode: RULES,
    owner: RULES,
    group: RULES,
    backup: APPLY,
    record: APPLY,
    reset_lost: ASKING,
    compile: RULES,
    adopt: &[PRESENT, ABSENT, LOADED, Gather],
    perm_syscalls: &[PRESENT, ABSENT, LOADED, EXACT, Explain],
    expedite: APPLY,
    lock_timeout: APPLY,
    check_mode: ALL,
    plan_id: APPLY,
    diff: APPLY,
    force: &[RESTORED],
    snapshot: &[RESTORED],
    arch: &[PRESENT, ABSENT, LOADED, EXACT, Gather, Explain, Events],
    resolve: &[Explain],
    event: &[Explain],
    source: &[Gather, Explain, Events],
    expect: &[Gather],
    details: &[Gather],
    on_drift: &[Gather],
    culprit: &[Gather],
    export: &[Gather],
    files: &[Gather, Explain, Lint, Events],
    archs: &[Lint],
    ignore: &[Lint],
    product: &[Lint],
    profile: &[Lint],
    format: &[Lint, Events],
    fail_on: &[Lint],
    matching "match": &[Events],
    since: &[Events],
    until: &[Events],
    seconds: &[Events, Prove],
    count: &[Events],
    limit: &[Events],
    records: &[Events, Prove],
    output: &[Events],
    extra_attributes: &[Events],
    trace_netlink: OF_KERNEL,
    dialect: &[Import],
    document: &[Import],
}

impl Key {
    /// What uses it, for people: `apply: present, exact; explain`. Apply without a state means each of its states.
    #[must_use]
    pub fn used_by_text(&self) -> String {
        let states: Vec<&str> = self.used_by.iter().filter_map(|one| one.state()).collect();
        let apply = match states.len() {
            0 => None,
            all if all == STATES.len() => Some(Operation::Apply.text().to_owned()),
            _ => Some(format!("{}: {}", Operation::Apply.text(), states.join(", "))),
        };
        let others = self.used_by.iter().filter(|one| one.state().is_none()).map(|one| one.operation().to_owned());
        apply.into_iter().chain(others).collect::<Vec<_>>().join("; ")
    }

    /// Whether any state of apply uses it.
    fn is_of_apply(&self) -> bool {
        self.used_by.iter().any(|one| one.state().is_some())
    }
}

impl Use {
    fn state(self) -> Option<&'static str> {
        match self {
            Self::Apply(state) => Some(state.text()),
            Gather | Explain | Lint | Events | Import | Prove => None,
        }
    }
}

/// The keys that a request gives and that its operation and state have no use for, each as a problem.
#[must_use]
pub fn unused(request: &Request) -> Vec<Problem> {
    let (default, used_as) = (Request::default(), Use::of(request));
    let superfluous = KEYS.iter().filter(|key| !key.used_by.contains(&used_as) && (key.is_given)(request, &default));
    let superfluous = superfluous.map(|key| {
        let with = match used_as.state().filter(|_| key.is_of_apply()) {
            Some(state) => format!("state: {state}"),
            None => format!("operation: {}", used_as.operation()),
        };
        not_used(key.name, &with)
    });
    superfluous.chain(values_of_others(request, used_as)).collect()
}

/// Values that only other operations know, of keys that several operations use.
fn values_of_others(request: &Request, used_as: Use) -> impl Iterator<Item = Problem> {
    use super::{Format, Source};
    let sources: &[Source] = match used_as {
        Events => &[Source::Both, Source::Kernel, Source::Log],
        Gather | Explain => &[Source::Both, Source::Filesystem, Source::Runtime],
        _ => &[],
    };
    let formats: &[Format] = match used_as {
        Events => &[Format::Report, Format::Jsonl, Format::Pauditd],
        Lint => &[Format::Report, Format::Sarif],
        _ => &[],
    };
    let problem = |key: &str, found: &str, allowed: Vec<&str>| {
        let allowed: Vec<String> = allowed.into_iter().map(str::to_owned).collect();
        let is_wrong = !allowed.is_empty() && !allowed.iter().any(|one| one == found);
        let error = RequestError::BadValue { found: found.to_owned(), allowed, nearest: None };
        is_wrong.then(|| Problem::at_pointer(error.into(), &format!("/{key}")))
    };
    let source = problem("source", request.source.text(), sources.iter().map(|one| one.text()).collect());
    let format = problem("format", request.format.text(), formats.iter().map(|one| one.text()).collect());
    source.into_iter().chain(format)
}

/// A key of the request that has no meaning together with something else.
#[must_use]
pub fn not_used(key: &'static str, with: &str) -> Problem {
    Problem::at_pointer(RequestError::NotUsed { key, with: with.to_owned() }.into(), &format!("/{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::derived_schema;

    #[test]
    fn the_table_has_every_key_of_the_schema_once() {
        let mut keys: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        keys.sort_unstable();
        let schema = derived_schema();
        let schema: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, schema);
    }

    #[test]
    fn a_key_is_given_when_it_is_not_as_by_default() {
        let default = Request::default();
        assert!(KEYS.iter().all(|key| !(key.is_given)(&default, &default)));
        let request = Request { backup: true, state: State::Loaded, ..Request::default() };
        let given = KEYS.iter().filter(|key| (key.is_given)(&request, &default)).map(|key| key.name);
        assert_eq!(given.collect::<Vec<_>>(), ["state", "backup"]);
    }

    #[test]
    fn the_text_names_states_only_where_not_each_of_them_uses_the_key() {
        let text = |name: &str| KEYS.iter().find(|key| key.name == name).unwrap().used_by_text();
        assert_eq!(text("rules"), "apply: present, absent, exact; explain; lint; events; prove");
        assert_eq!(text("expedite"), "apply");
        assert_eq!(text("operation"), "apply; gather; explain; lint; events; import; prove");
        assert_eq!(text("archs"), "lint");
    }
}
