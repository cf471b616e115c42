//! Requests that are not of the form that the schema gives.

use super::{BadRuleObject, Hint};

/// Why a request cannot be read.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum RequestError {
    /// The request could not be read at all.
    Unreadable { path: String, why: String },
    /// More bytes than a request may have.
    TooLarge { limit: usize },
    /// More lines than a request may have.
    TooManyLines { limit: usize },
    /// More values than a run has memory for.
    TooManyValues { limit: usize },
    /// Not UTF-8 from this byte on.
    NotUtf8 { offset: usize },
    /// Not JSON.
    NotJson { line: usize, column: usize, why: String },
    /// One key twice in one object.
    DuplicateKey { key: String },
    /// A key that nothing knows.
    UnknownKey { key: String, nearest: Option<String> },
    /// A key that is needed.
    MissingKey { key: String },
    /// Another JSON type.
    WrongType { expected: Vec<String>, found: &'static str },
    /// A value that is not one of the choices.
    BadValue { found: String, allowed: Vec<String>, nearest: Option<String> },
    /// A number outside its range.
    OutOfRange { found: String, low: Option<i64>, high: Option<i64> },
    /// Text that is empty or too long.
    Length { found: u64, high: Option<u64> },
    /// A key that the operation or state has no use for.
    NotUsed { key: &'static str, with: String },
    /// Another root directory, and yet the kernel.
    RootWithKernel,
    /// A state that needs this key.
    Needed { key: &'static str, by: &'static str },
    /// Nothing is declared.
    NothingDeclared,
    /// A whole policy without a rule or setting.
    EmptyPolicy {
        /// How many of its lines are left out on this host.
        skipped: usize,
    },
    /// An expectation that names nothing.
    NothingExpected,
    /// A line break inside an element of a list of lines.
    LineBreak,
    /// A control character in a line, and its place in bytes from 0.
    ControlCharacter { character: char, column: usize },
    /// The text of a list in place of the list.
    ListAsText,
    /// A setting given twice, with different values.
    Conflict { setting: &'static str, control: String, line: String },
    /// A rule object that no line can say.
    BadRuleObject(BadRuleObject),
    /// A path that is not absolute, or has `..` or a NUL in it.
    BadPath { key: &'static str, path: String },
    /// A directory without a rules file.
    NoRulesFiles { path: String },
    /// A host without a file of the log; where the newest would be.
    NoLogFiles { path: String },
    /// An architecture that nothing knows.
    UnknownMachine { name: String, nearest: Option<String> },
    /// A host that is none of the products of a policy or of checks (`of`), as its `os-release` names it; empty where it has
    /// none.
    UnknownProduct { host: String, of: ProductOf, known: Vec<String> },
    /// A code that no finding of lint has.
    UnknownCode { code: String, nearest: Option<String> },
    /// A machine that is not that of the host.
    OtherMachine { named: &'static str, own: &'static str },
    /// A key that no loaded rule has.
    NoRuleWithKey { key: String },
    /// A drop-in that is not there.
    NoDropIn { name: String },
    /// A user or group that the host lacks.
    UnknownId { key: &'static str, name: String },
    /// A snapshot of another version, or not one of ours.
    BadSnapshot { why: String },
}

/// What there is for some products and not for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductOf {
    /// A policy.
    Policy,
    /// Checks of the scanner.
    Checks,
}

impl RequestError {
    /// The stable name of this kind of problem.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "request_unreadable",
            Self::TooLarge { .. } => "request_too_large",
            Self::TooManyLines { .. } => "too_many_lines",
            Self::TooManyValues { .. } => "too_many_values",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::NotJson { .. } => "not_json",
            Self::DuplicateKey { .. } => "duplicate_key",
            Self::UnknownKey { .. } => "unknown_key",
            Self::MissingKey { .. } | Self::Needed { .. } => "missing_key",
            Self::WrongType { .. } => "wrong_type",
            Self::BadValue { .. } | Self::OutOfRange { .. } | Self::Length { .. } => "bad_value",
            Self::NotUsed { .. } | Self::RootWithKernel => "key_not_used",
            Self::NothingDeclared => "nothing_declared",
            Self::EmptyPolicy { .. } => "empty_policy",
            Self::NothingExpected => "nothing_expected",
            Self::LineBreak => "line_break",
            Self::ControlCharacter { .. } => "control_character",
            Self::ListAsText => "list_as_text",
            Self::Conflict { .. } => "conflicting_settings",
            Self::BadRuleObject(_) => "bad_rule_object",
            Self::BadPath { .. } => "bad_path",
            Self::NoRulesFiles { .. } => "no_rules_files",
            Self::NoLogFiles { .. } => "no_log_files",
            Self::UnknownMachine { .. } => "unknown_arch",
            Self::UnknownProduct { .. } => "unknown_product",
            Self::UnknownCode { .. } => "unknown_code",
            Self::OtherMachine { .. } => "other_machine",
            Self::NoRuleWithKey { .. } => "no_rule_with_key",
            Self::NoDropIn { .. } => "no_drop_in",
            Self::UnknownId { .. } => "unknown_owner",
            Self::BadSnapshot { .. } => "bad_snapshot",
        }
    }

    /// The problem as a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Unreadable { path, why } => format!("the request {path} cannot be read: {why}"),
            Self::TooLarge { limit } => format!("the request is larger than {} MiB", limit / (1024 * 1024)),
            Self::TooManyLines { limit } => {
                format!("the request has more than {limit} lines of rules or globs to keep")
            }
            Self::TooManyValues { limit } => format!("the request has more than {limit} values"),
            Self::NotUtf8 { offset } => format!("the request is not UTF-8 at byte {offset}"),
            Self::NotJson { why, .. } => format!("the request is not JSON: {why}"),
            Self::DuplicateKey { key } => format!("the key {key:?} stands here twice"),
            Self::UnknownKey { key, .. } => format!("there is no key {key:?} here"),
            Self::MissingKey { key } => format!("the key {key:?} is missing here"),
            Self::WrongType { expected, found } => format!("expected {}, found {found}", expected.join(" or ")),
            Self::BadValue { found, allowed, .. } => format!("{found:?} is none of {}", allowed.join(", ")),
            Self::OutOfRange { found, low, high } => format!("{found} is not {}", range(*low, *high)),
            Self::Length { found: 0, .. } => "the text is empty".to_owned(),
            Self::Length { found, high } => {
                format!("the text has {found} characters, more than {}", high.unwrap_or_default())
            }
            Self::NotUsed { key, with } => format!("{key} has no meaning with {with}"),
            Self::RootWithKernel => "root has no meaning with target: both or runtime".to_owned(),
            Self::Needed { key, by } => format!("{key} is needed with {by}"),
            Self::NothingDeclared => "neither rules nor control: nothing to hold".to_owned(),
            Self::EmptyPolicy { skipped: 0 } => {
                "the policy has no rule and no setting: all that is loaded would go".to_owned()
            }
            Self::EmptyPolicy { skipped } => format!(
                "the policy has no rule and no setting left, since this host lacks what {skipped} of its lines name: all \
                 that is loaded would go"
            ),
            Self::NothingExpected => {
                "neither a rule nor a setting is expected: any host would be as expected".to_owned()
            }
            Self::LineBreak => "a line break inside an element of the list, which has one line each".to_owned(),
            Self::ControlCharacter { character, column } => {
                format!("column {}: the control character {}", column + 1, character.escape_default())
            }
            Self::ListAsText => "this is a list as text, not a list".to_owned(),
            Self::Conflict { setting, control, line } => {
                format!("{setting} is {control} in control and {line} in a rule line")
            }
            Self::BadRuleObject(why) => why.sentence(),
            Self::BadPath { key, path } => {
                format!("{key} {path:?} is not an absolute path without `..` and control characters")
            }
            Self::NoRulesFiles { path } => format!("no .rules file in the directory {path}"),
            Self::NoLogFiles { path } => format!("there is no audit log: {path} and its older files are not there"),
            Self::UnknownMachine { name, .. } => format!("there is no machine {name:?}"),
            Self::UnknownProduct { host, of, known } => {
                let says = if host.is_empty() { "has no os-release".to_owned() } else { format!("is {host}") };
                let of = match of {
                    ProductOf::Policy => "the policy is",
                    ProductOf::Checks => "there are checks",
                };
                format!("the host {says}, and {of} for {}", known.join(", "))
            }
            Self::UnknownCode { code, .. } => format!("no finding has the code {code:?}"),
            Self::OtherMachine { named, own } => format!("arch names {named}, and the host is {own}"),
            Self::NoRuleWithKey { key } => format!("no loaded rule has the key {key:?}"),
            Self::NoDropIn { name } => format!("there is no drop-in {name}"),
            Self::UnknownId { key, name } => format!("there is no {key} {name:?} on this host"),
            Self::BadSnapshot { why } => format!("the snapshot cannot be used: {why}"),
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::UnknownKey { nearest: Some(nearest), .. }
            | Self::BadValue { nearest: Some(nearest), .. }
            | Self::UnknownCode { nearest: Some(nearest), .. }
            | Self::UnknownMachine { nearest: Some(nearest), .. } => Some(Hint::did_you_mean(nearest)),
            Self::NotUsed { key: "adopt", with } if with.contains("exact") => Some(Hint::say(
                "exact leaves no drop-in beside its own and those of keep: give the lines among its rules",
            )),
            Self::RootWithKernel => Some(Hint::say(
                "where root is the root directory of the running host (in a container that has it mounted): kernel: host",
            )),
            Self::NothingDeclared => {
                Some(Hint::say("allow_empty: true makes it an empty drop-in; state: absent removes a drop-in"))
            }
            Self::EmptyPolicy { .. } => Some(Hint::say("where that is meant: allow_empty: true")),
            Self::NothingExpected => Some(Hint::say(
                "where a host is to hold nothing: expect a request with state: exact and allow_empty: true",
            )),
            Self::LineBreak => Some(Hint::say("give a whole rules file as one string")),
            Self::ListAsText => {
                Some(Hint::say("in Jinja, give the list itself: rules: \"{{ the_list }}\" and nothing beside it"))
            }
            Self::BadSnapshot { .. } => Some(Hint::say("give the whole `undo` object of a report as the request")),
            Self::OtherMachine { .. } => Some(Hint::say("an image of another machine is named by root")),
            Self::UnknownProduct { .. } => {
                Some(Hint::say("where the rules of one of these are meant all the same: name it as product"))
            }
            Self::UnknownId { .. } => Some(Hint::say("names are looked up in the root's passwd and group files only")),
            _ => None,
        }
    }
}

fn range(low: Option<i64>, high: Option<i64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("between {low} and {high}"),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("{high} or less"),
        (None, None) => "a whole number".to_owned(),
    }
}
