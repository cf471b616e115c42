//! What `/proc` says about the running host: its processes, how its kernel was started, and which directories are
//! younger than that.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags};
use rustix::io::Errno;

use super::{Root, system};

/// How long after its start a kernel may get its rules, in seconds: what is made until then may be older than they are.
const BOOT: i64 = 120;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its name as the kernel shows it, of 15 bytes at most.
    pub name: String,
}

/// What the kernel was told of audit when it was started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The value of `audit=`.
    pub audit: Option<String>,
    /// The value of `audit_backlog_limit=`.
    pub audit_backlog_limit: Option<String>,
}

impl CommandLine {
    pub(super) fn read(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        // The kernel takes the last of several.
        let value = |name: &str| {
            text.split_whitespace().filter_map(|word| word.strip_prefix(name)).next_back().map(str::to_owned)
        };
        Self { audit: value("audit="), audit_backlog_limit: value("audit_backlog_limit=") }
    }

    /// Whether auditing is on from the start of the kernel: any value of `audit=` but 0 and off means on (`audit_enable`).
    #[must_use]
    pub fn starts_audit(&self) -> bool {
        self.audit.as_ref().is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("off"))
    }
}

/// The path of this executable; none where `/proc` does not tell.
#[must_use]
pub fn own_executable() -> Option<PathBuf> {
    let path = system::readlinkat(CWD, "/proc/self/exe", Vec::new()).ok()?;
    Some(PathBuf::from(OsString::from_vec(path.into_bytes())))
}

/// The login uid of this process; none where `/proc` does not tell, or the kernel has no audit.
#[must_use]
pub fn own_login_uid() -> Option<u32> {
    let file = system::openat(CWD, "/proc/self/loginuid", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut text = [0; 16];
    let length = system::read(&file, &mut text[..]).ok()?;
    std::str::from_utf8(text.get(..length)?).ok()?.trim().parse().ok()
}

/// Gives this process another login uid, and with it a session of its own.
///
/// # Errors
/// What the kernel answers: `EPERM` without `CAP_AUDIT_CONTROL`, and where a login uid cannot be changed any more.
pub fn set_own_login_uid(auid: u32) -> Result<(), Errno> {
    let file = system::openat(CWD, "/proc/self/loginuid", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    system::write(&file, auid.to_string().as_bytes()).map(drop)
}

/// Of the table of `/proc/net/netlink` (`netlink_native_seq_show`) the sockets that listen to records, by port, with how many
/// datagrams each has lost. The columns are: address, protocol, port, the first 32 groups, three that do not matter, lost.
fn listeners(table: &str) -> Vec<(u32, u64)> {
    const AUDIT: &str = "9";
    const READLOG: u32 = 1;
    let socket = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, protocol, port, groups, _, _, _, _, lost, ..] = columns.as_slice() else { return None };
        let listens = *protocol == AUDIT && u32::from_str_radix(groups, 16).ok()? & READLOG != 0;
        Some((port.parse().ok()?, lost.parse().ok()?)).filter(|_| listens)
    };
    table.lines().filter_map(socket).collect()
}

