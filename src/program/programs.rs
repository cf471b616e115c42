//! Rule objects that stand for the programs of a host, and the lines that they mean there.

use std::collections::BTreeMap;
use std::path::Path;

use glob::Pattern;

use super::given::root_below;
use super::progress::walked;
use crate::auditctl::{self, Accounts, Context, Line};
use crate::desired::{Search, Warning};
use crate::error::{PolicyError, Problem, RequestError, What};
use crate::intent::{ApplyIntent, EventsIntent, GatherIntent, Location, ProveIntent};
use crate::request::{GivenRules, MAX_LINES, OneOrMany, Operation, ProgramLines, Request, RuleInput, RuleObject};
use crate::rule::{FieldNumber, Machine, Op, Rule};
use crate::rules_d::{Programs, Root, Storage, Unread, drop_in_name};

/// The least id of users where no file says it, as shadow has it.
const UID_MIN: u32 = 1000;
/// The files that say it; the first that is there.
const LOGIN_DEFS: [&str; 2] = ["/etc/login.defs", "/usr/etc/login.defs"];
/// Stands in for the programs of the host while the rest of a request is checked.
const SAMPLE: &str = "/usr/bin/su";
/// Most paths that are told one by one.
const MOST_PATHS: usize = 1000;

/// Why it is not known what a request means on this host.
#[derive(Debug, Default)]
pub struct Unexpanded {
    /// The problems.
    pub problems: Vec<Problem>,
    /// How many further ones there are.
    pub more: usize,
}

impl From<Unexpanded> for Vec<Problem> {
    fn from(unexpanded: Unexpanded) -> Self {
        unexpanded.problems
    }
}

impl From<Vec<Problem>> for Unexpanded {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems, more: 0 }
    }
}

/// A request in which each object that stands for programs of this host is replaced by their lines; with what is worth a
/// sentence. The host is looked at only where there is such an object, and nothing else is wrong with the request.
///
/// # Errors
/// Every problem of the request; or what keeps its lines from being known.
pub fn expand_programs(
    mut request: Request,
    machine: &Machine,
    root: &Path,
) -> Result<(Request, Vec<Warning>), Unexpanded> {
    let is_meant =
        matches!(request.operation, Operation::Apply | Operation::Gather | Operation::Events | Operation::Prove);
    if !is_meant || request.given_rules().iter_mut().all(|given| given.rules.programs().is_empty()) {
        return Ok((request, Vec::new()));
    }
    let mut problems = bad_globs(&mut request);
    let sample = with_samples(request.clone());
    let checked = match sample.operation {
        Operation::Gather => GatherIntent::of(&sample, machine).map(|intent| intent.place),
        Operation::Events => EventsIntent::of(&sample, machine).map(|intent| intent.place),
        Operation::Prove => ProveIntent::of(&sample, machine).map(|intent| intent.host.place),
        _ => ApplyIntent::of(&sample, machine).map(|intent| intent.place),
    };
    let place = match checked {
        Ok(place) if problems.is_empty() => place,
        checked => {
            problems.extend(checked.err().into_iter().flatten());
            return Err(problems.into());
        }
    };
    let root = Root::open(&root_below(root, &place.root)).map_err(|error| vec![Problem::from(What::File(error))])?;
    let mut host = Host { root, place, machine, found: BTreeMap::new(), uid_min: None, warnings: Vec::new() };
    let mut failed = Unexpanded::default();
    let mut lines = 0;
    for given in request.given_rules() {
        host.expand(given, &mut failed, &mut lines)?;
        if lines > MAX_LINES {
            return Err(vec![Problem::from(RequestError::TooManyLines { limit: MAX_LINES })].into());
        }
    }
    let warnings = host.warnings;
    if failed.problems.is_empty() { Ok((request, warnings)) } else { Err(failed) }
}

/// The request with a line of its form in place of each such object that is sound: what is wrong with the rest can be said
/// without a host.
pub fn with_samples(mut request: Request) -> Request {
    for given in request.given_rules() {
        for (_, entry) in given.rules.programs() {
            let RuleInput::Object(object) = &*entry else { continue };
            if let (None, Ok(lines)) = (object.beside_programs(), object.program_lines(SAMPLE, UID_MIN)) {
                *entry = RuleInput::Programs(ProgramLines { lines, labels: Vec::new() });
            }
        }
    }
    request
}

