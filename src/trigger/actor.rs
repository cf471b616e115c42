//! The process that does the call, until it stops for its tracer.

use std::ffi::OsString;
use std::io;

use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use rustix::io::Errno as Refused;
use rustix::process::{Gid, Uid, set_parent_process_death_signal};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::memory::SIZE;
use super::{Actor, WORD};
use crate::rules_d::set_own_login_uid;

const SEARCHES: &str = "searches";

impl Actor {
    /// The command line that makes this executable such a process, for a tracer with this number.
    #[must_use]
    pub fn words(&self, tracer: u32) -> Vec<String> {
        let auid = self.auid.map_or_else(|| "-".to_owned(), |auid| auid.to_string());
        let numbers = [self.users.0, self.users.1, self.groups.0, self.groups.1].map(|number| number.to_string());
        let searches = self.searches.then(|| SEARCHES.to_owned());
        [WORD.to_owned(), tracer.to_string(), auid].into_iter().chain(numbers).chain(searches).collect()
    }

    /// The actor of such a command line, without its first word.
    fn read(words: &[OsString]) -> Option<Self> {
        let words: Vec<&str> = words.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
        let (numbers, searches) = match words.as_slice() {
            [numbers @ .., SEARCHES] => (numbers, true),
            numbers => (numbers, false),
        };
        let [auid, numbers @ ..] = numbers else { return None };
        let auid = if *auid == "-" { None } else { Some(auid.parse().ok()?) };
        let numbers: Vec<u32> = numbers.iter().map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let [real, effective, real_group, effective_group] = numbers[..] else { return None };
        Some(Self { auid, users: (real, effective), groups: (real_group, effective_group), searches })
    }
}

/// Becomes such a process and stops for its tracer, or says on standard output what keeps it from that. It never comes back to
/// do anything else.
#[must_use]
pub fn act(words: &[OsString]) -> u8 {
    let Some((tracer, words)) = words.split_first() else { return 2 };
    let Some(actor) = Actor::read(words) else { return 2 };
    // The call's arguments point in here.
    let memory = vec![0u8; SIZE];
    let said = match is_child_of(tracer).and_then(|()| prepare(&actor)).and_then(|()| is_child_of(tracer)) {
        Ok(()) => format!("ready {}\n", memory.as_ptr() as usize),
        Err((step, refused)) => format!("{} {step}\n", refused.raw_os_error()),
    };
    let _ = nix::unistd::write(io::stdout(), said.as_bytes());
    if said.starts_with("ready") {
        let _ = raise(Signal::SIGSTOP);
    }
    std::hint::black_box(&memory);
    1
}

/// Ends with the tracer, and is nobody else's child: whoever traces us ends us.
fn is_child_of(tracer: &OsString) -> Result<(), (&'static str, Refused)> {
    let step = "end with its tracer";
    set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).map_err(|refused| (step, refused))?;
    let is_child = tracer.to_str() == Some(&nix::unistd::getppid().to_string());
    if is_child { Ok(()) } else { Err((step, Refused::SRCH)) }
}

/// Gives everything up.
fn prepare(actor: &Actor) -> Result<(), (&'static str, Refused)> {
    let refused = |step: &'static str| move |refused: Refused| (step, refused);
    let by_nix = |step: &'static str| move |errno: nix::errno::Errno| (step, Refused::from_raw_os_error(errno as i32));
    ptrace::traceme().map_err(by_nix("be traced"))?;
    if let Some(auid) = actor.auid {
        set_own_login_uid(auid).map_err(refused("set its login uid"))?;
    }
    let (real, effective) = actor.users;
    let (real_group, effective_group) = (Gid::from_raw(actor.groups.0), Gid::from_raw(actor.groups.1));
    rustix::thread::set_thread_groups(&[]).map_err(refused("leave its groups"))?;
    rustix::thread::set_thread_res_gid(real_group, effective_group, effective_group)
        .map_err(refused("change its group"))?;
    rustix::thread::set_keep_capabilities(true).map_err(refused("keep a capability"))?;
    let (real, effective) = (Uid::from_raw(real), Uid::from_raw(effective));
    rustix::thread::set_thread_res_uid(real, effective, effective).map_err(refused("change its user"))?;
    rustix::thread::set_no_new_privs(true).map_err(refused("give up new privileges"))?;
    let kept = if actor.searches { CapabilitySet::DAC_READ_SEARCH } else { CapabilitySet::empty() };
    let wanted = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, wanted).map_err(refused("give up its capabilities"))?;
    let held = rustix::thread::capabilities(None).map_err(refused("look at its capabilities"))?;
    if held != wanted || !rustix::thread::no_new_privs().map_err(refused("look at its privileges"))? {
        return Err(("give up its privileges", Refused::PERM));
    }
    Ok(())
}
