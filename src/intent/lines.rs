//! Lines in the author's own words, with their places in the request.

use std::rc::Rc;

use crate::auditctl::{self, Accounts, Context, LineError, LineErrorKind};
use crate::error::{Place, Problem, RequestError, by_cause};
use crate::request::{OneOrMany, RuleInput, Rules};
use crate::rule::Machine;

/// A line with its place in the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The line, without its newline.
    pub text: Rc<str>,
    /// JSON pointer of the entry that holds it.
    pub pointer: Rc<str>,
    /// Its number within a text of several lines, from 1.
    pub line: Option<usize>,
    /// Its labels, such as the controls of a benchmark that it is there for.
    pub labels: Vec<String>,
}

impl RequestLine {
    /// The place of the line in the request.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            pointer: Some(self.pointer.clone()),
            rule: Some(self.text.clone()),
            line: self.line,
            ..Place::default()
        }
    }
}

/// The lines of `rules`, which stands at `pointer`, in order; a text of several lines gives several.
///
/// Used by `apply` and `explain` alike.
pub fn request_lines(
    rules: Option<&Rules>,
    pointer: &str,
    machine: &Machine,
    problems: &mut Vec<Problem>,
) -> Vec<RequestLine> {
    let mut lines = match rules {
        None => Vec::new(),
        Some(Rules::File(text)) => file(text, pointer, problems),
        Some(Rules::List(said)) => said
            .iter()
            .enumerate()
            .flat_map(|(at, said)| {
                let pointer: Rc<str> = format!("{pointer}/{at}").into();
                let placed = |text: &String, labels: &[String]| RequestLine {
                    text: text.as_str().into(),
                    pointer: Rc::clone(&pointer),
                    line: None,
                    labels: labels.to_vec(),
                };
                match said {
                    RuleInput::Programs(expanded) => {
                        expanded.lines.iter().map(|text| placed(text, &expanded.labels)).collect()
                    }
                    RuleInput::Line(text) => line(text, Rc::clone(&pointer), problems).into_iter().collect(),
                    RuleInput::Object(object) => match object.lines(machine) {
                        Ok(lines) => {
                            let labels = object.labels.as_ref().map_or(&[][..], OneOrMany::all);
                            lines.iter().map(|text| placed(text, labels)).collect()
                        }
                        Err(why) => {
                            problems.push(Problem::at_pointer(RequestError::BadRuleObject(why).into(), &pointer));
                            Vec::new()
                        }
                    },
                }
            })
            .collect(),
    };
    lines.shrink_to_fit();
    let commented = labels(lines.iter().map(|author| author.text.as_bytes()));
    lines.iter_mut().zip(commented).for_each(|(author, labels)| author.labels.extend(labels));
    lines
}

/// The controls that comments say of each line: `# control: ID` is about the rules after it, up to an empty line or the
/// next such comment. Several IDs have commas between them.
pub fn labels<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<String>> {
    let mut held: Vec<String> = Vec::new();
    let mut is_open = false;
    let of_line = |line: &[u8]| {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if let Some(ids) = named_controls(text) {
            if !is_open {
                held.clear();
            }
            held.extend(ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned));
            is_open = true;
            return Vec::new();
        }
        if text.is_empty() {
            held.clear();
        }
        if !is_statement(text) {
            return Vec::new();
        }
        is_open = false;
        held.clone()
    };
    lines.map(of_line).collect()
}

/// What a comment names as controls, with commas between them; none of any other line.
#[must_use]
pub fn named_controls(line: &str) -> Option<&str> {
    let (word, ids) = line.trim().strip_prefix('#')?.split_once(':')?;
    matches!(word.trim(), "control" | "controls" | "Control" | "Controls").then_some(ids)
}

