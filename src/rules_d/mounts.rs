//! What is mounted over the files of rules.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::Root;
use crate::rule::{FieldNumber, Rule};

/// The mounts that this process sees, in the order in which they were made.
#[derive(Debug, Default)]
pub struct Mounts(Vec<Mount>);

#[derive(Debug)]
struct Mount {
    device: Vec<u8>,
    /// What of the file system is mounted.
    root: PathBuf,
    /// Where.
    point: PathBuf,
}

impl Root {
    /// What `/proc/self/mountinfo` lists; nothing where it cannot be read.
    #[must_use]
    pub fn mounts(&self) -> Mounts {
        let text = self.system_file(Path::new("/proc/self/mountinfo")).ok().flatten().unwrap_or_default();
        Mounts(text.split(|byte| *byte == b'\n').filter_map(Mount::of).collect())
    }

    /// The first path of this rule, of a file or program, over which something else is mounted. The kernel watches a name in
    /// its directory, and never what is mounted there, whenever the rule is loaded.
    #[must_use]
    pub fn covered<'r>(&self, rule: &'r Rule, mounts: &Mounts) -> Option<&'r [u8]> {
        let files = rule.fields.iter().filter(|field| matches!(field.number, FieldNumber::PATH | FieldNumber::EXE));
        files.filter_map(|field| field.text()).find(|path| {
            let path = Path::new(OsStr::from_bytes(path));
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return false };
            let may_be_covered = mounts.0.iter().any(|mount| mount.point.file_name() == Some(name));
            may_be_covered && self.real(parent).is_ok_and(|parent| mounts.covers(&parent, name))
        })
    }
}

impl Mounts {
    /// Whether something else than the file itself is mounted over a file of this directory, which is given without links.
    fn covers(&self, directory: &Path, name: &OsStr) -> bool {
        let path = directory.join(name);
        let Some(over) = self.0.iter().rfind(|mount| mount.point == path) else { return false };
        let around = self.0.iter().filter(|mount| directory.starts_with(&mount.point));
        let Some(around) = around.max_by_key(|mount| mount.point.components().count()) else { return false };
        let Ok(inside) = path.strip_prefix(&around.point) else { return false };
        over.device != around.device || over.root != around.root.join(inside)
    }
}

impl Mount {
    /// A line: its number, that of the mount it is on, the device, the root, the point, and more (`proc_pid_mountinfo(5)`).
    fn of(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ').skip(2);
        let path = |word: Option<&[u8]>| Some(PathBuf::from(OsString::from_vec(unescaped(word?))));
        let device = words.next()?.to_vec();
        Some(Self { device, root: path(words.next())?, point: path(words.next())? })
    }
}

/// The bytes of a word in which blanks and backslashes are three octal digits.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    bytes
}
