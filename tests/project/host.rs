//! A small host: a temporary root directory and a model of the kernel. Requests of documents and examples go to it.

use std::fs;
use std::os::unix::fs::DirBuilderExt;

use audit_rules::error::Problem;
use audit_rules::intent::{ApplyIntent, EventsIntent, GatherIntent, ProveIntent};
use audit_rules::kernel::model::{Model, Played};
use audit_rules::kernel::{Access, Kernel, Listener};
use audit_rules::report::Report;
use audit_rules::request::{self, Operation};
use audit_rules::rule::Machine;
use audit_rules::rules_d::Standing;
use audit_rules::trigger::{Actor, Call, Failed, Made};
use audit_rules::world::World;
use audit_rules::{Expanded, events_on, expanded, explained_on, gather_on, imported, linted, proven_on, run_on};
use tempfile::TempDir;

/// Directories that a small Debian has and the examples' rules need.
const DIRECTORIES: [&str; 10] = [
    "etc/audit/rules.d",
    "etc/security",
    "etc/network",
    "run",
    "usr/bin",
    "usr/sbin",
    "var/log/audit",
    "srv/images/debian/etc/audit/rules.d",
    "etc/sudoers.d",
    "etc/apparmor.d",
];

/// What becomes of the call with this number, from 0.
pub type Trigger = fn(usize, &Actor, &Call) -> Result<Made, Failed>;

/// A host, with the kernel of an `x86_64` machine.
pub struct Host {
    root: TempDir,
    pub kernel: Model,
    /// What is heard of its kernel, where somebody listens.
    pub listener: Option<Played>,
    /// What becomes of a call that is made to prove a rule; by its number, from 0.
    pub trigger: Trigger,
}

/// The first of the processes that make calls.
pub const FIRST_PID: u32 = 4000;

impl Host {
    /// Without drop-ins and without rules.
    pub fn new() -> Self {
        let root = TempDir::new().unwrap();
        for directory in DIRECTORIES {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(root.path().join(directory)).unwrap();
        }
        // Every call is refused with EPERM.
        let trigger: Trigger = |at, _, _| Ok(Made { pid: FIRST_PID + u32::try_from(at).unwrap(), exit: -1 });
        Self { root, kernel: Model::new(), listener: None, trigger }
    }

    /// Its root directory.
    pub fn root(&self) -> &std::path::Path {
        self.root.path()
    }

    /// The answer to a request.
    pub fn answer(&mut self, request: &str) -> Report {
        self.try_answer(request).unwrap_or_else(|problems| Report::failed(&problems))
    }

    fn try_answer(&mut self, request: &str) -> Result<Report, Vec<Problem>> {
        let machine = Machine::from_uname("x86_64").unwrap();
        let Expanded { request, origin } = expanded(request::decode(request.as_bytes())?, &machine, self.root.path())?;
        if request.operation == Operation::Import {
            return imported(&request, &machine);
        }
        if request.operation == Operation::Lint {
            return linted(&request, machine, self.root.path());
        }
        let inquiry =
            (request.operation == Operation::Gather).then(|| GatherIntent::of(&request, &machine)).transpose()?;
        let access = self.kernel.status().ok().map(|status| Ok(Access::Managed(status)));
        let (root, kernel) = (self.root.path().to_owned(), Some(&mut self.kernel as &mut dyn Kernel));
        let mut interrupted = || None;
        let world = World {
            root,
            access,
            kernel,
            standing: Standing::default(),
            machine,
            executable: None,
            interrupted: &mut interrupted,
        };
        if request.operation == Operation::Explain {
            return explained_on(&request, world);
        }
        if request.operation == Operation::Events {
            let intent = EventsIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
            let listener = self.listener.as_mut().map(|listener| listener as &mut dyn Listener);
            return Ok(origin.tell(events_on(&intent, world, listener, None)?));
        }
        if request.operation == Operation::Prove {
            let intent = ProveIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
            let listener = self.listener.as_mut().map(|listener| listener as &mut dyn Listener);
            let (mut made, trigger) = (0, self.trigger);
            return proven_on(&intent, world, listener, &mut |actor, call| {
                made += 1;
                trigger(made - 1, actor, call)
            });
        }
        let report = match inquiry {
            Some(inquiry) => gather_on(&inquiry, world),
            None => run_on(&ApplyIntent::of(&request, &machine)?, world).map_err(|problems| origin.place(problems))?,
        };
        Ok(origin.tell(report))
    }
}
