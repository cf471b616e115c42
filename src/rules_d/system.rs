//! The system calls on files, all that this layer makes.
//!
//! They are those of `rustix`. With the feature `model` each of them can be made to go wrong, see [`fault`].

#[cfg(any(test, feature = "model"))]
pub mod fault;

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dir, FileType, FlockOperation, Gid, Mode, OFlags, RawDir, Stat, StatFs, StatVfs, Statx, StatxFlags, Uid,
    XattrFlags,
};
use rustix::io::Errno;
use rustix::path::Arg;

/// Passes a call on, unless a fault is to come. What stands behind the arrow in braces is the answer to a call that is
/// accepted and not carried out, where there can be one.
macro_rules! calls {
    ($($module:ident::$name:ident($($argument:ident: $type:ty),*) -> $answer:ty $({ $ignored:expr })?;)*) => {$(
        #[inline]
        pub(super) fn $name($($argument: $type),*) -> Result<$answer, Errno> {
            #[cfg(any(test, feature = "model"))]
            match fault::enter(stringify!($name)) {
                Some(fault::Fault::Fail(errno)) => return Err(errno),
                Some(fault::Fault::Ignore) => { $(return Ok($ignored);)? }
                None => {}
            }
            rustix::$module::$name($($argument),*)
        }
    )*};
}

calls! {
    fs::open(path: impl Arg, flags: OFlags, mode: Mode) -> OwnedFd;
    fs::statat(directory: impl AsFd, path: impl Arg, flags: AtFlags) -> Stat;
    fs::statx(directory: impl AsFd, path: impl Arg, flags: AtFlags, mask: StatxFlags) -> Statx;
    fs::fstat(fd: impl AsFd) -> Stat;
    fs::fstatvfs(fd: impl AsFd) -> StatVfs;
    fs::fchmod(fd: impl AsFd, mode: Mode) -> () { () };
    fs::fchown(fd: impl AsFd, owner: Option<Uid>, group: Option<Gid>) -> () { () };
    fs::fsync(fd: impl AsFd) -> () { () };
    fs::fgetxattr(fd: impl AsFd, name: impl Arg, value: &mut [u8]) -> usize;
    fs::lgetxattr(path: impl Arg, name: impl Arg, value: &mut [u8]) -> usize;
    fs::fsetxattr(fd: impl AsFd, name: impl Arg, value: &[u8], flags: XattrFlags) -> () { () };
    fs::flock(fd: impl AsFd, operation: FlockOperation) -> ();
    fs::mkdirat(directory: impl AsFd, path: impl Arg, mode: Mode) -> () { () };
    fs::renameat(from: impl AsFd, old: impl Arg, to: impl AsFd, new: impl Arg) -> () { () };
    fs::unlinkat(directory: impl AsFd, path: impl Arg, flags: AtFlags) -> () { () };
    fs::readlinkat(directory: impl AsFd, path: impl Arg, reuse: Vec<u8>) -> std::ffi::CString;
    io::fcntl_dupfd_cloexec(fd: impl AsFd, least: i32) -> OwnedFd;
    fs::statfs(path: impl Arg) -> StatFs;
    process::fchdir(fd: impl AsFd) -> ();
    process::chroot(path: impl Arg) -> ();
    process::chdir(path: impl Arg) -> ();
    io::read(fd: impl AsFd, buffer: &mut [u8]) -> usize;
    io::write(fd: impl AsFd, bytes: &[u8]) -> usize { bytes.len() };
}

/// Opens a file; one that creates it counts as another call than one that does not.
#[inline]
pub(super) fn openat(directory: impl AsFd, path: impl Arg, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    #[cfg(any(test, feature = "model"))]
    if let Some(fault::Fault::Fail(errno)) =
        fault::enter(if flags.contains(OFlags::CREATE) { fault::CREATE } else { "openat" })
    {
        return Err(errno);
    }
    rustix::fs::openat(directory, path, flags, mode)
}

/// The entries of a directory.
#[inline]
pub(super) fn entries(directory: impl AsFd) -> Result<Dir, Errno> {
    #[cfg(any(test, feature = "model"))]
    if let Some(fault::Fault::Fail(errno)) = fault::enter("getdents") {
        return Err(errno);
    }
    Dir::read_from(directory)
}

/// Tells of each entry of a directory its name and, where the file system knows that, its kind. The buffer is for what the
/// kernel gives at once; nothing else is kept.
#[inline]
pub(super) fn each_entry(
    directory: impl AsFd,
    buffer: &mut [MaybeUninit<u8>],
    each: &mut dyn FnMut(&CStr, FileType),
) -> Result<(), Errno> {
    #[cfg(any(test, feature = "model"))]
    if let Some(fault::Fault::Fail(errno)) = fault::enter("getdents") {
        return Err(errno);
    }
    let mut entries = RawDir::new(directory, buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        each(entry.file_name(), entry.file_type());
    }
    Ok(())
}
