//! Drop-ins that hold a rule again which another one has let go.

use std::path::Path;
use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::drop_in::written;
use super::drop_in_rules::{DropInRules, rules_of};
use super::drop_in_text::HEADER;
use super::{DropIn, Files, forms};
use crate::augenrules::natural_order;
use crate::boot_load::{BootLoad, LoadFailure, Spot};
use crate::error::{Place, PolicyError, Problem};
use crate::lines::{HostRule, Reader};
use crate::plan::files::{Content, FileTarget};
use crate::request::PermSyscalls;
use crate::restore::Since;
use crate::rule::Rule;
use crate::set_aside::{self, Outdated, SetAside};

/// Whether any of these drop-ins has a comment in place of a line; otherwise there is nothing to look for.
fn has_comments(drop_ins: &[DropIn]) -> bool {
    let mark = set_aside::MARK.as_bytes();
    drop_ins.iter().any(|d| d.content.bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(mark)))
}

/// The comments of these drop-ins whose reason is gone.
#[must_use]
pub fn outdated(files: &Files, drop_ins: &[DropIn], reader: &mut Reader) -> Vec<Outdated> {
    if !has_comments(drop_ins) {
        return Vec::new();
    }
    let lines = files.merged(drop_ins, reader).lines;
    let mut sorted: Vec<&DropIn> = drop_ins.iter().collect();
    sorted.sort_by(|a, b| natural_order(a.name.as_bytes(), b.name.as_bytes()));
    let files = sorted.into_iter().map(|d| (files.path(&d.name).to_string_lossy().into(), d.content.bytes.as_slice()));
    set_aside::outdated(files, &lines, reader)
}

/// Which outdated comments become lines again.
#[derive(Clone, Copy)]
pub enum Revive<'a> {
    /// All of them.
    All,
    /// Those whose rule this change takes from the lines of the drop-ins as they are, or would unload, as these; but none in
    /// the files named here.
    LetGo(&'a HashSet<Rc<Rule>>, &'a dyn Fn(&str) -> bool),
}

/// What has become of outdated comments.
#[derive(Debug, Default)]
pub struct Revived {
    /// The rules that a line holds again.
    pub rules: Vec<Rc<HostRule>>,
    /// Those that stood there with fewer system calls, and no longer do.
    pub replaced: Vec<Rc<HostRule>>,
    /// Those of which it could not be told what stands at their paths.
    pub doubts: Vec<Problem>,
}

/// Writes outdated comments as lines again: of each rule the first.
///
/// `after` are the drop-ins after a change, `targets` the files that it is about; both are brought up to date.
pub fn revive(
    files: &Files,
    after: &mut [DropIn],
    targets: &mut Vec<FileTarget>,
    which: Revive<'_>,
    reader: &mut Reader,
) -> Revived {
    let mut found = outdated(files, after, reader);
    if let Revive::LetGo(unloaded, stays) = which {
        if found.is_empty() {
            return Revived::default();
        }
        let mut before = set_aside::standing(&files.merged(&files.drop_ins, reader).lines, reader);
        // A line after the stop of the boot load holds no rule for a comment before it, whatever this change does.
        for known in outdated(files, &files.drop_ins, reader) {
            before.remove(&known.rule.listed);
        }
        before.extend(unloaded.iter().cloned());
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        found.retain(|outdated| before.contains(&outdated.rule.listed) && !stays(&name(&outdated.spot.file)));
    }
    if found.is_empty() {
        return Revived::default();
    }
    let holders: HashMap<&Rule, &Spot> = found.iter().map(|found| (&*found.rule.listed, &found.spot)).collect();
    let mut replaced = Vec::new();
    for drop_in in after {
        let path = files.path(&drop_in.name);
        let new = rewritten(&drop_in.content.bytes, &path.to_string_lossy(), &holders, &mut replaced, reader);
        let Some(bytes) = new else { continue };
        let content = Content { bytes: bytes.into(), ..drop_in.content.clone() };
        rewrite(files, drop_in, content, targets);
    }
    let doubts = found.iter().filter_map(|found| in_doubt(found, reader)).collect();
    Revived { rules: found.into_iter().map(|found| found.rule).collect(), replaced, doubts }
}

/// What is to be said of a line that is written again though the look at one of its paths failed: where nothing stands there,
/// the boot load stops at it.
fn in_doubt(outdated: &Outdated, reader: &Reader) -> Option<Problem> {
    let path = reader.unseen_path(&outdated.rule)?;
    let place = Place {
        file: Some(Rc::clone(&outdated.spot.file)),
        line: Some(outdated.spot.line),
        rule: Some(String::from_utf8_lossy(&outdated.text).into()),
        ..Place::default()
    };
    Some(Problem::at(PolicyError::UnseenPath { path }, place))
}

