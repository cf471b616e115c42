//! One system call by a process of its own, which can do no harm.
//!
//! The process is this executable anew: the kernel audits no process that is older than auditing. It gives up every right but
//! to look ([`actor`]), stops, and is made to do the call by its tracer ([`tracer`]), which sees the result and ends it before
//! it comes back to its own code.

mod actor;
mod memory;
mod registers;
mod tracer;

pub use actor::act;
pub use memory::{Argument, Memory, directory_of};
pub use tracer::{TO_LOOK, make};

use crate::kernel::Errno;

/// The word on the command line by which this executable becomes such a process.
pub const WORD: &str = "trigger";
/// The user of such a process, where a rule does not ask for another one (`nobody`, as the kernel calls what has no number).
pub const NOBODY: u32 = 65534;

/// Who does the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The login uid that is taken; none: that of this process.
    pub auid: Option<u32>,
    /// Real, and effective, saved and file system user.
    pub users: (u32, u32),
    /// Real, and effective, saved and file system group. It has no others.
    pub groups: (u32, u32),
    /// Whether it may read every file and search every directory (`CAP_DAC_READ_SEARCH`). It has no other capability.
    pub searches: bool,
}

/// How long the words of the call are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// As those of this executable.
    Native,
    /// 32 bit, on a machine of 64 bit that has such calls too.
    Compat,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// How the kernel is entered.
    pub entry: Entry,
    /// Its number there.
    pub number: u32,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// What its arguments point to.
    pub memory: Memory,
    /// What the process must not be allowed to write to, or the call is not made.
    pub guard: Guard,
}

/// What a process must not be allowed to write to. The kernel is asked, which also knows access lists and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guard {
    /// The file of the path.
    pub file: bool,
    /// The directory that it is in.
    pub directory: bool,
}

impl Call {
    /// The file that it names.
    #[must_use]
    pub fn path(&self) -> Option<&[u8]> {
        let names = self.arguments.iter().any(|argument| matches!(argument, Argument::Path | Argument::Descriptor));
        names.then_some(&self.memory.path)
    }
}

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The process.
    pub pid: u32,
    /// What the call returned: an error is the negative of its number.
    pub exit: i64,
}

/// Why a call was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// The process could not be started.
    Start(Errno),
    /// It could not be made harmless: what it was about to do.
    Prepare(String, Errno),
    /// It could not be traced.
    Trace(Errno),
    /// The kernel does not take calls of this kind.
    NoEntry,
    /// The call did not come back in time.
    Blocks,
    /// The process ended before the call, or in it.
    Ended,
    /// It could have changed something.
    Harm,
    /// The file that the call is about could not be opened for it.
    NoDescriptor(Errno),
}