impl Root {
    /// The processes that can be seen; none where there is no `/proc`.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        let Ok(proc) = self.resolve(Path::new("/proc"), true) else { return Vec::new() };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(directory) = system::openat(&proc.fd, ".", flags, Mode::empty()) else { return Vec::new() };
        let Ok(entries) = system::entries(&directory) else { return Vec::new() };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse().ok());
        let process = |pid: u32| {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = system::openat(&directory, format!("{pid}/comm"), flags, Mode::empty()).ok()?;
            let mut name = [0; 64];
            let length = system::read(&file, &mut name[..]).ok()?;
            Some(Process { pid, name: String::from_utf8_lossy(name[..length].trim_ascii_end()).into_owned() })
        };
        let mut processes: Vec<Process> = pids.filter_map(process).collect();
        processes.sort_unstable_by_key(|a| a.pid);
        processes
    }

    /// The ports of the netlink sockets that listen to records (`AUDIT_NLGRP_READLOG`); none where `/proc` does not tell. They
    /// are served in the network namespace of the host's first process alone. A port is the number of its process, but for
    /// the second socket of one.
    #[must_use]
    pub fn record_listeners(&self) -> Vec<u32> {
        self.listeners("/proc/1/net/netlink").into_iter().map(|(port, _)| port).collect()
    }

    /// How many datagrams the socket of this port lost, of those that listen to records; none where `/proc` does not tell.
    #[must_use]
    pub fn dropped_datagrams(&self, port: u32) -> Option<u64> {
        let found = self.listeners("/proc/self/net/netlink").into_iter().find(|(known, _)| *known == port);
        found.map(|(_, lost)| lost)
    }

    fn listeners(&self, table: &str) -> Vec<(u32, u64)> {
        let text = self.system_file(Path::new(table)).ok().flatten().unwrap_or_default();
        listeners(&String::from_utf8_lossy(&text))
    }

    /// What the boot loader told the kernel; none where that cannot be read.
    #[must_use]
    pub fn kernel_command_line(&self) -> Option<CommandLine> {
        self.system_file(Path::new("/proc/cmdline")).ok().flatten().map(|text| CommandLine::read(&text))
    }

    /// The version of the running kernel; none where that cannot be read.
    #[must_use]
    pub fn kernel_release(&self) -> Option<String> {
        self.system_line("/proc/sys/kernel/osrelease")
    }

    /// The name of this host; none where that cannot be read.
    #[must_use]
    pub fn host_name(&self) -> Option<String> {
        self.system_line("/proc/sys/kernel/hostname")
    }

    fn system_line(&self, path: &str) -> Option<String> {
        let text = self.system_file(Path::new(path)).ok().flatten()?;
        Some(String::from_utf8_lossy(text.trim_ascii_end()).into_owned())
    }

    /// Those of these directories that were made since the boot was over. Where a file system does not tell, none.
    #[must_use]
    pub fn made_since_boot(&self, directories: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        if directories.is_empty() {
            return directories;
        }
        let Some(boot) = self.boot_time() else { return Vec::new() };
        let is_young =
            |path: &Vec<u8>| self.birth(path).is_ok_and(|birth| birth.is_some_and(|birth| birth > boot + BOOT));
        directories.into_iter().filter(is_young).collect()
    }

    /// When the kernel started, in seconds since 1970; none where nothing tells.
    #[must_use]
    pub fn boot_time(&self) -> Option<i64> {
        let stat = self.system_file(Path::new("/proc/stat")).ok().flatten()?;
        let line = stat.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"btime "))?;
        std::str::from_utf8(line).ok()?.trim().parse().ok()
    }

    /// When a directory was made, in seconds since 1970; none where the file system does not tell.
    fn birth(&self, path: &[u8]) -> Result<Option<i64>, Errno> {
        let found = self.resolve(Path::new(OsStr::from_bytes(path)), false)?;
        let stat = system::statx(&found.fd, "", AtFlags::EMPTY_PATH, StatxFlags::BTIME)?;
        let tells = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::BTIME);
        Ok(tells.then_some(stat.stx_btime.tv_sec))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_to_records_is_told_by_protocol_and_group() {
        let table = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
            0000000000000000 0   1          000405d1 0        0        0     2        0        1\n\
            0000000000000000 9   313        00000001 0        0        0     2        7        2\n\
            0000000000000000 9   0          00000000 0        0        0     2        0        3\n\
            0000000000000000 9   741        00000000 0        0        0     2        0        4\n\
            0000000000000000 15  314        00000001 0        0        0     2        0        5\n";
        assert_eq!(listeners(table), [(313, 7)]);
        assert_eq!(listeners(""), []);
    }
}
