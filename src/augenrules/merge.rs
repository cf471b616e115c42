//! The merge itself: drop-ins in, the lines of `audit.rules` with their origins out.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::mem;
use std::os::unix::ffi::OsStrExt;

use super::order::natural_order;
use super::pattern;
use super::script::Script;

/// One drop-in: a `*.rules` file of `rules.d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// Its name, without the directory.
    pub name: &'a OsStr,
    /// All of its bytes.
    pub bytes: &'a [u8],
}

/// A line of a drop-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Index into the sources as they were given.
    pub file: usize,
    /// Its line, from 1.
    pub line: usize,
}

/// A line of the merged file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergedLine<'a> {
    /// Its bytes, without the newline: those of its source, unless two lines have run together.
    pub text: Cow<'a, [u8]>,
    /// Where they come from. More than one: a file without a final newline ran into the next.
    pub origins: Vec<Origin>,
}

/// What `augenrules` writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged<'a> {
    /// The last bare `-D`, moved to the front.
    pub delete_all: Option<MergedLine<'a>>,
    /// The last `-b`, moved after `-D`.
    pub backlog: Option<MergedLine<'a>>,
    /// The last `-f`, moved after `-b`.
    pub failure: Option<MergedLine<'a>>,
    /// All other lines, in order.
    pub rules: Vec<MergedLine<'a>>,
    /// The last `-e`, moved to the end.
    pub enabled: Option<MergedLine<'a>>,
    /// The `-D`, `-b`, `-f` and `-e` lines that a later one replaced, in order.
    pub overridden: Vec<MergedLine<'a>>,
    /// The lines that a missing newline has made a part of a comment, each with that comment.
    pub swallowed: Vec<MergedLine<'a>>,
    /// The sources that the script does not read, because their names fall apart or stand for others.
    pub lost: Vec<usize>,
}

/// The lines of a merge.
#[derive(Debug)]
pub struct Lines<'a> {
    /// Those with something in them, in the order of the file.
    pub lines: Vec<MergedLine<'a>>,
    /// As [`Merged::overridden`].
    pub overridden: Vec<MergedLine<'a>>,
    /// As [`Merged::swallowed`].
    pub swallowed: Vec<MergedLine<'a>>,
}

/// Merges drop-ins, given in any order, as this script does.
///
/// The rules are those of `init.d/augenrules` of audit-userspace 3.0.9, 3.1.1 and 4.2.1; `tests/merge` holds what
/// these scripts wrote.
#[must_use]
pub fn merge<'a>(sources: &[Source<'a>], script: Script) -> Merged<'a> {
    let mut sorted: Vec<usize> = (0..sources.len()).collect();
    sorted.sort_by(|a, b| natural_order(sources[*a].name.as_bytes(), sources[*b].name.as_bytes()));

    let mut merged = Merged::default();
    let mut line = MergedLine::default();
    let mut is_read = vec![false; sources.len()];
    for file in reading_order(sources, &sorted, script) {
        is_read[file] = true;
        let mut number = 1;
        for piece in sources[file].bytes.split_inclusive(|byte| script.awk.ends_line(*byte)) {
            let end = piece.last().copied().filter(|byte| script.awk.ends_line(*byte));
            let text = &piece[..piece.len() - usize::from(end.is_some())];
            if !text.is_empty() {
                if line.origins.is_empty() {
                    line.text = Cow::Borrowed(text);
                } else {
                    line.text.to_mut().extend_from_slice(text);
                }
                line.origins.push(Origin { file, line: number });
            }
            if end.is_some() {
                merged.take(mem::take(&mut line), script);
            }
            number += usize::from(end == Some(b'\n'));
        }
    }
    merged.take(line, script);

    merged.lost = sorted.into_iter().filter(|file| !is_read[*file]).collect();
    merged
}

