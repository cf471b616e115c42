//! Whether the files that this process sees are those of the host whose kernel it talks to.
//!
//! The kernel lets a privileged container with the host's processes, or a chroot, manage its audit rules; the rules.d
//! and the paths that such a process sees are another system's. So mount namespace and root directory are compared with
//! those of process 1.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, PROC_SUPER_MAGIC, Stat};

use super::problem::{FileError, Problem};
use super::{Root, system};

/// Inode of the initial user namespace (`PROC_USER_INIT_INO` in `include/linux/proc_ns.h`).
const INITIAL_USER: u64 = 4_026_531_837;
/// Inode of the initial process namespace (`PROC_PID_INIT_INO` in `include/linux/proc_ns.h`).
const INITIAL_PID: u64 = 4_026_531_836;

/// A file or directory of the running system: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    /// The device (`st_dev`).
    pub device: u64,
    /// The inode on it.
    pub inode: u64,
}

/// Mount namespace and root directory of a process, as far as they could be learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// The mount namespace.
    pub mounts: Option<FileId>,
    /// The root directory.
    pub root: Option<FileId>,
}

/// Why the files that this process sees may not be those of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// Its root directory is not that of process 1.
    Root,
    /// It is in another mount namespace than process 1.
    MountNamespace,
    /// Process 1 cannot be looked at.
    Unknown,
}

/// Where a process stands compared with the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Why it may not see the host's files; none where it does.
    pub elsewhere: Option<Elsewhere>,
    /// The root directory of the host, where that could be learnt.
    pub host_root: Option<FileId>,
}

/// Compares a process with process 1 and with thread 2, the kernel's own, which may be looked at where process 1 may not.
/// That the thread sees the same is proof; that it does not is none, since a kernel may give its threads an empty root.
#[must_use]
pub fn compare(own: View, process_1: View, thread_2: View) -> Standing {
    let same = |own: Option<FileId>, other: Option<FileId>| Some(own? == other?);
    let judge = |mounts: Option<bool>, root: Option<bool>| match (mounts, root) {
        (_, Some(false)) => Some(Elsewhere::Root),
        (Some(false), _) => Some(Elsewhere::MountNamespace),
        (Some(true), Some(true)) => None,
        _ => Some(Elsewhere::Unknown),
    };
    let (mounts, root) = (same(own.mounts, process_1.mounts), same(own.root, process_1.root));
    let of_thread = (same(own.mounts, thread_2.mounts), same(own.root, thread_2.root));
    match judge(mounts, root) {
        Some(Elsewhere::Unknown) if of_thread == (Some(true), Some(true)) => {
            Standing { elsewhere: None, host_root: own.root }
        }
        elsewhere => Standing { elsewhere, host_root: process_1.root },
    }
}

/// Where this process stands.
#[must_use]
pub fn standing() -> Standing {
    // A directory of plain files at /proc, as an image may have it, could say anything.
    if !system::statfs("/proc").is_ok_and(|found| found.f_type == PROC_SUPER_MAGIC) {
        return Standing { elsewhere: Some(Elsewhere::Unknown), host_root: None };
    }
    let own = View { mounts: id("/proc/self/ns/mnt"), root: id("/") };
    let of = |process: u32| View {
        mounts: id(&format!("/proc/{process}/ns/mnt")),
        root: id(&format!("/proc/{process}/root/")),
    };
    // Elsewhere 2 is any process.
    let is_initial = id("/proc/self/ns/pid").is_some_and(|found| found.inode == INITIAL_PID);
    compare(own, of(1), if is_initial { of(2) } else { View::default() })
}

/// Whether the user ids that we see may be those of another user namespace, where real root is nobody that has an id.
pub(super) fn is_own_user_namespace() -> bool {
    id("/proc/self/ns/user").is_some_and(|found| found.inode != INITIAL_USER)
}

