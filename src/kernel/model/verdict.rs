//! What the model refuses in a rule.

use std::collections::BTreeSet;

use super::super::Errno;
use crate::rule::{Action, Field, FieldNumber, List, MAX_FIELDS, MAX_PATH, MAX_STRING, Rule, key};

/// `AUDIT_MAX_FIELDS` is the room on the wire: what is beyond cannot even be sent.
pub fn size(rule: &Rule) -> Result<(), Errno> {
    if rule.fields.len() > MAX_FIELDS { Err(Errno::EINVAL) } else { Ok(()) }
}

/// Whether the kernel takes the rule, as far as the rule alone decides that.
pub fn form(rule: &Rule) -> Result<(), Errno> {
    let known = List::NAMED.iter().any(|(list, _)| *list == rule.list);
    if !known || !matches!(rule.action, Action::ALWAYS | Action::NEVER) {
        return Err(Errno::EINVAL);
    }
    let count = |number| rule.fields.iter().filter(|field| field.number == number).count();
    let objects = count(FieldNumber::PATH) + count(FieldNumber::DIR) + count(FieldNumber::INODE);
    if objects > 1 || count(FieldNumber::KEY) > 1 || count(FieldNumber::EXE) > 1 {
        return Err(Errno::EINVAL);
    }
    rule.fields.iter().try_for_each(text)
}

fn text(field: &Field) -> Result<(), Errno> {
    let Some(text) = field.text() else { return Ok(()) };
    let slashed = text.first() == Some(&b'/');
    let file = matches!(field.number, FieldNumber::PATH | FieldNumber::EXE);
    if text.is_empty()
        || (file && (!slashed || text.last() == Some(&b'/')))
        || (field.number == FieldNumber::DIR && !slashed)
        || (field.number == FieldNumber::KEY && text.len() > key::MAX_LENGTH)
    {
        return Err(Errno::EINVAL);
    }
    if text.len() > MAX_STRING || ((file || field.number == FieldNumber::DIR) && text.len() > MAX_PATH) {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(())
}

/// The paths that exist.
#[derive(Debug, Clone)]
pub enum Paths {
    /// Every path.
    All,
    /// These, and every directory above them.
    These(BTreeSet<Vec<u8>>),
}

impl Paths {
    /// These paths, and every directory above them.
    pub fn these<P: Into<Vec<u8>>>(paths: impl IntoIterator<Item = P>) -> Self {
        let mut all = BTreeSet::from([b"/".to_vec()]);
        for path in paths {
            let path: Vec<u8> = path.into();
            let mut path = trimmed(&path);
            while path != b"/" {
                all.insert(path.to_vec());
                path = parent(path);
            }
        }
        Self::These(all)
    }

    fn has(&self, path: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::These(paths) => paths.contains(trimmed(path)),
        }
    }

    /// Takes a directory and all in it away; where every path exists, none can be taken away.
    pub fn remove(&mut self, directory: &[u8]) {
        if let Self::These(paths) = self {
            paths.retain(|path| !is_in(path, trimmed(directory)));
        }
    }

    /// A rule on a path wants its directory, a rule on a tree the tree itself.
    pub(super) fn verdict(&self, rule: &Rule) -> Result<(), Errno> {
        let found = rule.fields.iter().all(|field| match (field.number, field.text()) {
            (FieldNumber::PATH | FieldNumber::EXE, Some(path)) => self.has(parent(path)),
            (FieldNumber::DIR, Some(path)) => self.has(path),
            _ => true,
        });
        if found { Ok(()) } else { Err(Errno::ENOENT) }
    }

    /// Only `exe` is looked up when a rule is taken away.
    pub(super) fn unload_verdict(&self, rule: &Rule) -> Result<(), Errno> {
        let found = rule.text(FieldNumber::EXE).is_none_or(|path| self.has(parent(path)));
        if found { Ok(()) } else { Err(Errno::ENOENT) }
    }
}

/// Whether the rule goes away with this directory.
pub fn stands_in(rule: &Rule, directory: &[u8]) -> bool {
    let directory = trimmed(directory);
    rule.fields.iter().any(|field| match (field.number, field.text()) {
        (FieldNumber::PATH | FieldNumber::EXE, Some(path)) => is_in(parent(path), directory),
        (FieldNumber::DIR, Some(path)) => is_in(trimmed(path), directory),
        _ => false,
    })
}

fn is_in(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
}

fn trimmed(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(1, |at| at + 1);
    path.get(..end).unwrap_or(path)
}

fn parent(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    trimmed(path.get(..slash.max(1)).unwrap_or(path))
}