/// What is wrong with globs.
fn bad_globs(request: &mut Request) -> Vec<Problem> {
    let mut problems = Vec::new();
    for given in request.given_rules() {
        for (at, entry) in given.rules.programs() {
            let RuleInput::Object(object) = entry else { continue };
            for (number, glob) in object.exclude.iter().enumerate() {
                let Err(error) = Pattern::new(glob) else { continue };
                let allowed = vec![format!("the globs ({})", error.msg)];
                let error = RequestError::BadValue { found: glob.clone(), allowed, nearest: None };
                let pointer = format!("{}/{at}/exclude/{number}", given.pointer);
                problems.push(Problem::at_pointer(error.into(), &pointer));
            }
        }
    }
    problems
}

/// A host, and what was learnt of it.
struct Host<'h> {
    root: Root,
    place: Location,
    machine: &'h Machine,
    /// The programs of the host without those of these globs.
    found: BTreeMap<Vec<String>, Programs>,
    uid_min: Option<u32>,
    warnings: Vec<Warning>,
}

impl Host<'_> {
    /// Puts lines in place of the objects of these rules.
    fn expand(&mut self, given: GivenRules<'_>, failed: &mut Unexpanded, lines: &mut usize) -> Result<(), Unexpanded> {
        let GivenRules { rules, pointer, drop_in, allow_empty, is_absent } = given;
        for (at, entry) in rules.programs() {
            let RuleInput::Object(object) = &*entry else { continue };
            let pointer = format!("{pointer}/{at}");
            let auid_min = match object.auid_min {
                Some(said) => said,
                None => self.uid_min().map_err(|what| vec![Problem::at_pointer(what, &pointer)])?,
            };
            let mut expanded = self.lines(object, auid_min, &pointer, failed)?;
            if expanded.lines.is_empty() && failed.problems.is_empty() {
                let held = drop_in.filter(|_| !allow_empty && !is_absent).and_then(|name| self.held(name));
                let is_error = held.is_some();
                let problem = Problem::at_pointer(
                    PolicyError::NoPrograms { held, excludes: !object.exclude.is_empty() }.into(),
                    &pointer,
                );
                if is_error {
                    failed.problems.push(problem);
                } else {
                    self.warnings.push(Warning::Tolerated(Box::new(problem)));
                }
                // The drop-in says why it has no line here.
                let besides = if object.exclude.is_empty() { "" } else { " besides those that are excluded" };
                let comment = format!("# No privileged program was found{besides}.");
                expanded.lines.extend((!is_absent).then_some(comment));
            }
            *lines += expanded.lines.len();
            *entry = RuleInput::Programs(expanded);
            if *lines > MAX_LINES {
                break;
            }
        }
        Ok(())
    }

    /// The lines that an object stands for.
    fn lines(
        &mut self,
        object: &RuleObject,
        auid_min: u32,
        pointer: &str,
        failed: &mut Unexpanded,
    ) -> Result<ProgramLines, Unexpanded> {
        self.search(&object.exclude, pointer)?;
        let labels = object.labels.as_ref().map_or(&[][..], OneOrMany::all).to_vec();
        let mut expanded = ProgramLines { lines: Vec::new(), labels };
        for path in self.found.get(&object.exclude).map_or(&[][..], |found| &found.paths) {
            let lines = std::str::from_utf8(path).ok().and_then(|path| object.program_lines(path, auid_min).ok());
            match lines {
                Some(lines) => expanded.lines.extend(lines),
                None if failed.problems.len() >= MOST_PATHS => failed.more += 1,
                None => {
                    let path = escaped(path);
                    failed.problems.push(Problem::at_pointer(PolicyError::UnwritablePath { path }.into(), pointer));
                }
            }
        }
        Ok(expanded)
    }

    /// Walks over the host, without what these globs match.
    fn search(&mut self, exclude: &[String], pointer: &str) -> Result<(), Unexpanded> {
        if self.found.contains_key(exclude) {
            return Ok(());
        }
        let globs: Vec<Pattern> = exclude.iter().filter_map(|glob| Pattern::new(glob).ok()).collect();
        let is_left_out = |path: &[u8]| {
            let matches = |text: &str| globs.iter().any(|glob| glob.matches(text));
            !globs.is_empty() && matches(&String::from_utf8_lossy(path))
        };
        let found = walked(&self.root, Storage::LeftOut, &is_left_out).map_err(|Unread { errors, more }| {
            let problem = |error| Problem::at_pointer(What::File(error), pointer);
            let problems = errors.into_iter().map(problem).collect();
            Unexpanded { problems, more }
        })?;
        let text = |path: &Vec<u8>| String::from_utf8_lossy(path).into_owned();
        let blank = |path: &&Vec<u8>| path.contains(&b' ');
        let blank: Vec<String> = found.paths.iter().filter(blank).map(text).collect();
        let not_walked = found.doubtful.iter().map(|mount| {
            let at = mount.at.to_string_lossy().into_owned();
            Search::NotWalked { at, kind: mount.kind.clone() }
        });
        let new = not_walked.chain((!blank.is_empty()).then_some(Search::BlankPaths(blank))).map(Warning::Search);
        let new: Vec<Warning> = new.filter(|warning| !self.warnings.contains(warning)).collect();
        self.warnings.extend(new);
        self.found.insert(exclude.to_vec(), found);
        Ok(())
    }

    /// How many lines for privileged programs a drop-in holds, and its path; none without any.
    fn held(&self, name: &str) -> Option<(usize, String)> {
        let name = drop_in_name(name).ok()?;
        let directory = self.root.directory(&self.place.rules_dir).ok().filter(crate::rules_d::Directory::exists)?;
        let state = directory.state(name.file_name()).ok()??;
        let accounts = Accounts::default();
        let unknown_syscalls = auditctl::UnknownSyscalls::Skip;
        let context = Context { machine: self.machine, accounts: &accounts, unknown_syscalls, installed: None };
        let is_of_program = |line: &&[u8]| match auditctl::parse(line, &context) {
            Ok(Line::Statement(statement)) => statement.rule.is_some_and(|line| is_of_program(&line.rule)),
            _ => false,
        };
        let held = state.bytes.split(|byte| *byte == b'\n').filter(is_of_program).count();
        (held > 0).then(|| (held, self.place.rules_dir.join(name.file_name()).display().to_string()))
    }

    /// The least id of users.
    fn uid_min(&mut self) -> Result<u32, What> {
        if let Some(known) = self.uid_min {
            return Ok(known);
        }
        let mut found = UID_MIN;
        for path in LOGIN_DEFS {
            let Some(text) = self.root.system_file(Path::new(path))? else { continue };
            if let Some(value) = last_uid_min(&text) {
                found = number(&value).ok_or(PolicyError::BadUidMin { path, value })?;
            }
            break;
        }
        self.uid_min = Some(found);
        Ok(found)
    }
}

