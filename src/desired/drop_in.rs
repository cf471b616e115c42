//! The text of a drop-in: the author's own lines, and a comment in place of each that would stop the boot load.

use std::borrow::Cow;
use std::rc::Rc;

use super::Choices;
use super::drop_in_text::{HEADER, Text};
use super::narrowed::narrowed;
use super::too_new::{in_numbers, names_comment};
use rustc_hash::{FxBuildHasher, FxHashMap as HashMap, FxHashSet as HashSet};

use crate::auditctl::{Control, Note, Verb, is_cut};
use crate::boot_load::Spot;
use crate::error::{Place, PolicyError, Problem, RequestError};
use crate::intent::{Declared, RequestLine};
use crate::lines::{HostRule, Reader, Reading, Unloadable};
use crate::request::{LoaderUnknown, OnDuplicate, UnknownSyscalls};
use crate::rule::Rule;
use crate::set_aside::{self, SetAside, comment};
use crate::settings::Settings;

/// A line that is not loaded, or not as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Skipped {
    /// The line.
    pub line: Rc<str>,
    /// Where the request has it, or the drop-in.
    pub place: Place,
    /// Why.
    pub why: Unloadable,
}

impl Skipped {
    /// What is said of it where it waits for what another task may make before the run.
    #[must_use]
    pub fn not_there_yet(&self) -> String {
        let at = match (&self.place.file, self.place.line) {
            (Some(file), Some(line)) => format!(" ({file}:{line})"),
            _ => String::new(),
        };
        format!(
            "`{}`{at}: {}; check mode leaves the line out, the run itself fails unless it is there by then",
            self.line,
            problem_text(&self.why)
        )
    }
}

impl Skipped {
    /// Gives lines that a drop-in leaves out, in its order, the places of the comments in these bytes of it.
    pub fn stand_in(skipped: &mut [Self], path: &str, bytes: &[u8]) {
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        let mut comments = lines.filter(|(_, text)| set_aside::is_comment(text));
        let path: Rc<str> = path.into();
        for one in skipped {
            one.place.file = Some(Rc::clone(&path));
            let mut rest = comments.clone();
            let own = rest.find(|(_, text)| text.ends_with(one.line.as_bytes()));
            one.place.line = own.map(|(at, _)| at + 1);
            if own.is_some() {
                comments = rest;
            }
        }
    }
}

/// A rule that stands somewhere else already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduplicated {
    /// The line that was left out.
    pub line: Rc<str>,
    /// Where it was to be.
    pub place: Place,
    /// Where the same rule stands.
    pub same_as: Spot,
}

/// A drop-in, composed.
#[derive(Debug, Default)]
pub struct Composed {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Every rule that the kernel is to hold for it, also those that another drop-in holds.
    pub rules: Vec<Rc<HostRule>>,
    /// The settings that it declares.
    pub settings: Settings,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// What stands somewhere else already.
    pub deduplicated: Vec<Deduplicated>,
    /// What is worth knowing of a line.
    pub notes: Vec<(Rc<str>, Note)>,
    /// Lines that the boot load would stop at, so that the kernel alone holds their rules, and why.
    pub kernel_only: Vec<(Rc<str>, String)>,
    /// Options that act at the boot load only.
    pub at_boot_only: Vec<Rc<str>>,
}

impl Composed {
    /// Lets the places in this file be as many lines further down.
    fn shift(&mut self, path: &str, lines: isize) {
        for deduplicated in self.deduplicated.iter_mut().filter(|d| *d.same_as.file == *path) {
            deduplicated.same_as.line = deduplicated.same_as.line.saturating_add_signed(lines);
        }
    }

