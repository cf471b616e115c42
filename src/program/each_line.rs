//! What each line that a request gives means.

use std::borrow::Cow;
use std::rc::Rc;

use crate::auditctl::{Accounts, Context, LineErrorKind, UnknownSyscalls, WordError, parse};
use crate::explain::Named;
use crate::explain::{Explained, PermSyscalls, explain, named_paths};
use crate::intent::{RequestLine, Rests};
use crate::lint::Source;
use crate::observe::facts;
use crate::report::explain::LineReport;
use crate::report::{Outcome, Report};
use crate::request::Request;
use crate::rule::Machine;
use crate::rules_d::Root;

/// A line to explain.
pub struct GivenLine<'a> {
    /// Its bytes, without its newline.
    bytes: &'a [u8],
    /// The same as text; bytes that are no UTF-8 are replaced.
    text: Cow<'a, str>,
    /// The file that it stands in, and its number there, from 1.
    place: Option<(&'a str, usize)>,
    /// Whether it is the rest of a rule that was cut with a backslash.
    is_rest: bool,
}

impl<'a> GivenLine<'a> {
    /// The lines that a request gives.
    pub fn of_lines(lines: &'a [RequestLine], machine: &'a Machine) -> impl Iterator<Item = Self> {
        let mut rests = Rests::default();
        lines.iter().map(move |author| {
            let text = Cow::Borrowed(&*author.text);
            Self { bytes: author.text.as_bytes(), is_rest: rests.is_rest(&text, machine), text, place: None }
        })
    }

    /// The lines of files, in this order.
    pub fn of_files(files: &'a [Source], machine: &'a Machine) -> impl Iterator<Item = Self> {
        files.iter().filter(|file| !file.bytes.is_empty()).flat_map(|file| Self::of_file(file, machine))
    }

    fn of_file(file: &'a Source, machine: &'a Machine) -> impl Iterator<Item = Self> {
        let whole = file.bytes.strip_suffix(b"\n").unwrap_or(&file.bytes);
        let mut rests = Rests::default();
        whole.split(|byte| *byte == b'\n').enumerate().map(move |(at, bytes)| {
            let text = String::from_utf8_lossy(bytes);
            Self { bytes, is_rest: rests.is_rest(&text, machine), text, place: Some((&file.name, at + 1)) }
        })
    }
}

/// Most lines that are answered one by one.
const MOST_LINES: usize = 10_000;

/// The explained lines: the first ones, and what the others come to.
#[derive(Default)]
pub struct EachLine {
    told: Vec<LineReport>,
    lines: usize,
    refused: usize,
    /// The place and the text of the first refused line that is not among those told.
    first_refused: Option<(String, String)>,
}

impl EachLine {
    /// Explains lines for a machine and for a host with this root directory and these accounts.
    #[must_use]
    pub fn of<'a>(
        request: &Request,
        mut lines: impl Iterator<Item = GivenLine<'a>>,
        root: &Root,
        machine: &Machine,
        accounts: &Accounts,
    ) -> Self {
        let context = Context { machine, accounts, unknown_syscalls: UnknownSyscalls::Fail, installed: None };
        let perm_syscalls = match request.perm_syscalls {
            crate::request::PermSyscalls::All => PermSyscalls::All,
            crate::request::PermSyscalls::V4_2 => PermSyscalls::V4_2,
        };
        let named = Named { machine, accounts: request.resolve.then_some(accounts) };
        let first: Vec<GivenLine<'_>> = lines.by_ref().take(MOST_LINES).collect();
        let parsed = first.iter().filter_map(|said| parse(said.bytes, &context).ok());
        let paths = facts(root, parsed.flat_map(|line| named_paths(&line).map(Rc::from).collect::<Vec<_>>()).collect());
        let mut each = Self::default();
        for said in first.into_iter().chain(lines) {
            each.lines += 1;
            if each.lines > MOST_LINES {
                // A rule that was cut into several lines is one that is refused.
                if !said.is_rest && parse(said.bytes, &context).is_err() {
                    each.refused += 1;
                    let place =
                        || said.place.map_or(format!("line {}", each.lines), |(file, at)| format!("{file}:{at}"));
                    each.first_refused.get_or_insert_with(|| (place(), said.text.clone().into_owned()));
                }
                continue;
            }
            let explained = if said.is_rest {
                Explained::Refused(LineErrorKind::Word(WordError::Continued).at(0))
            } else {
                explain(said.bytes, &context, &paths, perm_syscalls)
            };
            each.refused += usize::from(!said.is_rest && matches!(explained, Explained::Refused(_)));
            let report = LineReport::new(&said.text, &explained).with_meaning(&explained, named);
            each.told.push(match said.place {
                None => report,
                Some((file, number)) => LineReport { file: Some(file.to_owned()), number: Some(number), ..report },
            });
        }
        each
    }

    /// Their report.
    #[must_use]
    pub fn report(self) -> Report {
        let Self { told, lines, refused, first_refused } = self;
        let plural = if lines == 1 { "" } else { "s" };
        let msg = format!("{lines} line{plural}, {refused} refused");
        let mut report = Report::quiet(msg, Outcome::Unchanged);
        if lines > told.len() {
            report.omitted.insert("/lines".to_owned(), lines - told.len());
        }
        report.warnings.extend(first_refused.map(|(place, line)| format!("{place} is refused: `{line}`")));
        Report { lines: Some(told), ..report }
    }
}
