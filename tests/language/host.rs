//! The host on which the vectors were taken: Debian on `x86_64`.

use std::sync::OnceLock;

use audit_rules::auditctl::{Accounts, Context, UnknownSyscalls};
use audit_rules::lines::PathFacts;
use audit_rules::rule::Machine;
use audit_rules::rule::path::PathFact;

/// Debian's standard users (base-passwd, systemd, dbus, `OpenSSH`).
const PASSWD: &[u8] = include_bytes!("passwd");
/// Debian's standard groups.
const GROUP: &[u8] = include_bytes!("group");

/// The machine, accounts and auditctl's strictness.
pub fn context() -> Context<'static> {
    static HOST: OnceLock<(Machine, Accounts)> = OnceLock::new();
    let (machine, accounts) =
        HOST.get_or_init(|| (Machine::from_uname("x86_64").unwrap(), Accounts::from_files(PASSWD, GROUP)));
    Context { machine, accounts, unknown_syscalls: UnknownSyscalls::Fail, installed: None }
}

/// The watched paths of the vectors that were directories there.
const DIRECTORIES: &str = include_str!("directories");

/// Those of the watched paths that were directories there.
#[allow(dead_code, reason = "not every test looks at the host's files")]
pub fn directories() -> &'static PathFacts {
    // Paths are shared within a thread; a test binary has few.
    thread_local! {
        static SET: &'static PathFacts = Box::leak(Box::new(
            DIRECTORIES.lines().map(|path| (path.as_bytes().into(), PathFact::Directory)).collect(),
        ));
    }
    SET.with(|set| *set)
}