    /// Leaves the header out where the file holds just the rest already: it stays as it is.
    pub fn spare(&mut self, path: &str, held: Option<&[u8]>) {
        let rest = self.bytes.strip_prefix(HEADER.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"));
        if let Some(rest) =
            rest.filter(|rest| held.is_some_and(|held| held.trim_ascii_start() == rest.trim_ascii_start()))
        {
            self.bytes = rest.to_vec();
            self.shift(path, -1);
        }
    }
}

/// Composes a drop-in of this path. `others` has the rules of all other drop-ins and where they stand.
pub fn compose(
    declared: &Declared,
    path: &str,
    others: &HashMap<Rc<Rule>, Spot>,
    choices: Choices,
    reader: &mut Reader,
    problems: &mut Vec<Problem>,
) -> Composed {
    let mut composed = Composed::default();
    let path: Rc<str> = path.into();
    let has_header = declared.header.unwrap_or(choices.header);
    let mut text = Text::new(has_header);
    let mut seen: HashMap<Rc<Rule>, Spot> = HashMap::with_capacity_and_hasher(declared.lines.len(), FxBuildHasher);
    let mut is_rest = false;
    for author in &spelled_out(&declared.lines, reader) {
        let reading = reader.read(author.text.as_bytes());
        // What is wrong with the rest of a rule that was cut has no meaning of its own.
        let is_cut = is_cut(author.text.as_bytes()) && (is_rest || reading.is_continued());
        if std::mem::replace(&mut is_rest, is_cut) {
            continue;
        }
        let place = || author.place();
        for control in &reading.controls {
            match declarable(control) {
                Declarable::Setting => {
                    composed.settings.take(control);
                }
                Declarable::FreshStart => {}
                Declarable::AtBootOnly => composed.at_boot_only.push(Rc::clone(&author.text)),
                Declarable::Not => problems.push(Problem::at(PolicyError::NotDeclarative, place())),
            }
        }
        let is_too_new = reading.is_too_new() && choices.loader_unknown == LoaderUnknown::Number;
        let obstacles =
            reading.obstacles.iter().filter(|why| !(is_too_new && matches!(why, Unloadable::TooNew { .. })));
        let (aside, refused): (Vec<&Unloadable>, Vec<&Unloadable>) =
            obstacles.partition(|why| matches!(choices.treats(why), Treatment::Skip));
        problems.extend(refused.into_iter().map(|why| Problem::at(why.what(), place())));
        composed.skipped.extend(aside.iter().map(|why| Skipped {
            line: Rc::clone(&author.text),
            place: place(),
            why: (*why).clone(),
        }));
        if let Some(why) = aside.first() {
            text.push(&comment(&problem_text(why), &author.text));
        }
        let Some(rule) = reading.loadable() else {
            composed.notes.extend(variables(&reading).map(|note| (Rc::clone(&author.text), note.clone())));
            if aside.is_empty() {
                text.push(author.text.as_bytes());
            }
            continue;
        };
        if rule.line.verb == Verb::Delete {
            problems.push(Problem::at(PolicyError::NotDeclarative, place()));
            continue;
        }
        let same_as = seen.get(&rule.listed).or_else(|| others.get(&rule.listed));
        if let Some(same_as) = same_as {
            match choices.on_duplicate {
                OnDuplicate::Fail => {
                    let error = PolicyError::Duplicate { same_as: same_as.to_string() };
                    problems.push(Problem::at(error, place()));
                }
                OnDuplicate::Skip => {
                    let same_as = same_as.clone();
                    let reason = if same_as.file == path {
                        set_aside::STANDS_ABOVE.to_owned()
                    } else {
                        set_aside::same_as(&same_as.file)
                    };
                    text.push(&comment(&reason, &author.text));
                    composed.rules.push(Rc::clone(rule));
                    composed.deduplicated.push(Deduplicated { line: Rc::clone(&author.text), place: place(), same_as });
                }
            }
            continue;
        }
        let grave = rule.line.notes.iter().filter(|note| note.is_grave());
        composed.notes.extend(grave.map(|note| (Rc::clone(&author.text), note.clone())));
        composed.rules.push(Rc::clone(rule));
        let line: Cow<'_, [u8]> = if aside.is_empty() {
            Cow::Borrowed(author.text.as_bytes())
        } else {
            Cow::Owned(narrowed(&author.text, &rule.line, reader))
        };
        if is_too_new {
            let said = String::from_utf8_lossy(&line).into_owned();
            let Some((numbers, names)) = in_numbers(&said, rule, reader) else {
                let why = reading.obstacles.iter().find(|why| matches!(why, Unloadable::TooNew { .. }));
                let reason = why.map(problem_text).unwrap_or_default();
                text.push(&comment(&reason, &said));
                composed.kernel_only.push((Rc::clone(&author.text), reason));
                continue;
            };
            text.push(&names_comment(&names));
            text.push(numbers.as_bytes());
        } else {
            text.push(&line);
        }
        seen.insert(Rc::clone(&rule.listed), Spot { file: Rc::clone(&path), line: text.lines });
    }
    add_settings(declared, &path, &mut composed, &mut text, problems);
    if has_header {
        composed.shift(&path, 1);
    }
    composed.bytes = text.into_bytes();
    composed
}