/// Whether a rule is of the shape that this program gives to those of privileged programs.
fn is_of_program(rule: &Rule) -> bool {
    let has = |number: FieldNumber| rule.fields.iter().any(|field| field.number == number);
    let is_executed = |field: &crate::rule::Field| field.number == FieldNumber::PERM && field.value.number() == Some(1);
    let is_of_users =
        |field: &crate::rule::Field| field.number == FieldNumber::AUID && field.op == Op::GREATER_OR_EQUAL;
    has(FieldNumber::PATH) && rule.fields.iter().any(is_executed) && rule.fields.iter().any(is_of_users)
}

/// A path with escapes for what is no text.
fn escaped(path: &[u8]) -> String {
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        text.extend(chunk.valid().escape_debug());
        text.push_str(&chunk.invalid().escape_ascii().to_string());
    }
    text
}

/// The last value of `UID_MIN` in a `login.defs`, which is the one that counts.
fn last_uid_min(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let value = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next() == Some("UID_MIN")).then(|| words.next().unwrap_or_default().trim_matches('"').to_owned())
    };
    text.lines().filter_map(value).next_back()
}

/// A number as C reads it: also octal and hexadecimal.
fn number(text: &str) -> Option<u32> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match (hexadecimal, text.strip_prefix('0')) {
        (Some(digits), _) => u32::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) if !digits.is_empty() => u32::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_uid_min_counts_and_is_read_as_c_reads_it() {
        let rows: [(&str, Option<&str>, Option<u32>); 9] = [
            ("UID_MIN\t\t\t 1000\nUID_MAX 60000\n", Some("1000"), Some(1000)),
            ("#UID_MIN 500\n", None, None),
            ("  UID_MIN 500 # users\n", Some("500"), Some(500)),
            ("UID_MIN 500\nUID_MIN 0x200\n", Some("0x200"), Some(512)),
            ("UID_MIN 0764", Some("0764"), Some(500)),
            ("UID_MIN \"1000\"", Some("1000"), Some(1000)),
            ("SYS_UID_MIN 100\n", None, None),
            ("UID_MIN\n", Some(""), None),
            ("UID_MIN many\n", Some("many"), None),
        ];
        for (text, value, expected) in rows {
            let found = last_uid_min(text.as_bytes());
            assert_eq!((found.as_deref(), found.as_deref().and_then(number)), (value, expected), "{text}");
        }
        assert_eq!(number("0"), Some(0));
    }

    #[test]
    fn what_is_no_text_is_written_with_escapes() {
        assert_eq!(escaped(b"/\xc3\xbc\n\xff b"), "/ü\\n\\xff b");
    }
}
