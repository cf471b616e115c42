//! What is known of the host before anything is tried.

use crate::rule::Machine;
use crate::trigger::Actor;

/// `S_IFMT` and kinds of files.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;

/// A file, as `stat` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFacts {
    /// Kind and permissions.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its number on its device.
    pub inode: u64,
    /// Its device: major and minor number.
    pub device: (u32, u32),
}

/// What is known of the host.
pub struct Host<'a> {
    /// Its machine.
    pub machine: Machine,
    /// The login uid of this process, where it is known.
    pub auid: Option<u32>,
    /// The path of this executable.
    pub executable: Option<&'a [u8]>,
    /// What stands at a path, links followed.
    pub look: &'a dyn Fn(&[u8]) -> Option<FileFacts>,
}

impl FileFacts {
    /// The kind of the file (`S_IFMT` bits).
    #[must_use]
    pub fn kind(&self) -> u32 {
        self.mode & KIND
    }

    /// Whether it is a file with content.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        self.kind() == REGULAR
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.kind() == DIRECTORY
    }

    /// Whether anybody may execute it.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }

    /// Whether the actor may write to it, or owns it and so could let itself.
    #[must_use]
    pub fn is_in_reach_of(&self, actor: &Actor) -> bool {
        self.uid == actor.users.1 || self.allows(actor, 0o2)
    }

    /// Whether the actor may read it.
    #[must_use]
    pub fn is_readable_by(&self, actor: &Actor) -> bool {
        actor.searches || self.allows(actor, 0o4)
    }

    /// Whether nothing comes of opening it: it has content or entries, or the actor may not.
    #[must_use]
    pub fn may_be_opened_by(&self, actor: &Actor, writes: bool) -> bool {
        let is_refused = if writes { !self.is_in_reach_of(actor) } else { !self.is_readable_by(actor) };
        self.is_regular() || self.is_directory() || is_refused
    }

    /// Access lists that name a user are beyond this; they name nobody of that number.
    fn allows(&self, actor: &Actor, bit: u32) -> bool {
        let of = |shift: u32| self.mode >> shift & bit != 0;
        match actor {
            actor if actor.users.1 == self.uid => of(6),
            actor if actor.groups.1 == self.gid => of(3),
            _ => of(0),
        }
    }
}
