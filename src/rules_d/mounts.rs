//! What is mounted over the files of rules.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::{FileError, Root};
use crate::rule::{FieldNumber, Rule};

/// What lists them.
const MOUNTINFO: &str = "/proc/self/mountinfo";

/// The mounts that this process sees, in the order in which they were made.
#[derive(Debug, Default)]
pub struct Mounts(Vec<Mount>);

/// A mount.
#[derive(Debug)]
pub(super) struct Mount {
    /// Its number.
    pub number: u64,
    device: Vec<u8>,
    /// What of the file system is mounted.
    root: PathBuf,
    /// Where.
    pub point: PathBuf,
    /// Whether programs get no rights of their own there, or cannot be executed (`nosuid`, `noexec`).
    pub is_harmless: bool,
    /// The type of the file system.
    pub kind: Vec<u8>,
}

/// A part of a file system, mounted at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mounted {
    pub device: String,
    /// What of the file system is mounted.
    root: PathBuf,
    /// Where.
    pub point: PathBuf,
}

impl Mounted {
    /// Whether this is the same as another one, or a part of it.
    pub fn lies_in(&self, other: &Self) -> bool {
        self.device == other.device && self.root.starts_with(&other.root)
    }

    /// Device, root and place as text.
    pub fn to_texts(&self) -> (String, String, String) {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        (self.device.clone(), text(&self.root), text(&self.point))
    }
}

impl From<(String, String, String)> for Mounted {
    fn from((device, root, point): (String, String, String)) -> Self {
        Self { device, root: root.into(), point: point.into() }
    }
}

impl Root {
    /// What is mounted at and below the directories that this rule watches (`dir=`), the directory itself first. Nothing where
    /// the kernel does not say what is mounted there.
    pub(super) fn mounted_in(&self, rule: &Rule, mounts: &Mounts) -> Vec<Mounted> {
        let trees = rule.fields.iter().filter(|field| field.number == FieldNumber::DIR);
        let trees = trees.filter_map(|field| self.real(Path::new(OsStr::from_bytes(field.text()?))).ok());
        trees.flat_map(|tree| mounts.within(&tree)).collect()
    }

    /// What `/proc/self/mountinfo` lists; nothing where it cannot be read.
    #[must_use]
    pub fn mounts(&self) -> Mounts {
        Mounts::of(&self.system_file(Path::new(MOUNTINFO)).ok().flatten().unwrap_or_default())
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
    /// The mounts that this process sees, below whichever directory.
    ///
    /// # Errors
    /// Where the list is not to be had, as without `/proc`.
    pub(super) fn of_process() -> Result<Self, FileError> {
        let missing = || FileError::unreadable(Path::new(MOUNTINFO), "open", rustix::io::Errno::NOENT);
        let text = Root::open(Path::new("/"))?.system_file(Path::new(MOUNTINFO))?.ok_or_else(missing)?;
        Ok(Self::of(&text))
    }

    fn of(text: &[u8]) -> Self {
        Self(text.split(|byte| *byte == b'\n').filter_map(Mount::of).collect())
    }

    pub(super) fn all(&self) -> &[Mount] {
        &self.0
    }

    /// What is mounted at and below a directory, which is given without links; the directory itself first.
    fn within(&self, directory: &Path) -> Vec<Mounted> {
        let around = self.0.iter().filter(|mount| directory.starts_with(&mount.point));
        let around = around.max_by_key(|mount| mount.point.components().count());
        let Some((around, inside)) = around.and_then(|mount| {
            let inside = directory.strip_prefix(&mount.point).ok()?;
            Some((mount, inside))
        }) else {
            return Vec::new();
        };
        let device = |mount: &Mount| String::from_utf8_lossy(&mount.device).into_owned();
        let root = if inside.as_os_str().is_empty() { around.root.clone() } else { around.root.join(inside) };
        let own = Mounted { device: device(around), root, point: directory.to_owned() };
        let below = self.0.iter().filter(|mount| mount.point != directory && mount.point.starts_with(directory));
        let below =
            below.map(|mount| Mounted { device: device(mount), root: mount.root.clone(), point: mount.point.clone() });
        std::iter::once(own).chain(below).collect()
    }

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
    /// A line: its number, that of the mount it is on, the device, the root, the point, options, more of them up to a dash,
    /// the type, and more (`proc_pid_mountinfo(5)`).
    fn of(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ');
        let path = |word: Option<&[u8]>| Some(PathBuf::from(OsString::from_vec(unescaped(word?))));
        let number = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
        let device = words.nth(1)?.to_vec();
        let (root, point) = (path(words.next())?, path(words.next())?);
        let mut options = words.next()?.split(|byte| *byte == b',');
        let is_harmless = options.any(|option| matches!(option, b"nosuid" | b"noexec"));
        let kind = words.skip_while(|word| *word != b"-").nth(1).map(unescaped).unwrap_or_default();
        Some(Self { number, device, root, point, is_harmless, kind })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_number_point_options_and_type_whatever_optional_fields_it_has() {
        type Row = (&'static [u8], u64, &'static [u8], bool, &'static [u8]);
        let rows: [Row; 6] = [
            (b"28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw", 28, b"/", false, b"ext4"),
            (
                b"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw",
                36,
                b"/mnt2",
                false,
                b"ext3",
            ),
            (b"40 28 0:35 / /run rw,nosuid,nodev - tmpfs tmpfs rw,size=1k", 40, b"/run", true, b"tmpfs"),
            (b"41 28 0:36 / /var/tmp ro,noexec - xfs /dev/vdb rw", 41, b"/var/tmp", true, b"xfs"),
            // The options of the file system are not those of the mount.
            (b"42 28 0:37 / /a\\040b\\134\\012c rw - fuse.x#y nosuid rw,nosuid", 42, b"/a b\\\nc", false, b"fuse.x#y"),
            (b"43 28 0:38 / /- rw - - - rw", 43, b"/-", false, b"-"),
        ];
        for (line, number, point, is_harmless, kind) in rows {
            let mount = Mount::of(line).unwrap();
            let found = (mount.number, mount.point.as_os_str().as_bytes(), mount.is_harmless, &*mount.kind);
            assert_eq!(found, (number, point, is_harmless, kind), "{}", String::from_utf8_lossy(line));
        }
        assert!(Mount::of(b"").is_none());
        assert!(Mount::of(b"x 1 254:0 / / rw - ext4 a rw").is_none());
    }
}