/// Sets lines of drop-ins that we wrote aside which the boot does not come to, where a line that it comes to now holds one of
/// these rules: once what stops the load is gone, the second one would.
pub fn set_repeats_aside(
    files: &Files,
    after: &mut [DropIn],
    targets: &mut Vec<FileTarget>,
    rules: &[Rc<HostRule>],
    reader: &mut Reader,
) {
    // A change that leaves all files alone brings no line to where the boot comes.
    if targets.iter().all(|target| target.before == target.after) {
        return;
    }
    let lines = files.merged(after, reader).lines;
    let load = BootLoad::of(&lines, reader);
    if load.stops_at(&lines).is_none() {
        return;
    }
    let rules: HashSet<&Rule> = rules.iter().map(|rule| &*rule.listed).collect();
    let (reached, rest) = lines.split_at(load.reach(&lines));
    let reached: HashSet<&Spot> = reached.iter().filter_map(|line| line.spots.first()).collect();
    let repeats: HashMap<&Spot, &Spot> = load
        .failing
        .iter()
        .filter_map(|failing| match &failing.trouble {
            LoadFailure::Duplicate(first) if reached.contains(first) => Some((&failing.spot, first)),
            _ => None,
        })
        .collect();
    for line in rest {
        let [spot] = line.spots.as_slice() else { continue };
        let is_about = reader.read(&line.text).rule.as_ref().is_some_and(|rule| rules.contains(&*rule.listed));
        let (Some(first), true) = (repeats.get(spot), is_about) else { continue };
        let holder = after.iter_mut().find(|d| *files.path(&d.name).to_string_lossy() == *spot.file);
        let Some(drop_in) = holder.filter(|d| d.content.bytes.starts_with(HEADER.as_bytes())) else { continue };
        let comment = set_aside::comment(&set_aside::same_as(&first.file), &String::from_utf8_lossy(&line.text));
        let mut texts: Vec<&[u8]> = drop_in.content.bytes.split(|byte| *byte == b'\n').collect();
        let Some(text) = texts.get_mut(spot.line - 1) else { continue };
        *text = &comment;
        let content = Content { bytes: texts.join(&b'\n').into(), ..drop_in.content.clone() };
        rewrite(files, drop_in, content, targets);
    }
}

/// Gives a drop-in another content, also among the files of a change.
fn rewrite(files: &Files, drop_in: &mut DropIn, content: Content, targets: &mut Vec<FileTarget>) {
    let path = files.path(&drop_in.name);
    if let Some(target) = targets.iter_mut().find(|target| target.path == path) {
        target.after = Some(content.clone());
    } else {
        let (before, after) = (Some(drop_in.content.clone()), Some(content.clone()));
        targets.push(FileTarget { path, before, after });
    }
    drop_in.content = content;
}

/// A drop-in with the comments about these rules as they are now: a line where it holds the rule, else the name of the
/// drop-in that does. None where nothing changes.
fn rewritten(
    bytes: &[u8],
    path: &str,
    holders: &HashMap<&Rule, &Spot>,
    replaced: &mut Vec<Rc<HostRule>>,
    reader: &mut Reader,
) -> Option<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut is_changed = false;
    let mut texts = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((at, text)) = texts.next() {
        let comment = SetAside::of(text, reader);
        let rule = comment.as_ref().and_then(|comment| comment.loadable(reader));
        let held = rule.as_ref().and_then(|rule| Some((rule, holders.get(&*rule.listed)?)));
        let (Some(comment), Some((rule, holder))) = (comment, held) else {
            lines.push(text.to_vec());
            continue;
        };
        let line = String::from_utf8_lossy(comment.line);
        if *holder.file == *path && holder.line == at + 1 {
            let mut new = written(&line, reader);
            // Why system calls are missing may be said by the line above already.
            if new.len() > 1 && new.first() == lines.last() {
                new.remove(0);
            }
            lines.extend(new);
            let next = texts.peek().and_then(|(_, next)| reader.read(next).loadable().cloned());
            if let Some(rest) = next.filter(|next| set_aside::is_rest_of(&next.listed, &rule.listed)) {
                replaced.push(rest);
                texts.next();
            }
            is_changed = true;
        } else if comment.is_duplicate() {
            let is_above = *holder.file == *path && holder.line < at + 1;
            let reason = if is_above { set_aside::STANDS_ABOVE.to_owned() } else { set_aside::same_as(&holder.file) };
            let comment = set_aside::comment(&reason, &line);
            is_changed |= comment != text;
            lines.push(comment);
        } else {
            lines.push(text.to_vec());
        }
    }
    is_changed.then(|| lines.join(&b'\n'))
}

/// The name of a drop-in's file; none where the path is that of another file.
pub(super) fn drop_in_name(files: &Files, path: &Path) -> Option<String> {
    let is_drop_in = path.parent() == Some(files.rules_dir.as_path());
    path.file_name().filter(|_| is_drop_in).map(|name| name.to_string_lossy().into_owned())
}

/// What drop-ins ask for that a change was not about, and that the change itself brought as lines: taking the change back
/// leaves it loaded. `left` has the paths of the change's files and what it left in them.
#[must_use]
pub fn since(left: &[(&Path, Option<Content>)], files: &Files, reader: &mut Reader) -> Since {
    let own = left.iter().filter_map(|(path, content)| Some((drop_in_name(files, path)?, content.clone())));
    let own: Vec<(String, Option<Content>)> = own.collect();
    let (of_change, others): (Vec<DropIn>, Vec<DropIn>) =
        files.drop_ins.iter().cloned().partition(|drop_in| own.iter().any(|(name, _)| *name == drop_in.name));
    let left = own.into_iter().filter_map(|(name, content)| Some(DropIn { name, content: content? }));
    let left: Vec<DropIn> = left.collect();
    let mut brought: HashSet<Rc<Rule>> = HashSet::default();
    for drop_ins in [&left, &of_change] {
        for line in files.merged(drop_ins, reader).lines {
            brought.extend(rules_of(&line.text, reader).map(|rule| Rc::clone(&rule.listed)));
        }
    }
    let DropInRules { loadable, unloadable } = DropInRules::of(files, &others, &files.merged(&others, reader), reader);
    let shared = loadable.into_iter().chain(unloadable).filter(|rule| brought.contains(&rule.listed));
    let compiled = files.audit_rules.as_ref().filter(|now| *now.bytes == files.compiled(&files.drop_ins));
    Since {
        shared: shared.map(|rule| forms(&rule.line, PermSyscalls::All)).collect(),
        compiled: compiled.map(|_| files.audit_rules_path()),
    }
}
