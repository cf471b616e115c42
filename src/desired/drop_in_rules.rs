//! What drop-ins ask for, in whatever form they do.

use std::rc::Rc;

use super::{DropIn, Files, Merge, Warning};
use crate::auditctl::{Verb, canonical_lossy};
use crate::boot_load::{LoadLine, Spot};
use crate::error::Problem;
use crate::lines::{HostRule, Reader};
use crate::set_aside::SetAside;

/// The rules that drop-ins ask for: in lines, in lines that a missing newline has run together, and in comments in place of
/// lines.
#[derive(Debug, Default)]
pub struct DropInRules {
    /// Those that this host can load.
    pub loadable: Vec<Rc<HostRule>>,
    /// Those that it cannot load as it is now, watches of either kind. The kernel may hold them from before.
    pub unloadable: Vec<Rc<HostRule>>,
}

impl DropInRules {
    /// The rules that these drop-ins ask for; `merge` is what the boot loader makes of them.
    #[must_use]
    pub fn of(files: &Files, drop_ins: &[DropIn], merge: &Merge, reader: &mut Reader) -> Self {
        let mut asked = Self::default();
        for line in &merge.lines {
            asked.add(&line.text, reader);
        }
        for (_, _, text) in pieces(files, drop_ins, merge) {
            asked.add(text, reader);
        }
        for text in drop_ins.iter().flat_map(|d| d.content.bytes.split(|byte| *byte == b'\n')) {
            let Some(comment) = SetAside::of(text, reader) else { continue };
            match comment.loadable(reader) {
                Some(rule) => asked.loadable.push(rule),
                None => asked.unloadable.extend(rules_of(comment.line, reader).flat_map(|rule| rule.of_either_kind())),
            }
        }
        asked
    }

    fn add(&mut self, text: &[u8], reader: &mut Reader) {
        let loadable = reader.read(text).loadable().cloned();
        match loadable.filter(|rule| rule.line.verb != Verb::Delete) {
            Some(rule) => self.loadable.push(rule),
            None => self.unloadable.extend(rules_of(text, reader).flat_map(|rule| rule.of_either_kind())),
        }
    }
}

/// The rule that a line asks for, whether or not this host can load it.
pub fn rules_of(text: &[u8], reader: &mut Reader) -> impl Iterator<Item = Rc<HostRule>> + use<> {
    let rule = reader.read(text).rule.clone();
    rule.into_iter().filter(|rule| rule.line.verb != Verb::Delete && !rule.line.emptied)
}

/// The lines that a missing newline has run together with others, as they stand in their files. Each with the number of
/// its line in the merged file, and its place.
fn pieces<'a>(
    files: &'a Files,
    drop_ins: &'a [DropIn],
    merge: &'a Merge,
) -> impl Iterator<Item = (usize, &'a Spot, &'a [u8])> {
    let is_after =
        |line: &LoadLine, spot: &Spot| line.spots.iter().any(|at| at.file == spot.file && at.line > spot.line);
    let after = move |line: &LoadLine| {
        let last = line.spots.last()?;
        merge.lines.iter().position(|line| is_after(line, last))
    };
    let swallowed = merge.swallowed.iter().map(move |line| (after(line).unwrap_or(merge.lines.len()), line));
    let glued = merge.lines.iter().enumerate().chain(swallowed).filter(|(_, line)| line.spots.len() > 1);
    let spots = glued.flat_map(|(number, line)| line.spots.iter().map(move |spot| (number, spot)));
    spots.filter_map(move |(number, spot)| {
        let holder = drop_ins.iter().find(|d| *files.path(&d.name).to_string_lossy() == *spot.file)?;
        let text = holder.content.bytes.split(|byte| *byte == b'\n').nth(spot.line.checked_sub(1)?)?;
        Some((number, spot, text))
    })
}

/// The rules that drop-ins ask for in lines which a missing newline has run together with others: the boot load does not
/// find them, and still they are asked for there. Each with its place and the number of its line in the merged file.
#[must_use]
pub fn run_together(
    files: &Files,
    drop_ins: &[DropIn],
    merge: &Merge,
    reader: &mut Reader,
) -> Vec<(usize, Spot, Rc<HostRule>)> {
    let rule = |(number, spot, text): (usize, &Spot, &[u8])| {
        let rule = reader.read(text).loadable().cloned().filter(|rule| rule.line.verb != Verb::Delete)?;
        Some((number, spot.clone(), rule))
    };
    pieces(files, drop_ins, merge).filter_map(rule).collect()
}

/// A line that is a part of a comment, because the file before ends in that comment and without a newline.
#[derive(Debug, Clone)]
pub struct Swallowed {
    /// Where the comment begins.
    pub comment: Spot,
    /// Where the line stands.
    pub spot: Spot,
    /// What it says.
    pub text: Rc<[u8]>,
    /// The rule that it asks for; none of a setting, and of what cannot be read here.
    pub rule: Option<Rc<HostRule>>,
}

impl Swallowed {
    /// The lines that say something and that the boot load takes for a part of a comment.
    #[must_use]
    pub fn all(files: &Files, drop_ins: &[DropIn], merge: &Merge, reader: &mut Reader) -> Vec<Self> {
        let mut found = Vec::new();
        for comment in &merge.swallowed {
            let Some((begin, rest)) = comment.spots.split_first() else { continue };
            for (_, spot, text) in pieces(files, drop_ins, merge).filter(|(_, spot, _)| rest.contains(*spot)) {
                let reading = reader.read(text);
                if reading.is_silent {
                    continue;
                }
                let rule = reading.loadable().filter(|rule| rule.line.verb != Verb::Delete).cloned();
                found.push(Self { comment: begin.clone(), spot: spot.clone(), text: reader.text(text), rule });
            }
        }
        found
    }

    /// A warning about each comment, with the first line that it takes.
    #[must_use]
    pub fn warnings(all: &[Self]) -> Vec<Warning> {
        let first = |at: usize| all[..at].iter().all(|before| before.comment != all[at].comment);
        let warning = |line: &Self| Warning::Swallowed { first: line.comment.clone(), second: line.spot.clone() };
        (0..all.len()).filter(|at| first(*at)).map(|at| warning(&all[at])).collect()
    }
}

/// The lines that auditctl takes all the same, though something is wrong with them: what is loaded is another rule than was
/// meant.
pub fn taken_otherwise(lines: &[LoadLine], reader: &mut Reader) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for line in lines {
        let reading = reader.read(&line.text);
        let mistake = reading.obstacles.iter().find(|why| reading.is_taken_as_it_stands(why));
        let (Some(why), Some(rule), Some(spot)) = (mistake, reading.loadable(), line.spots.first()) else { continue };
        warnings.push(Warning::TakenOtherwise {
            spot: spot.clone(),
            line: String::from_utf8_lossy(&line.text).into_owned(),
            why: Problem::from(why.what()).message(),
            rule: canonical_lossy(&rule.line.rule, &reader.facts().machine),
        });
    }
    warnings
}
