//! The files of a system call, from PATH records.

use super::facts::Process;
use crate::records::{Fields, Record, Value};

/// What `openat` and others are given for the directory of the process (`AT_FDCWD`).
const HERE: u64 = 0xffff_ff9c;

/// Calls that take a name from a directory that is open, with the arguments that name it.
const FROM_A_DIRECTORY: [(&str, &[usize]); 25] = [
    ("execveat", &[0]),
    ("faccessat", &[0]),
    ("faccessat2", &[0]),
    ("fchmodat", &[0]),
    ("fchmodat2", &[0]),
    ("fchownat", &[0]),
    ("fstatat64", &[0]),
    ("futimesat", &[0]),
    ("linkat", &[0, 2]),
    ("mkdirat", &[0]),
    ("mknodat", &[0]),
    ("mount_setattr", &[0]),
    ("move_mount", &[0, 2]),
    ("name_to_handle_at", &[0]),
    ("newfstatat", &[0]),
    ("open_tree", &[0]),
    ("openat", &[0]),
    ("openat2", &[0]),
    ("readlinkat", &[0]),
    ("renameat", &[0, 2]),
    ("renameat2", &[0, 2]),
    ("statx", &[0]),
    ("symlinkat", &[1]),
    ("unlinkat", &[0]),
    ("utimensat", &[0]),
];

/// One file, as its PATH record says it. Nothing is none.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the names are those of the record")]
pub struct File<'a> {
    pub name: Option<Value<'a>>,
    /// Its number; none where the kernel found no file.
    pub inode: Option<u64>,
    /// Major and minor number of the device.
    pub device: Option<(u32, u32)>,
    pub mode: Option<u32>,
    pub user: Option<u32>,
    pub group: Option<u32>,
    /// `NORMAL`, `PARENT`, `CREATE`, `DELETE` or `UNKNOWN`.
    pub name_type: Option<&'a [u8]>,
    /// What the record says behind that: the capabilities of a program.
    rest: Fields<'a>,
}

impl<'a> File<'a> {
    /// What a record says.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Self {
        let mut file = Self::default();
        let mut fields = record.fields();
        for field in fields.by_ref() {
            let value = field.value;
            match field.name {
                b"name" => file.name = Some(value),
                b"inode" => file.inode = value.long(),
                b"dev" => file.device = device(value),
                b"mode" => file.mode = value.octal(),
                b"ouid" => file.user = value.number(),
                b"ogid" => file.group = value.number(),
                b"nametype" | b"objtype" => {
                    file.name_type = Some(value.written());
                    break;
                }
                _ => {}
            }
        }
        file.rest = fields;
        file
    }

    /// Its whole path, where that is known; else its name as the call gave it.
    #[must_use]
    pub fn path_or_name(&self, cwd: Option<Value<'_>>, process: &Process<'_>) -> Option<Vec<u8>> {
        self.path(cwd, process).or_else(|| Some(self.name?.text()?.into_owned()))
    }

    /// The capabilities that it gives whoever starts it, one bit each (`cap_fp`).
    #[must_use]
    pub fn capabilities(&self) -> Option<u64> {
        self.rest.clone().find(|field| field.name == b"cap_fp")?.value.hexadecimal()
    }

    /// Its whole path, without `.`, `..` and doubled slashes; none where the record has no name, or one that counts from a
    /// directory that nothing tells.
    #[must_use]
    pub fn path(&self, cwd: Option<Value<'a>>, process: &Process<'_>) -> Option<Vec<u8>> {
        let name = self.name?.text()?;
        if name.starts_with(b"/") {
            return Some(simplified(&name));
        }
        let call = process.call_name()?;
        let directories = FROM_A_DIRECTORY.iter().find(|(known, _)| *known == call).map_or(&[][..], |(_, at)| at);
        let is_here =
            |at: &usize| process.arguments.get(*at).copied().flatten().is_some_and(|fd| fd & 0xffff_ffff == HERE);
        if !directories.iter().all(is_here) {
            return None;
        }
        let cwd = cwd?.text()?;
        cwd.starts_with(b"/").then(|| simplified(&[&cwd[..], b"/", &name].concat()))
    }
}

/// `08:01`, in hexadecimal.
fn device(value: Value<'_>) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(value.written()).ok()?;
    let (major, minor) = text.split_once(':')?;
    Some((u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?))
}

/// A path without `.`, `..` and doubled slashes, by its text alone.
fn simplified(path: &[u8]) -> Vec<u8> {
    let mut steps: Vec<&[u8]> = Vec::new();
    for step in path.split(|byte| *byte == b'/') {
        match step {
            b"" | b"." => {}
            b".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    let mut simplified = Vec::with_capacity(path.len());
    for step in steps {
        simplified.push(b'/');
        simplified.extend_from_slice(step);
    }
    if simplified.is_empty() { b"/".to_vec() } else { simplified }
}