/// The lines of the request. A comment of ours, as in a drop-in that was copied, gives way to the line that it stands for: it
/// goes on asking for its rule. What such a comment left of its line, after it, is no line of its own.
fn spelled_out<'a>(lines: &'a [RequestLine], reader: &mut Reader) -> Vec<Cow<'a, RequestLine>> {
    let mut spelled_out: Vec<Cow<'_, RequestLine>> = Vec::with_capacity(lines.len());
    let mut whole: Option<Rc<Rule>> = None;
    for author in lines {
        let text = author.text.as_bytes();
        let comment = if set_aside::is_comment(text) { SetAside::of(text, reader) } else { None };
        let rule = |text: &[u8], reader: &mut Reader| reader.read(text).loadable().map(|rule| Rc::clone(&rule.listed));
        if let Some(comment) = comment {
            let text = String::from_utf8_lossy(comment.line).into();
            whole = rule(comment.line, reader);
            spelled_out.push(Cow::Owned(RequestLine { text, ..author.clone() }));
            continue;
        }
        let is_rest = |whole: Rc<Rule>| {
            rule(text, reader).is_some_and(|rest| rest == whole || set_aside::is_rest_of(&rest, &whole))
        };
        if !whole.take().is_some_and(is_rest) {
            spelled_out.push(Cow::Borrowed(author));
        }
    }
    spelled_out
}

/// The notes on variables that nobody replaces: such a path is missing for good.
fn variables(reading: &Reading) -> impl Iterator<Item = &Note> {
    let notes = reading.rule.iter().flat_map(|rule| &rule.line.notes);
    notes.filter(|note| matches!(note, Note::UnexpandedVariable { .. }))
}

/// Writes the settings given beside the lines into the text, where the lines do not have them already.
fn add_settings(
    declared: &Declared,
    path: &str,
    composed: &mut Composed,
    text: &mut Text,
    problems: &mut Vec<Problem>,
) {
    let mut new = Settings::default();
    new.ignore_errors = declared.settings.ignore_errors && !composed.settings.ignore_errors;
    new.continue_on_errors = declared.settings.continue_on_errors && !composed.settings.continue_on_errors;
    for (name, value) in declared.settings.iter() {
        match composed.settings.get(name) {
            None => new.set(name, value),
            Some(said) if said == value => {}
            Some(said) => {
                let (control, line) = (value.to_string(), said.to_string());
                let error = RequestError::Conflict { setting: name.text(), control, line };
                let pointer = format!("{}/control/{}", declared.pointer, name.text());
                problems.push(Problem::at_pointer(error.into(), &pointer));
            }
        }
    }
    let (offset, at) = text.settings;
    let before = new.lines_before();
    for deduplicated in composed.deduplicated.iter_mut().filter(|d| *d.same_as.file == *path && d.same_as.line > at) {
        deduplicated.same_as.line += before.len();
    }
    let before = before.into_iter().flat_map(|line| line.into_bytes().into_iter().chain([b'\n']));
    text.bytes.splice(offset..offset, before.collect::<Vec<_>>());
    new.lines_after_rules().iter().for_each(|line| text.push(line.as_bytes()));
    composed.settings.overrule_with(&new);
}

