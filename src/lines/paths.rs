//! The paths that lines name, and what the kernel makes of those that are not there.

use std::rc::Rc;

use super::{PathFacts, Unloadable};
use crate::auditctl::{Control, Note};
use crate::rule::path::PathFact;
use crate::rule::{FieldNumber, Rule};

/// `ENOENT`.
const ENOENT: i32 = 2;

pub(super) fn is_path(field: FieldNumber) -> bool {
    matches!(field, FieldNumber::PATH | FieldNumber::DIR | FieldNumber::EXE)
}

/// The notes on paths that are symbolic links; a slash at the end makes the kernel follow one.
pub fn links<'a>(rule: &'a Rule, paths: &'a PathFacts) -> impl Iterator<Item = Note> + 'a {
    rule.fields.iter().filter(|field| is_path(field.number)).filter_map(|field| {
        let path = field.text().filter(|path| !path.ends_with(b"/"))?;
        matches!(paths.get(path)?, PathFact::Symlink { .. })
            .then(|| Note::LinkItself { path: path.to_vec(), field: field.number })
    })
}

/// The path that the kernel cannot resolve, and what it answers (`audit_to_watch`, `audit_make_tree`, `audit_alloc_mark`).
/// A file or program may be missing, its directory may not; a directory that is watched may not either.
pub(super) fn missing_path(rule: &Rule, paths: &PathFacts) -> Option<(Rc<[u8]>, i32)> {
    rule.fields.iter().filter(|field| is_path(field.number)).find_map(|field| {
        let path = field.shared_text()?;
        let is_directory = field.number == FieldNumber::DIR;
        match paths.get(path)? {
            PathFact::Missing { parent_exists: false } if !is_directory => Some((parent(path), ENOENT)),
            PathFact::Missing { .. } if is_directory => Some((Rc::clone(path), ENOENT)),
            PathFact::Unresolved { errno } => Some((Rc::clone(path), *errno)),
            _ => None,
        }
    })
}

fn parent(path: &[u8]) -> Rc<[u8]> {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path[..end.max(1)].into()
}

/// The paths that `-q` names: the subtree and the mount point, in the order in which the kernel looks them up.
pub(super) fn trees<'a>(controls: impl IntoIterator<Item = &'a Control>) -> impl Iterator<Item = &'a [u8]> {
    let paths = controls.into_iter().filter_map(|control| match control {
        Control::MakeEquivalent { mount_point, subtree } => Some([subtree.as_slice(), mount_point]),
        _ => None,
    });
    paths.flatten()
}

/// What the kernel does not find of the paths of `-q` (`audit_tag_tree`): the line fails there.
pub(super) fn missing_trees<'a>(
    controls: impl IntoIterator<Item = &'a Control>,
    paths: &PathFacts,
) -> Option<Unloadable> {
    trees(controls).find_map(|path| {
        let errno = match paths.get(path)? {
            PathFact::Missing { .. } => ENOENT,
            PathFact::Unresolved { errno } => *errno,
            _ => return None,
        };
        Some(Unloadable::MissingPath { path: path.into(), errno })
    })
}
