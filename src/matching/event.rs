//! One event: what a process did, as far as rules can ask about it.

use std::rc::Rc;

use crate::rule::{FieldNumber, List};

/// Every combination of r, w, x and a.
pub const ANY_ACCESS: u32 = 0xffff;

/// What a process did, or a record about it. Nothing is known of what is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The list that is asked.
    pub list: List,
    /// The number of the system call, or of the `io_uring` operation.
    pub syscall: Option<u32>,
    /// Properties that are one number: ids, architecture, arguments, `exit`, record type and so on.
    pub numbers: Vec<(FieldNumber, u32)>,
    /// The supplementary groups of the process.
    pub groups: Option<Vec<u32>>,
    /// Whether the call came back, and with success.
    pub result: Option<CallResult>,
    /// What the call does to a file (r 4, w 2, x 1, a 8), as a set of the combinations that are possible: one bit each.
    pub accesses: u32,
    /// The program, by its path.
    pub exe: Option<Rc<[u8]>>,
    /// Properties that are text: security labels.
    pub texts: Vec<(FieldNumber, Rc<[u8]>)>,
    /// The files that the call names.
    pub names: Option<Vec<Name>>,
    /// Whether the kernel certainly found these files. A call that fails may fail on the way to them: then audit has no
    /// file to hold against a rule.
    pub are_names_found: bool,
    /// Whether there is a socket address; its family is one of the numbers.
    pub has_address: Option<bool>,
}

/// How a system call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CallResult {
    Success,
    Failure,
    /// It did not come back: the process ended in it.
    None,
}

/// A file that a system call names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// Its path; links on it are not followed here.
    pub path: Vec<u8>,
    /// Its `inode`, `devmajor`, `devminor`, `obj_uid` and `obj_gid`. Of a number with two values one is enough.
    pub numbers: Vec<(FieldNumber, u32)>,
    /// Its kind (`S_IFMT` bits).
    pub kind: Option<u32>,
}

impl Event {
    /// An event of a list of which nothing is known.
    #[must_use]
    pub fn unknown(list: List) -> Self {
        Self {
            list,
            syscall: None,
            numbers: Vec::new(),
            groups: None,
            result: None,
            accesses: ANY_ACCESS,
            exe: None,
            texts: Vec::new(),
            names: None,
            are_names_found: true,
            has_address: None,
        }
    }

    /// The number of a property.
    #[must_use]
    pub fn number(&self, field: FieldNumber) -> Option<u32> {
        self.numbers.iter().find(|(known, _)| *known == field).map(|(_, number)| *number)
    }
}
