//! What the arguments of a call point to.

/// An argument of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// A number.
    Number(i64),
    /// The number of the process that does the call.
    OwnPid,
    /// A file that was opened for reading: the one of the path.
    Descriptor,
    /// The path.
    Path,
    /// Another path, for calls that name two.
    Other,
    /// The name of an attribute that only the administrator may set.
    Attribute,
    /// The words of a command line: the path alone.
    Words,
    /// A file handle that leads to no file.
    Handle,
    /// Zeros, as many as any structure has.
    Zeros,
    /// The directory that the path is in.
    Directory,
}

/// The paths to which arguments point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The path.
    pub path: Vec<u8>,
    /// The other one.
    pub other: Vec<u8>,
}

/// Attributes with this prefix need `CAP_SYS_ADMIN`, whoever owns the file (`xattr_permission`).
const ATTRIBUTE: &[u8] = b"trusted.audit_rules\0";
/// `struct file_handle`: eight bytes of an unknown type.
const HANDLE: [u8; 16] = [8, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const ZEROS: usize = 1024;
/// Where each of them lies.
const AT_WORDS: usize = ZEROS;
const AT_HANDLE: usize = AT_WORDS + 16;
const AT_ATTRIBUTE: usize = AT_HANDLE + 16;
const AT_PATH: usize = AT_ATTRIBUTE + 32;
/// The longest path is 4,096 bytes with its end (`PATH_MAX`).
const AT_OTHER: usize = AT_PATH + 4096;
const AT_DIRECTORY: usize = AT_OTHER + 4096;
/// How many bytes all of them are.
pub const SIZE: usize = AT_DIRECTORY + 4096;

/// The directory that a path is in.
#[must_use]
pub fn directory_of(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path.get(..end.max(1)).unwrap_or(b"/")
}

impl Memory {
    /// The bytes, as they are to lie from this address on.
    #[must_use]
    pub fn bytes(&self, address: u64, is_compat: bool) -> Vec<u8> {
        let mut bytes = vec![0; SIZE];
        let mut put = |at: usize, part: &[u8]| {
            if let Some(place) = bytes.get_mut(at..at + part.len()) {
                place.copy_from_slice(part);
            }
        };
        let path = address + AT_PATH as u64;
        put(AT_WORDS, &if is_compat { (path & 0xffff_ffff).to_ne_bytes() } else { path.to_ne_bytes() });
        put(AT_HANDLE, &HANDLE);
        put(AT_ATTRIBUTE, ATTRIBUTE);
        put(AT_PATH, self.path.get(..4095).unwrap_or(&self.path));
        put(AT_OTHER, self.other.get(..4095).unwrap_or(&self.other));
        put(AT_DIRECTORY, directory_of(&self.path));
        bytes
    }
}

impl Argument {
    /// Its value for a process with this number, this file and this memory.
    #[must_use]
    pub fn value(self, pid: u32, descriptor: i64, memory: u64) -> u64 {
        let at = |place: usize| memory + place as u64;
        match self {
            Self::Number(number) => u64::from_ne_bytes(number.to_ne_bytes()),
            Self::OwnPid => pid.into(),
            Self::Descriptor => u64::from_ne_bytes(descriptor.to_ne_bytes()),
            Self::Zeros => memory,
            Self::Words => at(AT_WORDS),
            Self::Handle => at(AT_HANDLE),
            Self::Attribute => at(AT_ATTRIBUTE),
            Self::Path => at(AT_PATH),
            Self::Other => at(AT_OTHER),
            Self::Directory => at(AT_DIRECTORY),
        }
    }
}