/// Whether a line is neither blank nor a comment.
#[must_use]
pub fn is_statement(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// One line of a list. A line break would make several of it.
fn line(text: &str, pointer: Rc<str>, problems: &mut Vec<Problem>) -> Option<RequestLine> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.contains('\n') {
        let place = Place { pointer: Some(pointer), rule: Some(text.into()), ..Place::default() };
        problems.push(Problem::at(RequestError::LineBreak, place));
        return None;
    }
    let line = RequestLine { text: text.into(), pointer, line: None, labels: Vec::new() };
    is_sound(&line, problems).then_some(line)
}

/// The lines of a whole file.
fn file(text: &str, pointer: &str, problems: &mut Vec<Problem>) -> Vec<RequestLine> {
    let mut lines = split(text, pointer);
    lines.retain(|line| is_sound(line, problems));
    lines
}

/// Whether a line can be one of a rules file at all: a list that a template made a text of is none, nor is what holds
/// control characters. Tabs and the carriage returns of line ends have problems of their own, outside of comments.
fn is_sound(line: &RequestLine, problems: &mut Vec<Problem>) -> bool {
    let text = line.text.trim();
    let is_list = text.ends_with(']') && ["['", "[\""].iter().any(|begin| text.starts_with(begin));
    let inner = line.text.strip_suffix('\r').unwrap_or(&line.text);
    let control = inner.char_indices().find(|(_, c)| c.is_control() && *c != '\t');
    let problem = match control {
        _ if is_list => RequestError::ListAsText,
        Some((column, character)) => RequestError::ControlCharacter { character, column },
        None => return true,
    };
    problems.push(Problem::at(problem, line.place()));
    false
}

fn split(text: &str, pointer: &str) -> Vec<RequestLine> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let several = text.contains('\n');
    let pointer: Rc<str> = pointer.into();
    text.split('\n')
        .enumerate()
        .map(|(at, line)| RequestLine {
            text: line.into(),
            pointer: Rc::clone(&pointer),
            line: several.then_some(at + 1),
            labels: Vec::new(),
        })
        .collect()
}

/// The problems of lines that no host would take, whatever machine it is and whatever accounts and paths it has.
#[must_use]
pub fn bad_lines(lines: &[&RequestLine], machine: &Machine) -> Vec<Problem> {
    let accounts = Accounts::default();
    let context =
        Context { machine, accounts: &accounts, unknown_syscalls: auditctl::UnknownSyscalls::Skip, installed: None };
    let by_itself = |what: &LineErrorKind| {
        !matches!(what, LineErrorKind::UnknownUser { .. } | LineErrorKind::UnknownGroup { .. })
            && !what.is_no_such_arch()
    };
    let mut problems = Vec::new();
    let mut rests = Rests::default();
    for author in lines {
        let is_rest = rests.is_rest(&author.text, machine);
        let error = auditctl::parse(author.text.as_bytes(), &context).err();
        // What is wrong with the rest of a rule that was cut has no meaning of its own.
        let error = error.filter(|error| by_itself(&error.what) && !is_rest);
        problems.extend(error.map(|error| Problem::at(error, author.place())));
    }
    by_cause(problems)
}

fn is_error_of_cut(error: Option<&LineError>) -> bool {
    error.is_some_and(LineError::is_continued)
}

/// Tells of lines, one after the other, which are the rest of a rule that its author cut with a backslash.
#[derive(Debug, Default)]
pub struct Rests {
    is_continued: bool,
}

impl Rests {
    /// Whether the next line is such a rest.
    pub fn is_rest(&mut self, line: &str, machine: &Machine) -> bool {
        let accounts = Accounts::default();
        let unknown_syscalls = auditctl::UnknownSyscalls::Skip;
        let context = Context { machine, accounts: &accounts, unknown_syscalls, installed: None };
        let is_rest = self.is_continued;
        let is_end = || is_rest || is_error_of_cut(auditctl::parse(line.as_bytes(), &context).err().as_ref());
        self.is_continued = auditctl::is_cut(line.as_bytes()) && is_end();
        is_rest
    }
}