/// The sources that `cat` is given, in its order; a source may come twice where the pieces of a split name hit it.
fn reading_order(sources: &[Source<'_>], sorted: &[usize], script: Script) -> Vec<usize> {
    if !script.generation.splits_names() {
        return sorted.to_vec();
    }
    // The oldest leave the name without quotes where it is read: the shell takes it for a pattern, which may be of other
    // names, and not of its own. Without a match it stands for itself.
    let expands = script.generation.expands_names();
    let mut by_bytes = sorted.to_vec();
    by_bytes.sort_by_key(|file| sources[*file].name.as_bytes());
    let find = |word: &[u8]| -> Vec<usize> {
        let is_named = |file: &&usize| sources[**file].name.as_bytes() == word;
        let is_matched = |file: &&usize| pattern::matches(word, sources[**file].name.as_bytes());
        let matched: Vec<usize> = if expands && pattern::is_pattern(word) {
            by_bytes.iter().filter(is_matched).copied().collect()
        } else {
            Vec::new()
        };
        if matched.is_empty() { sorted.iter().find(is_named).copied().into_iter().collect() } else { matched }
    };
    sorted
        .iter()
        .flat_map(|file| {
            let name = sources[*file].name.as_bytes();
            let is_split = name.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
            if !(is_split || expands && pattern::is_pattern(name)) {
                return vec![*file];
            }
            name.split(|byte| *byte == b'\n')
                .filter(|shown| shown.ends_with(b".rules"))
                .flat_map(|shown| shown.split(|byte| matches!(byte, b' ' | b'\t')))
                .flat_map(find)
                .collect()
        })
        .collect()
}

impl<'a> Merged<'a> {
    fn take(&mut self, mut line: MergedLine<'a>, script: Script) {
        let mut end = script.awk.seen(&line.text);
        if script.generation.drops_carriage_return() && line.text[..end].ends_with(b"\r") {
            end -= 1;
        }
        match &mut line.text {
            Cow::Borrowed(text) => *text = &text[..end],
            Cow::Owned(text) => text.truncate(end),
        }
        if line.text.is_empty() {
            return;
        }
        let blank = |byte: &u8| script.awk.is_blank(*byte);
        let text = &line.text[line.text.iter().position(|byte| !blank(byte)).unwrap_or(line.text.len())..];
        let slot = match text {
            [b'#', ..] => {
                if line.origins.len() > 1 {
                    self.swallowed.push(line);
                }
                return;
            }
            [b'-', b'e', ..] => &mut self.enabled,
            [b'-', b'D', rest @ ..] if rest.iter().all(blank) => &mut self.delete_all,
            [b'-', b'f', ..] => &mut self.failure,
            [b'-', b'b', ..] => &mut self.backlog,
            _ => return self.rules.push(line),
        };
        self.overridden.extend(slot.replace(line));
    }

    /// Its lines, without another copy of their text.
    #[must_use]
    pub fn into_lines(self) -> Lines<'a> {
        let Self { delete_all, backlog, failure, mut rules, enabled, overridden, swallowed, .. } = self;
        let first = [delete_all, backlog, failure].into_iter().flatten();
        rules.splice(0..0, first);
        rules.extend(enabled);
        Lines { lines: rules, overridden, swallowed }
    }

    /// The lines with something in them, in the order of the file.
    pub fn lines(&self) -> impl Iterator<Item = &MergedLine<'a>> {
        self.numbered_lines().map(|(_, line)| line)
    }

    /// The same lines, each with its number in the file, from 1.
    pub fn numbered_lines(&self) -> impl Iterator<Item = (usize, &MergedLine<'a>)> {
        self.body().enumerate().filter_map(|(at, line)| line.map(|line| (at + 2, line)))
    }

    /// Every line after the first; those that the script leaves empty are none.
    fn body(&self) -> impl Iterator<Item = Option<&MergedLine<'a>>> {
        [&self.delete_all, &self.backlog, &self.failure]
            .into_iter()
            .map(Option::as_ref)
            .chain(self.rules.iter().map(Some))
            .chain([self.enabled.as_ref()])
    }

    /// The file as the script writes it from [`super::RULES_DIR`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_from(super::RULES_DIR)
    }

    /// The file as a script that reads another directory writes it.
    #[must_use]
    pub fn to_bytes_from(&self, rules_dir: &str) -> Vec<u8> {
        let first = format!("{}{rules_dir}\n", super::GENERATED);
        let length: usize = self.body().map(|line| line.map_or(0, |line| line.text.len()) + 1).sum();
        let mut bytes = Vec::with_capacity(first.len() + length);
        bytes.extend_from_slice(first.as_bytes());
        for line in self.body() {
            bytes.extend_from_slice(line.map_or(&[], |line| &line.text));
            bytes.push(b'\n');
        }
        bytes
    }
}