/// What a control line has to do with a declared set.
enum Declarable {
    /// It is a part of it.
    Setting,
    /// `-D`: says that the boot load starts from nothing, which it does.
    FreshStart,
    /// It does something once, at the boot load.
    AtBootOnly,
    /// It asks, takes away or speaks to others.
    Not,
}

fn declarable(control: &Control) -> Declarable {
    match control {
        Control::DeleteAll => Declarable::FreshStart,
        Control::ResetLost | Control::ResetBacklogWaitTimeActual | Control::Trim | Control::MakeEquivalent { .. } => {
            Declarable::AtBootOnly
        }
        control if Settings::default().take(control).is_some() => Declarable::Setting,
        Control::IgnoreErrors | Control::ContinueOnErrors => Declarable::Setting,
        _ => Declarable::Not,
    }
}

/// What becomes of a line with an obstacle.
pub enum Treatment {
    /// The request fails.
    Refuse,
    /// The line, or a part of it, is left out.
    Skip,
}

impl Choices {
    /// What the request says of such obstacles.
    #[must_use]
    pub fn treats(self, why: &Unloadable) -> Treatment {
        let skip = (why.is_missing() && self.skips_missing)
            || (why.is_of_other_machines() && self.unknown_syscalls == UnknownSyscalls::Skip);
        if skip { Treatment::Skip } else { Treatment::Refuse }
    }
}

fn problem_text(why: &Unloadable) -> String {
    Problem::from(why.what()).message()
}

/// What a drop-in holds for a line that this host can load: the line itself, or a comment that says what it lacks and
/// then the rest of it.
pub(super) fn written(line: &str, reader: &mut Reader) -> Vec<Vec<u8>> {
    let reading = reader.read(line.as_bytes());
    match (reading.obstacles.first(), reading.loadable()) {
        (Some(why), Some(rule)) => {
            vec![comment(&problem_text(why), line), narrowed(line, &rule.line, reader)]
        }
        _ => vec![line.as_bytes().to_vec()],
    }
}

/// The file without the lines that mean one of these rules, and without comments that stand for one of these texts.
///
/// Gives none where no rule or setting is left of a file that we made. All other lines stay byte for byte.
pub fn without(bytes: &[u8], unwanted: &[&RequestLine], reader: &mut Reader) -> Option<Vec<u8>> {
    let rules: HashSet<Rc<Rule>> = unwanted
        .iter()
        .filter_map(|author| reader.read(author.text.as_bytes()).rule.as_ref().map(|rule| Rc::clone(&rule.listed)))
        .collect();
    let controls: Vec<Control> =
        unwanted.iter().flat_map(|author| reader.read(author.text.as_bytes()).controls.clone()).collect();
    let mut says_something = false;
    let mut kept = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let reading = reader.read(text);
        let comment = if set_aside::is_comment(text) { SetAside::of(text, reader) } else { None };
        let goes = match (&reading.rule, &comment) {
            (Some(rule), _) => rules.contains(&rule.listed),
            (None, Some(comment)) => match &reader.read(comment.line).rule {
                Some(rule) => rules.contains(&rule.listed),
                None => unwanted.iter().any(|author| author.text.as_bytes() == comment.line),
            },
            (None, None) => {
                !reading.controls.is_empty() && reading.controls.iter().all(|control| controls.contains(control))
            }
        };
        if !goes {
            says_something |= !reading.is_silent || comment.is_some();
            kept.extend_from_slice(line);
        }
    }
    let ours = bytes.trim_ascii_start().starts_with(HEADER.as_bytes());
    (says_something || !ours).then_some(kept)
}