/// Whether this process is in the network namespace of the host's first process; none where that could not be learnt.
#[must_use]
pub fn is_initial_network() -> Option<bool> {
    Some(id("/proc/self/ns/net")? == id("/proc/1/ns/net")?)
}

fn id(path: &str) -> Option<FileId> {
    system::statat(CWD, path, AtFlags::empty()).ok().as_ref().map(FileId::from)
}

impl From<&Stat> for FileId {
    fn from(found: &Stat) -> Self {
        Self { device: found.st_dev, inode: found.st_ino }
    }
}

/// Enters a root directory for good (chroot), so that the kernel, too, finds paths there: it looks them up as the process
/// does that sends a rule.
///
/// # Errors
/// A path on which others have a say; what is not the root directory of process 1, where that is known; what the operating
/// system answers.
pub fn enter(path: &Path, host_root: Option<FileId>) -> Result<(), FileError> {
    let root = Root::open(Path::new("/"))?.below(path)?;
    if let Some(distrusted) = root.distrusted().first() {
        return Err(distrusted.clone());
    }
    if host_root.is_some_and(|host_root| root.id().is_ok_and(|id| id != host_root)) {
        return Err(FileError::new(path, Problem::NotTheHost));
    }
    change_root(root.descriptor()).map_err(|errno| FileError::unreadable(path, "chroot", errno))
}

fn change_root(root: &OwnedFd) -> Result<(), rustix::io::Errno> {
    system::fchdir(root)?;
    system::chroot(".")?;
    system::chdir("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: View = View { mounts: None, root: None };

    fn view(mounts: u64, root: u64) -> View {
        View { mounts: Some(FileId { device: 4, inode: mounts }), root: Some(FileId { device: 9, inode: root }) }
    }

    #[test]
    fn only_who_sees_what_process_1_sees_stands_on_the_host() {
        let own = view(1, 2);
        let rows = [
            (view(1, 2), NOTHING, None),
            (view(1, 3), NOTHING, Some(Elsewhere::Root)),
            (view(7, 2), NOTHING, Some(Elsewhere::MountNamespace)),
            (view(7, 3), NOTHING, Some(Elsewhere::Root)),
            (View { mounts: None, ..view(1, 2) }, NOTHING, Some(Elsewhere::Unknown)),
            (View { root: None, ..view(1, 2) }, NOTHING, Some(Elsewhere::Unknown)),
            (View { root: None, ..view(7, 2) }, NOTHING, Some(Elsewhere::MountNamespace)),
            (NOTHING, NOTHING, Some(Elsewhere::Unknown)),
        ];
        for (process_1, thread_2, expected) in rows {
            assert_eq!(compare(own, process_1, thread_2).elsewhere, expected, "{process_1:?}");
        }
        assert_eq!(compare(NOTHING, view(1, 2), view(1, 2)).elsewhere, Some(Elsewhere::Unknown));
    }

    #[test]
    fn the_thread_of_the_kernel_can_prove_that_we_stand_on_the_host_and_nothing_else() {
        let own = view(1, 2);
        assert_eq!(compare(own, NOTHING, own), Standing { elsewhere: None, host_root: own.root });
        for other in [view(1, 3), view(7, 2), View { mounts: None, ..own }, NOTHING] {
            assert_eq!(compare(own, NOTHING, other).elsewhere, Some(Elsewhere::Unknown), "{other:?}");
        }
        assert_eq!(compare(own, view(1, 3), own).elsewhere, Some(Elsewhere::Root));
        assert_eq!(compare(own, view(7, 2), own).elsewhere, Some(Elsewhere::MountNamespace));
    }

    #[test]
    fn the_root_directory_of_the_host_is_that_of_process_1() {
        assert_eq!(compare(view(1, 2), view(7, 3), NOTHING).host_root, view(7, 3).root);
        assert_eq!(compare(view(1, 2), NOTHING, NOTHING).host_root, None);
    }
}
