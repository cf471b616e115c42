//! The host that a request is about: its root directory, its kernel, and how a signal reaches us.

use std::path::PathBuf;

use crate::kernel::{Access, Kernel, KernelError};
use crate::rule::Machine;
use crate::rules_d::{FileError, Root, Standing};

/// The host that a request is about.
pub struct World<'a> {
    /// The root directory of the running host; tests have another one.
    pub root: PathBuf,
    /// What we can do with its kernel, or what kept us from learning it; none where nobody asked, because the request is
    /// about files only.
    pub access: Option<Result<Access, KernelError>>,
    /// Its kernel, where it answers us.
    pub kernel: Option<&'a mut dyn Kernel>,
    /// Whether the files that we see are those of its host.
    pub standing: Standing,
    /// Whose rules they are: what `uname -m` says, or the machine of an image.
    pub machine: Machine,
    /// The path of this executable, for the record of a change; none where nobody tells.
    pub executable: Option<PathBuf>,
    /// The signal that asks us to stop, as soon as one came.
    pub interrupted: &'a mut dyn FnMut() -> Option<&'static str>,
}

impl World<'_> {
    /// The root directory of a request.
    #[must_use]
    pub fn root_of(&self, place: &crate::intent::Location) -> PathBuf {
        let inside = place.root.strip_prefix("/").unwrap_or(&place.root);
        if inside.as_os_str().is_empty() { self.root.clone() } else { self.root.join(inside) }
    }
    /// Opens the root directory of a request that only looks; links on the way are followed.
    ///
    /// # Errors
    /// As [`Root::open`]; another root than `/` that is the same directory as `/`.
    pub fn root_to_read(&self, place: &crate::intent::Location) -> Result<Root, FileError> {
        let host = Root::open(&self.root)?;
        if place.is_live() { Ok(host) } else { Root::open(&self.root_of(place))?.other_than(&host) }
    }

    /// Opens the root directory of a request that changes files: no link on the way is followed, and who may write to the
    /// directories on the way is judged as it is for the drop-ins.
    ///
    /// # Errors
    /// As [`Root::below`]; another root than `/` that is the same directory as `/`.
    pub fn root_to_write(&self, place: &crate::intent::Location) -> Result<Root, FileError> {
        let host = Root::open(&self.root)?;
        if place.is_live() { Ok(host) } else { host.below(&place.root)?.other_than(&host) }
    }
}
